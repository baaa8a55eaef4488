//! A refusal as a response: OBS XML in the caller's dialect, or headers alone for HEAD (obs-facts §8).

use super::{
    answer::{AnswerBody, Event},
    error::Said,
    upstream::AnswerHead,
};
use crate::{
    obs::{
        dialect::Dialect,
        error::{Code, Reply, ReplyHeaders},
    },
    telemetry::{Digits, RequestId},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body::Body as _;
use std::{
    borrow::Cow,
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};

/// What a request is answered with.
pub(super) enum Answered {
    /// The store's answer.
    Relayed(AnswerHead, AnswerBody),
    /// A refusal of the gate's own.
    Refused(Refused),
}

/// A refusal, for either version of HTTP to send.
pub(super) struct Refused {
    code: Code,
    dialect: Dialect,
    request_id: Digits,
    date: Option<HeaderValue>,
    rule: String,
    /// Where there is no body to say it.
    message: Option<Cow<'static, str>>,
    unread: bool,
    body: AnswerBody,
}

/// What a refusal needs to know of the request it answers.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) dialect: Dialect,
    pub(super) request_id: RequestId,
    /// Whether a body was left unread, so that the connection cannot go on.
    pub(super) unread: bool,
}

/// The date of a worker's answers, written once a second.
#[derive(Debug, Default)]
pub(super) struct Dates(RefCell<Option<(u64, HeaderValue)>>);

impl Answered {
    /// The status it is sent with.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Relayed(head, _) => head.status(),
            Self::Refused(refused) => refused.status(),
        }
    }

    /// Its body.
    pub(super) fn body(&self) -> &AnswerBody {
        match self {
            Self::Relayed(_, body) => body,
            Self::Refused(refused) => &refused.body,
        }
    }

    /// Ties the request's event to the end of its body.
    #[must_use]
    pub(super) fn with_event(self, event: Event) -> Self {
        match self {
            Self::Relayed(head, body) => Self::Relayed(head, body.with_event(event)),
            Self::Refused(refused) => Self::Refused(Refused {
                body: refused.body.with_event(event),
                ..refused
            }),
        }
    }

    /// The same, when there is nobody to have it.
    #[must_use]
    pub(super) fn unheard(mut self) -> Self {
        match &mut self {
            Self::Relayed(_, body) => body.unheard(),
            Self::Refused(refused) => refused.body.unheard(),
        }
        self
    }

    /// With its headers in a map.
    pub(super) fn into_response(self) -> Response<AnswerBody> {
        match self {
            Self::Relayed(head, body) => head.response().map(|()| body),
            Self::Refused(refused) => refused.into_response(),
        }
    }
}

impl Refused {
    /// The refusal that says this.
    pub(super) fn new(said: Said<'_>, asked: &Asked<'_>, dates: &Dates) -> Self {
        let is_head = *asked.method == Method::HEAD;
        let request_id = asked.request_id.digits();
        let body = if is_head {
            Bytes::new()
        } else {
            let reply = Reply {
                code: said.code,
                message: &said.message,
                argument: said.argument,
                resource: asked.path,
                request_id: request_id.as_str(),
                host_id: HOST_ID,
            };
            Bytes::from(reply.xml())
        };
        Self {
            code: said.code,
            dialect: asked.dialect,
            request_id,
            date: dates.at(SystemTime::now()),
            rule: said.rule.to_owned(),
            message: is_head.then_some(said.message),
            unread: asked.unread,
            body: AnswerBody::whole(body),
        }
    }

    /// The status it is sent with.
    pub(super) fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// How many bytes its body has.
    pub(super) fn length(&self) -> u64 {
        self.body.size_hint().lower()
    }

    /// Whether it is the last answer on its connection.
    pub(super) fn is_last(&self) -> bool {
        self.unread
    }

    /// Its body.
    pub(super) fn into_body(self) -> AnswerBody {
        self.body
    }

    /// Every field of its head but what speaks of the connection, in the order in which they are sent.
    pub(super) fn fields(&self, mut put: impl FnMut(&'static str, &[u8])) {
        let names = ReplyHeaders::of(self.dialect);
        put("content-type", b"application/xml");
        put("content-length", self.length().to_string().as_bytes());
        if let Some(date) = &self.date {
            put("date", date.as_bytes());
        }
        put(names.request_id, self.request_id.as_bytes());
        put(names.id_2, HOST_ID.as_bytes());
        // An operator's own rule may have any name.
        if can_stand_in_a_field(&self.rule) {
            put(RULE, self.rule.as_bytes());
        }
        if let Some(message) = &self.message {
            put(names.error_code, self.code.as_str().as_bytes());
            if can_stand_in_a_field(message) {
                put(names.error_message, message.as_bytes());
            }
        }
        if self.code == Code::SlowDown {
            put("retry-after", A_MOMENT.as_bytes());
        }
    }

    fn into_response(self) -> Response<AnswerBody> {
        let mut response = Response::new(());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        self.fields(|name, value| {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        });
        response.map(|()| self.body)
    }
}

impl Dates {
    /// The date of this time, in whole seconds.
    fn at(&self, time: SystemTime) -> Option<HeaderValue> {
        let second = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut written = self.0.borrow_mut();
        if let Some((of, date)) = &*written
            && *of == second
        {
            return Some(date.clone());
        }
        let date = HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()?;
        *written = Some((second, date.clone()));
        Some(date)
    }
}

/// Whether a text can be the value of a field as it is (RFC 9110 §5.5).
fn can_stand_in_a_field(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..))
}

/// Names the rule that stood against the request.
const RULE: &str = "x-obsgate-rule";
/// Seconds that a client does well to wait when the gate is busy (RFC 9110 §10.2.3).
const A_MOMENT: &str = "1";
/// Tells a refusal of the gate from one of the store.
const HOST_ID: &str = "b2JzZ2F0ZQ==";

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn whatever_a_rule_is_called_each_field_can_be_sent_in_both_versions() {
        for rule in ["a.b", "a b\t", "é", "a\r\nb: c", "\u{7f}", ""] {
            for (method, dialect) in [(Method::GET, Dialect::Obs), (Method::HEAD, Dialect::Amz)] {
                let asked = Asked {
                    method: &method,
                    path: "/",
                    dialect,
                    request_id: RequestId { worker: 0, number: 1 },
                    unread: true,
                };
                let said = Said {
                    rule,
                    code: Code::SlowDown,
                    message: rule.to_owned().into(),
                    argument: None,
                };
                let refused = Refused::new(said, &asked, &Dates::default());
                let mut fields = Vec::new();
                refused.fields(|name, value| fields.push((name, value.to_vec())));
                let (head, _) = refused.into_response().into_parts();
                let sent = head.headers.iter();
                let sent: Vec<_> = sent
                    .map(|(name, value)| (name.as_str(), value.as_bytes().to_vec()))
                    .collect();
                assert_eq!(fields, sent);
                let named = fields.iter().any(|(name, _)| *name == RULE);
                assert_eq!(named, HeaderValue::from_str(rule).is_ok(), "{rule:?}");
            }
        }
    }

    #[test]
    fn a_date_is_that_of_its_second_whatever_was_asked_before() {
        let dates = Dates::default();
        for millis in [
            0,
            999,
            1_000,
            1_999,
            86_400_000,
            86_400_001,
            500,
            1_700_000_000_000,
        ] {
            let time = UNIX_EPOCH + Duration::from_millis(millis);
            assert_eq!(dates.at(time).unwrap(), httpdate::fmt_http_date(time), "{millis}");
        }
    }
}

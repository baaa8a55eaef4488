//! A refusal as a response: OBS XML in the caller's dialect, or headers alone for HEAD (obs-facts §8).

use super::{answer::AnswerBody, error::Said};
use crate::obs::{
    dialect::Dialect,
    error::{Code, Reply, ReplyHeaders},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER},
};
use std::{
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};

/// What a refusal needs to know of the request it answers.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) dialect: Dialect,
    pub(super) request_id: String,
    /// Whether a body was left unread, so that the connection cannot go on.
    pub(super) unread: bool,
}

/// The date of a worker's answers, written once a second.
#[derive(Debug, Default)]
pub(super) struct Dates(RefCell<Option<(u64, HeaderValue)>>);

/// The response that a refusal is.
pub(super) fn refuse(said: &Said<'_>, asked: &Asked<'_>, dates: &Dates) -> Response<AnswerBody> {
    let reply = Reply {
        code: said.code,
        message: &said.message,
        argument: said.argument,
        resource: asked.path,
        request_id: &asked.request_id,
        host_id: HOST_ID,
    };
    let body = if *asked.method == Method::HEAD {
        Bytes::new()
    } else {
        Bytes::from(reply.xml())
    };
    let mut headers = HeaderMap::with_capacity(10);
    let names = ReplyHeaders::of(asked.dialect);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.extend(dates.at(SystemTime::now()).map(|date| (DATE, date)));
    insert(&mut headers, names.request_id, &asked.request_id);
    headers.insert(names.id_2, HeaderValue::from_static(HOST_ID));
    insert(&mut headers, RULE, said.rule);
    if *asked.method == Method::HEAD {
        headers.insert(names.error_code, HeaderValue::from_static(said.code.as_str()));
        insert(&mut headers, names.error_message, &said.message);
    }
    if said.code == Code::SlowDown {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(A_MOMENT));
    }
    if asked.unread {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let mut response = Response::new(AnswerBody::whole(body));
    *response.status_mut() = said.code.status();
    *response.headers_mut() = headers;
    response
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

/// Leaves out what cannot stand in a header: an operator's own rule may have any name.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Names the rule that stood against the request.
pub(super) const RULE: HeaderName = HeaderName::from_static("x-obsgate-rule");
/// Seconds that a client does well to wait when the gate is busy (RFC 9110 §10.2.3).
const A_MOMENT: &str = "1";
/// Tells a refusal of the gate from one of the store.
const HOST_ID: &str = "b2JzZ2F0ZQ==";

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

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

//! What the guard has found in a head, so that nobody has to look for it again: where its parts are, and what it says
//! of its connection. A request is made of it without a second reading (rulings, 32).

use super::{Violation, class, request_line::RequestLine};
use crate::{
    obs::{bytes::trim, secret},
    proxy::{message::elements, mould},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, request::Parts};

/// The forms of requests' heads that a worker has met, with which of their fields are secret.
pub type Moulds = mould::Moulds<bool>;

/// Where the parts of a head are.
#[derive(Debug, Default)]
pub struct Layout {
    method: usize,
    target: usize,
    version: Version,
    places: Vec<Place>,
    expects: bool,
    hop: Hop,
}

/// What a head says of the hop it came over.
#[derive(Debug, Default)]
struct Hop {
    close: bool,
    keep_alive: bool,
    trailers: bool,
}

/// Where a field is: from its name on, up to the CR LF of its line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    start: u32,
    colon: u32,
    end: u32,
}

impl Layout {
    /// The request that the head says, with its secrets marked. `head` is the one whose layout this is, and nothing else.
    ///
    /// # Errors
    /// Something that the guard lets pass, and that `http` has no room for.
    pub fn request(&self, head: &Bytes, moulds: &mut Moulds) -> Result<Parts, Violation> {
        let (mut parts, ()) = Request::new(()).into_parts();
        let method = head.get(..self.method).unwrap_or_default();
        let target = head.get(self.method + 1..self.target).unwrap_or_default();
        parts.method = Method::from_bytes(method).map_err(|_| Violation::Method)?;
        parts.uri = Uri::from_maybe_shared(head.slice_ref(target)).map_err(|_| Violation::Target)?;
        parts.version = self.version;
        parts.headers = match self.cast(head, moulds)? {
            Some(headers) => headers,
            None => self.headers(head, moulds)?,
        };
        Ok(parts)
    }

    /// Whether the client waits for a 100 before it sends the body (RFC 9110 §10.1.1).
    pub fn awaits_continue(&self) -> bool {
        self.expects && self.version == Version::HTTP_11
    }

    /// Whether another request may follow on the connection (RFC 9112 §9.3).
    pub fn persists(&self) -> bool {
        !self.hop.close && (self.version == Version::HTTP_11 || self.hop.keep_alive)
    }

    /// Whether the client takes trailers (RFC 9110 §10.1.4).
    pub fn takes_trailers(&self) -> bool {
        self.hop.trailers
    }

    /// The version that the client speaks.
    pub fn version(&self) -> Version {
        self.version
    }

    pub(super) fn begin(&mut self, line: RequestLine) {
        let RequestLine {
            method,
            target,
            version,
        } = line;
        self.places.clear();
        *self = Self {
            method,
            target,
            version,
            places: std::mem::take(&mut self.places),
            ..Self::default()
        };
    }

    /// Notes a field.
    pub(super) fn push(&mut self, place: Place) {
        self.places.push(place);
    }

    /// How many fields there are.
    pub(super) fn fields(&self) -> usize {
        self.places.len()
    }

    /// Notes what the client expects.
    pub(super) fn expect(&mut self, value: &[u8]) -> Result<(), Violation> {
        if self.expects || value != b"100-continue" {
            return Err(Violation::Expect);
        }
        self.expects = true;
        Ok(())
    }

    /// Notes what the client takes beside a body.
    pub(super) fn takes(&mut self, value: &[u8]) {
        self.hop.trailers |= elements(value).any(|token| token.eq_ignore_ascii_case(b"trailers"));
    }

    /// Notes what the client says of the connection.
    pub(super) fn connection(&mut self, value: &[u8]) {
        for token in elements(value) {
            self.hop.close |= token.eq_ignore_ascii_case(b"close");
            self.hop.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// The headers of a head of which one like it came before.
    fn cast(&self, head: &Bytes, moulds: &mut Moulds) -> Result<Option<HeaderMap>, Violation> {
        moulds.cast(self.places.len(), self.lines(head), |is_secret, text| {
            value(head.slice_ref(text), is_secret).map(Some)
        })
    }

    fn headers(&self, head: &Bytes, moulds: &mut Moulds) -> Result<HeaderMap, Violation> {
        let mut headers = HeaderMap::with_capacity(self.places.len());
        for place in &self.places {
            let (name, text) = place.of(head);
            let name = HeaderName::from_bytes(name).map_err(|_| Violation::FieldName)?;
            let value = value(head.slice_ref(text), secret::is_secret(&name))?;
            headers
                .try_append(name, value)
                .map_err(|_| Violation::TooManyFields)?;
        }
        moulds.keep(self.places.len(), self.lines(head), |name| {
            (secret::is_secret(name), true)
        });
        Ok(headers)
    }

    fn lines<'a>(&self, head: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let line = |place: &Place| head.get(place.start as usize..place.end as usize);
        self.places.iter().filter_map(line)
    }
}

impl Place {
    pub(super) fn new(start: usize, colon: usize, end: usize) -> Self {
        let within = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Self {
            start: within(start),
            colon: within(colon),
            end: within(end),
        }
    }

    /// Name and value.
    fn of(self, head: &[u8]) -> (&[u8], &[u8]) {
        let (start, colon, end) = (self.start as usize, self.colon as usize, self.end as usize);
        let name = head.get(start..colon).unwrap_or_default();
        let value = head.get(colon + 1..end).unwrap_or_default();
        (name, trim(value))
    }
}

/// A value that may be one.
#[expect(
    unsafe_code,
    reason = "the check there is goes byte by byte: 600 instructions a request more than one by words"
)]
fn value(text: Bytes, is_secret: bool) -> Result<HeaderValue, Violation> {
    if class::stop(&text).is_some() {
        return Err(Violation::ControlByte);
    }
    // SAFETY: a value may hold every byte but control bytes other than HTAB, and these are what stops are.
    let mut value = unsafe { HeaderValue::from_maybe_shared_unchecked(text) };
    value.set_sensitive(is_secret);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::guard::{Limits, Progress, Requests};
    use proptest::prelude::*;

    /// All that a head tells.
    fn told(fields: &[&str], moulds: &mut Moulds) -> String {
        let head = format!("GET /b/k?a HTTP/1.1\r\n{}\r\n", fields.concat());
        let mut requests = Requests::new(Limits::default());
        let progress = requests.inspect(head.as_bytes()).progress;
        if progress != Progress::Head {
            return format!("{progress:?}");
        }
        let parts = requests.layout().request(&Bytes::from(head), moulds).unwrap();
        let values: Vec<_> = parts.headers.values().map(HeaderValue::as_bytes).collect();
        // A value that is marked is not printed, so both have to be compared.
        let printed: Vec<_> = parts.headers.iter().collect();
        format!("{} {} {values:?} {printed:?}", parts.method, parts.uri)
    }

    const FIELDS: [&str; 18] = [
        "Host: a\r\n",
        "Host:b \r\n",
        "host:\tc\t\r\n",
        "Host : d\r\n",
        " folded: 1\r\n",
        "Authorization: OBS a:b\r\n",
        "Authorization:\r\n",
        "X-Amz-Security-Token: t\r\n",
        "x-amz-security-token: t\r\n",
        "X_Amz_Security_Token: t\r\n",
        "X-Amz-Date: d\r\n",
        "X-Amz-Date: \u{e9}\r\n",
        "X-Amz-Date: a\0\r\n",
        "Content-Length: 1\r\n",
        "Content-Length: 2\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_was_met_before_changes_nothing(
            heads in proptest::collection::vec(proptest::collection::vec(0..FIELDS.len(), 0..4), 1..40),
        ) {
            let mut moulds = Moulds::default();
            for head in heads {
                let fields: Vec<_> = head.iter().map(|field| FIELDS[*field]).collect();
                let expected = told(&fields, &mut Moulds::default());
                prop_assert_eq!(told(&fields, &mut moulds), expected, "{:?}", fields);
            }
        }
    }

    #[test]
    fn each_head_of_three_fields_is_read_the_same_after_each_other_of_its_form() {
        for first in FIELDS {
            for second in FIELDS {
                let mut moulds = Moulds::default();
                told(&["Date: 1\r\n", first, "Vary: 2\r\n"], &mut moulds);
                let fields = ["Date: 3\r\n", second, "Vary: 4\r\n"];
                let expected = told(&fields, &mut Moulds::default());
                assert_eq!(told(&fields, &mut moulds), expected, "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn a_value_is_what_http_takes_for_one() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut text = [b'a'; 20];
                text[place] = byte;
                let expected = HeaderValue::from_bytes(&text).ok();
                assert_eq!(
                    value(Bytes::copy_from_slice(&text), false).ok(),
                    expected,
                    "{byte} at {place}"
                );
            }
        }
    }
}

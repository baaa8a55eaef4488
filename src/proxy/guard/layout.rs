//! What the guard has found in a head, so that nobody has to look for it again: where its parts are, and what it says
//! of its connection. A request is made of it without a second reading (rulings, 32).

use super::{Violation, class, request_line::RequestLine};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, request::Parts};

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
    /// The request that the head says. `head` is the one whose layout this is, and nothing else.
    ///
    /// # Errors
    /// Something that the guard lets pass, and that `http` has no room for.
    pub fn request(&self, head: &Bytes) -> Result<Parts, Violation> {
        let (mut parts, ()) = Request::new(()).into_parts();
        let method = head.get(..self.method).unwrap_or_default();
        let target = head.get(self.method + 1..self.target).unwrap_or_default();
        parts.method = Method::from_bytes(method).map_err(|_| Violation::Method)?;
        parts.uri = Uri::from_maybe_shared(head.slice_ref(target)).map_err(|_| Violation::Target)?;
        parts.version = self.version;
        parts.headers = self.headers(head)?;
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
        let mut tokens = value.split(|byte| *byte == b',').map(class::trim);
        self.hop.trailers |= tokens.any(|token| token.eq_ignore_ascii_case(b"trailers"));
    }

    /// Notes what the client says of the connection.
    pub(super) fn connection(&mut self, value: &[u8]) {
        for token in value.split(|byte| *byte == b',').map(class::trim) {
            self.hop.close |= token.eq_ignore_ascii_case(b"close");
            self.hop.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn headers(&self, head: &Bytes) -> Result<HeaderMap, Violation> {
        let mut headers = HeaderMap::with_capacity(self.places.len());
        for place in &self.places {
            let (name, value) = place.of(head);
            let name = HeaderName::from_bytes(name).map_err(|_| Violation::FieldName)?;
            let value =
                HeaderValue::from_maybe_shared(head.slice_ref(value)).map_err(|_| Violation::ControlByte)?;
            headers
                .try_append(name, value)
                .map_err(|_| Violation::TooManyFields)?;
        }
        Ok(headers)
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
        (name, class::trim(value))
    }
}

//! The request that `obsgate explain` is asked about: a method and a URL with headers as curl spells them, or a raw
//! head.

use crate::obs::{
    form::{Boundary, Form, FormError, Limits, Scanner},
    scheme::Scheme,
};
use http::{
    HeaderName, HeaderValue, Method, Request,
    header::{CONTENT_TYPE, HOST},
    request::Parts,
};
use std::fmt;

/// A request to explain.
pub struct Asked {
    pub(super) head: Parts,
    pub(super) scheme: Scheme,
    /// The form in the body, as the gate reads it.
    pub(super) form: Option<Result<Form, FormError>>,
}

/// Why what was asked is no request. Nothing of it is repeated: it may be a secret in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Not a method.
    Method,
    /// Not a URL that a request can be sent to.
    Url,
    /// Not a header, at this place among those given, from 1.
    Header(usize),
    /// Not a form's field, at this place among those given, from 1.
    Field(usize),
    /// Fields of a form, and a method that has none.
    Form,
    /// Not a request head.
    Head,
}

impl Asked {
    /// A request by method and URL, whose scheme is the one it arrives over. Headers are spelled as curl spells them:
    /// `name: value`, `name;` for an empty value, `name:` to leave one out. Fields, `name=value`, make it a form, which ends with
    /// its `file`, whether that is named or not.
    ///
    /// # Errors
    /// What is not spelled as it must be.
    pub fn from_url(method: &str, url: &str, headers: &[String], fields: &[String]) -> Result<Self, Usage> {
        let (scheme, rest) = url.split_once("://").ok_or(Usage::Url)?;
        let scheme = Scheme::ALL
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(scheme))
            .ok_or(Usage::Url)?;
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end).ok_or(Usage::Url)?;
        if authority.is_empty() || authority.contains('@') {
            return Err(Usage::Url);
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).map_err(|_| Usage::Method)?)
            .uri(format!("{slash}{target}"))
            .body(())
            .map_err(|_| Usage::Url)?;
        let (mut head, ()) = request.into_parts();
        head.headers
            .insert(HOST, HeaderValue::from_str(authority).map_err(|_| Usage::Url)?);
        let mut own_host = false;
        for (place, header) in (1..).zip(headers) {
            let (name, value) = curled(header).ok_or(Usage::Header(place))?;
            if name == HOST && !own_host {
                head.headers.remove(HOST);
                own_host = true;
            }
            if let Some(value) = value {
                head.headers.append(name, value);
            }
        }
        let mut named = Vec::with_capacity(fields.len());
        for (place, field) in (1..).zip(fields) {
            named.push(
                field
                    .split_once('=')
                    .filter(|(name, _)| !name.is_empty())
                    .ok_or(Usage::Field(place))?,
            );
        }
        if !named.is_empty() && head.method != Method::POST {
            return Err(Usage::Form);
        }
        if !named.is_empty() && !head.headers.contains_key(CONTENT_TYPE) {
            let form = HeaderValue::from_static("multipart/form-data; boundary=obsgate");
            head.headers.insert(CONTENT_TYPE, form);
        }
        let form = (!named.is_empty()).then(|| read_form(&head, &named));
        Ok(Self { head, scheme, form })
    }

    /// A request by its raw head, lines ending in LF or CRLF, that arrives over a scheme.
    ///
    /// # Errors
    /// It is not a head.
    pub fn from_head(head: &[u8], scheme: Scheme) -> Result<Self, Usage> {
        let mut bytes = head.to_vec();
        bytes.extend_from_slice(b"\r\n\r\n");
        let mut headers = [httparse::EMPTY_HEADER; 256];
        let mut read = httparse::Request::new(&mut headers);
        read.parse(&bytes).map_err(|_| Usage::Head)?;
        let (Some(method), Some(target)) = (read.method, read.path) else {
            return Err(Usage::Head);
        };
        let mut request = Request::builder().method(method).uri(target);
        for header in read.headers.iter() {
            request = request.header(header.name, header.value);
        }
        let (head, ()) = request.body(()).map_err(|_| Usage::Head)?.into_parts();
        Ok(Self {
            head,
            scheme,
            form: None,
        })
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("the method must be a word, as `GET`"),
            Self::Url => {
                f.write_str("the URL must be `http://` or `https://`, a host, and a path, without a user")
            }
            Self::Header(place) => write!(f, "header {place} must be `name: value`"),
            Self::Field(place) => write!(f, "form field {place} must be `name=value`"),
            Self::Form => f.write_str("form fields come with `POST`, and with no other method"),
            Self::Head => {
                f.write_str("standard input must be a request head: `METHOD TARGET HTTP/1.1`, then headers")
            }
        }
    }
}

impl std::error::Error for Usage {}

/// Without what was read: it may hold secrets.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("method", &self.head.method)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// The fields as a browser or curl would send them, read as the gate reads what they send.
fn read_form(head: &Parts, fields: &[(&str, &str)]) -> Result<Form, FormError> {
    let boundary = Boundary::from_headers(&head.headers)?;
    let opening = format!(
        "--{}\r\nContent-Disposition: form-data; name=\"",
        boundary.as_str()
    );
    let mut scanner = Scanner::new(boundary, Limits::default());
    let before_file = fields.iter().take_while(|(name, _)| *name != "file");
    for (name, value) in before_file {
        for piece in [&opening, *name, "\"\r\n\r\n", *value, "\r\n"] {
            let _ = scanner.feed(piece.as_bytes())?;
        }
    }
    let _ = scanner.feed(opening.as_bytes())?;
    let _ = scanner.feed(b"file\"; filename=\"file\"\r\n\r\n")?;
    scanner.into_form()
}

/// A header as curl spells it; without a value it is left out.
fn curled(header: &str) -> Option<(HeaderName, Option<HeaderValue>)> {
    let (name, value) = match header.split_once(':') {
        Some((name, value)) if value.trim().is_empty() => (name, None),
        Some((name, value)) => (name, Some(value.trim())),
        None => (header.strip_suffix(';')?, Some("")),
    };
    let value = value.map(HeaderValue::from_str).transpose().ok()?;
    Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
}

//! Answers: status, headers and a body that lies in memory.

use super::{fault::Fault, request::Request, xml};
use crate::obs::dialect::Dialect;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

/// An answer.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn ok() -> Self {
        Self::new(StatusCode::OK)
    }

    /// An answer with an XML document.
    pub(super) fn xml(root: &str, content: impl AsRef<str>) -> Self {
        let mut reply = Self::ok().with("content-type", "application/xml");
        reply.body = xml::document(root, content).into();
        reply
    }

    /// A refusal. `id` is the request's.
    pub(super) fn fault(fault: Fault, dialect: Dialect, resource: &str, id: &str, is_head: bool) -> Self {
        let (status, code, message) = fault.wire();
        let content = [
            xml::text("Code", code),
            xml::text("Message", message),
            xml::text("Resource", resource),
            xml::text("RequestId", id),
            xml::text("HostId", HOST_ID),
        ];
        let mut reply = Self::xml("Error", content.concat());
        reply.status = status;
        if is_head {
            reply.body = Bytes::new();
            reply = reply.with_extension(dialect, "error-code", code).with_extension(
                dialect,
                "error-message",
                message,
            );
        }
        reply
    }

    /// Adds a header; a value that cannot be one is left out.
    pub(super) fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value.as_ref());
        if let (Ok(name), Ok(value)) = (name, value) {
            self.headers.append(name, value);
        }
        self
    }

    /// Adds a header of a dialect, by what follows its prefix.
    pub(super) fn with_extension(self, dialect: Dialect, tail: &str, value: impl AsRef<str>) -> Self {
        self.with(&extension(dialect, tail), value)
    }

    /// The answer as hyper sends it.
    pub(super) fn send(self, dialect: Dialect, id: &str) -> Response<Full<Bytes>> {
        let reply = self
            .with("server", "OBS")
            .with_extension(dialect, "request-id", id)
            .with_extension(dialect, "id-2", HOST_ID);
        let mut response = Response::new(Full::new(reply.body));
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        response
    }
}

/// The name of a header of a dialect.
pub(super) fn extension(dialect: Dialect, tail: &str) -> String {
    match dialect {
        Dialect::Obs => format!("x-obs-{tail}"),
        Dialect::Amz => format!("x-amz-{tail}"),
    }
}

/// What is kept of an upload's headers and said again when the object is read: as written, and user metadata by what
/// follows its prefix.
#[derive(Clone, Default)]
pub(super) struct Description {
    plain: Vec<(HeaderName, HeaderValue)>,
    meta: Vec<(String, HeaderValue)>,
}

impl Description {
    /// Reads headers, or a form's fields.
    pub(super) fn of<'h>(headers: impl Iterator<Item = (&'h str, &'h [u8])>) -> Self {
        let mut description = Self::default();
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            let Ok(value) = HeaderValue::from_bytes(value) else {
                continue;
            };
            let meta = META.into_iter().find_map(|prefix| name.strip_prefix(prefix));
            if let Some(tail) = meta {
                description.meta.push((tail.to_owned(), value));
            } else if let Some(kept) = KEPT.iter().find(|kept| kept.as_str() == name)
                && value != "aws-chunked"
            {
                description.plain.push((kept.clone(), value));
            }
        }
        description
    }

    pub(super) fn of_request(request: &Request) -> Self {
        let headers = request.headers.iter();
        Self::of(headers.map(|(name, value)| (name.as_str(), value.as_bytes())))
    }

    /// Says it again.
    pub(super) fn tell(&self, dialect: Dialect, mut reply: Reply) -> Reply {
        for (name, value) in &self.plain {
            reply.headers.insert(name.clone(), value.clone());
        }
        for (tail, value) in &self.meta {
            if let Ok(name) = HeaderName::try_from(extension(dialect, &format!("meta-{tail}"))) {
                reply.headers.append(name, value.clone());
            }
        }
        reply
    }
}

const HOST_ID: &str = "b2JzZ2F0ZSBkZW1vIG9yaWdpbg==";

const META: [&str; 2] = ["x-obs-meta-", "x-amz-meta-"];

const KEPT: [HeaderName; 6] = [
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::EXPIRES,
];

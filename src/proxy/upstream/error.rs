//! Why a request got no answer, or only a part of one.

use std::{error::Error, fmt};

/// A request that could not be sent, or an answer that did not come whole.
#[derive(Debug)]
pub struct UpstreamError {
    kind: Kind,
    source: Option<Source>,
}

type Source = Box<dyn Error + Send + Sync>;

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client's.
    Client,
    /// The upstream's, or the network's on the way there.
    Upstream,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The upstream's name leads to no address.
    Resolve,
    /// None of its addresses takes connections.
    Connect,
    /// No connection, TLS included, came about in time.
    ConnectTimeout,
    /// The TLS handshake failed.
    Tls,
    /// The connection broke while the request was sent, and no answer was on its way.
    Write,
    /// The connection ended before the head of the answer.
    Closed,
    /// The head of the answer did not come in time.
    ResponseHeadTimeout,
    /// Nothing of the request was taken for too long.
    WriteTimeout,
    /// The answer is not the HTTP/1.1 the gate accepts.
    BadResponse(&'static str),
    /// The connection ended before the end of the answer's body.
    BodyBroken,
    /// Nothing of the answer's body came for too long.
    BodyTimeout,
    /// The request says in no acceptable way where its body ends, or what may not be said after it.
    BadRequest(&'static str),
    /// The client's body broke off, or was not what its head announced.
    ClientBody,
}

impl UpstreamError {
    /// Whether the store may have the whole request, and act on it.
    pub(in crate::proxy) fn may_have_arrived(&self) -> bool {
        match self.kind {
            Kind::Write
            | Kind::Closed
            | Kind::ResponseHeadTimeout
            | Kind::WriteTimeout
            | Kind::BadResponse(_)
            | Kind::BodyBroken
            | Kind::BodyTimeout => true,
            Kind::Resolve
            | Kind::Connect
            | Kind::ConnectTimeout
            | Kind::Tls
            | Kind::BadRequest(_)
            | Kind::ClientBody => false,
        }
    }

    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, source: None }
    }

    pub(super) fn with(kind: Kind, source: impl Into<Source>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// What went wrong.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whose fault it is.
    pub const fn side(&self) -> Side {
        match self.kind {
            Kind::BadRequest(_) | Kind::ClientBody => Side::Client,
            Kind::Resolve
            | Kind::Connect
            | Kind::ConnectTimeout
            | Kind::Tls
            | Kind::Write
            | Kind::Closed
            | Kind::ResponseHeadTimeout
            | Kind::WriteTimeout
            | Kind::BadResponse(_)
            | Kind::BodyBroken
            | Kind::BodyTimeout => Side::Upstream,
        }
    }

    /// Whether it is the client's fault.
    pub const fn is_clients(&self) -> bool {
        matches!(self.side(), Side::Client)
    }

    /// A stable word for logs and metrics.
    pub const fn id(&self) -> &'static str {
        match self.kind {
            Kind::Resolve => "upstream.resolve",
            Kind::Connect => "upstream.connect",
            Kind::ConnectTimeout => "upstream.connect-timeout",
            Kind::Tls => "upstream.tls",
            Kind::Write => "upstream.write",
            Kind::Closed => "upstream.closed",
            Kind::ResponseHeadTimeout => "upstream.response-head-timeout",
            Kind::WriteTimeout => "upstream.write-timeout",
            Kind::BadResponse(_) => "upstream.bad-response",
            Kind::BodyBroken => "upstream.body-broken",
            Kind::BodyTimeout => "upstream.body-timeout",
            Kind::BadRequest(_) => "client.bad-request",
            Kind::ClientBody => "client.body",
        }
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Resolve => f.write_str("the upstream's name leads to no address"),
            Kind::Connect => f.write_str("the upstream takes no connection"),
            Kind::ConnectTimeout => f.write_str("no connection to the upstream came about in time"),
            Kind::Tls => f.write_str("the TLS handshake with the upstream failed"),
            Kind::Write => f.write_str("the upstream broke off while the request was sent"),
            Kind::Closed => f.write_str("the upstream closed the connection before it answered"),
            Kind::ResponseHeadTimeout => f.write_str("the upstream did not answer in time"),
            Kind::WriteTimeout => f.write_str("the upstream does not take the request"),
            Kind::BadResponse(why) => write!(f, "the upstream's answer is malformed: {why}"),
            Kind::BodyBroken => f.write_str("the upstream broke off in the middle of its answer"),
            Kind::BodyTimeout => f.write_str("the upstream paused for too long in the middle of its answer"),
            Kind::BadRequest(why) => write!(f, "the request's framing is malformed: {why}"),
            Kind::ClientBody => f.write_str("the client's body broke off or is not what its head announced"),
        }
    }
}

impl Error for UpstreamError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn Error + 'static))
    }
}

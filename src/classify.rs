//! From a request head to facts: which operation, which encryption, which signature, and who can tell what is in doubt.

use crate::{
    obs::{
        auth::Carrier,
        dialect::Dialect,
        malformed::Malformed,
        resource::{Endpoints, Resource},
        scheme::Scheme,
    },
    policy::{Facts, Permit, Unknown},
};
use http::request::Parts;
use std::net::SocketAddr;

/// How a request arrived: a fact of the socket, not of the request.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The transport.
    pub scheme: Scheme,
    /// The other end.
    pub peer: SocketAddr,
}

/// A head, and what it says.
#[derive(Debug)]
pub struct Classified<'h> {
    /// The head itself: what is sent is what was read.
    pub head: &'h Parts,
    /// What the policy decides on.
    pub facts: Facts,
    /// The bucket and key.
    pub resource: Resource<'h>,
    /// The dialect to answer in.
    pub dialect: Dialect,
    /// Where the signature sits, if there is one.
    pub signed_in: Option<Carrier>,
    /// Who can tell about the target.
    pub target: Teller,
    /// Who can tell about the source.
    pub source: Teller,
}

/// Who can tell about an object, if the facts are in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Teller {
    /// The request said all there is.
    Nobody,
    /// The form in the body.
    Form,
    /// Whoever saw the upload begin.
    Upload,
    /// Whoever knows the bucket's default.
    BucketDefault,
    /// Whoever saw the object.
    Object,
    /// The answer.
    Response,
}

/// A classified request with leave to be sent: the only thing the sender takes.
#[derive(Debug)]
pub struct Admitted<'c, 'h> {
    classified: &'c Classified<'h>,
    permit: Permit,
}

impl<'h> Classified<'h> {
    /// Joins the leave to the request it was given for.
    pub fn admit<'c>(&'c self, permit: Permit) -> Admitted<'c, 'h> {
        Admitted {
            classified: self,
            permit,
        }
    }
}

impl<'c, 'h> Admitted<'c, 'h> {
    /// The request.
    pub fn classified(&self) -> &'c Classified<'h> {
        self.classified
    }

    /// The leave.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }
}

impl Teller {
    /// What is unknown when this one cannot tell.
    pub const fn unknown(self) -> Unknown {
        match self {
            Self::Nobody | Self::Object => Unknown::Object,
            Self::Form => Unknown::Form,
            Self::Upload => Unknown::Upload,
            Self::BucketDefault => Unknown::BucketDefault,
            Self::Response => Unknown::Response,
        }
    }
}

/// Classifies a request head.
///
/// # Errors
/// What makes the operation, the encryption or the signature ambiguous.
pub fn classify<'h>(
    head: &'h Parts,
    arrival: Arrival,
    endpoints: &Endpoints,
) -> Result<Classified<'h>, Malformed> {
    let _ = (head, arrival, endpoints);
    Err(Malformed::Host)
}

//! From a request head to facts: which operation, which encryption, which signature, and who can tell what is in doubt.

mod choice;
mod facts;
mod form;
mod inquiry;
mod locate;
mod scan;

pub use inquiry::Inquiry;

use crate::{
    obs::{
        auth::{Auth, Carrier},
        dialect::Dialect,
        malformed::Malformed,
        resource::{Endpoints, Resource},
        route::{Level, Verb},
        scheme::Scheme,
        sse::{Counted, Defect, Evidence, Parameter, Places, find_defect, has_cell},
    },
    policy::{Facts, Permit, Unknown},
};
use http::request::Parts;
use std::{fmt, net::SocketAddr};

/// How a request arrived: a fact of the socket, not of the request.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The transport.
    pub scheme: Scheme,
    /// The other end.
    pub peer: SocketAddr,
}

/// A head, and what it says.
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
    /// The parameters of encryption that were seen, and where.
    pub evidence: Evidence,
    /// The upload the request is about, percent-encoded as it came.
    pub upload_id: Option<&'h [u8]>,
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
    /// Whether a form in the body says what the head cannot: neither signature nor target is known before it is read
    /// up to its file, so no decision on these facts settles the request, an allowance neither (rulings, 18). Until
    /// then [`Facts::auth`] is the head's own signature, which a form usually lacks.
    pub fn awaits_form(&self) -> bool {
        self.target == Teller::Form
    }

    /// What is wrong with the customer key, of the target and then of the source; answered only after the policy
    /// allowed (rulings, 13). Reads the head again, so it is asked only of requests that carry a key.
    pub fn defect(&self) -> Option<Defect> {
        let counts = |parameter| self.facts.customer_key && has_cell(self.facts.operation, parameter);
        counts(Parameter::Key)
            .then(|| find_defect(self.head, false))
            .flatten()
            .or_else(|| {
                counts(Parameter::SourceKey)
                    .then(|| find_defect(self.head, true))
                    .flatten()
            })
    }

    /// The parameters of encryption in the head, where each was seen, and what it counted as.
    pub fn counted(&self) -> impl Iterator<Item = (Parameter, Places, Counted)> {
        let operation = self.facts.operation;
        let writes = Verb::of(&self.head.method).is_some_and(Verb::writes);
        self.evidence.iter().map(move |(parameter, places)| {
            (parameter, places, Evidence::counted(parameter, operation, writes))
        })
    }

    /// Joins the leave to the request it was given for.
    pub fn admit<'c>(&'c self, permit: Permit) -> Admitted<'c, 'h> {
        Admitted {
            classified: self,
            permit,
        }
    }
}

/// Without the head: its target and headers may hold signatures and keys.
impl fmt::Debug for Classified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classified")
            .field("facts", &self.facts)
            .field("target", &self.target)
            .field("source", &self.source)
            .finish_non_exhaustive()
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
    let verb = Verb::of(&head.method).ok_or(Malformed::Method)?;
    let mut scan = scan::Scan::default();
    scan.read(head, verb)?;
    let resource = locate::locate(head, verb, scan.host, arrival.scheme, endpoints)?;
    let level = match (resource.bucket, resource.key) {
        (None, _) => Level::Service,
        (Some(_), None) => Level::Bucket,
        (Some(_), Some(_)) => Level::Object,
    };
    let operation = scan.operation(verb, level)?;
    let (auth, signed_in) = scan.signatures.weigh(scan.forwarded)?;
    let aim = {
        let presigned = signed_in == Some(Carrier::Query) && matches!(auth, Auth::ObsV2 | Auth::AwsV2);
        facts::Aim::of(verb, operation, &scan, auth, presigned)?
    };
    Ok(Classified {
        head,
        facts: aim.facts(operation, arrival.scheme, auth),
        resource,
        dialect: if scan.amz || scan.signatures.are_amz() || matches!(auth, Auth::AwsV2 | Auth::V4) {
            Dialect::Amz
        } else {
            Dialect::Obs
        },
        signed_in,
        target: aim.teller,
        source: Teller::Nobody,
        evidence: scan.evidence,
        upload_id: scan.upload_id,
    })
}

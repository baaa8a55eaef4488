//! What the origin refuses, and how it says so (obs-facts §8).

use super::signature::{Unverified, policy::Refused};
use http::StatusCode;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    AccessDenied,
    Argument(&'static str),
    AuthorizationScheme,
    BucketExists,
    BucketNotEmpty,
    BucketName,
    Conflict(&'static str),
    CustomerKeyMissing,
    CustomerKeyWrong,
    CustomerKeyForNothing,
    Digest,
    EncryptionAlgorithm,
    Expired,
    Form,
    Host,
    IncompleteBody,
    Memory,
    Method,
    MissingPayloadHash,
    NoSuchAccessKey,
    NoSuchBucket,
    NoSuchEncryptionConfiguration,
    NoSuchKey,
    NoSuchUpload,
    NotAppendable,
    NotImplemented,
    Part,
    PartOrder,
    PayloadHash,
    PolicyDocument,
    Position,
    Precondition,
    Preflight,
    Range,
    Signature,
    Skewed,
    UnsignedHeaders,
    Xml,
}

/// A fault as it goes over the wire.
pub(super) struct Wire {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

impl Fault {
    #[expect(clippy::too_many_lines, reason = "one exhaustive match from fault to wire")]
    pub(super) fn wire(self) -> Wire {
        use StatusCode as S;
        let (status, code, message) = match self {
            Self::AccessDenied => (S::FORBIDDEN, "AccessDenied", "Access Denied"),
            Self::Argument(message) => (S::BAD_REQUEST, "InvalidArgument", message),
            Self::AuthorizationScheme => (
                S::BAD_REQUEST,
                "InvalidArgument",
                "Unsupported Authorization Type",
            ),
            Self::BucketExists => (
                S::CONFLICT,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            ),
            Self::BucketNotEmpty => (
                S::CONFLICT,
                "BucketNotEmpty",
                "The bucket you tried to delete is not empty.",
            ),
            Self::BucketName => (
                S::BAD_REQUEST,
                "InvalidBucketName",
                "The specified bucket is not valid.",
            ),
            Self::Conflict(message) => (S::BAD_REQUEST, "InvalidRequest", message),
            Self::CustomerKeyMissing => (
                S::BAD_REQUEST,
                "InvalidRequest",
                "The object was stored using a form of Server Side Encryption. The correct parameters must be \
                 provided to retrieve the object.",
            ),
            Self::CustomerKeyWrong => (
                S::BAD_REQUEST,
                "InvalidRequest",
                "The provided encryption parameters did not match the ones used originally.",
            ),
            Self::CustomerKeyForNothing => (
                S::BAD_REQUEST,
                "InvalidRequest",
                "The encryption parameters are not applicable to this object.",
            ),
            Self::Digest => (
                S::BAD_REQUEST,
                "BadDigest",
                "The Content-MD5 you specified did not match what we received.",
            ),
            Self::EncryptionAlgorithm => (
                S::BAD_REQUEST,
                "InvalidEncryptionAlgorithmError",
                "The Encryption request you specified is not valid. Supported value: AES256.",
            ),
            Self::Expired => (S::FORBIDDEN, "AccessDenied", "Request has expired."),
            Self::Form => (
                S::BAD_REQUEST,
                "MalformedPOSTRequest",
                "The body of your POST request is not well-formed multipart/form-data.",
            ),
            Self::Host => (
                S::BAD_REQUEST,
                "InvalidRequest",
                "The host is not one of this origin's.",
            ),
            Self::IncompleteBody => (
                S::BAD_REQUEST,
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length HTTP header.",
            ),
            Self::Memory => (
                S::BAD_REQUEST,
                "EntityTooLarge",
                "Your proposed upload exceeds what this origin keeps in memory.",
            ),
            Self::Method => (
                S::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            ),
            Self::MissingPayloadHash => (
                S::BAD_REQUEST,
                "InvalidRequest",
                "Missing required header for this request: x-amz-content-sha256",
            ),
            Self::NoSuchAccessKey => (
                S::FORBIDDEN,
                "InvalidAccessKeyId",
                "The access key ID you provided does not exist in our records.",
            ),
            Self::NoSuchBucket => (
                S::NOT_FOUND,
                "NoSuchBucket",
                "The specified bucket does not exist.",
            ),
            Self::NoSuchEncryptionConfiguration => (
                S::NOT_FOUND,
                "NoSuchEncryptionConfiguration",
                "The specified bucket does not have any encryption configurations",
            ),
            Self::NoSuchKey => (S::NOT_FOUND, "NoSuchKey", "The specified key does not exist."),
            Self::NoSuchUpload => (
                S::NOT_FOUND,
                "NoSuchUpload",
                "The specified multipart upload does not exist.",
            ),
            Self::NotAppendable => (
                S::CONFLICT,
                "ObjectNotAppendable",
                "The object is not appendable.",
            ),
            Self::NotImplemented => (
                S::NOT_IMPLEMENTED,
                "NotImplemented",
                "A header or parameter you provided implies functionality that is not implemented.",
            ),
            Self::Part => (
                S::BAD_REQUEST,
                "InvalidPart",
                "One or more of the specified parts could not be found, or its ETag does not match.",
            ),
            Self::PartOrder => (
                S::BAD_REQUEST,
                "InvalidPartOrder",
                "The list of parts was not in ascending order.",
            ),
            Self::PayloadHash => (
                S::BAD_REQUEST,
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
            Self::PolicyDocument => (
                S::BAD_REQUEST,
                "InvalidPolicyDocument",
                "The content of the form does not meet the conditions specified in the policy document.",
            ),
            Self::Position => (
                S::CONFLICT,
                "PositionNotEqualToLength",
                "The position is not equal to the length of the object.",
            ),
            Self::Precondition => (
                S::PRECONDITION_FAILED,
                "PreconditionFailed",
                "At least one of the preconditions you specified did not hold.",
            ),
            Self::Preflight => (
                S::BAD_REQUEST,
                "BadRequest",
                "Insufficient information. Origin request header needed.",
            ),
            Self::Range => (
                S::RANGE_NOT_SATISFIABLE,
                "InvalidRange",
                "The requested range cannot be satisfied.",
            ),
            Self::Signature => (
                S::FORBIDDEN,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key and \
                 signing method.",
            ),
            Self::Skewed => (
                S::FORBIDDEN,
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            ),
            Self::UnsignedHeaders => (
                S::FORBIDDEN,
                "AccessDenied",
                "There were headers present in the request which were not signed",
            ),
            Self::Xml => (
                S::BAD_REQUEST,
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema.",
            ),
        };
        Wire {
            status,
            code,
            message,
        }
    }
}

impl From<Unverified> for Fault {
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::Malformed => Self::AccessDenied,
            Unverified::AccessKey => Self::NoSuchAccessKey,
            Unverified::Mismatch => Self::Signature,
            Unverified::UnsignedHeader => Self::UnsignedHeaders,
        }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Signature(unverified) => unverified.into(),
            Refused::Document | Refused::Condition => Self::PolicyDocument,
            Refused::Expired => Self::Expired,
        }
    }
}

//! What the origin refuses, and how it says so (obs-facts §8).

use super::signature::{Unverified, policy::Refused};
use http::StatusCode;

macro_rules! faults {
    ($($name:ident = $status:ident $code:literal: $message:literal;)*) => {
        /// Why a request is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Fault {
            /// A part of the request is not what it should be; the text says which.
            Argument(&'static str),
            /// The request does not fit what is there; the text says how.
            Conflict(&'static str),
            $($name),*
        }

        impl Fault {
            /// Status, code and message.
            pub(super) const fn wire(self) -> (StatusCode, &'static str, &'static str) {
                match self {
                    Self::Argument(message) => (StatusCode::BAD_REQUEST, "InvalidArgument", message),
                    Self::Conflict(message) => (StatusCode::BAD_REQUEST, "InvalidRequest", message),
                    $(Self::$name => (StatusCode::$status, $code, $message)),*
                }
            }
        }
    };
}

faults! {
    AccessDenied = FORBIDDEN "AccessDenied":
        "Access Denied";
    AuthorizationScheme = BAD_REQUEST "InvalidArgument":
        "Unsupported Authorization Type";
    BucketExists = CONFLICT "BucketAlreadyOwnedByYou":
        "Your previous request to create the named bucket succeeded and you already own it.";
    BucketNotEmpty = CONFLICT "BucketNotEmpty":
        "The bucket you tried to delete is not empty.";
    BucketName = BAD_REQUEST "InvalidBucketName":
        "The specified bucket is not valid.";
    CustomerKeyMissing = BAD_REQUEST "InvalidRequest":
        "The object was stored using a form of Server Side Encryption. The correct parameters must be \
         provided to retrieve the object.";
    CustomerKeyWrong = BAD_REQUEST "InvalidRequest":
        "The provided encryption parameters did not match the ones used originally.";
    CustomerKeyForNothing = BAD_REQUEST "InvalidRequest":
        "The encryption parameters are not applicable to this object.";
    Digest = BAD_REQUEST "BadDigest":
        "The Content-MD5 you specified did not match what we received.";
    EncryptionAlgorithm = BAD_REQUEST "InvalidEncryptionAlgorithmError":
        "The Encryption request you specified is not valid. Supported value: AES256.";
    Expired = FORBIDDEN "AccessDenied":
        "Request has expired.";
    Form = BAD_REQUEST "MalformedPOSTRequest":
        "The body of your POST request is not well-formed multipart/form-data.";
    Host = BAD_REQUEST "InvalidRequest":
        "The host is not one of this origin's.";
    IncompleteBody = BAD_REQUEST "IncompleteBody":
        "You did not provide the number of bytes specified by the Content-Length HTTP header.";
    Memory = BAD_REQUEST "EntityTooLarge":
        "Your proposed upload exceeds what this origin keeps in memory.";
    Method = METHOD_NOT_ALLOWED "MethodNotAllowed":
        "The specified method is not allowed against this resource.";
    MissingPayloadHash = BAD_REQUEST "InvalidRequest":
        "Missing required header for this request: x-amz-content-sha256";
    NoSuchAccessKey = FORBIDDEN "InvalidAccessKeyId":
        "The access key ID you provided does not exist in our records.";
    NoSuchBucket = NOT_FOUND "NoSuchBucket":
        "The specified bucket does not exist.";
    NoSuchEncryptionConfiguration = NOT_FOUND "NoSuchEncryptionConfiguration":
        "The specified bucket does not have any encryption configurations";
    NoSuchKey = NOT_FOUND "NoSuchKey":
        "The specified key does not exist.";
    NoSuchUpload = NOT_FOUND "NoSuchUpload":
        "The specified multipart upload does not exist.";
    NotAppendable = CONFLICT "ObjectNotAppendable":
        "The object is not appendable.";
    NotImplemented = NOT_IMPLEMENTED "NotImplemented":
        "A header or parameter you provided implies functionality that is not implemented.";
    Part = BAD_REQUEST "InvalidPart":
        "One or more of the specified parts could not be found, or its ETag does not match.";
    PartOrder = BAD_REQUEST "InvalidPartOrder":
        "The list of parts was not in ascending order.";
    PayloadHash = BAD_REQUEST "XAmzContentSHA256Mismatch":
        "The provided 'x-amz-content-sha256' header does not match what was computed.";
    PolicyDocument = BAD_REQUEST "InvalidPolicyDocument":
        "The content of the form does not meet the conditions specified in the policy document.";
    Position = CONFLICT "PositionNotEqualToLength":
        "The position is not equal to the length of the object.";
    Precondition = PRECONDITION_FAILED "PreconditionFailed":
        "At least one of the preconditions you specified did not hold.";
    Preflight = BAD_REQUEST "BadRequest":
        "Insufficient information. Origin request header needed.";
    Range = RANGE_NOT_SATISFIABLE "InvalidRange":
        "The requested range cannot be satisfied.";
    Signature = FORBIDDEN "SignatureDoesNotMatch":
        "The request signature we calculated does not match the signature you provided. Check your key \
         and signing method.";
    Skewed = FORBIDDEN "RequestTimeTooSkewed":
        "The difference between the request time and the current time is too large.";
    UnsignedHeaders = FORBIDDEN "AccessDenied":
        "There were headers present in the request which were not signed";
    Xml = BAD_REQUEST "MalformedXML":
        "The XML you provided was not well-formed or did not validate against our published schema.";
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

//! How a request is signed. Detected, never verified: that is the store's business.

use super::dialect::Dialect;

/// The signature a request carries, by version and spelling (obs-facts §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Auth {
    /// No trace of a signature.
    Anonymous,
    /// Version 2 in the native spelling: `Authorization: OBS …`, or `AccessKeyId` in the query.
    ObsV2,
    /// Version 2 in the S3 spelling: `Authorization: AWS …`, or `AWSAccessKeyId` in the query.
    AwsV2,
    /// Version 4: `AWS4-HMAC-SHA256`, all of whose parts are there and parse.
    V4,
    /// Something that is none of these: another scheme, a token, a signature with parts missing.
    Unknown,
}

impl Auth {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Anonymous, Self::ObsV2, Self::AwsV2, Self::V4, Self::Unknown];

    /// The word used in logs: `anonymous`, `v2`, `v4` or `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::ObsV2 | Self::AwsV2 => "v2",
            Self::V4 => "v4",
            Self::Unknown => "unknown",
        }
    }

    /// The dialect it belongs to, if it is plain.
    pub const fn dialect(self) -> Option<Dialect> {
        match self {
            Self::ObsV2 => Some(Dialect::Obs),
            Self::AwsV2 | Self::V4 => Some(Dialect::Amz),
            Self::Anonymous | Self::Unknown => None,
        }
    }
}

/// Where a signature sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// In a header.
    Header,
    /// In the query of a presigned URL.
    Query,
    /// In a field of a form.
    Form,
}

impl Carrier {
    /// The word used in logs and by `explain`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
            Self::Form => "form",
        }
    }
}

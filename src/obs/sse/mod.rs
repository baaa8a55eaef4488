//! Evidence of server-side encryption: its parameters, where they were seen, and what they say together.

mod cells;
mod defect;
mod evidence;
mod response;
mod sighting;

pub use cells::has_cell;
pub(crate) use defect::find as find_defect;
pub use defect::{Defect, Fault};
pub use evidence::{Counted, Evidence, Places};
pub(crate) use evidence::{is_documented, method_value};
pub use response::{Sign, told_by};
pub use sighting::{Sighting, sightings};

/// A parameter of server-side encryption, whatever the dialect and the place (obs-facts §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// The method: SSE-KMS or SSE-OBS.
    Method,
    /// The algorithm of the data under SSE-KMS.
    DataEncryption,
    /// The KMS key.
    KeyId,
    /// The KMS key's project.
    Project,
    /// Whether the bucket's key is used; SSE-KMS.
    BucketKey,
    /// The encryption context; SSE-KMS.
    Context,
    /// The algorithm of the customer key.
    Algorithm,
    /// The customer key.
    Key,
    /// The customer key's MD5.
    KeyMd5,
    /// The algorithm of the source's customer key.
    SourceAlgorithm,
    /// The source's customer key.
    SourceKey,
    /// The MD5 of the source's customer key.
    SourceKeyMd5,
}

impl Parameter {
    /// Every parameter.
    pub const ALL: [Self; 12] = [
        Self::Method,
        Self::DataEncryption,
        Self::KeyId,
        Self::Project,
        Self::BucketKey,
        Self::Context,
        Self::Algorithm,
        Self::Key,
        Self::KeyMd5,
        Self::SourceAlgorithm,
        Self::SourceKey,
        Self::SourceKeyMd5,
    ];

    /// Whether its value must never be shown: it is a key, or gives one away.
    pub const fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Key | Self::KeyMd5 | Self::SourceKey | Self::SourceKeyMd5
        )
    }
}

/// A set of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters(u16);

impl Parameters {
    /// Those of encryption with a key of the server.
    pub(crate) const MANAGED: Self = Self(0b11_1111);
    /// Those that only SSE-KMS has, whatever their value.
    pub(crate) const KMS_ONLY: Self = Self(0b11_1100);
    /// Those of a customer key.
    pub(crate) const TARGET_KEY: Self = Self(0b1_1100_0000);
    /// Those of the source's customer key.
    pub(crate) const SOURCE_KEY: Self = Self(0b1110_0000_0000);
    /// Those of any customer key.
    pub(crate) const ANY_KEY: Self = Self::TARGET_KEY.with(Self::SOURCE_KEY);

    pub(crate) const fn only(parameter: Parameter) -> Self {
        Self(1 << parameter as u16)
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

//! The two dialects of the API: the native one (`x-obs-*`) and the S3-compatible one (`x-amz-*`).

/// A dialect of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Native: `x-obs-*`.
    Obs,
    /// S3-compatible: `x-amz-*`.
    Amz,
}

impl Dialect {
    /// Both dialects.
    pub const ALL: [Self; 2] = [Self::Obs, Self::Amz];

    /// The word used in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Obs => "obs",
            Self::Amz => "amz",
        }
    }
}

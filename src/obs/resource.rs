//! Which bucket and key a request names: host and raw path, split before anything is decoded.

/// The hosts the gate answers for.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// Lower-case domains: `bucket.<domain>` is virtual-hosted, `<domain>` itself is path style.
    pub domains: Vec<String>,
    /// Which hosts outside those domains stand for a bucket of their own name.
    pub custom_domains: CustomDomains,
}

/// Hosts that stand for a bucket (CNAME).
#[derive(Clone, Debug)]
pub enum CustomDomains {
    /// These, in lower case.
    Listed(Vec<String>),
    /// Every host.
    Any,
}

impl Default for CustomDomains {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// What a request is about. Borrowed from its head, percent-encoded as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'h> {
    /// The bucket, if one is named.
    pub bucket: Option<&'h str>,
    /// The key without its leading slash, if it is not empty.
    pub key: Option<&'h str>,
}

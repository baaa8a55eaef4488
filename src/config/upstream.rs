//! The store behind the gate: where it is, whom it is trusted as, and how long it may take.

use crate::obs::scheme::Scheme;
use http::Uri;
use rustls_pki_types::CertificateDer;
use std::{net::Ipv6Addr, time::Duration};

/// The upstream, and how patient the gate is with it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Upstream {
    /// The transport towards it.
    pub scheme: Scheme,
    /// Its host name or address, an IPv6 address without brackets; also the name its certificate must carry.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The only authorities its certificate may come from; `None` for the public ones.
    pub ca: Option<Vec<CertificateDer<'static>>>,
    /// How long a connection may take to be made, the TLS handshake included.
    pub connect_timeout: Duration,
    /// How long the head of a response may take, from the end of the request.
    pub response_head_timeout: Duration,
    /// The same for the operations a store works long on: `CopyObject`, `UploadPartCopy`, `CompleteMultipartUpload`.
    pub slow_response_head_timeout: Duration,
}

impl Upstream {
    /// An upstream over TLS, with the default patience.
    pub fn https(host: impl Into<String>, port: u16) -> Self {
        Self::new(Scheme::Https, host.into(), port)
    }

    /// An upstream in clear: customer keys and objects travel unprotected behind the gate.
    pub fn danger_plaintext(host: impl Into<String>, port: u16) -> Self {
        Self::new(Scheme::Http, host.into(), port)
    }

    pub(super) const fn new(scheme: Scheme, host: String, port: u16) -> Self {
        Self {
            scheme,
            host,
            port,
            ca: None,
            connect_timeout: CONNECT,
            response_head_timeout: RESPONSE_HEAD,
            slow_response_head_timeout: SLOW_RESPONSE_HEAD,
        }
    }
}

/// What [`parse_url`] takes, in words.
pub(super) const URL: &str = "`https://host` or `https://host:port`, without user, path, query or fragment";

/// Reads `scheme://host[:port]`, and nothing more than that.
pub(super) fn parse_url(text: &str) -> Option<(Scheme, String, u16)> {
    if text.contains('#') {
        return None;
    }
    let uri: Uri = text.parse().ok()?;
    let scheme = Scheme::ALL
        .into_iter()
        .find(|one| uri.scheme_str() == Some(one.name()))?;
    let authority = uri.authority()?;
    let plain = !authority.as_str().contains('@') && matches!(uri.path(), "" | "/") && uri.query().is_none();
    let port = match (authority.port_u16(), scheme) {
        (Some(port), _) => port,
        // A colon without a port that reads as one.
        (None, _) if authority.as_str().len() != authority.host().len() => return None,
        (None, Scheme::Http) => 80,
        (None, Scheme::Https) => 443,
    };
    let host = parse_host(authority.host())?;
    (plain && port != 0).then_some((scheme, host, port))
}

/// Reads a host of a URL: a name in lower case, an IPv4 address, or an IPv6 address whose brackets are dropped.
fn parse_host(text: &str) -> Option<String> {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(|address| address.to_string()),
        None => parse_domain(text),
    }
}

/// Reads a domain name: labels of letters, digits, `-` and `_`; returned in lower case.
pub(super) fn parse_domain(text: &str) -> Option<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    (text.len() <= 253 && text.split('.').all(label)).then(|| text.to_ascii_lowercase())
}

const CONNECT: Duration = Duration::from_secs(5);
const RESPONSE_HEAD: Duration = Duration::from_mins(1);
const SLOW_RESPONSE_HEAD: Duration = Duration::from_mins(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_scheme_a_host_and_perhaps_a_port() {
        let read = |text| parse_url(text).map(|(scheme, host, port)| (scheme.name(), host, port));
        let some = |scheme, host: &str, port| Some((scheme, host.to_owned(), port));
        assert_eq!(
            read("https://OBS.example.com"),
            some("https", "obs.example.com", 443)
        );
        assert_eq!(read("http://10.0.0.1/"), some("http", "10.0.0.1", 80));
        assert_eq!(read("https://[::1]:9000"), some("https", "::1", 9000));
    }

    #[test]
    fn a_url_with_anything_else_is_refused() {
        for text in [
            "",
            "obs.example.com",
            "//obs.example.com",
            "ftp://obs.example.com",
            "https://",
            "https://user@obs.example.com",
            "https://obs.example.com/bucket",
            "https://obs.example.com?x",
            "https://obs.example.com#x",
            "https://obs.example.com:0",
            "https://obs.example.com:",
            "https://obs.example.com:99999",
            "https://obs..example.com",
            "https://obs.example.com.",
        ] {
            assert_eq!(parse_url(text), None, "{text}");
        }
    }
}

//! Which bucket and key a request names: host and raw path, split before anything is decoded.

use super::{
    block::{Places, run, run_in_order},
    bytes,
    malformed::Malformed,
    path::split,
};
use std::net::{Ipv4Addr, Ipv6Addr};

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
    /// The bucket, if one is named. Holds no escapes.
    pub bucket: Option<&'h str>,
    /// The key without its leading slash, if it is not empty.
    pub key: Option<&'h str>,
}

impl<'h> Resource<'h> {
    /// Finds the bucket and the key in `Host` and the raw path (rulings, 7 and 8).
    pub(crate) fn locate(host: &'h [u8], path: &'h str, endpoints: &Endpoints) -> Result<Self, Malformed> {
        let bucket = match Site::of(host, endpoints).ok_or(Malformed::Host)? {
            Site::Endpoint => None,
            Site::Bucket(bucket) => Some(bucket),
        };
        split(bucket, path)
    }
}

/// What a host stands for.
enum Site<'h> {
    /// The service: the bucket is in the path.
    Endpoint,
    /// A bucket.
    Bucket(&'h str),
}

impl<'h> Site<'h> {
    fn of(host: &'h [u8], endpoints: &Endpoints) -> Option<Self> {
        if let Some(literal) = host.strip_prefix(b"[") {
            let (address, port) = str::from_utf8(literal).ok()?.split_once(']')?;
            let fine = address.parse::<Ipv6Addr>().is_ok()
                && (port.is_empty()
                    || port
                        .strip_prefix(':')
                        .is_some_and(|port| is_port(port.as_bytes())));
            return fine.then_some(Self::Endpoint);
        }
        // Most hosts have no port. Where one has, it ends like no domain.
        if let Some(site) = Self::by_domain(host, endpoints) {
            return Some(site);
        }
        let name = run(host, |block| block.within(0, 0x7f).without(block.is(b':')));
        match host.split_at_checked(name)? {
            (name, []) => Self::by_name(name, endpoints),
            (name, [b':', port @ ..]) if is_port(port) => Self::by_name(name, endpoints),
            _ => None,
        }
    }

    /// What a name is that ends with one of the domains. What stands before it and is no bucket makes the whole no
    /// bucket either.
    fn by_domain(name: &'h [u8], endpoints: &Endpoints) -> Option<Self> {
        let mut bucket: Option<&[u8]> = None;
        for domain in &endpoints.domains {
            let domain = domain.as_bytes();
            let Some(before) = name.len().checked_sub(domain.len()) else {
                continue;
            };
            let Some((before, end)) = name.split_at_checked(before) else {
                continue;
            };
            // Most clients spell it as the settings do.
            if !bytes::same(end, domain) && !end.eq_ignore_ascii_case(domain) {
                continue;
            }
            if before.is_empty() {
                return Some(Self::Endpoint);
            }
            // The longest domain leaves the shortest bucket.
            if let Some(before) = before.strip_suffix(b".")
                && bucket.is_none_or(|other| before.len() < other.len())
            {
                bucket = Some(before);
            }
        }
        bucket.and_then(Self::bucket)
    }

    fn by_name(name: &'h [u8], endpoints: &Endpoints) -> Option<Self> {
        if let Some(site) = Self::by_domain(name, endpoints) {
            return Some(site);
        }
        if name.last().is_some_and(u8::is_ascii_digit)
            && str::from_utf8(name).is_ok_and(|name| name.parse::<Ipv4Addr>().is_ok())
        {
            return Some(Self::Endpoint);
        }
        let custom = match &endpoints.custom_domains {
            CustomDomains::Any => true,
            CustomDomains::Listed(listed) => {
                listed.iter().any(|one| one.as_bytes().eq_ignore_ascii_case(name))
            }
        };
        if custom { Self::bucket(name) } else { None }
    }

    fn bucket(name: &'h [u8]) -> Option<Self> {
        if is_bucket(name) {
            str::from_utf8(name).ok().map(Self::Bucket)
        } else {
            None
        }
    }
}

fn is_port(port: &[u8]) -> bool {
    let value = port.iter().try_fold(0_u16, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        value.checked_mul(10)?.checked_add(digit.into())
    });
    !port.is_empty() && value.is_some()
}

/// Labels of letters, digits, `-` and `_`, none empty, so no dot at either end. In lower case: the store might take
/// it as it is or fold it, and these would be two buckets.
fn is_bucket(name: &[u8]) -> bool {
    // The begin ends a label as a dot does.
    let mut block_before = Places::ALL;
    let labels = run_in_order(name, |block| {
        let dots = block.is(b'.');
        let empty = dots.and(dots.after(block_before));
        block_before = dots;
        let letters = block.within(b'0', b'9').or(block.within(b'a', b'z'));
        letters
            .or(block.is(b'-'))
            .or(block.is(b'_'))
            .or(dots.without(empty))
    });
    labels == name.len() && !matches!(name, [] | [.., b'.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints() -> Endpoints {
        Endpoints {
            domains: vec!["example.com".into(), "obs.example.com".into()],
            custom_domains: CustomDomains::Listed(vec!["files.example.org".into()]),
        }
    }

    fn bucket(host: &str) -> Result<Option<&str>, Malformed> {
        Ok(Resource::locate(host.as_bytes(), "/path/k", &endpoints())?.bucket)
    }

    #[test]
    fn a_host_is_an_endpoint_a_bucket_or_nothing() {
        for (host, expected) in [
            ("obs.example.com", Some("path")),
            ("OBS.Example.Com:8080", Some("path")),
            ("b.obs.example.com", Some("b")),
            ("a.b.OBS.example.com:80", Some("a.b")),
            ("127.0.0.1", Some("path")),
            ("127.0.0.1:8080", Some("path")),
            ("[::1]", Some("path")),
            ("[::1]:8443", Some("path")),
            ("files.example.org", Some("files.example.org")),
        ] {
            assert_eq!(bucket(host), Ok(expected), "{host}");
        }
        for host in [
            "",
            ".",
            "localhost",
            "other.org",
            "obs.example.com.",
            ".obs.example.com",
            "b..obs.example.com",
            "a@obs.example.com",
            "obs.example.com:",
            "obs.example.com:x",
            "obs.example.com:1:2",
            "obs.example.com:+80",
            "[::1",
            "[::1]x",
            "[zz]",
            "::1",
            "127.1",
            "B.obs.example.com",
            "b,obs.example.com",
            "b obs.example.com",
            "xobs.example.com.evil",
        ] {
            assert_eq!(bucket(host), Err(Malformed::Host), "{host}");
        }
    }

    #[test]
    fn any_custom_domain_stands_for_a_bucket_of_its_name() {
        let any = Endpoints {
            custom_domains: CustomDomains::Any,
            ..endpoints()
        };
        let resource = Resource::locate(b"photos.net:81", "/k", &any).unwrap();
        assert_eq!(
            resource,
            Resource {
                bucket: Some("photos.net"),
                key: Some("k")
            }
        );
    }
}

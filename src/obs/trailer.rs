//! Which fields may not come after a body: what frames, routes, signs or encrypts a request has to be known before it
//! (rulings, 33; RFC 9110 §6.5.1).

use super::dialect::Dialect;

/// Whether no trailer may have this name, given in lower case and with `_` read as `-`.
///
/// Of the two dialects' own fields only the checksums and their signature pass: they are what trailers are for.
pub fn is_forbidden(name: &[u8]) -> bool {
    FORBIDDEN.iter().any(|one| one.as_bytes() == name)
        || Dialect::is_foreign(name)
        || (FAMILIES.iter().any(|family| name.starts_with(family.as_bytes()))
            && !CHECKSUMS.iter().any(|family| name.starts_with(family.as_bytes()))
            && name != SIGNATURE.as_bytes())
}

/// Framing, routing, signatures, and what changes the meaning of a request.
const FORBIDDEN: [&str; 34] = [
    "authorization",
    "cloudfront-forwarded-proto",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "front-end-https",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-auth-token",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-storage-token",
    "x-url-scheme",
];

const FAMILIES: [&str; 4] = ["x-obs-", "x-amz-", "x-forwarded-", "http2-settings"];

const CHECKSUMS: [&str; 2] = ["x-obs-checksum-", "x-amz-checksum-"];

/// Signs the checksums.
const SIGNATURE: &str = "x-amz-trailer-signature";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_unique_and_in_order_and_in_lower_case() {
        assert!(FORBIDDEN.is_sorted_by(|a, b| a < b));
        for name in FORBIDDEN.iter().chain(&FAMILIES).chain(&CHECKSUMS) {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert!(!name.contains('_'));
        }
    }

    #[test]
    fn encryption_signature_and_framing_are_forbidden_and_checksums_are_not() {
        for name in [
            "x-obs-server-side-encryption",
            "x-amz-server-side-encryption-customer-key",
            "x-amz-copy-source",
            "x-obs-copy-source-server-side-encryption-customer-key",
            "x-amz-security-token",
            "authorization",
            "x-storage-token",
            "host",
            "content-length",
            "transfer-encoding",
        ] {
            assert!(is_forbidden(name.as_bytes()), "{name}");
        }
        for name in [
            "x-amz-checksum-crc32c",
            "x-amz-trailer-signature",
            "content-md5",
            "x-other",
        ] {
            assert!(!is_forbidden(name.as_bytes()), "{name}");
        }
    }
}

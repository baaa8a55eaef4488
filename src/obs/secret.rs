//! Headers whose values must never be shown: marked where they stand, so that nothing that prints a head prints them
//! (rulings, 38).

use super::dialect::Dialect;
use http::HeaderMap;

/// Marks the values that are keys, signatures and tokens, or give them away.
pub fn mark(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if is_secret(name.as_str()) {
            value.set_sensitive(true);
        }
    }
}

/// Whether a header of this lower-case name holds a secret.
fn is_secret(name: &str) -> bool {
    match Dialect::by_prefix(name.as_bytes()) {
        Some(_) => TAILS.iter().any(|tail| name.ends_with(tail)),
        None => NAMES.contains(&name),
    }
}

const TAILS: [&str; 3] = ["-customer-key", "-customer-key-md5", "-security-token"];
const NAMES: [&str; 4] = ["authorization", "proxy-authorization", "x-auth-token", "cookie"];

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn keys_signatures_and_tokens_are_not_printed_with_their_head_and_all_else_is() {
        let names = [
            ("authorization", true),
            ("x-amz-security-token", true),
            ("x-obs-server-side-encryption-customer-key", true),
            ("x-amz-copy-source-server-side-encryption-customer-key-md5", true),
            ("x-amz-server-side-encryption-customer-algorithm", false),
            ("host", false),
        ];
        let mut headers: HeaderMap = names
            .iter()
            .map(|(name, _)| (HeaderName::from_static(name), HeaderValue::from_static("shown")))
            .collect();
        mark(&mut headers);
        for (name, secret) in names {
            let value = headers.get(name).unwrap();
            assert_eq!(format!("{value:?}").contains("shown"), !secret, "{name}");
            assert_eq!(value, "shown", "what is sent is untouched");
        }
    }
}

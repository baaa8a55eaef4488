//! What the value of `Authorization` says: which signature, and whether it is complete (obs-facts §3.1).

use super::{
    auth::Auth,
    bytes::split,
    credential::{after_access_key, after_credential, after_names, after_sha256, is_base64},
};

/// Reads the value of `Authorization`. Schemes are matched exactly: V4 relaxes, and `OBS` may (rulings, 15).
pub(super) fn by_authorization(value: &[u8]) -> Auth {
    match value {
        [b'O', b'B', b'S', b' ', rest @ ..] if is_v2(rest) => Auth::ObsV2,
        [b'A', b'W', b'S', b' ', rest @ ..] if is_v2(rest) => Auth::AwsV2,
        _ => match value.strip_prefix(ALGORITHM) {
            Some([b' ', rest @ ..]) if is_v4(rest) => Auth::V4,
            _ => Auth::Unknown,
        },
    }
}

fn is_v2(parameters: &[u8]) -> bool {
    matches!(after_access_key(parameters), Some([b':', signature @ ..]) if is_base64(signature))
}

/// A list with commas, blanks around its members, of the three parts in any order.
fn is_v4(parameters: &[u8]) -> bool {
    let (mut seen, mut rest) = (0_u8, parameters);
    loop {
        rest = rest.trim_ascii_start();
        let (place, after) = if let Some(value) = rest.strip_prefix(b"Credential=") {
            (1, after_credential(value))
        } else if let Some(value) = rest.strip_prefix(b"SignedHeaders=") {
            (2, after_names(value))
        } else if let Some(value) = rest.strip_prefix(b"Signature=") {
            (4, after_sha256(value))
        } else {
            return false;
        };
        let Some(after) = after.filter(|_| seen & place == 0) else {
            return false;
        };
        seen |= place;
        rest = match after.trim_ascii_start() {
            [b',', rest @ ..] => rest,
            after => return after.is_empty() && seen == 7,
        };
    }
}

/// The value of a parameter of a V4 `Authorization`.
pub(super) fn parameter<'v>(value: &'v [u8], name: &[u8]) -> Option<&'v [u8]> {
    let (_, rest) = split(value, b' ')?;
    listed(rest).find_map(|one| {
        let (this, value) = split(one.trim_ascii(), b'=')?;
        (this == name).then_some(value)
    })
}

/// The members of a list with commas.
fn listed(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let list = rest?;
        let end = memchr::memchr(b',', list).unwrap_or(list.len());
        let (one, after) = list.split_at_checked(end)?;
        rest = after.get(1..);
        Some(one)
    })
}

/// How V4 names itself.
pub(super) const ALGORITHM: &[u8; 16] = b"AWS4-HMAC-SHA256";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_read_exactly() {
        let hex = "0123456789abcdef".repeat(4);
        let v4 = format!(
            "AWS4-HMAC-SHA256 Credential=AK/20240101/r/s3/aws4_request, SignedHeaders=host;x-amz-date,Signature={hex}"
        );
        for (value, auth) in [
            ("OBS AK:c2ln".to_owned(), Auth::ObsV2),
            ("AWS AK:c2ln=".to_owned(), Auth::AwsV2),
            (v4.clone(), Auth::V4),
            ("obs AK:c2ln".to_owned(), Auth::Unknown),
            ("OBS AK".to_owned(), Auth::Unknown),
            ("OBS :c2ln".to_owned(), Auth::Unknown),
            ("OBS AK:".to_owned(), Auth::Unknown),
            ("OBS AK:a:b".to_owned(), Auth::Unknown),
            (String::new(), Auth::Unknown),
            ("Bearer x".to_owned(), Auth::Unknown),
            (v4.replace("AWS4-", "OBS4-"), Auth::Unknown),
            (
                v4.replace("AWS4-HMAC-SHA256 ", "aws4-hmac-sha256 "),
                Auth::Unknown,
            ),
            (v4.replace("/s3/", "/"), Auth::Unknown),
            (v4.replace("SignedHeaders=host;x-amz-date,", ""), Auth::Unknown),
            (v4.replace("Signature=0", "Signature="), Auth::Unknown),
            (format!("{v4}, Signature={hex}"), Auth::Unknown),
            (v4.replace("AK/2024", "AK/202x"), Auth::Unknown),
        ] {
            assert_eq!(by_authorization(value.as_bytes()), auth, "{value}");
        }
    }
}

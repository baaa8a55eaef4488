//! The first line of an answer's head.

use http::StatusCode;

/// The minor version, the status, and the reason (RFC 9112 §4).
pub(super) fn status_line(line: &[u8]) -> Result<(u8, StatusCode, &[u8]), &'static str> {
    let version = line.strip_prefix(b"HTTP/1.");
    let Some([minor @ (b'0' | b'1'), b' ', rest @ ..]) = version else {
        return Err("a version other than HTTP/1.0 and HTTP/1.1");
    };
    let (code, reason) = match rest.split_first_chunk::<3>() {
        Some((code, [])) => (code, &[][..]),
        Some((code, [b' ', reason @ ..])) => (code, reason),
        _ => return Err("a status line that is none"),
    };
    let status = StatusCode::from_bytes(code).map_err(|_| "a status that is none")?;
    Ok((minor - b'0', status, reason))
}

//! The request line (RFC 9112 §3): method, target and version, with one space between them.

use super::{Limits, Violation, class};
use http::{Uri, Version};

/// A request line's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestLine {
    /// How long the method is; one space follows it.
    pub(super) method: usize,
    /// Where the target ends.
    pub(super) target: usize,
    pub(super) version: Version,
}

/// Reads a request line without its CR LF.
///
/// What it leaves alone, classification refuses: unknown methods, targets that are no path, encoded control bytes.
pub(super) fn inspect(line: &[u8], limits: &Limits) -> Result<RequestLine, Violation> {
    let (method, rest) = line
        .split_at_checked(class::token(line))
        .ok_or(Violation::RequestLine)?;
    let rest = match rest {
        [b' ', rest @ ..] if !method.is_empty() => rest,
        [] | [b'\t', ..] if !method.is_empty() => return Err(Violation::RequestLine),
        _ => return Err(Violation::Method),
    };
    let (target, rest) = if let [b'/', after @ ..] = rest {
        let end = 1 + origin_form(after);
        rest.split_at_checked(end).ok_or(Violation::RequestLine)?
    } else {
        other_form(rest)?
    };
    if target.len() > limits.target {
        return Err(Violation::TargetTooLong);
    }
    let end = line.len() - rest.len();
    let version = match rest {
        [b' ', version @ ..] => version,
        [] => return Err(Violation::Version),
        [b'\t', ..] => return Err(Violation::RequestLine),
        [b'#', ..] => return Err(Violation::Fragment),
        _ => return Err(Violation::Target),
    };
    if method == b"PRI" && target == b"*" {
        return Err(Violation::Preface);
    }
    let version = match version {
        b"HTTP/1.1" => Version::HTTP_11,
        b"HTTP/1.0" => Version::HTTP_10,
        [b' ' | b'\t', ..] => return Err(Violation::RequestLine),
        _ => return Err(Violation::Version),
    };
    Ok(RequestLine {
        method: method.len(),
        target: end,
        version,
    })
}

/// Looks at a target that came without a line: one that does not begin with a slash is left to classification, if it is
/// made of what a URI is made of.
pub(super) fn inspect_target(target: &[u8], limits: &Limits) -> Result<(), Violation> {
    let after = target.strip_prefix(b"/").unwrap_or(target);
    if target.len() > limits.target {
        Err(Violation::TargetTooLong)
    } else if origin_form(after) < after.len() {
        Err(Violation::Target)
    } else {
        Ok(())
    }
}

/// How long the path and query after the first slash are.
fn origin_form(after: &[u8]) -> usize {
    let path = class::path(after);
    match after.get(path..) {
        Some([b'?', query @ ..]) => path + 1 + class::query(query),
        _ => path,
    }
}

/// Splits off a target that does not begin with a slash. These are rare, so `http::Uri` itself says what it takes.
fn other_form(rest: &[u8]) -> Result<(&[u8], &[u8]), Violation> {
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t'))
        .unwrap_or(rest.len());
    let (target, rest) = rest.split_at_checked(end).ok_or(Violation::RequestLine)?;
    if target.is_empty() {
        return Err(Violation::RequestLine);
    }
    if target.contains(&b'#') {
        return Err(Violation::Fragment);
    }
    if !target.is_ascii() || target.contains(&b'\\') || Uri::try_from(target).is_err() {
        return Err(Violation::Target);
    }
    Ok((target, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_is_three_parts_and_two_spaces() {
        let cases: [(&str, Result<Version, Violation>); 24] = [
            ("GET / HTTP/1.1", Ok(Version::HTTP_11)),
            ("GET /b/k?a=b HTTP/1.0", Ok(Version::HTTP_10)),
            ("OPTIONS * HTTP/1.1", Ok(Version::HTTP_11)),
            ("GET http://h/p HTTP/1.1", Ok(Version::HTTP_11)),
            ("CONNECT h:1 HTTP/1.1", Ok(Version::HTTP_11)),
            ("GET  / HTTP/1.1", Err(Violation::RequestLine)),
            ("GET /  HTTP/1.1", Err(Violation::RequestLine)),
            ("GET\t/ HTTP/1.1", Err(Violation::RequestLine)),
            ("GET /\tHTTP/1.1", Err(Violation::RequestLine)),
            ("GET", Err(Violation::RequestLine)),
            ("GET ", Err(Violation::RequestLine)),
            (" GET / HTTP/1.1", Err(Violation::Method)),
            ("G(T / HTTP/1.1", Err(Violation::Method)),
            ("GET /", Err(Violation::Version)),
            ("GET / ", Err(Violation::Version)),
            ("GET / HTTP/1.1 ", Err(Violation::Version)),
            ("GET / HTTP/1.2", Err(Violation::Version)),
            ("GET / http/1.1", Err(Violation::Version)),
            ("PRI * HTTP/2.0", Err(Violation::Preface)),
            ("GET /a#b HTTP/1.1", Err(Violation::Fragment)),
            ("GET http://h/a#b HTTP/1.1", Err(Violation::Fragment)),
            ("GET /\u{e4} HTTP/1.1", Err(Violation::Target)),
            ("GET /a\\b HTTP/1.1", Err(Violation::Target)),
            ("GET http://h:1:2/ HTTP/1.1", Err(Violation::Target)),
        ];
        for (line, expected) in cases {
            let read = inspect(line.as_bytes(), &Limits::default());
            assert_eq!(read.map(|read| read.version), expected, "{line}");
            if let Ok(read) = read {
                let parts: Vec<_> = line.split(' ').collect();
                assert_eq!(line.get(..read.method), parts.first().copied(), "{line}");
                assert_eq!(
                    line.get(read.method + 1..read.target),
                    parts.get(1).copied(),
                    "{line}"
                );
            }
        }
    }
}

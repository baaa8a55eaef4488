//! A second reader of RFC 9112, as plain and slow as can be: it looks at whole lists where the guard looks at bytes.

use super::drive::Read;
use http::Uri;

/// What stands behind the last whole request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    Partial,
    Bad,
}

/// The requests, each with where it ends, and what stands behind them.
pub(crate) fn read(bytes: &[u8]) -> (Vec<(Read, usize)>, Rest) {
    let mut requests: Vec<(Read, usize)> = Vec::new();
    loop {
        let start = requests.last().map_or(0, |(_, end)| *end);
        if start == bytes.len() {
            return (requests, Rest::Nothing);
        }
        match one(&bytes[start..]) {
            Ok((read, length)) => requests.push((read, start + length)),
            Err(rest) => return (requests, rest),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Result<usize, Rest> {
    bytes
        .windows(what.len())
        .position(|window| window == what)
        .ok_or(Rest::Partial)
}

fn ensure(good: bool) -> Result<(), Rest> {
    if good { Ok(()) } else { Err(Rest::Bad) }
}

fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

/// The request at the front, and its length.
fn one(bytes: &[u8]) -> Result<(Read, usize), Rest> {
    let length = find(bytes, b"\r\n\r\n")? + 4;
    ensure(length <= 65536)?;
    let text: Vec<char> = bytes[..length - 4].iter().map(|b| char::from(*b)).collect();
    let text: String = text.into_iter().collect();
    let mut lines = text.split("\r\n");
    let request_line = lines.next().unwrap();
    let parts: Vec<&str> = request_line.split(' ').collect();
    ensure(parts.len() == 3 && is_token(parts[0].as_bytes()))?;
    ensure(parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0")?;
    let target = parts[1];
    ensure(
        target.len() <= 16384
            && target
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b'#' && b != b'\\'),
    )?;
    ensure(target.parse::<Uri>().is_ok() && !(parts[0] == "PRI" && target == "*"))?;
    let headers = lines.map(field).collect::<Result<Vec<_>, _>>()?;
    ensure(headers.len() <= 100)?;
    let all = |wanted: &str| -> Vec<&[u8]> {
        headers
            .iter()
            .filter(|(name, _)| name.replace('_', "-") == wanted)
            .map(|(_, value)| &value[..])
            .collect()
    };
    let framing = |name: &str| {
        matches!(
            name.replace('_', "-").as_str(),
            "content-length" | "transfer-encoding"
        )
    };
    ensure(
        !headers
            .iter()
            .any(|(name, _)| framing(name) && name.contains('_')),
    )?;
    ensure(matches!(&all("expect")[..], [] | [b"100-continue"]))?;
    let (body, trailers, used) = match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => (0, Vec::new(), 0),
        ([value], []) => {
            let text = std::str::from_utf8(value).map_err(|_| Rest::Bad)?;
            let number: u64 = text.parse().map_err(|_| Rest::Bad)?;
            ensure(number.to_string() == text && i64::try_from(number).is_ok())?;
            if ((bytes.len() - length) as u64) < number {
                return Err(Rest::Partial);
            }
            (number, Vec::new(), usize::try_from(number).unwrap())
        }
        ([], [coding]) => {
            ensure(coding.eq_ignore_ascii_case(b"chunked") && parts[2] == "HTTP/1.1")?;
            chunked(&bytes[length..])?
        }
        _ => return Err(Rest::Bad),
    };
    let read = Read {
        method: parts[0].to_owned(),
        target: target.to_owned(),
        headers: sorted(headers),
        body,
        trailers: sorted(trailers),
    };
    Ok((read, length + used))
}

/// A field, its value trimmed.
fn field(line: &str) -> Result<(String, Vec<u8>), Rest> {
    let (name, value) = line.split_once(':').ok_or(Rest::Bad)?;
    ensure(is_token(name.as_bytes()))?;
    ensure(value.chars().all(|c| c == '\t' || (c >= ' ' && c != '\x7f')))?;
    let value = value.trim_matches([' ', '\t']).chars().map(|c| c as u8).collect();
    Ok((name.to_ascii_lowercase(), value))
}

type Fields = Vec<(String, Vec<u8>)>;

fn chunked(bytes: &[u8]) -> Result<(u64, Fields, usize), Rest> {
    let (mut at, mut body, mut extensions) = (0, 0u64, 0);
    loop {
        let end = at + find(&bytes[at..], b"\r\n")?;
        let line = &bytes[at..end];
        let (size, extension) = match line.iter().position(|b| *b == b';') {
            None => (line, None),
            Some(semicolon) => (&line[..semicolon], Some(&line[semicolon + 1..])),
        };
        ensure((1..=16).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit))?;
        if let Some(extension) = extension {
            ensure(!extension.is_empty() && is_token(&extension[..1]))?;
            ensure(extension.iter().all(|b| *b == b'\t' || (b' '..=b'~').contains(b)))?;
            extensions += extension.len();
            ensure(extensions <= 4096)?;
        }
        let size = u64::from_str_radix(std::str::from_utf8(size).unwrap(), 16).unwrap();
        ensure(i64::try_from(size).is_ok())?;
        at = end + 2;
        if size == 0 {
            break;
        }
        let data = usize::try_from(size).unwrap();
        if bytes.len() - at < data {
            return Err(Rest::Partial);
        }
        at += data;
        body += size;
        let two = bytes.get(at..at + 2).ok_or(Rest::Partial)?;
        ensure(two == b"\r\n")?;
        at += 2;
    }
    let mut trailers = Vec::new();
    let begin = at;
    loop {
        let end = at + find(&bytes[at..], b"\r\n")?;
        let line: String = bytes[at..end].iter().map(|b| char::from(*b)).collect();
        at = end + 2;
        if line.is_empty() {
            break;
        }
        let (name, value) = field(&line)?;
        let plain = name.replace('_', "-");
        ensure(!FORBIDDEN.contains(&plain.as_str()))?;
        ensure(!plain.starts_with("x-forwarded-") && !plain.starts_with("http2-settings"))?;
        let own = plain.starts_with("x-amz-") || plain.starts_with("x-obs-");
        let checksum = plain.starts_with("x-amz-checksum-") || plain.starts_with("x-obs-checksum-");
        ensure(!own || checksum || plain == "x-amz-trailer-signature")?;
        let vendors = plain.strip_prefix("x-").and_then(|rest| rest.split_once('-'));
        ensure(own || !vendors.is_some_and(|(_, word)| ENCRYPTION.contains(&word)))?;
        trailers.push((name, value));
        ensure(trailers.len() <= 100 && at - begin <= 8192)?;
    }
    Ok((body, trailers, at))
}

fn sorted(mut fields: Fields) -> Fields {
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    fields
}

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

/// What no trailer may be named, behind whichever vendor's prefix.
const ENCRYPTION: [&str; 14] = [
    "copy-source",
    "copy-source-server-side-encryption-customer-algorithm",
    "copy-source-server-side-encryption-customer-key",
    "copy-source-server-side-encryption-customer-key-md5",
    "server-side-data-encryption",
    "server-side-encryption",
    "server-side-encryption-aws-kms-key-id",
    "server-side-encryption-bucket-key-enabled",
    "server-side-encryption-context",
    "server-side-encryption-customer-algorithm",
    "server-side-encryption-customer-key",
    "server-side-encryption-customer-key-md5",
    "server-side-encryption-kms-key-id",
    "sse-kms-key-project-id",
];

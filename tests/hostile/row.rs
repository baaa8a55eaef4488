//! One row of the table: bytes in, and what becomes of them.

use crate::{harness::Over, message};

/// What a client sends, and what the gate makes of it.
pub(crate) struct Row {
    /// The id of its line in `lines.txt`.
    pub(crate) line: &'static str,
    /// The line's id and a number.
    pub(crate) id: String,
    /// Why it ends as it does: a section of an RFC, a ruling.
    pub(crate) reason: &'static str,
    pub(crate) over: Over,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: Expected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The store sees these requests, and the client its answers; then the status and the id of the rule that the last
    /// one is refused with, if it is. A chunked body is its bytes put together.
    Answered {
        seen: Vec<Vec<u8>>,
        refused: Option<(u16, &'static str)>,
    },
    /// The client ends before its request does; the store never sees it whole.
    Cut,
}

impl Expected {
    /// Nothing is seen.
    pub(crate) const fn refused(status: u16, rule: &'static str) -> Self {
        Self::Answered {
            seen: Vec::new(),
            refused: Some((status, rule)),
        }
    }

    pub(crate) const fn seen(seen: Vec<Vec<u8>>) -> Self {
        Self::Answered { seen, refused: None }
    }
}

/// The rows, as they are written.
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    /// Which port the rows that are added go to.
    pub(crate) over: Over,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            over: Over::Http,
        }
    }

    pub(crate) fn refused(
        &mut self,
        line: &'static str,
        reason: &'static str,
        (status, rule): (u16, &'static str),
        all: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        for bytes in all {
            self.add(line, reason, bytes.as_ref(), Expected::refused(status, rule));
        }
    }

    /// They reach the store as they came.
    pub(crate) fn passes(
        &mut self,
        line: &'static str,
        reason: &'static str,
        all: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        for bytes in all {
            let seen = as_it_came(bytes.as_ref());
            self.add(line, reason, bytes.as_ref(), Expected::seen(vec![seen]));
        }
    }

    /// The store sees something else than came.
    pub(crate) fn becomes(
        &mut self,
        line: &'static str,
        reason: &'static str,
        bytes: impl AsRef<[u8]>,
        seen: impl AsRef<[u8]>,
    ) {
        let expected = Expected::seen(vec![seen.as_ref().to_vec()]);
        self.add(line, reason, bytes.as_ref(), expected);
    }

    pub(crate) fn cut(
        &mut self,
        line: &'static str,
        reason: &'static str,
        all: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        for bytes in all {
            self.add(line, reason, bytes.as_ref(), Expected::Cut);
        }
    }

    pub(crate) fn add(&mut self, line: &'static str, reason: &'static str, bytes: &[u8], expected: Expected) {
        let number = self.rows.iter().filter(|row| row.line == line).count() + 1;
        self.rows.push(Row {
            line,
            id: format!("{line}/{number}"),
            reason,
            over: self.over,
            bytes: bytes.to_vec(),
            expected,
        });
    }
}

/// A request without a body: a line without its version, and headers, each on a line of the text.
pub(crate) fn ask(line: &str, headers: &str) -> Vec<u8> {
    let headers: Vec<&str> = headers.lines().collect();
    message::bare(line, &headers).into_bytes()
}

/// A GET of an object with these headers.
pub(crate) fn get(headers: &str) -> Vec<u8> {
    ask("GET /mine/k", headers)
}

/// A PUT of an empty object with these headers.
pub(crate) fn put(headers: &str) -> Vec<u8> {
    ask("PUT /mine/k", headers)
}

/// A request with a body.
pub(crate) fn with_body(line: &str, headers: &str, body: &str) -> Vec<u8> {
    let headers: Vec<&str> = headers.lines().collect();
    message::request(line, &headers, body).into_bytes()
}

/// One request as the store sees it when nothing of it is about the hop before: names in lower case, values without
/// the white space around them, a chunked body put together, and its trailers after it if they are declared.
pub(crate) fn as_it_came(request: &[u8]) -> Vec<u8> {
    let at = position(request, b"\r\n\r\n").expect("a whole head");
    let (head, body) = (&request[..at], &request[at + 4..]);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let mut seen = [lines.next().unwrap_or_default(), b"\r\n"].concat();
    let (mut chunked, mut declared) = (false, false);
    for line in lines {
        let colon = position(line, b":").expect("a colon");
        let name = line[..colon].to_ascii_lowercase();
        let mut value = trimmed(&line[colon + 1..]);
        if name == b"transfer-encoding" {
            (chunked, value) = (true, b"chunked");
        }
        declared |= name == b"trailer";
        seen.extend([&name[..], b": ", value, b"\r\n"].concat());
    }
    seen.extend(b"\r\n");
    if chunked {
        let (body, trailers) = put_together(body);
        seen.extend(body);
        if declared {
            seen.extend(trailers);
        }
    } else {
        seen.extend(body);
    }
    seen
}

/// The bytes of a chunked body that is in order, and its trailers.
fn put_together(mut rest: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut body = Vec::new();
    loop {
        let end = position(rest, b"\r\n").expect("a chunk's size");
        let size = std::str::from_utf8(&rest[..end]).expect("a chunk's size");
        let size = size.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        rest = &rest[end + 2..];
        if size == 0 {
            return (body, rest[..rest.len() - 2].to_vec());
        }
        body.extend(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

/// Without SP and HTAB around it, and nothing else.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

pub(crate) fn position(all: &[u8], part: &[u8]) -> Option<usize> {
    all.windows(part.len()).position(|window| window == part)
}

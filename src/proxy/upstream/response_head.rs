//! An answer's head: strict in what it takes, for a client and a store that disagree on where an answer ends are one
//! request apart.

use super::{
    answer_head::{AnswerHead, Notable},
    decode::Decoder,
    field::{Field, named, split},
    lines::{Block, Lines},
    mould::{self, Moulds},
    request_head::digits,
    status_line::status_line,
};
use crate::{
    obs::{bytes, dialect::Dialect, sse::Sign},
    proxy::message::{elements, is_bodiless, may_have_length},
};
use std::{fmt, mem};

/// An answer's head, and what it says of this hop.
pub(super) struct ResponseHead {
    /// What goes on.
    pub(super) head: AnswerHead,
    /// What follows.
    pub(super) body: Decoder,
    /// Whether the connection may serve again.
    pub(super) keep_alive: bool,
}

/// What the head says of itself.
pub(super) struct Notes<'a> {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    /// The names of fields that are for this hop alone.
    nominated: Vec<&'a [u8]>,
    notable: Vec<Notable>,
    lines: &'a Lines,
    /// How many fields were looked at.
    count: usize,
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("head", &self.head)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

/// Reads a head: everything up to and with its empty line. `lines` are its own.
pub(super) fn parse(
    block: Block,
    lines: &Lines,
    answers_head: bool,
    moulds: &mut Moulds,
) -> Result<ResponseHead, &'static str> {
    let line = lines.of(&block).next().ok_or("bytes before the status line")?;
    let (minor, status, reason) = status_line(line)?;
    let Notes {
        length,
        chunked,
        close,
        notable,
        ..
    } = match mould::recognise(moulds, &block, lines)? {
        Some(notes) if notes.nominated.is_empty() => notes,
        _ => read(&block, lines, moulds)?,
    };
    if chunked && minor == 0 {
        return Err("a transfer encoding in HTTP/1.0");
    }
    let mut head = AnswerHead {
        status,
        is_usual: status
            .canonical_reason()
            .is_some_and(|usual| usual.as_bytes() == reason),
        length,
        block,
        fields: lines.place_of_fields(),
        notable,
    };
    // Where no body may be announced, who announces one may send it, now or later (RFC 9110 §8.6, RFC 9112 §6.1).
    let contradicts = !may_have_length(status) && (chunked || length.is_some_and(|length| length > 0));
    let (body, delimited) = match (chunked, length) {
        (true, Some(_)) => return Err("a length and a transfer encoding"),
        _ if answers_head || is_bodiless(status) => {
            head.end_without_body();
            (Decoder::empty(), true)
        }
        (true, None) => (Decoder::chunked(head.announced()), true),
        (false, Some(length)) => (Decoder::length(length), true),
        (false, None) => (Decoder::until_close(), false),
    };
    Ok(ResponseHead {
        head,
        body,
        keep_alive: minor == 1 && delimited && !close && !contradicts,
    })
}

/// What a head says whose form is not known.
fn read<'a>(head: &'a [u8], lines: &'a Lines, moulds: &mut Moulds) -> Result<Notes<'a>, &'static str> {
    let mut notes = Notes::of(lines);
    for line in lines.fields(head) {
        let (name, text) = split(line)?;
        notes.take(Field::of(&named(name)?), text)?;
    }
    if notes.nominated.is_empty() {
        mould::keep(moulds, head, lines);
    } else {
        notes.nominate(head);
    }
    Ok(notes)
}

impl<'a> Notes<'a> {
    /// Of a head with these lines, of which none was noted yet.
    pub(super) fn of(lines: &'a Lines) -> Self {
        Self {
            length: None,
            chunked: false,
            close: false,
            nominated: Vec::new(),
            notable: Vec::with_capacity(FEW),
            lines,
            count: 0,
        }
    }

    /// Notes the next field: what it is, and what stands behind its colon.
    pub(super) fn take(&mut self, field: Field, text: &'a [u8]) -> Result<(), &'static str> {
        self.count += 1;
        if field == Field::EndToEnd {
            return Ok(());
        }
        self.heed(field, text)
    }

    /// Notes what a field is and says. Few are noted, and the loop over the fields stays the smaller without it.
    #[inline(never)]
    fn heed(&mut self, field: Field, text: &'a [u8]) -> Result<(), &'static str> {
        if let Some(place) = self.lines.place(self.count) {
            self.notable.push(Notable { field, place });
        }
        match field {
            Field::EndToEnd | Field::Telling(_) | Field::Trailer | Field::HopByHop => {}
            Field::ContentLength => {
                let length = digits(bytes::trim(text)).ok_or("a length that is no number")?;
                if self.length.replace(length).is_some() {
                    return Err("two lengths");
                }
            }
            Field::TransferEncoding => {
                if self.chunked || !bytes::trim(text).eq_ignore_ascii_case(b"chunked") {
                    return Err("a transfer encoding other than `chunked`");
                }
                self.chunked = true;
            }
            Field::Connection => {
                for token in elements(text) {
                    self.connection(token)?;
                }
            }
        }
        Ok(())
    }

    /// Leaves behind what the head says is for this hop alone.
    fn nominate(&mut self, head: &[u8]) {
        let mut notable = mem::take(&mut self.notable).into_iter().peekable();
        for (n, line) in (1..).zip(self.lines.fields(head)) {
            let Some(place) = self.lines.place(n) else {
                continue;
            };
            let known = notable.next_if(|one| one.place == place).map(|one| one.field);
            let is = |name: &[u8]| self.nominated.iter().any(|one| one.eq_ignore_ascii_case(name));
            let field = if split(line).is_ok_and(|(name, _)| is(name)) {
                Some(Field::HopByHop)
            } else {
                known
            };
            self.notable.extend(field.map(|field| Notable { field, place }));
        }
    }

    fn connection(&mut self, token: &'a [u8]) -> Result<(), &'static str> {
        let name = token.to_ascii_lowercase();
        if name == b"close" {
            self.close = true;
        } else if Dialect::by_prefix(&name).is_some() || Sign::of(&name).is_some() {
            // It would be gone before the decision that rests on it.
            return Err("Connection names a header of the store's own");
        } else if name != b"keep-alive" && !token.is_empty() {
            self.nominated.push(token);
        }
        Ok(())
    }
}

/// How many notable fields a head has, or fewer.
const FEW: usize = 4;

#[cfg(test)]
mod tests {
    use super::{super::lines::MAX_FIELDS, *};

    fn parsed(head: &str) -> Result<ResponseHead, &'static str> {
        parsed_bytes(head.as_bytes())
    }

    fn parsed_bytes(head: &[u8]) -> Result<ResponseHead, &'static str> {
        let mut lines = Lines::default();
        let head = lines.take(&mut head.into())?.expect("the head has an end");
        parse(head, &lines, false, &mut Moulds::default())
    }

    fn with(fields: &str) -> Result<ResponseHead, &'static str> {
        parsed(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"))
    }

    #[test]
    fn what_shows_the_end_in_two_ways_or_in_none_that_counts_is_refused() {
        for fields in [
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding:\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 1 2\r\n",
            "Content-Length: 0x10\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
        ] {
            assert!(with(fields).is_err(), "{fields:?}");
        }
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for head in [
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            " HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.2 200 OK\r\n\r\n",
            "http/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname : value\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname: value\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: value\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname: a\0b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname: a\rb\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert!(parsed(head).is_err(), "{head:?}");
        }
        let fields = |n| with(&"name: value\r\n".repeat(n));
        assert!(fields(MAX_FIELDS).is_ok());
        assert!(fields(MAX_FIELDS + 1).is_err());
    }

    #[test]
    fn a_name_is_a_token_and_a_value_has_no_control_characters() {
        for byte in (0..=u8::MAX).filter(|byte| *byte != b'\n') {
            let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            let is_text = byte == b'\t' || (byte >= b' ' && byte != 0x7f);
            for (field, expected) in [
                ([&b"a"[..], &[byte], b"b:c"], is_token || byte == b':'),
                ([&b""[..], &[byte], b"b:c"], is_token),
                ([&b"a:b"[..], &[byte], b"c"], is_text),
                ([&b"keep-alive:b"[..], &[byte], b""], is_text),
            ] {
                let head = [b"HTTP/1.1 200 OK\r\n", &*field.concat(), b"\r\n\r\n"].concat();
                assert_eq!(parsed_bytes(&head).is_ok(), expected, "{byte} in {field:?}");
            }
        }
    }

    #[test]
    fn a_reason_has_no_control_characters() {
        for byte in (0..=u8::MAX).filter(|byte| *byte != b'\n') {
            let is_text = byte == b'\t' || (byte >= b' ' && byte != 0x7f);
            let head = [b"HTTP/1.1 200 O", &[byte][..], b"K\r\n\r\n"].concat();
            assert_eq!(parsed_bytes(&head).is_ok(), is_text, "{byte}");
        }
    }

    #[test]
    fn hop_by_hop_fields_and_those_that_connection_names_stay_behind() {
        let head = with(
            "A: 1\r\nConnection: close, X-Hop\r\nKeep-Alive: timeout=5\r\nx-hop: 1\r\nB: 2\r\nUpgrade: h2c\r\n\
             Proxy-Authenticate: Basic\r\nA: 3\r\nTrailer: c\r\n",
        )
        .unwrap();
        let mut kept = Vec::new();
        head.head.write_fields(|_| true, &mut kept);
        assert_eq!(kept, b"A: 1\r\nB: 2\r\nA: 3\r\nTrailer: c\r\n");
        let headers = head.head.headers();
        let kept: Vec<_> = headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.to_str().unwrap()))
            .collect();
        assert_eq!(kept, [("a", "1"), ("a", "3"), ("b", "2"), ("trailer", "c")]);
    }

    #[test]
    fn connection_takes_no_header_of_the_stores_own_away() {
        for name in [
            "x-amz-server-side-encryption",
            "X-OBS-Server-Side-Encryption",
            "x-amz-other",
        ] {
            let fields = format!("Content-Length: 0\r\nConnection: close, {name}\r\n{name}: aws:kms\r\n");
            assert!(with(&fields).is_err(), "{name}");
        }
    }

    #[test]
    fn a_connection_serves_again_if_both_sides_want_it_and_the_end_of_the_body_shows() {
        let head = |line: &str, fields: &str| parsed(&format!("{line}\r\n{fields}\r\n")).unwrap().keep_alive;
        assert!(head("HTTP/1.1 200 OK", "Content-Length: 1\r\n"));
        assert!(head("HTTP/1.1 200 OK", "Transfer-Encoding: Chunked\r\n"));
        assert!(head("HTTP/1.1 204 No Content", ""));
        assert!(!head("HTTP/1.1 200 OK", ""));
        assert!(!head(
            "HTTP/1.1 200 OK",
            "Content-Length: 1\r\nConnection: Close\r\n"
        ));
        assert!(!head(
            "HTTP/1.1 200 OK",
            "Content-Length: 1\r\nConnection: keep-alive , close\r\n"
        ));
        assert!(!head(
            "HTTP/1.0 200 OK",
            "Content-Length: 1\r\nConnection: keep-alive\r\n"
        ));
    }

    #[test]
    fn a_body_announced_where_none_can_be_is_awaited_by_nobody_on_that_connection() {
        let keeps = |status: &str, fields: &str, answers_head: bool| {
            let mut lines = Lines::default();
            let head = format!("HTTP/1.1 {status} x\r\n{fields}\r\n");
            let head = lines.take(&mut head.as_bytes().into()).unwrap().unwrap();
            let head = parse(head, &lines, answers_head, &mut Moulds::default()).unwrap();
            assert!(head.body.has_ended(), "{status} {fields:?}");
            head.keep_alive
        };
        for announced in [
            "Content-Length: 1\r\n",
            "Content-Length: 18446744073709551615\r\n",
            "Transfer-Encoding: chunked\r\n",
        ] {
            for answers_head in [false, true] {
                for status in ["204", "100", "102", "103", "199"] {
                    assert!(!keeps(status, announced, answers_head), "{status} {announced:?}");
                }
                assert!(keeps("304", announced, answers_head), "{announced:?}");
            }
            assert!(keeps("200", announced, true), "{announced:?}");
        }
        for status in ["204", "100", "103", "304"] {
            for nothing in ["", "Content-Length: 0\r\n"] {
                assert!(keeps(status, nothing, false), "{status} {nothing:?}");
            }
        }
    }

    #[test]
    fn only_an_unusual_reason_is_kept_and_then_byte_for_byte() {
        let reason = |line: &[u8]| {
            parsed_bytes(&[line, b"\r\n\r\n"].concat())
                .unwrap()
                .head
                .reason()
                .map(<[u8]>::to_vec)
        };
        assert_eq!(reason(b"HTTP/1.1 200 OK"), None);
        assert_eq!(reason(b"HTTP/1.1 200 Fine"), Some(b"Fine".to_vec()));
        assert_eq!(reason(b"HTTP/1.1 200 "), Some(Vec::new()));
        assert_eq!(reason(b"HTTP/1.1 200"), Some(Vec::new()));
        assert_eq!(reason(b"HTTP/1.1 299 Na\xefve"), Some(b"Na\xefve".to_vec()));
    }
}

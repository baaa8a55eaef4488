//! The head of an answer on its way to the client: the store's own lines, and which of them are more than words to the
//! client. Whoever passes them on copies them; a map of them is made only for whoever wants one.

use super::{
    field::{Field, named, split},
    lines::Block,
    status_line::status_line,
};
use crate::{
    obs::{encryption::EncryptionSet, sse},
    proxy::message::{may_have_length, names},
};
use http::{HeaderMap, HeaderName, Response, StatusCode};
use hyper::ext::ReasonPhrase;
use std::{fmt, iter, mem, ops::Range};

/// The head of an answer, without what speaks of the hop from the store only.
pub struct AnswerHead {
    pub(super) status: StatusCode,
    /// Whether the reason is the one that goes with the status.
    pub(super) is_usual: bool,
    /// What the length field says, be it one that goes on or one that does not.
    pub(super) length: Option<u64>,
    pub(super) block: Block,
    /// Where the fields stand in the block.
    pub(super) fields: Range<usize>,
    /// Those that are more than end-to-end, in their order: few.
    pub(super) notable: Vec<Notable>,
}

/// A field that is more than end-to-end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notable {
    pub(super) field: Field,
    /// Where its line stands in the block, with its end.
    pub(super) place: Range<usize>,
}

impl AnswerHead {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason, where it is not the usual one.
    pub(in crate::proxy) fn reason(&self) -> Option<&[u8]> {
        let line = self.block.get(..self.fields.start).filter(|_| !self.is_usual)?;
        let (_, _, reason) = status_line(line.strip_suffix(b"\r\n")?).ok()?;
        Some(reason)
    }

    /// The length that the client is told of.
    pub(in crate::proxy) fn length(&self) -> Option<u64> {
        let goes = |one: &Notable| one.field == Field::ContentLength;
        self.length.filter(|_| self.notable.iter().any(goes))
    }

    /// What the answer tells of the encryption of its object.
    pub fn told(&self) -> EncryptionSet {
        sse::told_by(self.notable.iter().filter_map(|one| match one.field {
            Field::Telling(sign) => Some((sign, self.value(one)?)),
            _ => None,
        }))
    }

    /// The trailers that may follow the body: those that the head announces (rulings, 33).
    pub(super) fn announced(&self) -> Vec<HeaderName> {
        let announce = self.notable.iter().filter(|one| one.field == Field::Trailer);
        announce
            .filter_map(|one| self.value(one))
            .flat_map(names)
            .collect()
    }

    /// No body follows: what announces trailers stays behind, and a length where there may be none.
    pub(super) fn end_without_body(&mut self) {
        let has_length = may_have_length(self.status);
        for one in &mut self.notable {
            if one.field == Field::Trailer || one.field == Field::ContentLength && !has_length {
                one.field = Field::HopByHop;
            }
        }
    }

    /// Writes the fields byte for byte as they came, in their order, but for those that stay behind and those that
    /// `goes` does not want, which is asked of what is more than end-to-end.
    pub(in crate::proxy) fn write_fields(&self, goes: impl Fn(Field) -> bool, out: &mut Vec<u8>) {
        for piece in self.pieces(goes) {
            out.extend_from_slice(piece);
        }
    }

    /// The fields as a map, with their values as they came.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(USUAL);
        let lines = self
            .pieces(|_| true)
            .flat_map(|piece| piece.split(|byte| *byte == b'\n'));
        for line in lines.filter_map(|line| line.strip_suffix(b"\r")) {
            if let Ok((name, value)) = split(line)
                && let (Ok(name), Ok(value)) = (named(name), self.block.value(value))
            {
                headers.append(name, value);
            }
        }
        headers
    }

    /// The head as that of a response.
    pub fn response(self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers();
        if let Some(reason) = self
            .reason()
            .and_then(|reason| ReasonPhrase::try_from(reason).ok())
        {
            response.extensions_mut().insert(reason);
        }
        response
    }

    /// The fields that go on: all between two that do not is one piece.
    fn pieces(&self, goes: impl Fn(Field) -> bool) -> impl Iterator<Item = &[u8]> {
        let stay_behind = self
            .notable
            .iter()
            .filter(move |one| !(one.field.stays() && goes(one.field)));
        let end = iter::once(self.fields.end..self.fields.end);
        let gaps = stay_behind.map(|one| one.place.clone()).chain(end);
        gaps.scan(self.fields.start, |from, gap| {
            let begin = mem::replace(from, gap.end);
            Some(self.block.get(begin..gap.start).unwrap_or_default())
        })
    }

    fn value(&self, of: &Notable) -> Option<&[u8]> {
        let line = self.block.get(of.place.clone())?.strip_suffix(b"\r\n")?;
        Some(split(line).ok()?.1)
    }
}

/// Without its fields: they tell the MD5 of a customer key.
impl fmt::Debug for AnswerHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerHead")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// How many fields a head has, or fewer.
const USUAL: usize = 16;

#[cfg(test)]
mod tests {
    use super::{
        super::{lines::Lines, mould::Moulds, response_head::parse},
        *,
    };

    fn head(fields: &str) -> AnswerHead {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        let mut lines = Lines::default();
        let block = lines.take(&mut head.as_bytes().into()).unwrap().unwrap();
        parse(block, &lines, false, &mut Moulds::default()).unwrap().head
    }

    fn written(head: &AnswerHead, goes: impl Fn(Field) -> bool) -> String {
        let mut out = Vec::new();
        head.write_fields(goes, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// Lines, and whether they go on.
    const LINES: [(&str, bool); 7] = [
        ("ETag:\t\"a  b\" \r\n", true),
        ("x-obs-server-side-encryption:kms\r\n", true),
        ("Connection: keep-alive, X-Hop\r\n", false),
        ("X-HOP: 1\r\n", false),
        ("Content-Length: 5\r\n", true),
        ("Keep-Alive: timeout=5\r\n", false),
        ("Trailer: x-sum\r\n", true),
    ];

    #[test]
    fn what_goes_on_goes_byte_for_byte_and_in_its_order_wherever_the_rest_stood() {
        let rotations = (0..LINES.len()).map(|first| [&LINES[first..], &LINES[..first]].concat());
        for lines in rotations.clone().chain(rotations.map(|mut lines| {
            lines.reverse();
            lines
        })) {
            let all: String = lines.iter().map(|(line, _)| *line).collect();
            let head = head(&all);
            let goes = |without: &str| -> String {
                let kept = lines
                    .iter()
                    .filter(|(line, goes)| *goes && !line.starts_with(without));
                kept.map(|(line, _)| *line).collect()
            };
            assert_eq!(written(&head, |_| true), goes("Keep"));
            assert_eq!(written(&head, |field| field != Field::Trailer), goes("Trailer"));
            assert_eq!(
                written(&head, |field| field != Field::ContentLength),
                goes("Content")
            );
            assert_eq!(head.told().to_string(), "sse-kms");
            assert_eq!(head.length(), Some(5));
            assert_eq!(head.announced(), ["x-sum"]);
        }
    }

    #[test]
    fn what_is_written_reads_as_the_map_says() {
        for fields in [
            "",
            "A: 1\r\nb:2\r\na:\t3\r\n",
            "Content-Length: 0\r\nConnection: a\r\nA: 1\r\nB:\r\n",
            "X-Amz-Server-Side-Encryption: AES256\r\nx_amz_server_side_encryption: AES256\r\n",
        ] {
            let first = head(fields);
            let again = head(&written(&first, |_| true));
            assert_eq!(again.headers(), first.headers(), "{fields:?}");
            assert_eq!(again.told(), first.told(), "{fields:?}");
        }
    }

    #[test]
    fn a_length_that_stays_behind_is_not_told() {
        let head = head("Content-Length: 5\r\nConnection: content-length\r\n");
        assert_eq!(head.length(), None);
        assert_eq!(written(&head, |_| true), "");
    }

    #[test]
    fn encryption_is_told_however_its_names_are_spelled() {
        for (fields, expected) in [
            ("", "none"),
            ("x-amz-meta-server-side-encryption: aws:kms\r\n", "none"),
            ("X-OBS-Server-Side-Encryption:  kms\t\r\n", "sse-kms"),
            (
                "x-AMZ-server-side-encryption-customer-algorithm: AES256\r\n",
                "sse-c",
            ),
            (
                "X_Amz-Server-Side-Encryption: aws:kms\r\n",
                "none|sse-c|sse-kms|sse-obs",
            ),
        ] {
            assert_eq!(head(fields).told().to_string(), expected, "{fields:?}");
        }
    }
}

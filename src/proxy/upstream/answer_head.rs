//! The head of an answer on its way to the client: the store's own lines, with what each of them is. Whoever passes them
//! on copies them; a map of them is made only for whoever wants one.

use super::{
    field::{Field, named, split},
    lines::Block,
    response_head::status_line,
};
use crate::obs::{encryption::EncryptionSet, sse};
use http::{HeaderMap, Response, StatusCode};
use hyper::ext::ReasonPhrase;
use std::{fmt, mem};

/// The head of an answer, without what speaks of the hop from the store only.
pub struct AnswerHead {
    pub(super) status: StatusCode,
    /// Whether the reason is the one that goes with the status.
    pub(super) is_usual: bool,
    /// What the length field says, be it one that goes on or one that does not.
    pub(super) length: Option<u64>,
    pub(super) block: Block,
    /// Where the fields begin in the block.
    pub(super) begin: usize,
    /// Where each field's line ends, and what it is: those that stay behind as well.
    pub(super) fields: Vec<(usize, Field)>,
}

impl AnswerHead {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason, where it is not the usual one.
    pub(in crate::proxy) fn reason(&self) -> Option<&[u8]> {
        let line = self.block.get(..self.begin).filter(|_| !self.is_usual)?;
        let (_, _, reason) = status_line(line.strip_suffix(b"\r\n")?).ok()?;
        Some(reason)
    }

    /// The length that the client is told of.
    pub(in crate::proxy) fn length(&self) -> Option<u64> {
        let goes = |(_, field): &(usize, Field)| matches!(field, Field::ContentLength);
        self.length.filter(|_| self.fields.iter().any(goes))
    }

    /// What the answer tells of the encryption of its object.
    pub fn told(&self) -> EncryptionSet {
        let signs = self.lines(|field| match field {
            Field::Telling(sign) => Some(sign),
            _ => None,
        });
        sse::told_by(signs.filter_map(|(sign, line)| Some((sign, split(line).ok()?.1))))
    }

    /// The values of the fields of a kind.
    pub(in crate::proxy) fn values(&self, of: Field) -> impl Iterator<Item = &[u8]> {
        let lines = self.lines(move |field| (field == of).then_some(()));
        lines.filter_map(|((), line)| Some(split(line).ok()?.1))
    }

    /// Writes the fields byte for byte as they came, in their order, but for those that stay behind and those that
    /// `goes` does not want.
    pub(in crate::proxy) fn write_fields(&self, goes: impl Fn(Field) -> bool, out: &mut Vec<u8>) {
        // Neighbours go at once.
        let (mut from, mut to) = (self.begin, self.begin);
        for (end, field) in &self.fields {
            if !(field.stays() && goes(*field)) {
                out.extend_from_slice(self.block.get(from..to).unwrap_or_default());
                from = *end;
            }
            to = *end;
        }
        out.extend_from_slice(self.block.get(from..to).unwrap_or_default());
    }

    /// The fields as a map, with their values as they came.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.fields.len());
        for ((), line) in self.lines(|field| field.stays().then_some(())) {
            if let Ok((name, value)) = split(line)
                && let Ok(name) = named(name)
            {
                headers.append(name, self.block.value(value));
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

    /// The lines of the fields that are wanted, without their ends, and what each is wanted for.
    fn lines<T>(&self, wanted: impl Fn(Field) -> Option<T>) -> impl Iterator<Item = (T, &[u8])> {
        let places = self.fields.iter().scan(self.begin, |begin, (end, field)| {
            Some((mem::replace(begin, *end)..*end, *field))
        });
        places.filter_map(move |(place, field)| {
            let wanted = wanted(field)?;
            let line = self.block.get(place)?.strip_suffix(b"\r\n")?;
            Some((wanted, line))
        })
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
            assert_eq!(written(&head, |_| false), "");
            assert_eq!(head.told().to_string(), "sse-kms");
            assert_eq!(head.length(), Some(5));
            assert_eq!(head.values(Field::Trailer).collect::<Vec<_>>(), [b"x-sum"]);
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

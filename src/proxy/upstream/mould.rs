//! The moulds of answers: what a field says of its hop goes by its name.

use super::{
    field::Field,
    lines::{Block, Lines},
    response_head::Notes,
};
use crate::proxy::mould;
use http::HeaderMap;

/// The forms of answers' heads that a worker has met.
pub(super) type Moulds = mould::Moulds<Field>;

/// The headers of a head whose form is known, and what they say of this hop. The first line is no field.
pub(super) fn cast<'a>(
    moulds: &mut Moulds,
    head: &'a Block,
    lines: &Lines,
) -> Result<Option<(HeaderMap, Notes<'a>)>, &'static str> {
    let mut notes = Notes::default();
    let value = |field: Field, text| -> Result<_, &'static str> {
        if field != Field::EndToEnd {
            notes.take(field, text)?;
        }
        Ok(field.stays().then(|| head.value(text)))
    };
    let headers = moulds.cast(lines.len().saturating_sub(1), lines.fields(head), value)?;
    Ok(headers.map(|headers| (headers, notes)))
}

/// Keeps the form of a head that was read and found in order.
pub(super) fn keep(moulds: &mut Moulds, head: &[u8], lines: &Lines) {
    moulds.keep(lines.len().saturating_sub(1), lines.fields(head), |name| {
        let field = Field::of(name);
        (field, field.stays())
    });
}

#[cfg(test)]
mod tests {
    use super::{
        super::response_head::{ResponseHead, parse},
        *,
    };
    use proptest::prelude::*;

    fn parsed(fields: &[&str], moulds: &mut Moulds) -> Result<ResponseHead, &'static str> {
        let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", fields.concat());
        let mut lines = Lines::default();
        let head = lines
            .take(&mut head.as_bytes().into())?
            .expect("the head has an end");
        parse(&head, &lines, false, moulds)
    }

    /// All that a head tells.
    fn told(head: Result<ResponseHead, &'static str>) -> Result<String, ()> {
        let head = head.map_err(drop)?;
        Ok(format!(
            "{:?} {:?} {:?} {}",
            head.headers.iter().collect::<Vec<_>>(),
            head.body.left(),
            head.status,
            head.keep_alive
        ))
    }

    const FIELDS: [&str; 22] = [
        "Server: a\r\n",
        "Server:b \r\n",
        "server:\tc\t\r\n",
        "Server : d\r\n",
        "Server\r\n",
        " folded: 1\r\n",
        "ETag: \"1\"\r\n",
        "ETag:\r\n",
        "ETag: a\0\r\n",
        "ETag: a\rb\r\n",
        "Content-Length: 1\r\n",
        "Content-Length: 2\r\n",
        "Content-Length: x\r\n",
        "content-length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Connection: close\r\n",
        "Connection: Server, ETag\r\n",
        "Connection: x-amz-server-side-encryption\r\n",
        "Keep-Alive: timeout=5\r\n",
        "Keep-Alive: \0\r\n",
        "Trailer: etag\r\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_was_met_before_changes_nothing(
            heads in proptest::collection::vec(proptest::collection::vec(0..FIELDS.len(), 0..4), 1..40),
        ) {
            let mut moulds = Moulds::default();
            for head in heads {
                let fields: Vec<_> = head.iter().map(|field| FIELDS[*field]).collect();
                let expected = told(parsed(&fields, &mut Moulds::default()));
                prop_assert_eq!(told(parsed(&fields, &mut moulds)), expected, "{:?}", fields);
            }
        }
    }

    #[test]
    fn each_head_of_three_fields_is_read_the_same_after_each_other_of_its_form() {
        let all = 0..FIELDS.len();
        for first in all.clone() {
            for second in all.clone() {
                let mut moulds = Moulds::default();
                let before = ["Date: 1\r\n", FIELDS[first], "Vary: 2\r\n"];
                let fields = ["Date: 3\r\n", FIELDS[second], "Vary: 4\r\n"];
                let _ = parsed(&before, &mut moulds);
                let expected = told(parsed(&fields, &mut Moulds::default()));
                assert_eq!(
                    told(parsed(&fields, &mut moulds)),
                    expected,
                    "{before:?} {fields:?}"
                );
            }
        }
    }
}

//! The moulds of answers: what a field says of its hop goes by its name.

use super::{field::Field, lines::Lines, response_head::Notes};
use crate::proxy::mould;

/// The forms of answers' heads that a worker has met.
pub(super) type Moulds = mould::Moulds<Field>;

/// What a head whose form is known says of this hop and of its own fields. The first line is no field.
pub(super) fn recognise<'a>(
    moulds: &mut Moulds,
    head: &'a [u8],
    lines: &'a Lines,
) -> Result<Option<Notes<'a>>, &'static str> {
    let mut notes = Notes::of(lines);
    let each = |field, text| notes.take(field, text);
    let is_known = moulds.recognise(lines.len().saturating_sub(1), lines.fields(head), each)?;
    Ok(is_known.then_some(notes))
}

/// Keeps the form of a head that was read and found in order.
pub(super) fn keep(moulds: &mut Moulds, head: &[u8], lines: &Lines) {
    // The lines go on as they are: none of them is a header of a map.
    moulds.keep(lines.len().saturating_sub(1), lines.fields(head), |name| {
        (Field::of(name), false)
    });
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            answer_head::AnswerHead,
            response_head::{ResponseHead, parse},
        },
        *,
    };
    use proptest::prelude::*;

    fn parsed(fields: &[&str], moulds: &mut Moulds) -> Result<ResponseHead, &'static str> {
        let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", fields.concat());
        let mut lines = Lines::default();
        let head = lines
            .take(&mut head.as_bytes().into())?
            .expect("the head has an end");
        parse(head, &lines, false, moulds)
    }

    fn written(head: &AnswerHead) -> String {
        let mut lines = Vec::new();
        head.write_fields(|_| true, &mut lines);
        String::from_utf8(lines).expect("the fields are text")
    }

    /// All that a head tells.
    fn told(head: Result<ResponseHead, &'static str>) -> Result<String, ()> {
        let head = head.map_err(drop)?;
        Ok(format!(
            "{:?} {:?} {:?} {:?} {}",
            written(&head.head),
            head.head.headers(),
            head.body.left(),
            head.head.status(),
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

//! Heads of answers as they mostly are: a store answers with the same names in the same order again and again, and only
//! the values differ. A head of a known form is the one before it, with other values.

use super::{
    field::{Field, named, split, trimmed},
    lines::{Block, Lines},
    response_head::Notes,
};
use http::{HeaderMap, HeaderValue};

/// The forms of heads that a worker has met, each in the place of its number of fields.
#[derive(Debug, Default)]
pub(super) struct Moulds([Mould; PLACES]);

/// The form of one head.
#[derive(Debug, Default)]
struct Mould {
    /// How the store spells each name, with its colon.
    fields: Vec<(Box<[u8]>, Field)>,
    /// What stays of them, in the same order, without values.
    headers: HeaderMap,
    /// The last head did not fit. Two forms that take turns do not make a new mould each time.
    missed: bool,
}

impl Moulds {
    /// The headers of a head whose form is known, and what they say of this hop. The first line is no field.
    pub(super) fn cast<'a>(
        &mut self,
        head: &'a Block,
        lines: &Lines,
    ) -> Result<Option<(HeaderMap, Notes<'a>)>, &'static str> {
        let mould = self.0.get_mut(lines.len().saturating_sub(1));
        let Some(mould) = mould.filter(|mould| !mould.fields.is_empty()) else {
            return Ok(None);
        };
        let (mut headers, mut notes) = (mould.headers.clone(), Notes::default());
        let mut values = headers.values_mut();
        for (line, (spelled, field)) in lines.fields(head).zip(&mould.fields) {
            let Some(text) = line.strip_prefix(&**spelled) else {
                return Ok(None);
            };
            let text = trimmed(text);
            if *field != Field::EndToEnd {
                notes.take(*field, text)?;
            }
            if field.stays()
                && let Some(place) = values.next()
            {
                *place = head.value(text);
            }
        }
        mould.missed = false;
        Ok(Some((headers, notes)))
    }

    /// Keeps the form of a head that was read and found in order.
    pub(super) fn keep(&mut self, head: &[u8], lines: &Lines) {
        if let Some(mould) = self.0.get_mut(lines.len().saturating_sub(1)) {
            if mould.missed || mould.fields.is_empty() {
                *mould = Mould::of(lines.fields(head)).unwrap_or_default();
            } else {
                mould.missed = true;
            }
        }
    }
}

impl Mould {
    /// The form of these fields. None if a name is there twice, or is longer than names are: that is not worth a mould.
    fn of<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let mut mould = Self::default();
        for line in lines {
            let (spelled, _) = split(line).ok()?;
            let with_colon = line.get(..=spelled.len()).filter(|name| name.len() <= LONGEST)?;
            let name = named(spelled).ok()?;
            let field = Field::of(&name);
            mould.fields.push((with_colon.into(), field));
            if field.stays() && mould.headers.insert(name, HeaderValue::from_static("")).is_some() {
                return None;
            }
        }
        Some(mould)
    }
}

/// A head of so many fields has no mould.
const PLACES: usize = 32;
/// How long a name may be, with its colon.
const LONGEST: usize = 64;

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

    /// Whether there is a mould for these fields.
    fn is_known(fields: &[&str], moulds: &Moulds) -> bool {
        let known = &moulds.0[fields.len()].fields;
        let fits = |(line, (spelled, _)): (&&str, &(Box<[u8]>, Field))| line.as_bytes().starts_with(spelled);
        !known.is_empty() && fields.iter().zip(known).all(fits)
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
        let (mut cast, all) = (0, 0..FIELDS.len());
        for first in all.clone() {
            for second in all.clone() {
                let mut moulds = Moulds::default();
                let before = ["Date: 1\r\n", FIELDS[first], "Vary: 2\r\n"];
                let fields = ["Date: 3\r\n", FIELDS[second], "Vary: 4\r\n"];
                let _ = parsed(&before, &mut moulds);
                cast += usize::from(is_known(&fields, &moulds));
                let expected = told(parsed(&fields, &mut Moulds::default()));
                assert_eq!(
                    told(parsed(&fields, &mut moulds)),
                    expected,
                    "{before:?} {fields:?}"
                );
            }
        }
        assert!(cast > FIELDS.len(), "{cast} of them had a mould");
    }

    #[test]
    fn a_mould_is_made_of_the_first_head_and_of_the_second_that_does_not_fit() {
        let mut moulds = Moulds::default();
        let mut fits_after = |field: &str, then: &str| {
            parsed(&[field], &mut moulds).unwrap();
            is_known(&[then], &moulds)
        };
        assert!(fits_after("A: 1\r\n", "A: 2\r\n"));
        assert!(fits_after("B: 1\r\n", "A: 2\r\n"));
        assert!(fits_after("A: 1\r\n", "A: 2\r\n"));
        assert!(fits_after("B: 1\r\n", "A: 2\r\n"));
        assert!(fits_after("B: 1\r\n", "B: 2\r\n"));
    }

    #[test]
    fn names_that_are_too_long_or_too_many_are_not_kept() {
        let mut moulds = Moulds::default();
        let long = format!("{}: 1\r\n", "a".repeat(LONGEST));
        assert!(parsed(&[&long], &mut moulds).is_ok());
        assert!(parsed(&["A: 1\r\n", "a: 2\r\n"], &mut moulds).is_ok());
        assert!(parsed(&["A: 1\r\n"; PLACES], &mut moulds).is_ok());
        assert!(moulds.0.iter().all(|mould| mould.fields.is_empty()));
    }
}

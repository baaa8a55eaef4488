//! Heads as they mostly are: the same client asks, and the same store answers, with the same names in the same order again
//! and again, and only the values differ. The names of a head of a known form need no reading, and its headers are those of
//! the one before, with other values.

use crate::obs::bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The forms of heads that a worker has met, each in the place of its number of fields. Of each field it keeps what the
/// reader of such heads knows by the name alone.
#[derive(Debug)]
pub struct Moulds<T>([Mould<T>; PLACES]);

/// The form of one head.
#[derive(Debug)]
struct Mould<T> {
    /// How each name is spelled, with its colon.
    fields: Vec<(Box<[u8]>, T)>,
    /// What stays of them as headers, in the same order, without values.
    headers: HeaderMap,
    /// The last head did not fit. Two forms that take turns do not make a new mould each time.
    missed: bool,
}

impl<T: Copy> Moulds<T> {
    /// The headers of a head whose form is known: of so many fields, whose lines these are. `value` makes each value, of
    /// what is known of its name and of what stands behind the colon; nothing for a field that does not stay.
    ///
    /// # Errors
    /// What `value` says.
    pub(super) fn cast<'a, E>(
        &mut self,
        count: usize,
        lines: impl Iterator<Item = &'a [u8]>,
        mut value: impl FnMut(T, &'a [u8]) -> Result<Option<HeaderValue>, E>,
    ) -> Result<Option<HeaderMap>, E> {
        let Some(mould) = self.of(count) else {
            return Ok(None);
        };
        let mut headers = mould.headers.clone();
        let mut values = headers.values_mut();
        let fits = mould.fit(lines, |known, text| {
            if let Some(value) = value(known, bytes::trim(text))?
                && let Some(place) = values.next()
            {
                *place = value;
            }
            Ok(())
        })?;
        Ok(fits.then_some(headers))
    }

    /// Whether the form of a head is known: of so many fields, whose lines these are. `each` is given what is known of
    /// each name and what stands behind its colon, in order, up to the first that does not fit.
    ///
    /// # Errors
    /// What `each` says.
    pub(super) fn recognise<'a, E>(
        &mut self,
        count: usize,
        lines: impl Iterator<Item = &'a [u8]>,
        each: impl FnMut(T, &'a [u8]) -> Result<(), E>,
    ) -> Result<bool, E> {
        self.of(count).map_or(Ok(false), |mould| mould.fit(lines, each))
    }

    /// Keeps the form of a head that was read and found in order. `knowledge` tells what is known of a name, and whether
    /// such a field stays among the headers that are [`cast`](Self::cast).
    pub(super) fn keep<'a>(
        &mut self,
        count: usize,
        lines: impl Iterator<Item = &'a [u8]>,
        knowledge: impl Fn(&HeaderName) -> (T, bool),
    ) {
        if let Some(mould) = self.0.get_mut(count) {
            if mould.missed || mould.fields.is_empty() {
                *mould = Mould::of(lines, knowledge).unwrap_or_default();
            } else {
                mould.missed = true;
            }
        }
    }

    /// The mould of heads of so many fields, if there is one.
    fn of(&mut self, count: usize) -> Option<&mut Mould<T>> {
        self.0.get_mut(count).filter(|mould| !mould.fields.is_empty())
    }
}

impl<T: Copy> Mould<T> {
    /// Whether these lines have the names of the form. `each` is given what is known of each and what stands behind its
    /// colon.
    fn fit<'a, E>(
        &mut self,
        lines: impl Iterator<Item = &'a [u8]>,
        mut each: impl FnMut(T, &'a [u8]) -> Result<(), E>,
    ) -> Result<bool, E> {
        for (line, (spelled, known)) in lines.zip(&self.fields) {
            let Some(text) = line.strip_prefix(&**spelled) else {
                return Ok(false);
            };
            each(*known, text)?;
        }
        self.missed = false;
        Ok(true)
    }
}

impl<T> Mould<T> {
    /// The form of these fields. None if a name that stays is there twice, or one is longer than names are: that is not
    /// worth a mould.
    fn of<'a>(
        lines: impl Iterator<Item = &'a [u8]>,
        knowledge: impl Fn(&HeaderName) -> (T, bool),
    ) -> Option<Self> {
        let mut mould = Self::default();
        for line in lines {
            let colon = memchr::memchr(b':', line)?;
            let with_colon = line.get(..=colon).filter(|name| name.len() <= LONGEST)?;
            let name = HeaderName::from_bytes(line.get(..colon)?).ok()?;
            let (known, stays) = knowledge(&name);
            mould.fields.push((with_colon.into(), known));
            if stays && mould.headers.insert(name, HeaderValue::from_static("")).is_some() {
                return None;
            }
        }
        Some(mould)
    }
}

impl<T> Default for Moulds<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mould::default()))
    }
}

impl<T> Default for Mould<T> {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            headers: HeaderMap::new(),
            missed: false,
        }
    }
}

/// A head of so many fields has no mould.
const PLACES: usize = 32;
/// How long a name may be, with its colon.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'a>(head: &'a [&str]) -> impl Iterator<Item = &'a [u8]> {
        head.iter().map(|line| line.as_bytes())
    }

    /// The headers by a mould, if there is one for it.
    fn cast(moulds: &mut Moulds<()>, head: &[&str]) -> Option<HeaderMap> {
        let value = |(), text: &[u8]| Ok::<_, ()>(HeaderValue::from_bytes(text).ok());
        moulds.cast(head.len(), lines(head), value).unwrap()
    }

    /// Reads a head as a reader does: by a mould, or else it keeps its form.
    fn read(moulds: &mut Moulds<()>, head: &[&str]) {
        if cast(moulds, head).is_none() {
            moulds.keep(head.len(), lines(head), |_| ((), true));
        }
    }

    #[test]
    fn a_mould_is_made_of_the_first_head_and_of_the_second_that_does_not_fit() {
        let mut moulds = Moulds::default();
        let mut fits_after = |field: &str, then: &str| {
            read(&mut moulds, &[field]);
            // A look that does not fit must not count as one that was read.
            moulds.0[1]
                .fields
                .iter()
                .all(|(name, ())| then.as_bytes().starts_with(name))
        };
        assert!(fits_after("A: 1", "A: 2"));
        assert!(fits_after("B: 1", "A: 2"));
        assert!(fits_after("A: 1", "A: 2"));
        assert!(fits_after("B: 1", "A: 2"));
        assert!(fits_after("B: 1", "B: 2"));
    }

    #[test]
    fn a_cast_has_the_names_of_the_form_and_the_values_of_the_head() {
        let mut moulds = Moulds::default();
        read(&mut moulds, &["B: 1", "a: 2"]);
        let headers = cast(&mut moulds, &["B:\t3 ", "a: "]).unwrap();
        let all: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        assert_eq!(all, [("b", &b"3"[..]), ("a", b"")]);
        assert!(
            cast(&mut moulds, &["b: 1", "a: 2"]).is_none(),
            "spelled otherwise"
        );
        assert!(cast(&mut moulds, &["B: 1", "aa: 2"]).is_none());
        assert!(cast(&mut moulds, &["B: 1"]).is_none());
    }

    #[test]
    fn names_that_are_too_long_too_many_or_there_twice_are_not_kept() {
        let mut moulds = Moulds::default();
        let long = format!("{}: 1", "a".repeat(LONGEST));
        for head in [&[&*long][..], &["A: 1", "a: 2"], &["A: 1"; PLACES]] {
            read(&mut moulds, head);
        }
        assert!(moulds.0.iter().all(|mould| mould.fields.is_empty()));
    }
}

//! What was read of a form: its bytes up to the file, and where in them the fields are. Nothing here prints a value.

use std::{fmt, ops::Range};
use zeroize::Zeroize;

/// A form, read up to the content of its file.
pub struct Form {
    pub(super) prefix: Prefix,
    pub(super) fields: Vec<Place>,
}

/// A field of a form. Its value may be a key or a signature, so it has neither `Debug` nor `Display`.
#[derive(Clone, Copy)]
#[expect(
    missing_debug_implementations,
    reason = "the value may be a key, a signature or a token"
)]
pub struct Field<'f> {
    /// The name as it came: plain ASCII without blanks. Compare it without regard to case (obs-facts §5).
    pub name: &'f str,
    /// The value, byte for byte.
    pub value: &'f [u8],
}

/// Where a field stands in the bytes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The bytes of a form up to its file, wiped when they go.
#[derive(Default)]
pub(super) struct Prefix(Vec<u8>);

impl Form {
    /// The fields before the file, in order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        fields(&self.prefix, &self.fields)
    }

    /// The first field of a name, in whatever case.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields()
            .find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
    }

    /// How many bytes come before the content of the file.
    pub fn len(&self) -> usize {
        self.prefix.0.len()
    }

    /// Never: a form has at least a delimiter.
    pub fn is_empty(&self) -> bool {
        self.prefix.0.is_empty()
    }

    /// The bytes before the content of the file, to be sent on as they came. They are no longer wiped.
    pub fn into_prefix(mut self) -> Vec<u8> {
        std::mem::take(&mut self.prefix.0)
    }
}

pub(super) fn fields<'f>(prefix: &'f Prefix, places: &'f [Place]) -> impl Iterator<Item = Field<'f>> {
    places.iter().filter_map(|place| {
        Some(Field {
            name: std::str::from_utf8(prefix.get(&place.name)?).ok()?,
            value: prefix.get(&place.value)?,
        })
    })
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form")
            .field("len", &self.len())
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

impl Prefix {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn get(&self, place: &Range<usize>) -> Option<&[u8]> {
        self.0.get(place.clone())
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Appends bytes. Grows by hand: what a `Vec` leaves behind when it moves is not wiped.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let wanted = self.0.len().saturating_add(bytes.len());
        if wanted > self.0.capacity() {
            let capacity = wanted.max(self.0.capacity().saturating_mul(2)).max(FIRST);
            let mut grown = Vec::with_capacity(capacity);
            grown.extend_from_slice(&self.0);
            self.0.zeroize();
            self.0 = grown;
        }
        self.0.extend_from_slice(bytes);
    }
}

impl Drop for Prefix {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The fields of a signed form take one to three KiB.
const FIRST: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_a_form_shows_no_value() {
        let mut prefix = Prefix::default();
        prefix.push(b"policy=secret");
        let form = Form {
            prefix,
            fields: vec![Place {
                name: 0..6,
                value: 7..13,
            }],
        };
        assert_eq!(form.field("POLICY"), Some(&b"secret"[..]));
        assert_eq!(format!("{form:?}"), "Form { len: 13, fields: 1, .. }");
    }

    #[test]
    fn bytes_pushed_one_by_one_are_all_there() {
        let mut prefix = Prefix::default();
        for n in 0..3 * FIRST {
            prefix.push(&[n.to_le_bytes()[0]]);
        }
        assert!((0..3 * FIRST).all(|n| prefix.as_bytes()[n] == n.to_le_bytes()[0]));
    }
}

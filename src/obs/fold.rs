//! Query names as a lenient store might read them: decoded once, in lower case, `_` as `-`, blanks dropped
//! (rulings, 11). What restricts is looked up by such a name; what relaxes must be spelled exactly.

use super::{
    bytes::{self, ByteSet},
    pairs::pairs,
};

/// A folded name, on the stack.
#[derive(Debug)]
pub(crate) struct Folded {
    bytes: [u8; LONGEST],
    length: usize,
}

/// Why a name cannot be folded: an escape that is none, or a byte at which some readers stop or begin another name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Folded {
    /// Folds a query name as it came. `None` when it is longer than any name that means something.
    pub(crate) fn query(raw: &[u8]) -> Result<Option<Self>, Unreadable> {
        if SIMPLE.has_all(raw) {
            Ok(Self::simple(raw))
        } else {
            Self::decoded(raw)
        }
    }

    /// Folds a name of which nothing is decoded or dropped.
    fn simple(name: &[u8]) -> Option<Self> {
        let mut folded = Self {
            bytes: [0; LONGEST],
            length: name.len(),
        };
        // Without a table, so that a block of bytes is folded together.
        for (place, byte) in folded.bytes.get_mut(..name.len())?.iter_mut().zip(name) {
            *place = if *byte == b'_' {
                b'-'
            } else {
                byte.to_ascii_lowercase()
            };
        }
        Some(folded)
    }

    /// Folds a header name, which holds no escapes.
    pub(crate) fn header(name: &[u8]) -> Option<Self> {
        let mut folded = Self {
            bytes: [0; LONGEST],
            length: 0,
        };
        for byte in name {
            folded.push(*byte)?;
        }
        Some(folded)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    #[cold]
    fn decoded(raw: &[u8]) -> Result<Option<Self>, Unreadable> {
        let mut folded = Self {
            bytes: [0; LONGEST],
            length: 0,
        };
        let mut fits = true;
        for byte in Decoded::new(raw) {
            let byte = byte?;
            if !READABLE.has(byte) {
                return Err(Unreadable);
            }
            fits = fits && folded.push(byte).is_some();
        }
        Ok(fits.then_some(folded))
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        let folded = fold(byte);
        if folded != DROPPED {
            *self.bytes.get_mut(self.length)? = folded;
            self.length += 1;
        }
        Some(())
    }
}

fn fold(byte: u8) -> u8 {
    FOLD.get(usize::from(byte)).copied().unwrap_or(byte)
}

/// The bytes of percent-encoded text, decoded once. `+` stays what it is.
#[derive(Clone)]
pub(crate) struct Decoded<'a> {
    rest: std::slice::Iter<'a, u8>,
}

impl<'a> Decoded<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Self {
        Self { rest: raw.iter() }
    }

    /// The decoded bytes in `buffer`; `None` where they do not fit or an escape is none.
    pub(crate) fn into<const N: usize>(self, buffer: &mut [u8; N]) -> Option<&[u8]> {
        let (mut rest, mut length) = (self.rest.as_slice(), 0);
        loop {
            let (plain, escape) =
                bytes::split(rest, b'%').map_or((rest, None), |(plain, after)| (plain, Some(after)));
            buffer
                .get_mut(length..length + plain.len())?
                .copy_from_slice(plain);
            length += plain.len();
            let Some(escape) = escape else {
                return buffer.get(..length);
            };
            let (digits, after) = escape.split_first_chunk::<2>()?;
            *buffer.get_mut(length)? = escaped(*digits)?;
            length += 1;
            rest = after;
        }
    }
}

/// The byte of an escape.
fn escaped(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? << 4 | low?).ok()
}

impl Iterator for Decoded<'_> {
    type Item = Result<u8, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        match *self.rest.next()? {
            b'%' => {
                // Of a broken escape only the `%` is taken: what follows may be one.
                let mut rest = self.rest.clone();
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                let value = digit().and_then(|high| Some(high << 4 | digit()?));
                let value = value.and_then(|value| u8::try_from(value).ok());
                if value.is_some() {
                    self.rest = rest;
                }
                Some(value.ok_or(Unreadable))
            }
            plain => Some(Ok(plain)),
        }
    }
}

/// Whether a query name is printable and what it folds to, as most are.
pub(crate) fn is_folded(name: &[u8]) -> bool {
    FOLDED.has_all(name) && name.len() <= LONGEST
}

/// Whether a query name is printable ASCII once it is decoded, blanks and `+` excepted: no name has need of anything
/// else, and what some readers trim, or fold into a letter, is there.
pub(crate) fn is_printable(name: &[u8]) -> bool {
    PRINTABLE.has_all(name)
        && (!bytes::has(name, b'%')
            || Decoded::new(name).all(|byte| byte.is_ok_and(|byte| PRINTABLE.has(byte))))
}

/// Whether a query hides a parameter from those who separate with `&` alone: whether a value, read by those who
/// separate with `;` too, holds a name that means something to them. `means` is asked of the folded name and whether a
/// value follows it. The list of signed headers may hold a bare `;`, so a name alone is none unless it means something
/// without a value.
pub(crate) fn hides(query: &str, means: impl Fn(&[u8], bool) -> bool) -> bool {
    pairs(query)
        .flat_map(|(_, value)| value.split(|byte| *byte == b';').skip(1))
        .any(|piece| {
            let (name, valued) = bytes::split(piece, b'=').map_or((piece, false), |(name, _)| (name, true));
            match Folded::query(name) {
                // No name has need of more than ASCII, but a value may.
                Ok(Some(folded)) => {
                    (valued && !folded.as_bytes().is_ascii()) || means(folded.as_bytes(), valued)
                }
                Ok(None) => false,
                Err(Unreadable) => true,
            }
        })
}

/// What each byte becomes.
static FOLD: [u8; 256] = {
    let mut table = [0; 256];
    let mut rest = table.as_mut_slice();
    let mut byte = 0;
    while let [place, tail @ ..] = rest {
        *place = match byte {
            b'_' => b'-',
            b'+' | 0..=0x20 | 0x7f => DROPPED,
            other => other.to_ascii_lowercase(),
        };
        byte = byte.wrapping_add(1);
        rest = tail;
    }
    table
};

/// The bytes of a name that may be read by anybody once it is decoded. Some decode before they separate a name from its
/// value, some separate parameters with `;`, and some drop a leading `?`.
static READABLE: ByteSet = ByteSet::over(b' ', b'\xff').without(b"=&;?\x7f");

/// Those that a query name is of.
static PRINTABLE: ByteSet = ByteSet::over(b'!', b'~').without(b"+");

/// Those that are printable, and neither decoded first nor folded to another.
static FOLDED: ByteSet = ByteSet::over(b'!', b'@').and_over(b'[', b'~').without(b"=&;?%+_");

/// Those that are neither decoded first nor dropped.
static SIMPLE: ByteSet = ByteSet::over(b'!', b'\xff').without(b"=&;?\x7f%+");

/// No byte becomes a NUL.
const DROPPED: u8 = 0;

/// Longer than the longest name that means something.
const LONGEST: usize = 72;

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(raw: &str) -> String {
        let folded = Folded::query(raw.as_bytes()).unwrap().unwrap();
        String::from_utf8(folded.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_name_is_decoded_once_and_folded() {
        assert_eq!(
            folded("X_Obs%2DServer-side%5fENCRYPTION"),
            "x-obs-server-side-encryption"
        );
        assert_eq!(folded("%2561cl"), "%61cl");
        assert_eq!(folded("+acl%20"), "acl");
    }

    #[test]
    fn a_name_is_folded_if_it_is_printable_and_folds_to_itself() {
        for byte in 0..=0x7f_u8 {
            for name in [
                char::from(byte).to_string(),
                format!("acl-{}-bucket", char::from(byte)),
            ] {
                let same = matches!(Folded::query(name.as_bytes()), Ok(Some(folded)) if folded.as_bytes() == name.as_bytes());
                assert_eq!(
                    is_folded(name.as_bytes()),
                    is_printable(name.as_bytes()) && same,
                    "{name}"
                );
            }
        }
        assert!(!is_folded("é".as_bytes()));
        assert!(is_folded(&b"a".repeat(LONGEST)) && !is_folded(&b"a".repeat(LONGEST + 1)));
    }

    #[test]
    fn a_broken_escape_and_what_ends_or_begins_a_name_to_some_are_unreadable() {
        for raw in [
            "acl%", "acl%2", "%zzacl", "acl%00", "%+1acl", "acl%3d", "a%26acl", "a;acl", "a%3bacl", "?acl",
            "%3Facl", "acl%09", "acl%7f", "acl%0a",
        ] {
            assert_eq!(Folded::query(raw.as_bytes()).unwrap_err(), Unreadable, "{raw}");
            let long = format!("{raw}{}", "z".repeat(LONGEST));
            assert_eq!(Folded::query(long.as_bytes()).unwrap_err(), Unreadable, "{long}");
            let long = format!("{}{raw}", "a".repeat(LONGEST));
            assert_eq!(Folded::query(long.as_bytes()).unwrap_err(), Unreadable, "{long}");
        }
    }

    #[test]
    fn a_name_that_does_not_fit_means_nothing() {
        assert!(Folded::query(&b"a".repeat(LONGEST)).unwrap().is_some());
        assert!(Folded::query(&b"a".repeat(LONGEST + 1)).unwrap().is_none());
    }
}

//! Query names as a lenient store might read them: decoded once, in lower case, `_` as `-`, blanks dropped
//! (rulings, 11). What restricts is looked up by such a name; what relaxes must be spelled exactly.

/// A folded name, on the stack.
#[derive(Debug)]
pub(crate) struct Folded {
    bytes: [u8; LONGEST],
    length: usize,
}

/// Why a name cannot be folded: an escape that is none, or a NUL, at which some readers stop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Folded {
    /// Folds a query name as it came. `None` when it is longer than any name that means something.
    pub(crate) fn query(raw: &str) -> Result<Option<Self>, Unreadable> {
        Self::collect(Decoded::new(raw.as_bytes()).map(|byte| byte.and_then(nonzero)))
    }

    /// Folds a header name, which holds no escapes and is in lower case.
    pub(crate) fn header(name: &str) -> Option<Self> {
        Self::collect(name.bytes().map(Ok)).ok().flatten()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn collect(bytes: impl Iterator<Item = Result<u8, Unreadable>>) -> Result<Option<Self>, Unreadable> {
        let mut folded = Self {
            bytes: [0; LONGEST],
            length: 0,
        };
        for byte in bytes {
            let byte = match byte? {
                b'_' => b'-',
                b'+' | 0..=0x20 | 0x7f => continue,
                other => other.to_ascii_lowercase(),
            };
            let Some(place) = folded.bytes.get_mut(folded.length) else {
                return Ok(None);
            };
            *place = byte;
            folded.length += 1;
        }
        Ok(Some(folded))
    }
}

/// The bytes of percent-encoded text, decoded once. `+` stays what it is.
#[derive(Clone, Debug)]
pub(crate) struct Decoded<'a> {
    rest: std::slice::Iter<'a, u8>,
}

impl<'a> Decoded<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Self {
        Self { rest: raw.iter() }
    }

    /// The decoded bytes in `buffer`; `None` where they do not fit or an escape is none.
    pub(crate) fn into<const N: usize>(self, buffer: &mut [u8; N]) -> Option<&[u8]> {
        let mut length = 0;
        for byte in self {
            *buffer.get_mut(length)? = byte.ok()?;
            length += 1;
        }
        buffer.get(..length)
    }
}

impl Iterator for Decoded<'_> {
    type Item = Result<u8, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        match *self.rest.next()? {
            b'%' => {
                let mut digit = || char::from(*self.rest.next()?).to_digit(16);
                let value = digit().and_then(|high| Some(high << 4 | digit()?));
                Some(value.and_then(|value| u8::try_from(value).ok()).ok_or(Unreadable))
            }
            plain => Some(Ok(plain)),
        }
    }
}

fn nonzero(byte: u8) -> Result<u8, Unreadable> {
    if byte == 0 { Err(Unreadable) } else { Ok(byte) }
}

/// Longer than the longest name that means something.
const LONGEST: usize = 72;

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(raw: &str) -> String {
        let folded = Folded::query(raw).unwrap().unwrap();
        String::from_utf8(folded.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_name_is_decoded_once_and_folded() {
        assert_eq!(
            folded("X_Obs%2DServer-side%5fENCRYPTION"),
            "x-obs-server-side-encryption"
        );
        assert_eq!(folded("%2561cl"), "%61cl");
        assert_eq!(folded("+acl%20%09"), "acl");
    }

    #[test]
    fn a_broken_escape_and_a_nul_are_unreadable() {
        for raw in ["acl%", "acl%2", "%zzacl", "acl%00", "%+1acl"] {
            assert_eq!(Folded::query(raw).unwrap_err(), Unreadable, "{raw}");
        }
    }

    #[test]
    fn a_name_that_does_not_fit_means_nothing() {
        assert!(Folded::query(&"a".repeat(LONGEST)).unwrap().is_some());
        assert!(Folded::query(&"a".repeat(LONGEST + 1)).unwrap().is_none());
    }
}

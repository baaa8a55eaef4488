//! Sets of bytes, for grammars that are read on every request.

/// A set of bytes.
#[derive(Debug)]
pub(crate) struct ByteSet([u8; 256]);

impl ByteSet {
    /// The ASCII letters and digits.
    pub(crate) const ALPHANUMERIC: Self = Self::over(b'0', b'9').and_over(b'a', b'z').and_over(b'A', b'Z');

    /// The bytes from one to another.
    pub(crate) const fn over(first: u8, last: u8) -> Self {
        Self([0; 256]).and_over(first, last)
    }

    pub(crate) const fn and_over(self, first: u8, last: u8) -> Self {
        let mut byte = first;
        let mut set = self;
        loop {
            set = set.put(byte, 1);
            if byte == last {
                return set;
            }
            byte += 1;
        }
    }

    pub(crate) const fn and(self, bytes: &[u8]) -> Self {
        self.put_all(bytes, 1)
    }

    pub(crate) const fn without(self, bytes: &[u8]) -> Self {
        self.put_all(bytes, 0)
    }

    /// Whether this byte is in the set.
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)) == Some(&1)
    }

    /// Whether all of these bytes are in the set. Most often they are, so there is no early way out.
    pub(crate) fn has_all(&self, bytes: &[u8]) -> bool {
        bytes.iter().fold(1, |all, byte| {
            all & self.0.get(usize::from(*byte)).copied().unwrap_or(0)
        }) == 1
    }

    const fn put_all(self, bytes: &[u8], there: u8) -> Self {
        let (mut set, mut rest) = (self, bytes);
        while let [byte, tail @ ..] = rest {
            set = set.put(*byte, there);
            rest = tail;
        }
        set
    }

    const fn put(mut self, byte: u8, there: u8) -> Self {
        if let Some((_, [place, ..])) = self.0.split_at_mut_checked(byte as usize) {
            *place = there;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it() {
        static SET: ByteSet = ByteSet::over(b'a', b'c').and(b"z\xff").without(b"b");
        let members: Vec<u8> = (0..=255).filter(|byte| SET.has(*byte)).collect();
        assert_eq!(members, b"acz\xff");
        assert!(SET.has_all(b"caz") && !SET.has_all(b"cab"));
    }
}

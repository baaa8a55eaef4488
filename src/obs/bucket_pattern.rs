//! What settings call buckets by: a name, or the beginning of one and a `*`.

use std::fmt;

/// The name of a bucket, or the beginning of one with a `*` for whatever follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketPattern {
    name: Box<str>,
    is_prefix: bool,
}

/// A pattern that fits no bucket, or that has a `*` elsewhere than at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(String);

impl BucketPattern {
    /// What [`Self::parse`] takes, in words.
    pub const ALLOWED: &str =
        "lower-case letters, digits, `-` and `.`, then a `*` for any that follow, or none";

    /// Reads a pattern.
    ///
    /// # Errors
    /// If it holds anything but lower-case letters, digits, `-` and `.`, or nothing. A `*` may be its last character.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let prefix = text.strip_suffix('*');
        let name = prefix.unwrap_or(text);
        if text.is_empty() || !name.bytes().all(fits) {
            return Err(BadPattern(text.to_owned()));
        }
        Ok(Self {
            name: name.into(),
            is_prefix: prefix.is_some(),
        })
    }

    /// The name, if it stands for one bucket.
    pub fn exact(&self) -> Option<&str> {
        (!self.is_prefix).then_some(&*self.name)
    }

    /// Whether it stands for `bucket`, in any case of its letters.
    pub fn matches(&self, bucket: &[u8]) -> bool {
        let name = self.name.as_bytes();
        let compared = if self.is_prefix {
            bucket.get(..name.len())
        } else {
            Some(bucket)
        };
        compared.is_some_and(|compared| compared.eq_ignore_ascii_case(name))
    }

    /// Whether both may stand for the same bucket.
    pub fn overlaps(&self, other: &Self) -> bool {
        // If any bucket matches both, the longer of the two names does.
        self.matches(other.name.as_bytes()) || other.matches(self.name.as_bytes())
    }
}

/// As it was written.
impl fmt::Display for BucketPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        f.write_str(if self.is_prefix { "*" } else { "" })
    }
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.0.escape_debug();
        write!(
            f,
            "`{found}` is no bucket's name; allowed: {}",
            BucketPattern::ALLOWED
        )
    }
}

impl std::error::Error for BadPattern {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of up to four letters of `alphabet`.
    fn words(alphabet: &str) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..4 {
            let longer = |word: &String| {
                alphabet
                    .chars()
                    .map(|one| format!("{word}{one}"))
                    .collect::<Vec<_>>()
            };
            last = last.iter().flat_map(longer).collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    fn patterns() -> Vec<BucketPattern> {
        words("ab*")
            .iter()
            .filter_map(|text| BucketPattern::parse(text).ok())
            .collect()
    }

    #[test]
    fn a_star_stands_at_the_end_or_nowhere() {
        for text in words("ab*") {
            let stars = text.matches('*').count();
            let fits = stars == 0 && !text.is_empty() || stars == 1 && text.ends_with('*');
            assert_eq!(BucketPattern::parse(&text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn a_pattern_that_fits_no_bucket_is_refused() {
        for bad in ["", "Logs", "a/b", "a b", "ä", "a_b", "**", "a?"] {
            assert!(BucketPattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_matches_itself_and_a_prefix_whatever_begins_so_in_any_case() {
        for pattern in patterns() {
            let text = pattern.to_string();
            for bucket in words("ab") {
                let expected = match text.strip_suffix('*') {
                    Some(prefix) => bucket.starts_with(prefix),
                    None => bucket == text,
                };
                assert_eq!(pattern.matches(bucket.as_bytes()), expected, "{text} {bucket}");
                assert_eq!(
                    pattern.matches(bucket.to_uppercase().as_bytes()),
                    expected,
                    "{text} {bucket}"
                );
            }
        }
    }

    #[test]
    fn patterns_overlap_when_a_bucket_matches_both() {
        let buckets = words("ab");
        for a in patterns() {
            for b in patterns() {
                let both = |bucket: &&String| a.matches(bucket.as_bytes()) && b.matches(bucket.as_bytes());
                assert_eq!(
                    a.overlaps(&b),
                    buckets.iter().any(|bucket| both(&bucket)),
                    "{a} {b}"
                );
            }
        }
    }
}

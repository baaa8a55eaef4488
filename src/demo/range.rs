//! Byte ranges of RFC 9110 §14, one at a time: several, and what is malformed, are ignored (obs-facts §10).

/// A range as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// From a position, up to another if one is given.
    From(usize, Option<usize>),
    /// The last bytes.
    Last(usize),
}

/// Reads `bytes=…`.
pub(super) fn parse(value: &str) -> Option<Range> {
    let (first, last) = value.trim().strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        return Some(Range::Last(last.parse().ok()?));
    }
    let first = first.parse().ok()?;
    if last.is_empty() {
        return Some(Range::From(first, None));
    }
    let last = last.parse().ok()?;
    (first <= last).then_some(Range::From(first, Some(last)))
}

impl Range {
    /// The first and last position in something of that length; nothing when there is no byte in the range.
    pub(super) fn within(self, length: usize) -> Option<(usize, usize)> {
        let end = length.checked_sub(1)?;
        match self {
            Self::From(first, last) => (first <= end).then_some((first, last.unwrap_or(end).min(end))),
            Self::Last(0) => None,
            Self::Last(count) => Some((length.saturating_sub(count), end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_gives_the_positions_it_covers_or_none() {
        let cases = [
            ("bytes=0-0", 5, Some((0, 0))),
            ("bytes=1-", 5, Some((1, 4))),
            ("bytes=1-99", 5, Some((1, 4))),
            ("bytes=-2", 5, Some((3, 4))),
            ("bytes=-9", 5, Some((0, 4))),
            ("bytes=5-", 5, None),
            ("bytes=-0", 5, None),
            ("bytes=0-", 0, None),
        ];
        for (value, length, expected) in cases {
            assert_eq!(
                parse(value).unwrap().within(length),
                expected,
                "{value} of {length}"
            );
        }
    }

    #[test]
    fn what_is_no_single_range_is_ignored() {
        for value in [
            "bytes=3-1",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=-",
            "",
        ] {
            assert_eq!(parse(value), None, "{value}");
        }
    }
}

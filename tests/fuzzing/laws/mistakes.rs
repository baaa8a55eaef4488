//! What is true of every list of mistakes in a file.

use obsgate::config::{Mistakes, Place};
use std::path::Path;

/// Checks that there are mistakes, and that each is in its file, at a place that is there.
pub(super) fn assert_are_in(text: &str, file: &Path, mistakes: &Mistakes) {
    assert!(mistakes.iter().next().is_some(), "refused without a mistake");
    for mistake in mistakes.iter() {
        assert_is_in(text, file, &mistake.place);
        assert!(!mistake.fault.to_string().is_empty());
    }
    assert!(mistakes.to_string().lines().count() >= mistakes.iter().count());
}

/// Checks that a place is in the text, or right behind a line of it.
pub(super) fn assert_is_in(text: &str, file: &Path, place: &Place) {
    assert_eq!(place.file, file);
    let line = text.split('\n').nth(place.line - 1);
    let line = line.unwrap_or_else(|| panic!("no line {} in the file", place.line));
    assert!(
        (1..=line.chars().count() + 1).contains(&place.column),
        "no column {} in line {}",
        place.column,
        place.line
    );
}

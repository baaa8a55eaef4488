//! Reading a TOML file setting by setting, so that every mistake is found in one reading.
//!
//! A derived `Deserialize` stops at the first mistake; a [`Section`] notes it in its [`Source`] and goes on. What is
//! asked for is what is allowed: [`Section::finish`] reports every other key as unknown.

use super::error::{Fault, Mistake, Place, choices};
use std::{
    cell::{Cell, RefCell},
    ops::RangeInclusive,
    path::Path,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A file's text, and the mistakes found in it so far.
pub(super) struct Source<'t> {
    file: &'t Path,
    text: &'t str,
    mistakes: RefCell<Vec<Mistake>>,
    broken: Cell<bool>,
}

/// One table of a file. A table that is absent reads as an empty one.
pub(super) struct Section<'s> {
    source: &'s Source<'s>,
    table: Option<&'s DeTable<'s>>,
    at: usize,
    asked: RefCell<Vec<&'static str>>,
}

impl<'t> Source<'t> {
    pub(super) fn new(file: &'t Path, text: &'t str) -> Self {
        Self {
            file,
            text,
            mistakes: RefCell::default(),
            broken: Cell::new(false),
        }
    }

    /// Parses the text. Where it is not TOML, the mistakes are noted and the rest is read all the same.
    pub(super) fn parse(&self) -> Spanned<DeTable<'t>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        self.broken.set(!errors.is_empty());
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.report(at, Fault::Syntax(error.message().to_owned()));
        }
        root
    }

    pub(super) fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }

    pub(super) fn report(&self, at: usize, fault: Fault) {
        self.mistakes.borrow_mut().push(Mistake {
            place: self.place(at),
            fault,
        });
    }

    /// Every mistake. Those that only follow from broken TOML are left out: on a line that does not parse, and
    /// settings that seem to be missing.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        if self.broken.get() {
            let lines: Vec<usize> = mistakes
                .iter()
                .filter(|mistake| matches!(mistake.fault, Fault::Syntax(_)))
                .map(|mistake| mistake.place.line)
                .collect();
            mistakes.retain(|mistake| match mistake.fault {
                Fault::Syntax(_) => true,
                Fault::Missing { .. } => false,
                _ => !lines.contains(&mistake.place.line),
            });
        }
        mistakes
    }
}

impl<'s> Section<'s> {
    pub(super) fn root(source: &'s Source<'s>, root: &'s Spanned<DeTable<'s>>) -> Self {
        Self {
            source,
            table: Some(root.get_ref()),
            at: 0,
            asked: RefCell::default(),
        }
    }

    /// Whether the table is there.
    pub(super) const fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Where the table begins.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn place(&self, at: usize) -> Place {
        self.source.place(at)
    }

    pub(super) fn report(&self, at: usize, fault: Fault) {
        self.source.report(at, fault);
    }

    /// The table of this name.
    pub(super) fn section(&self, key: &'static str) -> Section<'s> {
        let found = self
            .typed(key, "a table", DeValue::as_table)
            .map(|found| (found.span().start, found.into_inner()));
        Section {
            source: self.source,
            table: found.map(|(_, table)| table),
            at: found.map_or(self.at, |(at, _)| at),
            asked: RefCell::default(),
        }
    }

    /// The tables of an array of tables.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'s>> {
        self.elements(key, "an array of tables", "a table", DeValue::as_table)
            .unwrap_or_default()
            .into_iter()
            .map(|found| Section {
                source: self.source,
                at: found.span().start,
                table: Some(found.into_inner()),
                asked: RefCell::default(),
            })
            .collect()
    }

    pub(super) fn string(&self, key: &'static str) -> Option<Spanned<String>> {
        self.typed(key, "a string", DeValue::as_str)
            .map(|found| Spanned::new(found.span(), found.into_inner().to_owned()))
    }

    pub(super) fn strings(&self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let found = self.elements(key, "an array of strings", "a string", DeValue::as_str)?;
        Some(
            found
                .into_iter()
                .map(|one| Spanned::new(one.span(), one.into_inner().to_owned()))
                .collect(),
        )
    }

    pub(super) fn boolean(&self, key: &'static str) -> Option<Spanned<bool>> {
        self.typed(key, "true or false", DeValue::as_bool)
    }

    /// A whole number from 1 up.
    pub(super) fn count(&self, key: &'static str) -> Option<Spanned<u32>> {
        self.number(key, 1..=u32::MAX, "a whole number from 1 up".to_owned())
    }

    /// A whole number within bounds.
    pub(super) fn count_within(&self, key: &'static str, bounds: RangeInclusive<u32>) -> Option<u32> {
        let allowed = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.number(key, bounds, allowed).map(Spanned::into_inner)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let found = self.string(key)?;
        let chosen = words.iter().find(|(word, _)| word == found.get_ref());
        if chosen.is_none() {
            let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong_value(key, found.span().start, found.get_ref(), choices(&allowed));
        }
        chosen.map(|(_, meaning)| *meaning)
    }

    /// What a string parses to, or the mistake that says what is allowed.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        allowed: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let found = self.string(key)?;
        let parsed = parse(found.get_ref());
        if parsed.is_none() {
            self.wrong_value(key, found.span().start, found.get_ref(), allowed);
        }
        Some(Spanned::new(found.span(), parsed?))
    }

    /// Notes that a setting of this name must be there.
    pub(super) fn require(&self, setting: &'static str, wanted: &'static str) {
        if self.value(setting).is_none() {
            self.report(self.at, Fault::Missing { setting, wanted });
        }
    }

    /// Notes that an array of this name must be there, with something in it.
    pub(super) fn require_elements(&self, setting: &'static str, wanted: &'static str) {
        self.require(setting, wanted);
        let empty =
            |value: &&Spanned<DeValue<'_>>| value.get_ref().as_array().is_some_and(|array| array.is_empty());
        if let Some(value) = self.value(setting).filter(empty) {
            self.wrong_value(setting, value.span().start, "[]", wanted);
        }
    }

    /// Whether the setting is there, of whatever type.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Whether the setting is a string.
    pub(super) fn is_string(&self, key: &'static str) -> bool {
        self.value(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// Notes that a setting, if it is there, has no effect.
    pub(super) fn no_effect(&self, setting: &'static str, because: &'static str) {
        if let Some(found) = self.value(setting) {
            self.report(found.span().start, Fault::NoEffect { setting, because });
        }
    }

    pub(super) fn wrong_value(
        &self,
        setting: &'static str,
        at: usize,
        found: &str,
        allowed: impl Into<String>,
    ) {
        self.report(
            at,
            Fault::WrongValue {
                setting,
                found: found.to_owned(),
                allowed: allowed.into(),
            },
        );
    }

    /// Notes every key that was never asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.table.into_iter().flatten() {
            if !self.asked.borrow().iter().any(|asked| asked == key.get_ref()) {
                self.report(
                    key.span().start,
                    Fault::UnknownSetting {
                        found: key.get_ref().clone().into_owned(),
                        allowed: self.asked.borrow().clone(),
                    },
                );
            }
        }
    }

    fn number(
        &self,
        key: &'static str,
        bounds: RangeInclusive<u32>,
        allowed: String,
    ) -> Option<Spanned<u32>> {
        let found = self.typed(key, "a whole number", DeValue::as_integer)?;
        let number = found.get_ref();
        let count = u32::from_str_radix(number.as_str(), number.radix());
        let count = count.ok().filter(|count| bounds.contains(count));
        if count.is_none() {
            self.wrong_value(key, found.span().start, number.as_str(), allowed);
        }
        Some(Spanned::new(found.span(), count?))
    }

    fn value(&self, key: &'static str) -> Option<&'s Spanned<DeValue<'s>>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        self.table?.get(key)
    }

    fn typed<T>(
        &self,
        key: &'static str,
        allowed: &'static str,
        read: impl Fn(&'s DeValue<'s>) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let value = self.value(key)?;
        self.read(key, value, allowed, read)
    }

    fn elements<T>(
        &self,
        key: &'static str,
        allowed: &'static str,
        element: &'static str,
        read: impl Fn(&'s DeValue<'s>) -> Option<T>,
    ) -> Option<Vec<Spanned<T>>> {
        let array = self.typed(key, allowed, DeValue::as_array)?.into_inner();
        Some(
            array
                .iter()
                .filter_map(|value| self.read(key, value, element, &read))
                .collect(),
        )
    }

    fn read<T>(
        &self,
        setting: &'static str,
        value: &'s Spanned<DeValue<'s>>,
        allowed: &'static str,
        read: impl Fn(&'s DeValue<'s>) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let read = read(value.get_ref());
        if read.is_none() {
            let found = value.get_ref().type_str();
            self.report(
                value.span().start,
                Fault::WrongType {
                    setting,
                    found,
                    allowed,
                },
            );
        }
        Some(Spanned::new(value.span(), read?))
    }
}

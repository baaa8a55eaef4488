//! Why nothing was learned from a body.

use std::fmt;

/// Why nothing was learned from a body. It relaxes nothing that was believed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is not XML, not well-formed, cut off, nested absurdly deep, or has text beside elements.
    NotXml,
    /// It says that it is in another character set than UTF-8: some reader takes it for another document.
    Charset,
    /// It has a DTD.
    Dtd,
    /// It is longer than what is read of it.
    TooLarge,
    /// It is an `<Error>`, perhaps under a 200 (obs-facts §7).
    Error,
    /// It is another document than the operation's.
    OtherDocument,
    /// The element that was looked for is not there, is empty, or is there twice.
    Element,
    /// The element has a value that no document lists (rulings, 9).
    Value,
    /// It says two things that exclude each other (rulings, 12).
    Contradiction,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 9] = [
        Self::NotXml,
        Self::Charset,
        Self::Dtd,
        Self::TooLarge,
        Self::Error,
        Self::OtherDocument,
        Self::Element,
        Self::Value,
        Self::Contradiction,
    ];

    /// The word used in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotXml => "not-xml",
            Self::Charset => "charset",
            Self::Dtd => "dtd",
            Self::TooLarge => "too-large",
            Self::Error => "error",
            Self::OtherDocument => "other-document",
            Self::Element => "element",
            Self::Value => "value",
            Self::Contradiction => "contradiction",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for Fault {}

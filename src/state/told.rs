//! What the gate is told of a thing, and by whom.

use crate::obs::encryption::EncryptionSet;

/// What taught the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// A request that succeeded.
    Request,
    /// A store's answer.
    Response,
    /// A question of the gate's own.
    LookedUp,
}

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Learned, with or without a declaration beside it.
    Learned(Evidence),
    /// The settings alone: nothing learned adds to them.
    Declared,
}

/// What is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Told {
    /// What it may be encrypted with.
    pub encryption: EncryptionSet,
    /// Who says so.
    pub origin: Origin,
}

impl Told {
    /// What is learned beside what is declared (rulings, 21).
    pub(super) fn united(self, declared: Self) -> Self {
        let encryption = self.encryption.union(declared.encryption);
        if encryption == declared.encryption {
            return declared;
        }
        Self { encryption, ..self }
    }
}

impl Evidence {
    /// Every evidence; its place here stands for it in the file.
    const ALL: [Self; 3] = [Self::Request, Self::Response, Self::LookedUp];

    /// As kept in the file.
    pub(super) const fn code(self) -> u8 {
        self as u8
    }

    /// As kept in the file.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

//! Whether a 200 to a copy or to `CompleteMultipartUpload` is a success: it may turn out an error after minutes of
//! white space (obs-facts §7; rulings, 20 and 34).

use quick_xml::{Error, Reader, events::Event};
use std::fmt;

/// What the root of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The root is that of a result.
    Success,
    /// The root is `<Error>`.
    Error,
    /// There is no root, or none that can be read: nothing is to be learned, and nothing forgotten.
    Unreadable,
}

/// Looks for the root of an answer as it streams past. Keeps one piece of markup at a time, so that neither white
/// space nor its length matter.
#[derive(Clone, Default)]
pub struct VerdictReader {
    markup: Vec<u8>,
    verdict: Option<Verdict>,
}

impl VerdictReader {
    /// Takes the next bytes; the verdict, once there is one.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<Verdict> {
        for byte in bytes {
            if self.verdict.is_some() {
                break;
            }
            self.verdict = self.byte(*byte);
        }
        self.verdict
    }

    /// The verdict, when the body has ended.
    pub fn finish(&self) -> Verdict {
        self.verdict.unwrap_or(Verdict::Unreadable)
    }

    fn byte(&mut self, byte: u8) -> Option<Verdict> {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' if self.markup.is_empty() => return None,
            b'<' if self.markup.is_empty() => {}
            _ if self.markup.is_empty() => return Some(Verdict::Unreadable),
            _ if self.markup.len() >= LONGEST => return Some(Verdict::Unreadable),
            _ => {}
        }
        self.markup.push(byte);
        if byte != b'>' {
            return None;
        }
        match Reader::from_reader(self.markup.as_slice()).read_event() {
            Ok(Event::Start(root) | Event::Empty(root)) => Some(match root.local_name().as_ref() {
                "" => Verdict::Unreadable,
                "Error" => Verdict::Error,
                _ => Verdict::Success,
            }),
            Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_)) => {
                self.markup.clear();
                None
            }
            // A `>` within a comment or a value.
            Err(Error::Syntax(_)) => None,
            Ok(_) | Err(_) => Some(Verdict::Unreadable),
        }
    }
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for VerdictReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerdictReader")
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

/// Longer than any declaration or start tag that a store writes.
const LONGEST: usize = 1 << 10;

//! The form of a POST Object, read up to the part named `file` as it streams in, without any I/O (obs-facts §5).
//!
//! What the gate takes from a form must be what the store takes from it, whatever parser the store has. So one
//! spelling is read, the one that browsers, `curl` and the documents' samples write, and every other is refused
//! rather than interpreted (rulings, 18 and 19):
//!
//! 1. `Content-Type` stands once, as `multipart/form-data` with one plain boundary, and nothing after it.
//! 2. The body begins with the delimiter: no preamble. A delimiter line has no padding, and the delimiter's text
//!    stands nowhere else before the file.
//! 3. Lines of a part's head end in CRLF, are not folded, and hold nothing but `Content-Disposition`,
//!    `Content-Type`, a `Content-Transfer-Encoding` that changes nothing, and a true `Content-Length`.
//! 4. `Content-Disposition` is `form-data`, then one quoted `name` of plain characters, then, for the file alone, a
//!    file name.
//! 5. The scan ends at a part named exactly `file`. A form without one is refused, and so is one that spells it
//!    otherwise.
//!
//! The bytes up to there are kept and sent on as they came; what follows the head of `file` is not looked at.

mod boundary;
mod error;
mod facts;
mod fields;
mod part;
mod scanner;

pub use boundary::Boundary;
pub(crate) use boundary::may_be_form;
pub use error::FormError;
pub(crate) use facts::join;
pub use facts::{FormFacts, fields_of_encryption};
pub use fields::{Field, Form};
pub use scanner::{Limits, Progress, Scanner};

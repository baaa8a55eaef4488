//! The few XML bodies that tell something no header does, read from a bounded prefix as they stream past, without any
//! I/O. What is read of a body is a function of its bytes, not of how they are cut.
//!
//! DTDs are refused, and with them every entity but XML's own: no store or SDK writes them.

mod document;
mod encryption;
mod envelope;
mod fault;
mod upload;
mod verdict;

pub use document::{Document, DocumentPrefix};
pub use encryption::{CONFIGURATION_LIMIT, bucket_default, has_no_default};
pub use envelope::{may_be_object, stands_alone};
pub use fault::Fault;
pub use upload::UploadBegun;
pub use verdict::{Verdict, VerdictReader};

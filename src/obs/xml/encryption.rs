//! The default encryption of a bucket: the body of PUT `?encryption` and of the answer to GET `?encryption`
//! (obs-facts §6).

use super::{Document, Fault};
use crate::obs::{encryption::Encryption, sse::method_value};

/// How much of a configuration is read: the documents allow 20 KiB.
pub const CONFIGURATION_LIMIT: usize = 20 << 10;

/// What a configuration makes a bucket encrypt with. Never SSE-C, which is no method.
///
/// # Errors
/// It is another document, names no method or several, or one that no document lists. What the bucket encrypts with
/// is then unknown.
pub fn bucket_default(document: &Document) -> Result<Encryption, Fault> {
    document.expect("ServerSideEncryptionConfiguration")?;
    let mut methods = document.texts("Rule/ApplyServerSideEncryptionByDefault/SSEAlgorithm");
    let (Some(method), None) = (methods.next(), methods.next()) else {
        return Err(Fault::Element);
    };
    method_value(method.trim_ascii().as_bytes()).ok_or(Fault::Value)
}

/// Whether an error says that a bucket has no default encryption: the documents' code for it, and AWS's. Other errors
/// say nothing of it, whatever their status.
pub fn has_no_default(document: &Document) -> bool {
    let code = document.text("Code").unwrap_or_default();
    document.root() == "Error" && NO_CONFIGURATION.contains(&code)
}

const NO_CONFIGURATION: [&str; 2] = [
    "NoSuchEncryptionConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
];

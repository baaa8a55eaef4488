//! The default encryption of a bucket: the body of PUT `?encryption` and of the answer to GET `?encryption`
//! (obs-facts §6).

use super::{Document, Fault};
use crate::obs::{encryption::Encryption, sse::method_value};

/// How much of a configuration is read: the documents allow 20 KiB.
pub const CONFIGURATION_LIMIT: usize = 20 << 10;

/// Whether an `<Error>` says that the bucket has no default encryption: in the words of OBS, or of S3.
pub fn has_no_default(document: &Document) -> bool {
    let words = [
        "NoSuchEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    ];
    document.root() == "Error"
        && document
            .text("Code")
            .is_ok_and(|code| words.contains(&code.trim_ascii()))
}

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

//! The default encryption of a bucket: the body of PUT `?encryption` and of the answer to GET `?encryption`
//! (obs-facts §6).

use super::{Document, Fault};
use crate::obs::{encryption::Encryption, sse::method_value};

/// How much of a configuration is read: the documents allow 20 KiB.
pub const CONFIGURATION_LIMIT: usize = 20 << 10;

/// What a configuration makes a bucket encrypt with. Never SSE-C, which is no method.
///
/// # Errors
/// It declares another character set, is another document, names no method or several, or one that no document lists; or
/// it contradicts itself as a request would (rulings, 12), or names a method in another place too, where some reader may
/// look for it. What the bucket encrypts with is then unknown.
pub fn bucket_default(document: &Document) -> Result<Encryption, Fault> {
    document.expect_utf_8()?;
    document.expect("ServerSideEncryptionConfiguration")?;
    let mut methods = document.texts("Rule/ApplyServerSideEncryptionByDefault/SSEAlgorithm");
    let (Some(method), None) = (methods.next(), methods.next()) else {
        return Err(Fault::Element);
    };
    if document.within("SSEAlgorithm").count() > 1 {
        return Err(Fault::Contradiction);
    }
    match method_value(method.trim_ascii().as_bytes()) {
        Some(Encryption::SseObs) if names_kms(document) => Err(Fault::Contradiction),
        method => method.ok_or(Fault::Value),
    }
}

/// Whether anything is there that only SSE-KMS has, wherever it stands; what is there and empty says nothing.
fn names_kms(document: &Document) -> bool {
    let has = |name, also: &[&str]| {
        let mut texts = document.within(name).map(str::trim_ascii);
        texts.any(|text| !text.is_empty() && !also.contains(&text))
    };
    has("KMSMasterKeyID", &[]) || has("ProjectID", &[]) || has("KMSDataEncryption", &["AES256"])
}

/// Whether an error says that a bucket has no default encryption: the documents' code for it, and AWS's. Other errors
/// say nothing of it, whatever their status.
pub fn has_no_default(document: &Document) -> bool {
    let code = document.text("Code").unwrap_or_default();
    document.expect_utf_8().is_ok() && document.root() == "Error" && NO_CONFIGURATION.contains(&code)
}

const NO_CONFIGURATION: [&str; 2] = [
    "NoSuchEncryptionConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
];

//! The answer to `InitiateMultipartUpload`: which upload has begun (obs-facts §7).

use super::{Document, DocumentPrefix, Fault};

/// An upload that has begun, as the answer names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadBegun {
    /// The upload's id, opaque and byte for byte.
    pub id: String,
    /// The bucket, if the answer says. The request's own is what the upload is kept under.
    pub bucket: Option<String>,
    /// The key, if the answer says; percent-encoded if the request asked for that.
    pub key: Option<String>,
}

impl UploadBegun {
    /// How much of an answer is read: a key of 1024 bytes, escaped throughout, is 6 KiB.
    pub const LIMIT: usize = 16 << 10;

    /// A prefix to read the answer with.
    pub const fn prefix() -> DocumentPrefix {
        DocumentPrefix::new(Self::LIMIT)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// It is an error under a 200, another document, or does not give one id.
    pub fn of(document: &Document) -> Result<Self, Fault> {
        document.expect("InitiateMultipartUploadResult")?;
        let id = document.text("UploadId")?.to_owned();
        let told = |path| document.text(path).ok().map(str::to_owned);
        Ok(Self {
            id,
            bucket: told("Bucket"),
            key: told("Key"),
        })
    }
}

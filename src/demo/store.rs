//! What the origin keeps: buckets, the objects in them, and uploads that are not complete yet.

use super::{
    fault::Fault,
    payload::{Budget, Payload},
    reply::Description,
    request::Request,
    signature::{hex, md5},
    sse::Sse,
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// What anonymous requests may do with a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    #[default]
    Private,
    /// Read and list it.
    PublicRead,
    /// Read, list and write it.
    PublicReadWrite,
}

/// All there is.
pub(super) struct Store {
    pub(super) budget: Budget,
    pub(super) uploads: BTreeMap<String, Upload>,
    buckets: BTreeMap<String, Bucket>,
    uploads_begun: u64,
}

/// A bucket.
pub(super) struct Bucket {
    pub(super) access: Access,
    pub(super) default: Sse,
    pub(super) objects: BTreeMap<String, Object>,
    pub(super) created: OffsetDateTime,
}

/// An object.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) payload: Payload,
    pub(super) etag: String,
    pub(super) sse: Sse,
    pub(super) description: Description,
    pub(super) modified: OffsetDateTime,
    pub(super) appendable: bool,
}

/// An upload that is not complete yet.
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) sse: Sse,
    pub(super) description: Description,
    pub(super) parts: BTreeMap<u16, Part>,
}

/// A part of an upload.
pub(super) struct Part {
    pub(super) payload: Payload,
    pub(super) etag: String,
    pub(super) modified: OffsetDateTime,
}

impl Store {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            budget,
            uploads: BTreeMap::new(),
            buckets: BTreeMap::new(),
            uploads_begun: 0,
        }
    }

    pub(super) fn create(&mut self, name: &str, bucket: Bucket) -> Result<(), Fault> {
        if self.buckets.contains_key(name) {
            return Err(Fault::BucketExists);
        }
        self.buckets.insert(name.to_owned(), bucket);
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> Result<(), Fault> {
        if !self.named(name)?.objects.is_empty() {
            return Err(Fault::BucketNotEmpty);
        }
        self.buckets.remove(name);
        self.uploads.retain(|_, upload| upload.bucket != name);
        Ok(())
    }

    pub(super) fn buckets(&self) -> impl Iterator<Item = (&str, &Bucket)> {
        self.buckets.iter().map(|(name, bucket)| (name.as_str(), bucket))
    }

    pub(super) fn named(&self, name: &str) -> Result<&Bucket, Fault> {
        self.buckets.get(name).ok_or(Fault::NoSuchBucket)
    }

    /// The bucket a request names.
    pub(super) fn bucket(&self, request: &Request) -> Result<&Bucket, Fault> {
        self.named(request.bucket.as_deref().unwrap_or_default())
    }

    /// The bucket a request names, to change it.
    pub(super) fn bucket_mut(&mut self, request: &Request) -> Result<&mut Bucket, Fault> {
        let name = request.bucket.as_deref().unwrap_or_default();
        self.buckets.get_mut(name).ok_or(Fault::NoSuchBucket)
    }

    /// The object a request names.
    pub(super) fn object(&self, request: &Request) -> Result<&Object, Fault> {
        let key = request.key.as_deref().unwrap_or_default();
        self.bucket(request)?.objects.get(key).ok_or(Fault::NoSuchKey)
    }

    /// The encryption of something new: what the request asks for, else the bucket's default.
    pub(super) fn encryption(&self, request: &Request) -> Result<Sse, Fault> {
        let default = &self.bucket(request)?.default;
        Ok(Sse::requested(request)?.unwrap_or_else(|| default.clone()))
    }

    /// The upload a request names: of its bucket and key.
    pub(super) fn upload(&mut self, request: &Request) -> Result<(&str, &mut Upload), Fault> {
        self.bucket(request)?;
        let id = request.query("uploadId").unwrap_or_default();
        let bucket = request.bucket.as_deref().unwrap_or_default();
        let key = request.key.as_deref().unwrap_or_default();
        match self.uploads.iter_mut().find(|(one, _)| *one == id) {
            Some((id, upload)) if upload.bucket == bucket && upload.key == key => Ok((id, upload)),
            _ => Err(Fault::NoSuchUpload),
        }
    }

    /// An id that no upload had before.
    pub(super) fn next_upload_id(&mut self, now: OffsetDateTime) -> String {
        self.uploads_begun += 1;
        hex(&md5(format!(
            "{} {}",
            self.uploads_begun,
            now.unix_timestamp_nanos()
        )
        .as_bytes()))
    }
}

impl Object {
    pub(super) fn new(
        payload: Payload,
        sse: Sse,
        description: Description,
        modified: OffsetDateTime,
    ) -> Self {
        let etag = etag_of(&payload.bytes, &sse);
        Self {
            payload,
            etag,
            sse,
            description,
            modified,
            appendable: false,
        }
    }
}

/// The MD5 of the bytes, in hexadecimal; another value when they are encrypted (obs-facts §4.4).
pub(super) fn etag_of(bytes: &[u8], sse: &Sse) -> String {
    let digest = md5(bytes);
    if *sse == Sse::None {
        return hex(&digest);
    }
    hex(&md5(&[digest.as_slice(), b"encrypted"].concat()))
}

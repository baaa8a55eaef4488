//! From method, resource and marks to the operation: the ordered decision list of obs-facts §1.3, as tables. Within
//! a table the first route wins all of whose marks are there; the last asks for none.

use super::{operation::Operation, subresource::Marks};
use http::Method;

/// The methods of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Delete,
    Get,
    Head,
    Options,
    Post,
    Put,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Service,
    Bucket,
    Object,
}

impl Verb {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 6] = [
        Self::Delete,
        Self::Get,
        Self::Head,
        Self::Options,
        Self::Post,
        Self::Put,
    ];

    /// The method with this name, exactly; CONNECT, TRACE and the rest are none of the API's.
    pub(crate) fn of(method: &Method) -> Option<Self> {
        Some(match *method {
            Method::DELETE => Self::Delete,
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::OPTIONS => Self::Options,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            _ => return None,
        })
    }

    /// Whether such a request only reads.
    pub(crate) const fn reads(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options)
    }

    /// Whether such a request can write an object, so that stray parameters of encryption count (rulings, 2).
    pub(crate) const fn writes(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

/// The operation of a request.
pub(crate) fn route(verb: Verb, level: Level, marks: Marks) -> Operation {
    let routes = table(verb, level);
    let found = if marks == Marks::NONE {
        // Every other route asks for something.
        routes.last()
    } else {
        routes.iter().find(|(needed, _)| marks.has(*needed))
    };
    found.map_or(Operation::Other, |(_, operation)| *operation)
}

type Routes = &'static [(Marks, Operation)];

const fn table(verb: Verb, level: Level) -> Routes {
    match (verb, level) {
        (Verb::Options, _) => &[(Marks::NONE, Operation::Options)],
        (Verb::Get, Level::Service) => &[(Marks::NONE, Operation::ListBuckets)],
        (_, Level::Service) => &[(Marks::NONE, Operation::Other)],
        (Verb::Head, Level::Bucket) => &[(Marks::NONE, Operation::HeadBucket)],
        (Verb::Head, Level::Object) => &[(Marks::NONE, Operation::HeadObject)],
        (Verb::Put, Level::Bucket) => PUT_BUCKET,
        (Verb::Get, Level::Bucket) => GET_BUCKET,
        (Verb::Delete, Level::Bucket) => DELETE_BUCKET,
        (Verb::Post, Level::Bucket) => POST_BUCKET,
        (Verb::Put, Level::Object) => PUT_OBJECT,
        (Verb::Get, Level::Object) => GET_OBJECT,
        (Verb::Delete, Level::Object) => DELETE_OBJECT,
        (Verb::Post, Level::Object) => POST_OBJECT,
    }
}

const PUT_BUCKET: Routes = &[
    (Marks::ENCRYPTION, Operation::PutBucketEncryption),
    (Marks::ACL, Operation::PutBucketConfiguration),
    (Marks::TAGGING, Operation::PutBucketConfiguration),
    (Marks::CONFIGURATION, Operation::PutBucketConfiguration),
    (Marks::NONE, Operation::CreateBucket),
];

const GET_BUCKET: Routes = &[
    (Marks::ENCRYPTION, Operation::GetBucketEncryption),
    (Marks::UPLOADS, Operation::ListMultipartUploads),
    (Marks::ACL, Operation::GetBucketConfiguration),
    (Marks::TAGGING, Operation::GetBucketConfiguration),
    (Marks::CONFIGURATION, Operation::GetBucketConfiguration),
    (Marks::NONE, Operation::ListObjects),
];

const DELETE_BUCKET: Routes = &[
    (Marks::ENCRYPTION, Operation::DeleteBucketEncryption),
    (Marks::TAGGING, Operation::DeleteBucketConfiguration),
    (Marks::CONFIGURATION, Operation::DeleteBucketConfiguration),
    (Marks::NONE, Operation::DeleteBucket),
];

const POST_BUCKET: Routes = &[
    (Marks::DELETE, Operation::DeleteObjects),
    (Marks::FORM, Operation::PostObject),
    (Marks::NONE, Operation::Other),
];

/// A part's number without its upload, or the reverse, is a part that lacks something.
const PUT_OBJECT: Routes = &[
    (
        Marks::UPLOAD_ID.with(Marks::PART_NUMBER).with(Marks::COPY),
        Operation::UploadPartCopy,
    ),
    (Marks::UPLOAD_ID, Operation::UploadPart),
    (Marks::PART_NUMBER, Operation::UploadPart),
    (Marks::ACL, Operation::PutObjectAcl),
    (Marks::TAGGING, Operation::PutObjectTagging),
    (Marks::RETENTION, Operation::PutObjectRetention),
    (Marks::METADATA, Operation::SetObjectMetadata),
    (Marks::MODIFY, Operation::ModifyObject),
    (Marks::TRUNCATE, Operation::TruncateObject),
    (Marks::SYMLINK, Operation::PutSymlink),
    (Marks::LEGAL_HOLD, Operation::PutObjectLegalHold),
    (Marks::COPY, Operation::CopyObject),
    (Marks::NONE, Operation::PutObject),
];

const GET_OBJECT: Routes = &[
    (Marks::UPLOAD_ID, Operation::ListParts),
    (Marks::ACL, Operation::GetObjectAcl),
    (Marks::TAGGING, Operation::GetObjectTagging),
    (Marks::RETENTION, Operation::GetObjectRetention),
    (Marks::LEGAL_HOLD, Operation::GetObjectLegalHold),
    (Marks::SYMLINK, Operation::GetSymlink),
    (Marks::TORRENT, Operation::GetObjectTorrent),
    (Marks::NONE, Operation::GetObject),
];

const DELETE_OBJECT: Routes = &[
    (Marks::UPLOAD_ID, Operation::AbortMultipartUpload),
    (Marks::TAGGING, Operation::DeleteObjectTagging),
    (Marks::NONE, Operation::DeleteObject),
];

/// A form sent to a key is judged as a form: S3 itself answers 405.
const POST_OBJECT: Routes = &[
    (Marks::UPLOADS, Operation::InitiateMultipartUpload),
    (Marks::APPEND, Operation::AppendObject),
    (Marks::UPLOAD_ID, Operation::CompleteMultipartUpload),
    (Marks::RESTORE, Operation::RestoreObject),
    (Marks::RENAME, Operation::RenameObject),
    (Marks::SELECT, Operation::SelectObjectContent),
    (Marks::SELECT_TYPE, Operation::SelectObjectContent),
    (Marks::FORM, Operation::PostObject),
    (Marks::NONE, Operation::Other),
];

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [Level; 3] = [Level::Service, Level::Bucket, Level::Object];

    fn tables() -> impl Iterator<Item = Routes> {
        Verb::ALL
            .into_iter()
            .flat_map(|verb| LEVELS.into_iter().map(move |level| table(verb, level)))
    }

    #[test]
    fn no_route_is_shadowed_by_an_earlier_one() {
        for routes in tables() {
            for (n, (later, operation)) in routes.iter().enumerate() {
                for (earlier, _) in &routes[..n] {
                    assert!(!later.has(*earlier), "{operation} is never reached");
                }
            }
        }
    }

    #[test]
    fn every_table_is_total() {
        for routes in tables() {
            assert_eq!(routes.last().unwrap().0, Marks::NONE);
        }
    }

    #[test]
    fn every_operation_is_reached_by_a_route() {
        for operation in Operation::ALL {
            let reached = Verb::ALL.into_iter().any(|verb| {
                LEVELS.into_iter().any(|level| {
                    table(verb, level)
                        .iter()
                        .any(|(marks, this)| *this == operation && route(verb, level, *marks) == operation)
                })
            });
            assert!(reached, "{operation}");
        }
    }
}

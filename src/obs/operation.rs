//! The operations of the OBS API, and the routes that lead to them.

use std::fmt;

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// An operation of the OBS API, by the name the API reference gives it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation { $($(#[$doc])* $name),* }

        impl Operation {
            /// Every operation, in the order of the declaration.
            pub const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];

            /// The name in the API reference; also the word used in policy files and logs.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

operations! {
    /// `POST key?append&position=N`.
    AppendObject,
    /// `POST key?uploadId=U`.
    CompleteMultipartUpload,
    /// `PUT key` with a copy source.
    CopyObject,
    /// `GET key`.
    GetObject,
    /// `HEAD key`.
    HeadObject,
    /// `POST key?uploads`.
    InitiateMultipartUpload,
    /// `POST bucket` with a form.
    PostObject,
    /// `PUT key`.
    PutObject,
    /// `PUT key?partNumber=N&uploadId=U`.
    UploadPart,
    /// `PUT key?partNumber=N&uploadId=U` with a copy source.
    UploadPartCopy,
    /// `DELETE key?uploadId=U`.
    AbortMultipartUpload,
    /// `GET key?uploadId=U`.
    ListParts,
    /// `PUT key?modify&position=N`, on parallel file systems.
    ModifyObject,
    /// `PUT key?truncate&length=N`, on parallel file systems.
    TruncateObject,
    /// `POST key?rename&name=K`, on parallel file systems.
    RenameObject,
    /// `PUT key?metadata`.
    SetObjectMetadata,
    /// `PUT key?acl`.
    PutObjectAcl,
    /// `GET key?acl`.
    GetObjectAcl,
    /// `PUT key?tagging`.
    PutObjectTagging,
    /// `GET key?tagging`.
    GetObjectTagging,
    /// `DELETE key?tagging`.
    DeleteObjectTagging,
    /// `PUT key?retention`.
    PutObjectRetention,
    /// `GET key?retention`.
    GetObjectRetention,
    /// `PUT key?legal-hold`.
    PutObjectLegalHold,
    /// `GET key?legal-hold`.
    GetObjectLegalHold,
    /// `POST key?restore`.
    RestoreObject,
    /// `POST key?select`.
    SelectObjectContent,
    /// `PUT key?symlink`.
    PutSymlink,
    /// `GET key?symlink`.
    GetSymlink,
    /// `GET key?torrent`.
    GetObjectTorrent,
    /// `DELETE key`.
    DeleteObject,
    /// `GET /` without a bucket.
    ListBuckets,
    /// `PUT bucket`.
    CreateBucket,
    /// `HEAD bucket`.
    HeadBucket,
    /// `DELETE bucket`.
    DeleteBucket,
    /// `GET bucket`.
    ListObjects,
    /// `GET bucket?uploads`.
    ListMultipartUploads,
    /// `POST bucket?delete`.
    DeleteObjects,
    /// `PUT bucket?encryption`.
    PutBucketEncryption,
    /// `GET bucket?encryption`.
    GetBucketEncryption,
    /// `DELETE bucket?encryption`.
    DeleteBucketEncryption,
    /// `GET bucket?<any other subresource>`.
    GetBucketConfiguration,
    /// `PUT bucket?<any other subresource>`.
    PutBucketConfiguration,
    /// `DELETE bucket?<any other subresource>`.
    DeleteBucketConfiguration,
    /// `OPTIONS`, of a bucket or an object: a CORS preflight, never signed.
    Options,
    /// Anything else.
    Other,
}

impl Operation {
    /// Reads the name that [`Self::name`] gives.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_declaration() {
        for (n, one) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(one as usize, n);
            assert_eq!(Operation::from_name(one.name()), Some(one));
        }
    }
}

//! Operations on buckets, and on the list of them.

use super::{
    fault::Fault,
    reply::Reply,
    request::{Call, Request},
    sse::Sse,
    store::{Access, Bucket, Store},
    xml,
};
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;
use time::{OffsetDateTime, macros::format_description};

/// `ListBuckets`.
pub(super) fn list_all(store: &Store) -> Reply {
    let buckets: String = store
        .buckets()
        .map(|(name, bucket)| {
            let created = xml::text("CreationDate", iso(bucket.created));
            xml::element("Bucket", xml::text("Name", name) + &created)
        })
        .collect();
    let owner = xml::element("Owner", xml::text("ID", "demo"));
    Reply::xml(
        "ListAllMyBucketsResult",
        owner + &xml::element("Buckets", buckets),
    )
}

/// `CreateBucket`, its default encryption and its ACL in the headers.
pub(super) fn create(store: &mut Store, request: &Request) -> Result<Reply, Fault> {
    let name = request.bucket.as_deref().unwrap_or_default();
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if !(3..=63).contains(&name.len()) || !name.bytes().all(legal) {
        return Err(Fault::BucketName);
    }
    let default = match Sse::requested(request)? {
        Some(Sse::Customer(_)) => {
            return Err(Fault::Argument("SSE-C cannot be a bucket's default encryption"));
        }
        default => default.unwrap_or_default(),
    };
    let access = match request.parameter("acl") {
        Some("public-read") => Access::PublicRead,
        Some("public-read-write") => Access::PublicReadWrite,
        _ => Access::Private,
    };
    let told = default.tell(request.dialect, Reply::ok().with("location", format!("/{name}")));
    let bucket = Bucket {
        access,
        default,
        objects: BTreeMap::new(),
        created: request.at,
    };
    store.create(name, bucket)?;
    Ok(told)
}

/// `ListObjects`, by prefix, marker and number.
pub(super) fn list(store: &Store, request: &Request) -> Result<Reply, Fault> {
    let bucket = store.bucket(request)?;
    if ["delimiter", "list-type"]
        .into_iter()
        .any(|name| request.query(name).is_some_and(|value| !value.is_empty()))
    {
        return Err(Fault::NotImplemented);
    }
    let text = |name| request.query(name).unwrap_or_default();
    let (prefix, marker) = (text("prefix"), text("marker"));
    let most = text("max-keys").parse().unwrap_or(MOST_KEYS).min(MOST_KEYS);
    let mut found = bucket
        .objects
        .iter()
        .filter(|(key, _)| key.starts_with(prefix) && (marker.is_empty() || key.as_str() > marker));
    let listed: Vec<_> = found.by_ref().take(most).collect();
    let truncated = found.next().is_some();
    let mut content = [
        xml::text("Name", request.bucket.as_deref().unwrap_or_default()),
        xml::text("Prefix", prefix),
        xml::text("Marker", marker),
        xml::text("MaxKeys", most.to_string()),
        xml::text("IsTruncated", truncated.to_string()),
    ]
    .concat();
    if let (true, Some((key, _))) = (truncated, listed.last()) {
        content += &xml::text("NextMarker", key);
    }
    for (key, object) in listed {
        let fields = [
            xml::text("Key", key),
            xml::text("LastModified", iso(object.modified)),
            xml::text("ETag", format!("\"{}\"", object.etag)),
            xml::text("Size", object.payload.bytes.len().to_string()),
            xml::text("StorageClass", "STANDARD"),
        ];
        content += &xml::element("Contents", fields.concat());
    }
    Ok(Reply::xml("ListBucketResult", content))
}

/// `PutBucketEncryption`.
pub(super) fn put_encryption(store: &mut Store, call: &Call) -> Result<Reply, Fault> {
    let default = Sse::from_configuration(&call.body.bytes)?;
    store.bucket_mut(&call.request)?.default = default;
    Ok(Reply::ok())
}

/// `GetBucketEncryption`.
pub(super) fn get_encryption(store: &Store, request: &Request) -> Result<Reply, Fault> {
    let default = &store.bucket(request)?.default;
    default
        .to_configuration(request.dialect)
        .ok_or(Fault::NoSuchEncryptionConfiguration)
}

/// `DeleteBucketEncryption`.
pub(super) fn delete_encryption(store: &mut Store, request: &Request) -> Result<Reply, Fault> {
    store.bucket_mut(request)?.default = Sse::None;
    Ok(Reply::new(StatusCode::NO_CONTENT))
}

/// `DeleteObjects`.
pub(super) fn delete_objects(store: &mut Store, call: &Call) -> Result<Reply, Fault> {
    #[derive(Deserialize)]
    struct Delete {
        #[serde(rename = "Object", default)]
        objects: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "Key")]
        key: String,
    }
    let bucket = store.bucket_mut(&call.request)?;
    let mut content = String::new();
    for named in xml::read::<Delete>(&call.body.bytes)?.objects {
        bucket.objects.remove(&named.key);
        content += &xml::element("Deleted", xml::text("Key", named.key));
    }
    Ok(Reply::xml("DeleteResult", content))
}

/// A point in time as XML has it.
pub(super) fn iso(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    at.format(format).unwrap_or_default()
}

/// The most keys in one list.
const MOST_KEYS: usize = 1000;

//! `CopyObject` and `UploadPartCopy`.

use super::{
    bucket::iso,
    fault::Fault,
    multipart, object,
    payload::Payload,
    range,
    reply::{Description, Reply},
    request::{Call, Request},
    sse::Sse,
    store::{Object, Store},
    xml,
};
use percent_encoding::percent_decode_str;

/// `CopyObject`.
pub(super) fn copy(store: &mut Store, call: &Call) -> Result<Reply, Fault> {
    let request = &call.request;
    let source = source(store, request)?;
    let sse = store.encryption(request)?;
    let description = match request.parameter("metadata-directive") {
        Some("REPLACE") => Description::of_request(request),
        _ => source.description,
    };
    let object = Object::new(source.payload, sse, description, request.at);
    let reply = result("CopyObjectResult", &object.etag, request);
    let reply = object.sse.tell(request.dialect, reply);
    object::keep(store, request, object)?;
    Ok(reply)
}

/// `UploadPartCopy`.
pub(super) fn copy_part(store: &mut Store, call: &Call) -> Result<Reply, Fault> {
    let request = &call.request;
    let source = source(store, request)?;
    let payload = match request.parameter("copy-source-range") {
        None => source.payload,
        Some(wanted) => {
            let bytes = &source.payload.bytes;
            let (first, last) = range::parse(wanted)
                .and_then(|range| range.within(bytes.len()))
                .ok_or(Fault::Range)?;
            Payload::hold(&store.budget, bytes.slice(first..=last))?
        }
    };
    let (sse, etag) = multipart::keep_part(store, request, payload)?;
    Ok(sse.tell(request.dialect, result("CopyPartResult", &etag, request)))
}

/// The object a copy is made of: `[/]bucket/key[?versionId=…]`, percent-encoded or not, since the SDKs disagree
/// (obs-facts §2).
fn source(store: &Store, request: &Request) -> Result<Object, Fault> {
    let written = request.parameter("copy-source").unwrap_or_default();
    let name = written
        .split_once("?versionId=")
        .map_or(written, |(name, _)| name);
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    let find = |name: &str| {
        let (bucket, key) = name.strip_prefix('/').unwrap_or(name).split_once('/')?;
        Some(
            store
                .named(bucket)
                .and_then(|bucket| bucket.objects.get(key).ok_or(Fault::NoSuchKey)),
        )
    };
    let object = match find(&decoded).ok_or(Fault::Argument("The copy source is not /bucket/key"))? {
        Err(Fault::NoSuchKey) => find(name).unwrap_or(Err(Fault::NoSuchKey)),
        found => found,
    }?;
    object.sse.open_with(Sse::of_source(request)?.as_ref())?;
    Ok(object.clone())
}

fn result(root: &str, etag: &str, request: &Request) -> Reply {
    let fields = [
        xml::text("LastModified", iso(request.at)),
        xml::text("ETag", format!("\"{etag}\"")),
    ];
    Reply::xml(root, fields.concat())
}

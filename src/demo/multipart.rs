//! Multipart uploads, from begin to end. The encryption is fixed when one begins; with SSE-C every part carries the
//! same key (obs-facts §4.2, §7).

use super::{
    bucket::iso,
    fault::Fault,
    object,
    payload::Payload,
    reply::{Description, Reply},
    request::{Call, Request},
    signature::{hex, md5},
    sse::Sse,
    store::{Object, Part, Store, Upload, etag_of},
    xml,
};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `InitiateMultipartUpload`.
pub(super) fn initiate(store: &mut Store, request: &Request) -> Result<Reply, Fault> {
    let sse = store.encryption(request)?;
    let upload = Upload {
        bucket: request.bucket.clone().unwrap_or_default(),
        key: request.key.clone().unwrap_or_default(),
        sse,
        description: Description::of_request(request),
        parts: BTreeMap::new(),
    };
    let id = store.next_upload_id(request.at);
    let names = [
        xml::text("Bucket", &upload.bucket),
        xml::text("Key", &upload.key),
        xml::text("UploadId", &id),
    ];
    let reply = Reply::xml("InitiateMultipartUploadResult", names.concat());
    let reply = upload.sse.tell(request.dialect, reply);
    store.uploads.insert(id, upload);
    Ok(reply)
}

/// `UploadPart`.
pub(super) fn put_part(store: &mut Store, call: Call) -> Result<Reply, Fault> {
    let (sse, etag) = keep_part(store, &call.request, call.body)?;
    let reply = Reply::ok().with("etag", format!("\"{etag}\""));
    Ok(sse.tell(call.request.dialect, reply))
}

/// Keeps a part; gives the upload's encryption and the part's `ETag`.
pub(super) fn keep_part(
    store: &mut Store,
    request: &Request,
    payload: Payload,
) -> Result<(Sse, String), Fault> {
    let number: u16 = request
        .query("partNumber")
        .and_then(|number| number.parse().ok())
        .filter(|number| (1..=10_000).contains(number))
        .ok_or(Fault::Argument(
            "Part number must be an integer between 1 and 10000, inclusive",
        ))?;
    let key = Sse::requested(request)?;
    let (_, upload) = store.upload(request)?;
    match upload.sse.open_with(key.as_ref()) {
        Err(Fault::CustomerKeyMissing) => Err(Fault::Conflict(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate \
             encryption parameters.",
        )),
        other => other,
    }?;
    let etag = etag_of(&payload.bytes, &upload.sse);
    let part = Part {
        payload,
        etag: etag.clone(),
        modified: request.at,
    };
    upload.parts.insert(number, part);
    Ok((upload.sse.clone(), etag))
}

/// `ListParts`.
pub(super) fn list_parts(store: &mut Store, request: &Request) -> Result<Reply, Fault> {
    let (id, upload) = store.upload(request)?;
    let mut content = [
        xml::text("Bucket", &upload.bucket),
        xml::text("Key", &upload.key),
        xml::text("UploadId", id),
        xml::text("IsTruncated", "false"),
    ]
    .concat();
    for (number, part) in &upload.parts {
        let fields = [
            xml::text("PartNumber", number.to_string()),
            xml::text("LastModified", iso(part.modified)),
            xml::text("ETag", format!("\"{}\"", part.etag)),
            xml::text("Size", part.payload.bytes.len().to_string()),
        ];
        content += &xml::element("Part", fields.concat());
    }
    Ok(Reply::xml("ListPartsResult", content))
}

/// `CompleteMultipartUpload`.
pub(super) fn complete(store: &mut Store, call: &Call) -> Result<Reply, Fault> {
    let request = &call.request;
    let wanted = xml::read::<Complete>(&call.body.bytes)?.parts;
    let budget = store.budget.clone();
    let (id, upload) = store.upload(request)?;
    let id = id.to_owned();
    let ascending = wanted
        .iter()
        .zip(wanted.iter().skip(1))
        .all(|(one, next)| one.number < next.number);
    if !ascending {
        return Err(Fault::PartOrder);
    }
    let mut pieces: Vec<&Bytes> = Vec::new();
    let mut etags = String::new();
    for one in &wanted {
        let part = upload
            .parts
            .get(&one.number)
            .filter(|part| one.etag.trim_matches('"') == part.etag);
        let part = part.ok_or(Fault::Part)?;
        pieces.push(&part.payload.bytes);
        etags += &part.etag;
    }
    if pieces.is_empty() {
        return Err(Fault::Xml);
    }
    let payload = Payload::concat(&budget, &pieces)?;
    let etag = format!("{}-{}", hex(&md5(etags.as_bytes())), wanted.len());
    let mut object = Object::new(
        payload,
        upload.sse.clone(),
        upload.description.clone(),
        request.at,
    );
    object.etag = etag;
    let fields = [
        xml::text("Location", request.resource()),
        xml::text("Bucket", &upload.bucket),
        xml::text("Key", &upload.key),
        xml::text("ETag", format!("\"{}\"", object.etag)),
    ];
    let mut reply = object.sse.tell(
        request.dialect,
        Reply::xml("CompleteMultipartUploadResult", fields.concat()),
    );
    reply
        .headers
        .remove("x-obs-server-side-encryption-customer-key-md5");
    reply
        .headers
        .remove("x-amz-server-side-encryption-customer-key-md5");
    object::keep(store, request, object)?;
    store.uploads.remove(&id);
    Ok(reply)
}

/// `AbortMultipartUpload`.
pub(super) fn abort(store: &mut Store, request: &Request) -> Result<Reply, Fault> {
    let id = store.upload(request)?.0.to_owned();
    store.uploads.remove(&id);
    Ok(Reply::new(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
struct Complete {
    #[serde(rename = "Part", default)]
    parts: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "PartNumber")]
    number: u16,
    #[serde(rename = "ETag")]
    etag: String,
}

//! Operations on whole objects: put, get, head, delete, append.

use super::{
    fault::Fault,
    payload::Payload,
    range,
    reply::{Description, Reply},
    request::{Call, Request},
    sse::Sse,
    store::{Object, Store, etag_of},
};
use http::{HeaderValue, StatusCode};
use std::time::SystemTime;

/// `PutObject`.
pub(super) fn put(store: &mut Store, call: Call) -> Result<Reply, Fault> {
    let request = &call.request;
    let sse = store.encryption(request)?;
    let object = Object::new(call.body, sse, Description::of_request(request), request.at);
    let reply = Reply::ok().with("etag", format!("\"{}\"", object.etag));
    let reply = object.sse.tell(request.dialect, reply);
    keep(store, request, object)?;
    Ok(reply)
}

/// `GetObject` and `HeadObject`; the latter's body is dropped on the way out.
pub(super) fn get(store: &Store, request: &Request) -> Result<Reply, Fault> {
    let object = store.object(request)?;
    let key = Sse::requested(request)?.filter(|sse| matches!(sse, Sse::Customer(_)));
    object.sse.open_with(key.as_ref())?;
    let etag = format!("\"{}\"", object.etag);
    let lists_etag = |list: &str| {
        list.split(',')
            .any(|one| ["*", &etag, &object.etag].contains(&one.trim()))
    };
    if request.header("if-match").is_some_and(|list| !lists_etag(list)) {
        return Err(Fault::Precondition);
    }
    let reply = Reply::ok()
        .with("etag", &etag)
        .with("accept-ranges", "bytes")
        .with(
            "last-modified",
            httpdate::fmt_http_date(SystemTime::from(object.modified)),
        );
    let mut reply = object
        .sse
        .tell(request.dialect, object.description.tell(request.dialect, reply));
    if request.header("if-none-match").is_some_and(lists_etag) {
        reply.status = StatusCode::NOT_MODIFIED;
        return Ok(reply);
    }
    for (parameter, header) in OVERRIDES {
        if let Some(Ok(value)) = request.query(parameter).map(HeaderValue::try_from) {
            reply.headers.insert(header, value);
        }
    }
    let bytes = &object.payload.bytes;
    let Some(range) = request.header("range").and_then(range::parse) else {
        reply.body = bytes.clone();
        return Ok(reply);
    };
    let (first, last) = range.within(bytes.len()).ok_or(Fault::Range)?;
    reply.status = StatusCode::PARTIAL_CONTENT;
    reply.body = bytes.slice(first..=last);
    Ok(reply.with("content-range", format!("bytes {first}-{last}/{}", bytes.len())))
}

/// `DeleteObject`.
pub(super) fn delete(store: &mut Store, request: &Request) -> Result<Reply, Fault> {
    let key = request.key.as_deref().unwrap_or_default();
    store.bucket_mut(request)?.objects.remove(key);
    Ok(Reply::new(StatusCode::NO_CONTENT))
}

/// `AppendObject`: the first one makes the object and fixes its encryption; with SSE-C every one carries the key
/// (obs-facts §1.4).
pub(super) fn append(store: &mut Store, call: &Call) -> Result<Reply, Fault> {
    let request = &call.request;
    let position: usize = request
        .query("position")
        .and_then(|position| position.parse().ok())
        .ok_or(Fault::Argument("The position is not a number"))?;
    let found = match store.object(request) {
        Ok(object) => Some(object.clone()),
        Err(Fault::NoSuchKey) => None,
        Err(other) => return Err(other),
    };
    let length = found.as_ref().map_or(0, |object| object.payload.bytes.len());
    if position != length {
        return Err(Fault::Position);
    }
    let object = match found {
        Some(object) if !object.appendable => return Err(Fault::NotAppendable),
        Some(mut object) => {
            object.sse.open_with(Sse::requested(request)?.as_ref())?;
            object.payload = Payload::concat(&store.budget, &[&object.payload.bytes, &call.body.bytes])?;
            object.etag = etag_of(&object.payload.bytes, &object.sse);
            object.modified = request.at;
            object
        }
        None => {
            let sse = store.encryption(request)?;
            let description = Description::of_request(request);
            let mut object = Object::new(call.body.clone(), sse, description, request.at);
            object.appendable = true;
            object
        }
    };
    let next = object.payload.bytes.len().to_string();
    let reply = Reply::ok()
        .with("etag", format!("\"{}\"", object.etag))
        .with_extension(request.dialect, "next-append-position", next);
    let reply = object.sse.tell(request.dialect, reply);
    keep(store, request, object)?;
    Ok(reply)
}

/// Keeps an object under the name the request gives it.
pub(super) fn keep(store: &mut Store, request: &Request, object: Object) -> Result<(), Fault> {
    let key = request.key.clone().unwrap_or_default();
    store.bucket_mut(request)?.objects.insert(key, object);
    Ok(())
}

const OVERRIDES: [(&str, &str); 6] = [
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
    ("response-content-language", "content-language"),
    ("response-content-type", "content-type"),
    ("response-expires", "expires"),
];

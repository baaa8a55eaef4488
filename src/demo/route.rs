//! From a request to the operation it names.

use super::{
    authenticate::Sender,
    bucket, copy,
    fault::Fault,
    multipart, object,
    reply::Reply,
    request::{Call, Request},
    signature::v2,
    store::{Access, Store},
};
use http::{Method, StatusCode};

/// What is answered to anybody, before a signature is looked at: the probe of the API's version and the CORS
/// preflight (obs-facts §1).
pub(super) fn unsigned(request: &Request) -> Option<Result<Reply, Fault>> {
    if request.method == Method::OPTIONS {
        let Some(origin) = request.header("origin") else {
            return Some(Err(Fault::Preflight));
        };
        let reply = Reply::ok()
            .with("access-control-allow-origin", origin)
            .with("access-control-allow-methods", "GET, HEAD, PUT, POST, DELETE")
            .with("access-control-max-age", "100");
        return Some(Ok(reply));
    }
    let probes = request.method == Method::HEAD || request.method == Method::GET;
    if probes && request.query("apiversion").is_some() {
        return Some(Ok(Reply::ok().with("x-obs-api", "3.0")));
    }
    None
}

/// Whether the sender may do what the request asks.
pub(super) fn authorize(store: &Store, request: &Request, sender: &Sender) -> Result<(), Fault> {
    if *sender != Sender::Anonymous {
        return Ok(());
    }
    if request.bucket.is_none() || request.query("encryption").is_some() {
        return Err(Fault::AccessDenied);
    }
    let reads = request.method == Method::GET || request.method == Method::HEAD;
    match store.bucket(request)?.access {
        Access::PublicReadWrite if reads || request.key.is_some() || request.method == Method::POST => Ok(()),
        Access::PublicRead if reads => Ok(()),
        Access::Private | Access::PublicRead | Access::PublicReadWrite => Err(Fault::AccessDenied),
    }
}

/// Performs the operation.
pub(super) fn perform(store: &mut Store, call: Call) -> Result<Reply, Fault> {
    if let Some(other) = call.request.query_names().find(|name| is_unknown(name)) {
        tracing::debug!(subresource = other, "not implemented by the demo origin");
        return Err(Fault::NotImplemented);
    }
    match (&call.request.bucket, &call.request.key) {
        (None, _) if call.request.method == Method::GET => Ok(bucket::list_all(store)),
        (None, _) => Err(Fault::Method),
        (Some(_), None) => on_bucket(store, &call),
        (Some(_), Some(_)) => on_object(store, call),
    }
}

fn on_bucket(store: &mut Store, call: &Call) -> Result<Reply, Fault> {
    let request = &call.request;
    let encryption = request.query("encryption").is_some();
    match request.method.as_str() {
        "PUT" if encryption => bucket::put_encryption(store, call),
        "GET" if encryption => bucket::get_encryption(store, request),
        "DELETE" if encryption => bucket::delete_encryption(store, request),
        "POST" if request.query("delete").is_some() => bucket::delete_objects(store, call),
        "PUT" => bucket::create(store, request),
        "GET" if request.query("uploads").is_some() => Err(Fault::NotImplemented),
        "GET" => bucket::list(store, request),
        "HEAD" => store.bucket(request).map(|_| Reply::ok()),
        "DELETE" => store
            .remove(request.bucket.as_deref().unwrap_or_default())
            .map(|()| Reply::new(StatusCode::NO_CONTENT)),
        _ => Err(Fault::Method),
    }
}

fn on_object(store: &mut Store, call: Call) -> Result<Reply, Fault> {
    let request = &call.request;
    let has = |name| request.query(name).is_some();
    let copies = request.parameter("copy-source").is_some();
    match request.method.as_str() {
        "PUT" if has("uploadId") && copies => copy::copy_part(store, &call),
        "PUT" if has("uploadId") => multipart::put_part(store, call),
        "PUT" if copies => copy::copy(store, &call),
        "PUT" => object::put(store, call),
        "POST" if has("uploads") => multipart::initiate(store, request),
        "POST" if has("uploadId") => multipart::complete(store, &call),
        "POST" if has("append") => object::append(store, &call),
        "GET" if has("uploadId") => multipart::list_parts(store, request),
        "GET" | "HEAD" => object::get(store, request),
        "DELETE" if has("uploadId") => multipart::abort(store, request),
        "DELETE" => object::delete(store, request),
        _ => Err(Fault::Method),
    }
}

/// Whether a parameter names a subresource that is not kept here.
fn is_unknown(name: &str) -> bool {
    v2::is_subresource(name) && !KNOWN.contains(&name) && !name.starts_with("response-")
}

const KNOWN: &[&str] = &[
    "append",
    "attname",
    "delete",
    "encryption",
    "partNumber",
    "position",
    "uploadId",
    "uploads",
    "versionId",
];

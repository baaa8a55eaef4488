//! `PostObject`: an upload by an HTML form, signed by a policy in it (obs-facts §5).

use super::{
    authenticate::Sender,
    fault::Fault,
    payload::Payload,
    reply::{Description, Reply},
    request::{Call, Request},
    route,
    signature::{
        Credentials,
        policy::{self, Fields},
    },
    sse::Sse,
    store::{Object, Store},
    xml,
};
use crate::obs::dialect::Dialect;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::{BodyDataStream, Full};
use multer::Multipart;

/// A form, read.
pub(super) struct Form {
    fields: Fields,
    file: Bytes,
    file_name: String,
}

/// Whether a request is a form's.
pub(super) fn is_form(request: &Request) -> bool {
    request.method == Method::POST
        && request.bucket.is_some()
        && request.key.is_none()
        && request.header("content-type").is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("multipart/form-data")
        })
}

impl Form {
    /// Reads a form up to and with its file; what follows is dropped.
    pub(super) async fn read(call: &Call) -> Result<Self, Fault> {
        let content_type = call.request.header("content-type").unwrap_or_default();
        let boundary = multer::parse_boundary(content_type).map_err(|_| Fault::Form)?;
        let body = BodyDataStream::new(Full::new(call.body.bytes.clone()));
        let mut parts = Multipart::new(body, boundary);
        let mut fields = Fields::new();
        while let Some(part) = parts.next_field().await.map_err(|_| Fault::Form)? {
            let name = part.name().ok_or(Fault::Form)?.to_ascii_lowercase();
            if name == "file" {
                let file_name = part.file_name().unwrap_or_default().to_owned();
                let file = part.bytes().await.map_err(|_| Fault::Form)?;
                return Ok(Self {
                    fields,
                    file,
                    file_name,
                });
            }
            let value = part.text().await.map_err(|_| Fault::Form)?;
            fields.insert(name, value);
        }
        Err(Fault::Form)
    }

    /// Verifies the policy and keeps the file.
    pub(super) fn post(
        self,
        store: &mut Store,
        request: &mut Request,
        sender: &Sender,
        credentials: &Credentials,
    ) -> Result<Reply, Fault> {
        let bucket = request.bucket.clone().unwrap_or_default();
        let signed = policy::verify(credentials, &self.fields, &bucket, self.file.len(), request.at)?;
        if signed && *sender != Sender::Anonymous {
            return Err(Fault::Argument("Only one auth mechanism allowed"));
        }
        if !signed {
            route::authorize(store, request, sender)?;
        }
        request.dialect = self.dialect();
        let key = self.fields.get("key").filter(|key| !key.is_empty());
        let key = key.ok_or(Fault::Argument("Bucket POST must contain a field named 'key'."))?;
        let key = key.replace("${filename}", &self.file_name);
        let default = store.bucket(request)?.default.clone();
        let sse = Sse::read(|tail| self.sse_field(tail))?.unwrap_or(default);
        let payload = Payload::hold(&store.budget, self.file.clone())?;
        let description = Description::of(
            self.fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes())),
        );
        let object = Object::new(payload, sse, description, request.at);
        let etag = format!("\"{}\"", object.etag);
        let reply = self.answer(&bucket, &key, &etag).with("etag", &etag);
        let reply = object.sse.tell(
            request.dialect,
            reply.with("location", format!("/{bucket}/{key}")),
        );
        store.bucket_mut(request)?.objects.insert(key, object);
        Ok(reply)
    }

    /// The dialect to answer in; the head of a form has none.
    fn dialect(&self) -> Dialect {
        let s3 = |name: &String| name == "awsaccesskeyid" || name.starts_with("x-amz-");
        if self.fields.keys().any(s3) {
            Dialect::Amz
        } else {
            Dialect::Obs
        }
    }

    fn sse_field(&self, tail: &str) -> Option<String> {
        let tail = tail.to_ascii_lowercase();
        let field = |prefix: &str| self.fields.get(&format!("{prefix}{tail}")).cloned();
        field("x-obs-").or_else(|| field("x-amz-"))
    }

    fn answer(&self, bucket: &str, key: &str, etag: &str) -> Reply {
        match self.fields.get("success_action_status").map(String::as_str) {
            Some("200") => Reply::ok(),
            Some("201") => {
                let fields = [
                    xml::text("Bucket", bucket),
                    xml::text("Key", key),
                    xml::text("ETag", etag),
                ];
                let mut reply = Reply::xml("PostResponse", fields.concat());
                reply.status = StatusCode::CREATED;
                reply
            }
            _ => Reply::new(StatusCode::NO_CONTENT),
        }
    }
}

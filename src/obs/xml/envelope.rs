//! What the head around a body tells of it: whether the body is the document that is looked for.

use crate::obs::sse::Sign;
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE},
};

/// Whether a body is coded, or not even a whole one.
pub fn is_coded(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_ENCODING) || headers.contains_key(CONTENT_RANGE)
}

/// Whether an answer may be an object instead of a document about the bucket: a website has a page for its index and
/// one for its errors, and anybody may have written them. An answer without a type may be a document.
pub fn may_be_object(headers: &HeaderMap) -> bool {
    let is_xml = |value: &[u8]| {
        let media_type = value.split(|byte| *byte == b';').next().unwrap_or_default();
        let media_type = media_type.trim_ascii();
        MEDIA_TYPES
            .iter()
            .any(|xml| xml.as_bytes().eq_ignore_ascii_case(media_type))
    };
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    !types.all(|value| is_xml(value.as_bytes()))
        || OF_OBJECTS.iter().any(|name| headers.contains_key(*name))
        || headers
            .keys()
            .any(|name| Sign::of(name.as_str().as_bytes()).is_some())
}

/// What the documents about a bucket come as (RFC 7303).
const MEDIA_TYPES: [&str; 2] = ["application/xml", "text/xml"];
/// What only the answer of an object has, besides the headers of encryption.
const OF_OBJECTS: [&str; 4] = ["etag", "last-modified", "x-obs-version-id", "x-amz-version-id"];

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn an_object_is_told_from_a_document_by_its_head() {
        for fields in [
            &[][..],
            &[("content-type", "application/xml")],
            &[("content-type", "Text/XML ; charset=utf-8")],
            &[("x-obs-request-id", "1"), ("x-obs-id-2", "2"), ("date", "today")],
        ] {
            assert!(!may_be_object(&headers(fields)), "{fields:?}");
        }
        for fields in [
            &[("content-type", "text/html")][..],
            &[("content-type", "")],
            &[("content-type", "application/xhtml+xml")],
            &[("content-type", "application/xml, text/html")],
            &[("content-type", "application/xml"), ("content-type", "text/html")],
            &[("content-type", "application/xml"), ("etag", "\"e\"")],
            &[("last-modified", "today")],
            &[("x-obs-version-id", "null")],
            &[("x-amz-version-id", "v")],
            &[("x-obs-server-side-encryption", "AES256")],
            &[("x-amz-server-side-encryption-customer-algorithm", "AES256")],
            &[("x-goog-server-side-encryption", "x")],
        ] {
            assert!(may_be_object(&headers(fields)), "{fields:?}");
        }
    }
}

//! What the head around a body tells of it: whether the body is the document that is looked for.

use super::Fault;
use crate::obs::sse::Sign;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE},
};

/// Checks that a body is its document as it stands: whole, not coded, and in UTF-8.
///
/// # Errors
/// It is a part or coded, or its type names another character set.
pub fn stands_alone(headers: &HeaderMap) -> Result<(), Fault> {
    if is_coded(headers) || headers.contains_key(CONTENT_RANGE) {
        return Err(Fault::NotXml);
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    if types.any(|value| names_other_charset(value.as_bytes())) {
        return Err(Fault::Charset);
    }
    Ok(())
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

/// Whether a body is coded: `identity` is no coding (RFC 9110 §12.5.3), where it stands alone.
fn is_coded(headers: &HeaderMap) -> bool {
    let mut codings = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(HeaderValue::as_bytes);
    match (codings.next(), codings.next()) {
        (None, _) => false,
        (Some(alone), None) => !alone.trim_ascii().eq_ignore_ascii_case(b"identity"),
        _ => true,
    }
}

/// Whether a type names another character set than UTF-8, or may to some reader: however the word stands in it.
fn names_other_charset(value: &[u8]) -> bool {
    let value = value.to_ascii_lowercase();
    value.split(|byte| *byte == b';').any(|parameter| {
        let names = memchr::memmem::find(parameter, b"charset").is_some();
        names
            && !UTF_8
                .iter()
                .any(|utf_8| parameter.trim_ascii() == utf_8.as_bytes())
    })
}

/// UTF-8, as a type names it.
const UTF_8: [&str; 2] = ["charset=utf-8", "charset=\"utf-8\""];
/// What the documents about a bucket come as (RFC 7303).
const MEDIA_TYPES: [&str; 2] = ["application/xml", "text/xml"];
/// What only the answer of an object has, besides the headers of encryption.
const OF_OBJECTS: [&str; 4] = ["etag", "last-modified", "x-obs-version-id", "x-amz-version-id"];

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn a_body_stands_alone_where_it_is_whole_and_in_utf_8() {
        for fields in [
            &[][..],
            &[("content-encoding", "identity")],
            &[("content-encoding", " Identity ")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[("content-type", "text/xml; charset=utf-8")],
            &[("content-type", "text/xml;a=b;Charset=\"UTF-8\" ; c=d")],
        ] {
            assert_eq!(stands_alone(&headers(fields)), Ok(()), "{fields:?}");
        }
        for (fields, fault) in [
            (&[("content-encoding", "gzip")][..], Fault::NotXml),
            (&[("content-encoding", "")], Fault::NotXml),
            (&[("content-encoding", "identity, gzip")], Fault::NotXml),
            (&[("content-encoding", "aws-chunked,identity")], Fault::NotXml),
            (
                &[("content-encoding", "identity"), ("content-encoding", "gzip")],
                Fault::NotXml,
            ),
            (&[("content-range", "bytes 0-1/2")], Fault::NotXml),
            (&[("content-type", "text/xml; charset=utf-16")], Fault::Charset),
            (&[("content-type", "text/xml;CHARSET=UTF-7")], Fault::Charset),
            (&[("content-type", "text/xml charset=utf-7")], Fault::Charset),
            (&[("content-type", "text/xml; charset = utf-7")], Fault::Charset),
            (
                &[("content-type", "text/xml; charset*=utf-8''utf-7")],
                Fault::Charset,
            ),
            (
                &[("content-type", "text/xml; charset=utf-8; charset=utf-7")],
                Fault::Charset,
            ),
            (
                &[
                    ("content-type", "text/xml"),
                    ("content-type", "text/xml; charset=utf-7"),
                ],
                Fault::Charset,
            ),
        ] {
            assert_eq!(stands_alone(&headers(fields)), Err(fault), "{fields:?}");
        }
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

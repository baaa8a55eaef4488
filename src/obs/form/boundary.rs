//! The boundary of a form, from a content type that leaves no doubt about it.

use super::FormError;
use crate::obs::bytes::ByteSet;
use http::{HeaderMap, header::CONTENT_TYPE};

/// What separates the parts of a form. Borrowed from its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary<'h>(&'h str);

impl<'h> Boundary<'h> {
    /// Reads the boundary of a request's form (rulings, 18).
    ///
    /// # Errors
    /// There is no content type, more than one, one that is not a form's, or one that could be read in two ways.
    pub fn from_headers(headers: &'h HeaderMap) -> Result<Self, FormError> {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let value = values.next().ok_or(FormError::NotMultipart)?;
        if values.next().is_some() {
            return Err(FormError::ContentTypeRepeated);
        }
        Self::from_content_type(value.as_bytes())
    }

    /// Reads the boundary from the value of `Content-Type` (rulings, 18).
    ///
    /// What follows `file` is not looked at, so a store that reads another boundary than the gate could find a whole
    /// form of its own there. Hence no quotes, which some keep; nothing after the boundary, which some take for a
    /// part of it; no characters that end a token; no parameter twice.
    ///
    /// # Errors
    /// As [`Self::from_headers`].
    pub fn from_content_type(value: &'h [u8]) -> Result<Self, FormError> {
        let value = std::str::from_utf8(value).map_err(|_| FormError::Boundary)?;
        let mut parameters = value.split(';');
        let media_type = parameters.next().unwrap_or_default();
        if !media_type
            .trim_matches(BLANK)
            .eq_ignore_ascii_case("multipart/form-data")
        {
            return Err(FormError::NotMultipart);
        }
        let mut charset = false;
        for parameter in parameters.by_ref() {
            let (name, value) = parameter
                .trim_start_matches(BLANK)
                .split_once('=')
                .ok_or(FormError::Boundary)?;
            if name.eq_ignore_ascii_case("charset") && !charset && is_like_ascii(value) {
                charset = true;
            } else if name.eq_ignore_ascii_case("boundary") && is_plain(value) {
                return match parameters.next() {
                    None => Ok(Self(value)),
                    Some(_) => Err(FormError::Boundary),
                };
            } else {
                return Err(FormError::Boundary);
            }
        }
        Err(FormError::Boundary)
    }

    /// The boundary, without the dashes before it.
    pub const fn as_str(self) -> &'h str {
        self.0
    }
}

/// Whether somebody might read a content type as that of a form, however it is written.
pub(crate) fn may_be_form(content_type: &[u8]) -> bool {
    const WORD: &[u8] = b"form-data";
    content_type
        .windows(WORD.len())
        .any(|window| window.eq_ignore_ascii_case(WORD))
}

/// Whether a charset leaves ASCII what it is. Blanks around it and quotes are not part of any of these names.
pub(super) fn is_like_ascii(charset: &str) -> bool {
    ["utf-8", "us-ascii", "iso-8859-1"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(charset))
}

/// Whether a boundary reads the same quoted and bare: of the characters RFC 2046 (5.1.1) allows it, those a token may
/// have (RFC 2045, 5.1); 70 at most.
fn is_plain(value: &str) -> bool {
    (1..=70).contains(&value.len()) && PLAIN.has_all(value.as_bytes())
}

static PLAIN: ByteSet = ByteSet::ALPHANUMERIC.and(b"'+_-.");

const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_boundary_is_read_where_it_can_be_read_in_one_way_only() {
        let plain = "b".repeat(70);
        let longest = format!("multipart/form-data; boundary={plain}");
        for (value, boundary) in [
            ("multipart/form-data; boundary=9431149156168", "9431149156168"),
            (
                "multipart/form-data;boundary=----WebKitFormBoundaryx",
                "----WebKitFormBoundaryx",
            ),
            ("Multipart/Form-Data ;\tBOUNDARY=a'+_-.Z", "a'+_-.Z"),
            ("multipart/form-data; charset=UTF-8; boundary=a", "a"),
            (longest.as_str(), &plain),
        ] {
            assert_eq!(
                Boundary::from_content_type(value.as_bytes()).map(Boundary::as_str),
                Ok(boundary),
                "{value}"
            );
        }
    }

    #[test]
    fn a_boundary_in_doubt_is_refused() {
        let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
        for value in [
            "multipart/form-data",
            "multipart/form-data;",
            "multipart/form-data; boundary",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a\"",
            "multipart/form-data; boundary=\"a\\b\"",
            "multipart/form-data; boundary='a b'",
            "multipart/form-data; boundary=a ",
            "multipart/form-data; boundary= a",
            "multipart/form-data; boundary =a",
            "multipart/form-data; boundary=a;",
            "multipart/form-data; boundary=a; boundary=a",
            "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; boundary=a; boundary*=b",
            "multipart/form-data; boundary=a; charset=utf-8",
            "multipart/form-data; boundary=a, multipart/form-data; boundary=b",
            "multipart/form-data; boundary=a,b",
            "multipart/form-data; boundary=a/b",
            "multipart/form-data; boundary=a=b",
            "multipart/form-data; boundary*=utf-8''a",
            "multipart/form-data; boundary*0=a",
            "multipart/form-data; charset=utf-16; boundary=a",
            "multipart/form-data; charset=utf-7; boundary=a",
            "multipart/form-data; charset=utf-8; charset=utf-8; boundary=a",
            "multipart/form-data;; boundary=a",
            "multipart/form-data; type=x; boundary=a",
            "multipart/form-data; boundary=caf\u{e9}",
            long.as_str(),
        ] {
            assert_eq!(
                Boundary::from_content_type(value.as_bytes()),
                Err(FormError::Boundary),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_not_a_form_is_said_to_be_none() {
        for value in [
            "",
            "text/plain",
            "multipart/mixed; boundary=a",
            "text/plain, multipart/form-data; boundary=a",
            "multipart/form-data, text/plain; boundary=a",
            "xmultipart/form-data; boundary=a",
        ] {
            let refused = Boundary::from_content_type(value.as_bytes());
            assert_eq!(refused, Err(FormError::NotMultipart), "{value}");
        }
    }

    #[test]
    fn what_only_resembles_a_form_may_be_one() {
        assert!(may_be_form(b"text/plain, MULTIPART/FORM-DATA"));
        assert!(!may_be_form(b"application/xml"));
    }

    #[test]
    fn a_repeated_or_missing_content_type_is_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(Boundary::from_headers(&headers), Err(FormError::NotMultipart));
        let value = HeaderValue::from_static("multipart/form-data; boundary=a");
        headers.append(CONTENT_TYPE, value.clone());
        assert_eq!(Boundary::from_headers(&headers).map(Boundary::as_str), Ok("a"));
        headers.append(CONTENT_TYPE, value);
        assert_eq!(
            Boundary::from_headers(&headers),
            Err(FormError::ContentTypeRepeated)
        );
    }
}

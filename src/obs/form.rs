//! What the head of a form upload says of its body: a media type and a boundary that leave no doubt (rulings, 18).

/// Whether somebody might read a content type as that of a form, however it is written.
pub(crate) fn may_be_form(content_type: &[u8]) -> bool {
    const WORD: &[u8] = b"form-data";
    content_type
        .windows(WORD.len())
        .any(|window| window.eq_ignore_ascii_case(WORD))
}

/// The boundary of a form's content type, if there is no doubt that it is one, and which.
pub(crate) fn boundary(content_type: &[u8]) -> Option<&str> {
    let mut parameters = std::str::from_utf8(content_type)
        .ok()?
        .split(';')
        .map(|one| one.trim_matches(BLANK));
    if !parameters.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut found = None;
    for parameter in parameters {
        let (name, value) = parameter.split_once('=')?;
        if !name.bytes().all(is_token) || name.is_empty() {
            return None;
        }
        if name.eq_ignore_ascii_case("boundary") {
            let plain = found.is_none().then(|| unquoted(value)).flatten()?;
            found = Some(plain);
        } else if name.to_ascii_lowercase().starts_with("boundary") || value.contains(['"', '\\']) {
            return None;
        }
    }
    found
}

/// A boundary's characters are a token's and a few more (RFC 2046, 5.1.1); none needs an escape, and a `;` or a
/// blank in it would be read differently here and there.
fn unquoted(value: &str) -> Option<&str> {
    let plain = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte);
    (1..=70)
        .contains(&plain.len())
        .then_some(plain)
        .filter(|plain| plain.bytes().all(allowed))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_read_where_there_is_no_doubt() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data;BOUNDARY=\"-a:b\"", Some("-a:b")),
            ("multipart/form-data; charset=utf-8; boundary=abc", Some("abc")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=a; boundary=a", None),
            ("multipart/form-data; boundary=a; boundary*=b", None),
            ("multipart/form-data; boundary*0=a", None),
            ("multipart/form-data; boundary=\"a\\b\"", None),
            ("multipart/form-data; boundary=\"a", None),
            ("multipart/form-data; boundary =a", None),
            ("multipart/form-data, text/plain; boundary=a", None),
            ("text/plain; boundary=a", None),
        ] {
            assert_eq!(boundary(content_type.as_bytes()), expected, "{content_type}");
        }
    }

    #[test]
    fn what_only_resembles_a_form_may_be_one() {
        assert!(may_be_form(b"text/plain, MULTIPART/FORM-DATA"));
        assert!(!may_be_form(b"application/xml"));
    }
}

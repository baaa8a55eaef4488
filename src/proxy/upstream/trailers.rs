//! The trailers of an answer (RFC 9112 §7.1.2), for clients of every version.

use super::{
    field::{Field, named, split},
    lines::{Block, Lines, MAX_FIELDS},
};
use http::{
    HeaderMap, HeaderName,
    header::{
        AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HOST, MAX_FORWARDS,
        SET_COOKIE,
    },
};

/// The fields of a block of trailers that were announced, without those that no trailer may be (RFC 9110 §6.5.1). What
/// tells of encryption is one of them: an answer is decided on its head (rulings, 17 and 33).
pub(super) fn parse_trailers(
    block: &Block,
    lines: &Lines,
    announced: &[HeaderName],
) -> Result<HeaderMap, &'static str> {
    let mut trailers = HeaderMap::new();
    if lines.len() > MAX_FIELDS {
        return Err("more trailers than 256");
    }
    for line in lines.of(block) {
        let (name, value) = split(line)?;
        let (name, value) = (named(name)?, block.value(value)?);
        if announced.contains(&name) && Field::of(&name) == Field::EndToEnd && !NEVER.contains(&name) {
            trailers.append(name, value);
        }
    }
    Ok(trailers)
}

/// End-to-end fields that have to be known before a body (RFC 9110 §6.5.1).
const NEVER: [HeaderName; 8] = [
    AUTHORIZATION,
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_RANGE,
    CONTENT_TYPE,
    HOST,
    MAX_FORWARDS,
    SET_COOKIE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_never_speak_of_what_has_to_be_known_before() {
        let announced = NEVER.iter().map(HeaderName::as_str).chain([
            "connection",
            "content-length",
            "te",
            "trailer",
            "transfer-encoding",
            "x-obs-server-side-encryption",
            "x-amz-server-side-encryption-customer-algorithm",
            "x_amz_server_side_encryption",
            "x-goog-server-side-encryption",
            "x-sum",
        ]);
        let announced: Vec<_> = announced.map(HeaderName::from_static).collect();
        let names = announced.iter().map(HeaderName::as_str);
        let all: String = names
            .chain(["x-other"])
            .map(|name| format!("{name}: 1\r\n"))
            .chain(["\r\n".into()])
            .collect();
        let mut lines = Lines::default();
        let block = lines.take(&mut all.as_bytes().into()).unwrap().unwrap();
        let trailers = parse_trailers(&block, &lines, &announced).unwrap();
        assert_eq!(
            trailers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["x-sum"]
        );
    }
}

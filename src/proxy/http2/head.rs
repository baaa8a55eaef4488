//! A head of HTTP/2 in the form that HTTP/1.1 has for it: one form to classify, and the same to send (RFC 9113 §8.3.1).

use http::{
    HeaderName, HeaderValue, Method, Uri,
    header::{CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING},
    request::Parts,
    uri::{self, Scheme},
};

/// Puts `:authority` into `Host` and the end of the body into a length or chunks. What the frames say already is not
/// said again: `Expect` is dropped (rulings, 27).
///
/// An authority that is not the one in `Host`, or a scheme that is not the connection's, stays in the target, where
/// classification refuses it.
pub(super) fn translate(head: &mut Parts, has_body: bool) {
    if let Some(authority) = head.uri.authority()
        && !head.headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        // The bytes of the authority: a signature covers them.
        head.headers.insert(HOST, host);
    }
    if names_one_place(head) {
        let target = uri::Parts::from(std::mem::take(&mut head.uri));
        head.uri = target.path_and_query.map(Uri::from).unwrap_or_default();
    }
    head.headers.remove(EXPECT);
    if !head.headers.contains_key(CONTENT_LENGTH) {
        if has_body {
            head.headers
                .insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        } else if matches!(head.method, Method::PUT | Method::POST) {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
    }
}

/// What it takes to hold a head, in bytes: as long as it is, and [what a field costs](FIELD).
pub(super) fn size(head: &Parts) -> usize {
    let target = head
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let field = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + FIELD;
    head.headers.iter().map(field).fold(target, usize::saturating_add)
}

/// Whether the target has an authority, over this transport, and `Host` names no other. Neither has a case (RFC 3986
/// §3.1 and §3.2.2), and the `http` crate's schemes have one where they are no constant of its own.
fn names_one_place(head: &Parts) -> bool {
    let (Some(scheme), Some(authority)) = (head.uri.scheme_str(), head.uri.authority()) else {
        return false;
    };
    let mut hosts = head.headers.get_all(HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host
            .as_bytes()
            .eq_ignore_ascii_case(authority.as_str().as_bytes()),
        _ => false,
    };
    named && head.uri.path_and_query().is_some() && scheme.eq_ignore_ascii_case(Scheme::HTTPS.as_str())
}

/// As RFC 9113 §6.5.2 has it.
const FIELD: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        classify::{Arrival, classify},
        obs::{
            malformed::Malformed,
            resource::{CustomDomains, Endpoints},
            scheme,
        },
    };
    use http::{Request, Version};

    type Field = (&'static str, &'static str);

    fn head(method: &Method, target: &str, headers: &[Field]) -> Parts {
        let request = Request::builder()
            .method(method.clone())
            .uri(target)
            .version(Version::HTTP_2);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn translated(method: &Method, target: &str, headers: &[Field], body: bool) -> Parts {
        let mut head = head(method, target, headers);
        translate(&mut head, body);
        head
    }

    fn verdict(head: &Parts) -> Option<Malformed> {
        let endpoints = Endpoints {
            domains: vec!["h".into()],
            custom_domains: CustomDomains::default(),
        };
        let arrival = Arrival {
            scheme: scheme::Scheme::Https,
            peer: ([127, 0, 0, 1], 1).into(),
        };
        classify(head, arrival, &endpoints).err()
    }

    #[test]
    fn the_authority_becomes_host_byte_for_byte_and_the_target_keeps_its_bytes() {
        for (target, path) in [
            ("https://h/b/k?x=%2f&y", "/b/k?x=%2f&y"),
            ("https://H:443/b/a//../k", "/b/a//../k"),
            ("https://b.h/?", "/?"),
        ] {
            let head = translated(&Method::GET, target, &[], false);
            assert_eq!(head.uri, path);
            assert_eq!(head.headers[HOST], target.split('/').nth(2).unwrap());
            assert_eq!(head.headers.len(), 1);
            assert_eq!(verdict(&head), None, "{target}");
        }
        let both = translated(&Method::GET, "https://H/b/k", &[("host", "h")], false);
        assert_eq!(
            (both.uri.to_string(), &both.headers[HOST]),
            ("/b/k".into(), &HeaderValue::from_static("h"))
        );
        assert_eq!(verdict(&both), None);
        let alone = translated(&Method::GET, "/b/k", &[("host", "h")], false);
        assert_eq!(verdict(&alone), None);
    }

    #[test]
    fn a_scheme_has_no_case() {
        for scheme in ["https", "HTTPS", "Https", "httpS"] {
            for hosts in [&[][..], &[("host", "H")]] {
                let mut head = head(&Method::GET, "/b/k?x", hosts);
                // In parts, as `h2` makes it: a whole one is parsed without the case.
                let target = Uri::builder().scheme(scheme).authority("h");
                head.uri = target.path_and_query("/b/k?x").build().unwrap();
                translate(&mut head, false);
                assert_eq!(head.uri, "/b/k?x", "{scheme}");
                assert_eq!(head.headers.get_all(HOST).iter().count(), 1, "{scheme}");
                assert_eq!(verdict(&head), None, "{scheme}");
            }
        }
    }

    #[test]
    fn what_does_not_agree_is_left_for_classification_to_refuse() {
        let cases: [(&str, &[Field], Malformed); 11] = [
            ("HTTP://h/b", &[], Malformed::Authority),
            ("HTTPS://h/b", &[("host", "other")], Malformed::Authority),
            ("https://h/b", &[("host", "other")], Malformed::Authority),
            ("https://h/b", &[("host", "h:443")], Malformed::Authority),
            ("https://h/b", &[("host", "h"), ("host", "h")], Malformed::Host),
            ("https://h/b", &[("host", "")], Malformed::Authority),
            ("http://h/b", &[], Malformed::Authority),
            ("http://h/b", &[("host", "h")], Malformed::Authority),
            ("https://u@h/b", &[], Malformed::Host),
            ("https://other/b", &[], Malformed::Host),
            ("/b", &[], Malformed::Host),
        ];
        for (target, headers, expected) in cases {
            let head = translated(&Method::GET, target, headers, false);
            assert_eq!(verdict(&head), Some(expected), "{target} {headers:?}");
        }
        for method in [Method::CONNECT, Method::TRACE, Method::PATCH] {
            let head = translated(&method, "https://h/b", &[], false);
            assert_eq!(verdict(&head), Some(Malformed::Method));
        }
    }

    #[test]
    fn a_body_without_a_length_is_in_chunks_and_none_at_all_is_a_length_of_0() {
        let framing = |method: &Method, headers: &[Field], body| {
            let head = translated(method, "https://h/b/k", headers, body);
            let value = |name| {
                head.headers
                    .get(name)
                    .map(|value| value.to_str().unwrap().to_owned())
            };
            (value(CONTENT_LENGTH), value(TRANSFER_ENCODING))
        };
        let text = |text: &str| Some(text.to_owned());
        for method in [Method::PUT, Method::POST] {
            assert_eq!(framing(&method, &[], true), (None, text("chunked")));
            assert_eq!(framing(&method, &[], false), (text("0"), None));
            assert_eq!(
                framing(&method, &[("content-length", "3")], true),
                (text("3"), None)
            );
        }
        for method in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS] {
            assert_eq!(framing(&method, &[], false), (None, None));
            let bodied = translated(&method, "https://h/b/k", &[], true);
            assert_eq!(verdict(&bodied), Some(Malformed::Body), "{method}");
        }
    }

    #[test]
    fn no_expectation_is_passed_on() {
        let head = translated(&Method::PUT, "https://h/b/k", &[("expect", "100-continue")], true);
        assert!(!head.headers.contains_key(EXPECT));
    }
}

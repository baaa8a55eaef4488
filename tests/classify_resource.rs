//! Rulings B: which bucket and key a head names, and what is refused because others could read it elsewhere.

#![expect(clippy::panic, reason = "a failed test panics")]

mod heads;

use heads::{classified, head, refusal};
use http::{Request, Uri, Version};
use obsgate::obs::malformed::Malformed;

fn found(line: &str, host: &str) -> (Option<String>, Option<String>) {
    let parts = head(line, &[("Host", host)]);
    let resource = classified(&parts)
        .unwrap_or_else(|why| panic!("{line} {host}: {}", why.id()))
        .resource;
    (resource.bucket.map(Into::into), resource.key.map(Into::into))
}

#[test]
fn bucket_and_key_are_found_in_every_style_of_host() {
    for (line, host, bucket, key) in [
        ("GET /k", "b.obs.example.com", Some("b"), Some("k")),
        ("GET /k/x", "a.b.OBS.Example.com:8080", Some("a.b"), Some("k/x")),
        ("GET /b/k", "obs.example.com", Some("b"), Some("k")),
        ("GET /b/k", "127.0.0.1:8080", Some("b"), Some("k")),
        ("GET /b/k", "[::1]:8443", Some("b"), Some("k")),
        (
            "GET /k",
            "files.example.org",
            Some("files.example.org"),
            Some("k"),
        ),
        ("GET /b/", "obs.example.com", Some("b"), None),
        ("GET /", "b.obs.example.com", Some("b"), None),
        ("GET /", "obs.example.com", None, None),
        ("GET //k", "b.obs.example.com", Some("b"), Some("/k")),
        ("GET /b/a%2Fk?x", "obs.example.com", Some("b"), Some("a%2Fk")),
    ] {
        let expected = (bucket.map(Into::into), key.map(Into::into));
        assert_eq!(found(line, host), expected, "{line} {host}");
    }
}

#[test]
fn a_host_that_is_not_the_gates_is_refused() {
    for host in [
        "",
        "localhost",
        "other.example.org",
        "obs.example.com.",
        "b..obs.example.com",
        "obs.example.com:99999",
        "u@obs.example.com",
        "Bucket.obs.example.com",
    ] {
        assert_eq!(
            refusal("GET /b/k", &[("Host", host)]),
            Some(Malformed::Host),
            "{host}"
        );
    }
}

#[test]
fn a_host_is_given_once() {
    assert_eq!(
        refusal(
            "GET /b/k",
            &[("Host", "obs.example.com"), ("Host", "obs.example.com")]
        ),
        Some(Malformed::Host)
    );
    let (parts, ()) = Request::builder().uri("/b/k").body(()).unwrap().into_parts();
    assert_eq!(classified(&parts).unwrap_err(), Malformed::Host);
}

#[test]
fn an_absolute_target_agrees_with_host_and_connection() {
    let host = ("Host", "B1.obs.example.com");
    assert_eq!(
        refusal(
            "GET http://b1.obs.example.com/k",
            &[("Host", "b1.OBS.example.com")]
        ),
        None
    );
    assert_eq!(
        refusal(
            "GET http://b2.obs.example.com/k",
            &[("Host", "b1.obs.example.com")]
        ),
        Some(Malformed::Authority)
    );
    assert_eq!(
        refusal(
            "GET https://b1.obs.example.com/k",
            &[("Host", "b1.obs.example.com")]
        ),
        Some(Malformed::Authority)
    );
    assert_eq!(
        refusal(
            "GET http://u@b1.obs.example.com/k",
            &[("Host", "b1.obs.example.com")]
        ),
        Some(Malformed::Authority)
    );
    assert_eq!(
        refusal(
            "GET http://b1.obs.example.com:80/k",
            &[("Host", "b1.obs.example.com")]
        ),
        Some(Malformed::Authority)
    );
    assert_eq!(
        refusal("GET http://b1.obs.example.com/k", &[host]),
        Some(Malformed::Host)
    );
}

#[test]
fn a_target_begins_with_a_slash() {
    for line in ["GET *", "GET obs.example.com", "PUT *"] {
        assert_eq!(refusal(line, &[]), Some(Malformed::Target), "{line}");
    }
    assert_eq!(refusal("OPTIONS *", &[]), None);
}

#[test]
fn an_authority_without_host_is_refused_in_every_version() {
    for target in ["http://b.obs.example.com/k", "HTTP://b.obs.example.com/k"] {
        let (mut parts, ()) = Request::builder().uri(target).body(()).unwrap().into_parts();
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            parts.version = version;
            assert_eq!(classified(&parts).unwrap_err(), Malformed::Host, "{version:?}");
        }
    }
}

#[test]
fn the_whole_server_is_asked_on_the_connection_s_own_terms() {
    let asked = |authority: &str, scheme: &str, host: &'static str| {
        let (mut parts, ()) = Request::options("*")
            .header("Host", host)
            .body(())
            .unwrap()
            .into_parts();
        let target = Uri::builder().scheme(scheme).authority(authority);
        parts.uri = target.path_and_query("*").build().unwrap();
        classified(&parts).err()
    };
    assert_eq!(asked("obs.example.com", "HTTP", "obs.example.com"), None);
    for (authority, scheme) in [("obs.example.com", "https"), ("b.obs.example.com", "http")] {
        let refused = asked(authority, scheme, "obs.example.com");
        assert_eq!(refused, Some(Malformed::Authority), "{scheme} {authority}");
    }
}

#[test]
fn a_bucket_that_could_be_read_as_another_is_refused() {
    for path in [
        "//k", "/b%2Fc/k", "/b%00/k", "/b%0a/k", "/%62/k", "/./k", "/../b/k", "/b;x/k",
    ] {
        assert_eq!(
            refusal(&format!("GET {path}"), &[]),
            Some(Malformed::Bucket),
            "{path}"
        );
    }
}

#[test]
fn a_path_that_cleaning_would_move_is_refused() {
    for key in [
        "..",
        "%2e%2e",
        "../c/k",
        "a/../../c/k",
        ".%2E/c/k",
        "a/..",
        ".",
        "/",
        "a//../..",
        "..%2fc/k",
    ] {
        assert_eq!(
            refusal(&format!("GET /b/{key}"), &[]),
            Some(Malformed::Path),
            "{key}"
        );
        assert_eq!(
            refusal(&format!("GET /{key}"), &[("Host", "b.obs.example.com")]),
            Some(Malformed::Path),
            "{key}"
        );
    }
}

#[test]
fn dots_slashes_and_escapes_inside_a_key_pass() {
    for key in [
        "a/../k",
        "a/./k",
        "a//k",
        ".k",
        "..k",
        "k..",
        "a%00",
        "a%",
        "a/%2e%2e/k",
        "%2F%2Fk",
        "中",
    ] {
        assert_eq!(refusal(&format!("GET /b/{key}"), &[]), None, "{key}");
    }
}

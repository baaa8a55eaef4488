//! Rulings D, 28 and 29: how a head is signed, and headers about the connection.

#![expect(clippy::panic, clippy::string_slice, reason = "a failed test panics")]

mod heads;

use heads::{V4, V4_QUERY, classified, head, refusal};
use obsgate::obs::{
    auth::{Auth, Carrier},
    dialect::Dialect,
    malformed::Malformed,
};

fn auth(line: &str, headers: &[(&str, &str)]) -> (Auth, Option<Carrier>) {
    let parts = head(line, headers);
    let got = classified(&parts).unwrap_or_else(|why| panic!("{line} {headers:?}: {}", why.id()));
    (got.facts.auth, got.signed_in)
}

fn by_query(query: &str) -> Auth {
    auth(&format!("GET /b/k?{query}"), &[]).0
}

#[test]
fn a_signature_is_read_from_the_header() {
    for (value, expected) in [
        ("OBS AK:c2ln", Auth::ObsV2),
        ("AWS AK:c2ln", Auth::AwsV2),
        (V4, Auth::V4),
        (&V4.replace(", ", ","), Auth::V4),
        ("", Auth::Unknown),
        ("Bearer abc", Auth::Unknown),
        ("Basic abc", Auth::Unknown),
        ("aws4-hmac-sha256 Credential=x", Auth::Unknown),
        ("AWS4-HMAC-SHA256 Signature=0", Auth::Unknown),
        (&V4.replace("AWS4", "OBS4"), Auth::Unknown),
    ] {
        assert_eq!(
            auth("GET /b/k", &[("Authorization", value)]),
            (expected, Some(Carrier::Header)),
            "{value}"
        );
    }
    assert_eq!(auth("GET /b/k", &[]), (Auth::Anonymous, None));
    for token in ["X-Auth-Token", "X-Storage-Token"] {
        assert_eq!(auth("GET /b/k", &[(token, "t")]).0, Auth::Unknown);
    }
}

#[test]
fn a_signature_is_read_from_the_query() {
    for (query, expected) in [
        ("AccessKeyId=AK&Expires=1&Signature=c2ln%3D", Auth::ObsV2),
        ("AWSAccessKeyId=AK&Expires=1&Signature=c2ln", Auth::AwsV2),
        ("AccessKeyId=AK&Policy=e30&Signature=c2ln&prefix=a", Auth::ObsV2),
        ("AWSAccessKeyId=AK&Policy=e30&Signature=c2ln", Auth::AwsV2),
        ("accesskeyid=AK&EXPIRES=1&signature=c2ln", Auth::Unknown),
        ("AwsAccessKeyID=AK&signature=c2ln", Auth::Unknown),
        (V4_QUERY, Auth::V4),
        ("AccessKeyId=AK", Auth::Unknown),
        ("Signature=c2ln", Auth::Unknown),
        ("AccessKeyId=&Signature=c2ln", Auth::Unknown),
        ("AccessKeyId=AK&Signature=", Auth::Unknown),
        ("AccessKeyId=AK&AWSAccessKeyId=AK&Signature=c2ln", Auth::Unknown),
        ("AccessKeyId=AK&Signature=c2ln&Signature=c2ln", Auth::Unknown),
        ("Access_Key_Id=AK", Auth::Anonymous),
    ] {
        assert_eq!(by_query(query), expected, "{query}");
    }
}

#[test]
fn version_4_in_the_query_needs_all_six_each_once_and_parseable() {
    let parts: Vec<&str> = V4_QUERY.split('&').collect();
    for (n, one) in parts.iter().enumerate() {
        let without: Vec<&str> = parts
            .iter()
            .enumerate()
            .filter(|(m, _)| *m != n)
            .map(|(_, one)| *one)
            .collect();
        assert_eq!(by_query(&without.join("&")), Auth::Unknown, "without {one}");
        assert_eq!(
            by_query(&format!("{V4_QUERY}&{one}")),
            Auth::Unknown,
            "{one} twice"
        );
        let name = one.split('=').next().unwrap();
        let empty = V4_QUERY.replace(one, &format!("{name}="));
        assert_eq!(by_query(&empty), Auth::Unknown, "{one} empty");
        let disguised = V4_QUERY.replace(name, &name.replacen('-', "_", 1));
        assert_eq!(by_query(&disguised), Auth::Unknown, "{disguised}");
    }
}

#[test]
fn a_query_name_of_a_signature_in_another_case_is_a_trace_and_never_version_4() {
    for one in V4_QUERY.split('&') {
        let name = one.split('=').next().unwrap();
        let escaped = format!("%{:02X}{}", name.as_bytes()[0], &name[1..]);
        for other in [name.to_lowercase(), name.to_uppercase(), escaped] {
            let query = V4_QUERY.replace(name, &other);
            assert_eq!(by_query(&query), Auth::Unknown, "{other}");
            assert_eq!(
                refusal(&format!("GET /b/k?{query}"), &[("Authorization", V4)]),
                Some(Malformed::Signatures),
                "{other}"
            );
        }
    }
    let lower = V4_QUERY
        .split('&')
        .map(|one| one.split_once('=').unwrap())
        .map(|(name, value)| format!("{}={value}", name.to_lowercase()))
        .collect::<Vec<_>>()
        .join("&");
    assert_eq!(by_query(&lower), Auth::Unknown);
}

#[test]
fn a_key_of_version_2_in_the_query_is_a_signature_beside_another() {
    for query in [
        "AWSAccessKeyId=AK",
        "awsaccesskeyid=AK",
        "AWSAccess%4beyId=AK",
        "AccessKeyId=AK",
        "accesskeyid=AK",
        "signature=c2ln",
        "Sign%61ture=c2ln",
    ] {
        for (line, headers) in [
            (format!("GET /b/k?{query}"), &[("Authorization", V4)][..]),
            (format!("GET /b/k?{V4_QUERY}&{query}"), &[]),
        ] {
            assert_eq!(refusal(&line, headers), Some(Malformed::Signatures), "{line}");
        }
    }
}

#[test]
fn a_header_beside_a_part_of_a_signature_in_the_query_is_not_version_4() {
    let with = |query: &str| auth(&format!("GET /b/k?{query}"), &[("Authorization", V4)]);
    assert_eq!(with("versionId=1"), (Auth::V4, Some(Carrier::Header)));
    for query in [
        "X-Amz-Date",
        "X-Amz-Date=20240101T000000Z",
        "x-amz-expires=1",
        "X-Amz-SignedHeaders=host",
        "X-Amz-Signed%48eaders=host",
    ] {
        assert_eq!(with(query), (Auth::Unknown, Some(Carrier::Header)), "{query}");
    }
}

#[test]
fn one_request_has_one_signature() {
    let v2 = "AccessKeyId=AK&Signature=c2ln";
    for (line, headers) in [
        (format!("GET /b/k?{v2}"), &[("Authorization", V4)][..]),
        (format!("GET /b/k?{v2}"), &[("Authorization", "")]),
        (
            format!("GET /b/k?{V4_QUERY}"),
            &[("Authorization", "OBS AK:c2ln")],
        ),
        (
            "GET /b/k?X-Amz-Algorithm=x".into(),
            &[("Authorization", "OBS AK:c2ln")],
        ),
        (
            "GET /b/k?x-amz-credential=x".into(),
            &[("Authorization", "OBS AK:c2ln")],
        ),
        (format!("GET /b/k?{v2}&{V4_QUERY}"), &[]),
        (format!("GET /b/k?signature=x&{V4_QUERY}"), &[]),
        ("GET /b/k".into(), &[("Authorization", V4), ("Authorization", V4)]),
        ("GET /b/k".into(), &[("Authorization", V4), ("X-Auth-Token", "t")]),
        (format!("GET /b/k?{V4_QUERY}"), &[("X-Auth-Token", "t")]),
        (
            "GET /b/k".into(),
            &[("Authorization", V4), ("X-Storage-Token", "t")],
        ),
        (format!("GET /b/k?{V4_QUERY}"), &[("X-Storage-Token", "t")]),
        (format!("GET /b/k?Sign%61ture=x&{V4_QUERY}"), &[]),
    ] {
        assert_eq!(
            refusal(&line, headers),
            Some(Malformed::Signatures),
            "{line} {headers:?}"
        );
    }
    assert!(
        Malformed::Signatures
            .message()
            .starts_with("Only one auth mechanism allowed")
    );
}

#[test]
fn the_reply_speaks_the_callers_dialect() {
    for (line, headers, dialect) in [
        ("GET /b/k", &[][..], Dialect::Obs),
        ("GET /b/k", &[("Authorization", "OBS AK:c2ln")], Dialect::Obs),
        ("GET /b/k", &[("Authorization", "AWS AK:c2ln")], Dialect::Amz),
        ("GET /b/k", &[("Authorization", V4)], Dialect::Amz),
        ("GET /b/k?AWSAccessKeyId=AK&Signature=c2ln", &[], Dialect::Amz),
        ("GET /b/k?AccessKeyId=AK&Signature=c2ln", &[], Dialect::Obs),
        ("GET /b/k", &[("x-obs-date", "x")], Dialect::Obs),
        ("GET /b/k", &[("x-amz-date", "x")], Dialect::Amz),
        ("GET /b/k?X-Amz-Date=x", &[], Dialect::Amz),
    ] {
        let parts = head(line, headers);
        assert_eq!(classified(&parts).unwrap().dialect, dialect, "{line} {headers:?}");
        assert_eq!(Dialect::of(&parts), dialect, "{line} {headers:?}");
    }
}

#[test]
fn connection_names_only_headers_about_the_connection() {
    for value in [
        "close",
        "keep-alive, Upgrade, HTTP2-Settings",
        "TE",
        "trailer,",
        "Proxy-Connection",
    ] {
        assert_eq!(refusal("GET /b/k", &[("Connection", value)]), None, "{value}");
    }
    for value in [
        "content-length",
        "close, x-obs-server-side-encryption",
        "authorization",
        "keep-alive; x",
    ] {
        assert_eq!(
            refusal("GET /b/k", &[("Connection", value)]),
            Some(Malformed::Connection),
            "{value}"
        );
    }
    let twice = [("Connection", "close"), ("Connection", "host")];
    assert_eq!(refusal("GET /b/k", &twice), Some(Malformed::Connection));
}

#[test]
fn an_offer_of_h2c_is_no_reason_to_refuse_but_its_preface_is() {
    let java = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABk"),
    ];
    assert_eq!(refusal("GET /b/k", &java), None);
    assert_eq!(refusal("PRI *", &[]), Some(Malformed::Method));
}

#[test]
fn no_expectation_but_100_continue_is_met() {
    assert_eq!(refusal("PUT /b/k", &[("Expect", "100-Continue")]), None);
    assert_eq!(
        refusal("PUT /b/k", &[("Expect", "200-ok")]),
        Some(Malformed::Expect)
    );
    assert_eq!(Malformed::Expect.status(), 417);
}

#[test]
fn a_header_that_does_not_reach_the_store_must_not_be_signed() {
    let signed = |name: &str| V4.replace("SignedHeaders=host", &format!("SignedHeaders={name};host"));
    for name in [
        "forwarded",
        "x-forwarded-proto",
        "x-forwarded-ssl",
        "x-forwarded-scheme",
        "x-forwarded-protocol",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-url-scheme",
        "x-original-url",
        "x-rewrite-url",
        "cloudfront-forwarded-proto",
        "front-end-https",
        "X-Forwarded-Proto",
    ] {
        let value = signed(name);
        let got = refusal("GET /b/k", &[("Authorization", &value), (name, "https")]);
        assert_eq!(got, Some(Malformed::SignedForwarded), "{name}");
        assert_eq!(
            refusal("GET /b/k", &[("Authorization", V4), (name, "https")]),
            None,
            "{name} unsigned"
        );
        assert_eq!(
            refusal("GET /b/k", &[("Authorization", &value)]),
            None,
            "{name} not there"
        );
        let query = V4_QUERY.replace("SignedHeaders=host", &format!("SignedHeaders=host%3B{name}"));
        let got = refusal(&format!("GET /b/k?{query}"), &[(name, "https")]);
        assert_eq!(got, Some(Malformed::SignedForwarded), "{name} in the query");
    }
}

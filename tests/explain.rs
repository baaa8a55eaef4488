//! `obsgate explain`, through the library: what it says of a request, and what it never shows.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod heads;

use heads::{KEY, KEY_MD5, V4, corpus, strict};
use obsgate::{
    cli::explain::{Asked, Explanation, Usage, Verdict},
    obs::scheme::Scheme,
};

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn explained(asked: &Asked) -> Explanation {
    asked.explain(&strict(), &asked.endpoints())
}

fn explain(method: &str, url: &str, headers: &[&str]) -> Explanation {
    explained(&Asked::from_url(method, url, &owned(headers), &[]).unwrap())
}

fn changes(explanation: &Explanation) -> Vec<&'static str> {
    explanation.changes.iter().map(|one| one.change).collect()
}

#[test]
fn a_refusal_names_the_rule_and_what_would_change_it() {
    let kms = "x-obs-server-side-encryption: kms";
    let got = explain(
        "PUT",
        "http://b.obs.example.com/k",
        &[kms, "Authorization: OBS AK:c2ln"],
    );
    assert_eq!(got.verdict, Verdict::Refused);
    assert_eq!(got.rule.as_ref().unwrap().name, "PutObject.sse-kms");
    assert_eq!(got.rule.as_ref().unwrap().citations, ["test, test, row 1"]);
    assert_eq!(changes(&got), ["over https and signed with V4"]);
    let v4 = format!("Authorization: {V4}");
    assert_eq!(
        changes(&explain("PUT", "http://b.obs.example.com/k", &[kms, &v4])),
        ["over https"]
    );
    assert_eq!(
        changes(&explain("PUT", "https://b.obs.example.com/k", &[kms])),
        ["signed with V4"]
    );
    let allowed = explain("PUT", "https://b.obs.example.com/k", &[kms, &v4]);
    assert_eq!((allowed.verdict, changes(&allowed)), (Verdict::Allowed, vec![]));
}

#[test]
fn what_was_read_is_said_with_its_evidence() {
    let got = explain(
        "PUT",
        "http://obs.example.com/b/a%20k?partNumber=1&uploadId=U&x-amz-server-side-encryption=aws%3Akms",
        &["x-obs-copy-source: /b/k"],
    );
    let read = got.request.unwrap();
    assert_eq!((read.operation, read.also), ("UploadPartCopy", Some("PutObject")));
    assert_eq!(
        (read.bucket.as_deref(), read.key.as_deref()),
        (Some("b"), Some("a%20k"))
    );
    assert_eq!(
        (read.dialect, read.scheme, read.signature, read.signed_in),
        ("amz", "http", "anonymous", None)
    );
    assert_eq!(read.source.unwrap(), ["none", "sse-kms", "sse-obs"]);
    let seen = &read.evidence[0];
    assert_eq!(
        (seen.name.as_str(), seen.value.as_str(), seen.place),
        ("x-amz-server-side-encryption", "aws:kms", "query")
    );
    assert!(seen.counted.contains("PutObject as well"), "{}", seen.counted);
}

#[test]
fn an_ignored_header_is_named_with_the_reason() {
    let got = explain(
        "GET",
        "https://b.obs.example.com/k",
        &["x-obs-server-side-encryption: kms"],
    );
    let read = got.request.unwrap();
    assert!(
        read.evidence[0].counted.starts_with("ignored"),
        "{}",
        read.evidence[0].counted
    );
}

#[test]
fn what_the_request_does_not_say_is_undecided_with_every_case() {
    let got = explain("GET", "http://b.obs.example.com/k", &[]);
    assert_eq!(got.verdict, Verdict::Undecided);
    assert!(got.depends_on.unwrap().contains("answer"));
    let cases: Vec<_> = got
        .cases
        .iter()
        .map(|case| (case.encryption, case.verdict))
        .collect();
    let expected = [
        ("none", Verdict::Allowed),
        ("sse-kms", Verdict::Refused),
        ("sse-obs", Verdict::Allowed),
    ];
    assert_eq!(cases, expected);
    let part = explain("PUT", "http://b.obs.example.com/k?partNumber=1&uploadId=U", &[]);
    assert_eq!(part.verdict, Verdict::Undecided);
    assert!(part.depends_on.unwrap().contains("upload"));
}

#[test]
fn what_was_assumed_is_said() {
    let got = explain("PUT", "http://b.obs.example.com/k", &[]);
    assert_eq!(got.verdict, Verdict::Allowed);
    assert!(got.depends_on.unwrap().contains("taken to be none"));
}

#[test]
fn an_ambiguous_request_is_refused_with_its_reason() {
    let got = explain("PUT", "http://b.obs.example.com/k?ACL", &[]);
    assert_eq!(got.verdict, Verdict::Refused);
    assert_eq!(got.refusal.unwrap().id, "malformed.subresource");
}

#[test]
fn a_defect_counts_once_the_rules_allow() {
    let algorithm = "x-obs-server-side-encryption-customer-algorithm: AES128";
    let got = explain("PUT", "https://b.obs.example.com/k", &[algorithm]);
    assert_eq!(
        (got.verdict, got.refusal.unwrap().id),
        (Verdict::Refused, "defect.algorithm")
    );
    let over_http = explain("PUT", "http://b.obs.example.com/k", &[algorithm]);
    assert!(over_http.refusal.is_none() && over_http.rule.is_some());
}

#[test]
fn a_form_is_never_decided_by_its_head() {
    let fields = owned(&["key=k", "file=@x"]);
    let asked = Asked::from_url("POST", "https://b.obs.example.com/", &[], &fields).unwrap();
    let got = explained(&asked);
    assert_eq!(
        (got.verdict, got.request.unwrap().operation),
        (Verdict::Undecided, "PostObject")
    );
}

#[test]
fn keys_and_signatures_are_never_shown() {
    for (name, head) in corpus() {
        let mut text = format!("{} {} HTTP/1.1\n", head.method, head.uri);
        for (name, value) in &head.headers {
            text.extend([name.as_str(), ": ", value.to_str().unwrap(), "\n"]);
        }
        for scheme in Scheme::ALL {
            let got = explained(&Asked::from_head(text.as_bytes(), scheme).unwrap());
            for output in [got.to_string(), serde_json::to_string(&got).unwrap()] {
                for secret in [
                    KEY,
                    KEY_MD5,
                    "KhU01hk6UQCl",
                    "0123456789abcdef",
                    "O2fp0DJQxWahnPv6",
                ] {
                    assert!(!output.contains(secret), "{name}: {output}");
                }
            }
        }
    }
    let key = format!("x-obs-server-side-encryption-customer-key: {KEY}");
    let got = explain("PUT", "https://b.obs.example.com/k", &[&key]);
    assert_eq!(got.request.unwrap().evidence[0].value, "<redacted, 32 bytes>");
}

#[test]
fn headers_are_spelled_as_for_curl() {
    let head = ["x-obs-meta-a;", "Host: b2.obs.example.com", "Accept:"];
    let got = explain("GET", "https://ignored.example.com/k", &head);
    assert_eq!(got.request.unwrap().bucket.as_deref(), Some("b2"));
    let no_host = Asked::from_url("GET", "https://obs.example.com/b/k", &owned(&["Host:"]), &[]).unwrap();
    assert_eq!(explained(&no_host).refusal.unwrap().id, "malformed.host");
}

#[test]
fn the_endpoint_is_taken_from_the_label_that_names_the_service() {
    for (url, bucket) in [
        ("https://b.obs.region.example.com:8443/k", "b"),
        ("https://obs.region.example.com/b/k", "b"),
        ("https://a.b.s3.example.com/k", "a.b"),
        ("http://127.0.0.1:8080/b/k", "b"),
        ("http://[::1]:8080/b/k", "b"),
        ("https://localhost/b/k", "b"),
    ] {
        let got = explain("GET", url, &[]);
        assert_eq!(got.request.unwrap().bucket.as_deref(), Some(bucket), "{url}");
    }
}

#[test]
fn what_is_no_request_is_bad_usage_and_no_value_is_repeated() {
    let url = |method: &str, url: &str, header: &[&str], field: &[&str]| {
        Asked::from_url(method, url, &owned(header), &owned(field)).unwrap_err()
    };
    assert_eq!(url("G T", "http://a/b", &[], &[]), Usage::Method("G T".into()));
    for wrong in ["a/b", "ftp://a/b", "http:///b", "http://u:p@a/b", "http://a/b c"] {
        assert_eq!(url("GET", wrong, &[], &[]), Usage::Url, "{wrong}");
    }
    assert_eq!(
        url("GET", "http://a/b", &["a: b", "secret"], &[]),
        Usage::Header(2)
    );
    assert!(!Usage::Header(2).to_string().contains("secret"));
    assert_eq!(url("POST", "http://a/b", &[], &["x"]), Usage::Field(1));
    assert_eq!(
        Asked::from_head(b"not a head", Scheme::Http).unwrap_err(),
        Usage::Head
    );
}

//! `obsgate explain`, through the library: what it says of a request, and what it never shows.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod heads;

use heads::{KEY, KEY_MD5, V4, corpus, strict};
use obsgate::{
    cli::explain::{Asked, Explanation, Known, Usage, Verdict},
    obs::{encryption::Encryption, scheme::Scheme},
};

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn explained(asked: &Asked) -> Explanation {
    knowing(asked, Known::default())
}

fn knowing(asked: &Asked, known: Known) -> Explanation {
    asked.explain(&strict(), &asked.endpoints(), known)
}

fn posted(url: &str, headers: &[&str], fields: &[&str]) -> Explanation {
    explained(&Asked::from_url("POST", url, &owned(headers), &owned(fields)).unwrap())
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
    let form = "Content-Type: multipart/form-data; boundary=x";
    let got = explain("POST", "https://b.obs.example.com/", &[form]);
    assert_eq!(
        (got.verdict, got.request.unwrap().operation),
        (Verdict::Undecided, "PostObject")
    );
}

const FORM_OBS: [&str; 3] = ["AccessKeyId=AK", "policy=e30=", "signature=c2ln"];

const FORM_V4: [&str; 5] = [
    "policy=e30=",
    "x-amz-algorithm=AWS4-HMAC-SHA256",
    "x-amz-credential=AK/20240101/r/s3/aws4_request",
    "x-amz-date=20240101T000000Z",
    "x-amz-signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];

#[test]
fn a_forms_fields_decide_as_those_of_a_real_form_do() {
    let http = "http://b.obs.example.com/";
    let kms = "x-amz-server-side-encryption=aws:kms";
    let got = posted(http, &[], &["key=k", kms]);
    assert_eq!((got.verdict, got.told_by), (Verdict::Refused, "form"));
    assert_eq!(got.rule.unwrap().name, "PostObject.sse-kms");
    let signed = [&FORM_V4[..], &["key=k", kms]].concat();
    let got = posted("https://b.obs.example.com/", &[], &signed);
    assert_eq!(got.verdict, Verdict::Allowed);
    let read = got.request.as_ref().unwrap();
    assert_eq!((read.signature, read.signed_in), ("v4", Some("form")));
    assert_eq!(
        (read.evidence[0].value.as_str(), read.evidence[0].place),
        ("aws:kms", "form")
    );
    assert!(!got.to_string().contains("0123456789abcdef"), "{got}");
}

#[test]
fn a_forms_key_is_shown_and_its_fields_count_as_its_own() {
    let kms = "x-obs-server-side-encryption";
    let own = "evidence of the target's encryption";
    let head = format!("{kms}: kms");
    let got = posted(
        "http://b.obs.example.com/",
        &[&head],
        &[&FORM_OBS[..], &["Key=a\nk", &format!("{kms}=kms")]].concat(),
    );
    let read = got.request.unwrap();
    assert_eq!(read.key.as_deref(), Some("a\\nk"));
    let counted: Vec<_> = read.evidence.iter().map(|one| (one.place, one.counted)).collect();
    let stray = "not documented for this operation: judged as PutObject as well";
    assert_eq!(counted, [("header", stray), ("form", own)]);
    for (name, expected) in [
        ("server-side-encryption-context", own),
        ("server-side-encryption-customer-key", own),
        (
            "copy-source-server-side-encryption-customer-key",
            "not documented for this operation: counts as a customer key that came along",
        ),
    ] {
        let field = format!("x-obs-{name}=a");
        let fields = [&FORM_OBS[..], &[&field]].concat();
        let got = posted("https://b.obs.example.com/", &[], &fields);
        let read = got.request.unwrap();
        assert_eq!((read.evidence[0].counted, read.key), (expected, None), "{name}");
    }
}

#[test]
fn what_is_stated_in_the_other_dialect_is_shown_beside_the_buckets_default() {
    let beside = "evidence of the target's encryption, beside the bucket's default: not every store that takes the \
                  signature reads it there";
    let own = "evidence of the target's encryption";
    let v4 = format!("Authorization: {V4}");
    for (name, signature, counted, target) in [
        ("x-obs-server-side-encryption", v4.as_str(), beside, 3),
        ("x-amz-server-side-encryption", &v4, own, 1),
        (
            "x-obs-server-side-encryption",
            "Authorization: OBS AK:c2ln",
            own,
            1,
        ),
        (
            "x-amz-server-side-encryption",
            "Authorization: OBS AK:c2ln",
            beside,
            3,
        ),
    ] {
        let stated = format!("{name}: AES256");
        let got = explain("PUT", "http://b.obs.example.com/k", &[signature, &stated]);
        let read = got.request.as_ref().unwrap();
        assert_eq!(read.evidence[0].counted, counted, "{stated} {signature}");
        assert_eq!(read.target.len(), target, "{stated} {signature}");
        assert!(got.to_string().contains(counted), "{got}");
    }
    let field = "x-obs-server-side-encryption=AES256";
    let got = posted(
        "http://b.obs.example.com/",
        &[],
        &[&FORM_V4[..], &[field]].concat(),
    );
    let read = got.request.as_ref().unwrap();
    assert_eq!((read.evidence[0].counted, read.target.len()), (beside, 3));
}

#[test]
fn what_follows_the_file_is_not_read() {
    let kms = "x-obs-server-side-encryption=kms";
    let http = "http://b.obs.example.com/";
    assert_eq!(
        posted(http, &[], &["key=k", "file=@x", kms]).verdict,
        Verdict::Allowed
    );
    assert_eq!(
        posted(http, &[], &["key=k", kms, "file=@x"]).verdict,
        Verdict::Refused
    );
}

#[test]
fn a_form_that_is_refused_as_such_is_refused_here() {
    let url = "https://b.obs.example.com/";
    for (headers, fields, id) in [
        (&[][..], &["File=@x"][..], "form.file-spelling"),
        (&["Content-Type: text/plain"], &["key=k"], "malformed.not-a-form"),
        (&[], &["key=k", "key=l"], "malformed.field-repeated"),
        (&[], &["x=a\r\n--obsgate\r\n"], "form.disposition"),
    ] {
        let got = posted(url, headers, fields);
        assert_eq!(
            (got.verdict, got.refusal.unwrap().id),
            (Verdict::Refused, id),
            "{fields:?}"
        );
    }
    let key = format!("x-obs-server-side-encryption-customer-key={KEY}");
    let got = posted("http://b.obs.example.com/", &[], &[&key]);
    assert_eq!(got.verdict, Verdict::Refused);
    assert_eq!(
        got.request.as_ref().unwrap().evidence[0].value,
        "<redacted, 32 bytes>"
    );
    assert!(!got.to_string().contains(KEY), "{got}");
}

fn upload(encryption: Encryption) -> Known {
    Known {
        upload: Some(encryption),
        ..Known::default()
    }
}

fn bucket_default(encryption: Encryption) -> Known {
    Known {
        bucket_default: Some(encryption),
        ..Known::default()
    }
}

#[test]
fn a_part_is_decided_by_what_is_known_of_its_upload() {
    let part = "http://b.obs.example.com/k?partNumber=1&uploadId=U";
    let asked = Asked::from_url("PUT", part, &[], &[]).unwrap();
    for (encryption, verdict) in [
        (Encryption::Plain, Verdict::Allowed),
        (Encryption::SseKms, Verdict::Refused),
        (Encryption::SseC, Verdict::Refused),
        (Encryption::SseObs, Verdict::Allowed),
    ] {
        let got = knowing(&asked, upload(encryption));
        assert_eq!((got.verdict, got.told_by), (verdict, "upload"), "{encryption}");
    }
    let got = knowing(&asked, bucket_default(Encryption::SseKms));
    assert_eq!((got.verdict, got.told_by), (Verdict::Undecided, "nobody"));
    let kms = knowing(&asked, upload(Encryption::SseKms));
    assert_eq!(changes(&kms), ["over https and signed with V4"]);
    assert!(
        kms.to_string().contains("told by       upload: sse-kms\n"),
        "{kms}"
    );
}

#[test]
fn an_upload_that_names_nothing_is_decided_by_what_is_known_of_its_bucket() {
    let put = Asked::from_url("PUT", "http://b.obs.example.com/k", &[], &[]).unwrap();
    let form = Asked::from_url("POST", "http://b.obs.example.com/", &[], &owned(&["key=k"])).unwrap();
    for asked in [put, form] {
        for (encryption, verdict) in [
            (Encryption::Plain, Verdict::Allowed),
            (Encryption::SseKms, Verdict::Refused),
            (Encryption::SseObs, Verdict::Allowed),
        ] {
            let got = knowing(&asked, bucket_default(encryption));
            assert_eq!(
                (got.verdict, got.told_by),
                (verdict, "bucket default"),
                "{encryption}"
            );
            assert_eq!(got.told, Some(vec![encryption.name()]));
            assert_eq!(got.depends_on, None);
        }
    }
}

#[test]
fn nobody_is_asked_about_what_the_request_says_or_the_rules_do_not_need() {
    let named = "x-obs-server-side-encryption: kms";
    let asked = Asked::from_url("PUT", "http://b.obs.example.com/k", &owned(&[named]), &[]).unwrap();
    let got = knowing(&asked, bucket_default(Encryption::Plain));
    assert_eq!(
        (got.verdict, got.told_by, got.told),
        (Verdict::Refused, "head", None)
    );
    let v4 = format!("Authorization: {V4}");
    let asked = Asked::from_url("PUT", "https://b.obs.example.com/k", &[v4], &[]).unwrap();
    let got = knowing(&asked, bucket_default(Encryption::SseKms));
    assert_eq!((got.verdict, got.told_by), (Verdict::Allowed, "nobody"));
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
    assert_eq!(url("G T", "http://a/b", &[], &[]), Usage::Method);
    for wrong in ["a/b", "ftp://a/b", "http:///b", "http://u:p@a/b", "http://a/b c"] {
        assert_eq!(url("GET", wrong, &[], &[]), Usage::Url, "{wrong}");
    }
    assert_eq!(
        url("GET", "http://a/b", &["a: b", "secret"], &[]),
        Usage::Header(2)
    );
    assert!(!Usage::Header(2).to_string().contains("secret"));
    assert_eq!(url("POST", "http://a/b", &[], &["x"]), Usage::Field(1));
    assert_eq!(url("PUT", "http://a/b", &[], &["x=y"]), Usage::Form);
    assert_eq!(
        Asked::from_head(b"not a head", Scheme::Http).unwrap_err(),
        Usage::Head
    );
}

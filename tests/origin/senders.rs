//! Whom the origin believes.

use crate::client::{Bench, Sign, signable};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderMap;
use obsgate::{
    demo::signature::{v2, v4},
    obs::dialect::Dialect,
};
use time::OffsetDateTime;

#[tokio::test]
async fn a_request_changed_after_signing_is_refused() {
    let bench = Bench::new().await;
    let path = "/mine/k";
    let empty = HeaderMap::new();
    let expires = OffsetDateTime::now_utc().unix_timestamp().unsigned_abs() + 60;
    let urls = [
        v2::presign(
            &bench.credentials,
            Dialect::Obs,
            &signable("PUT", path, "", &empty),
            expires,
        ),
        v4::presign(
            &bench.credentials,
            v4::REGION,
            &signable("PUT", path, "", &empty),
            OffsetDateTime::now_utc(),
            60,
        ),
    ];
    for query in urls {
        let good = bench
            .ask(Sign::Not, "PUT", &format!("{path}?{query}"), &[], b"x")
            .await;
        assert_eq!(good.status, 200, "{}", good.code());
        let other = bench
            .ask(Sign::Not, "PUT", &format!("{path}x?{query}"), &[], b"x")
            .await;
        assert_eq!(
            (other.status, other.code().as_str()),
            (403, "SignatureDoesNotMatch")
        );
    }
    let late = v2::presign(
        &bench.credentials,
        Dialect::Obs,
        &signable("GET", path, "", &empty),
        1000,
    );
    assert_eq!(
        bench
            .ask(Sign::Not, "GET", &format!("{path}?{late}"), &[], b"")
            .await
            .code(),
        "AccessDenied"
    );
}

#[tokio::test]
async fn a_body_is_held_to_its_signed_hash() {
    let bench = Bench::new().await;
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let headers = [("x-amz-content-sha256", hash)];
    assert_eq!(
        bench
            .ask(Sign::V4, "PUT", "/mine/k", &headers, b"hello")
            .await
            .status,
        200
    );
    let other = bench.ask(Sign::V4, "PUT", "/mine/k", &headers, b"hellp").await;
    assert_eq!(other.code(), "XAmzContentSHA256Mismatch");
    let chunks = [
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("content-encoding", "aws-chunked"),
    ];
    let body = b"5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n";
    assert_eq!(
        bench
            .ask(Sign::V4, "PUT", "/mine/chunks", &chunks, body)
            .await
            .status,
        200
    );
    assert_eq!(bench.origin.stored("mine", "chunks").unwrap(), "hello");
}

#[tokio::test]
async fn the_anonymous_may_use_what_is_public_and_nothing_else() {
    let bench = Bench::new().await;
    assert_eq!(
        bench.ask(Sign::Not, "PUT", "/open/k", &[], b"x").await.status,
        200
    );
    assert_eq!(bench.ask(Sign::Not, "GET", "/open/k", &[], b"").await.status, 200);
    for (method, target) in [
        ("PUT", "/mine/k"),
        ("GET", "/mine/k"),
        ("GET", "/"),
        ("GET", "/open?encryption"),
        ("DELETE", "/open"),
    ] {
        let answer = bench.ask(Sign::Not, method, target, &[], b"").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "AccessDenied"),
            "{method} {target}"
        );
    }
}

#[tokio::test]
async fn a_form_is_held_to_its_policy() {
    let bench = Bench::new().await;
    let policy = r#"{"expiration":"2999-01-01T00:00:00.000Z","conditions":[{"bucket":"mine"},["starts-with","$key","a/"],["eq","$x-obs-server-side-encryption","kms"]]}"#;
    let policy = BASE64_STANDARD.encode(policy);
    let mac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"demo-secret");
    let signature = BASE64_STANDARD.encode(aws_lc_rs::hmac::sign(&mac, policy.as_bytes()));
    let post = async |bucket: &str, key: &str, signature: &str| {
        let fields = [
            ("key", key),
            ("x-obs-server-side-encryption", "kms"),
            ("AccessKeyId", "demo-key"),
            ("policy", &policy),
            ("signature", signature),
            ("file\"; filename=\"f", "form file"),
        ];
        let parts = fields.map(|(name, value)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        });
        let body = format!("{}--b--\r\n", parts.concat());
        let headers = [("content-type", "multipart/form-data; boundary=b")];
        bench
            .ask(Sign::Not, "POST", bucket, &headers, body.as_bytes())
            .await
    };
    let good = post("/mine", "a/k", &signature).await;
    assert_eq!(
        (good.status, good.header("x-obs-server-side-encryption")),
        (204, Some("kms")),
        "{}",
        good.code()
    );
    assert_eq!(bench.origin.stored("mine", "a/k").unwrap(), "form file");
    assert_eq!(
        post("/mine", "b/k", &signature).await.code(),
        "InvalidPolicyDocument"
    );
    assert_eq!(
        post("/open", "a/k", &signature).await.code(),
        "InvalidPolicyDocument"
    );
    assert_eq!(post("/mine", "a/k", "AAAA").await.code(), "SignatureDoesNotMatch");
}

#[tokio::test]
async fn the_probe_of_the_api_version_needs_no_signature() {
    let bench = Bench::new().await;
    let probe = bench.ask(Sign::Not, "HEAD", "/mine?apiversion", &[], b"").await;
    assert_eq!((probe.status, probe.header("x-obs-api")), (200, Some("3.0")));
}

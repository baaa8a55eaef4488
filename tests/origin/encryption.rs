//! What the origin says of encryption, and what it wants of customer keys.

use crate::client::{Bench, OBS, Sign, borrowed, element, signable, trio};
use http::HeaderMap;
use obsgate::{demo::signature::v2, obs::dialect::Dialect};
use std::fmt::Write;
use time::OffsetDateTime;

#[tokio::test]
async fn answers_say_how_an_object_is_encrypted_in_the_dialect_of_the_request() {
    let bench = Bench::new().await;
    let cases = [
        (OBS, "x-obs-", "kms", "kms", "kms-key-id"),
        (Sign::V4, "x-amz-", "aws:kms", "aws:kms", "aws-kms-key-id"),
        (OBS, "x-obs-", "AES256", "AES256", ""),
        (OBS, "x-obs-", "obs", "AES256", ""),
    ];
    for (sign, prefix, asked, told, key_id) in cases {
        let name = format!("{prefix}server-side-encryption");
        let put = bench.ask(sign, "PUT", "/mine/k", &[(&name, asked)], b"x").await;
        let get = bench.ask(sign, "GET", "/mine/k", &[], b"").await;
        let head = bench.ask(sign, "HEAD", "/mine/k", &[], b"").await;
        for answer in [put, get, head] {
            assert_eq!(answer.header(&name), Some(told), "{}", answer.head);
            let key = answer.header(&format!("{name}-{key_id}"));
            assert_eq!(key.is_some_and(|key| key.contains(":key/")), !key_id.is_empty());
        }
    }
    let sm4 = [
        ("x-obs-server-side-encryption", "kms"),
        ("x-obs-server-side-data-encryption", "SM4"),
    ];
    let put = bench.ask(OBS, "PUT", "/mine/k", &sm4, b"x").await;
    assert_eq!(put.header("x-obs-server-side-data-encryption"), Some("SM4"));
}

#[tokio::test]
async fn encryption_in_a_presigned_query_counts() {
    let bench = Bench::new().await;
    let empty = HeaderMap::new();
    let expires = OffsetDateTime::now_utc().unix_timestamp().unsigned_abs() + 60;
    let request = signable("PUT", "/mine/k", "x-obs-server-side-encryption=kms", &empty);
    let query = v2::presign(&bench.credentials, Dialect::Obs, &request, expires);
    let put = bench
        .ask(Sign::Not, "PUT", &format!("/mine/k?{query}"), &[], b"x")
        .await;
    assert_eq!(
        (put.status, put.header("x-obs-server-side-encryption")),
        (200, Some("kms"))
    );
}

#[tokio::test]
async fn an_object_with_a_customer_key_is_read_and_copied_with_that_key_alone() {
    let bench = Bench::new().await;
    let (right, wrong) = (trio("x-obs-", [1; 32]), trio("x-obs-", [2; 32]));
    let put = bench
        .ask(OBS, "PUT", "/mine/k", &borrowed(&right), b"secret")
        .await;
    assert_eq!(
        put.header("x-obs-server-side-encryption-customer-algorithm"),
        Some("AES256")
    );
    assert_eq!(
        bench
            .ask(OBS, "GET", "/mine/k", &borrowed(&right), b"")
            .await
            .body,
        b"secret"
    );
    for headers in [vec![], borrowed(&wrong)] {
        let get = bench.ask(OBS, "GET", "/mine/k", &headers, b"").await;
        assert_eq!((get.status, get.code().as_str()), (400, "InvalidRequest"));
        let head = bench.ask(OBS, "HEAD", "/mine/k", &headers, b"").await;
        assert_eq!(
            (head.status, head.header("x-obs-error-code")),
            (400, Some("InvalidRequest"))
        );
        assert!(head.body.is_empty());
    }
    let copy = [("x-obs-copy-source", "/mine/k")];
    assert_eq!(
        bench.ask(OBS, "PUT", "/mine/copy", &copy, b"").await.code(),
        "InvalidRequest"
    );
    let source = trio("x-obs-copy-source-", [1; 32]);
    let with_key = [&copy[..], &borrowed(&source)].concat();
    let copied = bench.ask(OBS, "PUT", "/mine/copy", &with_key, b"").await;
    assert!(String::from_utf8_lossy(&copied.body).contains("<CopyObjectResult>"));
    assert_eq!(
        bench.ask(OBS, "GET", "/mine/copy", &[], b"").await.body,
        b"secret"
    );
    let plain = bench.ask(OBS, "GET", "/mine/copy", &borrowed(&right), b"").await;
    assert_eq!(plain.code(), "InvalidRequest");
}

#[tokio::test]
async fn a_customer_key_trio_with_a_defect_is_refused() {
    let bench = Bench::new().await;
    let whole = trio("x-obs-", [1; 32]);
    for missing in 0..3 {
        let mut headers = borrowed(&whole);
        headers.remove(missing);
        assert_eq!(
            bench.ask(OBS, "PUT", "/mine/k", &headers, b"").await.code(),
            "InvalidArgument"
        );
    }
    for (part, value, code) in [
        (0, "AES128", "InvalidEncryptionAlgorithmError"),
        (1, "c2hvcnQ=", "InvalidArgument"),
        (2, "AAAAAAAAAAAAAAAAAAAAAA==", "InvalidArgument"),
    ] {
        let mut headers = borrowed(&whole);
        headers[part].1 = value;
        assert_eq!(bench.ask(OBS, "PUT", "/mine/k", &headers, b"").await.code(), code);
    }
    let both = [&borrowed(&whole)[..], &[("x-obs-server-side-encryption", "kms")]].concat();
    assert_eq!(
        bench.ask(OBS, "PUT", "/mine/k", &both, b"").await.code(),
        "InvalidArgument"
    );
}

#[tokio::test]
async fn an_upload_keeps_the_encryption_it_began_with() {
    let bench = Bench::new().await;
    let (right, wrong) = (trio("x-obs-", [1; 32]), trio("x-obs-", [2; 32]));
    let begun = bench
        .ask(OBS, "POST", "/mine/k?uploads", &borrowed(&right), b"")
        .await;
    let id = element(&String::from_utf8_lossy(&begun.body), "UploadId");
    for headers in [vec![], borrowed(&wrong)] {
        let part = bench
            .ask(
                OBS,
                "PUT",
                &format!("/mine/k?partNumber=1&uploadId={id}"),
                &headers,
                b"x",
            )
            .await;
        assert_eq!((part.status, part.code().as_str()), (400, "InvalidRequest"));
    }
    let mut list = String::new();
    for (number, body) in [("1", "one"), ("2", "two")] {
        let target = format!("/mine/k?partNumber={number}&uploadId={id}");
        let part = bench
            .ask(OBS, "PUT", &target, &borrowed(&right), body.as_bytes())
            .await;
        let etag = part.header("etag").unwrap();
        let _ = write!(
            list,
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        );
    }
    let list = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
    let elsewhere = bench
        .ask(
            OBS,
            "POST",
            &format!("/mine/other?uploadId={id}"),
            &[],
            list.as_bytes(),
        )
        .await;
    assert_eq!(elsewhere.code(), "NoSuchUpload");
    let done = bench
        .ask(
            OBS,
            "POST",
            &format!("/mine/k?uploadId={id}"),
            &[],
            list.as_bytes(),
        )
        .await;
    assert_eq!(
        done.header("x-obs-server-side-encryption-customer-algorithm"),
        Some("AES256")
    );
    assert_eq!(done.header("x-obs-server-side-encryption-customer-key-md5"), None);
    assert_eq!(
        bench
            .ask(OBS, "GET", "/mine/k", &borrowed(&right), b"")
            .await
            .body,
        b"onetwo"
    );
}

#[tokio::test]
async fn a_buckets_default_encrypts_what_asks_for_nothing() {
    let bench = Bench::new().await;
    assert_eq!(
        bench.ask(OBS, "GET", "/mine?encryption", &[], b"").await.code(),
        "NoSuchEncryptionConfiguration"
    );
    let rule = "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>kms</SSEAlgorithm>\
                </ApplyServerSideEncryptionByDefault></Rule>";
    let document =
        format!("<ServerSideEncryptionConfiguration xmlns=\"x\">{rule}</ServerSideEncryptionConfiguration>");
    assert_eq!(
        bench
            .ask(OBS, "PUT", "/mine?encryption", &[], document.as_bytes())
            .await
            .status,
        200
    );
    let read = bench.ask(OBS, "GET", "/mine?encryption", &[], b"").await;
    assert!(String::from_utf8_lossy(&read.body).contains(rule));
    let inherits = bench.ask(OBS, "PUT", "/mine/k", &[], b"x").await;
    assert_eq!(inherits.header("x-obs-server-side-encryption"), Some("kms"));
    let states = bench
        .ask(
            OBS,
            "PUT",
            "/mine/k",
            &[("x-obs-server-side-encryption", "AES256")],
            b"x",
        )
        .await;
    assert_eq!(states.header("x-obs-server-side-encryption"), Some("AES256"));
    assert_eq!(
        bench
            .ask(OBS, "DELETE", "/mine?encryption", &[], b"")
            .await
            .status,
        204
    );
    assert_eq!(
        bench
            .ask(OBS, "PUT", "/mine/k", &[], b"x")
            .await
            .header("x-obs-server-side-encryption"),
        None
    );
    let created = bench
        .ask(
            OBS,
            "PUT",
            "/theirs",
            &[("x-obs-server-side-encryption", "kms")],
            b"",
        )
        .await;
    assert_eq!(created.header("x-obs-server-side-encryption"), Some("kms"));
    let inherits = bench.ask(OBS, "POST", "/theirs/k?uploads", &[], b"").await;
    assert_eq!(inherits.header("x-obs-server-side-encryption"), Some("kms"));
}

//! Rulings A: which operation a head names, and what is refused because it could be read as another.

#![expect(clippy::panic, reason = "a failed test panics")]

mod heads;

use heads::{borrowed, classified, head, refusal, trio};
use obsgate::{
    classify::Teller,
    config::{Builtin, Profile},
    obs::{
        encryption::{Encryption, EncryptionSet},
        malformed::Malformed,
        operation::Operation,
    },
    policy::{Also, Settings, UnknownBucketDefault},
};

fn operation(line: &str) -> Operation {
    let copy = line.contains(" copy");
    let form = line.contains(" form");
    let line = line.trim_end_matches(" copy").trim_end_matches(" form");
    let mut headers = Vec::new();
    if copy {
        headers.push(("x-obs-copy-source", "/b/k"));
    }
    if form {
        headers.push(("Content-Type", "multipart/form-data; boundary=x"));
    }
    classified(&head(line, &headers))
        .unwrap_or_else(|why| panic!("{line}: {}", why.id()))
        .facts
        .operation
}

#[test]
fn every_operation_is_reached_by_a_request_head() {
    use Operation as Op;
    let heads = [
        ("POST /b/k?append&position=0", Op::AppendObject),
        ("POST /b/k?uploadId=U", Op::CompleteMultipartUpload),
        ("PUT /b/k copy", Op::CopyObject),
        (
            "GET /b/k?versionId=1&response-content-type=x&attname=a",
            Op::GetObject,
        ),
        ("HEAD /b/k?acl", Op::HeadObject),
        ("POST /b/k?uploads", Op::InitiateMultipartUpload),
        ("POST /b form", Op::PostObject),
        ("PUT /b/k", Op::PutObject),
        ("PUT /b/k?partNumber=1&uploadId=U", Op::UploadPart),
        ("PUT /b/k?partNumber=1&uploadId=U copy", Op::UploadPartCopy),
        ("DELETE /b/k?uploadId=U", Op::AbortMultipartUpload),
        ("GET /b/k?uploadId=U&max-parts=2", Op::ListParts),
        ("PUT /b/k?modify&position=3", Op::ModifyObject),
        ("PUT /b/k?truncate&length=3", Op::TruncateObject),
        ("POST /b/k?rename&name=x", Op::RenameObject),
        ("PUT /b/k?metadata", Op::SetObjectMetadata),
        ("PUT /b/k?acl", Op::PutObjectAcl),
        ("GET /b/k?acl", Op::GetObjectAcl),
        ("PUT /b/k?tagging", Op::PutObjectTagging),
        ("GET /b/k?tagging", Op::GetObjectTagging),
        ("DELETE /b/k?tagging", Op::DeleteObjectTagging),
        ("PUT /b/k?retention", Op::PutObjectRetention),
        ("GET /b/k?retention", Op::GetObjectRetention),
        ("PUT /b/k?legal-hold", Op::PutObjectLegalHold),
        ("GET /b/k?legal-hold", Op::GetObjectLegalHold),
        ("POST /b/k?restore&versionId=1", Op::RestoreObject),
        ("POST /b/k?select&select-type=2", Op::SelectObjectContent),
        ("PUT /b/k?symlink", Op::PutSymlink),
        ("GET /b/k?symlink", Op::GetSymlink),
        ("GET /b/k?torrent", Op::GetObjectTorrent),
        ("DELETE /b/k", Op::DeleteObject),
        ("GET /", Op::ListBuckets),
        ("PUT /b", Op::CreateBucket),
        ("HEAD /b?apiversion", Op::HeadBucket),
        ("DELETE /b", Op::DeleteBucket),
        ("GET /b/?list-type=2&prefix=a", Op::ListObjects),
        ("GET /b?uploads", Op::ListMultipartUploads),
        ("POST /b?delete", Op::DeleteObjects),
        ("PUT /b?encryption", Op::PutBucketEncryption),
        ("GET /b?encryption", Op::GetBucketEncryption),
        ("DELETE /b?encryption", Op::DeleteBucketEncryption),
        ("GET /b?lifecycle", Op::GetBucketConfiguration),
        ("PUT /b?storageClass", Op::PutBucketConfiguration),
        ("DELETE /b?website", Op::DeleteBucketConfiguration),
        ("OPTIONS /b/k", Op::Options),
        ("HEAD /?apiversion", Op::Other),
        // Beyond one for each: what else leads to them.
        ("DELETE /b?versionId=1", Op::Other),
        ("DELETE /b?x-id=DeleteBucket", Op::DeleteBucket),
        ("PUT /b/k?uploads", Op::PutObject),
        ("PUT /b/k?x-image-process=a", Op::PutObject),
        ("POST /b/k form", Op::PostObject),
        ("POST /b/k", Op::Other),
        ("OPTIONS *", Op::Options),
        ("DELETE /", Op::Other),
    ];
    for (line, expected) in heads {
        assert_eq!(operation(line), expected, "{line}");
    }
    for one in Operation::ALL {
        assert!(
            heads.iter().any(|(_, reached)| *reached == one),
            "{one} has no head"
        );
    }
}

#[test]
fn a_subresource_matches_only_as_documented() {
    for query in [
        "ACL",
        "Tagging",
        "uploadid=U",
        "UploadId=U",
        "partnumber=1&uploadId=U",
        "a%63l",
        "%61cl=",
        "legal_hold",
        "Metadata",
        "MODIFY",
        "truncat%65",
        "Position=0",
        "Uploads",
        "Append&position=0",
    ] {
        for method in ["PUT", "POST", "GET", "DELETE"] {
            assert_eq!(
                refusal(&format!("{method} /b/k?{query}"), &[]),
                Some(Malformed::Subresource),
                "{method} {query}"
            );
        }
    }
    assert_eq!(refusal("POST /b?Delete", &[]), Some(Malformed::Subresource));
}

#[test]
fn a_subresource_twice_must_have_one_value() {
    assert_eq!(
        refusal("PUT /b/k?uploadId=1&partNumber=1&uploadId=2", &[]),
        Some(Malformed::SubresourceRepeated)
    );
    assert_eq!(
        refusal("PUT /b/k?partNumber=1&uploadId=1&partNumber=%31", &[]),
        Some(Malformed::SubresourceRepeated)
    );
    assert_eq!(
        refusal("GET /b/k?acl&acl=1", &[]),
        Some(Malformed::SubresourceRepeated)
    );
    assert_eq!(
        refusal("POST /b/k?append&position=0&position=5", &[]),
        Some(Malformed::SubresourceRepeated)
    );
    assert_eq!(refusal("PUT /b/k?uploadId=1&partNumber=1&uploadId=1", &[]), None);
}

#[test]
fn a_subresource_has_a_value_only_where_it_is_documented_with_one() {
    for line in [
        "PUT /b/k?acl=x",
        "PUT /b/k?uploadId=&partNumber=1",
        "POST /b/k?uploadId",
        "POST /b?delete=1",
        "POST /b/k?restore=1",
    ] {
        assert_eq!(refusal(line, &[]), Some(Malformed::SubresourceValue), "{line}");
    }
    assert_eq!(refusal("PUT /b/k?acl=", &[]), None);
}

#[test]
fn uploads_upload_id_and_append_exclude_each_other() {
    for query in [
        "uploads&uploadId=U",
        "append&position=0&uploads",
        "append&position=0&uploadId=U",
    ] {
        assert_eq!(
            refusal(&format!("POST /b/k?{query}"), &[]),
            Some(Malformed::SubresourcesTogether),
            "{query}"
        );
    }
}

/// The names that choose an operation; `append` on a PUT is refused anyway.
const CHOICES: [&str; 19] = [
    "acl",
    "append&position=0",
    "cors",
    "quota",
    "delete",
    "encryption",
    "legal-hold",
    "metadata",
    "modify&position=0",
    "rename&name=x",
    "restore",
    "retention",
    "select&select-type=2",
    "symlink",
    "tagging",
    "torrent",
    "truncate&length=1",
    "uploads",
    "uploadId=U&partNumber=1",
];

#[test]
fn two_subresources_that_choose_an_operation_are_refused_whatever_they_are() {
    for (n, one) in CHOICES.iter().enumerate() {
        for (m, other) in CHOICES.iter().enumerate() {
            // Those of a bucket's configuration are one choice.
            if n == m || [*one, *other].iter().all(|one| matches!(*one, "cors" | "quota")) {
                continue;
            }
            for line in [
                "PUT /b/k",
                "POST /b/k",
                "DELETE /b/k",
                "PUT /b",
                "POST /b",
                "DELETE /b",
            ] {
                let line = format!("{line}?{one}&{other}");
                let append_by_put = line.starts_with("PUT") && line.contains("append");
                let expected = if append_by_put {
                    Malformed::AppendByPut
                } else {
                    Malformed::SubresourcesTogether
                };
                assert_eq!(refusal(&line, &[]), Some(expected), "{line}");
            }
        }
        for versioned in [
            format!("PUT /b/k?{one}&versionId=1"),
            format!("PUT /b/k?x=1&{one}"),
        ] {
            let together = refusal(&versioned, &[]) == Some(Malformed::SubresourcesTogether);
            // Beside this one, no name may stand that is not documented there.
            assert_eq!(together, *one == "encryption", "{versioned}");
        }
    }
}

#[test]
fn a_query_name_of_anything_but_printable_ascii_is_refused() {
    for name in [
        "acl%20",
        "acl+",
        "+acl",
        "%20modify",
        "%C2%A0acl",
        "acl%E2%80%8B",
        "%EF%BB%BFuploads",
        "a%ffb",
        "%c5%bfymlink",
        "a%20b",
        "a%2Bb",
    ] {
        for method in ["GET", "PUT", "POST", "DELETE", "HEAD"] {
            let line = format!("{method} /b/k?{name}=x");
            assert_eq!(refusal(&line, &[]), Some(Malformed::QueryName), "{line}");
        }
    }
    assert_eq!(refusal("GET /b?prefix=%C3%A9+%20x&x-%61=1", &[]), None);
}

#[test]
fn a_query_name_that_holds_what_separates_names_is_refused() {
    for query in [
        "uploads%3D",
        "uploads%3d=x",
        "uploadId%3DU",
        "a%26uploads",
        "a%26uploads=1",
        "a;uploads",
        "a%3Buploads=",
        "?acl",
        "%3facl",
        "a&?acl",
        "acl%0a",
        "%7facl",
        "x-obs-server-side-encryption%3Dkms",
        "AWSAccessKeyId%3DAK",
    ] {
        for method in ["GET", "PUT", "POST", "DELETE", "HEAD"] {
            let got = refusal(&format!("{method} /b/k?{query}"), &[]);
            assert_eq!(got, Some(Malformed::QueryName), "{method} {query}");
        }
    }
    let long = format!("PUT /b/k?uploads%3D{}", "a".repeat(100));
    assert_eq!(refusal(&long, &[]), Some(Malformed::QueryName));
}

#[test]
fn a_value_hides_no_parameter_behind_a_semicolon() {
    for query in [
        "a=b;uploads",
        "a=b;Uploads",
        "a=b;uploads=",
        "a=b;c;acl",
        "a=b;lifecycle",
        "a=b;uploadId=U&c",
        "a=b;x-amz-server-side-encryption=kms",
        "a=b;x%2damz-copy-source=/b/k",
        "a=b;X-Amz-Algorithm=x",
        "a=b;AWSAccessKeyId=AK",
        "a=b;acl%3d",
        "a=b;x-amz-server-side-encryption%C2%A0=kms",
        "a=b;x-amz-server-side-encryption-aws-%E2%84%AAms-key-id=1",
        "a=b;upload%C5%BF=",
    ] {
        let got = refusal(&format!("PUT /b/k?{query}"), &[]);
        assert_eq!(got, Some(Malformed::QueryName), "{query}");
    }
    for query in [
        "X-Amz-SignedHeaders=host;x-amz-date",
        "X-Amz-SignedHeaders=host;x-amz-server-side-encryption;x-obs-copy-source",
        "response-content-disposition=attachment;filename=a.txt",
        "response-content-disposition=attachment;%20filename*=UTF-8''%E2%84%AA",
        "prefix=a;%C3%A9",
        "prefix=a;b",
        "prefix=a%3Bacl",
    ] {
        assert_eq!(refusal(&format!("GET /b/k?{query}"), &[]), None, "{query}");
    }
}

#[test]
fn a_part_has_an_upload_and_a_number_and_an_append_its_position() {
    for line in ["PUT /b/k?uploadId=U", "PUT /b/k?partNumber=1", "POST /b/k?append"] {
        assert_eq!(refusal(line, &[]), Some(Malformed::SubresourceMissing), "{line}");
    }
    for line in [
        "GET /b/k?uploadId=U",
        "GET /b/k?partNumber=1",
        "HEAD /b/k?partNumber=1",
    ] {
        assert_eq!(refusal(line, &[]), None, "{line}");
    }
}

#[test]
fn a_number_that_somebody_could_read_as_another_is_refused() {
    for number in [
        "", "00", "01", "%30", "%31", "+0", "+1", "-0", "%2b0", "0.0", "0x0", "%20", "0;x", "abc",
    ] {
        for line in [
            format!("POST /b/k?append&position={number}"),
            format!("PUT /b/k?modify&position={number}"),
            format!("PUT /b/k?uploadId=U&partNumber={number}"),
        ] {
            assert_eq!(refusal(&line, &[]), Some(Malformed::SubresourceValue), "{line}");
        }
    }
    let nothing = "PUT /b/k?uploadId=U&partNumber=0";
    assert_eq!(refusal(nothing, &[]), Some(Malformed::SubresourceValue));
    for line in [
        "POST /b/k?append&position=0",
        "PUT /b/k?uploadId=U&partNumber=10000",
        "GET /b/k?partNumber=01",
    ] {
        assert_eq!(refusal(line, &[]), None, "{line}");
    }
}

#[test]
fn only_a_bare_delete_of_a_bucket_deletes_it() {
    let signed = "AccessKeyId=AK&Expires=1&Signature=c2ln";
    let temporary =
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Security-Token=t%2B/&x-amz-expected-bucket-owner=1";
    for bare in [
        "DELETE /b".to_owned(),
        "DELETE /b?&".to_owned(),
        format!("DELETE /b?{signed}"),
        format!("DELETE /b?{signed}&x-obs-security-token=t"),
        format!("DELETE /b?{temporary}"),
    ] {
        assert_eq!(operation(&bare), Operation::DeleteBucket, "{bare}");
    }
    for query in [
        "intelligent-tiering&id=a",
        "metadataTable",
        "acl",
        "restore",
        "uploadId=U",
        "append",
        "delete",
        "uploads",
        "versions",
        "versionId=1",
        "partNumber=1",
        "x",
        "x=1;y",
        "prefix=a",
        "ENCRYPTION-",
        "position=0",
        "x-id=a;intelligent-tiering",
        "x-id=a%26metrics%26id=1",
        "x-id=a%3Bmetrics",
        "x-id=a?metadataTable",
        "Expires=1;anything",
        "X-Amz-SignedHeaders=host;intelligent-tiering",
        "=x",
        "x-obs-foo",
        "X-Amz-Intelligent-Tiering&id=a",
        "x-amz-meta-a=b",
        "x-obs-checksum-mode-x",
    ] {
        let line = format!("DELETE /b?{query}");
        assert_eq!(operation(&line), Operation::Other, "{line}");
    }
    for query in SIGNED_BY_SDKS {
        let line = format!("DELETE /b?{query}");
        assert_eq!(operation(&line), Operation::DeleteBucket, "{line}");
    }
}

/// What signed links hold beside the operation, with whatever SDK they were made.
const SIGNED_BY_SDKS: [&str; 14] = [
    "X-Amz-Security-Token=a%2Fb%3D",
    "x-amz-security-token=t&AWSAccessKeyId=AK&Expires=1&Signature=c2ln",
    "x-obs-security-token=t&AccessKeyId=AK&Expires=1&Signature=c2ln",
    "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD",
    "x-amz-content-sha256=UNSIGNED-PAYLOAD&x-id=any",
    "x-amz-checksum-mode=ENABLED",
    "x-amz-checksum-crc32=AAAAAA%3D%3D",
    "x-amz-sdk-checksum-algorithm=CRC32",
    "x-amz-expected-bucket-owner=111122223333",
    "X-Amz-User-Agent=aws-sdk-js%2F3.0.0",
    "x-obs-date=20240101T000000Z",
    "x-amz-date=20240101T000000Z",
    "x-amz-server-side-encryption=kms",
    "x-obs-server-side-encryption-customer-algorithm=AES256",
];

#[test]
fn beside_the_encryption_of_a_bucket_stands_no_name_that_is_not_documented() {
    for method in ["GET", "PUT", "DELETE"] {
        for query in [
            "intelligent-tiering&id=a",
            "metadataTable",
            "x",
            "prefix=a",
            "versionId=1",
            "acl",
            "x-id=a;intelligent-tiering",
            "Expires=%31",
            "x-obs-foo",
            "X-Amz-Metadata-Table=x",
            "x-amz-acl=private",
        ] {
            let line = format!("{method} /b?encryption&{query}");
            assert_eq!(
                refusal(&line, &[]),
                Some(Malformed::SubresourcesTogether),
                "{line}"
            );
        }
        for query in [
            "encryption&x-id=any&AccessKeyId=AK&Expires=1&Signature=c2ln",
            "encryption=&x-amz-security-token=t&AWSAccessKeyId=AK&Expires=1&Signature=c2ln",
            "encryption&",
            "&encryption&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD",
        ] {
            let line = format!("{method} /b?{query}");
            assert_eq!(refusal(&line, &[]), None, "{line}");
        }
        for query in SIGNED_BY_SDKS {
            let line = format!("{method} /b?encryption&{query}");
            assert_eq!(refusal(&line, &[]), None, "{line}");
        }
        for query in [
            "encryption=x",
            "encryption=a%26intelligent-tiering",
            "encryption=;x=1",
        ] {
            let line = format!("{method} /b?{query}");
            assert_eq!(refusal(&line, &[]), Some(Malformed::SubresourceValue), "{line}");
        }
    }
}

#[test]
fn the_encryption_of_a_key_is_not_written() {
    for line in ["PUT /b/k?encryption", "POST /b/k?encryption"] {
        assert_eq!(
            refusal(line, &[]),
            Some(Malformed::SubresourceMisplaced),
            "{line}"
        );
    }
}

#[test]
fn a_query_name_that_cannot_be_decoded_is_refused() {
    for query in ["acl%", "a%zz", "a%00"] {
        assert_eq!(
            refusal(&format!("PUT /b/k?{query}"), &[]),
            Some(Malformed::QueryName),
            "{query}"
        );
    }
}

#[test]
fn methods_outside_the_api_are_refused_as_not_allowed() {
    for line in [
        "TRACE /b/k",
        "PATCH /b/k",
        "PRI /b/k",
        "get /b/k",
        "PROPFIND /b/k",
    ] {
        assert_eq!(refusal(line, &[]), Some(Malformed::Method), "{line}");
    }
    assert_eq!(
        refusal("CONNECT obs.example.com:80", &[]),
        Some(Malformed::Method)
    );
    assert_eq!(Malformed::Method.status(), 405);
}

#[test]
fn stray_parameters_of_encryption_on_a_put_or_post_are_judged_as_put_object_too() {
    let put_kms = Some(Also {
        operation: Operation::PutObject,
        target: EncryptionSet::only(Encryption::SseKms),
    });
    for line in [
        "PUT /b/k?acl",
        "PUT /b/k?partNumber=1&uploadId=U",
        "POST /b/k?uploadId=U",
        "PUT /b?policy",
        "PUT /b?encryption",
        "POST /b/k",
        "PUT /b/k?metadata",
        "POST /b/k?restore",
        "POST /b?delete",
    ] {
        for (name, value) in [
            ("x-obs-server-side-encryption", "kms"),
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-obs-server-side-encryption-kms-key-id", "id"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "id"),
            ("x-obs-sse-kms-key-project-id", "p"),
            ("x-amz-server-side-encryption-context", "e30="),
            ("x-amz-server-side-encryption-bucket-key-enabled", "true"),
        ] {
            let parts = head(line, &[(name, value), heads::signature_of(name)]);
            assert_eq!(classified(&parts).unwrap().facts.also, put_kms, "{line} {name}");
        }
        let by_default = line.contains("metadata").then_some(Also {
            operation: Operation::PutObject,
            target: EncryptionSet::WITHOUT_CUSTOMER_KEY,
        });
        assert_eq!(
            classified(&head(line, &[])).unwrap().facts.also,
            by_default,
            "{line}"
        );
    }
    let parts = head(
        "PUT /b",
        &[("x-amz-server-side-encryption-bucket-key-enabled", "true")],
    );
    assert_eq!(
        classified(&parts).unwrap().facts.also,
        put_kms,
        "seed 002 gives a bucket no such header"
    );
}

#[test]
fn a_customer_key_without_a_cell_on_a_put_or_post_is_judged_as_put_object_too() {
    let put_key = Some(Also {
        operation: Operation::PutObject,
        target: EncryptionSet::only(Encryption::SseC),
    });
    for line in [
        "PUT /b/k?acl",
        "PUT /b/k?tagging",
        "PUT /b/k?retention",
        "PUT /b/k?legal-hold",
        "PUT /b/k?metadata",
        "PUT /b/k?modify&position=3",
        "PUT /b/k?truncate&length=3",
        "PUT /b/k?symlink",
        "PUT /b",
        "PUT /b?policy",
        "POST /b/k?uploadId=U",
        "POST /b/k?restore",
        "POST /b/k?rename&name=x",
        "POST /b/k",
        "POST /b?delete",
    ] {
        for dialect in ["obs", "amz"] {
            for one in trio(dialect, "") {
                let (name, value) = (one.0.as_str(), one.1.as_str());
                let parts = head(line, &[(name, value), heads::signature_of(name)]);
                assert_eq!(classified(&parts).unwrap().facts.also, put_key, "{line}");
            }
        }
    }
    for line in ["DELETE /b/k", "HEAD /b", "PUT /b/k", "POST /b/k?uploads"] {
        let key = trio("obs", "");
        let parts = head(line, &[&borrowed(&key)[..], &[heads::OBS_V2]].concat());
        assert_eq!(classified(&parts).unwrap().facts.also, None, "{line}");
    }
}

#[test]
fn a_put_with_a_subresource_that_only_obs_knows_is_judged_as_put_object_too() {
    for line in [
        "PUT /b/k?metadata",
        "PUT /b/k?modify&position=3",
        "PUT /b/k?truncate&length=3",
        "PUT /b/k?symlink",
        "PUT /b/k?legal-hold",
    ] {
        let parts = head(line, &[]);
        let got = classified(&parts).unwrap();
        let also = Also {
            operation: Operation::PutObject,
            target: EncryptionSet::WITHOUT_CUSTOMER_KEY,
        };
        assert_eq!(got.facts.also, Some(also), "{line}");
        assert_eq!(got.target, Teller::BucketDefault, "{line}");
        for (setting, allowed) in [
            (UnknownBucketDefault::None, true),
            (UnknownBucketDefault::Any, false),
        ] {
            let settings = Settings {
                unknown_bucket_default: setting,
                ..Settings::default()
            };
            let policy = Profile::builtin(Builtin::Strict, settings).unwrap().policy;
            let decision = policy.decide(got.facts);
            let settled = policy.settle(got.facts, decision, got.target.unknown());
            assert_eq!(settled.is_ok(), allowed, "{line} {setting:?}");
        }
    }
    for line in ["PUT /b/k?acl", "PUT /b/k?tagging", "PUT /b/k?retention"] {
        assert_eq!(classified(&head(line, &[])).unwrap().facts.also, None, "{line}");
    }
}

#[test]
fn a_selection_may_carry_the_key_of_what_it_reads() {
    let parts = head("POST /b/k?select&select-type=2", &borrowed(&trio("amz", "")));
    let also = Also {
        operation: Operation::GetObject,
        target: EncryptionSet::ALL,
    };
    assert_eq!(classified(&parts).unwrap().facts.also, Some(also));
}

#[test]
fn every_get_is_judged_as_get_object_on_its_answer() {
    for line in [
        "GET /",
        "GET /b",
        "GET /b?website",
        "GET /b/k?acl",
        "GET /b/k?uploadId=U",
        "GET /b/k?unknown",
        "GET /b?unknown",
    ] {
        let parts = head(line, &[]);
        let got = classified(&parts).unwrap();
        let target = EncryptionSet::WITHOUT_CUSTOMER_KEY;
        assert_eq!(got.target, Teller::Response, "{line}");
        if got.facts.operation == Operation::GetObject {
            assert_eq!(got.facts.target, target, "{line}");
        } else {
            assert_eq!(
                got.facts.also,
                Some(Also {
                    operation: Operation::GetObject,
                    target
                }),
                "{line}"
            );
        }
    }
}

#[test]
fn a_customer_key_that_the_store_may_overlook_settles_nothing_of_a_get() {
    let parts = head(
        "GET /b/k",
        &[("x-amz-server-side-encryption-customer-algorithm", "AES256")],
    );
    let got = classified(&parts).unwrap();
    assert_eq!(got.target, Teller::Response);
    assert_eq!(got.facts.target, EncryptionSet::only(Encryption::SseC));
    let also = Also {
        operation: Operation::GetObject,
        target: EncryptionSet::ALL,
    };
    assert_eq!(got.facts.also, Some(also));
}

#[test]
fn a_copy_needs_one_source_that_names_an_object() {
    for source in [
        "/b/k",
        "b/k",
        "b%2Fk",
        "/b/k?versionId=1",
        "/b/a k%",
        "b/%E4%B8%AD",
    ] {
        assert_eq!(
            refusal("PUT /b/k", &[("x-amz-copy-source", source)]),
            None,
            "{source}"
        );
    }
    for source in ["", "/", "b", "/b/", "//k", "b/?versionId=1", "%2Fk"] {
        assert_eq!(
            refusal("PUT /b/k", &[("x-obs-copy-source", source)]),
            Some(Malformed::CopySource),
            "{source}"
        );
    }
    for pair in [
        ["x-obs-copy-source", "x-amz-copy-source"],
        ["x-obs-copy-source", "X-Obs-Copy-Source"],
    ] {
        let headers = pair.map(|name| (name, "/b/k"));
        assert_eq!(refusal("PUT /b/k", &headers), Some(Malformed::CopySourceRepeated));
    }
}

#[test]
fn a_copy_has_no_body() {
    for line in ["PUT /b/k", "PUT /b/k?partNumber=1&uploadId=U"] {
        for body in [("Content-Length", "1"), ("Transfer-Encoding", "chunked")] {
            let got = refusal(line, &[("x-obs-copy-source", "/b/k"), body]);
            assert_eq!(got, Some(Malformed::CopyBody), "{line} {body:?}");
        }
        assert_eq!(
            refusal(line, &[("x-obs-copy-source", "/b/k"), ("Content-Length", "0")]),
            None
        );
    }
    assert_eq!(Malformed::CopyBody.code().as_str(), "MaxMessageLengthExceeded");
}

#[test]
fn a_copy_source_stands_only_where_something_is_copied() {
    let source = [("x-obs-copy-source", "/b/k")];
    assert_eq!(
        refusal("PUT /b/k?acl", &source),
        Some(Malformed::CopySourceMisplaced)
    );
    assert_eq!(
        refusal("PUT /b/k?x-obs-copy-source=/b/k", &[]),
        Some(Malformed::CopySourceMisplaced)
    );
    assert_eq!(
        refusal("PUT /b/k?partNumber=1", &source),
        Some(Malformed::SubresourceMissing)
    );
    assert_eq!(
        refusal("PUT /b/k?uploadId=U", &source),
        Some(Malformed::SubresourceMissing)
    );
}

#[test]
fn either_dialect_goes_with_either_signature() {
    for (name, signature) in [
        ("x-obs-copy-source", "AWS AK:c2ln"),
        ("x-amz-copy-source", "OBS AK:c2ln"),
    ] {
        let parts = head("PUT /b/k", &[(name, "/b/k"), ("Authorization", signature)]);
        assert_eq!(classified(&parts).unwrap().facts.operation, Operation::CopyObject);
    }
}

#[test]
fn an_append_at_position_zero_takes_the_buckets_default_and_a_later_one_the_objects() {
    for (query, teller) in [
        ("append&position=0", Teller::BucketDefault),
        ("append&position=7", Teller::Object),
    ] {
        let parts = head(&format!("POST /b/k?{query}"), &[]);
        let got = classified(&parts).unwrap();
        assert_eq!(
            (got.target, got.facts.target),
            (teller, EncryptionSet::WITHOUT_CUSTOMER_KEY),
            "{query}"
        );
    }
}

#[test]
fn only_put_and_post_have_a_body() {
    for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
        for body in [("Content-Length", "3"), ("Transfer-Encoding", "chunked")] {
            assert_eq!(
                refusal(&format!("{method} /b/k"), &[body]),
                Some(Malformed::Body),
                "{method}"
            );
            assert_eq!(
                refusal(&format!("{method} /b?acl"), &[body]),
                Some(Malformed::Body),
                "{method}"
            );
        }
        assert_eq!(
            refusal(&format!("{method} /b/k"), &[("Content-Length", "0")]),
            None
        );
    }
    for line in ["PUT /b/k", "POST /b/k?restore"] {
        assert_eq!(refusal(line, &[("Content-Length", "3")]), None, "{line}");
    }
}

#[test]
fn no_header_asks_for_another_method() {
    for name in ["X-HTTP-Method-Override", "x-http-method", "X-METHOD-OVERRIDE"] {
        for line in ["GET /b/k", "POST /b/k?uploads", "DELETE /b/k"] {
            assert_eq!(
                refusal(line, &[(name, "PUT")]),
                Some(Malformed::MethodOverride),
                "{line} {name}"
            );
            let disguised = name.replace('-', "_");
            assert_eq!(
                refusal(line, &[(&disguised, "PUT")]),
                Some(Malformed::HeaderName),
                "{disguised}"
            );
        }
    }
}

#[test]
fn an_object_is_not_appended_to_by_put() {
    for line in [
        "PUT /b/k?append&position=0",
        "PUT /b/k?append",
        "PUT /b/k?append&uploadId=U",
    ] {
        assert_eq!(refusal(line, &[]), Some(Malformed::AppendByPut), "{line}");
    }
}

#[test]
fn a_body_has_one_length() {
    for headers in [
        &[("Content-Length", "1"), ("Content-Length", "1")][..],
        &[("Content-Length", "1, 1")],
        &[("Content-Length", "+1")],
        &[("Content-Length", "")],
        &[("Content-Length", "1"), ("Transfer-Encoding", "chunked")],
    ] {
        assert_eq!(
            refusal("PUT /b/k", headers),
            Some(Malformed::ContentLength),
            "{headers:?}"
        );
    }
}

#[test]
fn a_selection_is_judged_as_a_read_that_only_memory_can_tell_of() {
    let parts = head("POST /b/k?select&select-type=2", &[]);
    let got = classified(&parts).unwrap();
    assert_eq!(got.facts.also.unwrap().operation, Operation::GetObject);
    assert_eq!(got.target, Teller::Object);
    let stray = [("x-obs-server-side-encryption", "AES256")];
    assert_eq!(
        refusal("POST /b/k?select&select-type=2", &stray),
        Some(Malformed::Contradiction)
    );
}

#[test]
fn a_post_that_anybody_would_take_for_a_selection_is_one_and_nothing_else() {
    for query in [
        "select",
        "select-type=2",
        "select&select-type=2",
        "select-type=3&versionId=1",
    ] {
        assert_eq!(
            operation(&format!("POST /b/k?{query}")),
            Operation::SelectObjectContent,
            "{query}"
        );
        for other in [
            "restore",
            "rename&name=x",
            "append&position=0",
            "uploads",
            "uploadId=U",
            "acl",
            "tagging",
            "lifecycle",
        ] {
            assert_eq!(
                refusal(&format!("POST /b/k?{query}&{other}"), &[]),
                Some(Malformed::SubresourcesTogether),
                "{query} {other}"
            );
        }
    }
    assert_eq!(
        refusal("POST /b/k?Select-Type=2", &[]),
        Some(Malformed::Subresource)
    );
    assert_eq!(
        refusal("POST /b/k?select_type=2", &[]),
        Some(Malformed::Subresource)
    );
    assert_eq!(operation("PUT /b/k?select-type=2"), Operation::PutObject);
}

#[test]
fn a_form_beside_a_subresource_or_sent_to_the_service_is_refused() {
    let form = ("Content-Type", "multipart/form-data; boundary=x");
    for query in [
        "rename&name=x",
        "restore",
        "append&position=0",
        "append&position=3",
        "select&select-type=2",
        "acl",
        "tagging",
        "metadata",
        "uploads=x",
    ] {
        let got = refusal(&format!("POST /b/k?{query}"), &[form]);
        assert!(
            matches!(got, Some(Malformed::ContentType | Malformed::SubresourceValue)),
            "{query} {got:?}"
        );
        assert_eq!(refusal(&format!("POST /b?{query}"), &[form]), got, "{query}");
        let twice = [("Content-Type", "text/plain"), ("Content-Type", "text/plain")];
        assert_eq!(refusal(&format!("POST /b/k?{query}"), &twice), got, "{query}");
    }
    assert_eq!(refusal("POST /", &[form]), Some(Malformed::ContentType));
    assert_eq!(operation("POST /"), Operation::Other);
    for content_type in [
        "multipart/mixed; boundary=x",
        "multipart/form-dat; boundary=x",
        "Multipart/Related; boundary=x",
        " application/x, multipart/mixed",
    ] {
        for line in ["POST /b/k", "POST /b/k?restore", "POST /b", "POST /"] {
            let got = refusal(line, &[("Content-Type", content_type)]);
            assert_eq!(got, Some(Malformed::ContentType), "{line} {content_type}");
        }
    }
    for query in ["uploads", "uploadId=U"] {
        assert_eq!(
            refusal(&format!("POST /b/k?{query}"), &[form]),
            None,
            "the object's own type"
        );
    }
    assert_eq!(
        refusal("POST /b/k?append&position=0", &[("Content-Type", "text/plain")]),
        None
    );
}

#[test]
fn a_form_is_never_settled_by_its_head() {
    let form = ("Content-Type", "multipart/form-data; boundary=x");
    let parts = head("POST /b", &[form]);
    let got = classified(&parts).unwrap();
    assert!(got.awaits_form());
    assert_eq!((got.facts.target, got.target), (EncryptionSet::ALL, Teller::Form));
    let parts = head("POST /b", &[form, ("x-obs-server-side-encryption", "kms")]);
    let also = classified(&parts).unwrap().facts.also.unwrap();
    assert_eq!(
        also,
        Also {
            operation: Operation::PutObject,
            target: EncryptionSet::only(Encryption::SseKms)
        }
    );
    let mut headers = trio("obs", "");
    headers.push((form.0.into(), form.1.into()));
    let parts = head("POST /b", &borrowed(&headers));
    let got = classified(&parts).unwrap();
    assert!(got.facts.customer_key);
    assert_eq!(
        got.facts.also.unwrap().target,
        EncryptionSet::only(Encryption::SseC)
    );
}

#[test]
fn a_post_to_a_bucket_is_a_deletion_or_a_form_without_doubt() {
    assert_eq!(refusal("POST /b", &[]), Some(Malformed::NotAForm));
    assert_eq!(
        refusal("POST /b", &[("Content-Type", "text/plain")]),
        Some(Malformed::NotAForm)
    );
    let form = ("Content-Type", "multipart/form-data; boundary=x");
    for headers in [
        &[form, form][..],
        &[form, ("Content-Type", "text/plain")],
        &[("Content-Type", "multipart/form-data")],
        &[("Content-Type", "multipart/form-data; boundary=a; boundary=b")],
        &[("Content-Type", "text/plain, multipart/form-data; boundary=a")],
    ] {
        assert_eq!(
            refusal("POST /b", headers),
            Some(Malformed::ContentType),
            "{headers:?}"
        );
        assert_eq!(
            refusal("POST /b/k", headers),
            Some(Malformed::ContentType),
            "{headers:?}"
        );
    }
    assert_eq!(refusal("POST /b?delete", &[form]), Some(Malformed::ContentType));
    assert_eq!(
        refusal("POST /b?delete", &[("Content-Type", "application/xml")]),
        None
    );
    assert_eq!(
        refusal("POST /b/k?uploads", &[form]),
        None,
        "the object's own type"
    );
}

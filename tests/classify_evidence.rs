//! Rulings C: what a head says of encryption, and what is refused because it contradicts itself.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test panics")]

mod heads;

use heads::{KEY, KEY_MD5, borrowed, classified, head, refusal, signature_of, trio};
use obsgate::{
    classify::Teller,
    obs::{
        encryption::{Encryption, EncryptionSet},
        malformed::Malformed,
        operation::Operation,
        sse::{Counted, Fault, Parameter},
    },
    policy::Also,
};

/// A native signature of version 2 in the query: native parameters beside it are documented there.
const V2_QUERY: &str = "AccessKeyId=AK&Signature=c2ln";
const ALGORITHM: &str = "x-obs-server-side-encryption-customer-algorithm";

fn target(line: &str, headers: &[(&str, &str)]) -> EncryptionSet {
    let parts = head(line, headers);
    classified(&parts)
        .unwrap_or_else(|why| panic!("{line} {headers:?}: {}", why.id()))
        .facts
        .target
}

#[test]
fn method_values_are_a_closed_list_in_headers_and_query() {
    for (value, encryption) in [
        ("kms", Encryption::SseKms),
        ("aws:kms", Encryption::SseKms),
        ("AES256", Encryption::SseObs),
        ("aws:AES256", Encryption::SseObs),
        ("obs", Encryption::SseObs),
    ] {
        let only = EncryptionSet::only(encryption);
        for dialect in ["obs", "amz"] {
            let name = format!("x-{dialect}-server-side-encryption");
            let signed = [(name.as_str(), value), signature_of(&name)];
            assert_eq!(target("PUT /b/k", &signed), only);
        }
        let name = "x-obs-server-side-encryption";
        for value in [value, &value.replace(':', "%3a")] {
            assert_eq!(target(&format!("PUT /b/k?{name}={value}&{V2_QUERY}"), &[]), only);
        }
    }
    for value in [
        "",
        "KMS",
        "Kms",
        "aes256",
        "kms,kms",
        "kms, AES256",
        "none",
        "aws:obs",
        "kms;",
        "aws:kms:dsse",
    ] {
        for line in [
            "PUT /b/k",
            "GET /b/k",
            "HEAD /b/k",
            "POST /b/k?uploads",
            "DELETE /b/k",
            "PUT /b?acl",
        ] {
            let got = refusal(line, &[("x-obs-server-side-encryption", value)]);
            assert_eq!(got, Some(Malformed::EncryptionMethod), "{line} {value}");
        }
    }
    assert_eq!(
        refusal("PUT /b/k?x-obs-server-side-encryption", &[]),
        Some(Malformed::EncryptionMethod)
    );
    assert_eq!(
        refusal("PUT /b/k?x-obs-server-side-encryption=kms%20", &[]),
        Some(Malformed::EncryptionMethod)
    );
}

#[test]
fn what_only_kms_has_is_evidence_of_it_without_a_method() {
    let kms = EncryptionSet::only(Encryption::SseKms);
    for (name, value) in [
        ("x-obs-server-side-encryption-kms-key-id", "id"),
        ("x-amz-server-side-encryption-aws-kms-key-id", ""),
        ("x-obs-sse-kms-key-project-id", "p"),
        ("x-amz-server-side-encryption-bucket-key-enabled", "true"),
        ("x-amz-server-side-encryption-context", "e30="),
        ("x-obs-server-side-data-encryption", "SM4"),
        ("x-obs-server-side-data-encryption", "sm4"),
    ] {
        for line in [
            "PUT /b/k",
            "POST /b/k?uploads",
            "POST /b/k?append&position=0",
            "PUT /b",
        ] {
            let signed = [(name, value), signature_of(name)];
            assert_eq!(target(line, &signed), kms, "{line} {name}");
        }
        if name.contains("obs") {
            let line = format!("PUT /b/k?{name}={value}&{V2_QUERY}");
            assert_eq!(target(&line, &[]), kms, "{name} in the query");
        }
    }
    let aes = [("x-obs-server-side-data-encryption", "AES256")];
    assert_eq!(
        target("PUT /b/k", &aes),
        EncryptionSet::WITHOUT_CUSTOMER_KEY,
        "AES256 goes with either"
    );
}

#[test]
fn any_part_of_a_customer_key_counts_as_one_wherever_it_stands() {
    for of in ["", "copy-source-"] {
        for dialect in ["obs", "amz"] {
            for (name, value) in trio(dialect, of) {
                for line in [
                    "PUT /b/k",
                    "GET /b/k",
                    "PUT /b/k?acl",
                    "DELETE /b/k",
                    "GET /b",
                    "POST /b/k?uploadId=U",
                    "PUT /b",
                ] {
                    let parts = head(line, &[(&name, &value)]);
                    assert!(classified(&parts).unwrap().facts.customer_key, "{line} {name}");
                    let encoded = name.replace('-', "%2d").replace('e', "E");
                    let joint = if line.contains('?') { '&' } else { '?' };
                    let parts = head(&format!("{line}{joint}{encoded}=x"), &[]);
                    assert!(classified(&parts).unwrap().facts.customer_key, "{line} {encoded}");
                }
            }
        }
    }
    assert!(!classified(&head("PUT /b/k", &[])).unwrap().facts.customer_key);
}

#[test]
fn a_customer_key_makes_target_and_source_known() {
    let key = EncryptionSet::only(Encryption::SseC);
    for line in [
        "PUT /b/k",
        "GET /b/k",
        "HEAD /b/k",
        "PUT /b/k?partNumber=1&uploadId=U",
        "POST /b/k?append&position=4",
    ] {
        let mut headers = trio("amz", "");
        headers.push(("Authorization".into(), heads::V4.into()));
        assert_eq!(target(line, &borrowed(&headers)), key, "{line}");
    }
    let mut headers = trio("obs", "copy-source-");
    headers.push(("x-obs-copy-source".into(), "/b/k".into()));
    for line in ["PUT /b/k", "PUT /b/k?partNumber=1&uploadId=U"] {
        let parts = head(line, &borrowed(&headers));
        let got = classified(&parts).unwrap();
        assert_eq!((got.facts.source, got.source), (key, Teller::Nobody), "{line}");
        assert_eq!(got.facts.target, EncryptionSet::WITHOUT_CUSTOMER_KEY, "{line}");
        let parts = head(line, &[("x-obs-copy-source", "/b/k")]);
        assert_eq!(
            classified(&parts).unwrap().facts.source,
            EncryptionSet::WITHOUT_CUSTOMER_KEY,
            "{line}"
        );
    }
}

#[test]
fn what_is_stated_after_the_beginning_settles_nothing_of_what_was_begun() {
    let all = EncryptionSet::ALL;
    let part = "PUT /b/k?partNumber=1&uploadId=U";
    let (copy, managed) = (
        ("x-obs-copy-source", "/b/k"),
        ("x-obs-server-side-encryption", "AES256"),
    );
    let (key, context) = (
        (ALGORITHM, "AES256"),
        ("x-amz-server-side-encryption-context", "e30="),
    );
    for (line, headers, operation, target, teller) in [
        (part, &[key][..], Operation::UploadPart, all, Teller::Upload),
        (part, &[key, copy], Operation::UploadPartCopy, all, Teller::Upload),
        (
            "POST /b/k?append&position=4",
            &[key],
            Operation::AppendObject,
            all,
            Teller::Object,
        ),
        (
            "POST /b/k?append&position=4",
            &[managed],
            Operation::AppendObject,
            EncryptionSet::WITHOUT_CUSTOMER_KEY,
            Teller::Object,
        ),
        (
            "POST /b/k?append&position=4",
            &[context],
            Operation::PutObject,
            EncryptionSet::WITHOUT_CUSTOMER_KEY,
            Teller::Object,
        ),
    ] {
        let parts = head(line, headers);
        let got = classified(&parts).unwrap();
        assert_eq!(
            got.facts.also,
            Some(Also { operation, target }),
            "{line} {headers:?}"
        );
        assert_eq!(got.target, teller, "{line}");
        assert_eq!(
            got.facts.target.iter().count(),
            1,
            "what is stated counts too: {line}"
        );
    }
    for (line, headers) in [
        (part, &[][..]),
        (part, &[copy]),
        ("POST /b/k?append&position=0", &[key, heads::OBS_V2]),
        ("POST /b/k?append&position=4", &[]),
    ] {
        let parts = head(line, headers);
        assert_eq!(classified(&parts).unwrap().facts.also, None, "{line} {headers:?}");
    }
}

#[test]
fn without_evidence_the_one_who_knows_is_named() {
    for (line, teller, set) in [
        (
            "PUT /b/k",
            Teller::BucketDefault,
            EncryptionSet::WITHOUT_CUSTOMER_KEY,
        ),
        (
            "POST /b/k?uploads",
            Teller::BucketDefault,
            EncryptionSet::WITHOUT_CUSTOMER_KEY,
        ),
        (
            "PUT /b/k?partNumber=1&uploadId=U",
            Teller::Upload,
            EncryptionSet::WITHOUT_CUSTOMER_KEY,
        ),
        ("POST /b/k?uploadId=U", Teller::Upload, EncryptionSet::ALL),
        ("GET /b/k", Teller::Response, EncryptionSet::WITHOUT_CUSTOMER_KEY),
        ("HEAD /b/k", Teller::Object, EncryptionSet::WITHOUT_CUSTOMER_KEY),
    ] {
        let parts = head(line, &[]);
        let got = classified(&parts).unwrap();
        assert_eq!((got.target, got.facts.target), (teller, set), "{line}");
    }
    let parts = head("PUT /b/k?partNumber=1&uploadId=a%2Fb", &[]);
    assert_eq!(classified(&parts).unwrap().upload_id, Some(&b"a%2Fb"[..]));
}

/// What is stated takes the default's place only in the dialect of the signature, and without one only in both.
#[test]
fn what_is_stated_takes_the_defaults_place_in_the_dialect_of_the_signature_alone() {
    let none = ("x-none", "none");
    let copy = ("x-obs-copy-source", "/b/k");
    let signatures = [
        (heads::OBS_V2, Some("obs")),
        (heads::AWS_V2, Some("amz")),
        (("Authorization", heads::V4), Some("amz")),
        (("Authorization", "Bearer t"), None),
        (("X-Auth-Token", "t"), None),
        (none, None),
    ];
    for (line, operation, other) in [
        ("PUT /b/k", Operation::PutObject, none),
        ("PUT /b/k", Operation::CopyObject, copy),
        ("POST /b/k?uploads", Operation::InitiateMultipartUpload, none),
        ("POST /b/k?append&position=0", Operation::AppendObject, none),
    ] {
        for (tail, value, encryption) in [
            ("server-side-encryption", "AES256", Encryption::SseObs),
            ("server-side-encryption", "kms", Encryption::SseKms),
            (
                "server-side-encryption-customer-algorithm",
                "AES256",
                Encryption::SseC,
            ),
            ("server-side-encryption-customer-key", KEY, Encryption::SseC),
            (
                "server-side-encryption-customer-key-md5",
                KEY_MD5,
                Encryption::SseC,
            ),
        ] {
            let (obs, amz) = (format!("x-obs-{tail}"), format!("x-amz-{tail}"));
            for (signature, dialect) in signatures {
                for (in_obs, in_amz) in [(true, false), (false, true), (true, true)] {
                    let mut headers = vec![signature, other];
                    headers.extend(in_obs.then_some((obs.as_str(), value)));
                    headers.extend(in_amz.then_some((amz.as_str(), value)));
                    let parts = head(line, &headers);
                    let got = classified(&parts).unwrap();
                    let stated = EncryptionSet::only(encryption);
                    let takes_its_place = match dialect {
                        Some("obs") => in_obs,
                        Some(_) => in_amz,
                        None => in_obs && in_amz,
                    };
                    let expected = if takes_its_place {
                        (stated, Teller::Nobody, None)
                    } else {
                        let also = Also {
                            operation,
                            target: stated,
                        };
                        (
                            EncryptionSet::WITHOUT_CUSTOMER_KEY,
                            Teller::BucketDefault,
                            Some(also),
                        )
                    };
                    let facts = got.facts;
                    assert_eq!(
                        (facts.target, got.target, facts.also),
                        expected,
                        "{line} {headers:?}"
                    );
                    assert_eq!(facts.operation, operation);
                }
            }
        }
    }
}

#[test]
fn two_halves_in_two_dialects_are_whole_to_nobody_without_a_signature() {
    let halves = [
        ("x-obs-server-side-encryption-customer-key", KEY),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ];
    let parts = head("PUT /b/k", &halves);
    assert_eq!(classified(&parts).unwrap().target, Teller::BucketDefault);
}

/// The documents have parameters in the query of a native signature alone, and these are native (obs-facts §4.1).
#[test]
fn in_the_query_only_native_names_beside_a_native_signature_take_the_defaults_place() {
    for (key, name, expected) in [
        ("AccessKeyId", "x-obs-server-side-encryption", Teller::Nobody),
        (
            "AccessKeyId",
            "x-amz-server-side-encryption",
            Teller::BucketDefault,
        ),
        (
            "AWSAccessKeyId",
            "x-amz-server-side-encryption",
            Teller::BucketDefault,
        ),
        (
            "AWSAccessKeyId",
            "x-obs-server-side-encryption",
            Teller::BucketDefault,
        ),
    ] {
        let query = format!("{key}=AK&Expires=1&Signature=c2ln");
        let line = format!("PUT /b/k?{query}&{name}=AES256");
        let parts = head(&line, &[]);
        assert_eq!(classified(&parts).unwrap().target, expected, "{line}");
        // In a header, it is the dialect that counts.
        let line = format!("PUT /b/k?{query}");
        let parts = head(&line, &[(name, "AES256")]);
        let of_its_dialect = key.starts_with("AWS") == name.contains("amz");
        let settled = classified(&parts).unwrap().target == Teller::Nobody;
        assert_eq!(settled, of_its_dialect, "{line} {name}");
    }
}

#[test]
fn what_else_encryption_is_read_for_is_read_in_either_dialect() {
    let kms = EncryptionSet::only(Encryption::SseKms);
    for signature in [heads::OBS_V2, ("Authorization", heads::V4), ("x-none", "none")] {
        for dialect in ["obs", "amz"] {
            let name = format!("x-{dialect}-server-side-encryption");
            assert_eq!(target("PUT /b", &[signature, (&name, "kms")]), kms, "{name}");
            let key = format!("{name}-customer-algorithm");
            assert_eq!(
                target("HEAD /b/k", &[signature, (&key, "AES256")]),
                EncryptionSet::only(Encryption::SseC)
            );
            let source = format!("x-{dialect}-copy-source-server-side-encryption-customer-key");
            let headers = [signature, ("x-amz-copy-source", "/b/k"), (&source, KEY)];
            let parts = head("PUT /b/k", &headers);
            assert_eq!(
                classified(&parts).unwrap().facts.source,
                EncryptionSet::only(Encryption::SseC)
            );
        }
    }
}

#[test]
fn query_names_are_decoded_once_and_folded() {
    let kms = EncryptionSet::only(Encryption::SseKms);
    for name in [
        "X-Obs-Server-Side-Encryption",
        "x_obs_server_side_encryption",
        "x%2dobs-server-side-encryption",
        "%78-amz-server%5Fside-encryption",
    ] {
        let parts = head(&format!("PUT /b/k?{name}=kms&{V2_QUERY}"), &[]);
        let got = classified(&parts).unwrap();
        let also = Also {
            operation: Operation::PutObject,
            target: kms,
        };
        assert_eq!(got.facts.also, Some(also), "{name}");
        assert_eq!(
            (got.facts.target, got.target),
            (EncryptionSet::WITHOUT_CUSTOMER_KEY, Teller::BucketDefault),
            "{name}"
        );
    }
    let twice = target("PUT /b/k?x%252dobs-server-side-encryption=kms", &[]);
    assert_eq!(twice, EncryptionSet::WITHOUT_CUSTOMER_KEY);
}

#[test]
fn one_parameter_in_two_places_must_have_one_value() {
    let name = "x-obs-server-side-encryption";
    assert_eq!(
        refusal("PUT /b/k?x-obs-server-side-encryption=kms", &[(name, "kms")]),
        None
    );
    assert_eq!(
        refusal("PUT /b/k?x-obs-server-side-encryption=%6bms", &[(name, "kms")]),
        None
    );
    assert_eq!(
        refusal("PUT /b/k?x-obs-server-side-encryption=kms", &[(name, "AES256")]),
        Some(Malformed::EncryptionConflict)
    );
    assert_eq!(
        refusal(
            "PUT /b/k",
            &[(name, "kms"), ("x-amz-server-side-encryption", "aws:kms")]
        ),
        Some(Malformed::EncryptionConflict)
    );
    assert_eq!(
        refusal(
            "PUT /b/k",
            &[(name, "kms"), ("x-amz-server-side-encryption", "kms")]
        ),
        None
    );
    let ids = [
        ("x-obs-server-side-encryption-kms-key-id", "a"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "b"),
    ];
    assert_eq!(refusal("PUT /b/k", &ids), Some(Malformed::EncryptionConflict));
    assert_eq!(refusal("GET /b/k", &ids), Some(Malformed::EncryptionConflict));
}

#[test]
fn a_parameter_stands_once_in_one_place() {
    for name in ["x-obs-server-side-encryption", "x-amz-server-side-encryption"] {
        assert_eq!(
            refusal("PUT /b/k", &[(name, "kms"), (name, "kms")]),
            Some(Malformed::EncryptionRepeated)
        );
        let query = format!("PUT /b/k?{name}=kms&{}=kms", name.to_uppercase());
        assert_eq!(refusal(&query, &[]), Some(Malformed::EncryptionRepeated));
    }
}

#[test]
fn a_header_name_with_underscores_for_dashes_is_refused() {
    for name in [
        "x_obs_server_side_encryption",
        "X-Amz-Server-Side-Encryption-Customer_Key",
        "x-obs-copy_source",
        "Content_Length",
        "Transfer_Encoding",
        "x_amz_security_token",
        "Content_Type",
        "x_amz-date",
        "x_auth_token",
        "X_Forwarded_Proto",
    ] {
        assert_eq!(
            refusal("PUT /b/k", &[(name, "x")]),
            Some(Malformed::HeaderName),
            "{name}"
        );
    }
    assert_eq!(
        refusal("PUT /b/k", &[("x-obs-meta-a_b", "x"), ("X_Request_Id", "x")]),
        None
    );
}

#[test]
fn encryption_and_copy_sources_under_another_vendors_prefix_are_refused() {
    for vendor in ["goog", "dho", "rgw", "object", "container", "account", "anything"] {
        for tail in [
            "server-side-encryption",
            "server-side-encryption-kms-key-id",
            "server-side-encryption-aws-kms-key-id",
            "server-side-encryption-customer-algorithm",
            "server-side-encryption-customer-key",
            "Server-Side-Encryption-Customer-Key-MD5",
            "copy-source",
            "copy-source-server-side-encryption-customer-key",
        ] {
            let name = format!("X-{vendor}-{tail}");
            let encoded = name.replace('-', "%2d").replace('e', "E");
            let hidden = format!("a=b;{name}");
            for line in [
                "PUT /b/k",
                "GET /b/k",
                "POST /b/k?uploads",
                "PUT /b/k?acl",
                "DELETE /b/k",
            ] {
                assert_eq!(
                    refusal(line, &[(&name, "kms")]),
                    Some(Malformed::VendorPrefix),
                    "{line} {name}"
                );
                let joint = if line.contains('?') { '&' } else { '?' };
                for (query, why) in [
                    (&name, Malformed::VendorPrefix),
                    (&encoded, Malformed::VendorPrefix),
                    (&hidden, Malformed::QueryName),
                ] {
                    let line = format!("{line}{joint}{query}=kms");
                    assert_eq!(refusal(&line, &[]), Some(why), "{line}");
                }
                let disguised = name.replace('-', "_");
                assert_eq!(refusal(line, &[(&disguised, "kms")]), Some(Malformed::HeaderName));
            }
        }
    }
    for name in [
        "x-goog-meta-server-side-encryption",
        "x-amz-meta-copy-source",
        "x-goog-date",
        "x-rgw-encryption",
        "x-server-side-encryption",
        "x-",
        "x--",
    ] {
        assert_eq!(refusal("PUT /b/k", &[(name, "kms")]), None, "{name}");
        assert_eq!(refusal(&format!("PUT /b/k?{name}=kms"), &[]), None, "{name}");
    }
}

#[test]
fn two_modes_at_once_are_refused() {
    for (name, value) in [
        ("x-obs-server-side-encryption", "kms"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-obs-server-side-encryption-kms-key-id", "id"),
    ] {
        for line in [
            "PUT /b/k",
            "POST /b/k?uploads",
            "PUT /b/k?partNumber=1&uploadId=U",
            "PUT /b/k?acl",
        ] {
            assert_eq!(
                refusal(line, &[(name, value), (ALGORITHM, "AES256")]),
                Some(Malformed::TwoModes),
                "{line} {name}"
            );
        }
        assert_eq!(
            refusal("GET /b/k", &[(name, value), (ALGORITHM, "AES256")]),
            None,
            "on a GET the method is none"
        );
    }
}

#[test]
fn parameters_of_kms_beside_another_method_are_refused() {
    let method = ("x-obs-server-side-encryption", "AES256");
    for other in [
        ("x-obs-server-side-encryption-kms-key-id", "id"),
        ("x-obs-sse-kms-key-project-id", "p"),
        ("x-obs-server-side-data-encryption", "SM4"),
    ] {
        assert_eq!(
            refusal("PUT /b/k", &[method, other]),
            Some(Malformed::Contradiction),
            "{other:?}"
        );
    }
    assert_eq!(
        refusal(
            "PUT /b/k",
            &[method, ("x-obs-server-side-data-encryption", "AES256")]
        ),
        None
    );
}

#[test]
fn what_counted_and_where_can_be_asked() {
    let parts = head(
        "GET /b/k?x-amz-server-side-encryption=kms",
        &[("x-obs-server-side-encryption", "kms"), (ALGORITHM, "AES256")],
    );
    let got = classified(&parts).unwrap();
    let counted: Vec<_> = got
        .counted()
        .map(|(parameter, places, counted)| (parameter, places.iter().count(), counted))
        .collect();
    assert_eq!(
        counted,
        [
            (Parameter::Method, 2, Counted::Ignored),
            (Parameter::Algorithm, 1, Counted::Target)
        ]
    );
}

fn fault(line: &str, headers: &[(&str, &str)]) -> Option<(bool, Fault)> {
    let parts = head(line, headers);
    classified(&parts)
        .unwrap()
        .defect()
        .map(|defect| (defect.source, defect.fault))
}

#[test]
fn a_customer_keys_defects_are_found_in_the_order_of_aws() {
    let of = |algorithm: Option<&str>, key: Option<&str>, md5: Option<&str>, source: bool| {
        let infix = if source { "copy-source-" } else { "" };
        let mut headers = vec![("x-obs-copy-source".to_owned(), "/b/k".to_owned())];
        for (tail, value) in [("algorithm", algorithm), ("key", key), ("key-MD5", md5)] {
            headers.extend(value.map(|value| {
                (
                    format!("x-obs-{infix}server-side-encryption-customer-{tail}"),
                    value.to_owned(),
                )
            }));
        }
        fault("PUT /b/k", &borrowed(&headers))
    };
    // 31 bytes, and their MD5.
    let (short, short_md5) = (
        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA==",
        "J08XNxHLHTb1zi1NSKwjUA==",
    );
    for source in [false, true] {
        for (algorithm, key, md5, expected) in [
            (Some("AES256"), Some(KEY), Some(KEY_MD5), None),
            (None, None, None, None),
            (Some("aes256"), Some(KEY), Some(KEY_MD5), Some(Fault::Algorithm)),
            (Some(""), None, None, Some(Fault::Algorithm)),
            (Some("AES256, AES256"), None, None, Some(Fault::Algorithm)),
            (None, Some(KEY), Some(KEY_MD5), Some(Fault::AlgorithmMissing)),
            (None, None, Some(KEY_MD5), Some(Fault::AlgorithmMissing)),
            (Some("AES256"), None, Some(KEY_MD5), Some(Fault::KeyMissing)),
            (Some("AES256"), Some(KEY), None, Some(Fault::Md5Missing)),
            (
                Some("AES256"),
                Some(KEY),
                Some("4XvB3tbNTN+tIEVa0/fGaQ=="),
                Some(Fault::Md5),
            ),
            (Some("AES256"), Some(KEY), Some("not base64"), Some(Fault::Md5)),
            (
                Some("AES256"),
                Some("not base64"),
                Some(KEY_MD5),
                Some(Fault::Key),
            ),
            (Some("AES256"), Some(short), Some(short_md5), Some(Fault::Key)),
            (Some("AES256"), Some(short), Some(KEY_MD5), Some(Fault::Md5)),
            (
                Some("AES256"),
                Some(&"A".repeat(400)),
                Some(KEY_MD5),
                Some(Fault::Key),
            ),
        ] {
            assert_eq!(
                of(algorithm, key, md5, source),
                expected.map(|fault| (source, fault)),
                "{algorithm:?} {expected:?}"
            );
        }
    }
}

#[test]
fn a_key_in_the_query_is_decoded_before_it_is_judged() {
    let escaped = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let line = format!(
        "PUT /b/k?{ALGORITHM}=AES256&x-obs-server-side-encryption-customer-key={}&x-obs-server-side-encryption-customer-key-MD5={}",
        escaped(KEY),
        escaped(KEY_MD5)
    );
    assert_eq!(fault(&line, &[]), None);
    assert_eq!(
        fault(&line.replace("AES256", "AES"), &[]),
        Some((false, Fault::Algorithm))
    );
}

#[test]
fn a_defect_where_no_key_belongs_is_the_stores_business() {
    assert_eq!(fault("PUT /b/k?acl", &[(ALGORITHM, "x")]), None);
    assert_eq!(
        fault("GET /b/k", &[(ALGORITHM, "x")]),
        Some((false, Fault::Algorithm))
    );
}

#[test]
fn nothing_a_refusal_says_echoes_a_value() {
    let parts = head(
        "PUT /b/k",
        &[
            (ALGORITHM, "SECRET"),
            ("x-obs-server-side-encryption-customer-key", "SECRET"),
        ],
    );
    let defect = classified(&parts).unwrap().defect().unwrap();
    assert!(!defect.message().contains("SECRET") && !defect.id().contains("SECRET"));
    assert_eq!(defect.code().as_str(), "InvalidEncryptionAlgorithmError");
}

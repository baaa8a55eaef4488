//! What the fields of a form say of its signature and its encryption, and what comes of joining them to the head.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod forms;
mod heads;

use forms::{BOUNDARY, field, file, scanner};
use heads::{KEY, KEY_MD5, V4_QUERY, arrival, endpoints, head, strict, trio};
use http::request::Parts;
use obsgate::{
    classify::{Classified, Teller, classify},
    obs::{
        auth::{Auth, Carrier},
        dialect::Dialect,
        encryption::{Encryption, EncryptionSet},
        form::{Form, FormFacts, Limits},
        malformed::Malformed,
        operation::Operation,
        scheme::Scheme,
    },
    policy::Decision,
};

type Fields<'f> = [(&'f str, &'f str)];

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const OBS_V2: [(&str, &str); 3] = [("AccessKeyId", "AK"), ("policy", "e30="), ("signature", "c2ln")];
const AWS_V2: [(&str, &str); 3] = [
    ("AWSAccessKeyId", "AK"),
    ("Policy", "e30="),
    ("Signature", "c2ln"),
];
const TOKEN: [(&str, &str); 1] = [("token", "AK:c2ln:e30=")];
const V4: [(&str, &str); 5] = [
    ("policy", "e30="),
    ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
    ("x-amz-credential", "AK/20240101/region/s3/aws4_request"),
    ("x-amz-date", "20240101T000000Z"),
    ("X-Amz-Signature", HEX),
];
const KMS: (&str, &str) = ("x-obs-server-side-encryption", "kms");
const CUSTOMER_KEY: [(&str, &str); 3] = [
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-server-side-encryption-customer-key", KEY),
    ("x-amz-server-side-encryption-customer-key-MD5", KEY_MD5),
];

/// A signature of the dialect that the fields are spelled in.
fn signed(fields: &Fields<'_>) -> Vec<(&'static str, &'static str)> {
    let native = fields.iter().any(|(name, _)| name.contains("obs"));
    if native { OBS_V2.to_vec() } else { V4.to_vec() }
}

fn form(fields: &Fields<'_>) -> Form {
    let mut scanner = scanner(BOUNDARY, Limits::default());
    let body: String = fields.iter().map(|(name, value)| field(name, value)).collect();
    let _ = scanner.feed((body + &file()).as_bytes()).unwrap();
    scanner.into_form().unwrap()
}

fn facts(fields: &Fields<'_>) -> Result<FormFacts, Malformed> {
    FormFacts::of(&form(fields))
}

fn auth(fields: &Fields<'_>) -> Result<Auth, Malformed> {
    facts(fields).map(|facts| facts.auth)
}

fn refused(fields: &Fields<'_>) -> Option<Malformed> {
    facts(fields).err()
}

fn post(target: &str, headers: &[(&str, &str)]) -> Parts {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [&[("Content-Type", content_type.as_str())], headers].concat();
    head(&format!("POST {target}"), &headers)
}

/// A head's facts with a form's joined to them.
fn joined<'h>(parts: &'h Parts, scheme: Scheme, fields: &Fields<'_>) -> Result<Classified<'h>, Malformed> {
    let mut classified = classify(parts, arrival(scheme), &endpoints())?;
    assert!(classified.awaits_form());
    classified.read_form(&form(fields))?;
    assert!(!classified.awaits_form());
    Ok(classified)
}

fn conflict(headers: &[(&str, &str)], fields: &Fields<'_>) -> Option<Malformed> {
    joined(&post("/bucket", headers), Scheme::Http, fields).err()
}

#[test]
fn a_complete_signature_counts_as_what_it_is() {
    for (fields, expected) in [
        (&OBS_V2[..], Auth::ObsV2),
        (&AWS_V2, Auth::AwsV2),
        (&TOKEN, Auth::ObsV2),
        (&V4, Auth::V4),
        (&[], Auth::Anonymous),
        (&[("key", "k"), ("x-obs-security-token", "t")], Auth::Anonymous),
    ] {
        assert_eq!(auth(fields), Ok(expected));
        let around = [
            &[("x-obs-acl", "private")],
            fields,
            &[("x-amz-security-token", "t")],
        ]
        .concat();
        assert_eq!(auth(&around), Ok(expected));
        let shouted: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.to_uppercase(), *value))
            .collect();
        let shouted: Vec<_> = shouted
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        assert_eq!(auth(&shouted), Ok(expected));
    }
}

#[test]
fn a_signature_with_a_field_missing_or_wrong_is_unknown() {
    for complete in [&OBS_V2[..], &AWS_V2, &V4] {
        for n in 0..complete.len() {
            let mut fields = complete.to_vec();
            fields.remove(n);
            assert_eq!(auth(&fields), Ok(Auth::Unknown));
            for wrong in ["", " ", "a b", "\u{e9}"] {
                let mut fields = complete.to_vec();
                if let Some((_, value)) = fields.get_mut(n) {
                    *value = wrong;
                }
                assert_eq!(auth(&fields), Ok(Auth::Unknown), "{wrong:?}");
            }
        }
    }
    for token in ["", "AK", "AK:c2ln", "AK:c2ln:", ":c2ln:e30=", "AK:c2ln:e30=:x"] {
        assert_eq!(auth(&[("token", token)]), Ok(Auth::Unknown), "{token}");
    }
    for (name, value) in [
        ("x-amz-algorithm", "aws4-hmac-sha256"),
        ("x-amz-algorithm", "OBS4-HMAC-SHA256"),
        ("x-amz-credential", "AK/20240101/region/aws4_request"),
        ("x-amz-date", "20240101"),
        ("X-Amz-Signature", "0123"),
    ] {
        let fields = V4.map(|field| if field.0 == name { (name, value) } else { field });
        assert_eq!(auth(&fields), Ok(Auth::Unknown), "{name}: {value}");
    }
}

#[test]
fn two_signatures_are_refused_and_two_of_version_2_are_unknown() {
    for v2 in [&OBS_V2[..], &AWS_V2, &TOKEN] {
        for one in v2.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("policy")) {
            let both = [&V4[..], &[*one]].concat();
            assert_eq!(refused(&both), Some(Malformed::Signatures));
        }
        for one in V4
            .iter()
            .filter(|(name, _)| !matches!(*name, "policy" | "x-amz-date"))
        {
            let both = [v2, &[*one]].concat();
            assert_eq!(refused(&both), Some(Malformed::Signatures));
        }
        let foreign = [v2, &[("x-auth-token", "t")]].concat();
        assert_eq!(refused(&foreign), Some(Malformed::Signatures));
    }
    assert_eq!(auth(&[&OBS_V2[..], &TOKEN].concat()), Ok(Auth::Unknown));
    assert_eq!(
        auth(&[&OBS_V2[..], &[("AWSAccessKeyId", "AK")]].concat()),
        Ok(Auth::Unknown)
    );
    assert_eq!(auth(&[("X-Auth-Token", "t")]), Ok(Auth::Unknown));
}

#[test]
fn fields_that_a_decision_rests_on_are_not_repeated() {
    for one in [
        &OBS_V2[..],
        &AWS_V2,
        &TOKEN,
        &V4,
        &[("key", "k"), ("x-obs-security-token", "t")],
    ]
    .concat()
    {
        let again = (one.0.to_lowercase(), one.0.to_uppercase());
        for name in [one.0, &again.0, &again.1] {
            assert_eq!(
                refused(&[one, (name, one.1)]),
                Some(Malformed::FieldRepeated),
                "{name}"
            );
        }
    }
    for one in [&[KMS][..], &CUSTOMER_KEY].concat() {
        assert_eq!(refused(&[one, one]), Some(Malformed::EncryptionRepeated));
    }
    assert_eq!(refused(&[("x-obs-meta-a", "1"), ("x-obs-meta-a", "2")]), None);
}

#[test]
fn a_name_that_only_some_would_read_is_refused() {
    for name in [
        "x_obs_server_side_encryption",
        "x-obs-server-side_encryption",
        "X_AMZ_Signature",
        "x-amz_algorithm",
        "x+-obs-server-side-encryption",
    ] {
        assert_eq!(refused(&[(name, "kms")]), Some(Malformed::FieldName), "{name}");
    }
    assert_eq!(
        refused(&[("x-obs-meta-a_b", "1"), ("success_action_status", "201")]),
        None
    );
    assert_eq!(
        refused(&[("x-obs-copy-source", "/b/k")]),
        Some(Malformed::CopySourceMisplaced)
    );
    assert_eq!(
        refused(&[("X-Goog-Server-Side-Encryption", "aws:kms")]),
        Some(Malformed::VendorPrefix)
    );
    assert_eq!(refused(&[("x-goog-meta-a", "1")]), None);
}

#[test]
fn the_encryption_a_form_states_is_the_targets() {
    let parts = post("/bucket", &[]);
    let target = |fields: &Fields<'_>| {
        let fields = [&signed(fields)[..], fields].concat();
        let classified = joined(&parts, Scheme::Http, &fields).unwrap();
        let key = classified.facts.customer_key;
        (classified.facts.target, classified.target, key)
    };
    for (fields, expected) in [
        (&[KMS][..], Encryption::SseKms),
        (&[("x-obs-server-side-encryption", "AES256")], Encryption::SseObs),
        (
            &[("x-amz-server-side-encryption", "aws:AES256")],
            Encryption::SseObs,
        ),
        (
            &[("x-obs-server-side-encryption-kms-key-id", "id")],
            Encryption::SseKms,
        ),
        (
            &[KMS, ("x-amz-server-side-encryption", "kms")],
            Encryption::SseKms,
        ),
    ] {
        assert_eq!(
            target(fields),
            (EncryptionSet::only(expected), Teller::Nobody, false)
        );
    }
    for one in CUSTOMER_KEY {
        assert_eq!(
            target(&[one]),
            (EncryptionSet::only(Encryption::SseC), Teller::Nobody, true)
        );
    }
    let unstated = EncryptionSet::WITHOUT_CUSTOMER_KEY;
    // Some stores overlook a field in another case: it counts beside the bucket's default.
    for (name, value, encryption) in [
        ("X-AMZ-Server-Side-Encryption", "AES256", Encryption::SseObs),
        ("X-Obs-server-side-encryption-customer-key", KEY, Encryption::SseC),
    ] {
        let classified = joined(&parts, Scheme::Http, &[(name, value)]).unwrap();
        let also = classified.facts.also.unwrap();
        assert_eq!(
            (classified.facts.target, classified.target),
            (unstated, Teller::BucketDefault)
        );
        assert_eq!(
            (also.operation, also.target),
            (Operation::PostObject, EncryptionSet::only(encryption))
        );
    }
    assert_eq!(target(&[("key", "k")]), (unstated, Teller::BucketDefault, false));
    let source = ("x-obs-copy-source-server-side-encryption-customer-key", KEY);
    assert_eq!(target(&[source]), (unstated, Teller::BucketDefault, true));
}

#[test]
fn a_field_takes_the_defaults_place_in_the_dialect_of_the_forms_signature_alone() {
    let parts = post("/bucket", &[]);
    let obs = ("x-obs-server-side-encryption", "AES256");
    let amz = ("x-amz-server-side-encryption", "AES256");
    let stated = EncryptionSet::only(Encryption::SseObs);
    for (signature, in_obs, in_amz) in [
        (&OBS_V2[..], true, false),
        (&TOKEN, true, false),
        (&AWS_V2, false, true),
        (&V4, false, true),
        (&[("policy", "e30=")], false, false),
        (&[], false, false),
    ] {
        for (fields, settles) in [(&[obs][..], in_obs), (&[amz], in_amz), (&[obs, amz], true)] {
            let fields = [signature, fields].concat();
            let got = joined(&parts, Scheme::Http, &fields).unwrap();
            let also = got.facts.also.map(|also| (also.operation, also.target));
            let expected = if settles {
                (stated, Teller::Nobody, None)
            } else {
                let unstated = EncryptionSet::WITHOUT_CUSTOMER_KEY;
                (
                    unstated,
                    Teller::BucketDefault,
                    Some((Operation::PostObject, stated)),
                )
            };
            assert_eq!((got.facts.target, got.target, also), expected, "{fields:?}");
        }
    }
}

#[test]
fn a_form_that_contradicts_itself_is_refused() {
    for method in ["", "KMS", "aws:kms:dsse", "kms, AES256", "\"kms\"", "kms "] {
        let fields = [("x-obs-server-side-encryption", method)];
        assert_eq!(refused(&fields), Some(Malformed::EncryptionMethod), "{method}");
    }
    for one in CUSTOMER_KEY {
        assert_eq!(refused(&[KMS, one]), Some(Malformed::TwoModes));
    }
    assert_eq!(
        refused(&[
            ("x-obs-server-side-encryption", "AES256"),
            ("x-obs-server-side-encryption-kms-key-id", "id")
        ]),
        Some(Malformed::Contradiction)
    );
    assert_eq!(
        conflict(&[], &[KMS, ("x-amz-server-side-encryption", "AES256")]),
        Some(Malformed::EncryptionConflict)
    );
}

#[test]
fn encryption_in_the_head_of_a_form_counts_too() {
    for (target, headers) in [
        ("/bucket", &[KMS][..]),
        ("/bucket?x-obs-server-side-encryption=kms", &[]),
    ] {
        let parts = post(target, headers);
        let silent = joined(&parts, Scheme::Http, &V4).unwrap();
        let also = silent.facts.also.unwrap();
        assert_eq!(also.target, EncryptionSet::only(Encryption::SseKms));
        assert!(matches!(strict().decide(silent.facts), Decision::Deny(_)));
        let agreeing = joined(&parts, Scheme::Http, &[&OBS_V2[..], &[KMS]].concat()).unwrap();
        assert_eq!(agreeing.facts.target, EncryptionSet::only(Encryption::SseKms));
        for (name, value) in [
            ("x-obs-server-side-encryption", "AES256"),
            ("x-amz-server-side-encryption", "obs"),
        ] {
            let other = joined(&parts, Scheme::Http, &[(name, value)]).err();
            assert_eq!(other, Some(Malformed::EncryptionConflict));
        }
        let keyed = joined(&parts, Scheme::Http, &CUSTOMER_KEY).err();
        assert_eq!(keyed, Some(Malformed::TwoModes));
    }
    let key = trio("obs", "");
    let parts = post("/bucket", &heads::borrowed(&key));
    assert!(joined(&parts, Scheme::Http, &[]).unwrap().facts.customer_key);
}

#[test]
fn a_signature_beside_the_forms_is_refused_and_alone_it_is_unknown() {
    let presigned = format!("/bucket?{V4_QUERY}");
    for (target, header, carrier) in [
        ("/bucket", Some(("Authorization", heads::V4)), Carrier::Header),
        ("/bucket", Some(("Authorization", "OBS AK:c2ln")), Carrier::Header),
        ("/bucket", Some(("Authorization", "")), Carrier::Header),
        ("/bucket", Some(("X-Auth-Token", "t")), Carrier::Header),
        (
            "/bucket?AccessKeyId=AK&Expires=1&Signature=c2ln",
            None,
            Carrier::Query,
        ),
        (presigned.as_str(), None, Carrier::Query),
    ] {
        let headers: Vec<_> = header.into_iter().collect();
        let parts = post(target, &headers);
        for signed in [&OBS_V2[..], &AWS_V2, &TOKEN, &V4, &[("policy", "e30=")]] {
            let refused = joined(&parts, Scheme::Https, signed).err();
            assert_eq!(refused, Some(Malformed::Signatures));
        }
        let alone = joined(&parts, Scheme::Https, &[KMS]).unwrap();
        assert_eq!(
            (alone.facts.auth, alone.signed_in),
            (Auth::Unknown, Some(carrier))
        );
        assert!(matches!(strict().decide(alone.facts), Decision::Deny(_)));
    }
}

#[test]
fn a_form_is_decided_by_what_it_says() {
    let parts = post("/bucket", &[]);
    let decide = |scheme, fields: &[&Fields<'_>]| {
        let classified =
            joined(&parts, scheme, &fields.concat()).unwrap_or_else(|why| panic!("{}", why.id()));
        strict().decide(classified.facts)
    };
    let allowed = |decision| decision == Decision::Allow;
    assert!(allowed(decide(Scheme::Https, &[&V4, &[KMS]])));
    assert!(!allowed(decide(Scheme::Http, &[&V4, &[KMS]])));
    let native = trio("obs", "");
    let native = heads::borrowed(&native);
    for other in [&OBS_V2[..], &AWS_V2, &TOKEN, &[]] {
        assert!(!allowed(decide(Scheme::Https, &[other, &[KMS]])));
        // Beside the other dialect's signature, or none, the bucket's default is asked for as well.
        let (amz, obs) = (other == AWS_V2, other == OBS_V2 || other == TOKEN);
        assert_eq!(allowed(decide(Scheme::Https, &[other, &CUSTOMER_KEY])), amz);
        assert_eq!(allowed(decide(Scheme::Https, &[other, &native])), obs);
        assert!(allowed(decide(Scheme::Https, &[other, &native, &CUSTOMER_KEY])));
        assert!(!allowed(decide(Scheme::Http, &[other, &CUSTOMER_KEY])));
    }
    assert!(matches!(
        decide(Scheme::Http, &[&OBS_V2]),
        Decision::NeedsState(_)
    ));
}

#[test]
fn where_and_how_a_form_is_signed_is_told() {
    let parts = post("/bucket", &[]);
    for (fields, carrier, dialect) in [
        (&OBS_V2[..], Some(Carrier::Form), Dialect::Obs),
        (&AWS_V2, Some(Carrier::Form), Dialect::Amz),
        (&V4, Some(Carrier::Form), Dialect::Amz),
        (&[("x-amz-meta-a", "1")], None, Dialect::Amz),
        (&[], None, Dialect::Obs),
    ] {
        let classified = joined(&parts, Scheme::Http, fields).unwrap();
        assert_eq!((classified.signed_in, classified.dialect), (carrier, dialect));
    }
}

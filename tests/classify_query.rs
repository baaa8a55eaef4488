//! Parameters of encryption in the query, where one store reads what another overlooks: they count beside whatever the
//! request would be without them, and never instead of it (rulings, 11).

#![cfg(test)]

mod heads;
mod published;
mod requests;

use heads::{arrival, borrowed, endpoints, head, strict, trio};
use http::request::Parts;
use obsgate::{
    classify::{Teller, classify},
    obs::{
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        resource::Endpoints,
        scheme::Scheme,
    },
    policy::{Decision, Policy},
};

const V2: &str = "AccessKeyId=AK&Expires=1704067200&Signature=c2ln";
use heads::AWS_V2;

/// How strictly a request is judged once everybody who is asked says that the object has this encryption. 0: allowed;
/// 1: it is still in doubt; 2: refused.
fn strictness(
    parts: &Parts,
    scheme: Scheme,
    endpoints: &Endpoints,
    policy: &Policy,
    told: Option<Encryption>,
) -> u8 {
    let Ok(classified) = classify(parts, arrival(scheme), endpoints) else {
        return 2;
    };
    let mut inquiry = classified.inquire(policy);
    while inquiry.question().is_some() {
        inquiry.answer(told.map(EncryptionSet::only));
    }
    match inquiry.decision() {
        Decision::Allow => 0,
        Decision::NeedsState(_) => 1,
        Decision::Deny(_) => 2,
    }
}

fn denied(line: &str, headers: &[(&str, &str)], scheme: Scheme) -> bool {
    let kms = Some(Encryption::SseKms);
    strictness(&head(line, headers), scheme, &endpoints(), &strict(), kms) == 2
}

/// Spellings of a name that only some stores read, and the documented one.
fn spellings(name: &str) -> [String; 7] {
    [
        name.to_owned(),
        name.to_uppercase(),
        name.replace("obs", "Obs").replace("amz", "Amz"),
        name.replace('-', "_"),
        format!("+{name}"),
        format!("%20{name}"),
        name.replacen("x-", "%78-", 1),
    ]
}

#[test]
fn a_method_in_the_query_does_not_take_the_place_of_the_buckets_default() {
    for line in ["PUT /b/k?", "POST /b/k?uploads&", "POST /b/k?append&position=0&"] {
        for name in ["x-obs-server-side-encryption", "x-amz-server-side-encryption"] {
            for (n, spelling) in spellings(name).iter().enumerate() {
                let line = format!("{line}{spelling}=AES256");
                assert!(denied(&line, &[], Scheme::Http), "{line}");
                for header in [("Authorization", heads::V4), AWS_V2, ("x-none", "none")] {
                    assert!(denied(&line, &[header], Scheme::Http), "{line} {header:?}");
                }
                assert!(denied(&format!("{line}&{}", heads::V4_QUERY), &[], Scheme::Http));
                let documented = n == 0 && name.contains("obs");
                assert_eq!(
                    denied(&format!("{line}&{V2}"), &[], Scheme::Http),
                    !documented,
                    "{line}"
                );
            }
        }
    }
    let copy = [("x-obs-copy-source", "/b/k")];
    assert!(denied(
        "PUT /b/k?X-obs-server-side-encryption=AES256",
        &copy,
        Scheme::Https
    ));
}

#[test]
fn a_customer_key_in_the_query_is_no_way_round_the_signature_that_kms_wants() {
    for prefix in ["x-obs-", "x-amz-", "X-Obs-", "+x-amz-"] {
        let query: Vec<String> = trio("obs", "")
            .iter()
            .map(|(name, value)| {
                let name = name.replacen("x-obs-", prefix, 1);
                format!("{name}={}", value.replace('+', "%2B").replace('=', "%3D"))
            })
            .collect();
        let line = format!("PUT /b/k?{}", query.join("&"));
        assert!(denied(&line, &[AWS_V2], Scheme::Https), "{line}");
        assert!(denied(&line, &[AWS_V2], Scheme::Http), "{line}");
    }
    for (dialect, signature, read) in [
        ("amz", AWS_V2, true),
        ("obs", heads::OBS_V2, true),
        ("obs", AWS_V2, false),
        ("amz", heads::OBS_V2, false),
    ] {
        let headers = trio(dialect, "");
        let mut headers = borrowed(&headers);
        headers.push(signature);
        assert_eq!(
            denied("PUT /b/k", &headers, Scheme::Https),
            !read,
            "in headers it is read: {dialect} {signature:?}"
        );
    }
}

/// A store that goes by AWS's signature may know no `x-obs-` name, and a native one no `x-amz-`.
#[test]
fn a_method_in_the_other_dialect_does_not_take_the_place_of_the_buckets_default() {
    let copy = ("x-obs-copy-source", "/b/k");
    for line in ["PUT /b/k", "POST /b/k?uploads", "POST /b/k?append&position=0"] {
        for (name, signature, takes_its_place) in [
            ("x-obs-server-side-encryption", heads::OBS_V2, true),
            ("x-obs-server-side-encryption", AWS_V2, false),
            (
                "x-obs-server-side-encryption",
                ("Authorization", heads::V4),
                false,
            ),
            ("x-obs-server-side-encryption", ("x-none", "none"), false),
            ("x-amz-server-side-encryption", heads::OBS_V2, false),
            ("x-amz-server-side-encryption", AWS_V2, true),
            ("x-amz-server-side-encryption", ("Authorization", heads::V4), true),
            ("x-amz-server-side-encryption", ("x-none", "none"), false),
        ] {
            let headers = [(name, "AES256"), signature];
            assert_eq!(
                denied(line, &headers, Scheme::Http),
                !takes_its_place,
                "{line} {headers:?}"
            );
            if line.starts_with("PUT") && !takes_its_place {
                assert!(denied(line, &[&headers[..], &[copy]].concat(), Scheme::Http));
            }
        }
    }
}

#[test]
fn what_a_store_that_only_puts_objects_would_overlook_is_refused() {
    for subresource in ["modify&position=0", "truncate&length=1", "symlink", "metadata"] {
        let line = format!("PUT /b/k?{subresource}&X-Obs-Server-Side-Encryption=AES256");
        assert!(denied(&line, &[], Scheme::Http), "{line}");
    }
}

#[test]
fn what_the_query_states_counts_beside_the_default() {
    let parts = head("PUT /b/k?X-Obs-Server-Side-Encryption=kms", &[]);
    let classified = heads::classified(&parts).unwrap();
    let also = classified.facts.also.unwrap();
    assert_eq!(classified.target, Teller::BucketDefault);
    assert_eq!(
        (also.operation, also.target),
        (Operation::PutObject, EncryptionSet::only(Encryption::SseKms))
    );
    let plain = Some(Encryption::Plain);
    assert_eq!(
        strictness(&parts, Scheme::Http, &endpoints(), &strict(), plain),
        2
    );
}

#[test]
fn a_head_without_a_sure_customer_key_is_judged_as_one_without() {
    for query in [
        "x-obs-server-side-encryption-customer-algorithm=AES256",
        "X-AMZ-server-side-encryption-customer-key=k",
    ] {
        let parts = head(&format!("HEAD /b/k?{query}"), &[]);
        let classified = heads::classified(&parts).unwrap();
        assert_eq!(classified.target, Teller::Object);
        assert_eq!(classified.facts.target, EncryptionSet::WITHOUT_CUSTOMER_KEY);
        assert!(classified.facts.customer_key);
    }
}

/// Every request of every published row, with every parameter, each spelled in every way, and every kind of value.
#[test]
fn nothing_that_is_added_to_the_query_relaxes_a_request_of_any_row() {
    let policy = strict();
    let endpoints = Endpoints {
        domains: vec![requests::DOMAIN.to_owned()],
        ..Endpoints::default()
    };
    let told = [
        None,
        Some(Encryption::Plain),
        Some(Encryption::SseObs),
        Some(Encryption::SseKms),
    ];
    let mut seen = std::collections::HashSet::new();
    let mut compared = 0_u32;
    for (_, variant, mut parts) in requests::requests() {
        if !seen.insert(format!("{:?} {parts:?}", variant.scheme)) {
            continue;
        }
        let own = parts.uri.clone();
        let presigned = own.query().is_some_and(|query| query.contains("AccessKeyId"));
        let before = told.map(|told| strictness(&parts, variant.scheme, &endpoints, &policy, told));
        for (tail, value) in added() {
            for prefix in ["x-obs-", "x-amz-"] {
                for (n, name) in spellings(&format!("{prefix}{tail}")).iter().enumerate() {
                    if n == 0 && presigned {
                        continue;
                    }
                    let joint = if own.query().is_some() { '&' } else { '?' };
                    parts.uri = format!("{own}{joint}{name}={value}").parse().unwrap();
                    let after =
                        told.map(|told| strictness(&parts, variant.scheme, &endpoints, &policy, told));
                    for (before, after) in before.iter().zip(after) {
                        assert!(
                            *before == 0 || after > 0,
                            "{variant:?} {} {}",
                            parts.method,
                            parts.uri
                        );
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 100_000, "{compared}");
}

fn added() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        ("server-side-encryption", &["AES256", "obs", "kms"][..]),
        ("server-side-data-encryption", &["AES256", "SM4"]),
        ("server-side-encryption-kms-key-id", &["id"]),
        ("server-side-encryption-aws-kms-key-id", &["id"]),
        ("sse-kms-key-project-id", &["p"]),
        ("server-side-encryption-bucket-key-enabled", &["true"]),
        ("server-side-encryption-context", &["e30"]),
        ("server-side-encryption-customer-algorithm", &["AES256"]),
        ("server-side-encryption-customer-key", &["k"]),
        ("server-side-encryption-customer-key-md5", &["m"]),
        (
            "copy-source-server-side-encryption-customer-algorithm",
            &["AES256"],
        ),
        ("copy-source-server-side-encryption-customer-key", &["k"]),
    ]
    .into_iter()
    .flat_map(|(tail, values)| values.iter().map(move |value| (tail, *value)))
}

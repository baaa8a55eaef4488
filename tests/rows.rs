//! Every published row from request heads (rulings, 26): each row under its own document's profile and under `strict`,
//! over HTTP and HTTPS, in every signature and in both dialects: what the head alone decides, whom it asks, and what
//! is decided with the answer. What is expected is computed from the published rows, not from the policy files.

#![cfg(test)]

mod published;
mod requests;

use http::request::Parts;
use obsgate::{
    classify::{Arrival, Classified, Teller, classify},
    config::{Builtin, Profile},
    obs::{
        auth::Auth,
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        resource::Endpoints,
        scheme::Scheme,
    },
    policy::{Citation, Decision, Facts, Policy, Role, Rule, Scope, Settings},
};
use published::{DOCUMENTS, Row, completed, denies, published};
use requests::{DOMAIN, Signing, Variant};

#[test]
fn every_row_is_decided_from_request_heads_under_its_own_documents_profile() {
    let mut denied = 0;
    for (builtin, seeds) in DOCUMENTS {
        let policy = policy(builtin);
        for seed in seeds {
            let document: Vec<Row> = published().into_iter().filter(|row| row.seed == *seed).collect();
            for row in &document {
                for variant in Variant::every() {
                    denied += u32::from(is_decided(row, &completed(&document), variant, &policy, false));
                }
            }
        }
    }
    assert!(denied > 1000, "{denied}");
}

#[test]
fn every_row_is_decided_from_request_heads_under_strict_as_the_union_demands() {
    let policy = policy(Builtin::Strict);
    let every_document = published();
    let mut denied = 0;
    for row in &every_document {
        for variant in Variant::every() {
            denied += u32::from(is_decided(
                row,
                &completed(&every_document),
                variant,
                &policy,
                true,
            ));
        }
    }
    assert!(denied > 1500, "{denied}");
}

/// Follows one request from its head to the decision; returns whether it was denied.
fn is_decided(row: &Row, rows: &[Row], variant: Variant, policy: &Policy, key_wants_https: bool) -> bool {
    let Variant { scheme, signing, .. } = variant;
    let context = format!("{row:?} {variant:?}");
    let head = variant.head(row);
    let (facts, asked) = facts_of_head(&head, row, variant);
    let key_in_clear = key_wants_https && carries_key(row) && scheme == Scheme::Http;
    let expected = |target: EncryptionSet| -> Vec<bool> {
        let denied = |target| {
            let sources = source_from_head(row).iter();
            sources.map(move |source| denies(rows, row.operation, source, target, scheme, signing.auth()))
        };
        target
            .iter()
            .flat_map(denied)
            .map(|denied| denied || key_in_clear)
            .collect()
    };

    // The head alone: settled where all that is possible comes to the same. A read is judged on its answer too,
    // whatever key the request carries.
    let first = policy.decide(facts);
    let stated = expected(facts.target);
    let beside = facts
        .also
        .map_or_else(|| stated.clone(), |also| expected(also.target));
    let all = |members: &[bool]| members.iter().all(|denied| *denied);
    let none = |members: &[bool]| members.iter().all(|denied| !denied);
    let settled = all(&stated) || all(&beside) || (none(&stated) && none(&beside));
    match first {
        Decision::NeedsState(role) => {
            assert!(!settled, "{context}");
            assert_eq!(role, Role::Target, "{context}");
            assert_eq!(asked, teller(row), "{context}");
        }
        Decision::Allow | Decision::Deny(_) => assert!(settled, "{first:?} {context}"),
    }

    // With nobody to ask, the documents judge what the head states (rulings, 22).
    if asked == Teller::BucketDefault && row.target != Encryption::Plain {
        let settled = policy.settle(facts, first, asked.unknown());
        let stated = expected(EncryptionSet::only(row.target));
        assert_eq!(settled.is_err(), stated[0], "unknown default: {context}");
    }

    // With the answer: this row.
    let second = policy.decide(facts.learn(Role::Target, EncryptionSet::only(row.target)));
    let expected = expected(EncryptionSet::only(row.target))[0];
    match second {
        Decision::Allow => assert!(!expected, "{context}"),
        Decision::Deny(rule) => {
            assert!(expected, "{context}");
            let rule = policy.rule(rule).unwrap();
            assert!(
                is_about(rule, row) || (key_in_clear && rule.scope == Scope::CustomerKey),
                "{rule:?} {context}"
            );
        }
        Decision::NeedsState(_) => panic!("not settled: {context}"),
    }
    expected
}

/// What the head says, the form's fields included, and who is to be asked for the rest.
fn facts_of_head(head: &Parts, row: &Row, variant: Variant) -> (Facts, Teller) {
    let context = format!("{row:?} {variant:?}");
    let arrival = Arrival {
        scheme: variant.scheme,
        peer: ([127, 0, 0, 1], 1).into(),
    };
    let endpoints = Endpoints {
        domains: vec![DOMAIN.to_owned()],
        ..Endpoints::default()
    };
    let classified = classify(head, arrival, &endpoints);
    let classified = classified.unwrap_or_else(|malformed| panic!("{malformed}: {context}"));
    let facts = if row.operation == Operation::PostObject {
        form_facts(&classified, row, variant.signing)
    } else {
        assert_eq!(classified.signed_in, variant.signing.carrier(), "{context}");
        classified.facts
    };
    assert_eq!(facts.operation, row.operation, "{context}");
    assert_eq!(facts.auth, variant.signing.auth(), "{context}");
    let beside = is_in_the_other_dialect(row, variant);
    let target = if beside {
        EncryptionSet::WITHOUT_CUSTOMER_KEY
    } else {
        target_from_head(row)
    };
    assert_eq!(facts.target, target, "{context}");
    if beside {
        let also = facts.also.map(|also| (also.operation, also.target));
        assert_eq!(also, Some((row.operation, target_from_head(row))), "{context}");
    }
    assert_eq!(facts.customer_key, carries_key(row), "{context}");
    (facts, classified.target)
}

/// Whether a rule is the row's. Where the source is in doubt it may be that of another source.
fn is_about(rule: &Rule, row: &Row) -> bool {
    if source_from_head(row).known().is_none() {
        return rule.scope.copy_target() == Some((row.operation, row.target));
    }
    let is_row = |citation: &Citation| citation.table == row.cite() && citation.row == row.number;
    rule.citations.iter().any(is_row)
}

/// What a form adds to its head: neither signature nor target is known before (rulings, 18).
fn form_facts(classified: &Classified<'_>, row: &Row, signing: Signing) -> Facts {
    assert!(classified.awaits_form());
    assert_eq!(
        classified.facts.auth,
        Auth::Anonymous,
        "the head of a form is not signed"
    );
    Facts {
        auth: signing.auth(),
        customer_key: row.target == Encryption::SseC,
        target: target_from_head(row),
        ..classified.facts
    }
}

/// What the head says of the target: just this encryption, or whatever is possible without a customer key (rulings, 16).
fn target_from_head(row: &Row) -> EncryptionSet {
    let only = EncryptionSet::only(row.target);
    match (row.operation, row.target) {
        (Operation::PostObject | Operation::CompleteMultipartUpload, _) => EncryptionSet::ALL,
        (_, Encryption::SseC) => only,
        (Operation::PutObject | Operation::InitiateMultipartUpload | Operation::CopyObject, stated)
            if stated != Encryption::Plain =>
        {
            only
        }
        _ => EncryptionSet::WITHOUT_CUSTOMER_KEY,
    }
}

/// Whether the head states an encryption that counts beside the bucket's default: in the dialect that the signature is not
/// of, or without one (rulings, 11).
fn is_in_the_other_dialect(row: &Row, variant: Variant) -> bool {
    let writes = matches!(
        row.operation,
        Operation::PutObject | Operation::InitiateMultipartUpload | Operation::CopyObject
    );
    let of = match variant.signing.auth() {
        Auth::ObsV2 => "obs",
        Auth::AwsV2 if variant.signing == Signing::AwsQuery => "in the query of native signatures alone",
        Auth::AwsV2 | Auth::V4 => "amz",
        Auth::Anonymous | Auth::Unknown => "both",
    };
    writes && row.target != Encryption::Plain && variant.dialect != of
}

/// What the head says of a copy's source.
fn source_from_head(row: &Row) -> EncryptionSet {
    match row.source {
        None => EncryptionSet::only(Encryption::Plain),
        Some(Encryption::SseC) => EncryptionSet::only(Encryption::SseC),
        Some(_) => EncryptionSet::WITHOUT_CUSTOMER_KEY,
    }
}

fn carries_key(row: &Row) -> bool {
    let of_target = row.target == Encryption::SseC && row.operation != Operation::CompleteMultipartUpload;
    of_target || row.source == Some(Encryption::SseC)
}

/// Who is to be asked when the head leaves the target in doubt.
fn teller(row: &Row) -> Teller {
    match row.operation {
        Operation::PostObject => Teller::Form,
        Operation::GetObject => Teller::Response,
        Operation::HeadObject => Teller::Object,
        Operation::UploadPart | Operation::UploadPartCopy | Operation::CompleteMultipartUpload => {
            Teller::Upload
        }
        _ => Teller::BucketDefault,
    }
}

fn policy(builtin: Builtin) -> Policy {
    Profile::builtin(builtin, Settings::default()).unwrap().policy
}

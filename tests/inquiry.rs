//! The loop of asking and deciding, over everything it can meet: laws that hold whatever is asked and answered.

#![cfg(test)]

use obsgate::{
    classify::{Inquiry, Teller},
    config::Profile,
    obs::{
        auth::Auth,
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        scheme::Scheme,
    },
    policy::{Decision, Denial, Facts, Policy, Role, Settings, Unknown, UnknownBucketDefault, UnknownUpload},
};

const TELLERS: [Teller; 6] = [
    Teller::Nobody,
    Teller::Form,
    Teller::Upload,
    Teller::BucketDefault,
    Teller::Object,
    Teller::Response,
];

/// The strict rules, under every setting for unknown things.
fn policies() -> Vec<Policy> {
    let mut policies = Vec::new();
    for unknown_upload in [UnknownUpload::Deny, UnknownUpload::Allow] {
        for unknown_bucket_default in [UnknownBucketDefault::None, UnknownBucketDefault::Any] {
            let settings = Settings {
                unknown_upload,
                unknown_bucket_default,
                ..Settings::default()
            };
            policies.push(
                Profile::load(&"strict".parse().unwrap(), settings)
                    .unwrap()
                    .policy,
            );
        }
    }
    policies
}

fn each(check: impl Fn(&Policy, Facts, Teller)) {
    for policy in policies() {
        for operation in Operation::ALL {
            for target in EncryptionSet::every() {
                for (scheme, auth) in [
                    (Scheme::Http, Auth::Anonymous),
                    (Scheme::Http, Auth::V4),
                    (Scheme::Https, Auth::AwsV2),
                    (Scheme::Https, Auth::V4),
                ] {
                    let facts = Facts {
                        operation,
                        target,
                        source: EncryptionSet::WITHOUT_CUSTOMER_KEY,
                        also: None,
                        customer_key: false,
                        scheme,
                        auth,
                    };
                    for teller in TELLERS {
                        check(&policy, facts, teller);
                    }
                }
            }
        }
    }
}

#[test]
fn nobody_is_asked_where_the_answer_could_change_nothing() {
    each(|policy, facts, teller| {
        let inquiry = Inquiry::begin(policy, facts, teller, Teller::Nobody);
        let Some(asked) = inquiry.question() else { return };
        assert_eq!(asked, teller);
        let after = |one| {
            let mut inquiry = inquiry;
            inquiry.answer(Some(EncryptionSet::only(one)));
            inquiry.decision()
        };
        let changes = Encryption::ALL
            .into_iter()
            .any(|one| after(one) != Decision::Allow);
        assert!(changes, "{facts:?} {teller:?}");
    });
}

#[test]
fn an_answer_is_learned_and_decided_on_and_the_question_is_not_put_again() {
    each(|policy, facts, teller| {
        let inquiry = Inquiry::begin(policy, facts, teller, Teller::Nobody);
        if inquiry.question().is_none() {
            return;
        }
        for told in EncryptionSet::every() {
            let mut inquiry = inquiry;
            inquiry.answer(Some(told));
            assert_eq!(inquiry.question(), None);
            let stated = policy.decide(facts) == Decision::Allow;
            let learned = if stated {
                // What was begun is encrypted as it was begun.
                Facts {
                    target: told,
                    ..facts
                }
            } else {
                facts.learn(Role::Target, told)
            };
            assert_eq!(inquiry.facts(), learned);
            let decision = policy.decide(learned);
            if decision != Decision::NeedsState(Role::Target) {
                assert_eq!(inquiry.decision(), decision);
            }
        }
        let mut inquiry = inquiry;
        inquiry.answer(None);
        assert_eq!((inquiry.facts(), inquiry.question()), (facts, None));
    });
}

#[test]
fn a_question_that_failed_allows_nothing_that_depended_on_it() {
    each(|policy, facts, teller| {
        let mut inquiry = Inquiry::begin(policy, facts, teller, Teller::Nobody);
        if teller != Teller::BucketDefault || inquiry.question().is_none() {
            return;
        }
        inquiry.fail();
        assert_eq!(inquiry.question(), None);
        let denial = inquiry.settle().unwrap_err();
        assert_eq!(denial, Denial::Unknown(Unknown::Lookup));
    });
}

#[test]
fn the_settings_for_unknown_things_do_not_settle_what_was_told_and_is_in_doubt() {
    each(|policy, facts, teller| {
        for told in EncryptionSet::every() {
            let mut inquiry = Inquiry::begin(policy, facts, teller, Teller::Nobody);
            if inquiry.question().is_none() {
                return;
            }
            inquiry.answer(Some(told));
            let settled = inquiry.settle();
            let all_allowed = inquiry.facts().target.iter().all(|one| {
                policy.decide(Facts {
                    target: EncryptionSet::only(one),
                    ..facts
                }) == Decision::Allow
            });
            assert!(settled.is_err() || all_allowed, "{facts:?} {told}");
            match inquiry.decision() {
                Decision::Allow => assert!(settled.is_ok()),
                Decision::Deny(rule) => assert_eq!(settled.unwrap_err(), Denial::Rule(rule)),
                Decision::NeedsState(role) => {
                    assert_eq!(role, Role::Source, "{facts:?} {told}");
                    assert!(settled.is_err());
                }
            }
        }
    });
}

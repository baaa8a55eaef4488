//! The policy over its whole finite domain: the three laws, and every profile against the published rows.

#![cfg(test)]

mod published;

use obsgate::{
    config::{Builtin, Profile},
    obs::{
        auth::Auth,
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        scheme::Scheme,
    },
    policy::{
        Also, Citation, CompileError, Decision, Denial, Facts, Mode, Policy, Requirement, Role, Rule, Scope,
        Settings, Unknown, UnknownBucketDefault, UnknownUpload,
    },
};
use published::{DOCUMENTS, Row, completed, denies, published};
use std::{collections::BTreeSet, path::Path};

// The three laws.

#[test]
fn deciding_a_set_is_deciding_each_member() {
    for policy in policies() {
        for facts in every_facts() {
            let members: Vec<Decision> = members(facts).map(|member| policy.decide(member)).collect();
            let denials: Vec<&Decision> = members.iter().filter(|one| is_denied(**one)).collect();
            let unsettled = members.iter().any(|one| matches!(one, Decision::NeedsState(_)));
            assert!(!unsettled, "{facts:?}");
            match policy.decide(facts) {
                Decision::Allow => assert!(denials.is_empty(), "{facts:?}"),
                deny @ Decision::Deny(_) => {
                    assert_eq!(denials.len(), members.len(), "{facts:?}");
                    assert!(denials.contains(&&deny), "{facts:?}");
                }
                Decision::NeedsState(_) => {
                    assert!(!denials.is_empty() && denials.len() < members.len(), "{facts:?}");
                }
            }
        }
    }
}

#[test]
fn narrowing_never_changes_a_settled_decision() {
    for policy in policies() {
        for facts in every_facts() {
            let before = policy.decide(facts);
            if matches!(before, Decision::NeedsState(_)) {
                continue;
            }
            // One member fewer at a time: the rest follows by induction.
            for narrower in one_member_fewer(facts) {
                let after = policy.decide(narrower);
                assert_eq!(is_denied(before), is_denied(after), "{facts:?} {narrower:?}");
                assert!(
                    !matches!(after, Decision::NeedsState(_)),
                    "{facts:?} {narrower:?}"
                );
            }
        }
    }
}

#[test]
fn two_questions_settle_every_decision_and_none_is_about_what_is_known() {
    for policy in policies() {
        for facts in every_facts() {
            let Decision::NeedsState(first) = policy.decide(facts) else {
                continue;
            };
            assert!(in_doubt(facts, first), "{facts:?}");
            for told in consistent(facts, first) {
                let learnt = facts.learn(first, EncryptionSet::only(told));
                let Decision::NeedsState(second) = policy.decide(learnt) else {
                    continue;
                };
                assert_ne!(first, second, "{facts:?}");
                for told in consistent(learnt, second) {
                    let learnt = learnt.learn(second, EncryptionSet::only(told));
                    assert!(
                        !matches!(policy.decide(learnt), Decision::NeedsState(_)),
                        "{learnt:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_operation_without_rows_is_allowed_whatever_it_is_about() {
    for policy in policies() {
        for operation in Operation::ALL.into_iter().filter(|one| !JUDGED.contains(one)) {
            let facts = Facts {
                operation,
                target: EncryptionSet::ALL,
                source: EncryptionSet::ALL,
                ..put(Scheme::Http, Auth::Unknown)
            };
            assert_eq!(policy.decide(facts), Decision::Allow, "{operation}");
        }
    }
}

#[test]
fn learning_what_contradicts_the_request_keeps_both_possible() {
    let facts = Facts {
        target: only(Encryption::SseKms),
        ..put(Scheme::Https, Auth::V4)
    };
    let learnt = facts.learn(Role::Target, only(Encryption::Plain));
    assert_eq!(
        learnt.target,
        only(Encryption::SseKms).union(only(Encryption::Plain))
    );
}

// The published rows.

#[test]
fn each_literal_profile_is_its_documents_rows_and_nothing_else() {
    for (builtin, seeds) in DOCUMENTS {
        let rules: BTreeSet<String> = policy(builtin)
            .rules()
            .iter()
            .flat_map(|rule| rule.citations.iter().map(|citation| printed(rule, citation)))
            .collect();
        let mut counted = 0;
        for (n, seed) in seeds.iter().enumerate() {
            let of_document: BTreeSet<String> = policy(builtin)
                .rules()
                .iter()
                .map(|rule| printed(rule, &rule.citations[n]))
                .collect();
            let document = &policy(builtin).rules()[0].citations[n].document.clone();
            let published: BTreeSet<String> = published()
                .into_iter()
                .filter(|row| row.seed == *seed)
                .map(|row| printed_row(&row, document))
                .collect();
            assert_eq!(of_document, published, "{}", builtin.name());
            counted += published.len();
        }
        assert_eq!(
            rules.len(),
            counted,
            "{}: the documents' titles differ",
            builtin.name()
        );
    }
}

#[test]
fn every_published_row_is_in_a_profile() {
    let seeds: Vec<&str> = DOCUMENTS
        .iter()
        .flat_map(|(_, seeds)| seeds.iter().copied())
        .collect();
    let published = published();
    assert_eq!(published.len(), 142);
    assert!(published.iter().all(|row| seeds.contains(&&*row.seed)));
}

#[test]
fn every_profile_decides_each_known_request_as_its_rows_do() {
    let of = |seeds: &[&str]| {
        published()
            .into_iter()
            .filter(|row| seeds.contains(&&*row.seed))
            .collect()
    };
    let literal = DOCUMENTS.map(|(builtin, seeds)| -> (Builtin, Vec<Row>) { (builtin, of(seeds)) });
    for (builtin, rows) in literal.into_iter().chain([(Builtin::Strict, published())]) {
        let (policy, rows) = (policy(builtin), completed(&rows));
        let mut denied = 0;
        for facts in known_facts() {
            let key_in_clear =
                builtin == Builtin::Strict && facts.customer_key && facts.scheme == Scheme::Http;
            let (source, target) = (known(facts.source), known(facts.target));
            let expected =
                key_in_clear || denies(&rows, facts.operation, source, target, facts.scheme, facts.auth);
            assert_eq!(
                is_denied(policy.decide(facts)),
                expected,
                "{} {facts:?}",
                builtin.name()
            );
            denied += u32::from(expected);
        }
        assert!(denied > 100, "{denied}");
    }
}

#[test]
fn a_rule_of_strict_demands_the_union_and_cites_every_document_that_demands_something() {
    let strict = policy(Builtin::Strict);
    let mut found = BTreeSet::new();
    for rule in strict.rules() {
        let Scope::Row {
            operation,
            source,
            target,
        } = rule.scope
        else {
            assert_eq!(rule.name, "strict.customer-key");
            assert!(rule.requirement.https && !rule.requirement.v4);
            continue;
        };
        let same = |row: &Row| row.operation == operation && row.source == source && row.target == target;
        let same: Vec<Row> = completed(&published()).into_iter().filter(same).collect();
        assert_eq!(
            rule.requirement.https,
            same.iter().any(|row| row.https),
            "{}",
            rule.name
        );
        assert_eq!(
            rule.requirement.v4,
            same.iter().any(|row| row.v4),
            "{}",
            rule.name
        );
        let free = !rule.requirement.is_something();
        let demanding: BTreeSet<String> = same
            .iter()
            .filter(|row| free || row.https || row.v4)
            .map(|row| row.seed.clone())
            .collect();
        let cited: BTreeSet<_> = rule.citations.iter().map(|citation| &citation.document).collect();
        assert_eq!(cited.len(), demanding.len(), "{}", rule.name);
        for row in same.iter().filter(|row| demanding.contains(&row.seed)) {
            let is_row = |citation: &Citation| (&citation.table, citation.row) == (&row.cite(), row.number);
            assert!(rule.citations.iter().any(is_row), "{} {row:?}", rule.name);
        }
        found.extend(same.into_iter().map(|row| (row.seed, row.table, row.number)));
    }
    assert_eq!(
        found.len(),
        142,
        "every row of every document is in a rule of strict"
    );
}

#[test]
fn in_every_published_profile_the_target_of_a_copy_decides_alone() {
    // What no head tells must not matter, not even for a source that the document does not know.
    for policy in Builtin::ALL.map(policy) {
        for facts in every_facts().filter(|facts| facts.also.is_none()) {
            assert_ne!(
                policy.decide(facts),
                Decision::NeedsState(Role::Source),
                "{facts:?}"
            );
        }
    }
}

#[test]
fn a_source_without_a_row_is_judged_by_the_target_only_where_the_rows_agree() {
    let https = Requirement {
        https: true,
        v4: false,
    };
    let copy = |name, source, target, requirement| {
        rule(name, Operation::CopyObject, Some(source), target, requirement)
    };
    let (none, kms, obs) = (Encryption::Plain, Encryption::SseKms, Encryption::SseObs);
    let rules = vec![
        copy("a", none, none, https),
        copy("b", none, kms, https),
        copy("c", kms, none, Requirement::default()),
        copy("d", kms, kms, https),
    ];
    let policy = Policy::compile(rules, Settings::default()).unwrap();
    let decide = |target| {
        let facts = Facts {
            operation: Operation::CopyObject,
            target: only(target),
            source: only(obs),
            ..put(Scheme::Http, Auth::V4)
        };
        is_denied(policy.decide(facts))
    };
    assert_eq!([none, kms, obs].map(decide), [false, true, false]);
}

#[test]
fn ids_are_made_of_profile_table_and_row() {
    let has = |builtin, name: &str| policy(builtin).rules().iter().any(|rule| rule.name == name);
    assert!(has(Builtin::Huawei, "huawei.sse-kms.put-object"));
    assert!(has(Builtin::OtcS3, "otc-s3.copy.none-to-sse-kms"));
    assert!(has(
        Builtin::HuaweiLegacy,
        "huawei-legacy.part-copy.sse-c-to-sse-c"
    ));
    assert!(has(Builtin::Strict, "strict.sse-c.initiate-multipart-upload"));
}

// The rules themselves.

#[test]
fn v4_refuses_v2_anonymous_and_unknown_and_exempts_the_obs_scheme_where_the_policy_says_so() {
    for exempt in [false, true] {
        let settings = Settings {
            obs_scheme_exempt: exempt,
            ..Settings::default()
        };
        let rule = rule(
            "a",
            Operation::PutObject,
            None,
            Encryption::SseKms,
            Requirement {
                https: false,
                v4: true,
            },
        );
        let policy = Policy::compile(vec![rule], settings).unwrap();
        for auth in Auth::ALL {
            let facts = Facts {
                target: only(Encryption::SseKms),
                ..put(Scheme::Http, auth)
            };
            let allowed = auth == Auth::V4 || (exempt && auth == Auth::ObsV2);
            assert_eq!(policy.decide(facts) == Decision::Allow, allowed, "{auth:?}");
        }
    }
}

#[test]
fn append_object_is_judged_as_put_object_unless_it_has_a_row_of_its_own() {
    let https = Requirement {
        https: true,
        v4: false,
    };
    let put_row = rule("put", Operation::PutObject, None, Encryption::SseKms, https);
    let append_row = rule(
        "append",
        Operation::AppendObject,
        None,
        Encryption::SseKms,
        Requirement::default(),
    );
    let append = Facts {
        operation: Operation::AppendObject,
        target: only(Encryption::SseKms),
        ..put(Scheme::Http, Auth::V4)
    };
    let alone = Policy::compile(vec![put_row.clone()], Settings::default()).unwrap();
    assert!(is_denied(alone.decide(append)));
    let both = Policy::compile(vec![put_row, append_row], Settings::default()).unwrap();
    assert_eq!(both.decide(append), Decision::Allow);
}

#[test]
fn of_two_operations_the_stricter_decides() {
    let strict = policy(Builtin::Strict);
    let part_copy = Facts {
        operation: Operation::UploadPartCopy,
        target: only(Encryption::SseKms),
        ..put(Scheme::Http, Auth::V4)
    };
    assert_eq!(strict.decide(part_copy), Decision::Allow);
    let also = Some(Also {
        operation: Operation::PutObject,
        target: only(Encryption::SseKms),
    });
    let Decision::Deny(id) = strict.decide(Facts { also, ..part_copy }) else {
        panic!("the second operation was not judged");
    };
    assert_eq!(strict.rule(id).unwrap().name, "strict.sse-kms.put-object");
}

#[test]
fn rules_that_make_no_policy_are_all_named() {
    let none = Requirement::default();
    let copy = |name, source, target| rule(name, Operation::CopyObject, Some(source), target, none);
    let rules = vec![
        rule("a", Operation::PutObject, None, Encryption::SseC, none),
        rule("a", Operation::PutObject, None, Encryption::SseC, none),
        copy("b", Encryption::Plain, Encryption::SseKms),
        copy("c", Encryption::Plain, Encryption::Plain),
        copy("d", Encryption::SseKms, Encryption::SseKms),
        rule("e", Operation::CopyObject, None, Encryption::SseKms, none),
    ];
    let errors = Policy::compile(rules, Settings::default()).unwrap_err();
    assert_eq!(
        errors,
        [
            CompileError::DuplicateName { first: 0, second: 1 },
            CompileError::Contradiction { first: 0, second: 1 },
            CompileError::Contradiction { first: 2, second: 5 },
            CompileError::Contradiction { first: 4, second: 5 },
            CompileError::Hole {
                operation: Operation::CopyObject,
                source: Encryption::SseKms,
                target: Encryption::Plain,
            },
        ]
    );
}

// From a decision to a permit.

#[test]
fn an_allowed_request_gets_a_plain_permit_in_every_mode() {
    for settings in every_settings() {
        let policy = strict(settings);
        let facts = put(Scheme::Https, Auth::V4);
        for unknown in UNKNOWNS {
            let permit = policy.settle(facts, policy.decide(facts), unknown).unwrap();
            assert!(!permit.held() && permit.waived().is_none());
        }
    }
}

#[test]
fn a_denied_request_is_refused_and_shadow_waives_just_that() {
    for settings in every_settings() {
        let policy = strict(settings);
        let facts = Facts {
            target: only(Encryption::SseKms),
            ..put(Scheme::Http, Auth::V4)
        };
        let decision = policy.decide(facts);
        let Decision::Deny(id) = decision else {
            panic!("{decision:?}")
        };
        for unknown in UNKNOWNS {
            let settled = policy.settle(facts, decision, unknown);
            match settings.mode {
                Mode::Enforce => assert_eq!(settled.unwrap_err(), Denial::Rule(id)),
                Mode::Shadow => {
                    let permit = settled.unwrap();
                    assert_eq!(permit.waived(), Some(Denial::Rule(id)));
                    assert!(!permit.held());
                }
            }
        }
        assert_eq!(policy.denial_id(Denial::Rule(id)), "strict.sse-kms.put-object");
    }
}

#[test]
fn what_only_the_answer_tells_is_sent_and_held() {
    for settings in every_settings() {
        let policy = strict(settings);
        let facts = Facts {
            operation: Operation::GetObject,
            target: EncryptionSet::WITHOUT_CUSTOMER_KEY,
            ..put(Scheme::Http, Auth::V4)
        };
        let permit = policy
            .settle(facts, policy.decide(facts), Unknown::Response)
            .unwrap();
        assert!(permit.held() && permit.waived().is_none());
    }
}

#[test]
fn an_unknown_upload_is_refused_unless_the_setting_allows_it() {
    for settings in every_settings() {
        let policy = strict(settings);
        let facts = Facts {
            operation: Operation::UploadPart,
            target: EncryptionSet::WITHOUT_CUSTOMER_KEY,
            ..put(Scheme::Http, Auth::V4)
        };
        let settled = policy.settle(facts, policy.decide(facts), Unknown::Upload);
        let denial = Denial::Unknown(Unknown::Upload);
        match (settings.unknown_upload, settings.mode) {
            (UnknownUpload::Allow, _) => assert_eq!(settled.unwrap().waived(), None),
            (UnknownUpload::Deny, Mode::Enforce) => assert_eq!(settled.unwrap_err(), denial),
            (UnknownUpload::Deny, Mode::Shadow) => assert_eq!(settled.unwrap().waived(), Some(denial)),
        }
    }
}

#[test]
fn an_unknown_bucket_default_is_taken_for_what_the_setting_says() {
    for settings in every_settings() {
        let policy = strict(settings);
        let facts = Facts {
            target: EncryptionSet::WITHOUT_CUSTOMER_KEY,
            ..put(Scheme::Http, Auth::V4)
        };
        let settled = policy.settle(facts, policy.decide(facts), Unknown::BucketDefault);
        let denial = Denial::Unknown(Unknown::BucketDefault);
        match (settings.unknown_bucket_default, settings.mode) {
            (UnknownBucketDefault::None, _) => assert_eq!(settled.unwrap().waived(), None),
            (UnknownBucketDefault::Any, Mode::Enforce) => assert_eq!(settled.unwrap_err(), denial),
            (UnknownBucketDefault::Any, Mode::Shadow) => assert_eq!(settled.unwrap().waived(), Some(denial)),
        }
    }
}

#[test]
fn supposing_a_bucket_without_a_default_never_makes_evidence_disappear() {
    let policy = strict(Settings::default());
    let doubtful = only(Encryption::SseKms).union(only(Encryption::SseObs));
    let also = Some(Also {
        operation: Operation::PutObject,
        target: doubtful,
    });
    let facts = Facts {
        also,
        ..put(Scheme::Http, Auth::V4)
    };
    let settled = policy.settle(facts, policy.decide(facts), Unknown::BucketDefault);
    assert_eq!(settled.unwrap_err(), Denial::Unknown(Unknown::BucketDefault));
}

#[test]
fn what_nobody_knows_is_refused() {
    let policy = strict(Settings::default());
    let facts = Facts {
        target: EncryptionSet::ALL,
        ..put(Scheme::Http, Auth::V4)
    };
    for unknown in [Unknown::Object, Unknown::Form] {
        let settled = policy.settle(facts, policy.decide(facts), unknown);
        assert_eq!(settled.unwrap_err(), Denial::Unknown(unknown));
    }
}

#[test]
fn the_ids_of_unknown_things_are_distinct() {
    let ids: BTreeSet<_> = UNKNOWNS.map(Unknown::id).into_iter().collect();
    assert_eq!(ids.len(), UNKNOWNS.len());
}

// The domain.

const UNKNOWNS: [Unknown; 5] = [
    Unknown::Upload,
    Unknown::BucketDefault,
    Unknown::Object,
    Unknown::Form,
    Unknown::Response,
];

fn policy(builtin: Builtin) -> Policy {
    Profile::builtin(builtin, Settings::default()).unwrap().policy
}

fn strict(settings: Settings) -> Policy {
    Profile::builtin(Builtin::Strict, settings).unwrap().policy
}

/// The four profiles, one with the exemption, and one in which the source of a copy decides.
fn policies() -> Vec<Policy> {
    let by_source = r#"
        name = "by-source"
        documents = ["handbook"]
        obs_scheme = "exempt"
        [[table]]
        id = "copy"
        cite = "Table 1"
        operation = "CopyObject"
        rows = [
            { row = 1, source = "none", target = "none", protocol = "http or https" },
            { row = 2, source = "none", target = "sse-kms", protocol = "https", authentication = "v4" },
            { row = 3, source = "sse-kms", target = "none", protocol = "https" },
            { row = 4, source = "sse-kms", target = "sse-kms", protocol = "http or https", authentication = "v4" },
        ]
        [[table]]
        id = "part-copy"
        cite = "Table 2"
        operation = "UploadPartCopy"
        rows = [
            { row = 1, source = "none", target = "none", protocol = "https" },
            { row = 2, source = "none", target = "sse-kms", protocol = "https" },
            { row = 3, source = "sse-kms", target = "none", protocol = "http or https" },
            { row = 4, source = "sse-kms", target = "sse-kms", protocol = "http or https" },
        ]
    "#;
    let mut policies: Vec<Policy> = Builtin::ALL.map(policy).into();
    let own = Profile::read(by_source, Path::new("by-source.toml"), Settings::default());
    policies.push(own.unwrap().policy);
    policies
}

/// All facts of the operations that have rows, and of one that has none, without a second operation; and all facts of
/// one that has and of one that has none beside a second operation, with and without a source in its rows.
fn every_facts() -> impl Iterator<Item = Facts> {
    let alone = JUDGED
        .into_iter()
        .chain([Operation::Other])
        .map(|operation| (operation, None));
    let beside = [Operation::CopyObject, Operation::Other]
        .into_iter()
        .flat_map(|operation| {
            [Operation::PutObject, Operation::UploadPartCopy]
                .into_iter()
                .flat_map(move |second| {
                    EncryptionSet::every().map(move |target| {
                        (
                            operation,
                            Some(Also {
                                operation: second,
                                target,
                            }),
                        )
                    })
                })
        });
    alone.chain(beside).flat_map(|(operation, also)| {
        // The customer key is judged by itself: with a second operation it would only double the work.
        let requests = requests().filter(move |(.., customer_key)| also.is_none() || !customer_key);
        requests.flat_map(move |(scheme, auth, customer_key)| {
            EncryptionSet::every().flat_map(move |target| {
                EncryptionSet::every().map(move |source| Facts {
                    operation,
                    target,
                    source,
                    also,
                    customer_key,
                    scheme,
                    auth,
                })
            })
        })
    })
}

/// The operations that a published row is about, and the one that is judged as another.
const JUDGED: [Operation; 10] = [
    Operation::AppendObject,
    Operation::CompleteMultipartUpload,
    Operation::CopyObject,
    Operation::GetObject,
    Operation::HeadObject,
    Operation::InitiateMultipartUpload,
    Operation::PostObject,
    Operation::PutObject,
    Operation::UploadPart,
    Operation::UploadPartCopy,
];

fn known_facts() -> impl Iterator<Item = Facts> {
    Operation::ALL.into_iter().flat_map(|operation| {
        requests().flat_map(move |(scheme, auth, customer_key)| {
            Encryption::ALL.into_iter().flat_map(move |target| {
                Encryption::ALL.into_iter().map(move |source| Facts {
                    operation,
                    target: only(target),
                    source: only(source),
                    also: None,
                    customer_key,
                    scheme,
                    auth,
                })
            })
        })
    })
}

fn requests() -> impl Iterator<Item = (Scheme, Auth, bool)> {
    Scheme::ALL.into_iter().flat_map(|scheme| {
        Auth::ALL
            .into_iter()
            .flat_map(move |auth| [false, true].map(|customer_key| (scheme, auth, customer_key)))
    })
}

fn every_settings() -> impl Iterator<Item = Settings> {
    [Mode::Enforce, Mode::Shadow].into_iter().flat_map(|mode| {
        [UnknownUpload::Deny, UnknownUpload::Allow]
            .into_iter()
            .flat_map(move |unknown_upload| {
                [UnknownBucketDefault::None, UnknownBucketDefault::Any].map(|unknown_bucket_default| {
                    Settings {
                        mode,
                        unknown_upload,
                        unknown_bucket_default,
                        obs_scheme_exempt: false,
                    }
                })
            })
    })
}

/// The same facts with each combination of one member of each set.
fn members(facts: Facts) -> impl Iterator<Item = Facts> {
    let second = facts.also.map_or(only(Encryption::Plain), |also| also.target);
    facts.target.iter().flat_map(move |target| {
        facts.source.iter().flat_map(move |source| {
            second.iter().map(move |second| Facts {
                target: only(target),
                source: only(source),
                also: facts.also.map(|also| Also {
                    target: only(second),
                    ..also
                }),
                ..facts
            })
        })
    })
}

fn one_member_fewer(facts: Facts) -> Vec<Facts> {
    let fewer = |set: EncryptionSet| {
        EncryptionSet::every().filter(move |less| {
            set.narrow(*less) == Some(*less) && less.iter().count() + 1 == set.iter().count()
        })
    };
    let targets = fewer(facts.target).map(|target| Facts { target, ..facts });
    let sources = fewer(facts.source).map(|source| Facts { source, ..facts });
    let seconds = facts.also.into_iter().flat_map(|also| {
        fewer(also.target).map(move |target| Facts {
            also: Some(Also { target, ..also }),
            ..facts
        })
    });
    targets.chain(sources).chain(seconds).collect()
}

/// Whether this is not known yet.
fn in_doubt(facts: Facts, role: Role) -> bool {
    match role {
        Role::Source => facts.source.known().is_none(),
        Role::Target => {
            facts.target.known().is_none() || facts.also.is_some_and(|also| also.target.known().is_none())
        }
    }
}

/// What may be answered to a question about this role without contradicting the facts.
fn consistent(facts: Facts, role: Role) -> impl Iterator<Item = Encryption> {
    let possible = match role {
        Role::Source => Some(facts.source),
        Role::Target => facts
            .target
            .narrow(facts.also.map_or(EncryptionSet::ALL, |also| also.target)),
    };
    possible.into_iter().flat_map(EncryptionSet::iter)
}

fn put(scheme: Scheme, auth: Auth) -> Facts {
    Facts {
        operation: Operation::PutObject,
        target: only(Encryption::Plain),
        source: only(Encryption::Plain),
        also: None,
        customer_key: false,
        scheme,
        auth,
    }
}

fn rule(
    name: &str,
    operation: Operation,
    source: Option<Encryption>,
    target: Encryption,
    requirement: Requirement,
) -> Rule {
    Rule {
        name: name.to_owned(),
        scope: Scope::Row {
            operation,
            source,
            target,
        },
        requirement,
        citations: Vec::new(),
    }
}

/// A rule of a row, as a line.
fn printed(rule: &Rule, citation: &Citation) -> String {
    let Scope::Row {
        operation,
        source,
        target,
    } = rule.scope
    else {
        panic!("a literal profile has rows alone");
    };
    assert_eq!(rule.requirement, citation.requirement);
    let Requirement { https, v4 } = rule.requirement;
    let place = format!("{}, {}, row {}", citation.document, citation.table, citation.row);
    format!("{place}: {operation} {source:?} to {target}: {https} {v4}")
}

/// The same line, from the published row.
fn printed_row(row: &Row, document: &str) -> String {
    let Row {
        operation,
        source,
        target,
        https,
        v4,
        ..
    } = row;
    let place = format!("{document}, {}, row {}", row.cite(), row.number);
    format!("{place}: {operation} {source:?} to {target}: {https} {v4}")
}

const fn only(encryption: Encryption) -> EncryptionSet {
    EncryptionSet::only(encryption)
}

fn known(set: EncryptionSet) -> Encryption {
    set.known().unwrap()
}

const fn is_denied(decision: Decision) -> bool {
    matches!(decision, Decision::Deny(_))
}

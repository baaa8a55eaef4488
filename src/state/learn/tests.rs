//! What lessons make of what is known, in every order.

use super::*;
use crate::{obs::bucket_pattern::BucketPattern, state::Limits};

const BUCKET: Stored<'_> = Stored::BucketDefault { bucket: b"photos" };
const OTHER: Stored<'_> = Stored::BucketDefault { bucket: b"logs" };
const NOW: Moment = Moment::from_millis(1_750_000_000_000);
const KMS: EncryptionSet = EncryptionSet::only(Encryption::SseKms);
const OBS: EncryptionSet = EncryptionSet::only(Encryption::SseObs);

/// All at the same moment: time tells nothing of the order.
fn learn(state: &State, encryption: EncryptionSet) {
    drop(state.learn(&BUCKET, encryption, Evidence::Request, NOW));
}

fn unite(state: &State, encryption: EncryptionSet) {
    drop(state.unite(&BUCKET, encryption, Evidence::Response, NOW));
}

fn learn_since(state: &State, sent: Mark, encryption: EncryptionSet) {
    drop(state.learn_since(sent, &BUCKET, encryption, Evidence::Response, NOW));
}

fn known(state: &State) -> Option<EncryptionSet> {
    state.ask(&BUCKET, NOW).map(|told| told.encryption)
}

fn new() -> State {
    declaring(&[])
}

/// A small one, for there are many.
fn declaring(declared: &[(BucketPattern, EncryptionSet)]) -> State {
    let limits = Limits {
        entries: 100,
        ..Limits::default()
    };
    State::new(&limits, declared)
}

#[test]
fn what_was_learned_since_stays_beside_a_late_lesson_and_nothing_else_does() {
    for before in EncryptionSet::every() {
        for late in EncryptionSet::every() {
            let state = new();
            learn(&state, before);
            let sent = state.mark();
            drop(state.learn(&OTHER, KMS, Evidence::Request, NOW));
            learn_since(&state, sent, late);
            assert_eq!(known(&state), Some(late));
            for since in EncryptionSet::every() {
                for teach in [learn, unite] {
                    let state = new();
                    learn(&state, before);
                    let sent = state.mark();
                    teach(&state, since);
                    learn_since(&state, sent, late);
                    assert_eq!(known(&state), Some(since.union(late)));
                    // And again: the lesson itself is as new as when it was learned.
                    learn_since(&state, sent, before);
                    assert_eq!(known(&state), Some(since.union(late).union(before)));
                    learn_since(&state, state.mark(), before);
                    assert_eq!(known(&state), Some(before));
                }
            }
        }
    }
}

#[test]
fn what_is_said_again_is_said_since() {
    for again in [learn, unite] {
        let state = new();
        learn(&state, KMS);
        let sent = state.mark();
        again(&state, KMS);
        learn_since(&state, sent, OBS);
        assert_eq!(known(&state), Some(KMS.union(OBS)));
    }
}

#[test]
fn a_late_answer_forgets_only_what_was_not_learned_since() {
    for since in [None, Some(KMS), Some(OBS)] {
        let state = new();
        learn(&state, KMS);
        let sent = state.mark();
        if let Some(since) = since {
            unite(&state, since);
        }
        state.forget_since(sent, &BUCKET);
        assert_eq!(known(&state), since.map(|since| since.union(KMS)));
        state.forget_since(state.mark(), &BUCKET);
        assert_eq!(known(&state), None);
    }
}

#[test]
fn what_was_forgotten_is_not_beside_a_late_lesson() {
    let state = new();
    let sent = state.mark();
    learn(&state, KMS);
    state.forget(&BUCKET);
    learn_since(&state, sent, OBS);
    assert_eq!(known(&state), Some(OBS));
}

#[test]
fn an_entry_that_takes_the_place_of_another_was_taught_nothing_yet() {
    let (one, other) = (Fingerprint::from_u128(1), Fingerprint::from_u128(3));
    let record = |fingerprint| Record {
        fingerprint,
        lane: LONG_LIVED,
        encryption: KMS,
        evidence: Evidence::Response,
        expires: NOW.after(LONGEST_NONE),
    };
    let state = new();
    let mut shard = Shard::in_order(1, 2);
    shard.put(record(one), NOW, &mut |_| {});
    shard.teach(one, KMS, state.order.next());
    assert_eq!(shard.taught_since(one, Mark::default()), Some(KMS));
    shard.put(record(other), NOW, &mut |_| {});
    assert_eq!(shard.get(one, NOW), None);
    assert_eq!(shard.taught_since(other, Mark::default()), None);
}

#[test]
fn what_is_united_with_what_is_known_leaves_the_unknown_unknown() {
    let unite_known = |state: &State| drop(state.unite_known(&BUCKET, OBS, Evidence::Response, NOW));
    let state = new();
    unite_known(&state);
    assert_eq!(known(&state), None);
    learn(&state, KMS);
    unite_known(&state);
    assert_eq!(known(&state), Some(KMS.union(OBS)));
    // What is declared is known.
    let state = declaring(&[(BucketPattern::parse("photos").unwrap(), KMS)]);
    unite_known(&state);
    assert_eq!(known(&state), Some(KMS.union(OBS)));
}

#[test]
fn a_look_up_tells_either_where_something_was_learned_meanwhile_and_leaves_that() {
    let state = new();
    let sent = state.mark();
    assert_eq!(state.looked_up(&BUCKET, OBS, NOW), OBS);
    assert_eq!(state.looked_up(&BUCKET, KMS, NOW), KMS.union(OBS));
    assert_eq!(known(&state), Some(OBS));
    // It is a lesson as others are.
    learn_since(&state, sent, KMS);
    assert_eq!(known(&state), Some(KMS.union(OBS)));
}

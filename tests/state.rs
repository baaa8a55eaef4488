//! What the state keeps in memory, as seen from outside.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use obsgate::{
    obs::{
        bucket_pattern::BucketPattern,
        encryption::{Encryption, EncryptionSet},
    },
    state::{Evidence, Limits, Moment, Origin, State, Stored},
};
use proptest::prelude::*;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

const KMS: EncryptionSet = EncryptionSet::only(Encryption::SseKms);
const PLAIN: EncryptionSet = EncryptionSet::only(Encryption::Plain);
const OBS: EncryptionSet = EncryptionSet::only(Encryption::SseObs);
const START: Moment = Moment::from_millis(1_750_000_000_000);

const BUCKET: Stored<'_> = Stored::BucketDefault { bucket: b"photos" };

fn upload(upload_id: &[u8]) -> Stored<'_> {
    Stored::Upload {
        bucket: b"photos",
        key: b"a key",
        upload_id,
    }
}

fn new() -> State {
    State::new(&Limits::default(), &[])
}

fn learn(state: &State, stored: &Stored<'_>, encryption: EncryptionSet, now: Moment) {
    state
        .learn(stored, encryption, Evidence::Response, now)
        .wait()
        .unwrap();
}

fn encryption(state: &State, stored: &Stored<'_>, now: Moment) -> Option<EncryptionSet> {
    state.ask(stored, now).map(|told| told.encryption)
}

#[test]
fn nobody_knows_what_was_never_learned() {
    let state = new();
    learn(&state, &upload(b"1"), KMS, START);
    let strangers = [
        upload(b"2"),
        upload(b""),
        upload(b"1\0"),
        Stored::Upload {
            bucket: b"other",
            key: b"a key",
            upload_id: b"1",
        },
        Stored::Upload {
            bucket: b"photos",
            key: b"another key",
            upload_id: b"1",
        },
        Stored::Object {
            bucket: b"photos",
            key: b"a key",
        },
        BUCKET,
    ];
    for stranger in strangers {
        assert_eq!(state.ask(&stranger, START), None);
    }
}

#[test]
fn an_upload_expires_when_it_was_last_used_long_enough_ago_by_the_time_given() {
    let week = Limits::default().upload_lifetime;
    let state = new();
    learn(&state, &upload(b"used"), KMS, START);
    learn(&state, &upload(b"unused"), KMS, START);
    let used = START.after(week / 2);
    assert_eq!(encryption(&state, &upload(b"used"), used), Some(KMS));
    let just_before = Moment::from_millis(START.after(week).as_millis() - 1);
    assert_eq!(encryption(&state, &upload(b"unused"), START), Some(KMS));
    assert_eq!(encryption(&state, &upload(b"used"), just_before), Some(KMS));
    assert_eq!(encryption(&state, &upload(b"unused"), START.after(week)), None);
    assert_eq!(
        encryption(&state, &upload(b"used"), just_before.after(week)),
        None
    );
    state.purge(just_before.after(week));
    assert_eq!(state.entries(), 0);
}

#[test]
fn a_learned_none_and_what_was_looked_up_live_for_a_minute_and_the_rest_for_a_day() {
    let limits = Limits {
        looked_up_lifetime: Duration::from_secs(90),
        ..Limits::default()
    };
    let lifetime = |encryption, evidence| {
        let state = State::new(&limits, &[]);
        drop(state.learn(&BUCKET, encryption, evidence, START));
        let alive = |seconds| {
            state
                .ask(&BUCKET, START.after(Duration::from_secs(seconds)))
                .is_some()
        };
        let all = [59, 60, 89, 90, 86_399, 86_400];
        all.into_iter().find(|seconds| !alive(*seconds))
    };
    assert_eq!(lifetime(PLAIN, Evidence::Response), Some(60));
    assert_eq!(lifetime(PLAIN, Evidence::Request), Some(60));
    assert_eq!(lifetime(PLAIN, Evidence::LookedUp), Some(60));
    assert_eq!(lifetime(KMS, Evidence::LookedUp), Some(90));
    assert_eq!(lifetime(KMS, Evidence::Response), Some(86_400));
    assert_eq!(lifetime(KMS, Evidence::Request), Some(86_400));
}

#[test]
fn being_asked_does_not_lengthen_the_life_of_a_bucket_default() {
    let state = new();
    drop(state.learn(&BUCKET, PLAIN, Evidence::LookedUp, START));
    for second in 0..60 {
        assert_eq!(
            encryption(&state, &BUCKET, START.after(Duration::from_secs(second))),
            Some(PLAIN)
        );
    }
    assert_eq!(
        encryption(&state, &BUCKET, START.after(Duration::from_mins(1))),
        None
    );
}

#[test]
fn a_look_up_that_says_the_same_does_not_shorten_what_was_learned() {
    let state = new();
    learn(&state, &BUCKET, KMS, START);
    drop(state.learn(&BUCKET, KMS, Evidence::LookedUp, START));
    assert_eq!(
        encryption(&state, &BUCKET, START.after(Duration::from_mins(2))),
        Some(KMS)
    );
}

#[test]
fn a_second_lesson_narrows_an_upload_unless_they_contradict_each_other() {
    for first in EncryptionSet::every() {
        for second in EncryptionSet::every() {
            let state = new();
            learn(&state, &upload(b"1"), first, START);
            learn(&state, &upload(b"1"), second, START);
            let expected = first.narrow(second).unwrap_or(first.union(second));
            assert_eq!(encryption(&state, &upload(b"1"), START), Some(expected));
        }
    }
}

#[test]
fn the_last_lesson_counts_for_objects_and_bucket_defaults() {
    let object = Stored::Object {
        bucket: b"photos",
        key: b"log",
    };
    for stored in [object, BUCKET] {
        for first in EncryptionSet::every() {
            for second in EncryptionSet::every() {
                let state = new();
                learn(&state, &stored, first, START);
                learn(&state, &stored, second, START);
                assert_eq!(encryption(&state, &stored, START), Some(second));
            }
        }
    }
}

#[test]
fn declared_and_learned_are_united_and_forgetting_leaves_the_declaration() {
    for declared in EncryptionSet::every() {
        for learned in EncryptionSet::every() {
            let pattern = BucketPattern::parse("ph*").unwrap();
            let state = State::new(&Limits::default(), &[(pattern, declared)]);
            let told = state.ask(&BUCKET, START).unwrap();
            assert_eq!((told.encryption, told.origin), (declared, Origin::Declared));
            learn(&state, &BUCKET, learned, START);
            let told = state.ask(&BUCKET, START).unwrap();
            assert_eq!(told.encryption, declared.union(learned));
            let adds = told.encryption != declared;
            assert_eq!(told.origin == Origin::Learned(Evidence::Response), adds);
            state.forget(&BUCKET);
            assert_eq!(encryption(&state, &BUCKET, START), Some(declared));
        }
    }
}

#[test]
fn a_bucket_is_the_same_in_any_case_of_its_name() {
    let state = new();
    learn(&state, &BUCKET, KMS, START);
    assert_eq!(
        encryption(&state, &Stored::BucketDefault { bucket: b"PHOTOS" }, START),
        Some(KMS)
    );
}

#[test]
fn uploads_without_end_evict_neither_bucket_defaults_nor_other_buckets_uploads() {
    let limits = Limits {
        entries: 40_000,
        ..Limits::default()
    };
    let state = State::new(&limits, &[]);
    learn(&state, &BUCKET, KMS, START);
    let quiet: Vec<_> = (0..100).map(|bucket| format!("quiet-{bucket}")).collect();
    let of = |bucket: &str, state: &State| {
        let stored = Stored::Upload {
            bucket: bucket.as_bytes(),
            key: b"key",
            upload_id: b"1",
        };
        encryption(state, &stored, START)
    };
    for bucket in &quiet {
        let stored = Stored::Upload {
            bucket: bucket.as_bytes(),
            key: b"key",
            upload_id: b"1",
        };
        learn(&state, &stored, OBS, START);
    }
    for number in 0..100_000_u32 {
        learn(&state, &upload(&number.to_le_bytes()), KMS, START);
        if number % 1000 == 0 {
            assert!(state.entries() <= limits.entries);
        }
    }
    assert!(state.evicted() >= 60_000);
    assert_eq!(encryption(&state, &BUCKET, START), Some(KMS));
    // One in 1,024 shares the lane of the loud bucket: that four of a hundred do is a chance of one in 250,000.
    let kept = quiet.iter().filter(|bucket| of(bucket, &state).is_some()).count();
    assert!(kept > 96, "{kept}");
}

#[test]
fn a_flood_of_looked_up_defaults_does_not_evict_a_learned_one() {
    let limits = Limits {
        entries: 1600,
        ..Limits::default()
    };
    let state = State::new(&limits, &[]);
    learn(&state, &BUCKET, KMS, START);
    for number in 0..10_000_u32 {
        let name = number.to_string();
        let flood = Stored::BucketDefault {
            bucket: name.as_bytes(),
        };
        drop(state.learn(&flood, KMS, Evidence::LookedUp, START));
    }
    assert_eq!(encryption(&state, &BUCKET, START), Some(KMS));
}

#[test]
fn two_threads_see_what_the_other_learned_and_forgot() {
    const ROUNDS: usize = 20_000;
    let state = new();
    // The upload that a thread learned last; an odd turn is the second thread's.
    let turn = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for me in 0..2 {
            let (state, turn) = (&state, &turn);
            scope.spawn(move || {
                for round in (me..ROUNDS).step_by(2) {
                    let own = round.to_le_bytes();
                    let private = upload(&own);
                    learn(state, &private, KMS, START);
                    assert_eq!(encryption(state, &private, START), Some(KMS));
                    while turn.load(Ordering::Acquire) < round {
                        std::hint::spin_loop();
                        std::thread::yield_now();
                    }
                    if let Some(before) = round.checked_sub(1) {
                        let theirs = before.to_le_bytes();
                        assert_eq!(encryption(state, &upload(&theirs), START), Some(KMS));
                        state.forget(&upload(&theirs));
                        assert_eq!(state.ask(&upload(&theirs), START), None);
                    }
                    turn.store(round + 1, Ordering::Release);
                }
            });
        }
    });
    assert_eq!(state.entries(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Learn(u8, usize),
    Ask(u8),
    Forget(u8),
    Purge,
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..6_u8, 0..15_usize).prop_map(|(name, set)| Step::Learn(name, set)),
        4 => (0..6_u8).prop_map(Step::Ask),
        1 => (0..6_u8).prop_map(Step::Forget),
        1 => Just(Step::Purge),
        3 => (0..4000_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..150)
}

proptest! {
    /// Use is recorded to a 64th of the lifetime: within it, either answer is right.
    #[test]
    fn the_state_does_what_a_map_does(steps in steps()) {
        let lifetime = 6400;
        let limits = Limits { upload_lifetime: Duration::from_millis(lifetime), ..Limits::default() };
        let state = State::new(&Limits { entries: 100, ..limits }, &[]);
        let mut map: HashMap<u8, (EncryptionSet, u64)> = HashMap::new();
        let mut now = 1_000_000;
        for step in steps {
            let moment = Moment::from_millis(now);
            match step {
                Step::Learn(name, set) => {
                    // Settles whether it is still alive where the map alone cannot say.
                    let alive = state.ask(&upload(&[name]), moment).map(|told| told.encryption);
                    let set = EncryptionSet::every().nth(set).unwrap();
                    learn(&state, &upload(&[name]), set, moment);
                    let known = alive.map_or(set, |known| known.narrow(set).unwrap_or(known.union(set)));
                    map.insert(name, (known, now));
                }
                Step::Ask(name) => {
                    let told = encryption(&state, &upload(&[name]), moment);
                    match map.get_mut(&name) {
                        Some((set, used)) if now < *used + lifetime - lifetime / 64 => {
                            prop_assert_eq!(told, Some(*set));
                            *used = now;
                        }
                        Some((set, used)) if now < *used + lifetime && told.is_some() => {
                            prop_assert_eq!(told, Some(*set));
                            *used = now;
                        }
                        _ => {
                            prop_assert_eq!(told, None);
                            map.remove(&name);
                        }
                    }
                }
                Step::Forget(name) => {
                    state.forget(&upload(&[name]));
                    map.remove(&name);
                }
                Step::Purge => {
                    state.purge(moment);
                    let alive = |slack| map.values().filter(|(_, used)| now + slack < used + lifetime).count();
                    prop_assert!((alive(lifetime / 64)..=alive(0)).contains(&state.entries()));
                }
                Step::Pass(millis) => now += millis,
            }
        }
    }
}

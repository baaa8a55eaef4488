//! What deciding a part of a known upload costs, beside one that leaves nothing to ask: 300 ns more at most.
#![expect(clippy::unwrap_used, reason = "a benchmark of nothing should not run")]

#[path = "../tests/heads/mod.rs"]
mod heads;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use heads::{V4, arrival, endpoints, head};
use http::request::Parts;
use obsgate::{
    classify::{Classified, Teller, classify},
    config::{Builtin, Profile},
    obs::{
        encryption::{Encryption, EncryptionSet},
        scheme::Scheme,
    },
    policy::{Policy, Settings},
    state::{Evidence, Limits, Moment, State, Stored},
};
use percent_encoding::percent_decode;
use std::{borrow::Cow, hint::black_box, time::Instant};

const NOW: Moment = Moment::from_millis(1_750_000_000_000);
const BUCKET: &str = "customer-archive";
const KEY: &str = "2025/06/15/camera-0042/segment-000173.ts";
/// As many heads as are asked about in turn, each of an upload of its own, so that no cache knows the next.
const HEADS: u64 = 1024;

/// A part as it goes over HTTP: its upload has to be asked for.
fn part(number: u64) -> Parts {
    let line = format!("PUT /{BUCKET}/{KEY}?partNumber=7&uploadId={}", upload_id(number));
    head(&line, &[("Authorization", V4), ("Content-Length", "9437184")])
}

fn upload_id(number: u64) -> String {
    format!("{number:016X}000000000000ABCD")
}

/// A state that knows the uploads of all heads, and so many others.
fn remembering(others: u64) -> State {
    let state = State::new(&Limits::default(), &[]);
    for number in 0..HEADS + others {
        let upload_id = upload_id(number);
        let stored = Stored::Upload {
            bucket: BUCKET.as_bytes(),
            key: KEY.as_bytes(),
            upload_id: upload_id.as_bytes(),
        };
        let plain = EncryptionSet::only(Encryption::Plain);
        drop(state.learn(&stored, plain, Evidence::Response, NOW));
    }
    state
}

/// Asks the state as the gate does: names decoded, the clock read.
fn ask(state: &State, classified: &Classified<'_>, began: Instant) -> Option<EncryptionSet> {
    let [bucket, key, upload_id] = [
        classified.resource.bucket.map(str::as_bytes),
        classified.resource.key.map(str::as_bytes),
        classified.upload_id,
    ]
    .map(|text| Cow::from(percent_decode(text.unwrap_or_default())));
    let stored = Stored::Upload {
        bucket: &bucket,
        key: &key,
        upload_id: &upload_id,
    };
    let told = state.ask(&stored, NOW.after(began.elapsed()))?;
    Some(told.encryption)
}

/// From a head to a permit or a denial, with whatever has to be asked on the way.
fn settle(policy: &Policy, classified: &Classified<'_>, state: &State, began: Instant) -> bool {
    let mut inquiry = classified.inquire(policy);
    while let Some(Teller::Upload) = inquiry.question() {
        inquiry.answer(ask(state, classified, began));
    }
    inquiry.settle().is_ok()
}

fn parts(criterion: &mut Criterion) {
    let endpoints = endpoints();
    let policy = Profile::builtin(Builtin::Strict, Settings::default())
        .unwrap()
        .policy;
    let began = Instant::now();
    let heads: Vec<_> = (0..HEADS).map(part).collect();
    let classified = |head, scheme| classify(head, arrival(scheme), &endpoints).unwrap();
    let nothing = State::new(&Limits::default(), &[]);
    // A benchmark of refusals would be a benchmark of something else.
    let first = &part(0);
    assert!(!settle(
        &policy,
        &classified(first, Scheme::Http),
        &nothing,
        began
    ));
    assert!(settle(
        &policy,
        &classified(first, Scheme::Https),
        &nothing,
        began
    ));

    let mut group = criterion.benchmark_group("a part");
    group.throughput(Throughput::Elements(1));
    let mut turns = heads.iter().cycle();
    group.bench_function("classified and decided, nobody asked", |bencher| {
        bencher.iter(|| {
            let classified = classified(black_box(turns.next().unwrap()), Scheme::Https);
            policy.decide(classified.facts)
        });
    });
    for others in [0, 100_000] {
        let state = remembering(others);
        assert!(settle(&policy, &classified(first, Scheme::Http), &state, began));
        for (name, scheme) in [
            ("no question", Scheme::Https),
            ("of a known upload", Scheme::Http),
        ] {
            let mut turns = heads.iter().cycle();
            group.bench_function(BenchmarkId::new(name, others), |bencher| {
                bencher.iter(|| {
                    let classified = classified(black_box(turns.next().unwrap()), scheme);
                    settle(&policy, &classified, &state, began)
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);

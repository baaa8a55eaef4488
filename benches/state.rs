//! What asking and learning cost, with nothing and with a million things remembered, and what a group commit costs.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use obsgate::{
    obs::encryption::{Encryption, EncryptionSet},
    state::{Evidence, Limits, Moment, State, Stored, Ticket},
};
use std::{cell::Cell, hint::black_box};

const KMS: EncryptionSet = EncryptionSet::only(Encryption::SseKms);
const NOW: Moment = Moment::from_millis(1_750_000_000_000);
/// So many fill the default limits; a few of them are evicted again.
const MANY: u64 = 1_000_000;

/// A name as they are in the field: a bucket, a key of 40 bytes, an id of 32.
fn upload<T>(number: u64, then: impl FnOnce(&Stored<'_>) -> T) -> T {
    let mut upload_id = *b"0000018F00000000000000000000ABCD";
    upload_id[8..16].copy_from_slice(&number.to_le_bytes());
    then(&Stored::Upload {
        bucket: b"customer-archive",
        key: b"2025/06/15/camera-0042/segment-000173.ts",
        upload_id: &upload_id,
    })
}

fn learn(state: &State, number: u64) -> Ticket {
    upload(number, |stored| state.learn(stored, KMS, Evidence::Response, NOW))
}

fn filled(entries: u64) -> State {
    let state = State::new(&Limits::default(), &[]);
    (0..entries).for_each(|number| drop(learn(&state, number)));
    state
}

/// Visits all numbers below `MANY` in an order that no cache foresees.
fn scattered(counter: &Cell<u64>) -> u64 {
    counter.set(counter.get() + 1);
    counter.get().wrapping_mul(0x9E37_79B9_7F4A_7C15) % MANY
}

fn memory(c: &mut Criterion) {
    for (size, state) in [("empty", filled(0)), ("a million", filled(MANY))] {
        let counter = Cell::new(0);
        if state.entries() > 0 {
            c.bench_function(&format!("ask, {size}, known names"), |b| {
                b.iter(|| upload(scattered(&counter), |stored| black_box(state.ask(stored, NOW))));
            });
        }
        c.bench_function(&format!("ask, {size}, unknown names"), |b| {
            b.iter(|| {
                upload(MANY + scattered(&counter), |stored| {
                    black_box(state.ask(stored, NOW))
                })
            });
        });
        let counter = Cell::new(MANY);
        c.bench_function(&format!("learn and forget, {size}"), |b| {
            b.iter(|| {
                counter.set(counter.get() + 1);
                drop(learn(&state, counter.get()));
                upload(counter.get(), |stored| state.forget(stored));
            });
        });
        let default = Stored::BucketDefault {
            bucket: b"customer-archive",
        };
        drop(state.learn(&default, KMS, Evidence::Response, NOW));
        c.bench_function(&format!("ask for a bucket default, {size}"), |b| {
            b.iter(|| black_box(state.ask(black_box(&default), NOW)));
        });
    }
    let state = filled(MANY * 11 / 10);
    let counter = Cell::new(MANY * 2);
    c.bench_function("learn when full, evicting", |b| {
        b.iter(|| {
            counter.set(counter.get() + 1);
            learn(&state, counter.get())
        });
    });
}

fn file(c: &mut Criterion) {
    let directory = std::env::temp_dir().join(format!("obsgate-bench-{}", std::process::id()));
    std::fs::create_dir(&directory).unwrap();
    let path = directory.join("state");
    let (state, _) = State::open(&Limits::default(), &[], &path, NOW).unwrap();
    let counter = Cell::new(0);
    let mut group = c.benchmark_group("durable");
    group.sample_size(20);
    for (size, fill) in [("empty", 0), ("200,000 kept", 200_000)] {
        let mut last = Vec::new();
        for number in MANY..MANY + fill {
            last.push(learn(&state, number));
            if last.len() == 10_000 {
                for ticket in last.drain(..) {
                    ticket.wait().unwrap();
                }
            }
        }
        for waiting in [1, 64, 1024] {
            group.throughput(Throughput::Elements(waiting));
            group.bench_function(format!("{waiting} at once, {size}"), |b| {
                b.iter_batched(
                    || counter.get(),
                    |first| {
                        let tickets: Vec<_> = (first..first + waiting)
                            .map(|number| learn(&state, 2 * MANY + number))
                            .collect();
                        counter.set(first + waiting);
                        for ticket in tickets {
                            ticket.wait().unwrap();
                        }
                    },
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.finish();
    drop(state);
    let started = std::time::Instant::now();
    let (state, _) = State::open(&Limits::default(), &[], &path, NOW).unwrap();
    println!(
        "opening a file of {} entries: {:?}",
        state.entries(),
        started.elapsed()
    );
    drop(state);
    std::fs::remove_dir_all(&directory).unwrap();
}

criterion_group!(benches, memory, file);
criterion_main!(benches);

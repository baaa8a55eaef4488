//! From a head to a decision: over the heads of `tests/data/heads` one by one, and over every request of every published
//! row at once, of which the typical and the slowest are printed.

#[path = "../tests/heads/mod.rs"]
mod heads;
#[path = "../tests/published/mod.rs"]
mod published;
#[path = "../tests/requests/mod.rs"]
mod requests;

use criterion::{Criterion, criterion_group};
use heads::{arrival, corpus, endpoints, strict};
use http::request::Parts;
use obsgate::{
    classify::classify,
    obs::{resource::Endpoints, scheme::Scheme},
    policy::{Decision, Policy},
};
use requests::requests;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

fn classify_and_decide(criterion: &mut Criterion) {
    let (endpoints, policy) = (endpoints(), strict());
    let mut group = criterion.benchmark_group("classify and decide");
    for (name, parts) in corpus() {
        group.bench_function(name, |bencher| {
            bencher.iter(|| decided(&parts, Scheme::Https, &endpoints, &policy));
        });
    }
    group.finish();
}

fn decide(criterion: &mut Criterion) {
    let (endpoints, policy) = (endpoints(), strict());
    let mut group = criterion.benchmark_group("decide");
    for (name, parts) in corpus() {
        if let Ok(classified) = classify(&parts, arrival(Scheme::Http), &endpoints) {
            group.bench_function(name, |bencher| {
                bencher.iter(|| policy.decide(black_box(classified.facts)));
            });
        }
    }
    group.finish();
}

fn decided(parts: &Parts, scheme: Scheme, endpoints: &Endpoints, policy: &Policy) -> Option<Decision> {
    let classified = classify(black_box(parts), arrival(scheme), endpoints).ok()?;
    Some(policy.decide(classified.facts))
}

/// The requests of all rows, each by the best of its rounds: what disturbs a round has nothing to do with the request.
/// The rounds of a request lie far apart, for a disturbance may last longer than all of them would together.
fn summary() {
    let (endpoints, policy) = (endpoints(), strict());
    let mut times: Vec<_> = requests()
        .map(|(row, variant, parts)| {
            let name = format!("{} {} {variant:?}", row.operation, row.target);
            (Duration::MAX, name, variant.scheme, parts)
        })
        .collect();
    for _ in 0..ROUNDS {
        for (best, _, scheme, parts) in &mut times {
            let begun = Instant::now();
            for _ in 0..CALLS {
                black_box(decided(parts, *scheme, &endpoints, &policy));
            }
            *best = begun.elapsed().div_f64(CALLS.into()).min(*best);
        }
    }
    times.sort_by_key(|(time, ..)| *time);
    let at = |percent: usize| times.get((times.len() - 1) * percent / 100);
    for (word, percent) in [
        ("typical", 50),
        ("of a hundred, one slower", 99),
        ("slowest", 100),
    ] {
        if let Some((time, name, ..)) = at(percent) {
            println!("{word}: {time:?} ({name})");
        }
    }
}

criterion_group!(benches, classify_and_decide, decide);

fn main() {
    summary();
    benches();
    Criterion::default().configure_from_args().final_summary();
}

const ROUNDS: u32 = 30;
const CALLS: u32 = 200;

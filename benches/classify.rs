//! From a head to a decision, over the heads of `tests/data/heads`.

#[path = "../tests/heads/mod.rs"]
mod heads;

use criterion::{Criterion, criterion_group, criterion_main};
use heads::{arrival, corpus, endpoints, strict};
use obsgate::{classify::classify, obs::scheme::Scheme};
use std::hint::black_box;

fn classify_and_decide(criterion: &mut Criterion) {
    let (endpoints, policy) = (endpoints(), strict());
    let mut group = criterion.benchmark_group("classify and decide");
    for (name, parts) in corpus() {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let classified = classify(black_box(&parts), arrival(Scheme::Https), &endpoints).ok()?;
                Some(policy.decide(classified.facts))
            });
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

criterion_group!(benches, classify_and_decide, decide);
criterion_main!(benches);

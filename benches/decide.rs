//! What a decision costs, once the facts are known: the requests a busy gate sees most, one by one.

#![expect(clippy::expect_used, reason = "a benchmark of nothing should not run")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use obsgate::{
    config::{Builtin, Profile},
    obs::{
        auth::Auth,
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        scheme::Scheme,
    },
    policy::{Also, Facts, Settings},
};
use std::hint::black_box;

fn decide(criterion: &mut Criterion) {
    let profile = Profile::builtin(Builtin::Strict, Settings::default()).expect("strict is a policy");
    let mut group = criterion.benchmark_group("decide");
    group.throughput(Throughput::Elements(1));
    for (name, facts) in corpus() {
        group.bench_with_input(BenchmarkId::from_parameter(name), &facts, |bencher, facts| {
            bencher.iter(|| profile.policy.decide(black_box(*facts)));
        });
    }
    group.finish();
}

fn corpus() -> [(&'static str, Facts); 5] {
    let get = Facts {
        operation: Operation::GetObject,
        target: EncryptionSet::WITHOUT_CUSTOMER_KEY,
        source: EncryptionSet::only(Encryption::Plain),
        also: None,
        customer_key: false,
        scheme: Scheme::Https,
        auth: Auth::V4,
    };
    let copy = Facts {
        operation: Operation::CopyObject,
        target: EncryptionSet::only(Encryption::SseKms),
        source: EncryptionSet::ALL,
        ..get
    };
    let also = Some(Also {
        operation: Operation::PutObject,
        target: copy.target,
    });
    [
        ("a read over https is allowed", get),
        (
            "a read over http needs the answer",
            Facts {
                scheme: Scheme::Http,
                ..get
            },
        ),
        (
            "a copy to sse-kms over http is denied",
            Facts {
                scheme: Scheme::Http,
                ..copy
            },
        ),
        (
            "a part with a method is judged twice",
            Facts {
                operation: Operation::UploadPart,
                also,
                ..get
            },
        ),
        (
            "a customer key over http is denied",
            Facts {
                customer_key: true,
                scheme: Scheme::Http,
                ..get
            },
        ),
    ]
}

criterion_group!(benches, decide);
criterion_main!(benches);

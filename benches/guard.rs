//! What the guard costs for a head, and for a body: hyper parses the same bytes again. `get-4k` is the head that
//! `benches/instructions` and `benches/peers` send.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use obsgate::proxy::guard::{Limits, Progress, Requests};
use std::hint::black_box;

fn heads(c: &mut Criterion) {
    for (name, head) in [
        ("get-4k", get_4k()),
        ("curl", curl()),
        ("sdk-get", sdk_get()),
        ("presigned", presigned()),
    ] {
        let mut group = c.benchmark_group("guard");
        group.throughput(Throughput::Bytes(head.len() as u64));
        group.bench_function(format!("{name}-{}-bytes", head.len()), |bencher| {
            let mut requests = Requests::new(Limits::default());
            bencher.iter(|| {
                let inspected = requests.inspect(black_box(&head));
                assert_eq!(inspected.progress, Progress::Ended);
                requests.next();
                inspected.released
            });
        });
        // For scale: what hyper does with the same bytes.
        group.bench_function(format!("{name}-httparse"), |bencher| {
            bencher.iter(|| {
                let mut headers = [httparse::EMPTY_HEADER; 100];
                httparse::Request::new(&mut headers)
                    .parse(black_box(&head))
                    .map(|status| status.is_complete())
            });
        });
        group.finish();
    }
}

/// The data of a body is passed over in one step, so a byte of it costs next to nothing.
fn bodies(c: &mut Criterion) {
    let mut plain = b"PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n".to_vec();
    plain.resize(plain.len() + (1 << 20), 7);
    c.bench_function("guard/plain-1-MiB-in-reads", |bencher| {
        let mut requests = Requests::new(Limits::default());
        bencher.iter(|| {
            for read in black_box(&plain).chunks(READ) {
                let inspected = requests.inspect(read);
                assert_eq!(inspected.released, read.len());
            }
            assert!(requests.is_ended());
            requests.next();
        });
    });
    let mut chunks = b"POST /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..16 {
        chunks.extend_from_slice(b"10000\r\n");
        chunks.resize(chunks.len() + 0x10000, 7);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    c.bench_function("guard/chunked-1-MiB", |bencher| {
        let mut requests = Requests::new(Limits::default());
        bencher.iter(|| {
            let inspected = requests.inspect(black_box(&chunks));
            assert_eq!(inspected.progress, Progress::Ended);
            requests.next();
        });
    });
}

fn get_4k() -> Vec<u8> {
    b"GET /4k HTTP/1.1\r\n\
      Host: bench.obs.example.com\r\n\
      User-Agent: aws-sdk-go/1.44 (go1.19; linux; amd64)\r\n\
      Accept-Encoding: identity\r\n\
      x-amz-date: 20260101T000000Z\r\n\
      x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n\
      Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/region/s3/aws4_request, \
      SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
      Signature=0000000000000000000000000000000000000000000000000000000000000000\r\n\r\n"
        .to_vec()
}

fn curl() -> Vec<u8> {
    b"GET /bucket/key HTTP/1.1\r\nHost: obs.example.com\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
        .to_vec()
}

fn sdk_get() -> Vec<u8> {
    b"GET /photos/2026/november/picture-0001.jpeg HTTP/1.1\r\n\
      Host: bucket.obs.example.com\r\n\
      Accept-Encoding: identity\r\n\
      User-Agent: Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.1 lang/python#3.12.1\r\n\
      X-Amz-Date: 20261121T040602Z\r\n\
      X-Amz-Content-SHA256: UNSIGNED-PAYLOAD\r\n\
      Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/region/s3/aws4_request, \
      SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
      Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024\r\n\
      Content-Length: 0\r\n\r\n"
        .to_vec()
}

fn presigned() -> Vec<u8> {
    b"GET /bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261121%2Fregion%2Fs3%2F\
      aws4_request&X-Amz-Date=20261121T040602Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=fe5f80f77d5fa3\
      beca038a248ff027d0445342fe2855ddc963176630326f1024 HTTP/1.1\r\n\
      Host: obs.example.com\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
        .to_vec()
}

/// What hyper reads at once, about.
const READ: usize = 64 * 1024;

criterion_group!(benches, heads, bodies);
criterion_main!(benches);

//! Where the guard lets bytes pass, hyper and the reference read the same requests in them; where it does not, the
//! reference reads none.

use crate::{
    cases::cases,
    drive::{Outcome, whole},
    reference::{self, Read, Rest},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use obsgate::proxy::guard::Violation;
use std::{cell::RefCell, collections::BTreeSet, convert::Infallible, rc::Rc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

#[test]
fn a_valid_request_is_read_alike_by_guard_reference_and_hyper() {
    for bytes in valid() {
        let outcome = whole(&bytes);
        assert!(outcome.whole, "{outcome:?}: {}", bytes.escape_ascii());
        compare(&bytes, &outcome);
    }
}

#[test]
fn every_case_is_read_alike_by_guard_reference_and_hyper() {
    for case in cases() {
        compare(&case.bytes, &whole(&case.bytes));
    }
}

#[test]
fn ten_thousand_mutations_are_read_alike_by_guard_reference_and_hyper() {
    let seeds = valid();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut passed = 0;
    let mut violations = BTreeSet::new();
    for _ in 0..10_000 {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(3) {
            mutate(&mut bytes, &mut random);
        }
        let outcome = whole(&bytes);
        passed += usize::from(outcome.whole && !bytes.is_empty());
        violations.extend(outcome.violation.map(Violation::id));
        compare(&bytes, &outcome);
    }
    assert!(passed > 1000, "{passed} passed");
    assert!(violations.len() > 20, "{violations:?}");
}

fn compare(bytes: &[u8], outcome: &Outcome) {
    let shown = || bytes.get(..2048).unwrap_or(bytes).escape_ascii().to_string();
    let (read, rest) = reference::read(bytes);
    let ends: Vec<usize> = read.iter().map(|read| read.end).collect();
    assert_eq!(
        outcome.ends,
        ends,
        "the guard and the reference, {outcome:?}: {}",
        shown()
    );
    if outcome.violation.is_some() {
        assert_ne!(rest, Rest::Nothing, "{outcome:?}: {}", shown());
        return;
    }
    assert_ne!(rest, Rest::Bad, "{outcome:?}: {}", shown());
    assert_eq!(outcome.whole, rest == Rest::Nothing, "{outcome:?}: {}", shown());
    let served = hyper_reads(bytes);
    for (served, read) in served.iter().zip(&read) {
        // A target in another form than a path, hyper prints as the URI it is.
        let target = if read.target.starts_with('/') {
            read.target.clone()
        } else {
            read.target.parse::<http::Uri>().unwrap().to_string()
        };
        let read = Read {
            target,
            end: 0,
            ..read.clone()
        };
        assert_eq!(*served, read, "hyper and the reference: {}", shown());
    }
    let closes = |read: &Read| {
        let has = |name: &str, value: &str| {
            read.headers
                .iter()
                .any(|(n, v)| n == name && String::from_utf8_lossy(v).to_ascii_lowercase().contains(value))
        };
        has("connection", "close")
            || bytes_are_http10(bytes)
            || read.method == "CONNECT"
            || has("upgrade", "")
    };
    assert!(
        served.len() == read.len() || read.get(..served.len()).is_some_and(|all| all.iter().any(closes)),
        "hyper served {} of {}: {}",
        served.len(),
        read.len(),
        shown()
    );
}

fn bytes_are_http10(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|window| window == b"HTTP/1.0")
}

/// What a service behind hyper alone sees of these bytes, body and all.
fn hyper_reads(bytes: &[u8]) -> Vec<Read> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let served = Rc::new(RefCell::new(Vec::new()));
    let record = Rc::clone(&served);
    runtime.block_on(async move {
        let (mut client, far) = duplex(1 << 20);
        let service = service_fn(move |request: Request<Incoming>| {
            let record = Rc::clone(&record);
            async move {
                let connect = request.method() == http::Method::CONNECT;
                if let Some(read) = collect(request).await {
                    record.borrow_mut().push(read);
                }
                let mut response = Response::new(Full::new(Bytes::new()));
                if connect {
                    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                }
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .half_close(true)
            .max_header_size(64 * 1024)
            .serve_connection(TokioIo::new(far), service);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answers = Vec::new();
        let (_, ended) = tokio::join!(client.read_to_end(&mut answers), connection);
        drop(ended);
    });
    Rc::into_inner(served).unwrap().into_inner()
}

async fn collect(request: Request<Incoming>) -> Option<Read> {
    let (head, body) = request.into_parts();
    let collected = body.collect().await.ok()?;
    let trailers = collected.trailers().cloned().unwrap_or_default();
    Some(Read {
        method: head.method.to_string(),
        target: if head.uri.authority().is_none() && head.uri.path().starts_with('/') {
            head.uri.path_and_query()?.as_str().to_owned()
        } else {
            head.uri.to_string()
        },
        headers: listed(&head.headers),
        body: collected.to_bytes().len() as u64,
        trailers: listed(&trailers),
        end: 0,
    })
}

fn listed(headers: &http::HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Valid requests, one or more on a connection.
fn valid() -> Vec<Vec<u8>> {
    let get = "GET /b/k?acl HTTP/1.1\r\nHost: obs.example.com\r\nAccept: */*\r\n\r\n";
    let put = "PUT /b/k%20l HTTP/1.1\r\nhost: b.obs\r\nContent-Length: 5\r\nx-obs-server-side-encryption: kms\r\n\r\nhello";
    let chunked = "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
    let trailers = "PUT /b/k HTTP/1.1\r\nHost: h\r\ntransfer-encoding:\tChunked \r\nTrailer: x-amz-checksum-crc32\r\n\r\n3\r\nabc\r\n000\r\nx-amz-checksum-crc32: AAAA\r\nContent-MD5: b\r\n\r\n";
    let expect = "PUT /b/k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc";
    let absolute = "GET http://h:80/p?q HTTP/1.1\r\nHost: h:80\r\n\r\n";
    let star = "OPTIONS * HTTP/1.1\r\nHost: h\r\nX-Empty:\r\n\r\n";
    let old = "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let signed = "GET /b/k?X-Amz-Signature=00&X-Amz-Credential=a%2Fb HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00\r\nx-a: \u{e4}\t b\r\nx-a: c\r\n\r\n";
    let empty = "PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    let mut all: Vec<String> = [
        get, put, chunked, trailers, expect, absolute, star, old, signed, empty,
    ]
    .map(str::to_owned)
    .to_vec();
    all.push([get, put, get].concat());
    all.push([chunked, trailers, expect, empty].concat());
    all.push([put, signed].concat());
    all.into_iter().map(String::into_bytes).collect()
}

/// The same sequence on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    const ODD: &[u8] = b"\r\n\t \0\x0b\x7f\x80\xff:;,=#/?\\\"_-+*0123456789afgAFTxX%";
    const WORDS: [&str; 20] = [
        "\r\n",
        "\r\n\r\n",
        "\n",
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Expect: 100-continue\r\n",
        "chunked",
        " ",
        "\t",
        "0x",
        ";a=b",
        "0\r\n\r\n",
        "HTTP/1.0",
        "HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "3\r\nabc\r\n",
        "x-obs-acl: private\r\n",
        "X: y\r\n",
    ];
    let at = random.below(bytes.len() + 1);
    match random.below(6) {
        0 if at < bytes.len() => bytes[at] = ODD[random.below(ODD.len())],
        1 => bytes.insert(at, ODD[random.below(ODD.len())]),
        2 if at < bytes.len() => drop(bytes.remove(at)),
        3 => drop(bytes.splice(at..at, WORDS[random.below(WORDS.len())].bytes())),
        4 => {
            // At the start of a line, where fields are.
            let starts: Vec<usize> = bytes
                .windows(2)
                .enumerate()
                .filter(|(_, w)| *w == b"\r\n")
                .map(|(at, _)| at + 2)
                .collect();
            if let Some(at) = starts.get(random.below(starts.len().max(1))) {
                drop(bytes.splice(at..at, WORDS[random.below(WORDS.len())].bytes()));
            }
        }
        _ => {
            let end = (at + random.below(24)).min(bytes.len());
            let again = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, again));
        }
    }
}

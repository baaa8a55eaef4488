//! Against a store that verifies signatures: what the gate signs is what the store checks.

use crate::harness::{ACCESS_KEY, Bench, HOST, SECRET_KEY, configured, is_allowed, request, rule, terms};
use http::{HeaderMap, HeaderValue};
use obsgate::{
    config::{LookupSignature, SecretKey},
    demo::{
        Access, Credentials, Origin,
        signature::{Signable, v4},
    },
};
use std::{net::SocketAddr, thread};
use time::OffsetDateTime;

/// A store with a bucket that anybody may write to.
fn store() -> (Origin, SocketAddr) {
    let origin = Origin::new(Credentials::new(ACCESS_KEY, SECRET_KEY), [HOST])
        .with_bucket("open", Access::PublicReadWrite);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = origin.clone();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let _ = serving.serve(listener).await;
        });
    });
    (origin, address)
}

/// Sets the bucket's default, past the gate.
fn encrypt(store: SocketAddr, method: &str) {
    let mut headers = HeaderMap::new();
    let at = v4::timestamp(OffsetDateTime::now_utc());
    headers.insert("x-amz-date", HeaderValue::from_str(&at).unwrap());
    headers.insert(
        "x-amz-content-sha256",
        HeaderValue::from_static(v4::UNSIGNED_PAYLOAD),
    );
    let signable = Signable {
        method: "PUT",
        host: HOST,
        bucket: None,
        path: "/open",
        query: "encryption",
        headers: &headers,
    };
    let signed = v4::authorization(&Credentials::new(ACCESS_KEY, SECRET_KEY), "region", &signable);
    let head = format!(
        "x-amz-date: {at}\r\nx-amz-content-sha256: {}\r\nAuthorization: {signed}\r\n",
        v4::UNSIGNED_PAYLOAD
    );
    let mut client = crate::support::Wire::connect(store);
    client.send(request(
        "PUT",
        "/open?encryption",
        HOST,
        &head,
        &configured(method),
    ));
    let got = client.read_to_end();
    assert!(is_allowed(&got), "{got}");
}

#[test]
fn the_store_verifies_the_gates_own_signature_in_both_versions_and_both_styles() {
    for signature in [LookupSignature::V4, LookupSignature::V2] {
        for (host, target) in [(HOST, "/open/k"), ("open.obs.localhost", "/k")] {
            let (origin, address) = store();
            let mut terms = terms();
            terms.signature = signature;
            let plain = request("PUT", target, host, "", "hi");

            let bench = Bench::new(address, terms.clone());
            assert!(
                is_allowed(&bench.send(&plain).read_to_end()),
                "{signature:?} {host}"
            );
            assert_eq!(origin.stored("open", "k").unwrap(), "hi");

            encrypt(address, "kms");
            let bench = Bench::new(address, terms);
            let got = bench.send(&plain).read_to_end();
            assert_eq!(rule(&got), "strict.sse-kms.put-object", "{signature:?} {host}");
            // Two look-ups, an upload, and what the test itself sent.
            assert_eq!(origin.calls(), 4);
            let log = bench.log();
            assert!(!log.contains(SECRET_KEY) && log.contains("looked up"), "{log}");
        }
    }
}

#[test]
fn a_key_pair_that_the_store_does_not_know_allows_nothing() {
    for signature in [LookupSignature::V4, LookupSignature::V2] {
        let (origin, address) = store();
        let mut terms = terms();
        terms.signature = signature;
        terms.secret_key = SecretKey::new("another".to_owned());
        let bench = Bench::new(address, terms);
        let got = bench
            .send(&request("PUT", "/open/k", HOST, "", "hi"))
            .read_to_end();
        assert_eq!(rule(&got), "unknown.lookup");
        assert_eq!(origin.calls(), 1);
    }
}

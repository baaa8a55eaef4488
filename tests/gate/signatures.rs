//! Signed requests before the demo's origin, which verifies: the gate breaks no signature.

use crate::{
    harness::{Over, Running, Setup},
    message::{KEY, KEY_MD5},
    sender::{DemoOrigin, Sign},
};

const KMS: (&str, &str) = ("x-amz-server-side-encryption", "aws:kms");
const KEYED: [(&str, &str); 3] = [
    ("x-obs-server-side-encryption-customer-algorithm", "AES256"),
    ("x-obs-server-side-encryption-customer-key", KEY),
    ("x-obs-server-side-encryption-customer-key-md5", KEY_MD5),
];

/// Answers of the gate itself name a rule; those of the store do not.
fn run(gate: &Running, origin: &DemoOrigin, over: Over, sign: Sign) {
    let what = format!("{over:?} {sign:?}");
    let secure = over == Over::Https;
    let ask = |line, headers: &[(&str, &str)], body| origin.ask(gate, over, sign, line, headers, body);

    let put = ask(("PUT", "/mine/a%20b/%C3%BC+c"), &[], "plain body");
    assert_eq!(put.status(), 200, "{what}: {put:?}");
    let get = ask(("GET", "/mine/a%20b/%C3%BC+c"), &[], "");
    assert_eq!((get.status(), &*get.body), (200, "plain body"), "{what}: {get:?}");
    let part = ask(("GET", "/mine/a%20b/%C3%BC+c"), &[("range", "bytes=6-9")], "");
    assert_eq!((part.status(), &*part.body), (206, "body"), "{what}: {part:?}");

    let put = ask(("PUT", "/mine/kms"), &[KMS], "kms body");
    assert_eq!(put.status() == 200, secure && sign.is_v4(), "{what}: {put:?}");
    assert_eq!(put.rule().is_empty(), secure && sign.is_v4(), "{what}: {put:?}");

    let put = ask(("PUT", "/mine/keyed"), &KEYED, "keyed body");
    assert_eq!(put.status() == 200, secure, "{what}: {put:?}");
    if secure {
        let get = ask(("GET", "/mine/keyed"), &KEYED, "");
        assert_eq!((get.status(), &*get.body), (200, "keyed body"), "{what}: {get:?}");
    }
    let head = ask(("HEAD", "/mine/a%20b/%C3%BC+c"), &[], "");
    assert_eq!(head.header("content-length"), Some("10"), "{what}: {head:?}");
}

#[test]
fn every_signature_holds_behind_the_gate_in_headers_and_urls_over_http_and_https() {
    let origin = DemoOrigin::start();
    let gate = Setup::to(origin.address).start();
    for over in [Over::Http, Over::Https] {
        for sign in Sign::ALL {
            run(&gate, &origin, over, sign);
        }
    }
}

#[test]
fn an_object_encrypted_by_kms_is_read_by_v4_over_https_alone() {
    let origin = DemoOrigin::start();
    let gate = Setup::to(origin.address).start();
    let put = origin.ask(
        &gate,
        Over::Https,
        Sign::V4,
        ("PUT", "/mine/kms"),
        &[KMS],
        "kms body",
    );
    assert_eq!(put.status(), 200, "{put:?}");
    for over in [Over::Http, Over::Https] {
        for sign in Sign::ALL {
            let get = origin.ask(&gate, over, sign, ("GET", "/mine/kms"), &[], "");
            if over == Over::Https && sign.is_v4() {
                assert_eq!((get.status(), &*get.body), (200, "kms body"));
            } else {
                assert_eq!(get.status(), 400, "{over:?} {sign:?}: {get:?}");
                assert!(!get.rule().is_empty() && !get.body.contains("kms body"));
            }
        }
    }
}

#[test]
fn a_signature_that_does_not_hold_is_the_stores_to_refuse() {
    let origin = DemoOrigin::start();
    let gate = Setup::to(origin.address).start();
    for sign in Sign::ALL {
        let request = origin.signed(sign, ("PUT", "/mine/k"), &[], "body");
        let answer = gate.ask(Over::Https, request.replace("/mine/k", "/mine/other"));
        assert_eq!(answer.status(), 403, "{sign:?}: {answer:?}");
        assert_eq!(answer.element("Code"), "SignatureDoesNotMatch", "{sign:?}");
        assert_eq!(answer.rule(), "");
    }
    assert!(origin.origin.stored("mine", "other").is_none());
}

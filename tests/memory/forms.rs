//! Forms as bytes: read up to their file before anything is decided, then forwarded as they came (rulings, 18 and 19).

use crate::{
    form::{BOUNDARY, Form, Signed, TYPE, form, sample},
    harness::{DOMAIN, Over, Running, Setup},
    message::{Answer, V4, ask},
    store::{Store, chunked, reply},
};

const KMS: (&str, &str) = ("x-obs-server-side-encryption", "kms");

fn store() -> Store {
    Store::answering(|_| reply("204 No Content", &[], ""))
}

fn gate(store: &Store) -> Running {
    Setup::strict().before(store.address())
}

fn head(framing: &str) -> String {
    format!("POST /mine HTTP/1.1\r\nHost: {DOMAIN}\r\n{TYPE}\r\n{framing}\r\n\r\n")
}

/// A whole request whose body comes in chunks of so many bytes.
fn in_chunks(body: &[u8], size: usize) -> Vec<u8> {
    let body = std::str::from_utf8(body).unwrap();
    [
        head("Transfer-Encoding: chunked").as_bytes(),
        &chunked(body, size),
        b"\r\n",
    ]
    .concat()
}

#[test]
fn a_form_arrives_byte_for_byte_however_it_is_cut() {
    let store = store();
    let gate = gate(&store);
    let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let plain = form(&[]);
    let binary = form(sample(Signed::V4)).file(&bytes);
    let nearly = form(&[]).file(format!("\r\n--{BOUNDARY}\r\n\r\n--{BOUNDARY}--"));
    let mut sent = Vec::new();
    for form in [&plain, &binary, &nearly, &plain.clone().file("")] {
        let mut wire = gate.connect(Over::Http);
        wire.send(form.post().bytes());
        Answer::read(&mut wire).assert_passed();
        // The connection goes on.
        wire.send(form.post().bytes());
        Answer::read(&mut wire).assert_passed();
        sent.extend([form.body(), form.body()]);
    }
    for size in [1, 2, 7, 100, 1 << 16] {
        gate.ask(Over::Https, in_chunks(&plain.body(), size))
            .assert_passed();
        sent.push(plain.body());
    }
    let mut wire = gate.connect(Over::Http);
    for byte in plain.post().bytes() {
        wire.send([byte]);
    }
    Answer::read(&mut wire).assert_passed();
    sent.push(plain.body());
    let arrived: Vec<_> = store.asked().into_iter().map(|one| one.body).collect();
    assert!(arrived == sent);
    assert!(gate.events().iter().all(|one| one["outcome"] == "allowed"));
}

#[test]
fn a_form_cut_off_anywhere_never_arrives_whole() {
    let form = form(&[("x-obs-server-side-encryption", "AES256")]);
    let (body, before) = (form.body(), form.prefix().len());
    let store = store();
    let gate = gate(&store);
    for cut in 0..body.len() {
        let called = store.calls();
        let length = head(&format!("Content-Length: {}", body.len()));
        let answer = gate.ask_and_end([length.as_bytes(), &body[..cut]].concat());
        if cut < before {
            assert!(
                answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
                "{cut}: {answer}"
            );
            assert_eq!(store.calls(), called, "{cut}");
        } else {
            assert!(!answer.starts_with("HTTP/1.1 2"), "{cut}: {answer}");
        }
        let chunk = format!("{}{:x}\r\n", head("Transfer-Encoding: chunked"), body.len());
        let answer = gate.ask_and_end([chunk.as_bytes(), &body[..cut]].concat());
        assert!(!answer.starts_with("HTTP/1.1 2"), "{cut}: {answer}");
    }
    drop(gate);
    assert!(store.asked().is_empty(), "{:?}", store.asked());
}

#[test]
fn a_form_that_ends_before_its_file_is_refused() {
    let form = form(&[("x-obs-server-side-encryption", "AES256")]);
    let store = store();
    let gate = gate(&store);
    for cut in 0..form.prefix().len() {
        let cut_off = &form.body()[..cut];
        let answer = gate.ask(Over::Http, ask("POST /mine").with(TYPE).body(cut_off).bytes());
        assert_eq!(
            answer.assert_refused("form.cut-off").element("Code"),
            "MalformedPOSTRequest"
        );
        gate.ask(Over::Http, in_chunks(cut_off, 16))
            .assert_refused("form.cut-off");
    }
    assert_eq!(store.calls(), 0);
}

#[test]
fn a_form_is_refused_as_soon_as_its_file_begins() {
    let store = store();
    let gate = gate(&store);
    let form = form(&[KMS]);
    let mut wire = gate.connect(Over::Http);
    wire.send(head("Content-Length: 1000000"));
    wire.send(form.prefix());
    let answer = Answer::read(&mut wire);
    answer.assert_refused("");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(store.calls(), 0);
}

#[test]
fn a_form_that_expects_a_100_gets_the_gates_own_and_then_its_decision() {
    let store = store();
    let gate = gate(&store);
    for (over, form, allowed) in [
        (Over::Http, form(&[]), true),
        (Over::Https, form(sample(Signed::V4)), true),
        (Over::Http, form(&[KMS]), false),
        (Over::Https, form(&[KMS]), false),
    ] {
        let calls = store.calls();
        let mut wire = gate.connect(over);
        wire.send(form.post().with("Expect: 100-continue").head());
        assert_eq!(Answer::read(&mut wire).status(), 100);
        assert_eq!(store.calls(), calls);
        wire.send(form.body());
        let answer = Answer::read(&mut wire);
        if allowed {
            answer.assert_passed();
            assert_eq!(store.asked().pop().unwrap().body, form.body());
        } else {
            answer.assert_refused("");
            assert_eq!(store.calls(), calls);
        }
    }
}

#[test]
fn what_stands_before_the_file_is_bounded() {
    let store = store();
    let gate = gate(&store);
    let hundred: Vec<(String, String)> = (0..99)
        .map(|n| (format!("x-obs-meta-{n}"), String::new()))
        .collect();
    let fields = |more: &[(String, String)], value: &str| -> Form {
        let mut fields: Vec<(&str, &str)> = more
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fields.push(("x-obs-meta-last", value));
        form(&fields)
    };
    let room = (64 << 10) - fields(&[], "").prefix().len();
    for (form, refused) in [
        (fields(&hundred[1..], ""), ""),
        (fields(&hundred, ""), "form.too-many-fields"),
        (fields(&[], &"x".repeat(room)), ""),
        (fields(&[], &"x".repeat(room + 1)), "form.too-large"),
        (fields(&[], &"x".repeat(1 << 20)), "form.too-large"),
    ] {
        let calls = store.calls();
        for request in [form.post().bytes(), in_chunks(&form.body(), 1000)] {
            let answer = gate.ask(Over::Http, request);
            if refused.is_empty() {
                answer.assert_passed();
            } else {
                answer.assert_refused(refused);
                assert_eq!(answer.element("Code"), "MaxPostPreDataLengthExceededError");
                assert_eq!(store.calls(), calls);
            }
        }
    }
    // What follows is not.
    let large = form(&[]).file("x".repeat(3 << 20));
    gate.ask(Over::Http, large.post().bytes()).assert_passed();
}

#[test]
fn a_post_that_is_no_form_or_perhaps_one_is_refused() {
    let store = store();
    let gate = gate(&store);
    let body = form(&[]).body();
    for (content_type, code) in [
        ("", "RequestIsNotMultiPartContent"),
        ("Content-Type: text/plain", "RequestIsNotMultiPartContent"),
        (
            "Content-Type: application/x-www-form-urlencoded",
            "RequestIsNotMultiPartContent",
        ),
        (
            "Content-Type: multipart/mixed; boundary=9431149156168",
            "InvalidArgument",
        ),
        ("Content-Type: multipart/form-data", "InvalidArgument"),
        (
            "Content-Type: multipart/form-data; boundary=\"9431149156168\"",
            "InvalidArgument",
        ),
        (
            "Content-Type: multipart/form-data; boundary=9431149156168; boundary=x",
            "InvalidArgument",
        ),
        (
            "Content-Type: text/plain, multipart/form-data; boundary=9431149156168",
            "InvalidArgument",
        ),
        (
            "Content-Type: text/plain\r\nContent-Type: multipart/form-data; boundary=9431149156168",
            "InvalidArgument",
        ),
    ] {
        let request = ask("POST /mine").with(V4).with(content_type).body(&body);
        let answer = gate.ask(Over::Https, request.bytes());
        assert_eq!(
            answer.assert_refused("malformed.").element("Code"),
            code,
            "{content_type}"
        );
    }
    assert_eq!(store.calls(), 0);
}

#[test]
fn a_field_that_a_decision_rests_on_stands_once_and_agrees_with_the_head() {
    let store = store();
    let gate = gate(&store);
    let same = |name: &'static str, value: &'static str| [(name, value), (name, value)];
    for fields in [
        &[KMS, KMS][..],
        &[KMS, ("X-OBS-Server-Side-Encryption", "kms")],
        &[KMS, ("x-amz-server-side-encryption", "AES256")],
        &[KMS, ("x-obs-server-side-encryption-customer-algorithm", "AES256")],
        &[("x-obs-server-side-encryption", "rot13")],
        &[("x-obs-server-side-encryption", "")],
        &[("x_obs_server_side_encryption", "kms")],
        &[("x-obs-copy-source", "/mine/source")],
        &same("signature", "c2ln"),
        &same("policy", "e30="),
        &same("token", "AK:c2ln:e30="),
        &same("x-amz-signature", "00"),
        &[("AccessKeyId", "AK"), ("accesskeyid", "AK")],
        &[("key", "other")],
        &[sample(Signed::Obs), sample(Signed::V4)].concat(),
        &[sample(Signed::Token), sample(Signed::V4)].concat(),
    ] {
        for over in Over::ALL {
            let answer = gate.ask(over, form(fields).post().bytes());
            answer.assert_refused("malformed.");
        }
    }
    let other = form(&[("x-obs-server-side-encryption", "AES256")]);
    let request = other.post().with("x-obs-server-side-encryption: kms");
    gate.ask(Over::Https, request.bytes())
        .assert_refused("malformed.");
    assert_eq!(store.calls(), 0);
}

#[test]
fn a_form_whose_file_or_fields_some_would_read_otherwise_is_refused() {
    let store = store();
    let gate = gate(&store);
    let body = String::from_utf8(form(&[KMS]).body()).unwrap();
    let kms = "name=\"x-obs-server-side-encryption\"";
    for (from, to) in [
        ("name=\"file\"", "name=\"File\""),
        ("name=\"file\"", "name=file"),
        ("name=\"file\"", "name=\"key\"; name=\"file\""),
        (kms, "name*=utf-8''x-obs-server-side-encryption"),
        (kms, "name=\"x-obs-server-side-encryption\"; filename=\"x\""),
        (kms, "name=x-obs-server-side-encryption"),
        ("form-data; name=\"key\"", "form-data;\r\n name=\"key\""),
        ("name=\"key\"\r\n", "name=\"key\"\n"),
        (
            "--9431149156168\r\nContent",
            "preamble\r\n--9431149156168\r\nContent",
        ),
        ("--9431149156168\r\nContent", "\r\n--9431149156168\r\nContent"),
    ] {
        let other = body.replacen(from, to, 1);
        assert_ne!(other, body, "{from}");
        let answer = gate.ask(Over::Https, ask("POST /mine").with(TYPE).body(&other).bytes());
        assert_eq!(
            answer.assert_refused("form.").element("Code"),
            "MalformedPOSTRequest"
        );
    }
    assert_eq!(store.calls(), 0);
}

#[test]
fn a_form_sent_to_a_key_is_read_too() {
    let store = store();
    let gate = gate(&store);
    let request = ask("POST /mine/k").with(TYPE).body(form(&[KMS]).body());
    gate.ask(Over::Http, request.bytes()).assert_refused("");
    assert_eq!(store.calls(), 0);
    let request = ask("POST /mine/k").with(TYPE).body(form(&[]).body());
    gate.ask(Over::Http, request.bytes()).assert_passed();
}

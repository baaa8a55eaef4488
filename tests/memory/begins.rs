//! Answers to `InitiateMultipartUpload`: kept before the client has their id, and passed on byte for byte whatever they
//! are (rulings, 20).

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, KMS, V2, V4, ask, element, trio},
    store::{Store, begun, reply, reply_in_chunks},
};
use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

fn begin(gate: &Running, over: Over, headers: &[String]) -> Answer {
    let request = ask("POST /mine/k?uploads")
        .with(V4)
        .with_all(headers.iter().cloned());
    gate.ask(over, request.bytes())
}

/// Sends a part of the upload `u1` over HTTP.
fn part(gate: &Running) -> Answer {
    let request = ask("PUT /mine/k?partNumber=1&uploadId=u1")
        .with(V2)
        .body("a part");
    gate.ask(Over::Http, request.bytes())
}

/// A store that answers Initiate so, and all else with success.
fn beginning(answer: impl Into<Vec<u8>>) -> Store {
    let answer = answer.into();
    Store::start(move |asked, line| {
        if asked.line().contains("?uploads") {
            line.send(&answer);
        } else {
            line.send(reply("200 OK", &[], ""));
        }
    })
}

#[test]
fn the_answer_tells_what_the_upload_is_encrypted_with_and_else_the_request() {
    let method = |value: &str| vec![format!("x-amz-server-side-encryption: {value}")];
    let customer: Vec<String> = trio("amz").into();
    let told = |headers: &[&'static str]| headers.to_vec();
    for (asked_for, answered, decided) in [
        (vec![], told(&[]), "none"),
        (vec![], told(&[KMS]), "sse-kms"),
        (
            vec![],
            told(&["x-amz-server-side-encryption: aws:kms"]),
            "sse-kms",
        ),
        (vec![], told(&["x-obs-server-side-encryption: AES256"]), "sse-obs"),
        (method("kms"), told(&[]), "sse-kms"),
        (method("AES256"), told(&[]), "sse-obs"),
        (method("AES256"), told(&[KMS]), "sse-kms"),
        (
            method("kms"),
            told(&["x-obs-server-side-encryption: AES256"]),
            "sse-obs",
        ),
        (customer.clone(), told(&[]), "sse-c"),
        (
            customer,
            told(&["x-obs-server-side-encryption-customer-algorithm: AES256"]),
            "sse-c",
        ),
    ] {
        let store = beginning(reply("200 OK", &answered, &begun("u1")));
        let gate = Setup::strict().before(store.address());
        begin(&gate, Over::Https, &asked_for).assert_passed();
        let answer = part(&gate);
        assert_eq!(
            answer.rule().is_empty(),
            matches!(decided, "none" | "sse-obs"),
            "{answer:?}"
        );
        let events = gate.events();
        assert_eq!(
            events[1]["encryption_decided"], decided,
            "{asked_for:?} {answered:?}"
        );
        assert_eq!(events[1]["told_by"], "upload");
    }
}

#[test]
fn the_client_has_nothing_of_the_answer_before_its_id_is_kept() {
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let store = Store::start(move |_, line| {
        let document = begun("u1");
        let (before, after) = document.split_at(document.find("</UploadId>").unwrap());
        line.send(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            document.len()
        ));
        line.send(before);
        wait.lock().unwrap().recv().unwrap();
        line.send(after);
    });
    let gate = Setup::strict().before(store.address());
    let mut wire = gate.connect(Over::Http);
    wire.send(ask("POST /mine/k?uploads").with(V2).bytes());
    assert!(wire.is_silent_for(Duration::from_millis(100)));
    go_on.send(()).unwrap();
    assert_eq!(Answer::read(&mut wire).text(), begun("u1"));
}

#[test]
fn an_upload_is_known_to_every_worker_the_moment_its_id_is_read() {
    let store = beginning(reply("200 OK", &[], &begun("u1")));
    let gate = Setup::strict().workers(4).before(store.address());
    for _ in 0..50 {
        begin(&gate, Over::Http, &[]).assert_passed();
        part(&gate).assert_passed();
        let abort = ask("DELETE /mine/k?uploadId=u1").with(V2);
        gate.ask(Over::Http, abort.bytes()).assert_passed();
        part(&gate).assert_refused("unknown.upload");
    }
}

#[test]
fn an_answer_is_passed_on_byte_for_byte_however_it_is_cut() {
    let document = begun("u1");
    let tail = format!("{document}\n<!-- more -->\n");
    for (answer, body) in [
        (reply_in_chunks(&[], &document, 1, ""), &document),
        (reply_in_chunks(&["ETag: x"], &document, 100, ""), &document),
        (reply_in_chunks(&[], &tail, tail.len(), ""), &tail),
        (reply_in_chunks(&[], &tail, 7, ""), &tail),
        (reply("200 OK", &[], &tail).into_bytes(), &tail),
    ] {
        let store = beginning(answer);
        let gate = Setup::strict().before(store.address());
        let got = begin(&gate, Over::Http, &[]);
        assert_eq!(got.assert_passed().text(), *body);
        part(&gate).assert_passed();
    }
}

#[test]
fn an_answer_that_ends_with_its_connection_is_read() {
    let store = Store::start(move |asked, line| {
        if asked.line().contains("?uploads") {
            line.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            line.send(begun("u1"));
            line.end();
        } else {
            line.send(reply("200 OK", &[], ""));
        }
    });
    let gate = Setup::strict().before(store.address());
    assert_eq!(begin(&gate, Over::Http, &[]).text(), begun("u1"));
    part(&gate).assert_passed();
}

#[test]
fn an_answer_that_comes_byte_by_byte_is_read_as_one_that_comes_whole() {
    let answer = reply("200 OK", &[KMS], &begun("u1"));
    let store = Store::start(move |asked, line| {
        if asked.line().contains("?uploads") {
            for byte in answer.as_bytes() {
                line.send([*byte]);
            }
        } else {
            line.send(reply("200 OK", &[], ""));
        }
    });
    let gate = Setup::strict().before(store.address());
    assert_eq!(begin(&gate, Over::Https, &[]).text(), begun("u1"));
    let refused = part(&gate);
    assert!(
        !refused.assert_refused("").rule().starts_with("unknown"),
        "{refused:?}"
    );
}

#[test]
fn an_answer_that_names_no_upload_is_passed_on_and_teaches_nothing() {
    let bounded = begun("u1").replace("<Bucket>", &format!("{}<Bucket>", " ".repeat(16 << 10)));
    let huge = begun("u1").replace("<Bucket>", &format!("{}<Bucket>", " ".repeat(1 << 20)));
    for document in [
        "",
        "OK",
        "u1",
        "{\"UploadId\": \"u1\"}",
        "<Error><Code>InternalError</Code><UploadId>u1</UploadId></Error>",
        "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>",
        "<ListPartsResult><UploadId>u1</UploadId></ListPartsResult>",
        "<InitiateMultipartUploadResult><UploadId>u1</UploadId><UploadId>u2</UploadId></InitiateMultipartUploadResult>",
        "<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>",
        "<InitiateMultipartUploadResult><Key>k</Key></InitiateMultipartUploadResult>",
        "<InitiateMultipartUploadResult><UploadId>u1</UploadId>",
        "<!DOCTYPE x [<!ENTITY e \"u1\">]><InitiateMultipartUploadResult><UploadId>&e;</UploadId>\
         </InitiateMultipartUploadResult>",
        "\u{1f}\u{8b}u1",
        &bounded,
        &huge,
    ] {
        for answer in [
            reply("200 OK", &[], document).into_bytes(),
            reply_in_chunks(&["Trailer: x-mark"], document, 1 << 16, "x-mark: 1\r\n"),
        ] {
            if document.is_empty() && answer.ends_with(b"x-mark: 1\r\n\r\n") {
                continue;
            }
            let told = answer.ends_with(b"x-mark: 1\r\n\r\n");
            let store = beginning(answer);
            let gate = Setup::strict().before(store.address());
            let got = begin(&gate, Over::Http, &["TE: trailers".to_owned()]);
            assert_eq!(
                got.assert_passed().text().trim_end_matches("x-mark: 1\r\n"),
                document
            );
            assert_eq!(got.text().ends_with("x-mark: 1\r\n"), told, "{document} {got:?}");
            part(&gate).assert_refused("unknown.upload");
        }
    }
}

#[test]
fn an_answer_just_under_the_bound_is_read() {
    let room = (16 << 10) - begun("u1").len();
    let document = begun("u1").replace("<Bucket>", &format!("{}<Bucket>", " ".repeat(room)));
    assert_eq!(
        (document.len(), element(&document, "UploadId")),
        (16 << 10, "u1".into())
    );
    let store = beginning(reply("200 OK", &[], &document));
    let gate = Setup::strict().before(store.address());
    assert_eq!(begin(&gate, Over::Http, &[]).text(), document);
    part(&gate).assert_passed();
}

#[test]
fn an_answer_that_breaks_off_before_its_id_is_an_answer_of_the_gates() {
    let document = begun("u1");
    for cut in [0, 1, document.len() / 2, document.len() - 1] {
        let (sent, _) = document.split_at(cut);
        let length = document.len();
        let halves = [
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{sent}"),
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{sent}"),
        ];
        for half in halves {
            let store = Store::start(move |asked, line| {
                if asked.line().contains("?uploads") {
                    line.send(&half);
                    line.end();
                } else {
                    line.send(reply("200 OK", &[], ""));
                }
            });
            let gate = Setup::strict().before(store.address());
            let got = begin(&gate, Over::Http, &[]);
            assert_eq!(got.status(), 503, "{got:?}");
            part(&gate).assert_refused("unknown.upload");
        }
    }
}

#[test]
fn a_refusal_of_the_stores_begins_no_upload() {
    for status in [
        "403 Forbidden",
        "404 Not Found",
        "500 Internal Server Error",
        "307 Elsewhere",
    ] {
        let store = beginning(reply(status, &[], &begun("u1")));
        let gate = Setup::strict().before(store.address());
        let got = begin(&gate, Over::Http, &[]);
        assert_eq!((got.text(), got.rule()), (begun("u1"), ""));
        part(&gate).assert_refused("unknown.upload");
    }
}

#[test]
fn an_upload_that_is_answered_with_two_encryptions_may_have_either() {
    let both = [
        "x-obs-server-side-encryption: AES256",
        "x-amz-server-side-encryption: aws:kms",
    ];
    let store = beginning(reply("200 OK", &both, &begun("u1")));
    let gate = Setup::strict().before(store.address());
    begin(&gate, Over::Https, &[]).assert_passed();
    let refused = part(&gate);
    assert!(
        !refused.assert_refused("").rule().starts_with("unknown"),
        "{refused:?}"
    );
    assert_eq!(gate.events()[1]["encryption_decided"], "sse-kms|sse-obs");
}

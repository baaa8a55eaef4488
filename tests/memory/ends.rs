//! The ends of uploads: what is forgotten, and what is not (rulings, 20).

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, V2, V4, ask},
    store::{Store, begun, reply, reply_in_chunks},
};
use std::sync::{Mutex, mpsc};

const DONE: &str = "<CompleteMultipartUploadResult><ETag>\"x\"</ETag></CompleteMultipartUploadResult>";
const FAILED: &str =
    "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";

/// A store that ends uploads with this answer.
fn ending(answer: impl Into<Vec<u8>>) -> Store {
    let answer = answer.into();
    Store::start(move |asked, line| {
        if asked.line().contains("?uploads") {
            line.send(reply("200 OK", &[], &begun("u1")));
        } else if asked.is("PUT") {
            line.send(reply("200 OK", &[], ""));
        } else {
            line.send(&answer);
        }
    })
}

fn begin(gate: &Running) {
    let request = ask("POST /mine/k?uploads").with(V4);
    gate.ask(Over::Https, request.bytes()).assert_passed();
    part(gate).assert_passed();
}

fn part(gate: &Running) -> Answer {
    let request = ask("PUT /mine/k?partNumber=1&uploadId=u1")
        .with(V2)
        .body("a part");
    gate.ask(Over::Http, request.bytes())
}

fn complete(gate: &Running) -> Answer {
    let request = ask("POST /mine/k?uploadId=u1")
        .with(V2)
        .body("<CompleteMultipartUpload/>");
    gate.ask(Over::Http, request.bytes())
}

#[test]
fn a_completed_upload_is_forgotten() {
    let blank = " \n".repeat(5000);
    for document in [
        DONE.to_owned(),
        format!("<?xml version=\"1.0\"?>{DONE}"),
        format!("{blank}<?xml version=\"1.0\"?>\n{blank}{DONE}\n"),
    ] {
        for answer in [
            reply("200 OK", &[], &document).into_bytes(),
            reply_in_chunks(&[], &document, 3, ""),
        ] {
            let store = ending(answer);
            let gate = Setup::strict().before(store.address());
            begin(&gate);
            assert_eq!(complete(&gate).text(), document);
            part(&gate).assert_refused("unknown.upload");
        }
    }
}

#[test]
fn an_upload_whose_completion_failed_is_still_known() {
    let (cut, _) = DONE.split_at(10);
    for (answer, body) in [
        (reply("200 OK", &[], FAILED), FAILED),
        (
            reply("200 OK", &[], &format!("{}{FAILED}", " ".repeat(3000))),
            FAILED,
        ),
        (reply("200 OK", &[], ""), ""),
        (reply("200 OK", &[], "done"), "done"),
        (reply("200 OK", &[], cut), cut),
        (reply("400 Bad Request", &[], DONE), DONE),
        (reply("503 Slow Down", &[], FAILED), FAILED),
    ] {
        let store = ending(answer);
        let gate = Setup::strict().before(store.address());
        begin(&gate);
        assert_eq!(complete(&gate).text().trim_start(), body);
        part(&gate).assert_passed();
    }
}

#[test]
fn an_upload_whose_completion_broke_off_is_still_known() {
    let store = Store::start(move |asked, line| {
        if asked.line().contains("?uploads") {
            line.send(reply("200 OK", &[], &begun("u1")));
        } else if asked.is("PUT") {
            line.send(reply("200 OK", &[], ""));
        } else {
            line.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                DONE.len() + 1
            ));
            line.send(DONE);
            line.end();
        }
    });
    let gate = Setup::strict().before(store.address());
    begin(&gate);
    let mut wire = gate.connect(Over::Http);
    wire.send(ask("POST /mine/k?uploadId=u1").with(V2).body("<x/>").bytes());
    assert!(wire.read_to_end().ends_with(DONE));
    part(&gate).assert_passed();
}

#[test]
fn an_aborted_upload_is_forgotten_and_one_whose_abort_failed_is_not() {
    for (status, known) in [
        ("204 No Content", false),
        ("200 OK", false),
        ("403 Forbidden", true),
        ("404 Not Found", true),
        ("500 Internal Server Error", true),
    ] {
        let store = ending(reply(status, &[], ""));
        let gate = Setup::strict().before(store.address());
        begin(&gate);
        let other = ask("DELETE /mine/other?uploadId=u1").with(V2);
        gate.ask(Over::Http, other.bytes());
        part(&gate).assert_passed();
        let abort = ask("DELETE /mine/k?uploadId=u1").with(V2);
        gate.ask(Over::Http, abort.bytes());
        if known {
            part(&gate).assert_passed();
        } else {
            part(&gate).assert_refused("unknown.upload");
        }
    }
}

#[test]
fn the_completion_is_not_held_back() {
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let store = Store::start(move |asked, line| {
        if asked.line().contains("?uploads") {
            line.send(reply("200 OK", &[], &begun("u1")));
        } else if asked.is("PUT") {
            line.send(reply("200 OK", &[], ""));
        } else {
            line.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n \n",
                DONE.len() + 2
            ));
            wait.lock().unwrap().recv().unwrap();
            line.send(DONE);
        }
    });
    let gate = Setup::strict().before(store.address());
    begin(&gate);
    let mut wire = gate.connect(Over::Http);
    wire.send(ask("POST /mine/k?uploadId=u1").with(V2).body("<x/>").bytes());
    wire.read_head();
    assert_eq!(wire.read_exactly(2), b" \n");
    go_on.send(()).unwrap();
    wire.read_exactly(DONE.len());
    part(&gate).assert_refused("unknown.upload");
}

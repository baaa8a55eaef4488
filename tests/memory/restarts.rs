//! What a gate with a state file knows after a restart, after `kill -9`, and after its file was damaged (rulings, 20).

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, Ask, KMS, V2, V4, ask},
    program::{Directory, Program},
    store::{Asked, Store, begun, reply},
};
use obsgate::{config::StateSettings, proxy::StartError, state::OpenError};
use std::fs;

const RULE: &str = "strict.sse-kms.upload-part";
const DONE: &str = "<CompleteMultipartUploadResult/>";

/// A store that names an upload after its key, completes all, and is silent about encryption.
fn store() -> Store {
    Store::answering(|asked| answer(asked, &[]))
}

fn answer(asked: &Asked, headers: &[&str]) -> String {
    let (_, target) = asked.line().split_once("/mine/").unwrap();
    match target.split_once('?') {
        Some((key, "uploads")) => reply("200 OK", headers, &begun(&format!("id-of-{key}"))),
        _ if asked.is("POST") => reply("200 OK", &[], DONE),
        _ if asked.is("DELETE") => reply("204 No Content", &[], ""),
        _ => reply("200 OK", &["ETag: \"x\""], ""),
    }
}

fn start(directory: &Directory, store: &Store) -> Result<Running, StartError> {
    let state = StateSettings::default().with_file(directory.state());
    Setup::strict().start(store.address(), |config| config.with_state(state))
}

fn begin(key: &str, header: &str) -> Ask {
    ask(format!("POST /mine/{key}?uploads")).with(V4).with(header)
}

/// A part that may go over HTTP if nothing is encrypted with SSE-KMS or a customer key.
fn part(key: &str) -> Ask {
    ask(format!("PUT /mine/{key}?partNumber=1&uploadId=id-of-{key}"))
        .with(V2)
        .body("a part")
}

fn put_part(gate: &Running, key: &str) -> Answer {
    gate.ask(Over::Http, part(key).bytes())
}

fn end(gate: &Running, line: &str, key: &str) {
    let request = ask(format!("{line} /mine/{key}?uploadId=id-of-{key}")).with(V2);
    gate.ask(Over::Http, request.body("<CompleteMultipartUpload/>").bytes())
        .assert_passed();
}

#[test]
fn an_upload_goes_on_through_a_gate_that_was_restarted_and_its_end_is_remembered_too() {
    let (directory, store) = (Directory::new(), store());
    let gate = start(&directory, &store).unwrap();
    for (key, header) in [("kms", KMS), ("plain", ""), ("aborted", "")] {
        gate.ask(Over::Https, begin(key, header).bytes()).assert_passed();
    }
    drop(gate);

    let gate = start(&directory, &store).unwrap();
    let calls = store.calls();
    put_part(&gate, "kms").assert_refused(RULE);
    put_part(&gate, "never-begun").assert_refused("unknown.upload");
    assert_eq!(store.calls(), calls);
    for key in ["plain", "aborted"] {
        put_part(&gate, key).assert_passed();
    }
    gate.ask(Over::Https, part("kms").bytes()).assert_refused(RULE);
    for key in ["kms", "plain"] {
        end(&gate, "POST", key);
        put_part(&gate, key).assert_refused("unknown.upload");
    }
    end(&gate, "DELETE", "aborted");
    let events = gate.events();
    assert_eq!(
        (&events[0]["told_by"], &events[0]["encryption_decided"]),
        (&"upload".into(), &"sse-kms".into())
    );
    assert_eq!(events[1]["told_by"], "nobody");
    assert_eq!(events[2]["told_by"], "upload");

    let gate = start(&directory, &store).unwrap();
    let calls = store.calls();
    for key in ["kms", "plain", "aborted"] {
        put_part(&gate, key).assert_refused("unknown.upload");
    }
    assert_eq!(store.calls(), calls);
}

#[test]
fn without_a_file_a_restart_forgets() {
    let store = store();
    let gate = Setup::strict().before(store.address());
    gate.ask(Over::Https, begin("plain", "").bytes()).assert_passed();
    put_part(&gate, "plain").assert_passed();
    drop(gate);
    let gate = Setup::strict().before(store.address());
    put_part(&gate, "plain").assert_refused("unknown.upload");
}

#[test]
fn a_damaged_file_is_set_aside_and_the_gate_starts_knowing_nothing() {
    let (directory, store) = (Directory::new(), store());
    let gate = start(&directory, &store).unwrap();
    gate.ask(Over::Https, begin("old", "").bytes()).assert_passed();
    drop(gate);
    let whole = fs::read(directory.state()).unwrap();
    let mut damaged = [b"not a database".to_vec(), whole];
    damaged[1].truncate(100);
    for (number, damaged) in damaged.into_iter().enumerate() {
        fs::write(directory.state(), &damaged).unwrap();
        let gate = start(&directory, &store).unwrap();
        assert!(directory.others().contains(&damaged));
        put_part(&gate, "old").assert_refused("unknown.upload");
        // The new file serves as the old one did.
        let key = format!("new-{number}");
        gate.ask(Over::Https, begin(&key, "").bytes()).assert_passed();
        drop(gate);
        let gate = start(&directory, &store).unwrap();
        put_part(&gate, &key).assert_passed();
        assert_eq!(directory.others().len(), number + 1);
    }
}

#[test]
fn the_program_says_loudly_that_it_set_a_damaged_file_aside() {
    let (directory, store) = (Directory::new(), store());
    fs::write(directory.state(), "not a database").unwrap();
    let program = Program::start(&directory, store.address());
    let said = program.said();
    let loud = said
        .lines()
        .find(|line| line.contains("the state file is damaged"));
    assert!(loud.is_some_and(|line| line.contains("ERROR")), "{said}");
}

#[test]
fn a_file_in_use_is_refused_by_name_and_harms_the_gate_that_has_it_in_nothing() {
    let (directory, store) = (Directory::new(), store());
    let gate = start(&directory, &store).unwrap();
    gate.ask(Over::Https, begin("plain", "").bytes()).assert_passed();
    let error = start(&directory, &store).err().unwrap();
    assert!(matches!(error, StartError::State(OpenError::InUse(_))), "{error}");
    let path = directory.state().display().to_string();
    let said = format!("state file `{path}` is in use by another process: each gate needs a file of its own");
    assert_eq!(error.to_string(), said);
    let output = Program::fail(&directory, store.address());
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(&said) && !stderr.contains("panicked"), "{stderr}");
    put_part(&gate, "plain").assert_passed();
    gate.ask(Over::Https, begin("later", "").bytes()).assert_passed();
    drop(gate);
    let gate = start(&directory, &store).unwrap();
    put_part(&gate, "later").assert_passed();
}

#[test]
fn an_id_that_was_read_is_known_after_kill_9() {
    // The store itself says of some uploads that they are SSE-KMS: there is no HTTPS here to ask for it.
    let store = Store::answering(|asked| {
        let told: &[&str] = if asked.line().contains("kms") { &[KMS] } else { &[] };
        answer(asked, told)
    });
    let directory = Directory::new();
    let rounds = ["a-plain", "b-kms", "c-plain", "d-plain", "e-kms"];
    for (round, key) in rounds.into_iter().enumerate() {
        let program = Program::start(&directory, store.address());
        assert!(!program.said().contains("damaged"), "{}", program.said());
        for earlier in &rounds[..round] {
            assert_known(&program.ask(part(earlier).bytes()), earlier);
        }
        // Named, so that what is known of the bucket by then decides nothing.
        let begun = program.ask(begin(key, "x-amz-server-side-encryption: AES256").bytes());
        program.kill();
        assert_eq!(begun.element("UploadId"), format!("id-of-{key}"));
    }
    let gate = start(&directory, &store).unwrap();
    for key in rounds {
        assert_known(&put_part(&gate, key), key);
    }
    put_part(&gate, "never-begun").assert_refused("unknown.upload");
}

#[track_caller]
fn assert_known(answer: &Answer, key: &str) {
    if key.contains("kms") {
        answer.assert_refused(RULE);
    } else {
        answer.assert_passed();
    }
}

//! Answers that come late: what was learned of a bucket since their requests were sent stays possible (rulings, 21).

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, Ask, KMS, V2, V4, ask},
    store::{Store, reply},
    wire::Wire,
};
use std::{
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

/// A store that answers at once, but for requests that say `late` in a header: those when they are told to.
struct Slow {
    store: Store,
    arrived: Receiver<()>,
    release: Sender<()>,
}

/// A request that is under way, and who waits for its answer.
struct UnderWay<'s> {
    slow: &'s Slow,
    wire: Wire,
}

impl Slow {
    /// Its answers to `GET ?encryption` tell this default.
    fn telling(default: &str) -> Self {
        let configured = configuration(default);
        let (tell, arrived) = channel();
        let (release, released) = channel();
        let released = Mutex::new(released);
        let store = Store::start(move |asked, line| {
            if asked.head.contains("x-late: 1") {
                tell.send(()).unwrap();
                released.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            }
            let told = match asked.line() {
                "PUT /mine/shown-as-kms" => KMS,
                "PUT /mine/shown-as-obs" => "x-obs-server-side-encryption: AES256",
                _ => "x-mark: 1",
            };
            line.send(match asked.line().split(' ').next() {
                Some("GET") => reply("200 OK", &[], &configured),
                Some("DELETE") => reply("204 No Content", &[], ""),
                _ => reply("200 OK", &[told], ""),
            });
        });
        Self {
            store,
            arrived,
            release,
        }
    }

    /// Sends a request that the store has got and not answered when this returns.
    fn send(&self, gate: &Running, request: Ask) -> UnderWay<'_> {
        let mut wire = gate.connect(Over::Https);
        wire.send(request.with(V4).with("x-late: 1").bytes());
        self.arrived.recv_timeout(PATIENCE).unwrap();
        UnderWay { slow: self, wire }
    }
}

impl UnderWay<'_> {
    /// Lets the store answer, and takes the answer to its end.
    fn answered(mut self) {
        self.slow.release.send(()).unwrap();
        Answer::read(&mut self.wire).assert_passed();
    }
}

fn configuration(default: &str) -> String {
    format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{default}\
         </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
    )
}

fn configures(default: &str) -> Ask {
    ask("PUT /mine?encryption").body(configuration(default))
}

fn pass(gate: &Running, request: Ask) {
    gate.ask(Over::Https, request.with(V4).bytes()).assert_passed();
}

/// Whether an upload without a word of encryption passes over HTTP: not into a bucket that may encrypt with SSE-KMS.
fn is_plain_allowed(gate: &Running) -> bool {
    let answer = gate.ask(Over::Http, ask("PUT /mine/k").with(V4).body("x").bytes());
    answer.rule().is_empty()
}

#[test]
fn a_late_answer_does_not_replace_what_was_learned_since_its_request_was_sent() {
    for late in [
        ask("GET /mine?encryption"),
        ask("DELETE /mine?encryption"),
        configures("AES256"),
        ask("DELETE /mine"),
    ] {
        for known in [None, Some("AES256"), Some("kms")] {
            // What the answer to an object shows counts as what a configuration says.
            for newer in [configures("kms"), ask("PUT /mine/shown-as-kms").body("x")] {
                let slow = Slow::telling("AES256");
                let gate = Setup::strict().before(slow.store.address());
                if let Some(known) = known {
                    pass(&gate, configures(known));
                }
                let late = slow.send(&gate, late.clone());
                pass(&gate, newer);
                assert!(!is_plain_allowed(&gate));
                late.answered();
                assert!(!is_plain_allowed(&gate), "{known:?} {:?}", slow.store.asked());
            }
        }
    }
}

#[test]
fn an_answer_replaces_what_was_known_when_its_request_was_sent() {
    for late in [
        ask("GET /mine?encryption"),
        ask("DELETE /mine?encryption"),
        configures("AES256"),
        ask("DELETE /mine"),
    ] {
        let slow = Slow::telling("AES256");
        let gate = Setup::strict().before(slow.store.address());
        pass(&gate, configures("kms"));
        let late = slow.send(&gate, late);
        assert!(!is_plain_allowed(&gate));
        // Another bucket's lesson is no lesson of this one.
        pass(&gate, ask("PUT /other?encryption").body(configuration("kms")));
        late.answered();
        assert!(is_plain_allowed(&gate), "{:?}", slow.store.asked());
    }
}

#[test]
fn of_two_configurations_that_overlap_either_may_hold_until_the_next() {
    for (first, second) in [("kms", "AES256"), ("AES256", "kms")] {
        let slow = Slow::telling("AES256");
        let gate = Setup::strict().before(slow.store.address());
        let late = slow.send(&gate, configures(first));
        pass(&gate, configures(second));
        late.answered();
        assert!(!is_plain_allowed(&gate), "{first} {second}");
        let either = gate.ask(Over::Https, ask("PUT /mine/k").with(V2).body("x").bytes());
        either.assert_refused("");
        // Asked after both, the store knows better.
        pass(&gate, ask("GET /mine?encryption"));
        assert!(is_plain_allowed(&gate), "{first} {second}");
    }
}

#[test]
fn what_was_forgotten_meanwhile_is_learned_from_a_late_answer() {
    let slow = Slow::telling("kms");
    let gate = Setup::strict().before(slow.store.address());
    pass(&gate, configures("AES256"));
    let late = slow.send(&gate, ask("GET /mine?encryption"));
    pass(&gate, ask("DELETE /mine"));
    assert!(is_plain_allowed(&gate));
    late.answered();
    assert!(!is_plain_allowed(&gate));
}

#[test]
fn what_objects_go_on_to_show_meanwhile_keeps_nothing_else_alive() {
    let slow = Slow::telling("AES256");
    let gate = Setup::strict().before(slow.store.address());
    let overlapping = slow.send(&gate, configures("kms"));
    pass(&gate, configures("AES256"));
    overlapping.answered();
    let late = slow.send(&gate, ask("GET /mine?encryption"));
    pass(&gate, ask("PUT /mine/shown-as-obs").body("x"));
    assert!(!is_plain_allowed(&gate));
    late.answered();
    assert!(is_plain_allowed(&gate));
}

/// How long the store and a test wait for each other before they fail.
const PATIENCE: Duration = Duration::from_secs(20);

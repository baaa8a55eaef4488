//! What clients may take, in size and in number: each bound met from both sides.

use crate::{
    harness::{Over, Setup},
    message::{Answer, V2},
    support::{Ending, ScriptedOrigin},
};
use obsgate::config::Limits;
use std::fmt::Write as _;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

/// A GET whose target has so many bytes, with so many headers, of so many bytes altogether.
fn sized(target: usize, headers: usize, bytes: usize) -> String {
    let path = "/mine/";
    let mut text = format!(
        "GET {path}{} HTTP/1.1\r\nHost: obs.example.com\r\n{V2}\r\n",
        "k".repeat(target - path.len())
    );
    for n in 2..headers - 1 {
        let _ = write!(text, "x{n}: y\r\n");
    }
    let filled = bytes - text.len() - "x: \r\n\r\n".len();
    let _ = write!(text, "x: {}\r\n\r\n", "y".repeat(filled));
    assert_eq!((text.len(), text.matches("\r\n").count()), (bytes, headers + 2));
    text
}

#[test]
fn a_head_passes_at_its_bounds_and_is_refused_one_past_each() {
    let origin = ScriptedOrigin::answering(OK);
    for (target, headers, bytes) in [
        (1_024, 16, 8_192),
        (16_384, 100, 65_536),
        (65_534, 1_000, 1_048_576),
    ] {
        let gate = Setup {
            limits: limits(|limits| {
                (limits.target_bytes, limits.headers, limits.head_bytes) = (target, headers, bytes);
            }),
            ..Setup::before(&origin)
        }
        .start();
        for over in [Over::Http, Over::Https] {
            let mut wire = gate.connect(over);
            for _ in 0..2 {
                wire.send(sized(target, headers, bytes));
                assert_eq!(Answer::read(&mut wire, false).body, "ok");
            }
            for (request, rule) in [
                (sized(target + 1, headers, bytes), "guard.target-too-long"),
                (sized(target, headers + 1, bytes), "guard.too-many-fields"),
                (sized(target, headers, bytes + 1), "guard.head-too-large"),
            ] {
                let mut wire = gate.connect(over);
                wire.send(request);
                let refused = Answer::read(&mut wire, false);
                refused.assert_refused("InvalidRequest");
                assert_eq!(refused.rule(), rule);
                assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
            }
        }
        for rule in [
            "guard.target-too-long",
            "guard.too-many-fields",
            "guard.head-too-large",
        ] {
            gate.wait_for_hits(rule, 2);
        }
        let events = gate.events();
        let refused = events.iter().filter(|event| event["outcome"] == "malformed");
        assert_eq!((events.len(), refused.count()), (10, 6));
    }
}

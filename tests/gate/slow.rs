//! Clients and stores that take their time. Every bound is met from both sides: what keeps just within it is served,
//! and what does not is refused, cut or closed, and nothing else is.

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, V2, V4, bare, request},
    relay::Relay,
    support::{Ending, ScriptedOrigin, Wire},
};
use obsgate::config::{Limits, Timeouts, Upstream};
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

/// A bound that is to be met, and all others: nothing here takes as long.
const BOUND: Duration = Duration::from_millis(500);
const NEVER: Duration = Duration::from_mins(10);
/// Well within the bound, but more than the bound if there are enough of it.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSES: usize = 16;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const OVER: [Over; 2] = [Over::Http, Over::Https];

/// Times each request from its first word: it took at least the bound, and not for ever.
struct Stopwatch(Instant);

impl Stopwatch {
    fn start() -> Self {
        Self(Instant::now())
    }

    #[track_caller]
    fn assert_expired(&self) {
        assert!(self.0.elapsed() >= BOUND, "after {:?}", self.0.elapsed());
    }
}

/// A gate whose clients have all the time there is, but for what `with` changes.
fn gate(origin: SocketAddr, with: impl Fn(&mut Timeouts, &mut Limits)) -> Running {
    let (mut timeouts, mut limits) = (Timeouts::default(), Limits::default());
    timeouts.tls_handshake = NEVER;
    timeouts.request_head = NEVER;
    timeouts.keep_alive = NEVER;
    timeouts.body_idle = NEVER;
    limits.minimum_body_rate = 0;
    with(&mut timeouts, &mut limits);
    let mut upstream = Upstream::danger_plaintext(origin.ip().to_string(), origin.port());
    upstream.response_head_timeout = NEVER;
    upstream.slow_response_head_timeout = NEVER;
    Setup {
        limits,
        timeouts,
        ..Setup::over(upstream)
    }
    .start()
}

/// Sends with a pause before every piece, each within the bound and all of them not.
fn trickle<T: AsRef<[u8]>>(wire: &mut Wire, pieces: impl IntoIterator<Item = T>) {
    for piece in pieces {
        thread::sleep(PAUSE);
        if wire.try_send(piece).is_err() {
            return;
        }
    }
}

/// A head in `PAUSES` pieces.
fn head_in_pieces() -> Vec<Vec<u8>> {
    let head = bare("GET /mine/k", &[V2]);
    let size = head.len().div_ceil(PAUSES);
    head.as_bytes().chunks(size).map(<[u8]>::to_vec).collect()
}

/// Reads all there is, and closes: the gate lingers no longer.
fn read_to_end(mut wire: Wire) -> String {
    wire.read_to_end()
}

#[track_caller]
fn assert_late(all: &str, rule: &str) {
    assert!(all.starts_with("HTTP/1.1 400 "), "{all}");
    assert!(all.contains("\r\nconnection: close\r\n"), "{all}");
    assert!(all.contains(&format!("\r\nx-obsgate-rule: {rule}\r\n")), "{all}");
    assert!(all.contains("<Code>RequestTimeout</Code>"), "{all}");
    assert!(all.ends_with("</Error>"), "{all}");
}

/// Asserts that one request, the last one, left this behind.
#[track_caller]
fn assert_logged(gate: Running, outcome: &str, rule: &str, status: u16) {
    gate.wait_for_hits(rule, 1);
    let event = gate.events().pop().unwrap();
    assert_eq!(event["outcome"], outcome, "{event}");
    assert_eq!(event["rule"], rule, "{event}");
    assert_eq!(event["status"], status, "{event}");
}

#[test]
fn a_client_that_does_not_begin_its_handshake_or_does_not_end_it_is_closed() {
    let origin = ScriptedOrigin::uncalled();
    let gate = gate(origin.address(), |timeouts, _| timeouts.tls_handshake = BOUND);
    for begin in [&b""[..], &b"\x16\x03\x01\x02\x00\x01"[..]] {
        let began = Stopwatch::start();
        let mut wire = Wire::connect(gate.addresses[1]);
        wire.send(begin);
        assert_eq!(wire.read_to_end(), "");
        began.assert_expired();
    }
    assert!(gate.finish().is_empty());
}

#[test]
fn a_client_that_takes_a_while_for_its_handshake_is_served() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.tls_handshake = BOUND);
    let mut wire = gate.connect_over_tls(Relay::to(gate.addresses[1], PAUSE).address);
    // The time for a handshake is over with the handshake.
    thread::sleep(BOUND * 2);
    wire.send(bare("GET /mine/k", &[V2]));
    assert_eq!(Answer::read(&mut wire, false).body, "ok");
}

#[test]
fn a_connection_on_which_nothing_is_asked_is_closed_without_a_word() {
    let origin = ScriptedOrigin::uncalled();
    let gate = gate(origin.address(), |timeouts, _| timeouts.request_head = BOUND);
    for over in OVER {
        let began = Stopwatch::start();
        let mut wire = gate.connect(over);
        assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
        began.assert_expired();
    }
    assert!(gate.finish().is_empty());
}

#[test]
fn a_head_that_does_not_come_in_time_is_refused_however_steadily_it_comes() {
    for over in OVER {
        let origin = ScriptedOrigin::uncalled();
        let gate = gate(origin.address(), |timeouts, _| timeouts.request_head = BOUND);
        let began = Stopwatch::start();
        let mut wire = gate.connect(over);
        trickle(&mut wire, head_in_pieces());
        let all = read_to_end(wire);
        began.assert_expired();
        assert_late(&all, "guard.head-timeout");
        assert_logged(gate, "abandoned", "guard.head-timeout", 400);
    }
}

#[test]
fn a_head_that_comes_in_pieces_in_time_is_served() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| {
        timeouts.request_head = PAUSE * 40;
        timeouts.keep_alive = BOUND;
    });
    for over in OVER {
        let mut wire = gate.connect(over);
        // The second one has more time than there may be between two requests.
        for _ in 0..2 {
            trickle(&mut wire, head_in_pieces());
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
        }
    }
}

#[test]
fn the_time_of_a_later_head_begins_with_its_first_byte() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.request_head = BOUND);
    let mut wire = gate.connect(Over::Http);
    for _ in 0..2 {
        wire.send(bare("GET /mine/k", &[V2]));
        assert_eq!(Answer::read(&mut wire, false).body, "ok");
        thread::sleep(BOUND * 2);
    }
    let began = Stopwatch::start();
    wire.send("GET /mine/k HTTP/1.1\r\nHost:");
    let all = read_to_end(wire);
    began.assert_expired();
    assert_late(&all, "guard.head-timeout");
    assert_logged(gate, "abandoned", "guard.head-timeout", 400);
}

#[test]
fn a_connection_idle_between_requests_is_closed_without_a_word() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.keep_alive = BOUND);
    for over in OVER {
        let mut wire = gate.connect(over);
        // What there is before the first request is no pause between two.
        thread::sleep(BOUND * 2);
        for _ in 0..PAUSES {
            wire.send(bare("GET /mine/k", &[V2]));
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
            thread::sleep(PAUSE);
        }
        let began = Stopwatch::start();
        wire.send(bare("GET /mine/k", &[V2]));
        assert_eq!(Answer::read(&mut wire, false).body, "ok");
        assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
        began.assert_expired();
    }
    assert_eq!(gate.events().len(), 2 * (PAUSES + 1));
}

#[test]
fn a_client_that_waits_for_the_store_is_not_the_one_who_is_late() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            if head.starts_with("PUT") {
                wire.read_exactly(4);
            }
            thread::sleep(BOUND * 3);
            wire.send(OK);
        }
    });
    let gate = gate(origin.address(), |timeouts, limits| {
        timeouts.request_head = BOUND;
        timeouts.keep_alive = BOUND;
        timeouts.body_idle = BOUND;
        limits.minimum_body_rate = 1_000_000;
        limits.minimum_body_rate_after = BOUND;
    });
    for over in OVER {
        let mut wire = gate.connect(over);
        for request in [
            bare("GET /mine/k", &[V2]),
            request("PUT /mine/k", &[V2, "Content-Length: 4"], "body"),
        ] {
            wire.send(request);
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
        }
    }
}

const PUTS: [&str; 2] = ["Content-Length: 1000", "Transfer-Encoding: chunked"];

#[test]
fn a_body_that_stops_coming_is_refused_and_never_ended_for_the_store() {
    for over in OVER {
        for framing in PUTS {
            let origin = ScriptedOrigin::start(|_, mut wire| {
                wire.read_until("part");
                assert!(!wire.read_to_end().contains('0'));
            });
            let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
            let mut wire = gate.connect(over);
            let began = Stopwatch::start();
            wire.send(request("PUT /mine/k", &[V4, framing], "4\r\npart"));
            let all = read_to_end(wire);
            began.assert_expired();
            assert_late(&all, "guard.body-timeout");
            assert_logged(gate, "abandoned", "guard.body-timeout", 400);
        }
    }
}

#[test]
fn a_body_that_keeps_coming_may_take_longer_than_it_may_pause() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
    for over in OVER {
        for (framing, end) in [
            ("Content-Length: 16", ""),
            ("Transfer-Encoding: chunked", "0\r\n\r\n"),
        ] {
            let mut wire = gate.connect(over);
            wire.send(request("PUT /mine/k", &[V4, framing], ""));
            let piece = if end.is_empty() { "x" } else { "1\r\nx\r\n" };
            trickle(&mut wire, [piece; PAUSES]);
            wire.send(end);
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
        }
    }
}

#[test]
fn a_body_that_stops_coming_during_its_answer_cuts_the_answer() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_until("part");
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
        wire.read_to_end();
    });
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
    let mut wire = gate.connect(Over::Http);
    wire.send(request("PUT /mine/k", &[V4, "Content-Length: 1000"], "part"));
    let all = read_to_end(wire);
    assert!(all.ends_with("\r\n\r\nhalf"), "{all}");
    assert_logged(gate, "abandoned", "guard.body-timeout", 200);
}

/// Sends a burst, then so many bytes a second, three times as long as a body may be slow; gives what comes back.
fn at_a_rate(
    origin: &ScriptedOrigin,
    over: Over,
    bytes_a_second: usize,
    burst: usize,
    minimum: u32,
) -> (String, Running) {
    let gate = gate(origin.address(), |_, limits| {
        limits.minimum_body_rate = minimum;
        limits.minimum_body_rate_after = BOUND;
    });
    let mut wire = gate.connect(over);
    let piece = "x".repeat(bytes_a_second / 20);
    let length = format!("Content-Length: {}", burst + piece.len() * 30);
    wire.send(request(
        "PUT /mine/k",
        &[V4, &length, "Connection: close"],
        &"x".repeat(burst),
    ));
    trickle(&mut wire, vec![piece; 30]);
    (read_to_end(wire), gate)
}

#[test]
fn a_body_that_comes_too_slowly_is_refused_whatever_it_began_with() {
    for (over, burst) in [(Over::Http, 0), (Over::Https, 0), (Over::Http, 100_000)] {
        let origin = ScriptedOrigin::start(|_, mut wire| drop(wire.read_to_end()));
        let (all, gate) = at_a_rate(&origin, over, 100, burst, 1_000);
        assert_late(&all, "guard.body-rate");
        assert_logged(gate, "abandoned", "guard.body-rate", 400);
    }
}

#[test]
fn a_body_that_comes_fast_enough_is_taken_and_any_is_where_none_is_too_slow() {
    for (rate, minimum) in [(20_000, 1_000), (100, 0)] {
        for over in OVER {
            let origin = ScriptedOrigin::answering(OK);
            let (all, _) = at_a_rate(&origin, over, rate, 0, minimum);
            assert!(all.ends_with("\r\n\r\nok"), "{all}");
        }
    }
}

#[test]
fn a_store_that_takes_a_body_slowly_is_not_the_clients_fault() {
    const SIZE: usize = 24 << 20;
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        thread::sleep(BOUND * 3);
        wire.discard(SIZE);
        wire.send(OK);
    });
    let gate = gate(origin.address(), |_, limits| {
        limits.minimum_body_rate = 1 << 26;
        limits.minimum_body_rate_after = BOUND * 2;
    });
    let mut wire = gate.connect(Over::Http);
    wire.send(request(
        "PUT /mine/k",
        &[V4, &format!("Content-Length: {SIZE}")],
        "",
    ));
    for piece in vec![b'x'; SIZE].chunks(1 << 20) {
        wire.send(piece);
    }
    assert_eq!(Answer::read(&mut wire, false).body, "ok");
}

/// More than all the buffers there are between the store and a client that does not read.
const LARGE: usize = 32 << 20;

fn large(wire: &mut Wire) {
    wire.read_head();
    wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"));
    let piece = vec![b'x'; 1 << 20];
    let mut left = LARGE;
    while left > 0 && wire.try_send(&piece).is_ok() {
        left -= piece.len();
    }
}

#[test]
fn a_client_that_does_not_take_its_answer_is_cut_off() {
    for over in OVER {
        let origin = ScriptedOrigin::start(|_, mut wire| large(&mut wire));
        let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
        let mut wire = gate.connect(over);
        wire.send(bare("GET /mine/k", &[V2]));
        let began = Stopwatch::start();
        gate.wait_for_hits("guard.write-timeout", 1);
        began.assert_expired();
        let (all, ending) = wire.read_to_ending();
        assert_eq!(ending, Ending::BrokenOff);
        assert!(all.len() < LARGE);
        assert_logged(gate, "abandoned", "guard.write-timeout", 200);
    }
}

#[test]
fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    for over in OVER {
        let origin = ScriptedOrigin::start(|_, mut wire| {
            large(&mut wire);
            wire.read_to_end();
        });
        let gate = gate(origin.address(), |timeouts, _| {
            timeouts.body_idle = BOUND;
            timeouts.keep_alive = BOUND;
            timeouts.request_head = BOUND;
        });
        let mut wire = gate.connect(over);
        wire.send(bare("GET /mine/k", &[V2]));
        wire.read_head();
        for _ in 0..PAUSES {
            thread::sleep(PAUSE);
            wire.discard(LARGE / PAUSES);
        }
        assert_eq!(gate.events()[0]["outcome"], "allowed");
    }
}

const FORM: &str = "Content-Type: multipart/form-data; boundary=b";

/// A form whose fields come with a pause before each.
fn slow_form(pieces: usize, patience: Duration) -> (String, Running) {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = patience);
    let fields: Vec<String> = (0..pieces)
        .map(|n| format!("--b\r\nContent-Disposition: form-data; name=\"x-{n}\"\r\n\r\nv\r\n"))
        .collect();
    let file = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n\
                --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nfile\r\n--b--\r\n";
    let length = fields.concat().len() + file.len();
    let mut wire = gate.connect(Over::Http);
    let length = format!("Content-Length: {length}");
    wire.send(request("POST /mine", &[FORM, &length, "Connection: close"], ""));
    trickle(&mut wire, fields);
    let _ = wire.try_send(file);
    (read_to_end(wire), gate)
}

#[test]
fn a_form_whose_fields_do_not_come_in_time_is_refused_however_steadily_they_come() {
    let (all, gate) = slow_form(PAUSES, BOUND);
    assert_late(&all, "guard.body-timeout");
    assert_logged(gate, "abandoned", "guard.body-timeout", 400);
}

#[test]
fn a_form_whose_fields_come_in_time_is_served() {
    let (all, _) = slow_form(PAUSES, PAUSE * 60);
    assert!(all.ends_with("\r\n\r\nok"), "{all}");
}

#[test]
fn an_answer_that_pauses_for_too_long_is_cut() {
    for over in OVER {
        let origin = ScriptedOrigin::start(|_, mut wire| {
            wire.read_head();
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
            wire.read_to_end();
        });
        let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
        let began = Stopwatch::start();
        let mut wire = gate.connect(over);
        wire.send(bare("GET /mine/k", &[V2]));
        let all = read_to_end(wire);
        began.assert_expired();
        assert!(all.ends_with("\r\n\r\nhalf"), "{all}");
        assert_logged(gate, "failed", "upstream.body-timeout", 200);
    }
}

#[test]
fn an_answer_that_keeps_coming_may_take_longer_than_it_may_pause() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {PAUSES}\r\n\r\n"));
        trickle(&mut wire, ["x"; PAUSES]);
    });
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
    let answer = gate.ask(Over::Http, bare("GET /mine/k", &[V2]));
    assert_eq!(answer.body.len(), PAUSES);
}

#[test]
fn a_store_that_does_not_take_a_body_is_given_up() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        thread::sleep(BOUND * 6);
    });
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
    let mut wire = gate.connect(Over::Http);
    wire.send(request(
        "PUT /mine/k",
        &[V4, &format!("Content-Length: {LARGE}")],
        "",
    ));
    let began = Stopwatch::start();
    wire.fill(LARGE, BOUND / 4);
    let all = read_to_end(wire);
    began.assert_expired();
    assert!(all.starts_with("HTTP/1.1 503 "), "{all}");
    assert!(
        all.contains("\r\nx-obsgate-rule: upstream.write-timeout\r\n"),
        "{all}"
    );
    assert_logged(gate, "failed", "upstream.write-timeout", 503);
}

#[test]
fn a_client_that_asks_and_asks_and_reads_no_answer_is_not_answered_into_memory() {
    const REQUESTS: usize = 1_000;
    let pad = "x".repeat(32 << 10);
    let origin = ScriptedOrigin::answering(format!(
        "HTTP/1.1 200 OK\r\nx-pad: {pad}\r\nContent-Length: 0\r\n\r\n"
    ));
    let gate = gate(origin.address(), |_, _| {});
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("HEAD /mine/k", &[V2]).repeat(REQUESTS));
    let asked = || origin.seen(0).matches("HEAD ").count();
    wire.read_head();
    let mut before = 0;
    while asked() > before {
        before = asked();
        thread::sleep(BOUND);
    }
    assert!(before < REQUESTS);
    for _ in 1..REQUESTS {
        assert!(wire.read_head().starts_with("HTTP/1.1 200 "));
    }
}

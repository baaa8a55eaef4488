//! A refused client that goes on sending reads its whole answer all the same (rulings, 31).

use crate::{
    harness::{Over, Running},
    message::{V2, bare},
    relay::Relay,
    support::{Ending, ScriptedOrigin, Wire},
};
use std::{thread, time::Duration};

const SIZE: usize = 600 * 1024;
const LATENCY: Duration = Duration::from_millis(60);

fn refused_put(more: &[&str]) -> String {
    let kms = "x-amz-server-side-encryption: aws:kms";
    bare("PUT /mine/k", &[&[V2, kms], more].concat())
}

/// Sends a body in small pieces with pauses, and does not look at the answer before all is sent, as many clients do.
fn send_slowly(wire: &mut Wire) {
    for piece in vec![b'x'; SIZE].chunks(8 * 1024) {
        wire.send(piece);
        thread::sleep(Duration::from_millis(2));
    }
}

fn assert_whole(all: &str, ending: Ending) {
    assert!(all.starts_with("HTTP/1.1 400 "), "{all}");
    assert!(all.contains("\r\nconnection: close\r\n"), "{all}");
    assert!(all.ends_with("</Error>"), "{all}");
    assert_eq!(ending, Ending::Closed);
}

#[test]
fn a_client_that_sends_600_kib_slowly_over_a_link_with_latency_reads_the_whole_refusal() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let relay = Relay::to(gate.addresses[0], LATENCY);
    let mut wire = Wire::connect(relay.address);
    wire.send(refused_put(&[&format!("Content-Length: {SIZE}")]));
    send_slowly(&mut wire);
    let (all, ending) = wire.read_to_ending();
    assert_whole(&all, ending);
    assert!(!relay.was_reset());
}

#[test]
fn so_does_one_that_sends_over_tls() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let relay = Relay::to(gate.addresses[1], LATENCY);
    let mut wire = gate.connect_over_tls(relay.address);
    wire.send(refused_put(&[&format!("Content-Length: {SIZE}")]));
    send_slowly(&mut wire);
    let (all, ending) = wire.read_to_ending();
    assert_whole(&all, ending);
    assert!(!relay.was_reset());
}

#[test]
fn so_does_one_that_sends_chunks_and_expects_nothing() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let relay = Relay::to(gate.addresses[0], LATENCY);
    let mut wire = Wire::connect(relay.address);
    wire.send(refused_put(&["Transfer-Encoding: chunked"]));
    wire.send(format!("{SIZE:x}\r\n"));
    send_slowly(&mut wire);
    wire.send("\r\n0\r\n\r\n");
    let (all, ending) = wire.read_to_ending();
    assert_whole(&all, ending);
    assert!(!relay.was_reset());
}

#[test]
fn the_rest_of_an_unread_body_is_never_taken_for_a_request() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    let smuggled = bare("GET /mine/secret", &[V2]);
    wire.send(refused_put(&[&format!("Content-Length: {}", smuggled.len())]));
    wire.send(&smuggled);
    let (all, ending) = wire.read_to_ending();
    assert_whole(&all, ending);
    assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "{all}");
}

#[test]
fn a_refused_client_that_neither_sends_nor_closes_is_let_go() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send(refused_put(&["Content-Length: 600"]));
    // The end of the gate's side comes at once, not with the end of its patience.
    let (all, ending) = wire.read_to_ending();
    assert_whole(&all, ending);
    // Its patience ends by itself: stopping waits for no more than that.
    assert_eq!(gate.events().len(), 1);
}

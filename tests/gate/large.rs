//! Large bodies stream through: what the gate needs does not grow with them.

use crate::{
    harness::Over,
    message::{V4, bare, request},
    program::{Program, Settings},
    support::{ScriptedOrigin, Wire},
};

const SIZE: usize = 256 << 20;
const PIECE: usize = 256 << 10;

fn send(wire: &mut Wire, length: usize) {
    let piece = vec![b'x'; PIECE];
    for _ in 0..length / PIECE {
        wire.send(&piece);
    }
}

/// Takes every upload and gives it back as a download; the length is in the key.
fn origin() -> ScriptedOrigin {
    ScriptedOrigin::start(|_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            let length: usize = head.split(['/', ' ']).nth(3).unwrap().parse().unwrap();
            if head.starts_with("PUT") {
                wire.discard(length);
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            } else {
                wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
                send(&mut wire, length);
            }
        }
    })
}

fn transfer(program: &Program, over: Over, length: usize) {
    let mut wire = program.connect(over);
    let line = format!("/mine/{length}");
    wire.send(request(
        &format!("PUT {line}"),
        &[V4, &format!("Content-Length: {length}")],
        "",
    ));
    send(&mut wire, length);
    assert!(wire.read_head().starts_with("HTTP/1.1 200 "));
    wire.send(bare(&format!("GET {line}"), &[V4]));
    assert!(
        wire.read_head()
            .contains(&format!("Content-Length: {length}\r\n"))
    );
    wire.discard(length);
}

#[test]
fn bodies_of_256_mib_pass_both_ways_with_less_than_16_mib_more_of_memory() {
    let origin = origin();
    let program = Program::start(&Settings::before(origin.address()));
    transfer(&program, Over::Http, 4 << 20);
    let before = program.memory("VmRSS");
    transfer(&program, Over::Http, SIZE);
    let peak = program.memory("VmHWM");
    assert!(peak < before + (16 << 10), "from {before} KiB to {peak} KiB");
    program.signal("TERM");
    assert_eq!(program.wait().0, Some(0));
}

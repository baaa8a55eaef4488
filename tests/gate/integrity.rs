//! Bodies arrive byte for byte, both ways, whatever shows their end and however large they and their pieces are.

use crate::{
    harness::{Over, Running},
    message::{Answer, V4, request},
    support::{ScriptedOrigin, Wire},
};
use std::fmt::Write as _;

/// No two stretches of it are alike.
fn body(length: usize) -> String {
    let mut state = 1u32;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + (state >> 24) as u8 % 90)
    };
    (0..length).map(letter).collect()
}

/// In chunks of this size, with the end.
fn chunked(body: &str, size: usize) -> String {
    let mut text = String::new();
    for chunk in body.as_bytes().chunks(size) {
        let chunk = std::str::from_utf8(chunk).unwrap();
        let _ = write!(text, "{:x}\r\n{chunk}\r\n", chunk.len());
    }
    text + "0\r\n\r\n"
}

/// Reads the body of an upload, as its head says.
fn received(wire: &mut Wire, head: &str) -> String {
    if let Some((_, rest)) = head.split_once("content-length: ") {
        let length = rest.split("\r\n").next().unwrap().parse().unwrap();
        return String::from_utf8(wire.read_exactly(length)).unwrap();
    }
    let mut body = String::new();
    loop {
        let size = usize::from_str_radix(wire.read_until("\r\n").trim_end(), 16).unwrap();
        let data = String::from_utf8(wire.read_exactly(size + 2)).unwrap();
        if size == 0 {
            return body;
        }
        body.push_str(data.strip_suffix("\r\n").unwrap());
    }
}

/// Answers with what it was sent, framed as the key says.
fn echo() -> ScriptedOrigin {
    ScriptedOrigin::start(|_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            let body = received(&mut wire, &head);
            let key = head.split(['/', ' ']).nth(3).unwrap();
            let (framing, body) = match key.parse() {
                Ok(size) => ("Transfer-Encoding: chunked".to_owned(), chunked(&body, size)),
                Err(_) if key == "close" => ("Connection: close".to_owned(), body),
                Err(_) => (format!("Content-Length: {}", body.len()), body),
            };
            wire.send(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n{body}"));
            if key == "close" {
                return;
            }
        }
    })
}

#[test]
fn bodies_of_every_size_and_framing_come_back_as_they_went() {
    let origin = echo();
    let gate = Running::before(&origin);
    let sizes = [0, 1, 4_096, 16_384, 16_385, 70_000, 300_000, 1_100_000];
    for over in [Over::Http, Over::Https] {
        for size in sizes {
            let body = body(size);
            let mut wire = gate.connect(over);
            for down in ["length", "5000", "16384", "16385", "100000", "2000000", "close"] {
                let line = format!("PUT /mine/{down}");
                let length = format!("Content-Length: {size}");
                let mut uploads = vec![request(&line, &[V4, &length], &body)];
                for up in [700, 20_000, 2_000_000] {
                    let coding = "Transfer-Encoding: chunked";
                    uploads.push(request(&line, &[V4, coding], &chunked(&body, up)));
                }
                for upload in uploads {
                    wire.send(upload);
                    let answer = Answer::read(&mut wire, false);
                    assert_eq!(answer.status(), 200, "{size} {down}");
                    assert!(answer.body == body, "{size} {down}: {} bytes", answer.body.len());
                }
            }
        }
    }
}

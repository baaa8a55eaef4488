//! Answers held back until they are decided on.

use crate::{
    front::{Answers, Front, Setup},
    support::{ScriptedOrigin, Wire},
};

fn front(origin: &ScriptedOrigin, answers: Answers) -> Front {
    Front::start(Setup {
        answers,
        ..Setup::before(origin)
    })
}

const GET: &str = "GET /k HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn a_released_answer_is_the_answer() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        for _ in 0..2 {
            wire.read_head();
            wire.send("HTTP/1.1 200 OK\r\nX-Let-Go: 1\r\nContent-Length: 5\r\n\r\nhello");
        }
    });
    let front = front(&origin, Answers::HeldThenReleased);
    let mut client = Wire::connect(front.address);
    for _ in 0..2 {
        client.send(GET);
        assert_eq!(
            client.read_head(),
            "HTTP/1.1 200 OK\r\nx-let-go: 1\r\ncontent-length: 5\r\n\r\n"
        );
        assert_eq!(client.read_exactly(5), b"hello");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn of_a_refused_answer_no_byte_passes_and_its_connection_is_closed() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nX-Secret: 1\r\nContent-Length: 100000\r\n\r\nsecret");
        assert_eq!(wire.read_to_end(), "");
    });
    let front = front(&origin, Answers::HeldThenRefused);
    let mut client = Wire::connect(front.address);
    for _ in 0..2 {
        client.send(GET);
        let head = client.read_head();
        let body = client.read_until("held back");
        assert!(head.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{head}");
        assert!(!format!("{head}{body}").to_lowercase().contains("secret"));
    }
    assert_eq!(origin.connections(), 2);
}

#[test]
fn only_a_success_of_a_get_is_held() {
    for (request, answer) in [
        (GET, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"),
        (GET, "HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nno"),
        (
            "PUT /k HTTP/1.1\r\nHost: h\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
        ),
    ] {
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            wire.read_head();
            wire.send(answer);
        });
        let front = front(&origin, Answers::HeldThenRefused);
        let mut client = Wire::connect(front.address);
        client.send(request);
        assert_eq!(
            client.read_head().to_lowercase(),
            answer.trim_end_matches("no").to_lowercase()
        );
        assert_eq!(client.read_exactly(2), b"no");
    }
}

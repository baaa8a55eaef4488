//! A store that is hostile, or broken: what its client gets, and that nothing else goes over the same connection.

use crate::{
    answer_rows::{BAD, Gets, Row, Then, chunked, ok, rows},
    gate::Guarded,
    harness::Over,
    message::{Answer, V2},
    row::{get, put, with_body},
    support::{Ending, ScriptedOrigin, Wire},
};
use obsgate::config::{Timeouts, Upstream};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

#[test]
fn every_row_has_an_id_and_a_reason() {
    let rows = rows();
    let ids: BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), rows.len());
    assert!(rows.iter().all(|row| !row.reason.is_empty()));
    assert!(rows.len() >= 120, "{}", rows.len());
}

#[test]
fn whatever_a_store_answers_no_client_takes_a_part_for_the_whole() {
    let wrong: Vec<_> = rows()
        .into_iter()
        .filter_map(|row| {
            let (id, sent) = (row.id.clone(), row.sent.clone());
            let error = play(row).err()?;
            let sent = sent.escape_ascii().to_string();
            let sent: String = sent.chars().take(200).collect();
            Some(format!("{id} {sent}\n    {error}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

fn play(row: Row) -> Result<(), String> {
    let (sent, then) = (row.sent, row.then);
    let origin = ScriptedOrigin::start(move |number, mut wire| {
        if number > 0 {
            // Whoever comes next finds a connection of its own.
            while wire.read_next_head().is_some() {
                wire.send(ok("Content-Length: 5\r\n\r\nfresh"));
            }
            return;
        }
        wire.read_head();
        // The gate may have had enough before the end.
        let _ = wire.try_send(&sent);
        match then {
            Then::Close => wire.close(),
            Then::Reset => wire.reset(),
            Then::Hold => assert_eq!(wire.read_to_end(), "", "the connection was used again"),
        }
    });
    let gate = Guarded::before(origin.address());
    let mut wire = gate.connect(Over::Http);
    wire.send(&row.request);
    let got = gets(&mut wire, row.request.starts_with(b"HEAD "));
    let mut next = gate.connect(Over::Http);
    next.send(get("Connection: close"));
    let next = next.read_to_end();
    if !next.ends_with("\r\n\r\nfresh") {
        return Err(format!("the next client gets {next}"));
    }
    let got = got?;
    if got == row.gets {
        Ok(())
    } else {
        Err(format!("{got:?} instead of {:?}", row.gets))
    }
}

/// What a client makes of all it gets, to its end.
fn gets(wire: &mut Wire, to_head: bool) -> Result<Gets, String> {
    let (all, ending) = wire.read_to_ending();
    let Some((head, body)) = all.split_once("\r\n\r\n") else {
        return if all.is_empty() { Ok(Gets::Cut) } else { Err(all) };
    };
    let answer = Answer {
        head: format!("{head}\r\n\r\n"),
        body: body.to_owned(),
    };
    let status = answer.status();
    if !answer.rule().is_empty() {
        let rules = RULES.iter().find(|rule| **rule == answer.rule());
        return rules
            .map(|rule| Gets::Refusal(status, rule))
            .ok_or_else(|| answer.rule().to_owned());
    }
    let whole = if to_head || matches!(status, 204 | 304) {
        body.is_empty().then_some("")
    } else if let Some(length) = answer.header("content-length") {
        (length.parse() == Ok(body.len())).then_some(body)
    } else if answer.header("transfer-encoding").is_some() {
        match body {
            "2\r\nok\r\n0\r\n\r\n" | "1\r\no\r\n1\r\nk\r\n0\r\n\r\n" => Some("ok"),
            _ if body.ends_with("\r\n0\r\n\r\n") || body == "0\r\n\r\n" => return Err(all),
            _ => None,
        }
    } else {
        (ending == Ending::Closed).then_some(body)
    };
    match whole {
        Some("ok") => Ok(Gets::Whole(status, "ok")),
        Some("") => Ok(Gets::Whole(status, "")),
        Some(_) => Err(all),
        None => Ok(Gets::Cut),
    }
}

const RULES: [&str; 5] = [
    "upstream.bad-response",
    "upstream.closed",
    "upstream.write",
    "strict.sse-kms.get-object",
    "unknown.object",
];

#[test]
fn a_head_without_an_end_is_given_up_at_its_bound() {
    let endless: [fn(&mut Wire) -> bool; 3] = [
        |wire| wire.try_send(vec![b'x'; 64 << 10]).is_ok(),
        |wire| wire.try_send("x: y\r\n".repeat(1000)).is_ok(),
        |wire| {
            wire.try_send("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100))
                .is_ok()
        },
    ];
    for (begin, more) in ["HTTP/1.1 200 OK\r\nx: ", "HTTP/1.1 200 OK\r\n", ""]
        .into_iter()
        .zip(endless)
    {
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            wire.read_head();
            wire.send(begin);
            let sent = (0..100_000).take_while(|_| more(&mut wire)).count();
            assert!(sent < 100_000, "the gate takes it all");
        });
        let gate = Guarded::before(origin.address());
        let mut wire = gate.connect(Over::Http);
        wire.send(get("Connection: close"));
        let got = gets(&mut wire, false);
        assert_eq!(got, Ok(BAD));
    }
}

#[test]
fn a_head_that_drips_is_given_up_in_time() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nx: ");
        while wire.try_send("y").is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let store = origin.address();
    let mut upstream = Upstream::danger_plaintext(store.ip().to_string(), store.port());
    upstream.response_head_timeout = Duration::from_millis(500);
    let gate = Guarded::configured(upstream, Timeouts::default());
    let mut wire = gate.connect(Over::Http);
    wire.send(get("Connection: close"));
    let all = wire.read_to_end();
    assert!(all.starts_with("HTTP/1.1 503 "), "{all}");
    assert!(
        all.contains("\r\nx-obsgate-rule: upstream.response-head-timeout\r\n"),
        "{all}"
    );
}

#[test]
fn an_answer_that_comes_byte_by_byte_is_the_same_answer() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        while wire.read_next_head().is_some() {
            for byte in chunked("2\r\nok\r\n0\r\n\r\n").bytes() {
                wire.send([byte]);
            }
        }
    });
    let gate = Guarded::before(origin.address());
    let mut wire = gate.connect(Over::Https);
    for _ in 0..3 {
        wire.send(get(""));
        assert_eq!(Answer::read(&mut wire, false).body, "ok");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn an_answer_that_comes_before_its_request_has_ended_is_the_last_of_its_connection() {
    for (headers, part) in [
        ("Content-Length: 100", "part"),
        ("Transfer-Encoding: chunked", "4\r\npart\r\n"),
    ] {
        for answer in [
            ok("Content-Length: 2\r\n\r\nok"),
            chunked("2\r\nok\r\n0\r\n\r\n"),
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nok".into(),
        ] {
            let origin = ScriptedOrigin::start(move |number, mut wire| {
                if number == 0 {
                    wire.read_until("part");
                    wire.send(&answer);
                    let rest = wire.read_to_end();
                    assert!(!rest.contains("GET"), "used again: {rest}");
                } else {
                    wire.read_head();
                    wire.send(ok("Content-Length: 5\r\n\r\nfresh"));
                }
            });
            let gate = Guarded::before(origin.address());
            let mut wire = gate.connect(Over::Http);
            wire.send(with_body("PUT /mine/k", headers, part));
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
            let mut next = gate.connect(Over::Http);
            next.send(get("Connection: close"));
            assert!(next.read_to_end().ends_with("fresh"));
            wire.close();
            gate.stop();
        }
    }
}

#[test]
fn what_follows_an_early_answer_is_the_rest_of_its_body_and_no_request() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_until("part");
        wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        wire.read_to_end();
    });
    let gate = Guarded::before(origin.address());
    let smuggled = String::from_utf8(get(V2)).unwrap();
    let length = format!("Content-Length: {}", 4 + smuggled.len());
    let mut wire = gate.connect(Over::Http);
    wire.send(with_body("PUT /mine/k", &length, "part"));
    assert_eq!(Answer::read(&mut wire, false).status(), 403);
    let _ = wire.try_send(smuggled);
    assert_eq!(wire.read_to_end(), "");
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_final_answer_in_place_of_a_100_leaves_no_body_for_a_request() {
    let (tell, told) = mpsc::channel();
    let origin = ScriptedOrigin::start(move |number, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nok");
        let rest = wire.read_to_end();
        tell.send((number, rest)).unwrap();
    });
    let gate = Guarded::before(origin.address());
    let mut wire = gate.connect(Over::Http);
    wire.send(put("Expect: 100-continue\nContent-Length: 100"));
    assert_eq!(Answer::read(&mut wire, false).status(), 403);
    let _ = wire.try_send(get(""));
    assert_eq!(wire.read_to_end(), "");
    drop(gate);
    assert_eq!(told.recv().unwrap(), (0, String::new()));
}

#[test]
fn a_store_that_answers_two_connections_at_once_and_crosswise_serves_each_its_own() {
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let (both, meet) = (Arc::new(std::sync::Barrier::new(2)), Arc::clone(&heads));
    let origin = ScriptedOrigin::start(move |_, mut wire| {
        let head = wire.read_head();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        meet.lock().unwrap().push(path.clone());
        // Each connection's answer comes in halves, one within the other.
        wire.send(ok(&format!(
            "Content-Length: {}\r\n\r\n{}",
            path.len(),
            path.split_at(3).0
        )));
        both.wait();
        wire.send(path.split_at(3).1);
        wire.read_to_end();
    });
    let gate = Guarded::before(origin.address());
    let mut clients: Vec<_> = ["/mine/a", "/mine/b"]
        .into_iter()
        .map(|path| {
            let mut wire = gate.connect(Over::Http);
            wire.send(crate::row::ask(&format!("GET {path}"), "Connection: close"));
            (path, wire)
        })
        .collect();
    for (path, wire) in &mut clients {
        assert_eq!(Answer::read(wire, false).body, *path);
    }
    assert_eq!(heads.lock().unwrap().len(), 2);
}

//! The table: every listed line has its rows, and every row ends as it says.

use crate::{
    encryption, forms,
    gate::{ALIVE_SEEN, Guarded, Store},
    guarded,
    harness::Over,
    heads,
    message::{Answer, SECRETS},
    operations,
    row::{Expected, Row, Table},
    signatures,
    support::{Ending, Wire},
    targets,
};
use std::{collections::BTreeSet, fs, path::Path};

fn rows() -> Vec<Row> {
    let mut table = Table::new();
    guarded::rows(&mut table);
    targets::rows(&mut table);
    heads::rows(&mut table);
    operations::rows(&mut table);
    encryption::rows(&mut table);
    signatures::rows(&mut table);
    forms::rows(&mut table);
    table.rows
}

/// A line of the list: its id, and where its proof is.
struct Line {
    id: &'static str,
    proof: &'static str,
}

fn lines() -> Vec<Line> {
    include_str!("lines.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split_whitespace();
            let (id, proof) = (words.next().unwrap(), words.next().unwrap());
            assert!(words.next().is_some(), "`{id}` says nothing");
            Line { id, proof }
        })
        .collect()
}

#[test]
fn every_listed_line_has_rows_or_a_test_of_its_own_and_every_row_has_a_line() {
    let (lines, rows) = (lines(), rows());
    let ids: BTreeSet<&str> = lines.iter().map(|line| line.id).collect();
    assert_eq!(ids.len(), lines.len(), "an id stands twice");
    for row in &rows {
        assert!(ids.contains(row.line), "`{}` is not in the list", row.line);
        assert!(!row.reason.is_empty(), "`{}` has no reason", row.id);
    }
    let with_rows: BTreeSet<&str> = rows.iter().map(|row| row.line).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for Line { id, proof } in lines {
        match proof.split_once("::") {
            None if proof == "rows" => assert!(with_rows.contains(id), "`{id}` has no row"),
            None => assert_eq!(proof, "settled", "`{id}`: `{proof}` is no place"),
            Some((file, test)) => {
                let source = fs::read_to_string(root.join(file)).unwrap_or_default();
                assert!(
                    source.contains(&format!("fn {test}(")),
                    "`{id}`: there is no `{proof}`"
                );
            }
        }
    }
    assert!(rows.len() >= 400, "{} rows", rows.len());
}

#[test]
fn every_line_that_the_guard_is_tested_with_is_a_line_here() {
    let ids: BTreeSet<&str> = lines().iter().map(|line| line.id).collect();
    let listed = include_str!("../data/guard-lines.txt");
    for line in listed
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let id = line.split_whitespace().next().unwrap();
        assert!(ids.contains(id), "`{id}`");
    }
}

#[test]
fn every_row_ends_as_it_says_and_the_gate_serves_on() {
    play_all(rows(), usize::MAX);
}

#[test]
fn a_row_that_comes_byte_by_byte_ends_alike() {
    let short = rows().into_iter().filter(|row| row.bytes.len() <= 600);
    play_all(short.collect(), 1);
}

#[test]
fn what_the_guard_refuses_is_refused_over_tls_too() {
    let guarded = rows().into_iter().filter_map(|row| match row.expected {
        Expected::Answered {
            refused: Some((_, rule)),
            ..
        } if rule.starts_with("guard.") => Some(Row {
            over: Over::Https,
            ..row
        }),
        _ => None,
    });
    play_all(guarded.collect(), usize::MAX);
}

/// Plays rows, each sent in pieces of this size, and says which of them ended otherwise.
fn play_all(rows: Vec<Row>, piece: usize) {
    let store = Store::start();
    let gate = Guarded::before(store.address);
    let mut seen = Vec::new();
    let mut wrong = Vec::new();
    for row in rows {
        let before = store.count();
        if let Err(error) = play(&gate, &row, piece) {
            wrong.push(format!("{} {}\n    {error}", row.id, brief(&row.bytes)));
        }
        gate.assert_serves();
        let mut expected = match row.expected {
            Expected::Answered { seen, .. } => seen,
            Expected::Cut => Vec::new(),
        };
        expected.push(ALIVE_SEEN.into());
        let came = store.since(before);
        if came != expected {
            let came: Vec<_> = came.iter().map(|one| brief(one)).collect();
            wrong.push(format!("{} {}\n    came as {came:?}", row.id, brief(&row.bytes)));
        }
        seen.append(&mut expected);
    }
    gate.stop();
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    // Nothing came later, either.
    assert_eq!(store.finish(), seen);
}

/// Plays a row, and says what came instead of what it says.
fn play(gate: &Guarded, row: &Row, piece: usize) -> Result<(), String> {
    match &row.expected {
        Expected::Answered { seen, refused } => {
            let mut wire = gate.connect(row.over);
            for piece in row.bytes.chunks(piece) {
                // The gate may close before it has read everything.
                let _ = wire.try_send(piece);
            }
            for request in seen {
                let to_head = request.starts_with(b"HEAD ");
                let answer = read(&mut wire, to_head, true)?;
                let body = if to_head { "" } else { "ok" };
                if (answer.status(), &*answer.body) != (200, body) {
                    return Err(format!("{} {}", answer.status(), answer.rule()));
                }
            }
            if let Some(refused) = refused {
                assert_refused(&mut wire, row, *refused)?;
            }
        }
        Expected::Cut => {
            let (mut wire, half) = gate.connect_half();
            wire.send(&row.bytes);
            half.end();
            let (all, _) = wire.read_to_ending();
            if !all.is_empty() && !all.contains("\r\nx-obsgate-rule: client.body\r\n") {
                return Err(all);
            }
        }
    }
    Ok(())
}

fn assert_refused(wire: &mut Wire, row: &Row, refused: (u16, &str)) -> Result<(), String> {
    let answer = read(wire, row.bytes.starts_with(b"HEAD "), false)?;
    let got = (answer.status(), answer.rule());
    if got != refused {
        return Err(format!("{got:?} instead of {refused:?}"));
    }
    assert_fit(&answer, row);
    if got.1.starts_with("guard.") {
        assert_eq!(answer.header("connection"), Some("close"), "{}", row.id);
        assert_eq!(
            wire.read_to_ending(),
            (String::new(), Ending::Closed),
            "{}",
            row.id
        );
    }
    Ok(())
}

/// The next answer, behind a 100 if there may be one.
fn read(wire: &mut Wire, to_head: bool, behind_100: bool) -> Result<Answer, String> {
    let mut answer = Answer {
        head: wire.read_next_head().ok_or("no answer")?,
        body: String::new(),
    };
    if behind_100 && answer.status() == 100 {
        answer.head = wire.read_next_head().ok_or("no answer")?;
    }
    if !to_head {
        let length = answer.header("content-length").ok_or("no length")?;
        let body = wire.read_exactly(length.parse().unwrap());
        answer.body = String::from_utf8_lossy(&body).into_owned();
    }
    Ok(answer)
}

/// A refusal has its form, and echoes no secret.
fn assert_fit(answer: &Answer, row: &Row) {
    answer.assert_echoes_nothing();
    if !row.bytes.starts_with(b"HEAD ") {
        assert_eq!(
            answer.header("content-type"),
            Some("application/xml"),
            "{}",
            row.id
        );
        assert!(!answer.element("Code").is_empty(), "{}", row.id);
        assert!(!answer.element("Message").is_empty(), "{}", row.id);
    }
    let all = format!("{}{}", answer.head, answer.body);
    assert!(SECRETS.iter().all(|secret| !all.contains(secret)), "{}", row.id);
}

fn brief(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    text.chars().take(300).collect()
}

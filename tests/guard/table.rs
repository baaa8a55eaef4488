//! Every form in the list has its cases, and every case its verdict however the bytes are split.

use crate::{
    cases::{Case, Expected, cases},
    drive::{drive, whole},
};
use obsgate::proxy::guard::Violation;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Id and where it is judged.
fn lines() -> Vec<(&'static str, &'static str)> {
    include_str!("../data/guard-lines.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().unwrap(), words.next().unwrap())
        })
        .collect()
}

#[test]
fn every_listed_form_has_cases_that_end_where_the_list_says() {
    let lines = lines();
    let ids: BTreeSet<&str> = lines.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), lines.len(), "an id stands twice");
    let cases = cases();
    for case in &cases {
        assert!(ids.contains(case.line), "`{}` is not in the list", case.line);
    }
    for (id, judged) in lines {
        let of: Vec<&Case> = cases.iter().filter(|case| case.line == id).collect();
        let refused = of
            .iter()
            .any(|case| matches!(case.expected, Expected::Refused(_)));
        match judged {
            "guard" => assert!(refused, "`{id}` has no case that is refused"),
            "later" => assert!(
                !of.is_empty() && !refused,
                "`{id}` has no case, or one that is refused"
            ),
            "other" => assert!(of.is_empty(), "`{id}` has a case"),
            _ => panic!("`{id}`: `{judged}` is no place"),
        }
    }
    assert!(cases.len() >= 200, "{} cases", cases.len());
}

#[test]
fn every_case_has_its_verdict() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter(|case| !case.expected.is(&whole(&case.bytes)))
        .map(|case| {
            format!(
                "{}: {:?} instead of {:?}",
                case.id,
                whole(&case.bytes),
                case.expected
            )
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_violation_is_met_by_a_case() {
    let met: BTreeSet<&str> = cases()
        .iter()
        .filter_map(|case| whole(&case.bytes).violation)
        .map(Violation::id)
        .collect();
    // In HTTP/1, white space around a value is none of it.
    let elsewhere = |one: &Violation| one.is_late() || *one == Violation::PaddedValue;
    let in_bytes = Violation::ALL.into_iter().filter(|one| !elsewhere(one));
    let all = in_bytes.map(Violation::id).collect();
    assert_eq!(met, all);
}

#[test]
fn a_case_fed_byte_by_byte_or_split_in_two_anywhere_has_the_same_verdict() {
    for case in cases() {
        let bytes = &case.bytes;
        let expected = whole(bytes);
        if bytes.len() <= 4096 {
            assert_eq!(drive(bytes.chunks(1)), expected, "{} byte by byte", case.id);
        }
        let step = bytes.len() / 2048 + 1;
        for at in (0..bytes.len()).step_by(step) {
            let (front, back) = bytes.split_at(at);
            assert_eq!(drive([front, back]), expected, "{} split at {at}", case.id);
        }
    }
}

#[test]
fn what_comes_behind_a_violation_changes_nothing() {
    for case in cases() {
        if let Expected::Refused(_) = case.expected {
            let mut bytes = case.bytes.clone();
            bytes.extend_from_slice(b"GET /behind HTTP/1.1\r\nHost: h\r\n\r\n");
            assert_eq!(whole(&bytes), whole(&case.bytes), "{}", case.id);
        }
    }
}

/// Bytes that are made of what requests are made of.
fn shreds() -> impl Strategy<Value = Vec<u8>> {
    let shred = prop_oneof![
        Just("GET / HTTP/1.1\r\n".as_bytes().to_vec()),
        Just("POST /a?b HTTP/1.0\r\n".as_bytes().to_vec()),
        Just("Host: h\r\n".as_bytes().to_vec()),
        Just("Content-Length: 3\r\n".as_bytes().to_vec()),
        Just("Transfer-Encoding: chunked\r\n".as_bytes().to_vec()),
        Just("Expect: 100-continue\r\n".as_bytes().to_vec()),
        Just("\r\n".as_bytes().to_vec()),
        Just("3\r\nabc\r\n".as_bytes().to_vec()),
        Just("0\r\n".as_bytes().to_vec()),
        Just(";x=y".as_bytes().to_vec()),
        Just("X-Amz-Date: 1\r\n".as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(shred, 0..16).prop_map(|shreds| shreds.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_split_of_any_bytes_gives_the_same_verdict(bytes in shreds(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.push(0);
        cuts.push(bytes.len());
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        prop_assert_eq!(drive(pieces), whole(&bytes));
        prop_assert_eq!(drive(bytes.chunks(1)), whole(&bytes));
    }

    #[test]
    fn any_split_of_a_case_gives_the_same_verdict(case in 0..cases().len(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let bytes = &cases()[case].bytes;
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.push(0);
        cuts.push(bytes.len());
        cuts.sort_unstable();
        prop_assert_eq!(drive(cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]])), whole(bytes));
    }
}

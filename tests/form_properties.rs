//! The form scanner over forms made at random: a well-kept parser that knows nothing of it reads the same fields, and
//! it does not matter how a body is cut.

mod forms;

use forms::{agrees_with_multer, scan_pieces, scanner};
use obsgate::obs::form::Limits;
use proptest::prelude::*;

/// Pieces of forms, whole and broken, that are put together at random.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "--b",
        "--b\r\n",
        "--b--",
        "\r\n--b\r\n",
        "\r\n",
        "\n",
        "\r",
        " ",
        "\t",
        "-",
        "\"",
        "\\",
        ";",
        ":",
        "\0",
        "Content-Disposition: form-data; name=\"key\"",
        "Content-Disposition: form-data; name=\"file\"",
        "Content-Disposition: form-data; name=\"x-obs-a\"\r\n\r\nvalue\r\n",
        "; filename=\"a\"",
        "; name=\"file\"",
        "Content-Type: text/plain\r\n",
        "Content-Length: 3\r\n",
        "name=",
        "\r\n\r\nabc\r\n--b\r\n",
        "file",
    ]);
    prop_oneof![
        6 => known.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

/// A form that is right, and where to break it: bytes put in place of a range.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let names = prop::sample::select(vec!["key", "policy", "Signature", "x-obs-meta-a", "token"]);
    let fields = prop::collection::vec((names, "[ -~\r\n]{0,12}", any::<bool>()), 0..5);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, pieces()), 0..3);
    (fields, edits).prop_map(|(fields, edits)| {
        let mut body = Vec::new();
        for (name, value, typed) in fields {
            let extra = if typed { "\r\nContent-Type: text/plain" } else { "" };
            let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{extra}\r\n\r\n");
            body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
        }
        body.extend(b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\ncontent\r\n--b--\r\n");
        for (at, removed, piece) in edits {
            let start = at.index(body.len() + 1);
            let end = body.len().min(start + removed);
            body.splice(start..end, piece);
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn multer_reads_the_same_fields_in_whatever_is_accepted(body in mutated()) {
        agrees_with_multer("b", &body);
    }

    #[test]
    fn multer_reads_the_same_fields_in_what_is_put_together_at_random(
        pieces in prop::collection::vec(pieces(), 0..14)
    ) {
        agrees_with_multer("b", &[b"--b\r\n".to_vec(), pieces.concat()].concat());
        agrees_with_multer("b", &pieces.concat());
    }

    #[test]
    fn it_does_not_matter_how_a_body_is_cut(body in mutated(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|ends| &body[ends[0]..ends[1]]);
        let limits = Limits { bytes: 200, fields: 3 };
        prop_assert_eq!(
            scan_pieces(scanner("b", limits), pieces),
            scan_pieces(scanner("b", limits), std::iter::once(&body[..]))
        );
    }
}

#[test]
fn a_useful_share_of_the_mutated_forms_is_accepted() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let accepted = (0..500)
        .filter(|_| {
            let body = mutated().new_tree(&mut runner).unwrap().current();
            let read = scan_pieces(scanner("b", Limits::default()), std::iter::once(&body[..]));
            read.is_ok_and(|(_, fields)| !fields.is_empty())
        })
        .count();
    assert!((100..490).contains(&accepted), "{accepted} of 500");
}

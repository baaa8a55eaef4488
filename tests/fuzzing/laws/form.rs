//! The scanner of forms: a content type up to the first line feed, and then the body.
//!
//! 1. A content type's boundary is the one that `multer` finds, if it finds one.
//! 2. However the body is cut, the same fields are read, or it is refused alike; with much room and, every third length, with little.
//! 3. Cut off anywhere, it is cut off, or refused as the whole is; behind the head of the file nothing matters.
//! 4. What is sent on are the bytes before the file, as they came; the delimiter stands in them once a part.
//! 5. `multer` reads the same fields in what is accepted, and none of them is a file to who ignores case.
//! 6. Read alone or joined to a head, the form is signed alike, or refused alike.

use super::{
    forms::{Outcome, agrees_with_multer, scan_pieces},
    heads::{arrival, endpoints, parse},
    pieces,
};
use obsgate::{
    classify::classify,
    obs::{
        form::{Boundary, Form, FormError, FormFacts, Limits, Scanner},
        scheme::Scheme,
    },
};

/// The id of why it was refused, or how it is signed.
pub fn holds(bytes: &[u8]) -> &'static str {
    let mut halves = bytes.splitn(2, |byte| *byte == b'\n');
    // As the server hands on a header's value.
    let content_type = halves.next().unwrap_or_default().trim_ascii();
    let body = halves.next().unwrap_or_default();
    let boundary = match Boundary::from_content_type(content_type) {
        Ok(boundary) => boundary,
        Err(error) => return error.id(),
    };
    let text = std::str::from_utf8(content_type).unwrap();
    if let Ok(other) = multer::parse_boundary(text) {
        assert_eq!(other, boundary.as_str(), "{text}");
    }
    let limits = if body.len() % 3 == 0 {
        FEW
    } else {
        Limits::default()
    };
    assert_cuts_do_not_matter(boundary, body, limits);
    let mut scanner = Scanner::new(boundary, Limits::default());
    if let Err(error) = scanner.feed(body) {
        return error.id();
    }
    let form = match scanner.into_form() {
        Ok(form) => form,
        Err(error) => return error.id(),
    };
    agrees_with_multer(boundary.as_str(), body);
    let signed = read(content_type, &form);
    let spelled = |name: &str| name.eq_ignore_ascii_case("file");
    assert!(
        !form.fields().any(|field| spelled(field.name)),
        "a file passed for a field"
    );
    let (before, parts) = (form.len(), form.fields().count() + 1);
    let delimiter = format!("--{}", boundary.as_str());
    let delimiters = memchr::memmem::find_iter(&body[..before], &delimiter).count();
    assert_eq!(
        delimiters, parts,
        "`{delimiter}` stands where it delimits nothing"
    );
    assert_eq!(form.into_prefix(), &body[..before]);
    signed
}

fn assert_cuts_do_not_matter(boundary: Boundary<'_>, body: &[u8], limits: Limits) {
    let scan = |pieces: &[&[u8]]| scan_pieces(Scanner::new(boundary, limits), pieces.iter().copied());
    let whole: Outcome = scan(&[body]);
    for way in pieces::ways(body) {
        assert_eq!(scan(&way), whole);
    }
    let before = whole.as_ref().map_or(body.len(), |(before, _)| *before);
    assert!(before <= limits.bytes || whole.is_err());
    for cut in (0..body.len()).step_by(body.len() / 6 + 1).chain([before]) {
        let cut_off = scan(&[&body[..cut]]);
        match &whole {
            Ok(_) if cut >= before => assert_eq!(cut_off, whole, "what follows the file's head matters"),
            Ok(_) => assert_eq!(cut_off, Err(FormError::CutOff)),
            Err(error) => assert!(
                cut_off == Err(FormError::CutOff) || cut_off == Err(*error),
                "{error:?} becomes {cut_off:?} cut off at {cut}"
            ),
        }
    }
}

/// What the form says, alone and joined to a head without anything of its own.
fn read(content_type: &[u8], form: &Form) -> &'static str {
    let alone = FormFacts::of(form);
    let head = [
        b"POST /b HTTP/1.1\r\nHost: obs.example.com\r\nContent-Type: ",
        content_type,
        b"\r\n\r\n",
    ];
    let Some(head) = parse(&head.concat()) else {
        return "no header";
    };
    let mut classified = classify(&head, arrival(Scheme::Http), &endpoints()).unwrap();
    assert!(classified.awaits_form());
    match (classified.read_form(form), alone) {
        (Ok(()), Ok(said)) => {
            assert_eq!(classified.facts.auth, said.auth);
            assert!(!classified.awaits_form());
            said.auth.name()
        }
        (Err(joined), Err(alone)) => {
            assert_eq!(joined, alone);
            joined.id()
        }
        (joined, alone) => panic!("alone {alone:?}, joined {joined:?}"),
    }
}

const FEW: Limits = Limits {
    bytes: 200,
    fields: 3,
};

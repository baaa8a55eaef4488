//! Bodies of forms, and reading them in every way there is.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "every test file uses a part of this"
)]

use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use obsgate::obs::form::{Boundary, Form, FormError, Limits, Progress, Scanner};

pub(crate) const BOUNDARY: &str = "9431149156168";

/// What came of a body: how many bytes precede the file's content and the fields before it, or why it was refused.
pub(crate) type Outcome = Result<(usize, Vec<(String, Vec<u8>)>), FormError>;

pub(crate) fn scanner(boundary: &str, limits: Limits) -> Scanner {
    let content_type = format!("multipart/form-data; boundary={boundary}");
    Scanner::new(
        Boundary::from_content_type(content_type.as_bytes()).unwrap(),
        limits,
    )
}

pub(crate) fn outcome(form: &Form) -> (usize, Vec<(String, Vec<u8>)>) {
    let fields = form
        .fields()
        .map(|field| (field.name.to_owned(), field.value.to_vec()));
    (form.len(), fields.collect())
}

/// Feeds pieces until the file begins or the form is refused, and ends the body.
pub(crate) fn scan_pieces<'b>(mut scanner: Scanner, pieces: impl Iterator<Item = &'b [u8]>) -> Outcome {
    let mut fed = 0;
    for piece in pieces {
        match scanner.feed(piece)? {
            Progress::NeedMore => fed += piece.len(),
            Progress::AtFile { consumed } => {
                let form = scanner.into_form()?;
                assert_eq!(form.len(), fed + consumed);
                return Ok(outcome(&form));
            }
        }
        assert_eq!(scanner.buffered(), fed);
    }
    scanner.into_form().map(|form| outcome(&form))
}

/// Checks that `multer`, a well-kept parser that knows nothing of the scanner, reads the same fields in what is
/// accepted.
pub(crate) fn agrees_with_multer(boundary: &str, body: &[u8]) {
    if let Ok((_, fields)) = scan_pieces(scanner(boundary, Limits::default()), std::iter::once(body)) {
        assert_eq!(
            by_multer(boundary, body).unwrap(),
            fields,
            "{}",
            body.escape_ascii()
        );
    }
}

/// The fields that `multer` finds before the first part named `file`.
fn by_multer(boundary: &str, body: &[u8]) -> Result<Vec<(String, Vec<u8>)>, multer::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let stream = BodyDataStream::new(Full::new(Bytes::copy_from_slice(body)));
        let mut form = multer::Multipart::new(stream, boundary);
        let mut fields = Vec::new();
        while let Some(field) = form.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                break;
            }
            fields.push((name, field.bytes().await?.to_vec()));
        }
        Ok(fields)
    })
}

/// Reads a body whole and byte by byte, cuts it off at every byte, and checks that all of that agrees.
pub(crate) fn scan_with(boundary: &str, body: &[u8], limits: Limits) -> Outcome {
    let whole = scan_pieces(scanner(boundary, limits), std::iter::once(body));
    let bytewise = scan_pieces(scanner(boundary, limits), body.chunks(1));
    assert_eq!(whole, bytewise, "{}", body.escape_ascii());
    for cut in 0..body.len() {
        let cut_off = scan_pieces(scanner(boundary, limits), std::iter::once(&body[..cut]));
        match &whole {
            Ok((before, _)) if cut >= *before => assert_eq!(cut_off, whole),
            Ok(_) => assert_eq!(cut_off, Err(FormError::CutOff)),
            Err(error) => assert!(cut_off == Err(FormError::CutOff) || cut_off == Err(*error)),
        }
    }
    if let Ok((before, _)) = &whole {
        assert!(*before <= limits.bytes);
        let mut one = scanner(boundary, limits);
        let _ = one.feed(body).unwrap();
        assert_eq!(one.into_form().unwrap().into_prefix(), &body[..*before]);
    }
    whole
}

pub(crate) fn scan(body: impl AsRef<[u8]>) -> Outcome {
    scan_with(BOUNDARY, body.as_ref(), Limits::default())
}

pub(crate) fn field(name: &str, value: &str) -> String {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), value)
}

pub(crate) fn part(head: &str, value: &str) -> String {
    format!("--{BOUNDARY}\r\n{head}\r\n\r\n{value}\r\n")
}

pub(crate) fn file() -> String {
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
         Content-Type: text/plain\r\n\r\ncontent\r\n--{BOUNDARY}--\r\n"
    )
}

pub(crate) fn headed(head: &str) -> String {
    part(head, "value") + &file()
}

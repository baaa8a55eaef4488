//! The XML bodies that teach something: any bytes, to each of their readers.
//!
//! 1. However a body is cut, each reader says the same.
//! 2. Cut off anywhere, a document is the whole one or none; what follows its root changes nothing.
//! 3. A verdict on a document's root is that of the document; nothing follows a verdict.
//! 4. Where there is nothing but elements and text, a reader that only looks for the words finds the same upload and
//!    the same default.

use super::pieces;
use obsgate::obs::{
    encryption::Encryption,
    xml::{
        Document, DocumentPrefix, Fault, UploadBegun, Verdict, VerdictReader, bucket_default, has_no_default,
    },
};

/// What was learned, or why nothing.
pub fn holds(bytes: &[u8]) -> &'static str {
    let verdict = verdict(&[bytes]);
    for way in pieces::ways(bytes) {
        assert_eq!(self::verdict(&way), verdict);
    }
    let longer = [bytes, b"<Error/>"].concat();
    assert!(verdict.0.is_none() || self::verdict(&[&longer]) == verdict);
    for limit in [60, UploadBegun::LIMIT] {
        assert_cuts_do_not_matter(bytes, limit);
    }
    let document = match read(UploadBegun::LIMIT, &[bytes]) {
        Ok(document) => document,
        Err(fault) => return fault.name(),
    };
    let expected = match document.root() {
        "" => Verdict::Unreadable,
        "Error" => Verdict::Error,
        _ => Verdict::Success,
    };
    // The verdict has a bound on markup, and takes a byte order mark for text.
    let beyond = bytes.len() > 1 << 10 || bytes.starts_with(b"\xef\xbb\xbf");
    assert!(
        verdict.1 == expected || (beyond && verdict.1 == Verdict::Unreadable),
        "{verdict:?} of `{}`",
        document.root()
    );
    let upload = UploadBegun::of(&document);
    let default = bucket_default(&document);
    assert!(upload.is_err() || default.is_err(), "one document, two meanings");
    assert!(!has_no_default(&document) || document.root() == "Error");
    agree_with_words(bytes, &document, &upload, default);
    match (upload, default) {
        (Ok(_), _) => "an upload",
        (_, Ok(_)) => "a default",
        (Err(fault), _) => fault.name(),
    }
}

fn verdict(pieces: &[&[u8]]) -> (Option<Verdict>, Verdict) {
    let mut reader = VerdictReader::default();
    let mut told = None;
    for piece in pieces {
        let now = reader.feed(piece);
        assert!(told.is_none() || told == now, "{told:?} became {now:?}");
        told = now;
    }
    (told, reader.finish())
}

fn read(limit: usize, pieces: &[&[u8]]) -> Result<Document, Fault> {
    let mut prefix = DocumentPrefix::new(limit);
    for piece in pieces {
        prefix.push(piece);
        if let Some(document) = prefix.read()? {
            return Ok(document);
        }
    }
    prefix.finish()
}

fn assert_cuts_do_not_matter(bytes: &[u8], limit: usize) {
    let whole = read(limit, &[bytes]);
    for way in pieces::ways(bytes) {
        // At each piece it is read from the start again.
        if way.len() <= 40 {
            assert_eq!(read(limit, &way), whole);
        }
        let mut unread = DocumentPrefix::new(limit);
        for piece in way {
            unread.push(piece);
        }
        assert_eq!(unread.finish(), whole);
    }
    let mut ended = false;
    for cut in (0..bytes.len()).step_by(bytes.len() / 8 + 1) {
        match read(limit, &[&bytes[..cut]]) {
            Ok(document) => {
                assert_eq!(Ok(document), whole);
                ended = true;
            }
            Err(fault) => {
                assert!(!ended, "what was whole at a cut is no longer");
                assert!(fault == Fault::NotXml || whole == Err(fault), "{fault} at {cut}");
            }
        }
    }
    if whole.is_ok() && bytes.len() < limit {
        let longer = [bytes, b"<Error>"].concat();
        assert_eq!(read(limit, &[&longer]), whole, "what follows the root matters");
    }
}

/// Compares with a reader that knows no XML, where there is little to know.
fn agree_with_words(
    bytes: &[u8],
    document: &Document,
    upload: &Result<UploadBegun, Fault>,
    default: Result<Encryption, Fault>,
) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.contains(['&', '!', '?', '\r', ':']) {
        return;
    }
    let text = text
        .split_once(&format!("</{}", document.root()))
        .map_or(text, |(text, _)| text);
    let between = |word: &str| {
        let (_, rest) = text.split_once(&format!("<{word}>"))?;
        rest.split_once(&format!("</{word}>")).map(|(inner, _)| inner)
    };
    if let Ok(upload) = upload
        && let Some(id) = between("UploadId").filter(|_| text.matches("<UploadId").count() == 1)
    {
        assert_eq!(upload.id, id);
    }
    if let Ok(default) = default
        && let Some(method) = between("SSEAlgorithm").filter(|_| text.matches("<SSEAlgorithm").count() == 1)
    {
        let kms = ["kms", "aws:kms"].contains(&method.trim());
        assert_eq!(default == Encryption::SseKms, kms, "`{method}` is {default}");
        assert!(default != Encryption::SseC && default != Encryption::Plain);
    }
}

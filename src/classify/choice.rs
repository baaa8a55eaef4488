//! Which operation a head asks for, and what may not stand together in one since somebody would take it for another
//! (rulings, 1, 4, 6 and 18).

use super::scan::Scan;
use crate::obs::{
    bytes, form,
    malformed::Malformed,
    operation::Operation,
    route::{Level, Verb, route},
    subresource::Marks,
};
use http::HeaderValue;

impl Scan<'_> {
    /// Whether subresources stand together of which one store would read this and another that.
    fn crowds(&self, verb: Verb) -> bool {
        if self.subresources == Marks::NONE {
            return false;
        }
        let beside =
            |of: Marks| self.subresources.has_any(of) && self.subresources.without(of) != Marks::NONE;
        let uploads = [Marks::UPLOADS, Marks::UPLOAD_ID, Marks::APPEND];
        let uploads = uploads.into_iter().filter(|mark| self.subresources.has(*mark));
        uploads.count() > 1
            // What a bucket encrypts with is learned from these: some stores would answer for the other.
            || beside(Marks::ENCRYPTION)
            || (self.strange && self.subresources.has(Marks::ENCRYPTION))
            // One store would take the row of this one, another of that.
            || (!verb.reads() && self.chooses_twice())
            || (verb == Verb::Post && beside(SELECTION))
    }

    fn chooses_twice(&self) -> bool {
        let first = CHOICES.iter().find(|choice| self.subresources.has_any(**choice));
        first.is_some_and(|choice| {
            let others = self.subresources.without(*choice);
            others != Marks::NONE && CHOICES.iter().any(|choice| others.has_any(*choice))
        })
    }

    /// The operation that the head asks for of what it is about.
    pub(super) fn operation(&self, verb: Verb, level: Level) -> Result<Operation, Malformed> {
        if verb == Verb::Put && self.subresources.has(Marks::APPEND) {
            return Err(Malformed::AppendByPut);
        }
        if self.crowds(verb) {
            return Err(Malformed::SubresourcesTogether);
        }
        if verb.writes() && level == Level::Object && self.subresources.has(Marks::ENCRYPTION) {
            return Err(Malformed::SubresourceMisplaced);
        }
        let mut marks = self.subresources;
        if self.copy_source.is_some() {
            marks = marks.with(Marks::COPY);
        }
        if verb == Verb::Post && self.is_form(level)? {
            marks = marks.with(Marks::FORM);
        }
        let operation = match route(verb, level, marks) {
            // What else goes by the name of a bucket takes something off it, and leaves what it encrypts with.
            Operation::DeleteBucket if self.strange || marks != Marks::NONE => Operation::Other,
            operation => operation,
        };
        self.check(verb, operation)?;
        Ok(operation)
    }

    /// Whether the body is a form (rulings, 18). An upload may have any content type once it is plain that it is one;
    /// beside any other subresource some stores would take the form, others the subresource.
    fn is_form(&self, level: Level) -> Result<bool, Malformed> {
        let upload = Marks::UPLOADS.with(Marks::UPLOAD_ID);
        if level == Level::Object && self.subresources.has_any(upload) {
            return Ok(false);
        }
        let content_type = self.content_type.map(HeaderValue::as_bytes).unwrap_or_default();
        let may_be = self.content_types > 1 || form::may_be_form(content_type) || is_multipart(content_type);
        if !may_be {
            let deletion = self.subresources.has(Marks::DELETE);
            return if level == Level::Bucket && !deletion {
                Err(Malformed::NotAForm)
            } else {
                Ok(false)
            };
        }
        if self.content_types > 1
            || level == Level::Service
            || self.subresources != Marks::NONE
            || form::Boundary::from_content_type(content_type).is_err()
        {
            return Err(Malformed::ContentType);
        }
        Ok(true)
    }

    /// The rules about bodies, parts and copies (rulings, 1, 4 and 6).
    fn check(&self, verb: Verb, operation: Operation) -> Result<(), Malformed> {
        let chunked = self.transfer_encoding.is_some();
        let length = match self.content_length.map(HeaderValue::as_bytes) {
            Some(digits) if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || chunked => {
                return Err(Malformed::ContentLength);
            }
            Some(digits) => digits.iter().any(|digit| *digit != b'0'),
            None => false,
        };
        let body = length || chunked;
        if body && !verb.writes() {
            return Err(Malformed::Body);
        }
        let needed = match operation {
            Operation::UploadPart => Marks::UPLOAD_ID.with(Marks::PART_NUMBER),
            Operation::AppendObject => Marks::POSITION,
            _ => Marks::NONE,
        };
        if !self.subresources.has(needed) {
            return Err(Malformed::SubresourceMissing);
        }
        let (Some(source), Verb::Put) = (self.copy_source, verb) else {
            return Ok(());
        };
        match operation {
            Operation::CopyObject | Operation::UploadPartCopy if !names_an_object(source.as_bytes()) => {
                Err(Malformed::CopySource)
            }
            Operation::CopyObject | Operation::UploadPartCopy if body => Err(Malformed::CopyBody),
            Operation::CopyObject | Operation::UploadPartCopy => Ok(()),
            _ => Err(Malformed::CopySourceMisplaced),
        }
    }
}

/// Whether a content type speaks of several parts, of which some stores make out a form by less than its whole name.
fn is_multipart(content_type: &[u8]) -> bool {
    const WORD: &[u8] = b"multipart";
    content_type
        .windows(WORD.len())
        .any(|window| window.eq_ignore_ascii_case(WORD))
}

/// Whether a copy source has a bucket and a key: `/bucket/key` or `bucket/key`, the slash raw or encoded, the rest in
/// whatever encoding (obs-facts §2).
fn names_an_object(source: &[u8]) -> bool {
    let source = source.strip_prefix(b"/").unwrap_or(source);
    let raw = bytes::find(source, b'/').map(|at| (at, 1));
    let encoded = || {
        source
            .windows(3)
            .position(|three| three.eq_ignore_ascii_case(b"%2f"))
            .map(|at| (at, 3))
    };
    raw.or_else(encoded).is_some_and(|(at, length)| {
        let key = source.get(at + length..).unwrap_or_default();
        at > 0 && !key.is_empty() && !key.starts_with(b"?versionId=")
    })
}

/// What chooses an operation, where two names are of one operation, both. Two subresources of a bucket's configuration
/// are one choice: it has no row.
const CHOICES: [Marks; 18] = [
    // Of parts there are most.
    Marks::UPLOAD_ID.with(Marks::PART_NUMBER),
    Marks::ACL,
    Marks::APPEND,
    Marks::CONFIGURATION,
    Marks::DELETE,
    Marks::ENCRYPTION,
    Marks::LEGAL_HOLD,
    Marks::METADATA,
    Marks::MODIFY,
    Marks::RENAME,
    Marks::RESTORE,
    Marks::RETENTION,
    SELECTION,
    Marks::SYMLINK,
    Marks::TAGGING,
    Marks::TORRENT,
    Marks::TRUNCATE,
    Marks::UPLOADS,
];

/// Either makes a POST a selection to somebody.
const SELECTION: Marks = Marks::SELECT.with(Marks::SELECT_TYPE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_have_no_mark_in_common() {
        for (n, one) in CHOICES.iter().enumerate() {
            assert!(
                CHOICES.iter().skip(n + 1).all(|other| !one.has_any(*other)),
                "{one:?}"
            );
        }
    }
}

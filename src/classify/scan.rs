//! One pass over a head's query and one over its headers: what is needed of them, and what is wrong in any of them.

use crate::obs::{
    auth::Carrier,
    bytes,
    dialect::{Dialect, Word},
    fold::{Folded, hides, is_folded, is_printable},
    form,
    header::{self, Header, Named},
    malformed::Malformed,
    operation::Operation,
    pairs::pairs,
    route::{Level, Verb},
    signature::Signatures,
    spelled::Spelled,
    sse::Evidence,
    subresource::{Marks, Subresource, is_configuration},
};
use http::{HeaderValue, request::Parts};

/// What a head holds.
#[derive(Default)]
pub(super) struct Scan<'h> {
    pub(super) host: Option<&'h HeaderValue>,
    pub(super) signatures: Signatures<'h>,
    pub(super) evidence: Evidence,
    pub(super) upload_id: Option<&'h [u8]>,
    pub(super) position: Option<&'h [u8]>,
    /// Whether anything is spelled in the S3-compatible dialect.
    pub(super) amz: bool,
    /// Whether a header is there that tells how the request came to a front.
    pub(super) forwarded: bool,
    /// The subresources, and of these the ones with a value they should not have or without the one they should.
    subresources: Marks,
    misvalued: Marks,
    copy_source: Option<&'h HeaderValue>,
    content_type: Option<&'h HeaderValue>,
    content_types: u8,
    content_length: Option<&'h HeaderValue>,
    chunked: bool,
}

impl<'h> Scan<'h> {
    /// Reads a head into an empty scan, which is too large to be handed back.
    pub(super) fn read(&mut self, head: &'h Parts, verb: Verb) -> Result<(), Malformed> {
        if let Some(query) = head.uri.query() {
            self.read_query(query)?;
        }
        for (name, value) in &head.headers {
            self.header(name.as_str().as_bytes(), value)?;
        }
        self.evidence.agree(head)?;
        if verb.writes() && self.misvalued != Marks::NONE {
            return Err(Malformed::SubresourceValue);
        }
        Ok(())
    }

    /// Apart, so that it has the registers for itself.
    #[inline(never)]
    fn read_query(&mut self, query: &'h str) -> Result<(), Malformed> {
        let mut pairs = pairs(query);
        for (name, value) in &mut pairs {
            self.query(name, value, query)?;
        }
        if pairs.had_semicolon() && hides(query, means) {
            return Err(Malformed::QueryName);
        }
        Ok(())
    }

    fn query(&mut self, name: &'h [u8], value: &'h [u8], query: &str) -> Result<(), Malformed> {
        match Spelled::of(name) {
            Some(Spelled::Subresource(subresource)) => self.subresource(subresource, name, value, query),
            Some(Spelled::Signature(field)) => {
                self.signatures.note(field, value);
                Ok(())
            }
            Some(Spelled::Sse(dialect, parameter)) => {
                self.amz |= dialect == Dialect::Amz;
                self.evidence
                    .note(parameter, Carrier::Query, dialect, value, true)
            }
            Some(Spelled::Idle) => Ok(()),
            None => self.unusual(name, value),
        }
    }

    /// A name that means nothing as it is spelled. Apart, so that the others need no room for it.
    #[inline(never)]
    fn unusual(&mut self, name: &'h [u8], value: &'h [u8]) -> Result<(), Malformed> {
        if is_folded(name) {
            return self.folded(name, name, value);
        }
        if !is_printable(name) {
            return Err(Malformed::QueryName);
        }
        match Folded::query(name) {
            Ok(Some(folded)) => self.folded(folded.as_bytes(), name, value),
            Ok(None) => Ok(()),
            Err(_) => Err(Malformed::QueryName),
        }
    }

    fn folded(&mut self, folded: &[u8], name: &'h [u8], value: &'h [u8]) -> Result<(), Malformed> {
        if let Some(dialect) = Dialect::by_prefix(folded) {
            self.amz |= dialect == Dialect::Amz;
            match dialect.word(folded) {
                // As documented it would have been found without folding.
                Some(Word::Sse(parameter) | Word::Mirror(parameter)) => {
                    return self
                        .evidence
                        .note(parameter, Carrier::Query, dialect, value, false);
                }
                Some(Word::CopySource) => return Err(Malformed::CopySourceMisplaced),
                Some(Word::Guarded) | None => {}
            }
        } else if Subresource::of(folded).is_some() {
            return Err(Malformed::Subresource);
        } else if Dialect::is_foreign(folded) {
            return Err(Malformed::VendorPrefix);
        }
        self.signatures.query(folded, name, value);
        if is_configuration(folded) {
            self.subresources = self.subresources.with(Marks::CONFIGURATION);
        }
        Ok(())
    }

    /// Notes a subresource that is spelled as documented.
    fn subresource(
        &mut self,
        subresource: &Subresource,
        name: &[u8],
        value: &'h [u8],
        query: &str,
    ) -> Result<(), Malformed> {
        if self.subresources.has(subresource.mark) {
            return repeats(query, name, value);
        }
        self.subresources = self.subresources.with(subresource.mark);
        if subresource.valued == value.is_empty() {
            self.misvalued = self.misvalued.with(subresource.mark);
        }
        match subresource.mark {
            Marks::UPLOAD_ID => self.upload_id = Some(value),
            Marks::POSITION => self.position = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn header(&mut self, name: &[u8], value: &'h HeaderValue) -> Result<(), Malformed> {
        match Named::of(name) {
            Some(Named::Plain(header)) => self.plain(header, value),
            Some(Named::Word(dialect, word)) => self.word(dialect, word, value),
            None => self.unnamed(name),
        }
    }

    fn word(&mut self, dialect: Dialect, word: Word, value: &'h HeaderValue) -> Result<(), Malformed> {
        self.amz |= dialect == Dialect::Amz;
        match word {
            Word::Sse(parameter) | Word::Mirror(parameter) => {
                let value = value.as_bytes();
                self.evidence
                    .note(parameter, Carrier::Header, dialect, value, true)
            }
            Word::CopySource if self.copy_source.replace(value).is_some() => {
                Err(Malformed::CopySourceRepeated)
            }
            Word::CopySource | Word::Guarded => Ok(()),
        }
    }

    fn plain(&mut self, header: Header, value: &'h HeaderValue) -> Result<(), Malformed> {
        match header {
            Header::Host if self.host.replace(value).is_some() => return Err(Malformed::Host),
            Header::Authorization => return self.signatures.header(value.as_bytes()),
            Header::ContentLength if self.content_length.replace(value).is_some() => {
                return Err(Malformed::ContentLength);
            }
            Header::Connection if !header::is_about_connection(value.as_bytes()) => {
                return Err(Malformed::Connection);
            }
            Header::Expect if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
                return Err(Malformed::Expect);
            }
            Header::ContentType => {
                self.content_type = Some(value);
                self.content_types = self.content_types.saturating_add(1);
            }
            Header::Forwarded => self.forwarded = true,
            Header::Token => self.signatures.token(),
            Header::TransferEncoding => self.chunked = true,
            Header::MethodOverride => return Err(Malformed::MethodOverride),
            Header::Host | Header::ContentLength | Header::Connection | Header::Expect | Header::Guarded => {}
        }
        Ok(())
    }

    /// A header that means nothing as it is named. What means something is spelled without an underscore.
    fn unnamed(&mut self, name: &[u8]) -> Result<(), Malformed> {
        let dialect = Dialect::by_prefix(name);
        self.amz |= dialect == Some(Dialect::Amz);
        if header::is_disguised(name) {
            Err(Malformed::HeaderName)
        } else if dialect.is_none() && Dialect::is_foreign(name) {
            Err(Malformed::VendorPrefix)
        } else {
            Ok(())
        }
    }

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
            // One store would take the row of this one, another of that.
            || (!matches!(verb, Verb::Get | Verb::Head | Verb::Options) && self.chooses_twice())
            || (verb == Verb::Post && beside(SELECTION))
    }

    fn chooses_twice(&self) -> bool {
        let first = CHOICES.iter().find(|choice| self.subresources.has_any(**choice));
        first.is_some_and(|choice| {
            let others = self.subresources.without(*choice);
            others != Marks::NONE && CHOICES.iter().any(|choice| others.has_any(*choice))
        })
    }

    /// The marks that choose the operation, once it is known what the request is about.
    pub(super) fn marks(&self, verb: Verb, level: Level) -> Result<Marks, Malformed> {
        if verb == Verb::Put && self.subresources.has(Marks::APPEND) {
            return Err(Malformed::AppendByPut);
        }
        if self.crowds(verb) {
            return Err(Malformed::SubresourcesTogether);
        }
        let mut marks = self.subresources;
        if self.copy_source.is_some() {
            marks = marks.with(Marks::COPY);
        }
        if verb == Verb::Post && self.is_form(level)? {
            marks = marks.with(Marks::FORM);
        }
        Ok(marks)
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

    /// The rules about bodies and copies (rulings, 4 and 6).
    pub(super) fn check(&self, verb: Verb, operation: Operation) -> Result<(), Malformed> {
        let length = match self.content_length.map(HeaderValue::as_bytes) {
            Some(digits) if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || self.chunked => {
                return Err(Malformed::ContentLength);
            }
            Some(digits) => digits.iter().any(|digit| *digit != b'0'),
            None => false,
        };
        let body = length || self.chunked;
        if body && !verb.writes() {
            return Err(Malformed::Body);
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
            Operation::UploadPart => Err(Malformed::PartOfCopy),
            _ => Err(Malformed::CopySourceMisplaced),
        }
    }
}

/// Whether a folded query name means something, with a value or without.
fn means(folded: &[u8], valued: bool) -> bool {
    let alone = || Subresource::of(folded).is_some() || is_configuration(folded);
    let with_value = || {
        Signatures::has_field(folded)
            || Dialect::is_foreign(folded)
            || Dialect::by_prefix(folded).is_some_and(|dialect| dialect.word(folded).is_some())
    };
    alone() || (valued && with_value())
}

/// Refuses a subresource that stands in the query with another value first.
#[cold]
fn repeats(query: &str, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
    let first = pairs(query).find(|(other, _)| *other == name);
    if first == Some((name, value)) {
        Ok(())
    } else {
        Err(Malformed::SubresourceRepeated)
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

//! One pass over a head's query and one over its headers: what is needed of them, and what is wrong in any of them.

use crate::obs::{
    auth::Carrier,
    dialect::{Dialect, Word},
    fold::{Folded, hides, is_folded, is_printable},
    header::{self, Header, Named},
    malformed::Malformed,
    pairs::pairs,
    route::Verb,
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
    /// Whether the query has a name that no document has, or a value that could hold one to somebody.
    pub(super) strange: bool,
    /// The subresources, and of these the ones with a value they should not have or without the one they should.
    pub(super) subresources: Marks,
    misvalued: Marks,
    pub(super) copy_source: Option<&'h HeaderValue>,
    pub(super) content_type: Option<&'h HeaderValue>,
    pub(super) content_types: u8,
    pub(super) content_length: Option<&'h HeaderValue>,
    pub(super) transfer_encoding: Option<&'h HeaderValue>,
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
        if !verb.reads() && self.misvalued != Marks::NONE || self.misvalued.has(Marks::ENCRYPTION) {
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
        if pairs.had_semicolon() {
            self.strange = true;
            if hides(query, means) {
                return Err(Malformed::QueryName);
            }
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
            Some(Spelled::Idle) => {
                self.strange |= !value.iter().all(u8::is_ascii_alphanumeric);
                Ok(())
            }
            Some(Spelled::Refining) => {
                self.strange = true;
                Ok(())
            }
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
            Ok(None) => {
                self.strange = true;
                Ok(())
            }
            Err(_) => Err(Malformed::QueryName),
        }
    }

    fn folded(&mut self, folded: &[u8], name: &'h [u8], value: &'h [u8]) -> Result<(), Malformed> {
        let mut idle = false;
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
                Some(Word::Guarded) => idle = true,
                None => idle = Signatures::has_field(folded) || Dialect::is_idle(folded),
            }
        } else if Subresource::of(folded).is_some() {
            return Err(Malformed::Subresource);
        } else if Dialect::is_foreign(folded) {
            return Err(Malformed::VendorPrefix);
        }
        self.signatures.query(folded, name, value);
        if is_configuration(folded) {
            self.subresources = self.subresources.with(Marks::CONFIGURATION);
        } else if !(idle || name.is_empty() && value.is_empty()) {
            self.strange = true;
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
        if !subresource.takes(value) {
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
            Header::TransferEncoding => self.transfer_encoding = Some(value),
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

//! A small document: its prefix as it streams past, and its leaves once it is whole.

use super::Fault;
use quick_xml::{
    Error, Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, Event},
};
use std::fmt;

/// The bytes of a document so far, up to a bound.
#[derive(Clone)]
pub struct DocumentPrefix {
    bytes: Vec<u8>,
    limit: usize,
    over: bool,
}

/// A document's root and leaves. Prefixes of namespaces are left out, attributes too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    root: String,
    /// Whether it declares another character set than UTF-8.
    foreign: bool,
    /// Paths below the root, joined by `/`, with their text.
    leaves: Vec<(String, String)>,
}

impl DocumentPrefix {
    /// The prefix of a document whose root has to end within this many bytes.
    pub const fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            over: false,
        }
    }

    /// Takes the next bytes; those over the bound are not kept.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.over |= bytes.len() > room;
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// The document, if its root has ended. Reads from the start again each time: meant for answers, which come in one
    /// piece or two. Of a request, ask [`Self::finish`] alone, once.
    ///
    /// # Errors
    /// It is no document, whatever comes.
    pub fn read(&self) -> Result<Option<Document>, Fault> {
        // Text is whole, and no reference or character is cut, where a `>` follows.
        let whole = memchr::memrchr(b'>', &self.bytes).map_or(0, |last| last + 1);
        match parse(self.bytes.get(..whole).unwrap_or_default())? {
            None if self.over => Err(Fault::TooLarge),
            read => Ok(read),
        }
    }

    /// The document, when the body has ended.
    ///
    /// # Errors
    /// It is no document, or not a whole one.
    pub fn finish(&self) -> Result<Document, Fault> {
        self.read()?.ok_or(Fault::NotXml)
    }

    /// The document, when the body has ended and holds nothing else: for what another reader might take the rest.
    ///
    /// # Errors
    /// As [`Self::finish`], or something but blanks and comments follows.
    pub fn finish_alone(&self) -> Result<Document, Fault> {
        let document = self.finish()?;
        if self.over {
            return Err(Fault::TooLarge);
        }
        let mut reader = Reader::from_reader(self.bytes.as_slice());
        let (mut depth, mut ended) = (0_usize, false);
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => return Ok(document),
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
                Ok(Event::Text(text)) if text.xml10_content().trim_matches(BLANK).is_empty() => {}
                Ok(_) if ended => return Err(Fault::NotXml),
                Ok(Event::Start(_)) => depth += 1,
                Ok(Event::Empty(_)) => ended = depth == 0,
                Ok(Event::End(_)) => {
                    depth = depth.saturating_sub(1);
                    ended = depth == 0;
                }
                Ok(_) => {}
                Err(_) => return Err(Fault::NotXml),
            }
        }
    }
}

impl Document {
    /// The root's name.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Checks that it is the document that is looked for.
    pub(super) fn expect(&self, root: &str) -> Result<(), Fault> {
        match self.root() {
            "Error" => Err(Fault::Error),
            other if other == root => Ok(()),
            _ => Err(Fault::OtherDocument),
        }
    }

    /// Checks that every reader takes it for the same characters.
    pub(super) fn expect_utf_8(&self) -> Result<(), Fault> {
        if self.foreign {
            return Err(Fault::Charset);
        }
        Ok(())
    }

    /// The texts of every leaf at a path.
    pub(super) fn texts(&self, path: &str) -> impl Iterator<Item = &str> {
        self.leaves
            .iter()
            .filter(move |(this, _)| this == path)
            .map(|(_, text)| text.as_str())
    }

    /// The texts of every leaf that is an element of this name or in one, wherever it stands and in whatever case it is
    /// written.
    pub(super) fn within(&self, name: &str) -> impl Iterator<Item = &str> {
        let is_in = move |path: &str| path.split('/').any(|element| element.eq_ignore_ascii_case(name));
        let leaves = self.leaves.iter().filter(move |(path, _)| is_in(path));
        leaves.map(|(_, text)| text.as_str())
    }

    /// The text of the one leaf at a path.
    pub(super) fn text(&self, path: &str) -> Result<&str, Fault> {
        let mut texts = self.texts(path);
        match (texts.next(), texts.next()) {
            (Some(text), None) if !text.is_empty() => Ok(text),
            _ => Err(Fault::Element),
        }
    }
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for DocumentPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentPrefix")
            .field("len", &self.bytes.len())
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

/// Reads up to the end of the root; `None` where the bytes end before.
fn parse(bytes: &[u8]) -> Result<Option<Document>, Fault> {
    let mut reader = Reader::from_reader(bytes);
    let mut walk = Walk::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => walk.open(start.local_name().as_ref())?,
            Ok(Event::Empty(start)) => {
                walk.open(start.local_name().as_ref())?;
                if let Some(document) = walk.close()? {
                    return Ok(Some(document));
                }
            }
            Ok(Event::End(_)) => {
                if let Some(document) = walk.close()? {
                    return Ok(Some(document));
                }
            }
            Ok(Event::Text(text)) => walk.text(&text.xml10_content())?,
            Ok(Event::CData(text)) => walk.text(&text.xml10_content())?,
            Ok(Event::GeneralRef(reference)) => walk.reference(&reference)?,
            Ok(Event::DocType(_)) => return Err(Fault::Dtd),
            Ok(Event::Decl(declaration)) => walk.declare(&declaration),
            Ok(Event::PI(instruction)) => walk.declare(&instruction),
            Ok(Event::Comment(_)) => {}
            // All of these say that the input ended within markup.
            Ok(Event::Eof) | Err(Error::Syntax(_)) => return Ok(None),
            Err(_) => return Err(Fault::NotXml),
        }
    }
}

/// Where in a document one is.
#[derive(Default)]
struct Walk {
    root: Option<String>,
    foreign: bool,
    /// The path below the root, and how long it was at each level above.
    path: String,
    levels: Vec<usize>,
    text: String,
    /// The element was opened and holds no other.
    leaf: bool,
    leaves: Vec<(String, String)>,
}

impl Walk {
    /// Takes what stands between `<?` and `?>`.
    fn declare(&mut self, declaration: &str) {
        self.foreign |= names_other_encoding(declaration);
    }

    fn open(&mut self, name: &str) -> Result<(), Fault> {
        self.end_text_between()?;
        self.leaf = true;
        if self.root.is_none() {
            self.root = Some(name.to_owned());
            return Ok(());
        }
        if self.levels.len() >= DEEPEST {
            return Err(Fault::NotXml);
        }
        self.levels.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(name);
        Ok(())
    }

    /// Ends an element; the document if it was the root.
    fn close(&mut self) -> Result<Option<Document>, Fault> {
        let is_leaf = std::mem::take(&mut self.leaf);
        if !is_leaf {
            self.end_text_between()?;
        }
        let Some(above) = self.levels.pop() else {
            let leaves = std::mem::take(&mut self.leaves);
            return Ok(self.root.take().map(|root| Document {
                root,
                foreign: self.foreign,
                leaves,
            }));
        };
        if is_leaf {
            self.leaves
                .push((self.path.clone(), std::mem::take(&mut self.text)));
        }
        self.path.truncate(above);
        Ok(None)
    }

    /// Ends the text beside an element, which is blank in every document: some readers take an element's text with its
    /// elements left out, and here it would be none.
    fn end_text_between(&mut self) -> Result<(), Fault> {
        if !self.text.trim_matches(BLANK).is_empty() {
            return Err(Fault::NotXml);
        }
        self.text.clear();
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        if self.root.is_some() {
            self.text.push_str(text);
            Ok(())
        } else if text.trim_matches(BLANK).is_empty() {
            Ok(())
        } else {
            Err(Fault::NotXml)
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Fault> {
        match reference.resolve_char_ref() {
            Ok(Some(character)) => self.text(character.encode_utf8(&mut [0; 4])),
            Ok(None) => self.text(resolve_predefined_entity(reference).ok_or(Fault::NotXml)?),
            Err(_) => Err(Fault::NotXml),
        }
    }
}

/// Whether an XML declaration, in whatever case, names another encoding than UTF-8, or may to some reader: then it names
/// one twice, or in another form than the one that XML has.
fn names_other_encoding(declaration: &str) -> bool {
    let declaration = declaration.to_ascii_lowercase();
    let Some((_, named)) = declaration.split_once("encoding") else {
        return false;
    };
    let value = named.trim_start_matches(BLANK).strip_prefix('=');
    let value = value.unwrap_or_default().trim_start_matches(BLANK);
    let is_utf_8 = UTF_8.iter().any(|utf_8| value.starts_with(utf_8));
    declaration.starts_with("xml") && (!is_utf_8 || named.contains("encoding"))
}

/// UTF-8, as a declaration names it.
const UTF_8: [&str; 2] = ["\"utf-8\"", "'utf-8'"];
/// What XML takes for white space.
const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];
/// The documents that are read have three levels.
const DEEPEST: usize = 16;

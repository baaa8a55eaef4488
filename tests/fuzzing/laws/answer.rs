//! Answers of the store's: a byte that says whether the request was a HEAD, and then the bytes of a connection that
//! closes behind them.
//!
//! 1. However the bytes are cut, the same heads, the same body and the same trailers are read, or the same fault.
//! 2. A slow reader, who looks at whole lists, finds the same, the end included: what is behind it is never body.
//! 3. What was read before, on this connection or another, changes nothing: neither the same answer, nor one whose head
//!    has the same names.
//! 4. A connection that may serve again has shown where the answer ends, and nothing less than the end of it ended it.

use super::pieces;
use http::HeaderMap;
use obsgate::proxy::upstream::{AnswerPart, AnswerReader};

/// Whether it is an answer, and how its end showed.
pub fn holds(bytes: &[u8]) -> &'static str {
    let (first, bytes) = bytes.split_first().unwrap_or((&0, bytes));
    let to_head = first & 1 == 1;
    let whole = read(to_head, &[bytes]);
    for way in pieces::ways(bytes) {
        assert_eq!(read(to_head, &way), whole);
    }
    for before in [bytes, &namesake(bytes)] {
        assert_eq!(read_after(before, to_head, bytes), whole, "after another answer");
    }
    let slow = Slow::of(to_head, bytes);
    assert_eq!(whole, slow.answer, "the codec, and the slow reader");
    if let Some(used) = slow.used {
        assert_eq!(
            whole.rest,
            bytes.len() - used,
            "bytes behind the answer are part of it"
        );
        let behind = [bytes, b"HTTP/1.1 200 OK\r\n\r\n"].concat();
        let with_more = Answer {
            rest: behind.len() - used,
            ..whole.clone()
        };
        assert_eq!(read(to_head, &[&behind]), with_more, "what follows changes it");
    }
    if whole.keep_alive {
        assert!(
            slow.used.is_some() || whole.end != End::Whole,
            "it ended with the connection"
        );
    }
    match (whole.end, slow.used) {
        (End::Fault, _) => "fault",
        (End::Open, _) => "cut off",
        (End::Whole, Some(_)) => "whole",
        (End::Whole, None) => "until close",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Answer {
    /// Status and fields of each head: name in lower case, value.
    heads: Vec<(u16, Fields)>,
    body: Vec<u8>,
    trailers: Fields,
    end: End,
    /// Whether the last head says that the connection may serve again.
    keep_alive: bool,
    /// How many bytes are left over, where there was an end.
    rest: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    /// More would have had to come.
    #[default]
    Open,
    Whole,
    Fault,
}

type Fields = Vec<(String, Vec<u8>)>;

fn read(to_head: bool, pieces: &[&[u8]]) -> Answer {
    let mut reader = AnswerReader::new(to_head);
    read_by(&mut reader, pieces)
}

/// Reads an answer after another one.
fn read_after(before: &[u8], to_head: bool, bytes: &[u8]) -> Answer {
    let mut reader = AnswerReader::new(to_head);
    read_by(&mut reader, &[before]);
    read_by(&mut reader.another(to_head), &[bytes])
}

/// An answer in order whose head has the names of the first head in these bytes.
fn namesake(bytes: &[u8]) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
    for line in bytes.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            break;
        };
        let name = &line[..colon];
        answer.extend_from_slice(name);
        let is_coding = name.eq_ignore_ascii_case(b"transfer-encoding");
        answer.extend_from_slice(if is_coding { b": chunked\r\n" } else { b": 1\r\n" });
    }
    answer.extend_from_slice(b"\r\n");
    answer
}

fn read_by(reader: &mut AnswerReader, pieces: &[&[u8]]) -> Answer {
    let mut answer = Answer::default();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.read() {
                Ok(Some(AnswerPart::Head {
                    status,
                    headers,
                    keep_alive,
                })) => {
                    answer.heads.push((status.as_u16(), listed(&headers)));
                    answer.keep_alive = keep_alive;
                }
                Ok(Some(AnswerPart::Data(data))) => answer.body.extend_from_slice(&data),
                Ok(Some(AnswerPart::Trailers(trailers))) => {
                    assert!(answer.trailers.is_empty(), "trailers twice");
                    answer.trailers = listed(&trailers);
                }
                Ok(None) => break,
                Err(_) => {
                    answer.end = End::Fault;
                    return answer;
                }
            }
        }
    }
    let ended = reader.has_ended();
    if reader.close() {
        answer.end = End::Whole;
        answer.rest = reader.rest().len();
    } else {
        assert!(!ended, "what has ended, closing cuts off");
    }
    answer
}

fn listed(headers: &HeaderMap) -> Fields {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}

/// What the slow reader makes of it.
struct Slow {
    answer: Answer,
    /// Where the answer ends, if that shows before the connection closes.
    used: Option<usize>,
}

/// A fault, or the end of the bytes.
enum Stop {
    Fault,
    Short,
}

impl Slow {
    fn of(to_head: bool, bytes: &[u8]) -> Self {
        let mut slow = Self {
            answer: Answer::default(),
            used: None,
        };
        match slow.run(to_head, bytes) {
            Ok(used) => {
                slow.answer.end = End::Whole;
                slow.answer.rest = used.map_or(0, |used| bytes.len() - used);
                slow.used = used;
            }
            Err(Stop::Fault) => slow.answer.end = End::Fault,
            Err(Stop::Short) => {}
        }
        slow
    }

    /// Where the answer ends; nowhere, if it takes all there is.
    fn run(&mut self, to_head: bool, bytes: &[u8]) -> Result<Option<usize>, Stop> {
        let mut at = 0;
        let head = loop {
            let (lines, end) = lines(&bytes[at..])?;
            at += end;
            let head = Head::of(&lines)?;
            self.answer
                .heads
                .push((head.status, head.passed(head.out_of_place(to_head))));
            let (_, delimited) = head.framing(to_head);
            self.answer.keep_alive = head.minor == '1'
                && delimited
                && !head.names("connection", "close")
                && !head.announces_what_cannot_be();
            if head.status >= 200 {
                break head;
            }
        };
        match head.framing(to_head) {
            (Framing::Nothing, _) => Ok(Some(at)),
            (Framing::Length(length), _) => {
                let rest = &bytes[at..];
                let here = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
                self.answer.body = rest[..here].to_vec();
                if (here as u64) < length {
                    return Err(Stop::Short);
                }
                Ok(Some(at + here))
            }
            (Framing::Chunked, _) => self.chunked(bytes, at, &head.announced()).map(Some),
            (Framing::UntilClose, _) => {
                self.answer.body = bytes[at..].to_vec();
                Ok(None)
            }
        }
    }

    fn chunked(&mut self, bytes: &[u8], mut at: usize, announced: &[String]) -> Result<usize, Stop> {
        let mut extensions = 0;
        loop {
            let digits = bytes[at..]
                .iter()
                .take_while(|byte| byte.is_ascii_hexdigit())
                .count();
            fault_unless(digits <= 16)?;
            let size = bytes[at..at + digits].to_vec();
            at += digits;
            let mut next = *bytes.get(at).ok_or(Stop::Short)?;
            fault_unless(digits > 0)?;
            if next == b';' {
                let extension = bytes[at + 1..].iter().take_while(|byte| is_text(**byte)).count();
                extensions += extension;
                fault_unless(extensions <= 16 << 10)?;
                at += 1 + extension;
                next = *bytes.get(at).ok_or(Stop::Short)?;
            }
            fault_unless(next == b'\r')?;
            fault_unless(*bytes.get(at + 1).ok_or(Stop::Short)? == b'\n')?;
            at += 2;
            let size = u64::from_str_radix(&String::from_utf8(size).unwrap(), 16).unwrap();
            if size == 0 {
                break;
            }
            let rest = &bytes[at..];
            let here = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
            self.answer.body.extend_from_slice(&rest[..here]);
            at += here;
            for wanted in b"\r\n" {
                fault_unless(bytes.get(at).ok_or(Stop::Short)? == wanted)?;
                at += 1;
            }
        }
        let (lines, end) = lines(&bytes[at..])?;
        let fields = lines
            .iter()
            .map(|line| field(line))
            .collect::<Result<Fields, _>>()?;
        fault_unless(fields.len() <= 256)?;
        let may_be = |name: &String| {
            announced.contains(name) && !NO_TRAILERS.contains(&&**name) && !tells_of_encryption(name)
        };
        let block = Head {
            minor: '1',
            status: 200,
            fields: fields.into_iter().filter(|(name, _)| may_be(name)).collect(),
        };
        self.answer.trailers = block.passed(&[]);
        Ok(at + end)
    }
}

fn fault_unless(good: bool) -> Result<(), Stop> {
    if good { Ok(()) } else { Err(Stop::Fault) }
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// The lines of a block without their ends, and the length of it with its empty line.
fn lines(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, usize), Stop> {
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(newline) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[at..at + newline];
        fault_unless(line.ends_with(b"\r"))?;
        at += newline + 1;
        if line.len() == 1 {
            fault_unless(at <= 64 << 10)?;
            return Ok((lines, at));
        }
        lines.push(line[..line.len() - 1].to_vec());
    }
    fault_unless(bytes.len() <= 64 << 10)?;
    Err(Stop::Short)
}

struct Head {
    minor: char,
    status: u16,
    fields: Fields,
}

enum Framing {
    Nothing,
    Length(u64),
    Chunked,
    UntilClose,
}

impl Head {
    fn of(lines: &[Vec<u8>]) -> Result<Self, Stop> {
        let (line, fields) = lines.split_first().ok_or(Stop::Fault)?;
        let line: String = line.iter().map(|byte| char::from(*byte)).collect();
        let rest = line.strip_prefix("HTTP/1.").ok_or(Stop::Fault)?;
        let (minor, rest) = rest.split_once(' ').ok_or(Stop::Fault)?;
        fault_unless(minor == "0" || minor == "1")?;
        let minor = minor.chars().next().unwrap();
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        fault_unless(code.len() == 3 && code.bytes().all(|digit| digit.is_ascii_digit()))?;
        fault_unless(code.as_bytes()[0] != b'0')?;
        fault_unless(reason.chars().all(|letter| is_text(letter as u8)))?;
        let fields = fields
            .iter()
            .map(|line| field(line))
            .collect::<Result<Fields, _>>()?;
        fault_unless(fields.len() <= 256)?;
        let head = Self {
            minor,
            status: code.parse().unwrap(),
            fields,
        };
        let (lengths, codings) = (head.all("content-length"), head.all("transfer-encoding"));
        fault_unless(lengths.len() + codings.len() <= 1)?;
        fault_unless(lengths.iter().all(|length| number(length).is_some()))?;
        fault_unless(
            codings
                .iter()
                .all(|coding| coding.eq_ignore_ascii_case(b"chunked") && minor == '1'),
        )?;
        let own = |token: &String| {
            token.starts_with("x-obs-") || token.starts_with("x-amz-") || tells_of_encryption(token)
        };
        fault_unless(!head.tokens("connection").iter().any(own))?;
        Ok(head)
    }

    fn all(&self, name: &str) -> Vec<&Vec<u8>> {
        let of = self.fields.iter().filter(|(this, _)| this == name);
        of.map(|(_, value)| value).collect()
    }

    /// The members of a list, in lower case.
    fn tokens(&self, name: &str) -> Vec<String> {
        let values = self.all(name).into_iter();
        let text = values.map(|value| value.iter().map(|byte| char::from(*byte)).collect::<String>());
        text.flat_map(|text| {
            let each = text
                .split(',')
                .map(|one| one.trim_matches([' ', '\t']).to_ascii_lowercase());
            each.collect::<Vec<_>>()
        })
        .filter(|one| !one.is_empty())
        .collect()
    }

    fn names(&self, list: &str, token: &str) -> bool {
        self.tokens(list).iter().any(|one| one == token)
    }

    /// What follows, and whether its end shows.
    fn framing(&self, to_head: bool) -> (Framing, bool) {
        if to_head || self.status < 200 || self.status == 204 || self.status == 304 {
            (Framing::Nothing, true)
        } else if !self.all("transfer-encoding").is_empty() {
            (Framing::Chunked, true)
        } else if let Some(length) = self.all("content-length").first() {
            (Framing::Length(number(length).unwrap()), true)
        } else {
            (Framing::UntilClose, false)
        }
    }

    /// Whether it announces a body where no answer may (RFC 9110 §8.6, RFC 9112 §6.1).
    fn announces_what_cannot_be(&self) -> bool {
        let has_length = |length: &&Vec<u8>| number(length).unwrap() > 0;
        (self.status < 200 || self.status == 204)
            && (!self.all("transfer-encoding").is_empty()
                || self.all("content-length").first().is_some_and(has_length))
    }

    /// What means nothing where no body follows.
    fn out_of_place(&self, to_head: bool) -> &'static [&'static str] {
        match self.framing(to_head).0 {
            Framing::Nothing if self.status < 200 || self.status == 204 => &["trailer", "content-length"],
            Framing::Nothing => &["trailer"],
            _ => &[],
        }
    }

    /// The trailers that may follow.
    fn announced(&self) -> Vec<String> {
        if self.names("connection", "trailer") {
            Vec::new()
        } else {
            self.tokens("trailer")
        }
    }

    /// The fields that go on, the values of each name together, in the order in which the names came first.
    fn passed(&self, not: &[&str]) -> Fields {
        let nominated = self.tokens("connection");
        let stays = |name: &str| {
            HOP_BY_HOP.contains(&name)
                || not.contains(&name)
                || (nominated.iter().any(|one| one == name) && !["close", "keep-alive"].contains(&name))
        };
        let mut all = HeaderMap::new();
        for (name, value) in self.fields.iter().filter(|(name, _)| !stays(name)) {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            all.append(name, http::HeaderValue::from_bytes(value).unwrap());
        }
        listed(&all)
    }
}

/// A field, its value trimmed.
fn field(line: &[u8]) -> Result<(String, Vec<u8>), Stop> {
    let text: String = line.iter().map(|byte| char::from(*byte)).collect();
    let (name, value) = text.split_once(':').ok_or(Stop::Fault)?;
    let token = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    fault_unless(!name.is_empty() && name.chars().all(token))?;
    let value: Vec<u8> = value
        .trim_matches([' ', '\t'])
        .chars()
        .map(|letter| letter as u8)
        .collect();
    fault_unless(value.iter().all(|byte| is_text(*byte)))?;
    Ok((name.to_ascii_lowercase(), value))
}

/// Of the names that tell of encryption, those among the seeds.
fn tells_of_encryption(name: &str) -> bool {
    let folded = if name.contains('_') {
        name.replace('_', "-").replace('+', "")
    } else {
        name.to_owned()
    };
    let tail = folded.strip_prefix("x-").and_then(|rest| rest.split_once('-'));
    tail.is_some_and(|(_, tail)| tail == "server-side-encryption")
}

fn number(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}

const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// What has to be known before a body.
const NO_TRAILERS: [&str; 11] = [
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "host",
    "max-forwards",
    "set-cookie",
    "trailer",
];

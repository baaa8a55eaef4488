//! The table: bytes in, verdict out. The reason for each stands in `tests/data/guard-lines.txt`.

use crate::drive::Outcome;
use obsgate::proxy::guard::Violation::{self, *};

pub(crate) struct Case {
    /// Of the form in the list.
    pub(crate) line: &'static str,
    /// The form's id and a number.
    pub(crate) id: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: Expected,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    Refused(Violation),
    /// This many requests and nothing left over.
    Passes(usize),
    /// This many requests, and the next is not whole.
    Cut(usize),
}

impl Expected {
    pub(crate) fn is(self, outcome: &Outcome) -> bool {
        match self {
            Self::Refused(violation) => outcome.violation == Some(violation),
            Self::Passes(requests) => {
                outcome.violation.is_none() && outcome.whole && outcome.ends.len() == requests
            }
            Self::Cut(requests) => {
                outcome.violation.is_none() && !outcome.whole && outcome.ends.len() == requests
            }
        }
    }
}

#[derive(Default)]
struct Table(Vec<Case>);

impl Table {
    fn add(&mut self, line: &'static str, expected: Expected, all: impl IntoIterator<Item = Vec<u8>>) {
        for bytes in all {
            let number = self.0.iter().filter(|case| case.line == line).count() + 1;
            self.0.push(Case {
                line,
                id: format!("{line}/{number}"),
                bytes,
                expected,
            });
        }
    }

    fn refused(&mut self, line: &'static str, violation: Violation, all: impl IntoIterator<Item = Vec<u8>>) {
        self.add(line, Expected::Refused(violation), all);
    }

    fn passes(&mut self, line: &'static str, all: impl IntoIterator<Item = Vec<u8>>) {
        self.add(line, Expected::Passes(1), all);
    }
}

fn raw(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    bytes.as_ref().to_vec()
}

/// A request with this line.
fn line(line: impl AsRef<[u8]>) -> Vec<u8> {
    [line.as_ref(), b"\r\nHost: h\r\n\r\n"].concat()
}

/// A GET of this target.
fn target(target: impl AsRef<[u8]>) -> Vec<u8> {
    line([b"GET ", target.as_ref(), b" HTTP/1.1"].concat())
}

/// A POST with these fields, each without its CR LF, and what comes after the head.
fn post(fields: &[&[u8]], after: &[u8]) -> Vec<u8> {
    let mut bytes = raw("POST /b/k HTTP/1.1\r\nHost: h\r\n");
    for field in fields {
        bytes.extend_from_slice(field);
        bytes.extend_from_slice(b"\r\n");
    }
    [&bytes, &b"\r\n"[..], after].concat()
}

/// A GET with one field.
fn field(field: impl AsRef<[u8]>) -> Vec<u8> {
    [b"GET / HTTP/1.1\r\nHost: h\r\n", field.as_ref(), b"\r\n\r\n"].concat()
}

/// A GET whose first field is this.
fn first(field: impl AsRef<[u8]>) -> Vec<u8> {
    [b"GET / HTTP/1.1\r\n", field.as_ref(), b"\r\nHost: h\r\n\r\n"].concat()
}

fn te(value: impl AsRef<[u8]>) -> Vec<u8> {
    post(&[&[b"Transfer-Encoding:", value.as_ref()].concat()], b"0\r\n\r\n")
}

fn cl(value: impl AsRef<[u8]>) -> Vec<u8> {
    post(&[&[b"Content-Length:", value.as_ref()].concat()], b"abc")
}

/// A chunked POST with this body.
fn chunks(body: impl AsRef<[u8]>) -> Vec<u8> {
    post(&[b"Transfer-Encoding: chunked"], body.as_ref())
}

/// A chunked POST with this trailer.
fn trailer(field: impl AsRef<[u8]>) -> Vec<u8> {
    chunks([b"3\r\nabc\r\n0\r\n", field.as_ref(), b"\r\n\r\n"].concat())
}

fn fields(count: usize) -> Vec<u8> {
    format!(
        "GET / HTTP/1.1\r\nHost: h\r\n{}\r\n",
        "x-a: b\r\n".repeat(count - 1)
    )
    .into_bytes()
}

/// A head of exactly this many bytes.
fn head_of(length: usize) -> Vec<u8> {
    let empty = field("x: ").len();
    field(format!("x: {}", "a".repeat(length - empty)))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut table = Table::default();
    measured_framing(&mut table);
    measured_syntax(&mut table);
    measured_chunks(&mut table);
    smuggled_framing(&mut table);
    smuggled_lines(&mut table);
    smuggled_chunks(&mut table);
    targets_and_versions(&mut table);
    limits(&mut table);
    table.0
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn measured_framing(t: &mut Table) {
    let chunked: &[u8] = b"Transfer-Encoding: chunked";
    t.refused(
        "cl-and-te",
        LengthAndCoding,
        [
            post(&[b"Content-Length: 5", chunked], b"0\r\n\r\n"),
            post(&[chunked, b"Content-Length: 5"], b"0\r\n\r\n"),
            post(&[b"Content-Length: 0", chunked], b"0\r\n\r\n"),
            post(&[chunked, b"x: y", b"content-length: 0"], b"0\r\n\r\n"),
        ],
    );
    t.refused(
        "te-lists",
        Coding,
        [te(" ,chunked"), te(" identity, chunked"), te(" gzip, chunked")],
    );
    t.refused(
        "te-twice",
        CodingRepeated,
        [
            post(&[chunked, chunked], b"0\r\n\r\n"),
            post(&[chunked, b"x: y", b"transfer-encoding: identity"], b"0\r\n\r\n"),
        ],
    );
    t.refused(
        "te-other",
        Coding,
        [
            te(" xchunked"),
            te(" chunked, identity"),
            te(" chunkedx"),
            te(" identity"),
        ],
    );
    t.refused("te-other", ControlByte, [te(" \x0bchunked")]);
    t.refused(
        "te-http10",
        CodingVersion,
        [
            raw("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            raw("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        ],
    );
    t.refused(
        "cl-twice",
        LengthRepeated,
        [
            post(&[b"Content-Length: 3", b"Content-Length: 3"], b"abc"),
            post(&[b"Content-Length: 0", b"x: y", b"CONTENT-LENGTH: 0"], b""),
        ],
    );
    t.refused("cl-list", Length, [cl(" 3, 3"), cl(" 3,3")]);
    t.refused("cl-sign", Length, [cl(" +3"), cl(""), cl(" "), cl("\t")]);
    t.refused(
        "cl-sign",
        LengthRepeated,
        [post(&[b"Content-Length: 3", b"Content-Length: 4"], b"abcd")],
    );
    t.refused("cl-zeros", Length, [cl(" 003"), cl(" 00")]);
    t.refused(
        "expect-list",
        Expect,
        [
            post(&[b"Expect: 100-continue, foo", b"Content-Length: 3"], b"abc"),
            post(&[b"Expect: foo, 100-continue", b"Content-Length: 3"], b"abc"),
        ],
    );
    t.passes(
        "expect-refused",
        [post(&[b"Expect: 100-continue", b"Content-Length: 3"], b"abc")],
    );
    t.refused("headers-101", TooManyFields, [fields(101)]);
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn measured_syntax(t: &mut Table) {
    t.refused(
        "bare-lf",
        BareLf,
        [
            raw("GET / HTTP/1.1\nHost: h\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: h\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: h\r\n\n"),
            raw("GET / HTTP/1.1\nHost: h\n\n"),
        ],
    );
    t.refused(
        "bare-cr",
        BareCr,
        [
            raw("GET / HTTP/1.1\rHost: h\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: h\rx: y\r\n\r\n"),
            raw("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n"),
        ],
    );
    t.refused(
        "ws-colon",
        SpaceBeforeColon,
        [field("x : y"), field("x\t: y"), field("Content-Length : 3")],
    );
    t.refused(
        "obs-fold",
        Folded,
        [field("x: y\r\n z"), field("x: y\r\n\tz: a"), field("x:\r\n y")],
    );
    t.refused("nul-value", ControlByte, [field("x: a\0b"), field("x: \0")]);
    t.refused(
        "first-space",
        LeadingSpace,
        [first(" x: y"), first("\tx: y"), first(" Host: h")],
    );
    t.refused("empty-name", FieldName, [field(": y"), field(":")]);
    t.refused("no-colon", NoColon, [field("x"), field("x y"), field("Host h")]);
    t.refused("nul-name", ControlByte, [field("x\0: y"), field("\0x: y")]);
    t.passes(
        "obs-text",
        [field(b"x: \x80"), field(b"x: \xff\xfe"), field("x: \u{e4}")],
    );
    t.passes(
        "hosts",
        [
            field("Host: h"),
            raw("GET / HTTP/1.1\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost:\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        ],
    );
    t.passes("absolute-host", [target("http://evil/x")]);
    t.passes("absolute-https", [target("https://h/x")]);
    t.passes("no-slash", [target("foo")]);
    t.refused(
        "fragment",
        Fragment,
        [
            target("/x#y"),
            target("/x?a#y"),
            target("/#"),
            target("http://h/#"),
        ],
    );
    t.refused(
        "raw-unicode",
        Target,
        [
            target("/\u{e4}"),
            target(b"/\xe4"),
            target("/?\u{e4}"),
            target("http://h/\u{e4}"),
        ],
    );
    t.refused(
        "leading-crlf",
        EmptyLine,
        [
            raw("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            raw("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        ],
    );
    t.refused(
        "leading-crlf",
        BareLf,
        [raw("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")],
    );
    t.passes(
        "methods",
        [
            line("get / HTTP/1.1"),
            line("FOO!BAR / HTTP/1.1"),
            line("TRACE / HTTP/1.1"),
            line("CONNECT h:1 HTTP/1.1"),
        ],
    );
    t.passes(
        "connection-nominates",
        [field("Connection: close, x-obs-server-side-encryption")],
    );
    t.passes("underscores", [field("X_Forwarded_Proto: https")]);
    t.passes(
        "sse-twice",
        [field(
            "x-obs-server-side-encryption: kms\r\nx-obs-server-side-encryption: AES256",
        )],
    );
    t.refused(
        "uri-refused",
        Target,
        [
            target("/<"),
            target("/>"),
            target("/`"),
            target("/?\""),
            target(b"/\xff"),
            target("/?<"),
            target("/?a>"),
        ],
    );
    t.refused(
        "http09",
        Version,
        [raw("GET /\r\n"), raw("GET /\r\n\r\n"), raw("GET / \r\n")],
    );
}

fn measured_chunks(t: &mut Table) {
    t.refused("chunk-size-lf", ChunkLine, [chunks("3\nabc\r\n0\r\n\r\n")]);
    t.refused("chunk-size-lf", ChunkEnd, [chunks("3\r\nabc\n0\r\n\r\n")]);
    t.passes(
        "chunk-ext",
        [
            chunks("3;a\r\nabc\r\n0;b=c\r\n\r\n"),
            chunks("3;a=\"b c\"\r\nabc\r\n0\r\n\r\n"),
        ],
    );
    t.refused(
        "chunk-ext",
        ChunkExtensions,
        [chunks(format!("3;{}\r\nabc\r\n0\r\n\r\n", "a".repeat(4097)))],
    );
    t.refused(
        "chunk-size-space",
        ChunkSize,
        [
            chunks("3 \r\nabc\r\n0\r\n\r\n"),
            chunks("3\t\r\nabc\r\n0\r\n\r\n"),
            chunks("3 ;a\r\nabc\r\n0\r\n\r\n"),
            chunks("00000000000000000000003\r\nabc\r\n0\r\n\r\n"),
        ],
    );
    t.refused(
        "chunk-size-odd",
        ChunkSize,
        [
            chunks("0x3\r\nabc\r\n0\r\n\r\n"),
            chunks("+3\r\nabc\r\n0\r\n\r\n"),
            chunks("ffffffffffffffff\r\nabc"),
            chunks("8000000000000000\r\nabc"),
            chunks(" 3\r\nabc\r\n0\r\n\r\n"),
        ],
    );
    t.refused(
        "chunk-size-odd",
        ChunkLine,
        [
            chunks("3;a\rb\r\nabc\r\n0\r\n\r\n"),
            chunks("3\r\rabc\r\n0\r\n\r\n"),
        ],
    );
    t.refused(
        "trailers",
        TrailerForbidden,
        [
            trailer("Content-Length: 3"),
            trailer("x-amz-server-side-encryption: AES256"),
            trailer("x-obs-server-side-encryption: kms"),
        ],
    );
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn smuggled_framing(t: &mut Table) {
    let chunked: &[u8] = b"Transfer-Encoding: chunked";
    t.refused(
        "cl-te-exact",
        LengthAndCoding,
        [
            post(&[b"Content-Length: 5", chunked], b"0\r\n\r\n"),
            post(&[chunked, b"Content-Length: 5"], b"0\r\n\r\n"),
        ],
    );
    t.refused(
        "te-te-exact",
        Coding,
        [
            te(" xchunked"),
            te(" ,chunked"),
            te(" chunked,"),
            te(" chunked, chunked"),
            te(" chunked, identity"),
            te(" identity, chunked"),
            te(" gzip, chunked"),
            te(" chunked;a=b"),
            te(" \"chunked\""),
            te(""),
            te(" "),
            te(" chunked\u{a0}"),
            te(b" \x85chunked"),
            te(" chun ked"),
            te(" 'chunked'"),
            te(" c\u{212a}unked"),
        ],
    );
    t.refused(
        "te-te-exact",
        ControlByte,
        [
            te(" \x0bchunked"),
            te(" \x0cchunked"),
            te(" chunked\0"),
            te("\x1fchunked"),
            te(" chunked\x7f"),
        ],
    );
    t.refused(
        "te-te-exact",
        CodingRepeated,
        [post(&[chunked, b"Transfer-Encoding: identity"], b"0\r\n\r\n")],
    );
    t.refused(
        "te-te-exact",
        Coding,
        [post(&[b"Transfer-Encoding: identity", chunked], b"0\r\n\r\n")],
    );
    t.refused(
        "te-te-exact",
        FramingName,
        [
            post(&[b"Transfer_Encoding: chunked"], b"0\r\n\r\n"),
            post(&[b"transfer_encoding: chunked"], b"0\r\n\r\n"),
        ],
    );
    t.refused(
        "te-te-exact",
        SpaceBeforeColon,
        [post(&[b"Transfer-Encoding : chunked"], b"0\r\n\r\n")],
    );
    t.refused(
        "te-te-exact",
        Coding,
        [post(&[b"Transfer-Encoding:\r\n chunked"], b"0\r\n\r\n")],
    );
    t.refused(
        "te-te-exact",
        CodingVersion,
        [raw("POST / HTTP/1.0\r\nTransfer-Encoding: identity\r\n\r\n")],
    );
    t.passes(
        "te-te-ows",
        [
            te(" chunked"),
            te("chunked"),
            te("\tchunked"),
            te(" chunked "),
            te(" \t chunked\t"),
            te(" CHUNKED"),
            te(" Chunked"),
        ],
    );
    t.refused(
        "cl-cl-exact",
        Length,
        [
            cl(" 3, 3"),
            cl(" 3,4"),
            cl(" +3"),
            cl(" -0"),
            cl(" -1"),
            cl(" 0x3"),
            cl(" 0o5"),
            cl(" 1_0"),
            cl(" 1 0"),
            cl(" 3Z"),
            cl(""),
            cl(" 9223372036854775808"),
            cl(" 18446744073709551616"),
            cl(" 99999999999999999999999"),
            cl(" 003"),
            cl(" 0200"),
            cl(" 3,"),
            cl(" ,3"),
            cl(" \"3\""),
            cl(" 3;"),
            cl(" 3.0"),
            cl(" 3e0"),
            cl(b" 3\xa0"),
            cl(b" \x853"),
            cl(" \u{663}"),
        ],
    );
    t.refused(
        "cl-cl-exact",
        LengthRepeated,
        [
            post(&[b"Content-Length: 3", b"Content-Length: 3"], b"abc"),
            post(&[b"Content-Length: 0", b"Content-Length: 3"], b"abc"),
        ],
    );
    t.refused(
        "cl-cl-exact",
        FramingName,
        [post(&[b"Content_Length: 3"], b"abc")],
    );
    t.add(
        "body-less",
        Expected::Passes(1),
        [
            raw("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
            raw("DELETE / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
            raw("GET / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"),
        ],
    );
    t.refused(
        "after-body",
        EmptyLine,
        [
            post(&[b"Content-Length: 3"], b"abc\r\nGET / HTTP/1.1\r\n\r\n"),
            post(&[b"Content-Length: 0"], b"\r\n"),
            chunks("0\r\n\r\n\r\n"),
        ],
    );
    t.refused(
        "expect-exact",
        Expect,
        [
            field("Expect: y 100-continue"),
            field("Expect: 100-continue, foo"),
            field("Expect:"),
            field("Expect: 100-Continue"),
            field("Expect: \"100-continue\""),
            field("Expect: 100-continue;a"),
            field("Expect: 200-ok"),
            field("Expect: 100-continue\r\nExpect: 100-continue"),
            field("EXPECT: 100_continue"),
            field(b"Expect: 100-continue\xa0"),
        ],
    );
    t.passes(
        "expect-bodyless",
        [
            field("Expect: 100-continue"),
            field("expect:\t100-continue \r\nContent-Length: 0"),
        ],
    );
    t.passes("hop-by-hop", [field("Connection: x-amz-server-side-encryption")]);
    t.passes(
        "upgrade",
        [field(
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings",
        )],
    );
    t.passes("method-override", [field("X-HTTP-Method-Override: DELETE")]);
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn smuggled_lines(t: &mut Table) {
    t.refused(
        "line-endings",
        BareCr,
        [
            raw("GET / HTTP/1.1\r\nHost: h\r\n\rX"),
            raw("GET / HTTP/1.1\r\nHost: h\r\n\rX\r\n\r\n"),
            raw("\rGET / HTTP/1.1\r\n\r\n"),
            raw("GET /\r HTTP/1.1\r\n\r\n"),
            field("x: a\rTransfer-Encoding: chunked"),
        ],
    );
    t.refused(
        "line-endings",
        BareLf,
        [
            raw("GET /\n HTTP/1.1\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: h\r\nx: a\nTransfer-Encoding: chunked\r\n\r\n"),
            raw("\n\nGET / HTTP/1.1\r\n\r\n"),
        ],
    );
    t.refused(
        "line-endings",
        EmptyLine,
        [raw("\r\n"), raw("\r\nGET / HTTP/1.1\r\n\r\n")],
    );
    t.refused(
        "field-syntax",
        ControlByte,
        [
            field("x: \x01"),
            field("x: a\x08"),
            field("x: \x0b"),
            field("x: \x0c"),
            field("x: \x1b[0m"),
            field("x: \x7f"),
            field("x\x7f: y"),
        ],
    );
    t.refused(
        "field-syntax",
        FieldName,
        [
            field("x\u{e4}: y"),
            field("x(y): z"),
            field("x/y: z"),
            field("\"x\": z"),
            field("x@y: z"),
            field(b"\x80: z"),
            field("x=y: z"),
        ],
    );
    t.refused(
        "field-syntax",
        SpaceBeforeColon,
        [field("x y: z"), field("x : y")],
    );
    t.refused(
        "field-syntax",
        Folded,
        [field("x: y\r\n "), field("x: y\r\n : z")],
    );
    t.refused("field-syntax", LeadingSpace, [first(" : y")]);
    t.refused(
        "field-syntax",
        NoColon,
        [field("GET / HTTP/1.1"), field("\u{e4}")],
    );
    t.passes("nbsp-values", [field(b"x: \xa0y\xa0"), field(b"x: \x85y\x85")]);
    t.passes(
        "host-forms",
        [
            raw("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"),
            raw("GET / HTTP/1.1\r\nHost: u:p@a\r\n\r\n"),
        ],
    );
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn smuggled_chunks(t: &mut Table) {
    let rest = "\r\nabc\r\n0\r\n\r\n";
    let size = |size: &str| chunks(format!("{size}{rest}"));
    t.refused(
        "chunk-tricks",
        ChunkLine,
        [chunks("3\nabc\r\n0\r\n\r\n"), chunks("3\rXabc\r\n0\r\n\r\n")],
    );
    t.refused(
        "chunk-tricks",
        ChunkEnd,
        [
            chunks("3\r\nabcXX0\r\n\r\n"),
            chunks("3\r\nabc\r\r0\r\n\r\n"),
            chunks("3\r\nabc\n\n0\r\n\r\n"),
            chunks("3\r\nabc0\r\n\r\n"),
        ],
    );
    t.refused(
        "chunk-tricks",
        ChunkSize,
        [
            size("0x3"),
            size("+3"),
            size("-0"),
            size("-3"),
            size(" 3"),
            size("3 "),
            size("1_0"),
            size(""),
            size("g"),
            size("1these-bytes"),
            size("ffffffffffffffff1"),
            size("ffffffffffffffff"),
            size("00000000000000003"),
            size("3,3"),
            size("\"3\""),
            size("\x0b3"),
            chunks(b"\xff\r\n"),
            chunks("\n3\r\n"),
            chunks("3\r\nabc\r\n\r\n0\r\n\r\n"),
        ],
    );
    t.passes("chunk-ext", [size("0003;x"), size("0000000000000003")]);
    t.refused(
        "chunk-ext-tricks",
        ChunkExtension,
        [
            size("3;"),
            size("3;\0"),
            size("3; a"),
            size("3;a\0"),
            chunks(b"3;a=\x80\r\n"),
            size("3;=b"),
            chunks("5;\nabc"),
        ],
    );
    t.refused(
        "chunk-ext-tricks",
        ChunkLine,
        [chunks("5;a\r\rX"), chunks("5;a\nabcde\r\n0\r\n\r\n")],
    );
    t.refused(
        "chunk-ext-tricks",
        ChunkExtensions,
        [
            size(&format!("3;{}", "a".repeat(64 * 1024))),
            chunks("1;abcdefgh\r\na\r\n".repeat(513)),
        ],
    );
    t.refused("chunk-longer", ChunkEnd, [chunks("3\r\nabcd\r\n0\r\n\r\n")]);
    t.add(
        "chunk-unended",
        Expected::Cut(0),
        [
            chunks("3\r\nabc\r\n0\r\n"),
            chunks("3\r\nabc\r\n0\r\n\r"),
            chunks("3\r\nabc\r\n"),
            chunks("3\r\nab"),
            chunks(""),
            post(&[b"Content-Length: 3"], b"ab"),
        ],
    );
    t.refused(
        "trailers-exact",
        TrailerForbidden,
        [
            trailer("content-length: 0"),
            trailer("Transfer-Encoding: chunked"),
            trailer("TE: trailers"),
            trailer("Host: evil"),
            trailer("Authorization: AWS a:b"),
            trailer("Content-Type: text/plain"),
            trailer("x-amz-server-side-encryption-customer-key: k"),
            trailer("x-amz-copy-source: /b/k"),
            trailer("x-obs-copy-source: /b/k"),
            trailer("X-Obs-Security-Token: t"),
            trailer("x-amz-meta-a: b"),
            trailer("X_Amz_Server_Side_Encryption: AES256"),
            trailer("Content_Length: 3"),
            trailer("Connection: close"),
            trailer("Expect: 100-continue"),
            trailer(format!("x-obs-{}: y", "a".repeat(80))),
            trailer("a: b\r\nX-Amz-Date: c"),
        ],
    );
    t.refused(
        "trailers-exact",
        Trailer,
        [
            trailer(" a: b"),
            trailer("a : b"),
            trailer("a"),
            trailer(": b"),
            trailer("a: b\r\n c"),
            trailer("a: b\nc: d"),
            trailer("a: \0"),
            trailer("a\r\n"),
            chunks("0\r\n\rX"),
            chunks("0\r\n\n"),
            chunks("0\r\na: b\r\r\n"),
        ],
    );
    t.passes(
        "chunk-ext",
        [
            trailer("x-amz-checksum-crc32: AAAA"),
            trailer("X-Amz-Trailer-Signature: 0"),
            trailer("Content-MD5: a"),
            trailer(format!("{}: y", "x".repeat(80))),
        ],
    );
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn targets_and_versions(t: &mut Table) {
    t.refused(
        "target-forms",
        Target,
        [
            target("/\\"),
            target("/a\\..\\b"),
            target("/?\\"),
            target(b"/\x80"),
            target("http://h\\x/"),
            target("http://h:1:2/"),
            target("/{}<"),
            target("http://"),
        ],
    );
    t.refused(
        "target-forms",
        ControlByte,
        [target("/\x01"), target("/\0"), target("/\x7f"), target("/?\x1f")],
    );
    t.refused(
        "target-forms",
        Fragment,
        [target("#"), target("/a?b#c"), target("*#")],
    );
    t.refused("target-forms", Version, [target("/a b")]);
    t.passes(
        "target-encoded",
        [
            target("/%00"),
            target("/b/%0d%0aX"),
            target("/b/k?a=%0A"),
            target("/%23"),
            target("/%5c"),
        ],
    );
    t.passes(
        "target-star",
        [
            target("*"),
            target("h:80"),
            line("OPTIONS * HTTP/1.1"),
            line("PRIX * HTTP/1.1"),
            line("PRI / HTTP/1.1"),
        ],
    );
    t.refused(
        "versions",
        Version,
        [
            line("GET / HTTP/1.2"),
            line("GET / HTTP/01.1"),
            line("GET / http/1.1"),
            line("GET / HTTP/2.0"),
            line("GET / HTTP/1.1 "),
            line("GET / HTTP/1"),
            line("GET / HTTP/1.10"),
            line("GET / HTTP/0.9"),
            line("GET / X"),
            line("GET /"),
            line("GET / HTTP 1.1"),
            line("GET / HTTP/1.1\t"),
        ],
    );
    t.refused(
        "versions",
        RequestLine,
        [
            line("GET  / HTTP/1.1"),
            line("GET /  HTTP/1.1"),
            line("GET\t/ HTTP/1.1"),
            line("GET /\tHTTP/1.1"),
            line("GET \t/ HTTP/1.1"),
            line("GET / \tHTTP/1.1"),
            line("GET"),
            line("GET  "),
        ],
    );
    t.refused(
        "versions",
        Method,
        [
            raw(" GET / HTTP/1.1\r\n"),
            raw("\tGET"),
            raw(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
            raw("\0"),
            raw(b"\xff"),
            line("G\u{c4}T / HTTP/1.1"),
            line("GET: / HTTP/1.1"),
            raw("(GET) / HTTP/1.1\r\n\r\n"),
        ],
    );
    t.refused(
        "preface",
        Preface,
        [raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), line("PRI * HTTP/1.1")],
    );
}

fn limits(t: &mut Table) {
    t.refused(
        "limit-head",
        HeadTooLarge,
        [
            head_of(64 * 1024 + 1),
            raw("A".repeat(64 * 1024)),
            raw(format!("GET /{}", "a".repeat(100_000))),
            field(format!("x: {}", "a".repeat(100_000))),
        ],
    );
    t.passes(
        "chunk-ext",
        [
            head_of(64 * 1024),
            chunks(format!("3;{}\r\nabc\r\n0\r\n\r\n", "a".repeat(4096))),
        ],
    );
    t.refused("limit-fields", TooManyFields, [fields(101), fields(2000)]);
    t.passes("hosts", [fields(100)]);
    t.refused(
        "limit-target",
        TargetTooLong,
        [
            target(format!("/{}", "a".repeat(16 * 1024))),
            target(format!("/?{}", "a".repeat(20_000))),
            target(format!("http://h/{}", "a".repeat(20_000))),
        ],
    );
    t.passes("target-star", [target(format!("/{}", "a".repeat(16 * 1024 - 1)))]);
    t.refused(
        "limit-trailers",
        TrailersTooLarge,
        [
            trailer(format!("x: {}", "a".repeat(8 * 1024))),
            trailer("x: y\r\n".repeat(101)),
        ],
    );
    t.add(
        "hosts",
        Expected::Passes(3),
        [[
            field("x: y"),
            post(&[b"Content-Length: 3"], b"abc"),
            chunks("1\r\na\r\n0\r\n\r\n"),
        ]
        .concat()],
    );
}

//! Rows of answers: what a store sends, how it goes on, and what its client must get.

use crate::row::{ask, get};

/// What a store does with one request.
pub(crate) struct Row {
    /// A family and a number.
    pub(crate) id: String,
    /// Why the client gets what it gets.
    pub(crate) reason: &'static str,
    pub(crate) request: Vec<u8>,
    /// What the store sends when it has the head.
    pub(crate) sent: Vec<u8>,
    pub(crate) then: Then,
    pub(crate) gets: Gets,
}

/// How the store goes on.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    Close,
    Reset,
    /// It keeps its side open, and must see the gate close it: nothing else comes.
    Hold,
}

/// What the client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gets {
    /// A refusal with this status and rule.
    Refusal(u16, &'static str),
    /// A whole answer with this status and body.
    Whole(u16, &'static str),
    /// An answer that everybody sees is not whole.
    Cut,
}

pub(crate) const BAD: Gets = Gets::Refusal(503, "upstream.bad-response");
const CLOSED: Gets = Gets::Refusal(503, "upstream.closed");

#[derive(Default)]
struct Table(Vec<Row>);

impl Table {
    fn add(
        &mut self,
        family: &str,
        reason: &'static str,
        (then, gets): (Then, Gets),
        all: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        self.ask(family, reason, &get("Connection: close"), (then, gets), all);
    }

    fn ask(
        &mut self,
        family: &str,
        reason: &'static str,
        request: &[u8],
        (then, gets): (Then, Gets),
        all: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        for sent in all {
            let number = 1 + self
                .0
                .iter()
                .filter(|row| row.id.rsplit_once('/').is_some_and(|(one, _)| one == family))
                .count();
            self.0.push(Row {
                id: format!("{family}/{number}"),
                reason,
                request: request.to_vec(),
                sent: sent.as_ref().to_vec(),
                then,
                gets: gets.clone(),
            });
        }
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let mut table = Table::default();
    lines(&mut table);
    fields(&mut table);
    lengths(&mut table);
    chunks(&mut table);
    informational(&mut table);
    left_over(&mut table);
    cut(&mut table);
    encrypted(&mut table);
    table.0
}

pub(crate) fn ok(fields_and_body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields_and_body}")
}

pub(crate) fn chunked(body: &str) -> String {
    ok(&format!("Transfer-Encoding: chunked\r\n\r\n{body}"))
}

fn lines(t: &mut Table) {
    let rest = "\r\nContent-Length: 2\r\n\r\nok";
    let line = |line: &str| format!("{line}{rest}");
    t.add(
        "status-line",
        "RFC 9112 §4: a version, three digits, a reason",
        (Then::Hold, BAD),
        [
            line("HTTP/1.1 99 OK"),
            line("HTTP/1.1 099 OK"),
            line("HTTP/1.1 1000 OK"),
            line("HTTP/1.1 000 OK"),
            line("HTTP/1.1 -200 OK"),
            line("HTTP/1.1 +20 OK"),
            line("HTTP/1.1 2x0 OK"),
            line("HTTP/1.1 0x1 OK"),
            line("HTTP/1.1  200 OK"),
            line("HTTP/1.1"),
            line("HTTP/2.0 200 OK"),
            line("HTTP/1.2 200 OK"),
            line("HTTP/11 200 OK"),
            line("http/1.1 200 OK"),
            line("ICY 200 OK"),
            line(" HTTP/1.1 200 OK"),
            line("\r\nHTTP/1.1 200 OK"),
            line("\nHTTP/1.1 200 OK"),
            line("HTTP/1.1 200 O\0K"),
            line("HTTP/1.1 200 O\rK"),
            line("GET / HTTP/1.1"),
            line("\u{feff}HTTP/1.1 200 OK"),
        ],
    );
    t.add(
        "status-odd",
        "RFC 9112 §4: a reason may be missing or anything, a status unknown",
        (Then::Close, Gets::Whole(200, "ok")),
        [
            line("HTTP/1.1 200 "),
            line("HTTP/1.1 200"),
            line("HTTP/1.1 200 Fine \u{e4}"),
        ],
    );
    t.add(
        "status-unknown",
        "RFC 9110 §15: an unknown status is its class's",
        (Then::Close, Gets::Whole(799, "ok")),
        [line("HTTP/1.1 799 What")],
    );
    t.add(
        "nothing",
        "no answer is none",
        (Then::Close, CLOSED),
        [
            "",
            "H",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n\r",
        ],
    );
    t.add(
        "nothing-reset",
        "no answer is none",
        (Then::Reset, CLOSED),
        ["", "HTTP/1.1 200 OK\r\nA: b\r\n"],
    );
}

fn fields(t: &mut Table) {
    let field = |field: &str| ok(&format!("{field}\r\nContent-Length: 2\r\n\r\nok"));
    t.add(
        "field",
        "RFC 9112 §5: what two readers read differently is no field",
        (Then::Hold, BAD),
        [
            field("x : y"),
            field("x\t: y"),
            field(" x: y"),
            field("x: y\r\n z"),
            field("x: y\r\n\tz"),
            field("x"),
            field(": y"),
            field("x: a\0b"),
            field("x: a\x01b"),
            field("x: a\x7fb"),
            field("x: a\rb"),
            field("x y: z"),
            field("x(y): z"),
            field("x\u{e4}: z"),
            ok("x: y\nContent-Length: 2\r\n\r\nok"),
            ok("Content-Length: 2\n\nok"),
            "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok".into(),
        ],
    );
    t.add(
        "field-count",
        "more fields, or a larger head, than the gate takes",
        (Then::Hold, BAD),
        [
            field(&vec!["x: y"; 1000].join("\r\n")),
            field(&format!("x: {}", "y".repeat(100_000))),
            field(&format!("{}: y", "x".repeat(100_000))),
            format!("HTTP/1.1 200 {}{}", "x".repeat(100_000), "\r\n\r\n"),
        ],
    );
    t.add(
        "field-connection",
        "a store does not have its own headers taken off",
        (Then::Hold, BAD),
        [
            field("x-obs-server-side-encryption: kms\r\nConnection: x-obs-server-side-encryption"),
            field("x_amz_server_side_encryption: aws:kms\r\nConnection: X_Amz_Server_Side_Encryption"),
            field("x-goog-server-side-encryption: aws:kms\r\nConnection: X-Goog-Server-Side-Encryption"),
        ],
    );
}

fn lengths(t: &mut Table) {
    let two = |fields: &str| ok(&format!("{fields}\r\n\r\nok"));
    t.add(
        "length",
        "RFC 9112 §6.3: two statements of the length, or one that is none",
        (Then::Hold, BAD),
        [
            two("Content-Length: 2\r\nContent-Length: 2"),
            two("Content-Length: 2\r\nContent-Length: 1"),
            two("Content-Length: 2, 2"),
            two("Content-Length: 2,1"),
            two("Content-Length: +2"),
            two("Content-Length: -2"),
            two("Content-Length: 0x2"),
            two("Content-Length: 2 2"),
            two("Content-Length:"),
            two("Content-Length: 2;"),
            two("Content-Length: 18446744073709551616"),
            ok("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
            ok("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
            two("Transfer-Encoding: gzip"),
            two("Transfer-Encoding: identity"),
            two("Transfer-Encoding: gzip, chunked"),
            two("Transfer-Encoding: chunked, chunked"),
            two("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
            two("Transfer-Encoding: xchunked"),
            two("Transfer-Encoding: chunked;a=b"),
            two("Transfer-Encoding:"),
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n".into(),
        ],
    );
}

fn chunks(t: &mut Table) {
    t.add(
        "chunk",
        "RFC 9112 §7.1: an answer whose chunks are none breaks off",
        (Then::Hold, Gets::Cut),
        [
            chunked("zz\r\nok\r\n0\r\n\r\n"),
            chunked("0x2\r\nok\r\n0\r\n\r\n"),
            chunked("+2\r\nok\r\n0\r\n\r\n"),
            chunked("-2\r\nok\r\n0\r\n\r\n"),
            chunked(" 2\r\nok\r\n0\r\n\r\n"),
            chunked("2\nok\r\n0\r\n\r\n"),
            chunked("2\r\nok\n0\r\n\r\n"),
            chunked("2\r\nok0\r\n\r\n"),
            chunked("2\r\nokXX0\r\n\r\n"),
            chunked("2\r\noke\r\n0\r\n\r\n"),
            chunked("\r\nok\r\n0\r\n\r\n"),
            chunked("ffffffffffffffff1\r\nok\r\n0\r\n\r\n"),
            chunked("2\rok\r\n0\r\n\r\n"),
            chunked("2;a\rb\r\nok\r\n0\r\n\r\n"),
            chunked("1_0\r\nok\r\n0\r\n\r\n"),
            chunked("2\r\nok\r\n0\r\nX : y\r\n\r\n"),
            chunked("2\r\nok\r\n0\r\n folded\r\n\r\n"),
            chunked("2\r\nok\r\n0\r\nx: a\nb: c\r\n\r\n"),
            chunked(&format!("2;{}\r\nok\r\n0\r\n\r\n", "a".repeat(100_000))),
            chunked(&format!("2\r\nok\r\n0\r\nx: {}\r\n\r\n", "a".repeat(100_000))),
        ],
    );
    t.add(
        "chunk-fine",
        "RFC 9112 §7.1: extensions mean nothing, trailers nobody asked for go no further",
        (Then::Close, Gets::Whole(200, "ok")),
        [
            chunked("2;a=b\r\nok\r\n0;c\r\n\r\n"),
            chunked("1\r\no\r\n1\r\nk\r\n0\r\n\r\n"),
            chunked("2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n"),
            chunked("002\r\nok\r\n00\r\n\r\n"),
        ],
    );
}

fn informational(t: &mut Table) {
    let last = ok("Content-Length: 2\r\n\r\nok");
    let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    t.add(
        "informational",
        "RFC 9110 §15.2: not the answer; at most eight; rulings, 27",
        (Then::Close, Gets::Whole(200, "ok")),
        [
            format!("HTTP/1.1 100 Continue\r\n\r\n{last}"),
            format!("HTTP/1.1 102 Processing\r\n\r\n{hint}{last}"),
            format!("{}{last}", hint.repeat(8)),
        ],
    );
    t.add(
        "informational-flood",
        "more than eight; rulings, 27",
        (Then::Hold, BAD),
        [
            format!("{}{last}", hint.repeat(9)),
            hint.repeat(10_000),
            format!("{}{last}", "HTTP/1.1 100 Continue\r\n\r\n".repeat(50)),
        ],
    );
    t.add(
        "switch",
        "nobody asked for another protocol; rulings, 28",
        (Then::Hold, BAD),
        [
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n".to_owned(),
            format!("HTTP/1.1 101 Switching Protocols\r\n\r\n{last}"),
        ],
    );
    t.add(
        "informational-alone",
        "no answer behind it",
        (Then::Close, CLOSED),
        ["HTTP/1.1 100 Continue\r\n\r\n", hint],
    );
}

fn left_over(t: &mut Table) {
    let last = ok("Content-Length: 2\r\n\r\nok");
    t.add(
        "left-over",
        "what nobody asked for is nobody's answer",
        (Then::Hold, Gets::Whole(200, "ok")),
        [
            format!("{last}garbage"),
            format!("{last}\r\n"),
            format!("{last}{}", ok("Content-Length: 4\r\n\r\nevil")),
            chunked("2\r\nok\r\n0\r\n\r\ngarbage"),
            format!(
                "{}{}",
                chunked("2\r\nok\r\n0\r\n\r\n"),
                ok("Content-Length: 4\r\n\r\nevil")
            ),
            ok("Content-Length: 2\r\nConnection: close\r\n\r\nok"),
        ],
    );
    t.add(
        "bodyless",
        "RFC 9112 §6.3: these statuses have no body, whatever follows",
        (Then::Hold, Gets::Whole(204, "")),
        [
            "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\nevil",
        ],
    );
    t.add(
        "bodyless-later",
        "RFC 9110 §8.6, RFC 9112 §6.1: who announces a body where none can be may send it later",
        (Then::Hold, Gets::Whole(204, "")),
        [
            "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        ],
    );
    t.add(
        "bodyless-before",
        "the same in an informational answer",
        (Then::Hold, Gets::Whole(200, "ok")),
        [
            format!("HTTP/1.1 100 Continue\r\nContent-Length: 4\r\n\r\n{last}"),
            format!("HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n{last}"),
            format!("HTTP/1.1 102 Processing\r\nContent-Length: 4\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n{last}"),
        ],
    );
    t.add(
        "bodyless-304",
        "RFC 9112 §6.3: these statuses have no body, whatever follows",
        (Then::Hold, Gets::Whole(304, "")),
        ["HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil"],
    );
    let head = ask("HEAD /mine/k", "Connection: close");
    t.ask(
        "bodyless-head",
        "RFC 9110 §9.3.2: nothing follows the head",
        &head,
        (Then::Hold, Gets::Whole(200, "")),
        [
            ok("Content-Length: 4\r\n\r\nevil"),
            chunked("4\r\nevil\r\n0\r\n\r\n"),
        ],
    );
}

fn cut(t: &mut Table) {
    let why = "RFC 9112 §8: an answer that breaks off never looks whole";
    for then in [Then::Close, Then::Reset] {
        t.add(
            "cut",
            why,
            (then, Gets::Cut),
            [
                ok("Content-Length: 10\r\n\r\nhello"),
                ok("Content-Length: 10\r\n\r\n"),
                ok("Content-Length: 10000000\r\n\r\nhello"),
                chunked(""),
                chunked("5\r\nhel"),
                chunked("5\r\nhello"),
                chunked("5\r\nhello\r\n"),
                chunked("5\r\nhello\r\n0"),
                chunked("5\r\nhello\r\n0\r\n"),
                chunked("5\r\nhello\r\n0\r\nx-sum: 1\r\n"),
            ],
        );
    }
    t.add(
        "unframed",
        "RFC 9112 §6.3: an answer that ends with its connection",
        (Then::Close, Gets::Whole(200, "ok")),
        [ok("\r\nok"), "HTTP/1.0 200 OK\r\n\r\nok".into()],
    );
    t.add(
        "unframed-reset",
        "a reset is no end",
        (Then::Reset, Gets::Cut),
        [ok("\r\nok")],
    );
}

fn encrypted(t: &mut Table) {
    let sse = |fields: &str| ok(&format!("{fields}\r\nContent-Length: 6\r\n\r\nsecret"));
    t.add(
        "encrypted",
        "a read of a KMS object in clear, however the answer says it; rulings, 9 and 17",
        (Then::Hold, Gets::Refusal(400, "strict.sse-kms.get-object")),
        [
            sse("x-obs-server-side-encryption: kms"),
            sse("X-AMZ-Server-Side-Encryption: aws:kms"),
            sse("x-obs-server-side-encryption: kms\r\nx-obs-server-side-encryption: kms"),
            sse("x-obs-server-side-encryption-kms-key-id: k"),
            format!(
                "HTTP/1.1 206 Partial Content\r\n{}",
                "x-obs-server-side-encryption: kms\r\nContent-Length: 6\r\n\r\nsecret"
            ),
        ],
    );
    t.add(
        "encrypted-unclear",
        "a value that nobody documents, or two that disagree, may mean KMS; rulings, 9 and 12",
        (Then::Hold, Gets::Refusal(400, "unknown.object")),
        [
            sse("x-obs-server-side-encryption: kms\r\nx-obs-server-side-encryption: AES256"),
            sse("x-obs-server-side-encryption: AES256\r\nx-obs-server-side-encryption: kms"),
            sse("x-obs-server-side-encryption: AES256\r\nx-amz-server-side-encryption: aws:kms"),
            sse("x-obs-server-side-encryption: AES256, kms"),
            sse("x-obs-server-side-encryption: rot13"),
        ],
    );
    t.add(
        "encrypted-disguised",
        "a name that some read as one of encryption never means plain; rulings, 9",
        (Then::Hold, Gets::Refusal(400, "unknown.object")),
        [
            sse("x_amz_server_side_encryption: aws:kms"),
            sse("x-goog-server-side-encryption: aws:kms"),
            sse("X-RGW-Server-Side-Encryption-Aws-Kms-Key-Id: k"),
        ],
    );
    t.ask(
        "encrypted-late",
        "trailers come too late to be a secret's only mark, and go no further, to whoever takes trailers neither",
        &get("TE: trailers\nConnection: close, TE"),
        (Then::Close, Gets::Whole(200, "ok")),
        [ok(
            "Transfer-Encoding: chunked\r\nTrailer: x-obs-server-side-encryption\r\n\r\n\
             2\r\nok\r\n0\r\nx-obs-server-side-encryption: kms\r\n\r\n",
        )],
    );
}

//! One client: it does this and that, one thing after the other, and knows what must come of each.

use crate::{
    harness::Over,
    message::{Answer, OBS, V2, V4, request, trio},
    program::Program,
    store::{LONGEST, body},
    support::Wire,
    tally::Tally,
};
use std::thread;

/// A client with a connection of each scheme that it keeps as long as it can.
pub(crate) struct Client<'p> {
    program: &'p Program,
    kept: [Option<Wire>; 2],
    chance: u64,
    pub(crate) tally: Tally,
}

impl<'p> Client<'p> {
    /// `number` decides what it will do.
    pub(crate) fn new(program: &'p Program, number: u64) -> Self {
        Self {
            program,
            kept: [None, None],
            chance: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            tally: Tally::default(),
        }
    }

    /// Does one thing.
    pub(crate) fn act(&mut self) {
        let over = if self.one_of(3) == 0 {
            Over::Https
        } else {
            Over::Http
        };
        match self.one_of(20) {
            0..=4 => self.get(over),
            5..=7 => self.put(over),
            8 => self.form(over),
            9 => self.refused(over),
            10 => self.malformed(over),
            11 => self.guarded(over),
            12 => self.held(over),
            13..=14 => self.fault(over),
            15 => self.slowly(over),
            16 => self.leave_in_the_answer(over),
            17 => self.leave_at_once(over),
            18 => self.leave_in_the_body(over),
            _ => self.handshake(),
        }
    }

    /// A number below `n`: xorshift, the same at every run.
    fn one_of(&mut self, n: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 16) % n
    }

    fn size(&mut self) -> usize {
        let most = [100, 5_000, 50_000, LONGEST as u64][usize::try_from(self.one_of(4)).unwrap()];
        usize::try_from(self.one_of(most)).unwrap()
    }

    /// Asks on the connection that is kept, or on one of its own, and reads the answer.
    fn ask(&mut self, over: Over, request: impl AsRef<[u8]>) -> Answer {
        let kept = self.kept[usize::from(over == Over::Https)].take();
        let short = self.one_of(4) == 0;
        let mut wire = match kept {
            Some(wire) if !short => wire,
            _ => self.program.connect(over),
        };
        wire.send(request);
        let answer = Answer::read(&mut wire, false);
        if !short && answer.header("connection") != Some("close") {
            self.kept[usize::from(over == Over::Https)] = Some(wire);
        }
        answer
    }

    fn get(&mut self, over: Over) {
        let size = self.size();
        let tail = ["", "/chunked"][usize::try_from(self.one_of(2)).unwrap()];
        let answer = self.ask(over, bare(&format!("GET /mine/get/{size}{tail}"), &[V4]));
        assert_eq!(answer.status(), 200, "{}", answer.head);
        assert!(answer.body.as_bytes() == body(size), "{size} bytes are others");
        self.tally.count("allowed");
    }

    fn put(&mut self, over: Over) {
        let (size, line) = (self.size(), "PUT /mine/put");
        let text = String::from_utf8_lossy(body(size));
        let sent = if self.one_of(2) == 0 {
            request(line, &[V4, &format!("Content-Length: {size}")], &text)
        } else {
            let (one, two) = text.split_at(size / 2);
            let chunk = |text: &str| match text.len() {
                0 => String::new(),
                length => format!("{length:x}\r\n{text}\r\n"),
            };
            let chunks = format!("{}{}0\r\n\r\n", chunk(one), chunk(two));
            request(line, &[V4, "Transfer-Encoding: chunked"], &chunks)
        };
        let answer = self.ask(over, sent);
        assert_eq!((answer.status(), answer.body), (200, size.to_string()));
        self.tally.count("allowed");
    }

    fn form(&mut self, over: Over) {
        let content = String::from_utf8_lossy(body(self.size()));
        let form = format!(
            "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"f\"\r\n\r\n{content}\r\n--b--\r\n"
        );
        let headers = [
            "Content-Type: multipart/form-data; boundary=b",
            &format!("Content-Length: {}", form.len()),
        ];
        let answer = self.ask(over, request("POST /mine", &headers, &form));
        assert_eq!((answer.status(), answer.body), (200, form.len().to_string()));
        self.tally.count("allowed");
    }

    /// What a rule refuses.
    fn refused(&mut self, over: Over) {
        let mut headers = trio("obs");
        headers.push(OBS.to_owned());
        let answer = match over {
            Over::Http => self.ask(over, bare("PUT /mine/put", &headers)),
            Over::Https => {
                let kms = "x-amz-server-side-encryption: aws:kms";
                self.ask(over, bare("PUT /mine/put", &[V2, kms]))
            }
        };
        answer.assert_echoes_nothing();
        assert!(answer.rule().starts_with("strict."), "{}", answer.head);
        self.tally.count("refused");
    }

    /// What is ambiguous.
    fn malformed(&mut self, over: Over) {
        let all = [
            "GET /mine/k?Acl",
            "GET //mine/k",
            "PATCH /mine/k",
            "GET http://elsewhere.org/mine/k",
            "GET /mine/../k/l",
        ];
        let line = all[usize::try_from(self.one_of(5)).unwrap()];
        let answer = self.ask(over, bare(line, &[V4]));
        assert!(answer.rule().starts_with("malformed."), "{}", answer.head);
        self.tally.count("malformed");
    }

    /// Bytes that are no request.
    fn guarded(&mut self, over: Over) {
        let odd = u8::try_from(self.one_of(31)).unwrap();
        let byte = if matches!(odd, b'\t' | b'\n' | b'\r') {
            0x7f
        } else {
            odd
        };
        let head = format!(
            "GET /mine/k HTTP/1.1\r\nHost: obs.example.com\r\nx: {}\r\n\r\n",
            char::from(byte)
        );
        let answer = self.ask(over, head);
        assert_eq!(answer.rule(), "guard.control-byte", "{byte}");
        self.tally.count("malformed");
    }

    /// A read that only its answer decides.
    fn held(&mut self, over: Over) {
        let answer = self.ask(over, bare("GET /mine/kms", &[V4]));
        match over {
            Over::Http => {
                assert_eq!(answer.rule(), "strict.sse-kms.get-object", "{}", answer.head);
                assert!(!answer.body.contains("secret"));
                self.tally.count("refused");
            }
            Over::Https => {
                assert_eq!((answer.status(), &*answer.body), (200, "secret"));
                self.tally.count("allowed");
            }
        }
    }

    /// A store at fault.
    fn fault(&mut self, over: Over) {
        let (kind, outcome) = FAULTS[usize::try_from(self.one_of(FAULTS.len() as u64)).unwrap()];
        let mut wire = self.program.connect(over);
        wire.send(bare(
            &format!("GET /mine/fault/{kind}"),
            &[V4, "Connection: close"],
        ));
        let all = wire.read_to_end();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        match outcome {
            Fault::Unavailable => {
                assert!(head.starts_with("HTTP/1.1 503 "), "{kind}: {all}");
                assert!(head.contains("\r\nx-obsgate-rule: upstream."), "{kind}: {all}");
                self.tally.count("failed");
            }
            Fault::Cut => {
                assert!(head.starts_with("HTTP/1.1 200 "), "{kind}: {all}");
                assert!(!body.contains("\r\n0\r\n") && body.len() < 100, "{kind}: {all}");
                self.tally.count("failed");
            }
            Fault::None => {
                assert!(head.starts_with("HTTP/1.1 200 ") && body == "ok", "{kind}: {all}");
                self.tally.count("allowed");
            }
        }
    }

    /// Byte by byte.
    fn slowly(&mut self, over: Over) {
        let mut wire = self.program.connect(over);
        for piece in bare("GET /mine/get/10", &[V4]).as_bytes().chunks(3) {
            wire.send(piece);
            thread::yield_now();
        }
        assert_eq!(Answer::read(&mut wire, false).body.len(), 10);
        self.tally.count("allowed");
    }

    fn leave_in_the_answer(&mut self, over: Over) {
        let mut wire = self.program.connect(over);
        wire.send(bare("GET /mine/endless", &[V4]));
        wire.read_until("\r\n\r\na");
        self.leave(wire);
        self.tally.count("abandoned");
    }

    fn leave_at_once(&mut self, over: Over) {
        let mut wire = self.program.connect(over);
        wire.send(bare("GET /mine/wait", &[V4]));
        self.leave(wire);
        self.tally.doubt();
    }

    fn leave_in_the_body(&mut self, over: Over) {
        let mut wire = self.program.connect(over);
        wire.send(request("PUT /mine/put", &[V4, "Content-Length: 1000"], "part"));
        self.leave(wire);
        self.tally.doubt();
    }

    /// What is no handshake: no request at all.
    fn handshake(&mut self) {
        let mut wire = self.program.connect_without_handshake();
        let _ = wire.try_send("\x16\x03\x01\x02\0\x01");
        self.leave(wire);
    }

    fn leave(&mut self, wire: Wire) {
        if self.one_of(2) == 0 {
            wire.reset();
        } else {
            wire.close();
        }
    }
}

/// What a client gets when the store is at fault.
#[derive(Clone, Copy)]
enum Fault {
    Unavailable,
    Cut,
    None,
}

const FAULTS: &[(&str, Fault)] = &[
    ("close", Fault::Unavailable),
    ("reset", Fault::Unavailable),
    ("two-lengths", Fault::Unavailable),
    ("nonsense", Fault::Unavailable),
    ("switch", Fault::Unavailable),
    ("flood", Fault::Unavailable),
    ("cut", Fault::Cut),
    ("cut-chunk", Fault::Cut),
    ("bad-chunk", Fault::Cut),
    ("garbage", Fault::None),
    ("unasked", Fault::None),
    ("drip", Fault::None),
];

fn bare(line: &str, headers: &[impl AsRef<str>]) -> String {
    request(line, headers, "")
}

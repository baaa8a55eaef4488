//! A client that says frame by frame what it wants to, and what it got.

use crate::{
    frames::{
        ACK, CONTINUATION, Code, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, PADDED, PING,
        PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE, block,
    },
    harness::{DOMAIN, Running},
    message::Answer,
    support::Wire,
};
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    net::TcpStream,
    sync::Arc,
};

/// One connection, with what has been read of each of its streams.
pub(crate) struct Peer {
    wire: Wire,
    decoder: hpack::Decoder<'static>,
    streams: BTreeMap<u32, Stream>,
    next: u32,
    /// Gives back at once what DATA takes of the windows.
    pub(crate) generous: bool,
    pub(crate) goaway: Option<Frame>,
    /// Frames of streams, and what speaks of the whole connection.
    pub(crate) settings: Vec<(u16, u32)>,
    pub(crate) window: u32,
}

/// What came of a stream.
#[derive(Clone, Default)]
pub(crate) struct Stream {
    pub(crate) head: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    pub(crate) ended: bool,
    pub(crate) reset: Option<Code>,
    pub(crate) frames: usize,
    pub(crate) window: u32,
}

/// The fields of a request from its method and path, and headers as in HTTP/1.
pub(crate) fn fields(line: &str, headers: &[impl AsRef<str>]) -> Vec<(String, String)> {
    let (method, path) = line.split_once(' ').unwrap();
    let mut fields: Vec<(String, String)> = [
        (":method", method),
        (":scheme", "https"),
        (":authority", DOMAIN),
        (":path", path),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for header in headers {
        let (name, value) = header.as_ref().split_once(": ").unwrap();
        fields.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    fields
}

impl Peer {
    /// A connection whose settings were exchanged.
    pub(crate) fn connect(gate: &Running) -> Self {
        Self::with_settings(gate, &[])
    }

    /// The same, with settings of the client's own.
    pub(crate) fn with_settings(gate: &Running, settings: &[(u16, u32)]) -> Self {
        let mut peer = Self::silent(gate);
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        peer.wire
            .send([PREFACE, &Frame::new(SETTINGS, 0, 0, payload).bytes()].concat());
        peer.read_until(|frame| frame.kind == SETTINGS && frame.has(ACK));
        peer.send(&Frame::new(SETTINGS, ACK, 0, []));
        peer
    }

    /// A connection on which nothing was said yet.
    pub(crate) fn silent(gate: &Running) -> Self {
        let (wire, agreed) = handshake(gate, &[b"h2"]);
        assert_eq!(agreed.as_deref(), Some(&b"h2"[..]));
        Self {
            wire,
            decoder: hpack::Decoder::new(),
            streams: BTreeMap::new(),
            next: 1,
            generous: true,
            goaway: None,
            settings: Vec::new(),
            window: 65_535,
        }
    }

    pub(crate) fn send(&mut self, frame: &Frame) {
        self.wire.send(frame.bytes());
    }

    pub(crate) fn send_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.send(bytes);
    }

    /// The same, where the gate may have hung up already.
    pub(crate) fn try_send(&mut self, frame: &Frame) -> bool {
        self.wire.try_send(frame.bytes()).is_ok()
    }

    /// Takes the next stream's number.
    pub(crate) fn number(&mut self) -> u32 {
        let number = self.next;
        self.next += 2;
        number
    }

    /// Begins a request; `ends` when it has no body.
    pub(crate) fn begin<N: AsRef<[u8]>, V: AsRef<[u8]>>(&mut self, fields: &[(N, V)], ends: bool) -> u32 {
        let number = self.number();
        let frames = headers(number, &block(fields), ends);
        self.wire.send(frames);
        number
    }

    pub(crate) fn data(&mut self, stream: u32, data: impl AsRef<[u8]>, ends: bool) {
        let flags = if ends { END_STREAM } else { 0 };
        self.send(&Frame::new(DATA, flags, stream, data.as_ref()));
    }

    pub(crate) fn reset(&mut self, stream: u32, code: Code) {
        self.send(&Frame::new(RST_STREAM, 0, stream, (code as u32).to_be_bytes()));
    }

    pub(crate) fn open_window(&mut self, stream: u32, by: u32) {
        self.send(&Frame::new(WINDOW_UPDATE, 0, stream, by.to_be_bytes()));
    }

    /// Sends, where the gate may have hung up or may not be reading.
    pub(crate) fn wire_try_send(&mut self, bytes: &[u8]) -> bool {
        self.wire.try_send(bytes).is_ok()
    }

    /// One request without a body, and its answer.
    pub(crate) fn ask(&mut self, line: &str, headers: &[impl AsRef<str>]) -> Stream {
        let stream = self.begin(&fields(line, headers), true);
        self.answer(stream)
    }

    /// One request with a body, and its answer.
    pub(crate) fn send_body(&mut self, line: &str, headers: &[impl AsRef<str>], body: &str) -> Stream {
        let stream = self.begin(&fields(line, headers), false);
        self.data(stream, body, true);
        self.answer(stream)
    }

    /// Reads until the stream has ended or was reset.
    pub(crate) fn answer(&mut self, stream: u32) -> Stream {
        self.wait(stream, |stream| stream.ended || stream.reset.is_some())
    }

    /// Reads until the stream is as wanted.
    pub(crate) fn wait(&mut self, stream: u32, wanted: impl Fn(&Stream) -> bool) -> Stream {
        while !self.streams.get(&stream).is_some_and(&wanted) {
            let frame = self.read();
            assert!(
                frame.is_some(),
                "the connection ended: {:?} {:?}",
                self.goaway,
                self.streams.get(&stream)
            );
        }
        self.streams[&stream].clone()
    }

    /// What has been read of a stream so far.
    pub(crate) fn so_far(&self, stream: u32) -> Stream {
        self.streams.get(&stream).cloned().unwrap_or_default()
    }

    /// Whether the gate answers a PING: everything sent before has been read, and every answer to it.
    #[track_caller]
    pub(crate) fn assert_alive(&mut self) {
        self.send(&Frame::new(PING, 0, 0, *b"are you?"));
        let found = self.try_read_until(|frame| frame.kind == PING && frame.has(ACK));
        assert!(found, "the connection ended: {:?}", self.goaway);
    }

    /// The same, as an answer.
    pub(crate) fn alive(&mut self) -> bool {
        self.try_send(&Frame::new(PING, 0, 0, *b"are you?"))
            && self.try_read_until(|frame| frame.kind == PING && frame.has(ACK))
    }

    /// Reads a frame, and answers it if it is a PING.
    pub(crate) fn answer_pings(&mut self) {
        let frame = self.read().expect("the connection ended");
        if frame.kind == PING && !frame.has(ACK) {
            self.send(&Frame::new(PING, ACK, 0, frame.payload));
        }
    }

    /// Reads until the stream is reset or the connection ended, with which code.
    pub(crate) fn until_reset(&mut self, stream: u32) -> Option<Code> {
        while self.so_far(stream).reset.is_none() {
            if self.read().is_none() {
                return self.goaway.as_ref().map(Frame::code);
            }
        }
        self.so_far(stream).reset
    }

    /// Leaves stream numbers out.
    pub(crate) fn skip_to(&mut self, stream: u32) {
        self.next = self.next.max(stream);
    }

    /// Whether the connection serves a request.
    #[track_caller]
    pub(crate) fn assert_serves(&mut self) {
        let answer = self.ask("GET /mine/alive", &[crate::message::V4]);
        assert_eq!(answer.status(), 200, "{answer:?}");
    }

    /// Reads up to the end of the connection; the code it was ended with, if the gate said one.
    pub(crate) fn ending(&mut self) -> Option<Code> {
        while self.read().is_some() {}
        self.goaway.as_ref().map(Frame::code)
    }

    pub(crate) fn read_until(&mut self, wanted: impl Fn(&Frame) -> bool) {
        assert!(
            self.try_read_until(wanted),
            "the connection ended: {:?}",
            self.goaway
        );
    }

    fn try_read_until(&mut self, wanted: impl Fn(&Frame) -> bool) -> bool {
        while let Some(frame) = self.read() {
            if wanted(&frame) {
                return true;
            }
        }
        false
    }

    /// The next frame, taken note of; none when the gate hung up.
    pub(crate) fn read(&mut self) -> Option<Frame> {
        let head = self.wire.try_read_exactly(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let payload = self.wire.try_read_exactly(usize::try_from(length).unwrap())?;
        let stream = u32::from_be_bytes(head[5..9].try_into().unwrap());
        let frame = Frame::new(head[3], head[4], stream, payload);
        self.note(&frame);
        Some(frame)
    }

    fn note(&mut self, frame: &Frame) {
        match frame.kind {
            SETTINGS if !frame.has(ACK) => {
                for setting in frame.payload.chunks(6) {
                    let id = u16::from_be_bytes(setting[..2].try_into().unwrap());
                    self.settings
                        .push((id, u32::from_be_bytes(setting[2..].try_into().unwrap())));
                }
            }
            GOAWAY => self.goaway = Some(frame.clone()),
            WINDOW_UPDATE if frame.stream == 0 => self.window += frame.number(),
            _ => {}
        }
        if frame.stream == 0 {
            return;
        }
        let stream = self.streams.entry(frame.stream).or_default();
        assert!(
            !stream.ended || frame.kind == RST_STREAM || frame.kind == WINDOW_UPDATE,
            "after the end: {frame:?}"
        );
        stream.frames += 1;
        match frame.kind {
            HEADERS => {
                assert!(frame.has(END_HEADERS) && !frame.has(PADDED), "{frame:?}");
                let text = |bytes| String::from_utf8(bytes).unwrap();
                let fields = self.decoder.decode(&frame.payload).unwrap();
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (text(name), text(value)))
                    .collect();
                if stream.head.is_empty() {
                    stream.head = fields;
                } else {
                    stream.trailers = fields;
                }
            }
            DATA => {
                stream.body.extend(&frame.payload);
                if self.generous && !frame.payload.is_empty() {
                    let by = u32::try_from(frame.payload.len()).unwrap();
                    for number in [0, frame.stream] {
                        // The gate may have hung up by now.
                        let update = Frame::new(WINDOW_UPDATE, 0, number, by.to_be_bytes());
                        let _ = self.wire.try_send(update.bytes());
                    }
                }
            }
            RST_STREAM => stream.reset = Some(frame.code()),
            WINDOW_UPDATE => stream.window += frame.number(),
            _ => {}
        }
        if matches!(frame.kind, HEADERS | DATA) && frame.has(END_STREAM) {
            stream.ended = true;
        }
    }
}

impl Stream {
    pub(crate) fn status(&self) -> u16 {
        self.header(":status").unwrap_or("0").parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.head.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn rule(&self) -> &str {
        self.header("x-obsgate-rule").unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The same answer as it would look in HTTP/1.
    pub(crate) fn as_answer(&self) -> Answer {
        let mut head = format!("HTTP/1.1 {} \r\n", self.status());
        for (name, value) in self.head.iter().filter(|(name, _)| !name.starts_with(':')) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        Answer {
            head: head + "\r\n",
            body: self.text(),
        }
    }

    /// Asserts a whole refusal of the gate's.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: &str) {
        assert!(self.ended, "{self:?}");
        assert!(matches!(self.reset, None | Some(Code::NoError)), "{self:?}");
        assert_eq!(self.header("connection"), None);
        assert_eq!(self.header("content-length"), Some(&*self.body.len().to_string()));
        self.as_answer().assert_refused(code);
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = &self.body[..self.body.len().min(400)];
        write!(
            f,
            "{:?} `{}` {:?} ended={} reset={:?}",
            self.head,
            body.escape_ascii(),
            self.trailers,
            self.ended,
            self.reset
        )
    }
}

/// A header block in as many frames as it takes.
pub(crate) fn headers(stream: u32, block: &[u8], ends: bool) -> Vec<u8> {
    let flags = if ends { END_STREAM } else { 0 };
    let mut pieces = block.chunks(16_384).peekable();
    let first = pieces.next().unwrap_or_default();
    let whole = |more| if more { 0 } else { END_HEADERS };
    let mut bytes = Frame::new(HEADERS, flags | whole(pieces.peek().is_some()), stream, first).bytes();
    while let Some(piece) = pieces.next() {
        bytes.extend(Frame::new(CONTINUATION, whole(pieces.peek().is_some()), stream, piece).bytes());
    }
    bytes
}

/// A connection over TLS, and the protocol that was agreed on.
pub(crate) fn handshake(gate: &Running, offered: &[&[u8]]) -> (Wire, Option<Vec<u8>>) {
    let mut config = gate.trust().as_ref().clone();
    config.alpn_protocols = offered.iter().map(|one| one.to_vec()).collect();
    let mut tcp = TcpStream::connect(gate.addresses[1]).unwrap();
    let name = ServerName::try_from(DOMAIN).unwrap();
    let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
    while session.is_handshaking() {
        session.complete_io(&mut tcp).unwrap();
    }
    let agreed = session.alpn_protocol().map(<[u8]>::to_vec);
    let wire = Wire::over(tcp.try_clone().unwrap(), Box::new(StreamOwned::new(session, tcp)));
    (wire, agreed)
}

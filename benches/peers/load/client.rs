//! A blocking HTTP/1.1 client, over TCP or TLS: one request on a connection at a time.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Where requests go, and what for.
pub(crate) struct Target {
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    pub(crate) path: String,
}

impl Target {
    pub(crate) fn new(port: u16, trusted: Option<&Path>, path: &str) -> Result<Self, Box<dyn Error>> {
        let tls = trusted.map(trusting).transpose()?;
        Ok(Self {
            port,
            tls,
            path: path.to_owned(),
        })
    }

    /// A connection whose handshake is over; sessions are never resumed.
    pub(crate) fn connect(&self) -> io::Result<Connection> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(ANSWER_TIME))?;
        let Some(config) = &self.tls else {
            return Ok(Connection::Plain(socket));
        };
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let mut session = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
        session.set_buffer_limit(Some(1 << 20));
        let mut stream = StreamOwned::new(session, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Connection::Tls(Box::new(stream)))
    }
}

/// The head of a request as an SDK sends it, signed with Signature V4; a body of that many bytes follows.
pub(crate) fn head(method: &str, target: &str, body: Option<u64>) -> String {
    let mut head = format!("{method} {target} HTTP/1.1\r\n{HEADERS}");
    if let Some(length) = body {
        _ = write!(head, "Content-Length: {length}\r\n");
    }
    head + "\r\n"
}

pub(crate) enum Connection {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) length: u64,
}

impl Connection {
    pub(crate) fn get(&mut self, head: &str, buffer: &mut [u8]) -> io::Result<Answer> {
        self.write_all(head.as_bytes())?;
        self.answer(buffer)
    }

    /// Sends `size` bytes behind the head, a piece at a time.
    pub(crate) fn put(
        &mut self,
        head: &str,
        piece: &[u8],
        size: u64,
        buffer: &mut [u8],
    ) -> io::Result<Answer> {
        let mut left = size;
        let first = piece_of(piece, left);
        self.write_all(&[head.as_bytes(), first].concat())?;
        left -= first.len() as u64;
        while left > 0 {
            let next = piece_of(piece, left);
            self.write_all(next)?;
            left -= next.len() as u64;
        }
        self.flush()?;
        self.answer(buffer)
    }

    fn answer(&mut self, buffer: &mut [u8]) -> io::Result<Answer> {
        let mut filled = 0;
        loop {
            let got = self.read(buffer.get_mut(filled..).unwrap_or_default())?;
            if got == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            filled += got;
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut head = httparse::Response::new(&mut headers);
            let parsed = head
                .parse(buffer.get(..filled).unwrap_or_default())
                .map_err(io::Error::other)?;
            let httparse::Status::Complete(end) = parsed else {
                continue;
            };
            let answer = Answer {
                status: head.code.unwrap_or_default(),
                length: length(head.headers),
            };
            let mut got = (filled - end) as u64;
            while got < answer.length {
                match self.read(buffer)? {
                    0 => return Err(ErrorKind::UnexpectedEof.into()),
                    more => got += more as u64,
                }
            }
            return Ok(answer);
        }
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

fn piece_of(piece: &[u8], left: u64) -> &[u8] {
    let length = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
    piece.get(..length).unwrap_or_default()
}

pub(crate) fn length(headers: &[httparse::Header<'_>]) -> u64 {
    let header = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    header
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok())
        .unwrap_or_default()
}

fn trusting(path: &Path) -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(path)?)?;
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

const ANSWER_TIME: Duration = Duration::from_mins(1);
const HEADERS: &str = concat!(
    "Host: bench.obs.example.com\r\n",
    "User-Agent: aws-sdk-go/1.44 (go1.19; linux; amd64)\r\n",
    "Accept-Encoding: identity\r\n",
    "x-amz-date: 20260101T000000Z\r\n",
    "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/region/s3/aws4_request, ",
    "SignedHeaders=host;x-amz-content-sha256;x-amz-date, ",
    "Signature=0000000000000000000000000000000000000000000000000000000000000000\r\n",
);

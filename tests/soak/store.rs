//! A store that does as the path says, well or badly.

use crate::{reading::read_request, support::Wire};
use std::{
    io::{BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    thread,
};

/// Ends with the test.
pub(crate) struct Store {
    pub(crate) address: SocketAddr,
    connections: Connections,
}

/// Every connection that is still served.
type Connections = Arc<Mutex<Vec<Weak<TcpStream>>>>;

impl Store {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Connections::default();
        let kept = Arc::clone(&connections);
        thread::spawn(move || {
            while let Ok((tcp, _)) = listener.accept() {
                let handle = Arc::new(tcp.try_clone().unwrap());
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.retain(|one| one.strong_count() > 0);
                kept.push(Arc::downgrade(&handle));
                thread::spawn(move || {
                    serve(tcp);
                    drop(handle);
                });
            }
        });
        Self { address, connections }
    }

    /// Whether nothing is served.
    pub(crate) fn is_idle(&self) -> bool {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.iter().all(|one| one.strong_count() == 0)
    }

    /// Ends every connection.
    pub(crate) fn hang_up(&self) {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        for one in connections.iter().filter_map(Weak::upgrade) {
            let _ = one.shutdown(Shutdown::Both);
        }
    }
}

/// The first bytes of every body; what is longer repeats them.
pub(crate) fn body(size: usize) -> &'static [u8] {
    static BODY: OnceLock<Vec<u8>> = OnceLock::new();
    let letters = || (b'a'..=b'w').cycle().take(LONGEST).collect();
    &BODY.get_or_init(letters)[..size]
}

fn serve(tcp: TcpStream) {
    let mut answers = tcp.try_clone().unwrap();
    let mut reader = BufReader::new(tcp);
    while let Some(request) = read_request(&mut reader) {
        let text = String::from_utf8_lossy(&request);
        let (head, sent) = text.split_once("\r\n\r\n").unwrap();
        let path = head.split(' ').nth(1).unwrap();
        let words: Vec<_> = path.split('/').skip(2).collect();
        let chunked = words.last() == Some(&"chunked");
        let bytes = match *words.as_slice() {
            ["get", size, ..] => answer("", body(size.parse().unwrap()), chunked),
            ["endless", ..] => return endless(answers),
            ["kms", ..] => answer("x-amz-server-side-encryption: aws:kms\r\n", b"secret", chunked),
            ["fault", kind, ..] => {
                drop(reader);
                return fault(Wire::new(answers), kind);
            }
            // Its client goes away.
            ["wait", ..] => return drop(read_request(&mut reader)),
            _ => answer("", sent.len().to_string().as_bytes(), chunked),
        };
        if answers.write_all(&bytes).is_err() {
            return;
        }
    }
}

fn answer(fields: &str, body: &[u8], chunked: bool) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{fields}").into_bytes();
    if chunked {
        bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
        for piece in body.chunks(1000) {
            bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
            bytes.extend(piece);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
    } else {
        bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
        bytes.extend(body);
    }
    bytes
}

/// As much as its client takes.
fn endless(mut answers: TcpStream) {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n";
    let mut written = answers.write_all(head.as_bytes());
    while written.is_ok() {
        written = answers.write_all(body(LONGEST));
    }
}

/// A broken answer, and the end of its connection.
fn fault(mut wire: Wire, kind: &str) {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let bytes = match kind {
        "two-lengths" => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok".to_owned(),
        "nonsense" => "SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned(),
        "switch" => "HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned(),
        "flood" => "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(9),
        "garbage" => format!("{ok}garbage"),
        "cut" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart".to_owned(),
        "cut-chunk" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n".to_owned(),
        "bad-chunk" => {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n+0\r\n\r\n".to_owned()
        }
        "unasked" => format!("{ok}{ok}"),
        _ => String::new(),
    };
    if kind == "drip" {
        // It is in order but slow, and says what becomes of the connection: closed unannounced, it might just have been
        // given to another request, which is not sent twice if it is a form.
        for byte in ok.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").bytes() {
            if wire.try_send([byte]).is_err() {
                return;
            }
        }
    }
    let _ = wire.try_send(bytes);
    if kind == "reset" {
        wire.reset();
    } else {
        wire.close();
    }
}

/// The longest body there is.
pub(crate) const LONGEST: usize = 300_000;

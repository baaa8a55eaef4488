//! A store that costs next to nothing: objects named after their size, uploads whose id follows from their key, and
//! everything that is put thrown away.

use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::client::length;

pub(crate) fn serve(port: u16) -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let listener = listen(port)?;
            loop {
                let (socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                tokio::spawn(connection(socket));
            }
        })
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(4096)
}

enum Reply {
    Empty,
    Small(Vec<u8>),
    /// That many mebibytes.
    Large(usize),
}

/// One request after another, until the peer closes or says something that is not HTTP.
async fn connection(mut socket: TcpStream) -> io::Result<()> {
    let small = [head(4096, ""), SMALL.to_vec()].concat();
    let empty = head(0, "");
    let mut buffer: Vec<u8> = Vec::with_capacity(16 << 10);
    let mut sink = Vec::new();
    loop {
        let (end, body, reply) = loop {
            if let Some(request) = request(&buffer, &small)? {
                break request;
            }
            if socket.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let arrived = (buffer.len() - end) as u64;
        if arrived >= body {
            buffer.drain(..buffer.len() - usize::try_from(arrived - body).unwrap_or_default());
        } else {
            buffer.clear();
            sink.resize(MIB.len(), 0);
            discard(&mut socket, body - arrived, &mut sink).await?;
        }
        match reply {
            Reply::Empty => socket.write_all(&empty).await?,
            Reply::Small(bytes) => socket.write_all(&bytes).await?,
            Reply::Large(mebibytes) => {
                socket.write_all(&head(mebibytes * MIB.len(), "")).await?;
                for _ in 0..mebibytes {
                    socket.write_all(&MIB).await?;
                }
            }
        }
    }
}

/// The first request in the bytes: where its head ends, the length of its body, and the reply; `None` until it is
/// whole.
fn request(bytes: &[u8], small: &[u8]) -> io::Result<Option<(usize, u64, Reply)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(end) = parsed.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    if parsed
        .headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case("transfer-encoding"))
    {
        return Err(ErrorKind::Unsupported.into());
    }
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let reply = match (parsed.method, path) {
        (Some("GET"), "/4k") => Reply::Small(small.to_vec()),
        (Some("GET"), "/kms") => Reply::Small(head(0, "x-amz-server-side-encryption: aws:kms\r\n")),
        (Some("GET"), "/1m") => Reply::Large(1),
        (Some("GET"), "/64m") => Reply::Large(64),
        (Some("GET"), "/5g") => Reply::Large(5 << 10),
        (Some("POST"), key) if query == "uploads" => Reply::Small(begun(key.trim_start_matches('/'))),
        _ => Reply::Empty,
    };
    Ok(Some((end, length(parsed.headers), reply)))
}

async fn discard(socket: &mut TcpStream, mut left: u64, sink: &mut [u8]) -> io::Result<()> {
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(sink.len());
        match socket.read(sink.get_mut(..wanted).unwrap_or_default()).await? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            got => left -= got as u64,
        }
    }
    Ok(())
}

fn begun(key: &str) -> Vec<u8> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InitiateMultipartUploadResult><Bucket>bench</Bucket>\
         <Key>{key}</Key><UploadId>upload-{key}</UploadId></InitiateMultipartUploadResult>"
    );
    [head(xml.len(), ""), xml.into_bytes()].concat()
}

fn head(length: usize, more: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
         x-amz-id-2: eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran\r\n\
         x-amz-request-id: 318BC8BC148832E5\r\nLast-Modified: Wed, 28 Oct 2009 22:32:00 GMT\r\n\
         ETag: \"fba9dede5f27731c9771645a39863328\"\r\nAccept-Ranges: bytes\r\n\
         Content-Type: application/octet-stream\r\n{more}Content-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

static SMALL: [u8; 4096] = [b'x'; 4096];
static MIB: [u8; 1 << 20] = [b'x'; 1 << 20];

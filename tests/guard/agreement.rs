//! Where the guard lets bytes pass, hyper and the reference read the requests in them that the gate makes of them; where
//! it does not, the reference reads none. The fuzzer uses this too.

use super::{
    drive::{Outcome, Read},
    reference::{self, Rest},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{cell::RefCell, convert::Infallible, rc::Rc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

/// Compares what the guard made of some bytes with what the others make of them.
pub(crate) fn compare(bytes: &[u8], outcome: &Outcome) {
    let shown = || bytes.get(..2048).unwrap_or(bytes).escape_ascii().to_string();
    let (read, rest) = reference::read(bytes);
    let (mut read, ends): (Vec<Read>, Vec<usize>) = read.into_iter().unzip();
    assert_eq!(
        outcome.ends,
        ends,
        "the guard and the reference, {outcome:?}: {}",
        shown()
    );
    // A target in another form than a path is shown as the URI it is.
    for read in &mut read {
        if !read.target.starts_with('/') {
            read.target = read.target.parse::<http::Uri>().unwrap().to_string();
        }
    }
    assert_eq!(outcome.read, read, "the gate and the reference: {}", shown());
    if outcome.violation.is_some() {
        assert_ne!(rest, Rest::Nothing, "{outcome:?}: {}", shown());
        return;
    }
    assert_ne!(rest, Rest::Bad, "{outcome:?}: {}", shown());
    assert_eq!(outcome.whole, rest == Rest::Nothing, "{outcome:?}: {}", shown());
    let served = hyper_reads(bytes);
    for (served, read) in served.iter().zip(&read) {
        assert_eq!(served, read, "hyper and the reference: {}", shown());
    }
    let closes = |read: &Read| {
        let has = |name: &str, value: &str| {
            read.headers
                .iter()
                .any(|(n, v)| n == name && String::from_utf8_lossy(v).to_ascii_lowercase().contains(value))
        };
        has("connection", "close")
            || bytes_are_http10(bytes)
            || read.method == "CONNECT"
            || has("upgrade", "")
    };
    assert!(
        served.len() == read.len() || read.get(..served.len()).is_some_and(|all| all.iter().any(closes)),
        "hyper served {} of {}: {}",
        served.len(),
        read.len(),
        shown()
    );
}

fn bytes_are_http10(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|window| window == b"HTTP/1.0")
}

/// What a service behind hyper alone sees of these bytes, body and all.
fn hyper_reads(bytes: &[u8]) -> Vec<Read> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let served = Rc::new(RefCell::new(Vec::new()));
    let record = Rc::clone(&served);
    runtime.block_on(async move {
        let (mut client, far) = duplex(1 << 20);
        let service = service_fn(move |request: Request<Incoming>| {
            let record = Rc::clone(&record);
            async move {
                let connect = request.method() == http::Method::CONNECT;
                if let Some(read) = collect(request).await {
                    record.borrow_mut().push(read);
                }
                let mut response = Response::new(Full::new(Bytes::new()));
                if connect {
                    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                }
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .half_close(true)
            .max_header_size(64 * 1024)
            .serve_connection(TokioIo::new(far), service);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answers = Vec::new();
        let (_, ended) = tokio::join!(client.read_to_end(&mut answers), connection);
        drop(ended);
    });
    Rc::into_inner(served).unwrap().into_inner()
}

async fn collect(request: Request<Incoming>) -> Option<Read> {
    let (head, body) = request.into_parts();
    let collected = body.collect().await.ok()?;
    let trailers = collected.trailers().cloned().unwrap_or_default();
    Some(Read::of(&head, collected.to_bytes().len() as u64, &trailers))
}

//! HTTP/1.1 on one client connection: the guard beneath hyper, until the connection ends or the gate stops.

use super::{
    admission::Overload,
    answer::AnswerBody,
    buffers::Metered,
    connection::Client,
    drain::Waiter,
    guard::{Guarded, Limits, Patience},
    handle,
    linger::{Lingering, Resettable},
    worker::Worker,
};
use crate::classify::Arrival;
use http::{Request, Response};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    error::Error,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

/// What hyper reads from, and what is left of a connection that is parked.
type Stream<S> = Box<Metered<Lingering<S>>>;

/// Serves a connection until it ends. `waiter` tells when to finish what is in flight and begin nothing new.
///
/// What is there for as long as the connection lasts is small, and in one place: the future is no more than the way
/// there. hyper's part, which is large, is there only while there are requests (`performance`, 3).
pub(super) fn speak<S: Resettable + AsyncRead + AsyncWrite + Unpin + 'static>(
    stream: S,
    arrival: Arrival,
    worker: Rc<Worker>,
    waiter: Waiter,
    turned_away: Option<Overload>,
) -> impl Future<Output = ()> {
    let client = Rc::new(Client {
        turned_away,
        ..Client::new(arrival, &worker)
    });
    let lingering = Lingering::new(stream, client.intake.clone());
    let patience = Patience::new(&worker.sweep, worker.waits);
    let guarded = Guarded::new(lingering, worker.sizes, client.verdict.clone(), patience);
    let stream = Box::new(Metered::new(guarded, client.intake.clone()));
    async move {
        let peer = client.arrival.peer;
        let ended = by_turns(stream, client, worker, waiter).await;
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "the connection broke off");
        }
    }
}

/// Has hyper serve the connection, and parks it whenever it has been quiet for a while.
async fn by_turns<S: Resettable + AsyncRead + AsyncWrite + Unpin + 'static>(
    mut stream: Stream<S>,
    client: Rc<Client>,
    worker: Rc<Worker>,
    waiter: Waiter,
) -> Result<(), Box<dyn Error>> {
    loop {
        let mut connection = Box::new(connect(stream, client.clone(), worker.clone()));
        let mut draining = false;
        let turn = poll_fn(|cx| {
            loop {
                if let Poll::Ready(ended) = Pin::new(&mut *connection).poll(cx) {
                    return Poll::Ready(Turn::Over(ended));
                }
                if !draining && waiter.poll_begun(cx) {
                    draining = true;
                    Pin::new(&mut *connection).graceful_shutdown();
                } else if !draining && client.verdict.take_quiet() {
                    return Poll::Ready(Turn::Quiet);
                } else {
                    return Poll::Pending;
                }
            }
        });
        if let Turn::Over(ended) = turn.await {
            return Ok(ended?);
        }
        stream = park(*connection);
        let roused = poll_fn(|cx| match stream.poll_roused(cx) {
            Poll::Pending if waiter.poll_begun(cx) => Poll::Ready(Ok(false)),
            roused => roused,
        });
        if !roused.await? {
            return Ok(stream.shutdown().await?);
        }
    }
}

/// How hyper's turn ends.
enum Turn {
    Over(hyper::Result<()>),
    Quiet,
}

fn connect<S: Resettable + AsyncRead + AsyncWrite + Unpin + 'static>(
    stream: Stream<S>,
    client: Rc<Client>,
    worker: Rc<Worker>,
) -> http1::Connection<
    TokioIo<Stream<S>>,
    impl Service<Request<Incoming>, Response = Response<AnswerBody>, Error = Infallible> + Unpin,
> {
    let mut builder = http1::Builder::new();
    // Nothing is added to an answer of the store; the guard keeps time, without a timer a request.
    builder.auto_date_header(false).header_read_timeout(None);
    take_no_less_than(&mut builder, worker.sizes);
    let service = service_fn(move |request| {
        let (worker, client) = (worker.clone(), client.clone());
        async move { Ok::<_, Infallible>(handle(&worker, &client, request).await) }
    });
    builder.serve_connection(TokioIo::new(stream), service)
}

/// Takes the stream back. What hyper has left unread is a part of its buffer, and keeps the whole of it: it goes here.
fn park<S, H>(connection: http1::Connection<TokioIo<Stream<S>>, H>) -> Stream<S>
where
    S: Resettable + AsyncRead + AsyncWrite + Unpin + 'static,
    H: Service<Request<Incoming>, Response = Response<AnswerBody>, Error = Infallible>,
{
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner();
    stream.park(&parts.read_buf);
    stream
}

/// Has hyper take whatever the guard lets through: it has the bounds, hyper only has to have room.
fn take_no_less_than(builder: &mut http1::Builder, limits: Limits) {
    builder.max_header_size(limits.head);
    // Another number than its own costs hyper an allocation a request.
    if limits.fields > HYPER_HEADERS {
        builder.max_headers(limits.fields);
    }
    // It sizes the buffers of bodies too, so no less than hyper has it.
    let buffer = limits.head + HYPER_READ;
    if buffer > HYPER_BUFFER {
        builder.max_buf_size(buffer);
    }
}

/// What hyper takes unless told otherwise: headers, bytes of a buffer, and bytes of a first read.
const HYPER_HEADERS: usize = 100;
const HYPER_BUFFER: usize = 8_192 + 4_096 * 100;
const HYPER_READ: usize = 8_192;

//! The operator's listener: `/healthz`, `/readyz` and `/metrics`. Read-only.

use crate::telemetry::{Counters, render};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, net, rc::Rc, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    sync::{oneshot, watch},
    task::LocalSet,
};

/// Serves until `end` is gone; not ready from `stop` on, for the time the workers take to finish.
///
/// # Errors
/// When the socket cannot be had.
pub(super) fn run(
    runtime: &Runtime,
    socket: net::TcpListener,
    counters: Vec<Arc<Counters>>,
    stop: watch::Receiver<bool>,
    end: oneshot::Receiver<Infallible>,
) -> io::Result<()> {
    runtime.block_on(LocalSet::new().run_until(async move {
        let listener = TcpListener::from_std(socket)?;
        tokio::task::spawn_local(accept(listener, Rc::new(State { counters, stop })));
        // Nothing is ever sent: the sender goes when the gate does.
        let _ = end.await;
        Ok(())
    }))
}

struct State {
    counters: Vec<Arc<Counters>>,
    stop: watch::Receiver<bool>,
}

async fn accept(listener: TcpListener, state: Rc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let state = state.clone();
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| {
                let state = state.clone();
                async move { Ok::<_, Infallible>(answer(&state, &request)) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "an admin connection broke off");
            }
        });
    }
}

fn answer(state: &State, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, "ok\n".into()),
        (&Method::GET | &Method::HEAD, "/readyz") if *state.stop.borrow() => {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".into())
        }
        (&Method::GET | &Method::HEAD, "/readyz") => (StatusCode::OK, "ready\n".into()),
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, render(&state.counters)),
        (&Method::GET | &Method::HEAD, _) => (StatusCode::NOT_FOUND, "not found\n".into()),
        _ => (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".into()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4"),
    );
    response
}

const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
const HEAD: Duration = Duration::from_secs(10);

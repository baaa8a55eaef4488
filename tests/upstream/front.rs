//! The least there can be between a client and `Upstream`: hyper's server, and a service that permits everything.

use crate::support::ScriptedOrigin;
use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body_util::{Either, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use obsgate::{
    classify::{Classified, Teller},
    obs::{
        auth::Auth, dialect::Dialect, encryption::EncryptionSet, operation::Operation, resource::Resource,
        scheme::Scheme, sse::Evidence,
    },
    policy::{Decision, Facts, Permit, Policy, Role, Settings, Unknown},
    proxy::{
        Sweep,
        upstream::{self, Answer, Origin, RequestBody, ResponseBody, Timeouts, Upstream, UpstreamError},
    },
};
use std::{
    convert::Infallible,
    net::SocketAddr,
    rc::Rc,
    thread::{self, JoinHandle},
};
use tokio::{net::TcpListener, runtime, sync::oneshot, task::LocalSet};

/// A gate without a policy. Dropping it closes everything it has open.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How it behaves.
pub(crate) struct Setup {
    pub(crate) origin: Origin,
    pub(crate) operation: Operation,
    pub(crate) answers: Answers,
    /// What was read of every body before.
    pub(crate) prefix: Option<&'static [u8]>,
}

/// What becomes of answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    Free,
    HeldThenReleased,
    HeldThenRefused,
}

impl Setup {
    pub(crate) fn before(origin: &ScriptedOrigin) -> Self {
        Self {
            origin: Origin {
                host: origin.address().ip().to_string(),
                port: origin.address().port(),
                tls: None,
                timeouts: Timeouts::default(),
            },
            operation: Operation::Other,
            answers: Answers::Free,
            prefix: None,
        }
    }
}

impl Front {
    pub(crate) fn before(origin: &ScriptedOrigin) -> Self {
        Self::start(Setup::before(origin))
    }

    pub(crate) fn start(setup: Setup) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let local = LocalSet::new();
            local.spawn_local(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let sweep = Rc::new(Sweep::for_waits(setup.origin.timeouts.watched()));
                let upstream = Upstream::new(setup.origin.clone(), Rc::clone(&sweep));
                let pooled = upstream.clone();
                tokio::task::spawn_local(sweep.run(move || pooled.tidy()));
                serve(listener, upstream, Rc::new(setup)).await;
            });
            let _ = local.block_on(&runtime, stopped);
        });
        Self {
            address: told.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}

async fn serve(listener: TcpListener, upstream: Upstream, setup: Rc<Setup>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (upstream, setup) = (upstream.clone(), Rc::clone(&setup));
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| {
                let (upstream, setup) = (upstream.clone(), Rc::clone(&setup));
                async move { Ok::<_, Infallible>(answer(&upstream, &setup, request).await) }
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .auto_date_header(false)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

type Body = Either<ResponseBody, Full<Bytes>>;

async fn answer(upstream: &Upstream, setup: &Setup, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = match setup.prefix {
        Some(prefix) => RequestBody::with_prefix(Bytes::from_static(prefix), body),
        None => RequestBody::new(body),
    };
    match send(upstream, setup, &head, body).await {
        Ok(Answer::Free(response)) => passed_on(response),
        Ok(Answer::Held(answer)) => {
            assert!(answer.status().is_success());
            if setup.answers == Answers::HeldThenReleased && answer.head().headers().contains_key("x-let-go")
            {
                passed_on(answer.release(permit(setup.operation, false)))
            } else {
                drop(answer);
                refusal(403, "held back")
            }
        }
        Err(error) => refusal(if error.is_clients() { 400 } else { 503 }, error.id()),
    }
}

fn passed_on(response: upstream::Response) -> Response<Body> {
    response.head.response().map(|()| Either::Left(response.body))
}

async fn send(
    upstream: &Upstream,
    setup: &Setup,
    head: &Parts,
    body: RequestBody,
) -> Result<Answer, UpstreamError> {
    let classified = Classified {
        head,
        facts: facts(setup.operation),
        resource: Resource {
            bucket: None,
            key: None,
        },
        dialect: Dialect::Obs,
        signed_in: None,
        target: Teller::Response,
        source: Teller::Nobody,
        evidence: Evidence::default(),
        upload_id: None,
    };
    let permit = permit(setup.operation, setup.answers != Answers::Free);
    upstream.send(classified.admit(permit), body).await
}

fn facts(operation: Operation) -> Facts {
    Facts {
        operation,
        target: EncryptionSet::WITHOUT_CUSTOMER_KEY,
        source: EncryptionSet::ALL,
        also: None,
        customer_key: false,
        scheme: Scheme::Http,
        auth: Auth::Anonymous,
    }
}

fn permit(operation: Operation, held: bool) -> Permit {
    let policy = Policy::compile(Vec::new(), Settings::default()).unwrap();
    let decision = if held {
        Decision::NeedsState(Role::Target)
    } else {
        Decision::Allow
    };
    policy
        .settle(facts(operation), decision, Unknown::Response)
        .unwrap()
}

fn refusal(status: u16, why: &'static str) -> Response<Body> {
    let body = Either::Right(Full::new(Bytes::from_static(why.as_bytes())));
    Response::builder().status(status).body(body).unwrap()
}

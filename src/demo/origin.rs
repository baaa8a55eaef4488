//! The server: connections in, answers out.

use super::{
    Received,
    authenticate::Sender,
    chunked,
    fault::Fault,
    form::{self, Form},
    payload::{Budget, Payload},
    received::Recorder,
    reply::Reply,
    request::{Call, Request, dialect_of},
    route,
    signature::{Credentials, hex, md5},
    store::{Access, Bucket, Store},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Method, Response, header, request::Parts};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use time::OffsetDateTime;
use tokio::{net::TcpListener, task::JoinSet};

/// An OBS in memory. Clones share what it holds.
#[derive(Clone)]
pub struct Origin(Arc<Inner>);

struct Inner {
    credentials: Credentials,
    domains: Vec<String>,
    frozen: Option<OffsetDateTime>,
    budget: Budget,
    store: Mutex<Store>,
    recorder: Recorder,
    requests: AtomicU64,
}

impl Origin {
    /// An origin without buckets, for one key pair. `bucket.<domain>` names a bucket; `<domain>` and addresses are
    /// path style.
    pub fn new<D: Into<String>>(credentials: Credentials, domains: impl IntoIterator<Item = D>) -> Self {
        Self::build(credentials, domains.into_iter().map(Into::into).collect(), None)
    }

    /// The same, at a moment that stays: signatures made then are neither too old nor too young.
    pub fn frozen_at<D: Into<String>>(
        at: OffsetDateTime,
        credentials: Credentials,
        domains: impl IntoIterator<Item = D>,
    ) -> Self {
        Self::build(
            credentials,
            domains.into_iter().map(Into::into).collect(),
            Some(at),
        )
    }

    fn build(credentials: Credentials, domains: Vec<String>, frozen: Option<OffsetDateTime>) -> Self {
        let budget = Budget::new(MEMORY);
        Self(Arc::new(Inner {
            credentials,
            domains,
            frozen,
            store: Mutex::new(Store::new(budget.clone())),
            budget,
            recorder: Recorder::default(),
            requests: AtomicU64::new(0),
        }))
    }

    /// Adds a bucket, unless there is one of that name.
    #[must_use]
    pub fn with_bucket(self, name: &str, access: Access) -> Self {
        let bucket = Bucket {
            access,
            default: super::sse::Sse::None,
            objects: BTreeMap::new(),
            created: self.0.now(),
        };
        let _ = self.0.store().create(name, bucket);
        self
    }

    /// Serves connections until it is dropped; then those that are open are closed.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener) -> io::Result<Infallible> {
        let mut connections = JoinSet::new();
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => accepted?.0,
                Some(_) = connections.join_next() => continue,
            };
            let _ = stream.set_nodelay(true);
            let inner = Arc::clone(&self.0);
            connections.spawn(async move {
                let service = service_fn(|request| {
                    let inner = Arc::clone(&inner);
                    async move { Ok::<_, Infallible>(inner.answer(request).await) }
                });
                let served = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .half_close(true)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                if let Err(error) = served {
                    tracing::debug!(%error, "connection to the demo origin broke off");
                }
            });
        }
    }

    /// The heads of the last requests that arrived, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.0.recorder.heads()
    }

    /// How many requests arrived.
    pub fn calls(&self) -> usize {
        self.0.recorder.calls()
    }

    /// The bytes of an object, past all signatures and keys.
    pub fn stored(&self, bucket: &str, key: &str) -> Option<Bytes> {
        let store = self.0.store();
        let object = store.named(bucket).ok()?.objects.get(key)?;
        Some(object.payload.bytes.clone())
    }
}

impl Inner {
    async fn answer(&self, request: http::Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        self.recorder.note(&head);
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = hex(&md5(&number.to_be_bytes())).to_ascii_uppercase();
        let dialect = dialect_of(&head);
        let reply = match Request::read(&head, &self.domains, self.now()) {
            Err(fault) => Err((fault, head.uri.path().to_owned())),
            Ok(request) => {
                let resource = request.resource();
                self.handle(request, &head, body)
                    .await
                    .map_err(|fault| (fault, resource))
            }
        };
        let is_head = head.method == Method::HEAD;
        let reply =
            reply.unwrap_or_else(|(fault, resource)| Reply::fault(fault, dialect, &resource, &id, is_head));
        reply.send(dialect, &id)
    }

    async fn handle(&self, request: Request, head: &Parts, body: Incoming) -> Result<Reply, Fault> {
        if let Some(reply) = route::unsigned(&request) {
            return reply;
        }
        let sender = match self.admit(&request) {
            Ok(sender) => sender,
            Err(fault) => {
                if !head.headers.contains_key(header::EXPECT) {
                    drain(body).await;
                }
                return Err(fault);
            }
        };
        let mut body = Payload::read(&self.budget, body).await?;
        sender.check_body(&body.bytes)?;
        if sender.sends_chunks() {
            body = Payload::hold(&self.budget, chunked::decode(body.bytes)?)?;
        }
        check_digest(&request, &body.bytes)?;
        let mut call = Call { request, body };
        if !form::is_form(&call.request) {
            return route::perform(&mut self.store(), call);
        }
        let form = Form::read(&call).await?;
        form.post(&mut self.store(), &mut call.request, &sender, &self.credentials)
    }

    /// Verifies the signature. A form brings its own, in the body.
    fn admit(&self, request: &Request) -> Result<Sender, Fault> {
        let sender = Sender::of(request, &self.credentials)?;
        if !form::is_form(request) {
            route::authorize(&self.store(), request, &sender)?;
        }
        Ok(sender)
    }

    fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> OffsetDateTime {
        self.frozen.unwrap_or_else(OffsetDateTime::now_utc)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("domains", &self.0.domains)
            .finish_non_exhaustive()
    }
}

/// Whether the body has the MD5 that its head states.
fn check_digest(request: &Request, body: &[u8]) -> Result<(), Fault> {
    match request.header("content-md5") {
        Some(stated) if stated.trim() != BASE64_STANDARD.encode(md5(body)) => Err(Fault::Digest),
        _ => Ok(()),
    }
}

/// Reads what is left of a body, within bounds, so that the refusal is not lost to a reset.
async fn drain(mut body: Incoming) {
    let mut left = MEMORY;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(less) if !body.is_end_stream() => left = less,
            _ => return,
        }
    }
}

/// What all objects, parts and bodies under way may take: 256 MiB.
const MEMORY: usize = 256 << 20;

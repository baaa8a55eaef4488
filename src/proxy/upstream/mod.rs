//! The way to the store: an HTTP/1.1 client that changes nothing.
//!
//! - It runs inside the request's own future; a connection has no task of its own.
//! - What it takes for an answer is strict: an answer that two readers could cut differently is an error.
//! - A connection serves again only after both bodies were wholly consumed, both sides agreed to keep it, and nothing
//!   was left behind the answer. Whatever is dropped before is closed.
//! - Requests go up while answers come down: an early answer is relayed while the upload goes on.
//! - An answer that broke off is an error of its body, never its end.
//!
//! One [`Upstream`] belongs to one worker, and is made and used on that worker's `LocalSet`.

mod answer_head;
mod chunked;
mod connect;
mod connection;
mod decode;
mod error;
mod field;
mod lines;
mod mould;
mod pool;
mod reader;
mod request_head;
mod response_body;
mod response_head;
mod status_line;
mod stream;
mod trailers;
mod upload;

pub use super::body::RequestBody;
pub use answer_head::AnswerHead;
pub use connect::{Origin, Timeouts};
pub use error::{Kind, Side, UpstreamError};
pub(in crate::proxy) use field::Field;
pub use reader::{AnswerPart, AnswerReader};
pub use response_body::ResponseBody;

use crate::{
    classify::Admitted,
    obs::{operation::Operation, scheme::Scheme},
    policy::Permit,
    proxy::Sweep,
};
use connection::{Connection, Outlook, Waits};
use http::{Method, StatusCode};
use mould::Moulds;
use pool::Pool;
use request_head::Plan;
use response_head::ResponseHead;
use std::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    rc::Rc,
    time::Duration,
};
use stream::Care;

/// The store, as one worker sees it. Cheap to clone.
#[derive(Clone)]
pub struct Upstream(Rc<Shared>);

/// What the exchanges of a worker share.
struct Shared {
    origin: Origin,
    sweep: Rc<Sweep>,
    pool: Pool,
    usual: Waits,
    /// For operations that take the store its time.
    slow: Waits,
    /// A buffer to write the next head into.
    spare: Cell<Vec<u8>>,
    moulds: RefCell<Moulds>,
}

/// An answer of the store's.
pub enum Answer {
    /// On its way to the client.
    Free(Response),
    /// Held back: what it says decides whether the client may have it (rulings, 17).
    Held(Held),
}

/// An answer held back, its body unread. Dropping it closes the connection to upstream.
pub struct Held(Response);

/// An answer as it came.
pub struct Response {
    /// Its head.
    pub head: AnswerHead,
    /// What follows, as it streams.
    pub body: ResponseBody,
}

impl Upstream {
    /// An upstream to which no connection has been made yet. Its deadlines are those of `sweep`, the worker's clock:
    /// make it [for](Sweep::for_waits) the waits of `origin`, let it run, and have it [tidy](Self::tidy) once a tick.
    pub fn new(origin: Origin, sweep: Rc<Sweep>) -> Self {
        let pool = Pool::new(Rc::clone(&sweep));
        let timeouts = &origin.timeouts;
        let usual = Waits {
            head: sweep.ticks(timeouts.response_head),
            write: sweep.ticks(timeouts.body_idle),
            body: sweep.ticks(timeouts.body_idle),
            last_words: sweep.ticks(LAST_WORDS),
        };
        let slow = Waits {
            head: sweep.ticks(timeouts.slow_response_head),
            body: sweep.ticks(timeouts.slow_response_head),
            ..usual
        };
        Self(Rc::new(Shared {
            origin,
            sweep,
            pool,
            usual,
            slow,
            spare: Cell::default(),
            moulds: RefCell::default(),
        }))
    }

    /// Closes idle connections that upstream closed, or that were idle for too long.
    pub fn tidy(&self) {
        self.0.pool.clean();
    }

    /// The transport of what is sent.
    pub fn scheme(&self) -> Scheme {
        if self.0.origin.tls.is_some() {
            Scheme::Https
        } else {
            Scheme::Http
        }
    }

    /// Sends a request, and gives its answer as soon as the answer's head is there.
    ///
    /// # Errors
    /// Why there is no answer; [`UpstreamError::side`] tells whose fault that is.
    pub async fn send(&self, admitted: Admitted<'_, '_>, body: RequestBody) -> Result<Answer, UpstreamError> {
        let classified = admitted.classified();
        let waits = if is_slow(classified.facts.operation) {
            self.0.slow
        } else {
            self.0.usual
        };
        let mut head = self.0.spare.take();
        let plan = request_head::write(classified.head, &mut head)?;
        // A large thing, and moved about: it has a place of its own if there is one.
        let body = plan.has_body().then(|| Box::new(body));
        let (answer, connection) = self.0.exchange(head, &plan, body, waits).await?;
        let holds = admitted.permit().held() && classified.head.method == Method::GET;
        let response = self.0.response(answer, connection);
        if holds && response.head.status().is_success() {
            Ok(Answer::Held(Held(response)))
        } else {
            Ok(Answer::Free(response))
        }
    }
}

impl Held {
    /// The answer's status: a 2xx.
    pub fn status(&self) -> StatusCode {
        self.0.head.status()
    }

    /// The answer's head.
    pub fn head(&self) -> &AnswerHead {
        &self.0.head
    }

    /// Lets the answer go, for the permit that was given on what it says; the permit is spent.
    #[expect(clippy::needless_pass_by_value, reason = "a permit is spent by sending")]
    pub fn release(self, permit: Permit) -> Response {
        debug_assert!(
            !permit.held(),
            "a permit that holds the answer does not release it"
        );
        self.0
    }
}

impl Shared {
    /// Sends on an idle connection if there is one, and once more on a new one if that turns out to be stale.
    async fn exchange(
        self: &Rc<Self>,
        head: Vec<u8>,
        plan: &Plan,
        body: Option<Box<RequestBody>>,
        waits: Waits,
    ) -> Result<(ResponseHead, Box<Connection>), UpstreamError> {
        let repeatable = plan.idempotent && !plan.has_body();
        let care = if repeatable { Care::Repeatable } else { Care::Once };
        let (mut head, mut body) = (head, body);
        if let Some(mut connection) = self.pool.take(care) {
            self.spare.set(connection.begin(head, plan, body, waits));
            match poll_fn(|cx| connection.poll_head(cx, &self.moulds)).await {
                Ok(answer) => return Ok((answer, connection)),
                Err(error) if matches!(error.kind(), Kind::Closed | Kind::Write) => {
                    (head, body) = connection.take_unanswered(plan.idempotent).ok_or(error)?;
                }
                Err(error) => return Err(error),
            }
        }
        // Rare, and large: it does not weigh on exchanges over a connection that is there.
        let mut connection = Box::pin(self.connect()).await?;
        self.spare.set(connection.begin(head, plan, body, waits));
        let answer = poll_fn(|cx| connection.poll_head(cx, &self.moulds)).await?;
        Ok((answer, connection))
    }

    fn response(self: &Rc<Self>, answer: ResponseHead, mut connection: Box<Connection>) -> Response {
        connection.expect_body(answer.body);
        Response {
            head: answer.head,
            body: ResponseBody::new(connection, Rc::clone(self)),
        }
    }

    async fn connect(&self) -> Result<Box<Connection>, UpstreamError> {
        let stream = self.origin.connect().await?;
        Ok(Box::new(Connection::new(stream, self.sweep.watch())))
    }

    /// Takes a connection back after its answer's end. If the answer was early, the rest of the upload goes on
    /// without it: a client that is still sending is not cut off for having got its answer.
    fn give_back(self: &Rc<Self>, mut connection: Box<Connection>) {
        match connection.outlook() {
            Outlook::Close => {}
            Outlook::Keep => self.pool.put(connection),
            Outlook::Finish => {
                let shared = Rc::downgrade(self);
                tokio::task::spawn_local(async move {
                    if poll_fn(|cx| connection.poll_finish(cx)).await
                        && let Some(shared) = shared.upgrade()
                    {
                        shared.pool.put(connection);
                    }
                });
            }
        }
    }
}

/// Without its headers: they tell the MD5 of a customer key.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free(response) => f.debug_tuple("Free").field(response).finish(),
            Self::Held(held) => held.fmt(f),
        }
    }
}

/// The same.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.0).finish()
    }
}

/// The same.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

/// Operations that take the store its time.
const fn is_slow(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::CopyObject
            | Operation::UploadPartCopy
            | Operation::CompleteMultipartUpload
            | Operation::RestoreObject
    )
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("host", &self.0.origin.host)
            .field("port", &self.0.origin.port)
            .finish_non_exhaustive()
    }
}

/// How long upstream may take to say why it broke off.
const LAST_WORDS: Duration = Duration::from_secs(5);

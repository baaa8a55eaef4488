//! The body of an answer, and the event that a request leaves behind when its answer has ended.

use super::{
    admission::{Overload, Room},
    connection::Client,
    guard::{Verdict, Violation},
    http2::Offered,
    intake::Intake,
    piece::Piece,
    relay::Relay,
    upstream::UpstreamError,
};
use crate::telemetry::{AccessLog, Counters, Outcome, Record};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The body of an answer: the gate's own, or the store's as it streams.
pub(super) struct AnswerBody {
    source: Source,
    /// What is left of a piece that was too large.
    rest: Bytes,
    event: Option<Event>,
}

/// Where a request's event goes. One a worker.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    pub(super) log: Rc<AccessLog>,
    pub(super) counters: Arc<Counters>,
}

#[derive(Debug)]
enum Source {
    Whole(Option<Bytes>),
    Store { body: Relay, framed: Framed },
}

/// What shows the client where an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framed {
    /// A length or chunks.
    Message,
    /// The end of the connection: HTTP/1.0 without a length.
    Connection,
    /// The end of the stream: HTTP/2. Each piece waits for its client's window.
    Stream,
}

/// One request's event, written when it is dropped: at the end of the answer, or when the client went away before,
/// be it before there was an answer.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) record: Box<Record>,
    intake: Intake,
    journal: Journal,
    offered: Option<Offered>,
    ended: bool,
    /// It counts among the requests in flight.
    in_flight: bool,
    verdict: Verdict,
}

impl Event {
    /// The event of a request that has just begun.
    pub(super) fn begin(record: Record, client: &Client, journal: Journal) -> Self {
        Self {
            record: Box::new(record),
            intake: client.intake.clone(),
            journal,
            offered: client.offered.clone(),
            ended: false,
            in_flight: false,
            verdict: client.verdict.clone(),
        }
    }

    /// Names what ended the request early, if nothing stands against it already: what the guard found comes first.
    fn blame(&mut self, otherwise: Option<&str>) {
        if self.record.rule.is_none() {
            let found = self.verdict.violation().map(Violation::id).or(otherwise);
            self.record.rule = found.map(str::to_owned);
        }
    }

    /// The rest of the request was read, or will not be. What was wrong with it is known now.
    pub(super) fn settled(mut self) {
        if self.verdict.violation().is_some() && self.record.outcome == Outcome::Allowed {
            self.record.outcome = Outcome::Abandoned;
            self.blame(None);
        }
    }

    /// Counts the request among those in flight, if there is room, and the bytes of its head.
    ///
    /// # Errors
    /// Which bound it would be over.
    pub(super) fn admit(&mut self, room: Room, head: usize) -> Result<(), Overload> {
        room.check(&self.journal.counters)?;
        self.intake.account().admit(head);
        self.journal.counters.requests.add(1);
        self.in_flight = true;
        Ok(())
    }
}

impl AnswerBody {
    /// A body of the gate's own.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self {
            source: Source::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())),
            rest: Bytes::new(),
            event: None,
        }
    }

    /// The store's body as it streams.
    pub(super) fn streaming(body: Relay, framed: Framed) -> Self {
        Self {
            source: Source::Store { body, framed },
            rest: Bytes::new(),
            event: None,
        }
    }

    /// What is left of it when the body has ended, and the request perhaps not: the store may answer early.
    pub(super) fn into_event(self) -> Option<Event> {
        self.event
    }

    /// Whether the end of this body ends an upload that is under way: the store will take no more of it.
    pub(super) fn cuts_upload(&self) -> bool {
        matches!(&self.source, Source::Store { body, .. } if body.cuts_upload())
    }

    /// Nobody will have it, whether there is something of it or not.
    pub(super) fn unheard(&mut self) {
        if let Some(event) = &mut self.event {
            event.ended = false;
        }
    }

    /// Ties the request's event to the end of this body.
    #[must_use]
    pub(super) fn with_event(self, mut event: Event) -> Self {
        event.ended = self.is_end_stream();
        if let Source::Store {
            framed: Framed::Connection,
            ..
        } = self.source
        {
            event.intake.ends_with_connection();
        }
        Self {
            event: Some(event),
            ..self
        }
    }

    /// The next piece, small enough for whom it is for.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        if self.rest.is_empty() {
            let (body, framed) = match &mut self.source {
                Source::Whole(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
                Source::Store { body, framed } => (body, framed),
            };
            let frame = ready!(Pin::new(body).poll_frame(cx));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) if *framed == Framed::Stream => {
                    if let Some(event) = &self.event {
                        event.intake.account().came(data.len());
                    }
                    self.rest = data;
                }
                Some(Ok(Ok(data))) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Some(Ok(Err(frame))) => return Poll::Ready(Some(Ok(frame))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn ended(&mut self, with: Outcome) {
        if let Some(event) = &mut self.event {
            event.ended = true;
            if with != Outcome::Allowed {
                event.record.outcome = with;
            }
        }
    }
}

impl Body for AnswerBody {
    type Data = Piece;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, UpstreamError>>> {
        let this = &mut *self;
        if let Some(event) = &this.event {
            ready!(event.intake.account().poll_ready(cx));
        }
        let offered = this.event.as_ref().and_then(|event| event.offered.clone());
        if let Some(offered) = &offered {
            offered.asked();
        }
        let frame = ready!(this.poll_piece(cx));
        if let Some(offered) = &offered {
            offered.gave();
        }
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(event), Some(data)) = (&mut this.event, frame.data_ref()) {
                    event.record.bytes_out += data.len() as u64;
                    event.intake.account().answer(data.len());
                }
                if this.is_end_stream() {
                    this.ended(Outcome::Allowed);
                }
            }
            Some(Err(error)) => {
                let outcome = if error.is_clients() {
                    Outcome::Abandoned
                } else {
                    Outcome::Failed
                };
                this.ended(outcome);
                if let Some(event) = &mut this.event {
                    event.blame(Some(error.id()));
                }
            }
            None => this.ended(Outcome::Allowed),
        }
        // In HTTP/1 the connection tells when all of it is written.
        let counts = this.event.as_ref().filter(|event| event.offered.is_some());
        let piece = |bytes| match counts {
            Some(event) => Piece::counted(bytes, &event.intake),
            None => Piece::new(bytes),
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Whole(bytes) => bytes.is_none(),
            Source::Store { body, .. } => self.rest.is_empty() && body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            // Asked for only before the first piece.
            Source::Store { body, .. } => body.size_hint(),
        }
    }
}

/// What a stream gets at a time: a slow client has to take that much within the time for a body.
const PIECE: usize = 16 << 10;

impl Drop for Event {
    fn drop(&mut self) {
        if !self.ended && self.record.outcome == Outcome::Allowed {
            self.record.outcome = Outcome::Abandoned;
            self.blame(None);
        }
        if self.in_flight {
            self.journal.counters.requests.sub(1);
        }
        self.intake.account().end();
        self.record.bytes_in = self.intake.bytes();
        self.journal.counters.count(&self.record);
        self.journal.log.write(&self.record);
    }
}

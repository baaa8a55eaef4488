//! An answer on its way to a client of HTTP/1: as fast as the client takes it and the store gives it, and ended in order
//! or not at all.

use super::{
    head::{Framing, Terms},
    reader::Reader,
};
use crate::proxy::{
    answer::{AnswerBody, Event},
    outgoing::Outgoing,
    respond::Answered,
};
use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use http_body::Body as _;
use std::{
    cell::RefCell,
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// An answer that is being written.
pub(super) struct Answering {
    out: Outgoing,
    /// What is left to come of it.
    body: Option<AnswerBody>,
    /// What is left behind of it, as long as the request may go on.
    event: Option<Event>,
    framing: Framing,
    /// The client takes trailers.
    trailers: bool,
    persists: bool,
    /// Its body broke off: its end must not look like one.
    broken: bool,
}

/// Why an answer did not come to its end.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The client went away.
    Gone,
    /// It cannot be written to.
    Unwritable(io::Error),
    /// The body broke off.
    Broken,
}

impl Answering {
    /// Begins with what is already written into `room`.
    pub(super) fn begin(answered: Answered, terms: Terms, mut room: Vec<u8>) -> Self {
        let (written, body) = match answered {
            Answered::Relayed(head, body) => (terms.write(&head, &body.size_hint(), &mut room), body),
            Answered::Refused(refused) => (terms.refuse(&refused, &mut room), refused.into_body()),
        };
        let mut out = Outgoing::default();
        drop(out.begin(room));
        let mut answering = Self {
            out,
            body: Some(body),
            event: None,
            framing: written.framing,
            trailers: terms.trailers,
            persists: written.persists,
            broken: false,
        };
        answering.end_if_whole();
        answering
    }

    /// Whether another request may follow, once this has ended.
    pub(super) fn persists(&self) -> bool {
        self.persists
    }

    /// The room it was written in, for the next one; and the event, if the request may still go on.
    pub(super) fn finish(mut self) -> (Vec<u8>, Option<Event>) {
        (self.out.begin(Vec::new()), self.event)
    }

    /// Writes on. Ready at the end.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reader: &RefCell<Reader>,
    ) -> Poll<Result<(), Unanswered>> {
        loop {
            let more = self.poll_gather(cx);
            let mut reader = reader.borrow_mut();
            if !reader.is_lent()
                && let Some(event) = self.event.take()
            {
                // Told before the client has all of its answer.
                event.settled();
            }
            if let Err(error) = ready!(reader.poll_send(cx, &mut self.out)) {
                return Poll::Ready(Err(Unanswered::Unwritable(error)));
            }
            if self.broken {
                return Poll::Ready(Err(Unanswered::Broken));
            }
            if self.body.is_none() {
                return Poll::Ready(Ok(()));
            }
            if more.is_pending() {
                // Whoever has the body of the request reads it in this task, as long as the answer has not ended.
                return reader.poll_gone(cx).map(|()| Err(Unanswered::Gone));
            }
        }
    }

    /// Takes of the body what there is room for. Pending if it has nothing now.
    fn poll_gather(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.out.has_room()
            && let Some(body) = &mut self.body
        {
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(mut data) => {
                        let data = data.copy_to_bytes(data.remaining());
                        self.put(data);
                    }
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok().filter(|_| self.trailers);
                        self.end(&trailers.unwrap_or_default());
                    }
                },
                Some(Err(_)) => self.break_off(),
                None => self.end(&HeaderMap::new()),
            }
        }
        Poll::Ready(())
    }

    fn put(&mut self, data: Bytes) {
        if let Framing::Length(left) = &mut self.framing {
            match left.checked_sub(data.len() as u64) {
                Some(rest) => *left = rest,
                // What goes beyond its length would be read as the next answer.
                None => return self.break_off(),
            }
        }
        if !data.is_empty() {
            self.out.put_data(data, self.framing == Framing::Chunked);
        }
        self.end_if_whole();
    }

    /// Ends as soon as the last byte is here: what is done at the end is done before the client has it all. A last chunk
    /// waits until there is room behind the one before it.
    fn end_if_whole(&mut self) {
        let is_whole = match self.framing {
            Framing::None | Framing::Length(0) => true,
            Framing::Chunked if !self.out.has_room() => false,
            Framing::Length(_) | Framing::Close | Framing::Chunked => {
                self.body.as_ref().is_some_and(AnswerBody::is_end_stream)
            }
        };
        if is_whole {
            self.end(&HeaderMap::new());
        }
    }

    fn end(&mut self, trailers: &HeaderMap) {
        match self.framing {
            Framing::Length(1..) => return self.break_off(),
            Framing::Chunked => self.out.put_end(trailers),
            Framing::None | Framing::Length(_) | Framing::Close => {}
        }
        self.event = self.body.take().and_then(AnswerBody::into_event);
    }

    fn break_off(&mut self) {
        self.body = None;
        self.broken = true;
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the client has gone"),
            Self::Unwritable(error) => error.fmt(f),
            Self::Broken => f.write_str("the answer broke off"),
        }
    }
}

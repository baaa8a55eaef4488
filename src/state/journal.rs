//! From memory to the file: changes queue up and a thread of the journal's own commits whatever has come in
//! meanwhile as one group. A [`Ticket`] completes when the group that holds its change is durable.

use super::{file::File, fingerprint::Fingerprint, shard::Record};
use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
    thread::{self, JoinHandle, Thread},
    time::Duration,
};

/// Completes when what was learned is durable: at once, when there is no file.
#[must_use = "what was learned may not be durable yet"]
#[derive(Debug)]
pub struct Ticket {
    group: Option<Arc<Group>>,
    place: Option<usize>,
}

/// Why something is not durable. The gate still knows it, until it restarts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDurable(Arc<str>);

/// What happens to one entry of the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Keep(Record),
    Drop(Fingerprint),
}

/// How much of a hurry a change is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hurry {
    /// Somebody waits for it.
    Now,
    /// It may wait for others, up to [`LAZY`].
    Lazy,
}

/// The queue and its thread. Dropping it commits what is left.
#[derive(Debug)]
pub(super) struct Journal {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Queue {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    changes: Vec<Change>,
    group: Arc<Group>,
    urgent: bool,
    stopping: bool,
}

#[derive(Debug, Default)]
struct Group(Mutex<Outcome>);

#[derive(Debug)]
enum Outcome {
    Waiting(Vec<Waker>),
    Done(Result<(), NotDurable>),
}

impl Journal {
    /// Starts the thread that owns the file from now on.
    pub(super) fn start(file: File) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            pending: Mutex::default(),
            changed: Condvar::new(),
        });
        let committed = Arc::clone(&queue);
        let thread = thread::Builder::new()
            .name("obsgate-state".to_owned())
            .spawn(move || committed.run(file))?;
        Ok(Self {
            queue,
            thread: Some(thread),
        })
    }

    /// Queues a change. Changes are committed in the order in which they are pushed.
    pub(super) fn push(&self, change: Change, hurry: Hurry) -> Ticket {
        let mut pending = lock(&self.queue.pending);
        if pending.changes.len() >= MOST_PENDING {
            return Ticket::completed(Err(NotDurable::new("the file cannot keep up")));
        }
        let wake = pending.changes.is_empty() || (hurry == Hurry::Now && !pending.urgent);
        pending.changes.push(change);
        pending.urgent |= hurry == Hurry::Now;
        let group = Some(Arc::clone(&pending.group));
        drop(pending);
        if wake {
            self.queue.changed.notify_one();
        }
        Ticket { group, place: None }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        lock(&self.queue.pending).stopping = true;
        self.queue.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has failed its group already, and there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

impl Queue {
    fn run(&self, mut file: File) {
        while let Some((changes, group)) = self.next_group() {
            let commit = Commit(&group);
            let outcome = file.commit(&changes);
            commit.0.complete(outcome);
        }
    }

    /// Waits for the next group. [`None`] when there will be no more.
    fn next_group(&self) -> Option<(Vec<Change>, Arc<Group>)> {
        let idle = |pending: &mut Pending| pending.changes.is_empty() && !pending.stopping;
        let unhurried = |pending: &mut Pending| !pending.urgent && !pending.stopping;
        let pending = self
            .changed
            .wait_while(lock(&self.pending), idle)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut pending, _) = self
            .changed
            .wait_timeout_while(pending, LAZY, unhurried)
            .unwrap_or_else(PoisonError::into_inner);
        if pending.changes.is_empty() {
            return None;
        }
        pending.urgent = false;
        Some((
            std::mem::take(&mut pending.changes),
            std::mem::take(&mut pending.group),
        ))
    }
}

/// Fails the group if the thread panics over it: nobody waits for ever.
struct Commit<'g>(&'g Group);

impl Drop for Commit<'_> {
    fn drop(&mut self) {
        self.0.complete(Err(NotDurable::new("the file's thread is gone")));
    }
}

impl Group {
    /// The first outcome counts.
    fn complete(&self, outcome: Result<(), NotDurable>) {
        let mut current = lock(&self.0);
        if matches!(*current, Outcome::Done(_)) {
            return;
        }
        let before = std::mem::replace(&mut *current, Outcome::Done(outcome));
        drop(current);
        if let Outcome::Waiting(wakers) = before {
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}

impl Default for Outcome {
    fn default() -> Self {
        Self::Waiting(Vec::new())
    }
}

impl Ticket {
    /// One that has nothing to wait for.
    pub(super) fn completed(outcome: Result<(), NotDurable>) -> Self {
        let group = outcome
            .is_err()
            .then(|| Arc::new(Group(Mutex::new(Outcome::Done(outcome)))));
        Self { group, place: None }
    }

    /// Waits on this thread: for callers outside an executor.
    ///
    /// # Errors
    /// As the future.
    pub fn wait(mut self) -> Result<(), NotDurable> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match Pin::new(&mut self).poll(&mut context) {
                Poll::Ready(outcome) => return outcome,
                Poll::Pending => thread::park(),
            }
        }
    }
}

impl Future for Ticket {
    type Output = Result<(), NotDurable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ticket = &mut *self;
        let Some(group) = &ticket.group else {
            return Poll::Ready(Ok(()));
        };
        match &mut *lock(&group.0) {
            Outcome::Done(outcome) => Poll::Ready(outcome.clone()),
            Outcome::Waiting(wakers) => {
                if let Some(waker) = ticket.place.and_then(|place| wakers.get_mut(place)) {
                    waker.clone_from(context.waker());
                } else {
                    ticket.place = Some(wakers.len());
                    wakers.push(context.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl NotDurable {
    pub(super) fn new(reason: impl Into<Arc<str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for NotDurable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not kept in the state file: {}", self.0)
    }
}

impl std::error::Error for NotDurable {}

/// What these locks guard stays whole when a thread panics over them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a change that nobody waits for may wait for company.
const LAZY: Duration = Duration::from_secs(1);

/// Bounds the memory held while a disk hangs.
const MOST_PENDING: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Stored, fingerprint::Secret};
    use std::path::Path;

    fn some_change() -> Change {
        Change::Drop(Secret::random().fingerprint(&Stored::BucketDefault { bucket: b"b" }))
    }

    #[test]
    fn a_group_that_cannot_be_written_fails_its_tickets_and_the_journal_lives_on() {
        let file = File::unwritable(Path::new("/nonexistent/directory/state"));
        let journal = Journal::start(file).unwrap();
        for _ in 0..3 {
            let ticket = journal.push(some_change(), Hurry::Now);
            assert!(ticket.wait().is_err());
        }
    }

    #[test]
    fn a_ticket_polled_by_another_task_wakes_that_one() {
        struct Count(std::sync::atomic::AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let group = Arc::new(Group::default());
        let mut ticket = Ticket {
            group: Some(Arc::clone(&group)),
            place: None,
        };
        let counts = [(); 2].map(|()| Arc::new(Count(0.into())));
        for count in &counts {
            let waker = Waker::from(Arc::clone(count));
            let polled = Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        group.complete(Ok(()));
        group.complete(Err(NotDurable::new("too late")));
        let woken = counts.map(|count| count.0.load(std::sync::atomic::Ordering::SeqCst));
        assert_eq!(woken, [0, 1]);
        assert_eq!(ticket.wait(), Ok(()));
    }

    #[test]
    fn a_full_queue_fails_instead_of_growing() {
        let journal = Journal {
            queue: Arc::new(Queue {
                pending: Mutex::default(),
                changed: Condvar::new(),
            }),
            thread: None,
        };
        for _ in 0..MOST_PENDING {
            drop(journal.push(some_change(), Hurry::Lazy));
        }
        assert!(journal.push(some_change(), Hurry::Now).wait().is_err());
    }
}

//! Idle connections of one worker: the last one used is the next one used.

use super::{connection::Connection, stream::Care};
use crate::proxy::sweep::{Sweep, Tick};
use std::{cell::RefCell, rc::Rc, time::Duration};

#[derive(Debug)]
pub(super) struct Pool {
    sweep: Rc<Sweep>,
    idle: RefCell<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Box<Connection>,
    since: Tick,
}

impl Pool {
    pub(super) fn new(sweep: Rc<Sweep>) -> Self {
        Self {
            sweep,
            idle: RefCell::default(),
        }
    }

    /// An idle connection that still lives, as far as one can tell (rulings, 30).
    pub(super) fn take(&self, care: Care) -> Option<Box<Connection>> {
        loop {
            let mut idle = self.idle.borrow_mut().pop()?;
            if !self.is_old(&idle) && idle.connection.is_quiet(care) {
                return Some(idle.connection);
            }
        }
    }

    pub(super) fn put(&self, mut connection: Box<Connection>) {
        connection.rest();
        let mut idle = self.idle.borrow_mut();
        if idle.len() < MAX_IDLE {
            idle.push(Idle {
                connection,
                since: self.sweep.now(),
            });
        }
    }

    /// Closes what upstream closed, and what was idle for too long.
    pub(super) fn clean(&self) {
        self.idle
            .borrow_mut()
            .retain_mut(|idle| !self.is_old(idle) && idle.connection.is_quiet(Care::Repeatable));
    }

    fn is_old(&self, idle: &Idle) -> bool {
        // The tick it was put in had begun before.
        self.sweep.now().saturating_sub(idle.since).saturating_add(1) >= self.sweep.ticks(MAX_IDLE_TIME)
    }
}

/// How many connections a worker keeps idle.
const MAX_IDLE: usize = 256;
/// How long.
const MAX_IDLE_TIME: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::{super::stream::Stream, *};
    use tokio::net::{TcpListener, TcpStream};

    const TICK: Duration = Duration::from_secs(1);

    struct Other(TcpListener);

    impl Other {
        async fn new() -> Self {
            Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
        }

        async fn connect(&self, sweep: &Rc<Sweep>) -> (Box<Connection>, TcpStream) {
            let stream = TcpStream::connect(self.0.local_addr().unwrap()).await.unwrap();
            let (other, _) = self.0.accept().await.unwrap();
            (
                Box::new(Connection::new(Stream::Plain(stream), sweep.watch())),
                other,
            )
        }
    }

    #[tokio::test]
    async fn a_connection_idle_for_twenty_seconds_is_closed() {
        let (other, sweep) = (Other::new().await, Rc::new(Sweep::new(TICK)));
        let pool = Pool::new(Rc::clone(&sweep));
        for cleaned in [false, true] {
            sweep.tick(Duration::ZERO);
            let (connection, end) = other.connect(&sweep).await;
            pool.put(connection);
            sweep.tick(TICK * 18);
            pool.clean();
            let connection = pool.take(Care::Once).expect("it is not that old");
            sweep.tick(Duration::ZERO);
            pool.put(connection);
            sweep.tick(MAX_IDLE_TIME);
            if cleaned {
                pool.clean();
                assert!(pool.idle.borrow().is_empty());
            }
            assert!(pool.take(Care::Repeatable).is_none());
            end.readable().await.unwrap();
            assert_eq!(end.try_read(&mut [0]).unwrap(), 0, "the other end sees it closed");
        }
    }

    #[tokio::test]
    async fn a_connection_that_the_other_end_closed_or_spoke_on_is_not_given_out() {
        let (other, sweep) = (Other::new().await, Rc::new(Sweep::new(TICK)));
        let pool = Pool::new(Rc::clone(&sweep));
        for spoken in [false, true] {
            let (connection, end) = other.connect(&sweep).await;
            let mut end = Some(end);
            if spoken {
                let end = end.as_ref().unwrap();
                end.writable().await.unwrap();
                end.try_write(b"HTTP/1.1 200 OK").unwrap();
            } else {
                end = None;
            }
            pool.put(connection);
            assert!(
                pool.take(Care::Once).is_none(),
                "asked at once, before the runtime knows"
            );
            drop(end);
        }
    }

    #[tokio::test]
    async fn no_more_are_kept_idle_than_there_is_room_for() {
        let (other, sweep) = (Other::new().await, Rc::new(Sweep::new(TICK)));
        let pool = Pool::new(Rc::clone(&sweep));
        let mut ends = Vec::new();
        for _ in 0..=MAX_IDLE {
            let (connection, end) = other.connect(&sweep).await;
            pool.put(connection);
            ends.push(end);
        }
        assert_eq!(pool.idle.borrow().len(), MAX_IDLE);
    }
}

//! Accounts: whatever happens, the worker has its bytes back in the end.

use super::*;
use crate::config::Limits;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    task::Wake,
};

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn share(bytes: usize) -> Share {
    let limits = Limits {
        buffer_bytes: bytes,
        ..Limits::default()
    };
    Share {
        counters: Arc::default(),
        room: Room::of(&limits, 1),
    }
}

fn metered(share: &Share) -> Account {
    let account = Account::of(share.clone());
    account.meter();
    account
}

#[test]
fn whatever_happens_to_a_connection_the_worker_has_all_its_bytes_back_in_the_end() {
    let happens: [fn(&Account); 10] = [
        Account::begin,
        |one| one.admit(300),
        |one| one.hold(70_000),
        |one| one.hold(0),
        |one| one.keep(60_000),
        |one| one.pass(8_000),
        |one| one.answer(20_000),
        Account::written,
        Account::let_go,
        Account::end,
    ];
    let share = share(1 << 20);
    let buffered = &share.counters.buffered;
    for order in 0..10usize.pow(5) {
        let account = metered(&share);
        for step in 0..5 {
            happens[order / 10usize.pow(step) % 10](&account);
        }
        let parts = [&account.held, &account.head, &account.body, &account.answer];
        let held: usize = parts.iter().map(|part| part.get()).sum();
        assert_eq!(buffered.get(), held as u64);
        drop(account);
        assert_eq!(buffered.get(), 0);
    }
}

#[test]
fn an_answer_counts_until_it_is_written_and_its_largest_piece_until_it_has_ended() {
    let share = share(1 << 20);
    let buffered = || share.counters.buffered.get();
    let account = metered(&share);
    account.begin();
    account.admit(0);
    assert_eq!(buffered(), ANSWER as u64);
    account.answer(100_000);
    account.answer(50_000);
    assert_eq!(buffered(), 150_000);
    account.written();
    assert_eq!(buffered(), 100_000);
    account.answer(120_000);
    account.end();
    assert_eq!(buffered(), 120_000);
    account.written();
    assert_eq!(buffered(), 0);
}

#[test]
fn what_was_read_and_not_used_counts_whether_a_request_is_under_way_or_not() {
    let share = share(1 << 20);
    let account = metered(&share);
    account.hold(100);
    account.begin();
    account.hold(100_000);
    account.end();
    assert_eq!(share.counters.buffered.get(), 100_000);
    account.hold(0);
    assert_eq!(share.counters.buffered.get(), 0);
}

#[test]
fn the_last_piece_of_an_upload_counts_until_its_answer_has_ended() {
    let share = share(1 << 20);
    let account = metered(&share);
    account.begin();
    account.pass(7);
    account.let_go();
    assert_eq!(share.counters.buffered.get(), 7);
    account.end();
    account.pass(9);
    account.let_go();
    assert_eq!(share.counters.buffered.get(), 0);
}

#[test]
fn an_answer_waits_for_its_own_bytes_alone_and_only_while_the_share_is_used_up() {
    let share = share(100_000);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let cx = Context::from_waker(&waker);
    let (slow, other) = (metered(&share), metered(&share));
    slow.answer(99_999);
    assert!(slow.poll_ready(&cx).is_ready());
    slow.answer(1);
    assert!(slow.poll_ready(&cx).is_pending());
    assert!(other.poll_ready(&cx).is_ready(), "nothing of it is unwritten");
    let unmetered = Account::of(share.clone());
    unmetered.answer(5);
    assert!(unmetered.poll_ready(&cx).is_ready(), "nobody would tell");
    slow.written();
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(slow.poll_ready(&cx).is_ready());
}

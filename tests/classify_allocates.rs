//! What stands between a request and its permission allocates nothing.

#![expect(unsafe_code, reason = "a global allocator that counts is an unsafe trait")]

mod heads;

use heads::{arrival, corpus, endpoints, strict};
use obsgate::{classify::classify, obs::scheme::Scheme};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came; the counter allocates nothing itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(of: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    of();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
}

#[test]
fn classifying_and_deciding_allocate_nothing() {
    let (endpoints, policy) = (endpoints(), strict());
    for (name, parts) in corpus() {
        for scheme in Scheme::ALL {
            let mut allowed = false;
            let count = allocations(|| {
                let classified = classify(&parts, arrival(scheme), &endpoints).ok();
                let decision = classified.map(|classified| policy.decide(classified.facts));
                allowed = black_box(decision).is_some();
            });
            assert!(allowed, "{name} was refused");
            assert_eq!(count, 0, "{name}");
        }
    }
}

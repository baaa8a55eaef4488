//! What stands between a request and its permission allocates nothing.

#![expect(unsafe_code, reason = "a global allocator that counts is an unsafe trait")]

mod heads;
mod published;
mod requests;

use heads::{arrival, corpus, endpoints, strict};
use http::request::Parts;
use obsgate::{classify::classify, obs::scheme::Scheme};
use requests::requests;
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
    for (name, parts) in corpus() {
        for scheme in Scheme::ALL {
            allocates_nothing(&parts, scheme, &name);
        }
    }
}

#[test]
fn no_request_of_a_published_row_allocates() {
    for (row, variant, parts) in requests() {
        allocates_nothing(&parts, variant.scheme, &format!("{row:?} {variant:?}"));
    }
}

fn allocates_nothing(parts: &Parts, scheme: Scheme, name: &str) {
    let (endpoints, policy) = (endpoints(), strict());
    let mut settled = false;
    let count = allocations(|| {
        let classified = classify(parts, arrival(scheme), &endpoints).ok();
        let inquiry = classified.map(|classified| classified.inquire(&policy));
        settled = black_box(inquiry.map(|inquiry| inquiry.settle().is_ok())).is_some();
    });
    assert!(settled, "{name} was refused as malformed");
    assert_eq!(count, 0, "{name}");
}

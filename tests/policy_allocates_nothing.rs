//! Deciding and settling are on the way of every request: they allocate nothing.

#![cfg(test)]

use obsgate::{
    config::{Builtin, Profile},
    obs::{
        auth::Auth,
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        scheme::Scheme,
    },
    policy::{Facts, Role, Settings, Unknown},
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
};

#[test]
fn deciding_learning_and_settling_allocate_nothing() {
    let policy = Profile::builtin(Builtin::Strict, Settings::default())
        .unwrap()
        .policy;
    let before = allocations();
    for operation in Operation::ALL {
        for scheme in Scheme::ALL {
            for auth in Auth::ALL {
                for target in EncryptionSet::every() {
                    let facts = Facts {
                        operation,
                        target,
                        source: EncryptionSet::ALL,
                        also: None,
                        customer_key: true,
                        scheme,
                        auth,
                    };
                    let facts = facts.learn(Role::Source, EncryptionSet::only(Encryption::Plain));
                    let settled = policy.settle(facts, policy.decide(facts), Unknown::BucketDefault);
                    let _ = black_box(settled.map_err(|denial| policy.denial_id(denial).len()));
                }
            }
        }
    }
    assert_eq!(allocations(), before);
}

#[test]
fn an_allocation_is_counted() {
    let before = allocations();
    drop(black_box(vec![1]));
    assert!(allocations() > before);
}

/// The system's allocator, counting what each thread asks of it.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

#[expect(unsafe_code, reason = "only an allocator can count allocations")]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

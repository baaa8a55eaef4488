//! The program under mixed traffic with faults, for as long as one likes: every answer is one that was to be expected,
//! the counters agree with what was sent, and what it holds in files, sockets and memory returns to where it was.
//!
//! `OBSGATE_SOAK_SECONDS` says for how long, 2 if it is not set. The verdict rests on what happened, never on how fast.

#![cfg(test)]
#![cfg(target_os = "linux")]

mod client;
#[expect(dead_code, reason = "a part of it is used here")]
#[path = "../gate/harness.rs"]
mod harness;
#[expect(dead_code, reason = "a part of it is used here")]
#[path = "../gate/message.rs"]
mod message;
mod program;
#[path = "../hostile/reading.rs"]
mod reading;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod tally;

use client::Client;
use program::Program;
use std::{
    env, thread,
    time::{Duration, Instant},
};
use tally::Tally;

#[test]
fn under_mixed_traffic_with_faults_nothing_is_lost_and_nothing_stays_behind() {
    let seconds = env::var("OBSGATE_SOAK_SECONDS").map_or(2, |text| text.parse().expect("seconds"));
    let (store, mut program) = Program::start();
    // The same traffic as after it, so that what is kept for good is there already.
    let mut tally = traffic(&program, 0, Duration::from_secs(seconds / 4 + 1));
    let mut before = program.settled(&store);
    // A busier moment than any before leaves the allocator with more, once; a leak takes its share of every round.
    let settles = (1..=ROUNDS).any(|round| {
        tally.add(&traffic(&program, round, Duration::from_secs(seconds)));
        let returns = program.returns_to(before, TOLERANCE_KIB, &store);
        let after = program.held();
        println!("{before:?}, then {after:?}");
        before = after;
        returns
    });
    println!("{tally:?}");
    assert!(settles, "memory grows from round to round");
    tally.check(&program.metrics());
    let lines = program.stop();
    tally.check_lines(&lines);
    assert_eq!(lines.complaints, Vec::<String>::new());
}

/// All clients at once until the time is over; each ends what it has begun.
fn traffic(program: &Program, round: u64, time: Duration) -> Tally {
    let until = Instant::now() + time;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                scope.spawn(move || {
                    let mut client = Client::new(program, round * CLIENTS + number);
                    while Instant::now() < until {
                        client.act();
                    }
                    client.tally
                })
            })
            .collect();
        let mut sum = Tally::default();
        for client in clients {
            sum.add(&client.join().expect("a client met what it did not expect"));
        }
        sum
    })
}

const CLIENTS: u64 = 8;
const ROUNDS: u64 = 4;
/// What the allocator may keep of a busier moment than any in the warm-up: far less than a leak of any kind comes to.
const TOLERANCE_KIB: u64 = 8 * 1024;

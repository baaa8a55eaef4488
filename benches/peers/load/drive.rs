//! A given number of requests, as fast as the answers come: each thread uses its connections in turn, so there are
//! never more requests under way than threads.

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use serde_json::json;

use crate::client::{Answer, Connection, Target, head};

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Get,
    Put,
    Connect,
    Begin,
    Part,
}

pub(crate) struct Plan {
    pub(crate) requests: usize,
    pub(crate) connections: usize,
    pub(crate) threads: usize,
    /// Bytes of a PUT; for parts, how many uploads there are.
    pub(crate) size: u64,
}

#[derive(Default)]
struct Count {
    taken: AtomicUsize,
    ok: AtomicU64,
    failed: AtomicU64,
    bytes: AtomicU64,
}

pub(crate) fn run(kind: Kind, target: &Target, plan: &Plan) {
    let count = Count::default();
    let start = Instant::now();
    std::thread::scope(|threads| {
        for thread in 0..plan.threads {
            let share =
                plan.connections / plan.threads + usize::from(thread < plan.connections % plan.threads);
            let count = &count;
            threads.spawn(move || work(kind, target, plan, share, count));
        }
    });
    println!(
        "{}",
        json!({
            "ok": count.ok.load(Relaxed),
            "failed": count.failed.load(Relaxed),
            "bytes": count.bytes.load(Relaxed),
            "seconds": start.elapsed().as_secs_f64(),
        })
    );
}

fn work(kind: Kind, target: &Target, plan: &Plan, share: usize, count: &Count) {
    let mut buffer = vec![0; 256 << 10];
    let piece = vec![b'y'; 1 << 20];
    let get = head("GET", &target.path, None);
    let put = head("PUT", &target.path, Some(plan.size));
    let mut connections: Vec<Option<Connection>> = Vec::new();
    connections.resize_with(share.max(1), || None);
    let turns = (0..connections.len()).cycle();
    for turn in turns {
        let number = count.taken.fetch_add(1, Relaxed);
        if number >= plan.requests {
            return;
        }
        let Some(place) = connections.get_mut(turn) else {
            return;
        };
        let answer = with(place, target, |connection| match kind {
            Kind::Get | Kind::Connect => connection.get(&get, &mut buffer),
            Kind::Put => connection.put(&put, &piece, plan.size, &mut buffer),
            Kind::Begin => connection.get(
                &head("POST", &format!("/u{number}?uploads"), Some(0)),
                &mut buffer,
            ),
            Kind::Part => {
                let upload = scattered(number) % plan.size.max(1);
                let part = format!("/u{upload}?partNumber=1&uploadId=upload-u{upload}");
                connection.put(&head("PUT", &part, Some(PART)), &piece, PART, &mut buffer)
            }
        });
        if let Ok(Answer { status: 200, length }) = answer {
            count.ok.fetch_add(1, Relaxed);
            let sent = if matches!(kind, Kind::Put) { plan.size } else { 0 };
            count.bytes.fetch_add(length + sent, Relaxed);
        } else {
            count.failed.fetch_add(1, Relaxed);
            *place = None;
        }
        if matches!(kind, Kind::Connect) {
            *place = None;
        }
    }
}

fn with(
    place: &mut Option<Connection>,
    target: &Target,
    exchange: impl FnOnce(&mut Connection) -> io::Result<Answer>,
) -> io::Result<Answer> {
    if let Some(connection) = place {
        return exchange(connection);
    }
    exchange(place.insert(target.connect()?))
}

/// Numbers in an order that no cache foresees (splitmix64).
fn scattered(number: usize) -> u64 {
    let mut x = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

const PART: u64 = 64;

//! GETs at a constant rate. Latency counts from when a request was due, so that a slow answer also counts against the
//! requests that had to wait behind it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Target, head};

pub(crate) fn run(target: &Target, connections: usize, per_second: u32, seconds: f64) {
    // A thread that sleeps is woken up to 50 µs late unless it asks for better; where it may not, all wait alike.
    _ = std::fs::write("/proc/self/timerslack_ns", "1000");
    let failed = AtomicU64::new(0);
    let start = Instant::now() + Duration::from_millis(300);
    let step = Duration::from_secs(1) / per_second.max(1);
    let interval = step * u32::try_from(connections).unwrap_or(u32::MAX);
    let end = start + Duration::from_secs_f64(seconds);
    let mut latencies: Vec<Duration> = std::thread::scope(|threads| {
        let mut first = start;
        let mut running = Vec::new();
        for _ in 0..connections {
            let failed = &failed;
            running.push(threads.spawn(move || work(target, first, interval, end, failed)));
            first += step;
        }
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_default())
            .collect()
    });
    latencies.sort_unstable();
    let part = |percent: usize| {
        let latency = latencies
            .get(latencies.len() * percent / 100)
            .copied()
            .unwrap_or_default();
        latency.as_secs_f64() * 1e6
    };
    println!(
        "{}",
        json!({ "ok": latencies.len(), "failed": failed.into_inner(), "p50": part(50), "p90": part(90), "p99": part(99) })
    );
}

fn work(
    target: &Target,
    first: Instant,
    interval: Duration,
    end: Instant,
    failed: &AtomicU64,
) -> Vec<Duration> {
    let get = head("GET", &target.path, None);
    let mut buffer = vec![0; 64 << 10];
    let mut latencies = Vec::new();
    let Ok(mut connection) = target.connect() else {
        failed.fetch_add(1, Relaxed);
        return latencies;
    };
    let mut due = first;
    while due < end {
        if let Some(wait) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(wait);
        }
        match connection.get(&get, &mut buffer) {
            Ok(answer) if answer.status == 200 => latencies.push(due.elapsed()),
            _ => {
                failed.fetch_add(1, Relaxed);
                return latencies;
            }
        }
        due += interval;
    }
    latencies
}

//! How much memory an entry takes: the number in the documentation of [`obsgate::state`]. Alone in its process.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use obsgate::{
    obs::encryption::EncryptionSet,
    state::{Evidence, Limits, Moment, State, Stored},
};

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_full_state_takes_about_45_bytes_an_entry_whatever_the_length_of_names() {
    let limits = Limits::default();
    let now = Moment::from_millis(0);
    let before = resident_kib();
    let state = State::new(&limits, &[]);
    let key = vec![b'k'; 1024];
    // More than there is room for.
    for number in 0..1_050_000_u32 {
        let id = number.to_le_bytes();
        let upload = Stored::Upload {
            bucket: b"bucket",
            key: &key[..usize::try_from(number % 64).unwrap()],
            upload_id: &id,
        };
        drop(state.learn(&upload, EncryptionSet::ALL, Evidence::Response, now));
    }
    let entries = state.entries();
    assert!(entries > 920_000 && entries <= limits.entries, "{entries}");
    let bytes = (resident_kib() - before) * 1024 / entries;
    println!("{bytes} bytes an entry");
    assert!((40..=46).contains(&bytes), "{bytes}");
}

//! The shard against a naive one, and the law that fairness rests on.

use super::{
    Evidence, Moment, Stored,
    fingerprint::{Fingerprint, Secret},
    shard::{Record, Shard},
};
use crate::obs::encryption::EncryptionSet;
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Clone, Debug)]
enum Step {
    Put {
        name: u128,
        lane: u16,
        encryption: usize,
    },
    Get(u128),
    Remove(u128),
    Expire,
    Pass(u64),
}

/// Queues of records, the oldest first, searched from end to end.
struct Naive {
    lanes: Vec<VecDeque<Record>>,
    capacity: usize,
}

impl Naive {
    fn all(&self) -> impl Iterator<Item = &Record> {
        self.lanes.iter().flatten()
    }

    fn remove(&mut self, fingerprint: Fingerprint) -> Option<Record> {
        self.lanes.iter_mut().find_map(|lane| {
            let at = lane.iter().position(|record| record.fingerprint == fingerprint)?;
            lane.remove(at)
        })
    }

    fn put(&mut self, record: Record, now: Moment) -> Vec<Record> {
        let mut dropped = Vec::new();
        if self.remove(record.fingerprint).is_none() {
            let lane = &mut self.lanes[usize::from(record.lane)];
            while dropped.len() < 2 && lane.front().is_some_and(|oldest| oldest.expires <= now) {
                dropped.extend(lane.pop_front());
            }
            if self.all().count() == self.capacity {
                let fullest = self.lanes.iter().map(VecDeque::len).max().unwrap();
                assert!(fullest * self.lanes.len() >= self.capacity, "the law");
                let lane = self.lanes.iter_mut().find(|lane| lane.len() == fullest).unwrap();
                dropped.extend(lane.pop_front());
            }
        }
        self.lanes[usize::from(record.lane)].push_back(record);
        dropped
    }

    fn expire(&mut self, now: Moment) -> Vec<Record> {
        let mut dropped = Vec::new();
        for lane in &mut self.lanes {
            while lane.front().is_some_and(|oldest| oldest.expires <= now) {
                dropped.extend(lane.pop_front());
            }
        }
        dropped
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || 0..24_u128;
    let step = prop_oneof![
        6 => (name(), 0..4_u16, 0..15_usize)
            .prop_map(|(name, lane, encryption)| Step::Put { name, lane, encryption }),
        3 => name().prop_map(Step::Get),
        2 => name().prop_map(Step::Remove),
        1 => Just(Step::Expire),
        3 => (0..40_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..200)
}

/// Few distinct chains, so that they grow long.
fn named(name: u128) -> Fingerprint {
    Fingerprint::from_u128((name % 3) << 64 | name)
}

proptest! {
    #[test]
    fn a_shard_does_what_a_naive_one_does(steps in steps(), capacity in 1..20_usize, lanes in 1..4_u16) {
        let mut shard = Shard::new(capacity, lanes);
        let mut naive = Naive { lanes: vec![VecDeque::new(); lanes.into()], capacity };
        let mut now = Moment::from_millis(1000);
        for step in steps {
            let mut dropped = Vec::new();
            match step {
                Step::Put { name, lane, encryption } => {
                    let record = Record {
                        fingerprint: named(name),
                        lane: lane % lanes,
                        encryption: EncryptionSet::every().nth(encryption).unwrap(),
                        evidence: Evidence::Response,
                        expires: Moment::from_millis(now.as_millis() + 50),
                    };
                    shard.put(record, now, &mut |record| dropped.push(record));
                    prop_assert_eq!(dropped, naive.put(record, now));
                }
                Step::Get(name) => {
                    let alive = naive
                        .all()
                        .find(|record| record.fingerprint == named(name) && record.expires > now);
                    prop_assert_eq!(shard.get(named(name), now), alive.copied());
                }
                Step::Remove(name) => {
                    prop_assert_eq!(shard.remove(named(name)), naive.remove(named(name)));
                }
                Step::Expire => {
                    shard.expire(now, &mut |record| dropped.push(record));
                    prop_assert_eq!(dropped, naive.expire(now));
                }
                Step::Pass(millis) => now = Moment::from_millis(now.as_millis() + millis),
            }
            prop_assert_eq!(shard.len(), naive.all().count());
            prop_assert!(shard.len() <= capacity);
        }
    }
}

#[test]
fn a_lane_below_its_share_keeps_its_entries_whatever_the_others_do() {
    let secret = Secret::random();
    let (capacity, lanes) = (1000, 10);
    let mut shard = Shard::new(capacity, lanes);
    let record = |lane: u16, number: u32| Record {
        fingerprint: secret.fingerprint(&Stored::Upload {
            bucket: &lane.to_le_bytes(),
            key: b"key",
            upload_id: &number.to_le_bytes(),
        }),
        lane,
        encryption: EncryptionSet::ALL,
        evidence: Evidence::Response,
        expires: Moment::from_millis(1),
    };
    let now = Moment::from_millis(0);
    let mut never = |record: Record| assert_ne!(record.lane, 0);
    for number in 0..99 {
        shard.put(record(0, number), now, &mut never);
    }
    for number in 0..10_000 {
        let lane = u16::try_from(1 + number % 9).unwrap();
        shard.put(record(lane, number), now, &mut never);
    }
    assert_eq!(shard.len(), capacity);
    assert!((0..99).all(|number| shard.get(record(0, number).fingerprint, now).is_some()));
}

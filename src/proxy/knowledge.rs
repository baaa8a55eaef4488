//! What the gate knows besides the request: asking the state, in the names a request gives things.

use crate::{
    classify::{Classified, Teller},
    obs::{encryption::EncryptionSet, exposed::FingerprintKey},
    state::{Evidence, Mark, Moment, Origin, State, Stored, Ticket, Told},
    telemetry,
};
use percent_encoding::percent_decode;
use std::{
    borrow::Cow,
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// The state, and the clock it is asked with.
#[derive(Clone, Debug)]
pub(super) struct Knowledge {
    state: Arc<State>,
    clock: Clock,
}

/// The system's clock as it was at the start, and a monotonic one from there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began: Instant,
    at: Moment,
}

/// The names in a request, decoded: what stored things are known by.
#[derive(Debug)]
pub(super) struct Names<'h> {
    bucket: Cow<'h, [u8]>,
    key: Cow<'h, [u8]>,
    upload_id: Cow<'h, [u8]>,
}

impl Knowledge {
    pub(super) fn new(state: State, clock: Clock) -> Self {
        Self {
            state: Arc::new(state),
            clock,
        }
    }

    /// What is known of the thing that this teller tells of.
    pub(super) fn ask(&self, teller: Teller, names: &Names<'_>) -> Option<Told> {
        self.state.ask(&names.stored(teller)?, self.clock.now())
    }

    /// Learns what a thing is encrypted with. The ticket completes when that is durable.
    pub(super) fn learn(&self, stored: &Stored<'_>, encryption: EncryptionSet, evidence: Evidence) -> Ticket {
        self.state.learn(stored, encryption, evidence, self.clock.now())
    }

    /// Learns what a thing may be encrypted with besides what is known: one object's answer never narrows.
    pub(super) fn unite(&self, stored: &Stored<'_>, encryption: EncryptionSet) {
        drop(
            self.state
                .unite(stored, encryption, Evidence::Response, self.clock.now()),
        );
    }

    /// The same, if anything is known.
    pub(super) fn unite_known(&self, stored: &Stored<'_>, encryption: EncryptionSet) {
        drop(
            self.state
                .unite_known(stored, encryption, Evidence::Response, self.clock.now()),
        );
    }

    /// The place in the order of lessons that a request has which is sent now.
    pub(super) fn mark(&self) -> Mark {
        self.state.mark()
    }

    /// Learns from an answer what a bucket encrypts with, in place of all that was known when its request was sent.
    pub(super) fn learn_since(
        &self,
        sent: Mark,
        stored: &Stored<'_>,
        encryption: EncryptionSet,
        evidence: Evidence,
    ) {
        drop(
            self.state
                .learn_since(sent, stored, encryption, evidence, self.clock.now()),
        );
    }

    /// Learns what a look-up found. What was learned while it was under way may be newer than its answer: then that
    /// stays, and either may hold.
    pub(super) fn looked_up(&self, stored: &Stored<'_>, found: EncryptionSet) -> EncryptionSet {
        self.state.looked_up(stored, found, self.clock.now())
    }

    /// Forgets what was learned of a thing.
    pub(super) fn forget(&self, stored: &Stored<'_>) {
        self.state.forget(stored);
    }

    /// Forgets what was learned of a bucket, unless something was since this request was sent.
    pub(super) fn forget_since(&self, sent: Mark, stored: &Stored<'_>) {
        self.state.forget_since(sent, stored);
    }

    /// What fingerprints of customer keys are made with.
    pub(super) fn fingerprint_key(&self) -> FingerprintKey {
        self.state.fingerprint_key()
    }

    /// Frees what has expired.
    pub(super) fn purge(&self) {
        self.state.purge(self.clock.now());
    }
}

impl Clock {
    pub(super) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Self {
            began: Instant::now(),
            at: Moment::from_millis(millis),
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.at.after(self.began.elapsed())
    }
}

impl<'h> Names<'h> {
    pub(super) fn of(classified: &Classified<'h>) -> Self {
        let decoded = |text: Option<&'h [u8]>| percent_decode(text.unwrap_or_default()).into();
        let resource = classified.resource;
        Self {
            bucket: decoded(resource.bucket.map(str::as_bytes)),
            key: decoded(resource.key.map(str::as_bytes)),
            upload_id: decoded(classified.upload_id),
        }
    }

    /// The bucket's name.
    pub(super) fn bucket(&self) -> &[u8] {
        &self.bucket
    }

    /// The upload of this id, of this object.
    pub(super) fn upload<'a>(&'a self, upload_id: &'a [u8]) -> Stored<'a> {
        Stored::Upload {
            bucket: &self.bucket,
            key: &self.key,
            upload_id,
        }
    }

    /// The upload that the request is about.
    pub(super) fn this_upload(&self) -> Stored<'_> {
        self.upload(&self.upload_id)
    }

    /// What the bucket encrypts with.
    pub(super) fn bucket_default(&self) -> Stored<'_> {
        Stored::BucketDefault { bucket: &self.bucket }
    }

    /// The object.
    pub(super) fn object(&self) -> Stored<'_> {
        self.object_at(&self.key)
    }

    /// Another object of the bucket.
    pub(super) fn object_at<'a>(&'a self, key: &'a [u8]) -> Stored<'a> {
        Stored::Object {
            bucket: &self.bucket,
            key,
        }
    }

    fn stored(&self, teller: Teller) -> Option<Stored<'_>> {
        match teller {
            Teller::Upload => Some(self.this_upload()),
            Teller::BucketDefault => Some(self.bucket_default()),
            Teller::Object => Some(self.object()),
            Teller::Nobody | Teller::Form | Teller::Response => None,
        }
    }

    /// The same names, for as long as one likes.
    pub(super) fn into_owned(self) -> Names<'static> {
        Names {
            bucket: Cow::Owned(self.bucket.into_owned()),
            key: Cow::Owned(self.key.into_owned()),
            upload_id: Cow::Owned(self.upload_id.into_owned()),
        }
    }
}

/// Whose word it was, for the log.
pub(super) fn told_by(teller: Teller, told: Told) -> telemetry::Told {
    match (teller, told.origin) {
        (Teller::BucketDefault, Origin::Declared) => telemetry::Told::BucketDefaultDeclared,
        (Teller::BucketDefault, Origin::Learned(Evidence::LookedUp)) => {
            telemetry::Told::BucketDefaultLookedUp
        }
        (Teller::BucketDefault, Origin::Learned(_)) => telemetry::Told::BucketDefaultLearned,
        (Teller::Object, _) => telemetry::Told::Object,
        _ => telemetry::Told::Upload,
    }
}

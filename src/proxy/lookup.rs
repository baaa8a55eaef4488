//! Asking the store what an unknown bucket encrypts with: GET `?encryption`, signed with the gate's own key pair
//! (rulings, 21 and 22).
//!
//! - A look-up is a request like any other: classified, decided by the policy, sent with a permit. What the policy
//!   denies a client it denies the gate.
//! - It goes where the client's request would go, with the same Host and in the same style.
//! - One bucket is looked up once at a time, by each worker; whoever needs it meanwhile waits for that answer. It goes
//!   on when the client that needed it goes away.
//! - It takes [`Lookup::timeout`] at most, and no more than [`Lookup::at_once`] are under way in the whole gate.
//! - What it finds is kept in the state for [`Lookup::time_to_live`]; what fails is not kept, and allows nothing.

use super::{
    body::RequestBody,
    knowledge::{Knowledge, Names},
    upstream::{Answer, Response, Upstream, UpstreamError},
};
use crate::{
    classify::{Arrival, Classified, classify},
    config::{Lookup, LookupSignature},
    obs::{
        encryption::{Encryption, EncryptionSet},
        malformed::Malformed,
        operation::Operation,
        resource::{Endpoints, Resource},
        sign::{Key, Version, sign_head},
        xml::{
            self, CONFIGURATION_LIMIT, DocumentPrefix, bucket_default, has_no_default, may_be_object,
            stands_alone,
        },
    },
    policy::{Denial, Policy, Role, Unknown},
};
use http::{Request, StatusCode, header::HOST, request::Parts};
use http_body_util::BodyExt;
use std::{cell::RefCell, collections::HashMap, fmt, net::Ipv4Addr, rc::Rc, sync::Arc};
use time::OffsetDateTime;
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

/// The look-ups of one worker. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Lookups(Rc<Inner>);

/// How look-ups are made, and how many more there may be: one for all workers.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    settings: Arc<Lookup>,
    free: Arc<Semaphore>,
}

/// What a look-up needs of its worker.
pub(super) struct Means {
    pub(super) upstream: Upstream,
    pub(super) policy: Arc<Policy>,
    pub(super) endpoints: Arc<Endpoints>,
    pub(super) knowledge: Knowledge,
}

/// Why a look-up found nothing.
#[derive(Clone, Debug)]
pub(super) enum Failed {
    /// Too many others are under way.
    TooMany,
    /// It took too long.
    Timeout,
    /// The gate cannot ask in the style of the request.
    Unaskable,
    /// What would be asked is ambiguous.
    Malformed(Malformed),
    /// The policy denies the look-up, or its answer.
    Denied(Denial),
    /// The store cannot be reached, or broke off.
    Upstream(Rc<UpstreamError>),
    /// The store refused.
    Status(StatusCode),
    /// The answer tells of no encryption.
    Unreadable(xml::Fault),
    /// The look-up itself came to grief.
    Lost,
}

struct Inner {
    terms: Terms,
    means: Means,
    under_way: RefCell<HashMap<Vec<u8>, watch::Receiver<Option<Outcome>>>>,
}

type Outcome = Result<EncryptionSet, Failed>;

/// A look-up's place among those under way, given up however it ends.
struct Seat {
    lookups: Rc<Inner>,
    bucket: Vec<u8>,
}

impl Terms {
    pub(super) fn new(settings: &Lookup) -> Self {
        let free = settings.at_once.get().min(Semaphore::MAX_PERMITS);
        Self {
            settings: Arc::new(settings.clone()),
            free: Arc::new(Semaphore::new(free)),
        }
    }
}

impl Lookups {
    pub(super) fn new(terms: Terms, means: Means) -> Self {
        Self(Rc::new(Inner {
            terms,
            means,
            under_way: RefCell::default(),
        }))
    }

    /// Looks up the default encryption of a request's bucket.
    ///
    /// # Errors
    /// Why it is still unknown.
    pub(super) async fn find(&self, asking: &Classified<'_>) -> Outcome {
        let names = Names::of(asking);
        // As the state tells buckets apart.
        let bucket = names.bucket().to_ascii_lowercase();
        let joined = self.0.under_way.borrow().get(&bucket).cloned();
        let mut outcome = match joined {
            Some(outcome) => outcome,
            None => self.begin(asking, names, bucket)?,
        };
        let told = outcome.wait_for(Option::is_some).await;
        told.ok()
            .and_then(|told| told.clone())
            .unwrap_or(Err(Failed::Lost))
    }

    fn begin(
        &self,
        asking: &Classified<'_>,
        names: Names<'_>,
        bucket: Vec<u8>,
    ) -> Result<watch::Receiver<Option<Outcome>>, Failed> {
        let Terms { settings, free } = &self.0.terms;
        let leave = Arc::clone(free)
            .try_acquire_owned()
            .map_err(|_| Failed::TooMany)?;
        let question = self.0.question(asking)?;
        let names = names.into_owned();
        let (tell, told) = watch::channel(None);
        self.0.under_way.borrow_mut().insert(bucket.clone(), told.clone());
        let seat = Seat {
            lookups: Rc::clone(&self.0),
            bucket,
        };
        let patience = settings.timeout;
        tokio::task::spawn_local(async move {
            let asked = timeout(patience, seat.lookups.ask(&question, &names)).await;
            let outcome = asked.unwrap_or(Err(Failed::Timeout)).map(|found| {
                let knowledge = &seat.lookups.means.knowledge;
                knowledge.looked_up(&names.bucket_default(), found)
            });
            // Given up first: whoever comes now finds the answer in the state, or asks again.
            drop((seat, leave));
            tell.send_replace(Some(outcome));
        });
        Ok(told)
    }
}

impl Inner {
    /// The look-up's head: to the Host of the request, in its style, signed.
    fn question(&self, asking: &Classified<'_>) -> Result<Parts, Failed> {
        let bucket = asking.resource.bucket.ok_or(Failed::Unaskable)?;
        let host = asking.head.headers.get(HOST).ok_or(Failed::Unaskable)?;
        let name = host.to_str().map_err(|_| Failed::Unaskable)?;
        let named =
            Resource::locate(name.as_bytes(), "/", &self.means.endpoints).map_err(Failed::Malformed)?;
        let path = match named.bucket {
            Some(_) => String::from("/?encryption"),
            None => format!("/{bucket}?encryption"),
        };
        let request = Request::get(path)
            .header(HOST, host)
            .body(())
            .map_err(|_| Failed::Unaskable)?;
        let (mut head, ()) = request.into_parts();
        let settings = &self.terms.settings;
        let key = Key {
            access_key: &settings.access_key,
            secret_key: settings.secret_key.expose(),
        };
        let version = match settings.signature {
            LookupSignature::V2 => Version::V2,
            LookupSignature::V4 => Version::V4 {
                region: &settings.region,
            },
        };
        sign_head(&mut head, named.bucket, key, version, OffsetDateTime::now_utc())
            .map_err(|_| Failed::Unaskable)?;
        Ok(head)
    }

    async fn ask(&self, head: &Parts, names: &Names<'_>) -> Outcome {
        let Means {
            upstream,
            policy,
            endpoints,
            ..
        } = &self.means;
        let arrival = Arrival {
            scheme: upstream.scheme(),
            peer: (Ipv4Addr::LOCALHOST, 0).into(),
        };
        let classified = classify(head, arrival, endpoints).map_err(Failed::Malformed)?;
        let asks = classified.facts.operation == Operation::GetBucketEncryption;
        if !asks || Names::of(&classified).bucket() != names.bucket() {
            return Err(Failed::Unaskable);
        }
        let inquiry = classified.inquire(policy);
        let permit = inquiry.settle().map_err(Failed::Denied)?;
        let response = match upstream
            .send(classified.admit(permit), RequestBody::empty())
            .await?
        {
            Answer::Free(response) => response,
            Answer::Held(answer) => {
                let facts = inquiry.facts().learn(Role::Target, answer.head().told());
                let decision = policy.decide(facts);
                let settled = policy.settle(facts, decision, Unknown::Object);
                answer.release(settled.map_err(Failed::Denied)?)
            }
        };
        read(response).await
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.lookups.under_way.borrow_mut().remove(&self.bucket);
    }
}

/// What the store says: a configuration, or that there is none.
async fn read(response: Response) -> Outcome {
    let status = response.head.status();
    if !status.is_success() && status != StatusCode::NOT_FOUND {
        return Err(Failed::Status(status));
    }
    let headers = response.head.headers();
    stands_alone(&headers).map_err(Failed::Unreadable)?;
    if may_be_object(&headers) {
        return Err(Failed::Unreadable(xml::Fault::OtherDocument));
    }
    let mut body = response.body;
    let mut document = DocumentPrefix::new(CONFIGURATION_LIMIT);
    let mut length = 0;
    while let Some(frame) = body.frame().await.transpose()? {
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length > CONFIGURATION_LIMIT {
            return Err(Failed::Unreadable(xml::Fault::TooLarge));
        }
        document.push(&data);
    }
    let document = document.finish().map_err(Failed::Unreadable)?;
    if status.is_success() {
        let found = bucket_default(&document).map_err(Failed::Unreadable)?;
        Ok(EncryptionSet::only(found))
    } else if has_no_default(&document) {
        Ok(EncryptionSet::only(Encryption::Plain))
    } else {
        Err(Failed::Status(status))
    }
}

impl From<UpstreamError> for Failed {
    fn from(error: UpstreamError) -> Self {
        Self::Upstream(Rc::new(error))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => f.write_str("as many look-ups as there may be are under way"),
            Self::Timeout => f.write_str("the store did not answer in time"),
            Self::Unaskable => f.write_str("the bucket cannot be asked about in the style of the request"),
            Self::Malformed(why) => write!(f, "the look-up would be refused: {}", why.id()),
            Self::Denied(Denial::Rule(_)) => f.write_str("a rule of the policy stands against the look-up"),
            Self::Denied(Denial::Unknown(unknown)) => {
                write!(f, "the policy denies the look-up: {}", unknown.id())
            }
            Self::Upstream(error) => error.fmt(f),
            Self::Status(status) => write!(f, "the store answered {status}"),
            Self::Unreadable(fault) => write!(f, "the store's answer tells of no encryption: {fault}"),
            Self::Lost => f.write_str("the look-up came to grief"),
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookups")
            .field("terms", &self.terms)
            .field("under_way", &self.under_way.borrow().len())
            .finish_non_exhaustive()
    }
}

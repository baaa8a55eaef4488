//! From the operation and the evidence to what the target and the source may be, and who can tell (rulings, 2, 3, 5,
//! 16 and 18).

use super::{Teller, scan::Scan};
use crate::{
    obs::{
        auth::Auth,
        encryption::{Encryption, EncryptionSet},
        malformed::Malformed,
        operation::Operation,
        route::Verb,
        scheme::Scheme,
        sse::Parameters,
    },
    policy::{Also, Facts},
};

/// What a request is after, as far as its encryption goes.
#[derive(Debug)]
pub(super) struct Aim {
    pub(super) teller: Teller,
    target: EncryptionSet,
    source: EncryptionSet,
    also: Option<Also>,
    customer_key: bool,
}

impl Aim {
    pub(super) fn of(
        verb: Verb,
        operation: Operation,
        scan: &Scan<'_>,
        auth: Auth,
        presigned: bool,
    ) -> Result<Self, Malformed> {
        let seen = scan.evidence.seen();
        if verb.writes() {
            scan.evidence.check()?;
        }
        let stated = Stated::of(verb, operation, scan, auth, presigned);
        let keyed = seen.has_any(Parameters::TARGET_KEY);
        let (target, teller) = match (verb, operation) {
            (Verb::Get, _) => (by_key(keyed), Teller::Response),
            _ => target(operation, stated, keyed, scan.position == Some(b"0")),
        };
        let source_keyed = |of: Parameters| of.has_any(Parameters::SOURCE_KEY);
        let certain = scan.evidence.certain(presigned);
        let source = match operation {
            Operation::CopyObject | Operation::UploadPartCopy
                if source_keyed(seen) && !source_keyed(certain) =>
            {
                EncryptionSet::ALL
            }
            Operation::CopyObject | Operation::UploadPartCopy => by_key(source_keyed(seen)),
            _ => PLAIN,
        };
        Ok(Self {
            teller,
            target,
            source,
            also: match stated.loosely {
                Some(one) if stated.surely.is_none() && settles(operation, teller) => {
                    Some(also_loosely(verb, operation, scan, one)?)
                }
                _ => also(verb, operation, scan, target, teller)?,
            },
            customer_key: seen.has_any(Parameters::ANY_KEY),
        })
    }

    pub(super) fn facts(&self, operation: Operation, scheme: Scheme, auth: Auth) -> Facts {
        Facts {
            operation,
            target: self.target,
            source: self.source,
            also: self.also,
            customer_key: self.customer_key,
            scheme,
            auth,
        }
    }
}

/// What parameters of encryption say of the target.
#[derive(Clone, Copy)]
struct Stated {
    /// To a store that reads as loosely as any.
    loosely: Option<Encryption>,
    /// To every store that would take the request's signature. Only this takes the place of what a bucket encrypts with
    /// by default (rulings, 11).
    surely: Option<Encryption>,
}

impl Stated {
    /// What reads an object states nothing but a customer key.
    fn of(verb: Verb, operation: Operation, scan: &Scan<'_>, auth: Auth, presigned: bool) -> Self {
        let evidence = &scan.evidence;
        if verb.writes() {
            let certain = match operation {
                // It has no default yet that anything could take the place of.
                Operation::CreateBucket => evidence.certain(presigned),
                _ => evidence.certain_to(auth, presigned),
            };
            return Self {
                loosely: evidence.stated(),
                surely: evidence.stated_by(certain),
            };
        }
        let by = |of: Parameters| of.has_any(Parameters::TARGET_KEY).then_some(Encryption::SseC);
        Self {
            loosely: by(evidence.seen()),
            surely: by(evidence.certain(presigned)),
        }
    }
}

/// Whether what is stated for sure would settle what the target is.
fn settles(operation: Operation, teller: Teller) -> bool {
    teller == Teller::BucketDefault || operation == Operation::HeadObject
}

/// What only some stores read counts beside what the rest would do.
fn also_loosely(
    verb: Verb,
    operation: Operation,
    scan: &Scan<'_>,
    stated: Encryption,
) -> Result<Also, Malformed> {
    // Anything more would have to be judged as a third operation.
    if verb.writes() && operation != Operation::PutObject && stray(operation, scan).is_some() {
        return Err(Malformed::Contradiction);
    }
    Ok(Also {
        operation,
        target: EncryptionSet::only(stated),
    })
}

/// What an operation's target may be, and who can tell.
fn target(operation: Operation, stated: Stated, keyed: bool, first: bool) -> (EncryptionSet, Teller) {
    let settled = stated
        .surely
        .map(|one| (EncryptionSet::only(one), Teller::Nobody));
    match operation {
        Operation::PutObject | Operation::CopyObject | Operation::InitiateMultipartUpload => {
            settled.unwrap_or((EncryptionSet::WITHOUT_CUSTOMER_KEY, Teller::BucketDefault))
        }
        Operation::AppendObject if first => {
            settled.unwrap_or((EncryptionSet::WITHOUT_CUSTOMER_KEY, Teller::BucketDefault))
        }
        Operation::AppendObject => (
            stated
                .loosely
                .map_or(EncryptionSet::WITHOUT_CUSTOMER_KEY, EncryptionSet::only),
            Teller::Object,
        ),
        Operation::HeadObject if stated.surely == Some(Encryption::SseC) => (by_key(true), Teller::Nobody),
        Operation::UploadPart | Operation::UploadPartCopy => (by_key(keyed), Teller::Upload),
        Operation::CompleteMultipartUpload | Operation::AbortMultipartUpload => {
            (EncryptionSet::ALL, Teller::Upload)
        }
        Operation::PostObject => (EncryptionSet::ALL, Teller::Form),
        Operation::HeadObject => (by_key(false), Teller::Object),
        Operation::CreateBucket => {
            let either = stated.loosely.map_or(PLAIN, EncryptionSet::only);
            (
                if stated.surely.is_some() {
                    either
                } else {
                    either.union(PLAIN)
                },
                Teller::Nobody,
            )
        }
        // Only OBS knows these, or all but OBS: to other stores the request puts an object.
        Operation::ModifyObject
        | Operation::TruncateObject
        | Operation::SetObjectMetadata
        | Operation::PutSymlink
        | Operation::PutObjectLegalHold => (EncryptionSet::ALL, Teller::BucketDefault),
        Operation::RenameObject
        | Operation::PutObjectAcl
        | Operation::PutObjectTagging
        | Operation::DeleteObjectTagging
        | Operation::PutObjectRetention
        | Operation::RestoreObject
        | Operation::SelectObjectContent
        | Operation::DeleteObject => (EncryptionSet::ALL, Teller::Object),
        _ => (PLAIN, Teller::Nobody),
    }
}

/// The second operation a request is judged as. A GET is one for an object whatever its query says (rulings, 3);
/// stray parameters of encryption make any PUT or POST one that puts an object (rulings, 2); a selection reads; and
/// what was begun is encrypted as it was begun, since a store may overlook what is stated after (rulings, 12).
fn also(
    verb: Verb,
    operation: Operation,
    scan: &Scan<'_>,
    target: EncryptionSet,
    teller: Teller,
) -> Result<Option<Also>, Malformed> {
    let stray = stray(operation, scan);
    let put = |target| Also {
        operation: Operation::PutObject,
        target,
    };
    let overlooked = target.union(EncryptionSet::WITHOUT_CUSTOMER_KEY);
    Ok(match (verb, operation, stray) {
        (Verb::Get, Operation::GetObject, _) if target == EncryptionSet::WITHOUT_CUSTOMER_KEY => None,
        (Verb::Put, Operation::PutObject, _) => None,
        // A store may overlook a customer key on an object that has none: the key settles nothing of the answer.
        (Verb::Get, ..) => Some(Also {
            operation: Operation::GetObject,
            target: overlooked,
        }),
        // A selection may carry the key of what it reads; anything else would have to be judged as a third operation.
        (Verb::Post, Operation::SelectObjectContent, None | Some(KEYED)) => Some(Also {
            operation: Operation::GetObject,
            target: stray.unwrap_or(PLAIN).union(EncryptionSet::WITHOUT_CUSTOMER_KEY),
        }),
        (Verb::Post, Operation::SelectObjectContent, Some(_)) => return Err(Malformed::Contradiction),
        // The strays are in the target: they are what this append states.
        (Verb::Post, Operation::AppendObject, Some(_)) if teller == Teller::Object => Some(put(overlooked)),
        (Verb::Put | Verb::Post, _, Some(stray)) => Some(put(stray)),
        (Verb::Put, _, None) if teller == Teller::BucketDefault && target == EncryptionSet::ALL => {
            Some(put(EncryptionSet::WITHOUT_CUSTOMER_KEY))
        }
        (_, Operation::UploadPart | Operation::UploadPartCopy | Operation::AppendObject, None)
            if matches!(teller, Teller::Upload | Teller::Object) && target != overlooked =>
        {
            Some(Also {
                operation,
                target: overlooked,
            })
        }
        _ => None,
    })
}

/// What parameters of encryption that the documents do not give to an operation would make of an object put: to a store
/// that does not know the subresource, that is what the request does.
fn stray(operation: Operation, scan: &Scan<'_>) -> Option<EncryptionSet> {
    let strays = scan.evidence.strays(operation);
    if strays == Parameters::default() {
        return None;
    }
    let keyed = strays.has_any(Parameters::TARGET_KEY);
    scan.evidence
        .managed()
        .filter(|_| strays.has_any(Parameters::MANAGED))
        .or(keyed.then_some(Encryption::SseC))
        .map(EncryptionSet::only)
}

/// With a customer key it is SSE-C; without, it cannot be (rulings, 16).
const fn by_key(keyed: bool) -> EncryptionSet {
    if keyed {
        KEYED
    } else {
        EncryptionSet::WITHOUT_CUSTOMER_KEY
    }
}

const KEYED: EncryptionSet = EncryptionSet::only(Encryption::SseC);
const PLAIN: EncryptionSet = EncryptionSet::only(Encryption::Plain);

//! What is known of an object ends with whatever may put another in its place: an unknown object is refused, a stale
//! one would not be.

use super::knowledge::{Knowledge, Names};
use crate::{
    classify::Classified,
    obs::{form::Form, operation::Operation},
    policy::{Also, Facts},
};
use percent_encoding::percent_decode_str;

/// A write under way: its object is forgotten before it is sent, and again when its answer is there or never comes, for
/// whatever was learned meanwhile may be of the object before.
#[must_use]
pub(super) struct Overwrite<'c> {
    knowledge: Knowledge,
    names: Names<'c>,
    /// Another key that is written: a form's, or the new name of what is renamed.
    other: Option<Vec<u8>>,
}

impl<'c> Overwrite<'c> {
    /// Begins, if the request may change what an object is encrypted with.
    pub(super) fn begin(
        knowledge: &Knowledge,
        classified: &'c Classified<'_>,
        posted: Option<Vec<u8>>,
    ) -> Option<Self> {
        if classified.resource.bucket.is_none() || !overwrites(classified.facts) {
            return None;
        }
        let overwrite = Self {
            knowledge: knowledge.clone(),
            names: Names::of(classified),
            other: posted.or_else(|| renamed(classified)),
        };
        overwrite.forget();
        Some(overwrite)
    }

    fn forget(&self) {
        self.knowledge.forget(&self.names.object());
        if let Some(key) = &self.other {
            // Stores differ over whether a slash before it belongs to it.
            self.knowledge.forget(&self.names.object_at(key));
            let path = key.strip_prefix(b"/").unwrap_or(key);
            self.knowledge.forget(&self.names.object_at(path));
        }
    }
}

impl Drop for Overwrite<'_> {
    fn drop(&mut self) {
        self.forget();
    }
}

/// Whether another object may stand under the key afterwards. Appends are not among them: they learn.
const fn overwrites(facts: Facts) -> bool {
    match facts.operation {
        Operation::PutObject
        | Operation::CopyObject
        | Operation::CompleteMultipartUpload
        | Operation::PostObject
        | Operation::ModifyObject
        | Operation::TruncateObject
        | Operation::RenameObject
        | Operation::SetObjectMetadata
        | Operation::PutSymlink
        | Operation::DeleteObject
        | Operation::Other => true,
        Operation::AppendObject => false,
        // To a store that does not know the subresource it puts an object.
        _ => matches!(
            facts.also,
            Some(Also {
                operation: Operation::PutObject,
                ..
            })
        ),
    }
}

/// The key that a form names. Where it is to be made of the file's name, nobody knows it here.
pub(super) fn posted(form: &Form) -> Option<Vec<u8>> {
    form.field("key").map(<[u8]>::to_vec)
}

fn renamed(classified: &Classified<'_>) -> Option<Vec<u8>> {
    if classified.facts.operation != Operation::RenameObject {
        return None;
    }
    let query = classified.head.uri.query().unwrap_or_default();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, key) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("name"))?;
    Some(percent_decode_str(key).collect())
}

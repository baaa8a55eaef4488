//! The subresources that choose an operation, and the set of marks that a request's head leaves.

use super::names::Names;

/// What the routes look at: subresources, and three facts of the head that choose an operation as they do.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Marks(u32);

/// A subresource, exactly as documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subresource {
    pub(crate) name: &'static str,
    pub(crate) mark: Marks,
    /// The value it is documented with.
    value: Value,
}

/// What the value of a subresource may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// It has none.
    None,
    /// Anything but nothing.
    Text,
    /// A number from zero on.
    Offset,
    /// A number from one on.
    Ordinal,
}

impl Marks {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ACL: Self = Self(1);
    pub(crate) const APPEND: Self = Self(1 << 1);
    pub(crate) const DELETE: Self = Self(1 << 2);
    pub(crate) const ENCRYPTION: Self = Self(1 << 3);
    pub(crate) const LEGAL_HOLD: Self = Self(1 << 4);
    pub(crate) const METADATA: Self = Self(1 << 5);
    pub(crate) const MODIFY: Self = Self(1 << 6);
    pub(crate) const PART_NUMBER: Self = Self(1 << 7);
    pub(crate) const POSITION: Self = Self(1 << 8);
    pub(crate) const RENAME: Self = Self(1 << 9);
    pub(crate) const RESTORE: Self = Self(1 << 10);
    pub(crate) const RETENTION: Self = Self(1 << 11);
    pub(crate) const SELECT: Self = Self(1 << 12);
    pub(crate) const SYMLINK: Self = Self(1 << 13);
    pub(crate) const TAGGING: Self = Self(1 << 14);
    pub(crate) const TORRENT: Self = Self(1 << 15);
    pub(crate) const TRUNCATE: Self = Self(1 << 16);
    pub(crate) const UPLOAD_ID: Self = Self(1 << 17);
    pub(crate) const UPLOADS: Self = Self(1 << 18);
    /// One of the many subresources of a bucket that have nothing to do with encryption.
    pub(crate) const CONFIGURATION: Self = Self(1 << 19);
    /// A copy source among the headers.
    pub(crate) const COPY: Self = Self(1 << 20);
    /// A body that is a form.
    pub(crate) const FORM: Self = Self(1 << 21);

    /// `select-type`, by which some know a selection.
    pub(crate) const SELECT_TYPE: Self = Self(1 << 22);

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn has(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    pub(crate) const fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }
}

impl Subresource {
    /// The subresource with this folded name.
    pub(crate) fn of(folded: &[u8]) -> Option<&'static Self> {
        SUBRESOURCES.get(folded)
    }

    /// Whether the value is one it is documented with. A number is written as everybody writes it: what is another to
    /// some, `00` or `%30`, is none.
    pub(crate) fn takes(&self, value: &[u8]) -> bool {
        match self.value {
            Value::None => value.is_empty(),
            Value::Text => !value.is_empty(),
            Value::Offset => value == b"0" || is_ordinal(value),
            Value::Ordinal => is_ordinal(value),
        }
    }

    const fn flag(name: &'static str, mark: Marks) -> Self {
        Self::with(name, mark, Value::None)
    }

    const fn with(name: &'static str, mark: Marks, value: Value) -> Self {
        Self { name, mark, value }
    }
}

/// Digits without a leading zero, so few that no reader runs out of room.
fn is_ordinal(value: &[u8]) -> bool {
    matches!(value, [b'1'..=b'9', rest @ ..] if rest.len() < 18 && rest.iter().all(u8::is_ascii_digit))
}

/// Every subresource that chooses an operation, by its folded name.
pub(super) const fn all() -> &'static [(&'static str, Subresource)] {
    SUBRESOURCES.entries()
}

/// Whether a folded name is a subresource of a bucket's configuration. These restrict nothing and relax nothing: a
/// bucket has no row in any document.
pub(crate) fn is_configuration(folded: &[u8]) -> bool {
    CONFIGURATIONS.get(folded).is_some()
}

/// By their folded names.
static SUBRESOURCES: Names<Subresource> = Names::new(&[
    ("acl", Subresource::flag("acl", Marks::ACL)),
    ("append", Subresource::flag("append", Marks::APPEND)),
    ("delete", Subresource::flag("delete", Marks::DELETE)),
    ("modify", Subresource::flag("modify", Marks::MODIFY)),
    ("rename", Subresource::flag("rename", Marks::RENAME)),
    ("select", Subresource::flag("select", Marks::SELECT)),
    ("restore", Subresource::flag("restore", Marks::RESTORE)),
    ("symlink", Subresource::flag("symlink", Marks::SYMLINK)),
    ("tagging", Subresource::flag("tagging", Marks::TAGGING)),
    ("torrent", Subresource::flag("torrent", Marks::TORRENT)),
    ("uploads", Subresource::flag("uploads", Marks::UPLOADS)),
    ("metadata", Subresource::flag("metadata", Marks::METADATA)),
    (
        "position",
        Subresource::with("position", Marks::POSITION, Value::Offset),
    ),
    ("truncate", Subresource::flag("truncate", Marks::TRUNCATE)),
    (
        "uploadid",
        Subresource::with("uploadId", Marks::UPLOAD_ID, Value::Text),
    ),
    ("retention", Subresource::flag("retention", Marks::RETENTION)),
    ("encryption", Subresource::flag("encryption", Marks::ENCRYPTION)),
    ("legal-hold", Subresource::flag("legal-hold", Marks::LEGAL_HOLD)),
    (
        "partnumber",
        Subresource::with("partNumber", Marks::PART_NUMBER, Value::Ordinal),
    ),
    (
        "select-type",
        Subresource::with("select-type", Marks::SELECT_TYPE, Value::Text),
    ),
]);

/// obs-facts §1.2, folded.
static CONFIGURATIONS: Names<()> = Names::new(&[
    ("cors", ()),
    ("quota", ()),
    ("policy", ()),
    ("logging", ()),
    ("website", ()),
    ("metrics", ()),
    ("location", ()),
    ("obsalias", ()),
    ("lifecycle", ()),
    ("inventory", ()),
    ("dispolicy", ()),
    ("analytics", ()),
    ("versioning", ()),
    ("accelerate", ()),
    ("storageinfo", ()),
    ("replication", ()),
    ("object-lock", ()),
    ("x-obs-trash", ()),
    ("storageclass", ()),
    ("notification", ()),
    ("customdomain", ()),
    ("policystatus", ()),
    ("bucketstatus", ()),
    ("deletebucket", ()),
    ("storagepolicy", ()),
    ("x-obs-qosinfo", ()),
    ("requestpayment", ()),
    ("obsbucketalias", ()),
    ("x-obs-snapshot", ()),
    ("directcoldaccess", ()),
    ("obscompresspolicy", ()),
    ("publicaccessblock", ()),
    ("x-obs-accesslabel", ()),
    ("getcontentsummary", ()),
    ("ownershipcontrols", ()),
    ("mirrorbacktosource", ()),
    ("x-obs-snapshotroot", ()),
    ("listcontentsummary", ()),
    ("cdnnotifyconfiguration", ()),
    ("multilistcontentsummary", ()),
    ("obsworkflowtriggerpolicy", ()),
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subresource_has_a_name_and_a_mark_of_its_own() {
        let mut all = Marks::NONE;
        for (_, one) in SUBRESOURCES.entries() {
            assert!(!all.has_any(one.mark), "{}", one.name);
            all = all.with(one.mark);
            let found = Subresource::of(one.name.to_ascii_lowercase().as_bytes()).unwrap();
            assert_eq!(found.mark, one.mark, "{}", one.name);
            assert!(
                !is_configuration(one.name.to_ascii_lowercase().as_bytes()),
                "{}",
                one.name
            );
        }
        assert!(!all.has_any(Marks::CONFIGURATION.with(Marks::COPY).with(Marks::FORM)));
    }

    #[test]
    fn a_number_is_written_in_one_way() {
        let takes =
            |name: &str, value: &str| Subresource::of(name.as_bytes()).unwrap().takes(value.as_bytes());
        for value in ["1", "9", "10", "10000", "123456789012345678"] {
            assert!(takes("position", value) && takes("partnumber", value), "{value}");
        }
        assert!(takes("position", "0") && !takes("partnumber", "0"));
        for value in [
            "",
            "00",
            "01",
            "+1",
            "-0",
            "%30",
            "1%30",
            "0.0",
            "0x0",
            "1 ",
            "abc",
            "1;2",
            "1234567890123456789",
        ] {
            assert!(
                !takes("position", value) && !takes("partnumber", value),
                "{value}"
            );
        }
    }

    #[test]
    fn configurations_are_listed_once_and_folded() {
        for (n, (one, ())) in CONFIGURATIONS.entries().iter().enumerate() {
            assert_eq!(*one, one.to_ascii_lowercase());
            assert!(
                !CONFIGURATIONS
                    .entries()
                    .iter()
                    .skip(n + 1)
                    .any(|(other, ())| other == one),
                "{one}"
            );
        }
    }
}

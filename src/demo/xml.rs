//! XML as the API speaks it: written from pieces that are escaped here, read with `serde`.

use super::fault::Fault;
use quick_xml::{de, escape::escape};
use serde::de::DeserializeOwned;

/// An element with text.
pub(super) fn text(name: &str, text: impl AsRef<str>) -> String {
    format!("<{name}>{}</{name}>", escape(text.as_ref()))
}

/// An element with elements.
pub(super) fn element(name: &str, content: impl AsRef<str>) -> String {
    format!("<{name}>{}</{name}>", content.as_ref())
}

/// A document.
pub(super) fn document(root: &str, content: impl AsRef<str>) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{}"#,
        element(root, content)
    )
}

/// Reads a document.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let text = str::from_utf8(bytes).map_err(|_| Fault::Xml)?;
    de::from_str(text).map_err(|_| Fault::Xml)
}

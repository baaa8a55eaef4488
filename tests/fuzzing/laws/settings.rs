//! A settings file, in a directory without any other.
//!
//! 1. It is read, or every mistake has a place in it and words.
//! 2. So has every warning.
//! 3. What a variable of the environment holds is nowhere to be seen, in settings or mistakes.

use super::mistakes;
use obsgate::config::Config;
use std::path::Path;

/// Whether it is right.
pub fn holds(bytes: &[u8]) -> &'static str {
    let Some(text) = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains("/dev"))
    else {
        return "not tried";
    };
    let base = Path::new("/nowhere/at/all");
    let file = base.join("obsgate.toml");
    let environment = |name: &str| (name.len() < 20).then(|| SECRET.into());
    let (shown, kind) = match Config::from_str_in(text, base, &environment) {
        Ok(config) => {
            for warning in config.warnings() {
                mistakes::assert_is_in(text, &file, &warning.place);
            }
            let lookup = config.lookup();
            assert!(lookup.is_none_or(|lookup| lookup.secret_key.expose() == SECRET));
            // The access key is a name, and may be shown.
            let shown = format!("{config:?}").replace(&format!("access_key: {SECRET:?}"), "");
            (shown, "right")
        }
        Err(mistakes) => {
            mistakes::assert_are_in(text, &file, &mistakes);
            (mistakes.to_string(), "mistaken")
        }
    };
    assert!(!shown.contains(SECRET) || text.contains(SECRET), "{shown}");
    kind
}

const SECRET: &str = "Kt9-of-the-environment";

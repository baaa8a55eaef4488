//! How settings write a time.

use super::section::Section;
use std::time::Duration;

/// Reads a setting that is a time.
pub(super) fn read_duration(table: &Section<'_>, key: &'static str) -> Option<Duration> {
    let allowed = "a time above zero as `500ms`, `5s` or `15m`";
    Some(table.parsed(key, allowed, parse_duration)?.into_inner())
}

/// Reads a number and its unit: `ms`, `s` or `m`.
fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    match unit {
        "ms" => Some(Duration::from_millis(number.into())),
        "s" => Some(Duration::from_secs(number.into())),
        "m" => Some(Duration::from_mins(number.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_above_zero_and_a_unit() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("5s"), Some(Duration::from_secs(5)));
        assert_eq!(parse_duration("15m"), Some(Duration::from_mins(15)));
        for text in [
            "",
            "5",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "5 s",
            "5S",
            "5h",
            "99999999999s",
            "٥s",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}

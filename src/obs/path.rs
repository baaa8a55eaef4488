//! The raw path, split before anything in it is decoded, and refused where others might split it elsewhere
//! (rulings, 8).

use super::{
    block::{Places, run_in_order},
    bytes::ByteSet,
    fold::Decoded,
    malformed::Malformed,
    resource::Resource,
};

/// Splits the path of a request to a bucket's own host, or one whose first segment is the bucket.
pub(crate) fn split<'h>(host: Option<&'h str>, path: &'h str) -> Result<Resource<'h>, Malformed> {
    let path = path.strip_prefix('/').ok_or(Malformed::Target)?;
    let (bucket, key) = match host {
        Some(bucket) => (Some(bucket), path),
        None => split_bucket(path)?,
    };
    if key.is_empty() {
        return Ok(Resource { bucket, key: None });
    }
    if is_suspicious(key.as_bytes()) && !stays(key.as_bytes()) {
        return Err(Malformed::Path);
    }
    Ok(Resource {
        bucket,
        key: Some(key),
    })
}

/// The first segment of a path without its leading slash, and the rest.
fn split_bucket(path: &str) -> Result<(Option<&str>, &str), Malformed> {
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if path.is_empty() {
        Ok((None, ""))
    } else if is_bucket(bucket.as_bytes()) {
        Ok((Some(bucket), key))
    } else {
        Err(Malformed::Bucket)
    }
}

/// Whether everybody reads a bucket's place alike: what was ever a bucket's name, with a letter or a digit at each end.
fn is_bucket(name: &[u8]) -> bool {
    let ends = [name.first(), name.last()];
    BUCKET.has_all(name)
        && ends
            .into_iter()
            .all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
}

/// No bucket's name needs an escape, so none is left to be decoded by one reader and not by another.
static BUCKET: ByteSet = ByteSet::ALPHANUMERIC.and(b"._-");

/// Whether a key holds anything that removing dot segments, merging slashes or dropping parameters could change.
fn is_suspicious(key: &[u8]) -> bool {
    // The begin is the begin of a segment.
    let mut block_before = Places::ALL;
    let harmless = run_in_order(key, |block| {
        let slashes = block.is(b'/');
        let first = slashes.after(block_before);
        block_before = slashes;
        let odd = slashes.or(block.is(b'.')).or(block.is(b';'));
        Places::ALL.without(block.is(b'%').or(odd.and(first)))
    });
    harmless < key.len()
}

/// Whether a key stays in its bucket, however it is cleaned. Apart, for few keys have to be looked at so closely.
#[inline(never)]
fn stays(key: &[u8]) -> bool {
    [EncodedSlash::Separates, EncodedSlash::IsPartOfAName]
        .into_iter()
        .all(|slash| survives(key, slash))
}

/// What `%2F` is to a reader of paths.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EncodedSlash {
    /// He decodes first.
    Separates,
    /// He splits first: there are fewer segments than to the other, and `..` leads further up.
    IsPartOfAName,
}

/// Whether there is still a key, in the same bucket, after escapes are decoded, slashes merged and dot segments
/// removed.
fn survives(key: &[u8], slash: EncodedSlash) -> bool {
    let mut depth = 0_usize;
    for raw in key.split(|byte| *byte == b'/') {
        let mut segment = Segment::Empty;
        // A broken escape is part of a name, and takes no slash along.
        for byte in Decoded::new(raw) {
            segment = match (byte.unwrap_or(b'%'), segment) {
                (b'/', _) if slash == EncodedSlash::Separates => {
                    if !segment.end(&mut depth) {
                        return false;
                    }
                    Segment::Empty
                }
                (_, Segment::Parameters(up)) => Segment::Parameters(up),
                (b'.', Segment::Empty) => Segment::Dot,
                (b'.', Segment::Dot) => Segment::DotDot,
                (b';', Segment::Empty | Segment::Dot) => Segment::Parameters(false),
                (b';', Segment::DotDot) => Segment::Parameters(true),
                _ => Segment::Name,
            };
        }
        if !segment.end(&mut depth) {
            return false;
        }
    }
    depth > 0
}

/// What a segment has turned out to be so far.
#[derive(Clone, Copy)]
enum Segment {
    Empty,
    Dot,
    DotDot,
    Name,
    /// Nothing or a dot segment, and parameters, which some readers drop; whether it leads up.
    Parameters(bool),
}

impl Segment {
    /// Goes down a level, or up, or neither. False where there is no level to go up from.
    fn end(self, depth: &mut usize) -> bool {
        match self {
            Self::Empty | Self::Dot | Self::Parameters(false) => true,
            Self::Name => {
                *depth += 1;
                true
            }
            Self::DotDot | Self::Parameters(true) => {
                let left = depth.checked_sub(1);
                *depth = left.unwrap_or(0);
                left.is_some()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_at_its_first_raw_slash() {
        for (path, bucket, key) in [
            ("/", None, None),
            ("/b", Some("b"), None),
            ("/b/", Some("b"), None),
            ("/b/k", Some("b"), Some("k")),
            ("/b//k", Some("b"), Some("/k")),
            ("/b/a/../k", Some("b"), Some("a/../k")),
            ("/b/a%2fk", Some("b"), Some("a%2fk")),
            ("/b/100%", Some("b"), Some("100%")),
            ("/b/.hidden", Some("b"), Some(".hidden")),
            ("/b/...", Some("b"), Some("...")),
            ("/b/%00", Some("b"), Some("%00")),
            ("/b/a%2Fb/../k", Some("b"), Some("a%2Fb/../k")),
            ("/b/%/a/../k%", Some("b"), Some("%/a/../k%")),
            ("/b/a;b/;x", Some("b"), Some("a;b/;x")),
        ] {
            assert_eq!(split(None, path), Ok(Resource { bucket, key }), "{path}");
        }
    }

    #[test]
    fn a_bucket_that_others_might_read_elsewhere_is_refused() {
        for path in [
            "//k", "//", "/b%2fc/k", "/b%00/k", "/b%09", "/%62/k", "/./k", "/../b/k", "/b\\c/k", "/b;x/k",
            "/:b/k", "/a:b/k", "/b./k", "/.b/k", "/b,/k", "/\"b\"/k", "/-b/k", "/_b/k", "/b_/k", "/b*/",
            "/b~", "/(b)/k",
        ] {
            assert_eq!(split(None, path), Err(Malformed::Bucket), "{path}");
        }
    }

    #[test]
    fn a_path_that_cleaning_would_move_is_refused_in_both_styles() {
        for key in [
            "..",
            ".",
            "../c/k",
            "a/../../c/k",
            "%2e%2e/c/k",
            "a/%2E%2e/..%2fc/k",
            ".%2e/c",
            "/",
            "//",
            "a/..",
            "./",
            "a//../../c",
            "a/..%2f..%2fc",
            "..;x/c",
            "a/..;/..;/c",
            ";x",
            ";/",
            "%3bx",
            "./;x",
            ";x/../k",
            ";x/;y",
            "a%2Fb/..",
            "a%2fb%2fc/../../v/k",
            "a%2fb/%2e%2e/../v/k",
            "%/..",
            "%/../../v/k",
            "%2/../../v/k",
            "%%2f..%2f../v/k",
        ] {
            let path = format!("/b/{key}");
            assert_eq!(split(None, &path), Err(Malformed::Path), "{path}");
            let path = format!("/{key}");
            assert_eq!(split(Some("b"), &path), Err(Malformed::Path), "{path}");
        }
    }
}

//! What the fuzzer does, without the fuzzer: a law over a target's seeds, and over mutations of them that are the same
//! on every run.

use std::{
    collections::BTreeMap,
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
};

/// What came of the inputs: how many of each kind there were.
pub(crate) type Met = BTreeMap<&'static str, usize>;

/// Checks a law on every seed of a target and on its mutations, 10,000 unless `FUZZ_MUTATIONS` says otherwise. Each
/// mutation has a seed of its own, counted from `FUZZ_SEED`: that and `FUZZ_MUTATIONS=1` runs one of them again.
pub(crate) fn run(target: &str, law: fn(&[u8]) -> &'static str) -> Met {
    let seeds = seeds(target);
    let words = words(target);
    let mut met = Met::new();
    for (name, bytes) in &seeds {
        *met.entry(check(law, bytes, || format!("seed `{name}`")))
            .or_default() += 1;
    }
    let first = setting("FUZZ_SEED").unwrap_or(FIRST);
    let mutations = setting("FUZZ_MUTATIONS").unwrap_or(MUTATIONS);
    for number in first..first + mutations {
        let bytes = Mutation::new(number, &seeds, &words).made();
        let told = || format!("a mutation (FUZZ_SEED={number} FUZZ_MUTATIONS=1)");
        *met.entry(check(law, &bytes, told)).or_default() += 1;
    }
    met
}

/// How many inputs were of a kind.
pub(crate) fn count(met: &Met, kind: &str) -> usize {
    met.get(kind).copied().unwrap_or_default()
}

fn check(law: fn(&[u8]) -> &'static str, bytes: &[u8], told: impl Fn() -> String) -> &'static str {
    catch_unwind(AssertUnwindSafe(|| law(bytes))).unwrap_or_else(|panic| {
        eprintln!("broken by {}: b\"{}\"", told(), bytes.escape_ascii());
        resume_unwind(panic)
    })
}

/// The seeds that the fuzzer starts with too, by name, those last that it has found.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = fs::read_dir(fuzz().join("seeds").join(target))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    seeds.sort_by_cached_key(|(name, _)| (name.starts_with(FOUND), name.clone()));
    assert!(!seeds.is_empty(), "no seeds for `{target}`");
    let size: usize = seeds.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(
        seeds.len() <= 60 && size <= 100 << 10,
        "{target}: {} seeds of {size} bytes are more than a reader of the repository wants",
        seeds.len()
    );
    seeds
}

/// The words of the fuzzer's dictionary: a quoted string with escapes on each line, `#` before a comment.
fn words(target: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(fuzz().join("words").join(target)).unwrap();
    let words: Vec<Vec<u8>> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| unescaped(line.strip_prefix('"').unwrap().strip_suffix('"').unwrap()))
        .collect();
    assert!(!words.is_empty(), "no words for `{target}`");
    words
}

fn unescaped(quoted: &str) -> Vec<u8> {
    let mut bytes = quoted.bytes();
    let mut word = Vec::new();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'\\' => match bytes.next().unwrap() {
                b'x' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                plain => plain,
            },
            plain => plain,
        };
        word.push(byte);
    }
    word
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

fn setting(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap())
}

/// A seed with a few changes.
struct Mutation<'a> {
    random: Random,
    seeds: &'a [(String, Vec<u8>)],
    words: &'a [Vec<u8>],
    bytes: Vec<u8>,
}

impl<'a> Mutation<'a> {
    fn new(number: u64, seeds: &'a [(String, Vec<u8>)], words: &'a [Vec<u8>]) -> Self {
        let mut random = Random::new(number);
        // Most of what the fuzzer finds is refused, and so would be what is made of it.
        let written = seeds
            .iter()
            .take_while(|(name, _)| !name.starts_with(FOUND))
            .count();
        let among = if random.below(4) > 0 { written } else { seeds.len() };
        let bytes = seeds[random.below(among)].1.clone();
        Self {
            random,
            seeds,
            words,
            bytes,
        }
    }

    fn made(mut self) -> Vec<u8> {
        for _ in 0..=self.random.below(3) {
            self.change();
        }
        self.bytes
    }

    fn change(&mut self) {
        let length = self.bytes.len();
        let at = self.random.below(length + 1);
        let end = (at + self.random.below(24)).min(length);
        match self.random.below(9) {
            0 if at < length => self.bytes[at] = self.odd(),
            1 => {
                let byte = self.odd();
                self.bytes.insert(at, byte);
            }
            2 => drop(self.bytes.drain(at..(at + 1).min(length))),
            3 => drop(self.bytes.drain(at..end)),
            4 => self.put(at, at),
            5 => self.put(at, end),
            // Where lines begin, fields do.
            6 => {
                let starts: Vec<usize> = (0..length).filter(|at| self.bytes[*at] == b'\n').collect();
                if let Some(newline) = starts.get(self.random.below(starts.len().max(1))) {
                    self.put(newline + 1, newline + 1);
                }
            }
            7 => {
                let other = &self.seeds[self.random.below(self.seeds.len())].1;
                let from = self.random.below(other.len() + 1);
                let to = (from + self.random.below(64)).min(other.len());
                drop(self.bytes.splice(at..at, other[from..to].iter().copied()));
            }
            _ => {
                let again = self.bytes[at..end].to_vec();
                drop(self.bytes.splice(at..at, again));
            }
        }
    }

    /// Puts a word in place of a range.
    fn put(&mut self, from: usize, to: usize) {
        let word = &self.words[self.random.below(self.words.len())];
        drop(self.bytes.splice(from..to, word.iter().copied()));
    }

    fn odd(&mut self) -> u8 {
        const ODD: &[u8] = b"\r\n\t \0\x0b\x7f\x80\xff:;,=#/?\\\"<>&'[]{}._-+*0123456789afgAFTxX%";
        ODD[self.random.below(ODD.len())]
    }
}

/// The same sequence on every run: `SplitMix64`.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xff51_afd7_ed55_8ccd))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((value ^ (value >> 31)) >> 1).unwrap() % bound
    }
}

/// What the names of seeds begin with that nobody has written.
const FOUND: &str = "found-";
const MUTATIONS: u64 = 10_000;
const FIRST: u64 = 1;

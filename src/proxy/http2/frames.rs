//! Where the frames of one direction begin and end (RFC 9113 §4.1), however the bytes come in pieces. Of what is in them
//! it keeps no more than the number that some begin with.

/// The frames of one direction.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Bytes before the first frame.
    skip: usize,
    head: [u8; HEAD],
    /// How much of the head there is.
    have: usize,
    /// What is to come of the payload, and what has.
    left: usize,
    seen: usize,
    first: [u8; FIRST],
}

/// As much of a frame as is there at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    /// So many bytes of its payload.
    pub(super) bytes: usize,
    /// The last part.
    pub(super) ends: bool,
    first: [u8; FIRST],
}

impl Frames {
    /// What a client sends, the preface first (RFC 9113 §3.4).
    pub(super) fn of_client() -> Self {
        Self {
            skip: PREFACE,
            ..Self::default()
        }
    }

    /// The next part of a frame that is in `bytes`, which is taken off them; none when they are used up.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Option<Part> {
        self.skip -= take(bytes, self.skip).len();
        if self.have < HEAD {
            let more = take(bytes, HEAD - self.have);
            write(&mut self.head, self.have, more);
            self.have += more.len();
            if self.have < HEAD {
                return None;
            }
            let [a, b, c, ..] = self.head;
            self.left = u32::from_be_bytes([0, a, b, c]) as usize;
            (self.seen, self.first) = (0, [0; FIRST]);
        } else if bytes.is_empty() {
            return None;
        }
        let payload = take(bytes, self.left);
        write(&mut self.first, self.seen, payload);
        self.seen += payload.len();
        self.left -= payload.len();
        let ends = self.left == 0;
        if ends {
            self.have = 0;
        }
        let [_, _, _, kind, flags, stream @ ..] = self.head;
        Some(Part {
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & !RESERVED,
            bytes: payload.len(),
            ends,
            first: self.first,
        })
    }
}

impl Part {
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The number that the payload begins with: the increment of `WINDOW_UPDATE`, the code of `RST_STREAM`.
    pub(super) fn number(&self) -> u32 {
        let [a, b, c, d, ..] = self.first;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The second: the code of `GOAWAY`.
    pub(super) fn second_number(&self) -> u32 {
        let [.., a, b, c, d] = self.first;
        u32::from_be_bytes([a, b, c, d])
    }
}

/// Takes so many bytes off, or all there are.
fn take<'a>(bytes: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at_checked(most).unwrap_or((bytes, &[]));
    *bytes = rest;
    taken
}

/// Puts bytes where there is room for them.
fn write(into: &mut [u8], at: usize, bytes: &[u8]) {
    for (slot, byte) in into.iter_mut().skip(at).zip(bytes) {
        *slot = *byte;
    }
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

const HEAD: usize = 9;
const FIRST: usize = 8;
const PREFACE: usize = 24;
const RESERVED: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }

    /// The frames that are found in pieces of that size: kind, flags, stream, length, numbers.
    fn found(bytes: &[u8], size: usize) -> Vec<(u8, u8, u32, usize, u32, u32)> {
        let mut frames = Frames::of_client();
        let (mut all, mut length) = (Vec::new(), 0);
        for mut piece in bytes.chunks(size) {
            while let Some(part) = frames.next(&mut piece) {
                length += part.bytes;
                if part.ends {
                    let numbers = (part.number(), part.second_number());
                    all.push((part.kind, part.flags, part.stream, length, numbers.0, numbers.1));
                    length = 0;
                }
            }
        }
        all
    }

    #[test]
    fn frames_are_found_however_their_bytes_come() {
        let bytes = [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            frame(4, 0, 0, &[]),
            frame(DATA, END_STREAM, 7, &vec![9; 40_000]),
            frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1, 2]),
            frame(GOAWAY, 0, 1 << 31, &[0, 0, 0, 5, 0, 0, 0, 11, b'x', b'y']),
            frame(4, 1, 0, &[]),
        ]
        .concat();
        let nines = 0x0909_0909;
        let expected = [
            (4, 0, 0, 0, 0, 0),
            (DATA, END_STREAM, 7, 40_000, nines, nines),
            (WINDOW_UPDATE, 0, 0, 4, 0x102, 0),
            (GOAWAY, 0, 0, 10, 5, 11),
            (4, 1, 0, 0, 0, 0),
        ];
        for size in (1..60).chain([1_000, 39_999, 40_000, bytes.len()]) {
            assert_eq!(found(&bytes, size), expected, "{size}");
        }
    }
}

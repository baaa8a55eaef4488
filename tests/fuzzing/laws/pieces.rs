//! Ways to cut bytes: what is read of a stream must not depend on them.

/// The bytes one by one, and in pieces of many sizes. The sizes follow from the bytes, so the same input is always cut
/// the same way.
pub(super) fn ways(bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut ways = vec![irregular(bytes, 7), irregular(bytes, 120)];
    if bytes.len() <= LONG {
        ways.push(bytes.chunks(1).collect());
    }
    ways
}

fn irregular(bytes: &[u8], most: u64) -> Vec<&[u8]> {
    let mut state = bytes.iter().fold(most, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let (mut rest, mut pieces) = (bytes, Vec::new());
    while !rest.is_empty() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let size = usize::try_from((state >> 33) % most).unwrap().min(rest.len());
        let (piece, after) = rest.split_at(size);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Bytes beyond this are not cut one by one: some readers look at everything again for each piece.
const LONG: usize = 4 << 10;

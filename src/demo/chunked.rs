//! Bodies in `aws-chunked` coding: `<hex size>[;chunk-signature=…]\r\n<data>\r\n`, a last chunk of size 0, then
//! trailers. The chunks' own signatures are not verified; the one of the head, from which they follow, is.

use super::fault::Fault;
use bytes::{Buf, Bytes};
use memchr::memmem;

/// The data within.
pub(super) fn decode(mut body: Bytes) -> Result<Bytes, Fault> {
    let mut data = Vec::new();
    loop {
        let line = memmem::find(&body, b"\r\n").ok_or(Fault::IncompleteBody)?;
        let head = body.split_to(line);
        body.advance(2);
        let size = head.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = str::from_utf8(size)
            .ok()
            .and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.ok_or(Fault::IncompleteBody)?;
        if size == 0 {
            return Ok(data.into());
        }
        if body.len() < size.saturating_add(2) {
            return Err(Fault::IncompleteBody);
        }
        data.extend_from_slice(&body.split_to(size));
        body.advance(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_and_signatures_and_trailers_dropped() {
        let body = b"5;chunk-signature=ab\r\nhello\r\n1\r\n!\r\n0;chunk-signature=cd\r\nx-amz-checksum-crc32:AA==\r\n\r\n";
        assert_eq!(decode(Bytes::from_static(body)).unwrap(), "hello!");
    }

    #[test]
    fn a_body_that_ends_within_a_chunk_is_incomplete() {
        for body in ["", "5\r\nhell", "ffffffffffffffff\r\nx", "x\r\n\r\n"] {
            assert_eq!(decode(Bytes::from(body)), Err(Fault::IncompleteBody), "{body:?}");
        }
    }
}

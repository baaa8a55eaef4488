//! Reading requests where they may end anywhere.

use std::io::{BufRead, Read};

/// The next request, if it comes whole: its head, its body's bytes and its trailers.
pub(crate) fn read_request(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let (mut length, mut chunked) = (0, false);
    loop {
        let line = read_line(reader)?;
        if let Some(value) = line.strip_prefix(b"content-length: ") {
            length = std::str::from_utf8(value).unwrap().trim().parse().unwrap();
        }
        chunked |= line == b"transfer-encoding: chunked\r\n";
        request.extend(&line);
        if line == b"\r\n" {
            break;
        }
    }
    if !chunked {
        request.extend(read_exactly(reader, length)?);
        return Some(request);
    }
    loop {
        let line = String::from_utf8(read_line(reader)?).unwrap();
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        if size == 0 {
            loop {
                let line = read_line(reader)?;
                if line == b"\r\n" {
                    return Some(request);
                }
                request.extend(line);
            }
        }
        request.extend(read_exactly(reader, size)?);
        assert_eq!(read_exactly(reader, 2)?, b"\r\n");
    }
}

fn read_line(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok()?;
    line.ends_with(b"\r\n").then_some(line)
}

fn read_exactly(reader: &mut impl Read, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

//! Where an answer's body ends, and what of the bytes that arrived is body.

use super::chunked::Chunked;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName};

/// The rest of a body.
pub(super) struct Decoder(State);

enum State {
    Length(u64),
    /// In a place of its own: it is ten times as large as the others, and heads are moved about.
    Chunked(Box<Chunked>),
    UntilClose,
    Ended,
}

/// A piece of a body.
pub(super) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
}

impl Decoder {
    pub(super) fn empty() -> Self {
        Self(State::Ended)
    }

    pub(super) fn length(length: u64) -> Self {
        Self(State::Length(length))
    }

    /// With the trailers that may follow.
    pub(super) fn chunked(trailers: Vec<HeaderName>) -> Self {
        Self(State::Chunked(Box::new(Chunked::new(trailers))))
    }

    pub(super) fn until_close() -> Self {
        Self(State::UntilClose)
    }

    /// Takes the next piece out of what arrived; nothing if more has to arrive first, or the body has ended.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, &'static str> {
        let data = match &mut self.0 {
            State::Ended => return Ok(None),
            State::UntilClose => input.split(),
            State::Length(left) => take(left, input),
            State::Chunked(chunked) => {
                chunked.advance(input)?;
                let data = take(chunked.left(), input);
                if data.is_empty() {
                    return Ok(chunked.take_trailers().map(Piece::Trailers));
                }
                // Whether this was the last of it shows now, not a read later. A fault stays, and is told next time:
                // the data before it is good.
                let _ = chunked.advance(input);
                data
            }
        };
        Ok(Some(data)
            .filter(|data| !data.is_empty())
            .map(|data| Piece::Data(data.freeze())))
    }

    /// Whether the whole body was taken out.
    pub(super) fn has_ended(&self) -> bool {
        match &self.0 {
            State::Length(left) => *left == 0,
            State::Chunked(chunked) => chunked.has_ended(),
            State::UntilClose => false,
            State::Ended => true,
        }
    }

    /// The connection was closed: whether that is an end of the body.
    pub(super) fn close(&mut self) -> bool {
        if matches!(self.0, State::UntilClose) {
            self.0 = State::Ended;
        }
        self.has_ended()
    }

    /// How much is still to come, where that is known.
    pub(super) fn left(&self) -> Option<u64> {
        match &self.0 {
            State::Length(left) => Some(*left),
            State::Ended => Some(0),
            State::Chunked(_) | State::UntilClose => None,
        }
    }
}

/// What belongs to the body of what arrived.
fn take(left: &mut u64, input: &mut BytesMut) -> BytesMut {
    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *left = left.saturating_sub(here as u64);
    input.split_to(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The body, its trailers and what was left over; or why not.
    type Decoded = Result<(Vec<u8>, Option<HeaderMap>, Vec<u8>, bool), &'static str>;

    fn decode<'a>(mut decoder: Decoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
        let (mut input, mut body, mut trailers) = (BytesMut::new(), Vec::new(), None);
        for piece in pieces {
            input.extend_from_slice(piece);
            while let Some(piece) = decoder.next(&mut input)? {
                match piece {
                    Piece::Data(data) => body.extend_from_slice(&data),
                    Piece::Trailers(some) => assert!(trailers.replace(some).is_none()),
                }
            }
        }
        Ok((body, trailers, input.to_vec(), decoder.has_ended()))
    }

    fn chunked() -> Decoder {
        Decoder::chunked(vec![HeaderName::from_static("x-sum")])
    }

    fn whole(decoder: Decoder, bytes: &[u8]) -> Decoded {
        decode(decoder, [bytes])
    }

    #[test]
    fn chunks_are_taken_out_of_their_framing() {
        let (body, trailers, left, ended) = whole(
            chunked(),
            b"5\r\nhello\r\n6;a=b;c=\"d\"\r\n world\r\n0\r\nx-other: 0\r\nx-sum: 1\r\n\r\nmore",
        )
        .unwrap();
        assert_eq!(body, b"hello world");
        let trailers = trailers.unwrap();
        assert_eq!((trailers.len(), trailers["x-sum"].as_bytes()), (1, &b"1"[..]));
        assert_eq!(left, b"more");
        assert!(ended);
    }

    #[test]
    fn framing_that_could_be_read_in_two_ways_is_refused() {
        let long = format!("1;{}\r\na\r\n", "e".repeat(20 << 10));
        let far = format!("0\r\nx: {}\r\n\r\n", "e".repeat(70 << 10));
        for bytes in [
            "\r\n",
            "g\r\n",
            "+1\r\na\r\n",
            "-1\r\na\r\n",
            "0x1\r\na\r\n",
            " 1\r\na\r\n",
            "1 \r\na\r\n",
            "1 ;a\r\na\r\n",
            "1\t\r\na\r\n",
            "1\na\n",
            "1\r\na\n",
            "1\r\na\r\r\n",
            "1\r\nab\r\n",
            "1\rXa\r\n",
            "1;a\nb\r\na\r\n",
            "1;a\0\r\na\r\n",
            ";a\r\n",
            "00000000000000001\r\na\r\n",
            "10000000000000000\r\n",
            "0\r\n\n",
            "0\r\nx: 1\n\r\n",
            "0\r\nx : 1\r\n\r\n",
            "0\r\n folded\r\n\r\n",
            long.as_str(),
            far.as_str(),
        ] {
            assert!(
                whole(chunked(), bytes.as_bytes()).is_err(),
                "{:?}",
                bytes.get(..20)
            );
        }
    }

    #[test]
    fn extensions_are_bounded_over_the_whole_body() {
        let bytes = "1;0123456789\r\na\r\n".repeat(2000);
        assert!(whole(chunked(), bytes.as_bytes()).is_err());
        assert!(whole(chunked(), bytes.get(..16 * 1000).unwrap().as_bytes()).is_ok());
    }

    #[test]
    fn a_length_ends_where_it_says_and_leaves_the_rest() {
        let decoded = whole(Decoder::length(5), b"hello world").unwrap();
        assert_eq!(decoded, (b"hello".to_vec(), None, b" world".to_vec(), true));
        assert!(!whole(Decoder::length(5), b"hell").unwrap().3);
    }

    #[test]
    fn without_framing_the_body_ends_with_the_connection_and_else_that_is_no_end() {
        let mut decoder = Decoder::until_close();
        assert!(!decoder.has_ended());
        assert!(decoder.close());
        assert!(!Decoder::length(1).close());
        assert!(!chunked().close());
        assert!(Decoder::empty().close());
    }

    fn tokens() -> impl Strategy<Value = Vec<u8>> {
        let token = prop_oneof![
            4 => Just(&b"\r\n"[..]),
            2 => Just(&b"5\r\nhello\r\n"[..]),
            2 => Just(&b"0\r\n\r\n"[..]),
            1 => Just(&b"0\r\nx-sum: 1\r\n\r\n"[..]),
            1 => Just(&b"1;a=b\r\nx\r\n"[..]),
            1 => Just(&b"\n"[..]),
            1 => Just(&b"A"[..]),
            1 => Just(&b";"[..]),
            1 => Just(&b" "[..]),
            1 => Just(&b"ffffffffffffffff\r\n"[..]),
        ];
        proptest::collection::vec(token, 0..8).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #[test]
        fn however_the_bytes_arrive_the_body_is_the_same(
            bytes in tokens(), cuts in proptest::collection::vec(0_usize..64, 0..6), length in 0_u64..40,
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let ends = cuts.iter().copied().chain([bytes.len()]);
            let starts = [0].into_iter().chain(cuts.iter().copied());
            let pieces: Vec<_> = starts.zip(ends).map(|(start, end)| &bytes[start..end]).collect();
            let makers: [fn(u64) -> Decoder; 4] =
                [|_| chunked(), Decoder::length, |_| Decoder::until_close(), |_| Decoder::empty()];
            for make in makers {
                let expected = whole(make(length), &bytes);
                prop_assert_eq!(&decode(make(length), pieces.iter().copied()), &expected);
                prop_assert_eq!(&decode(make(length), bytes.chunks(1)), &expected);
            }
        }
    }
}

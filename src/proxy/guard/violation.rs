//! What the guard refuses, each with an id, a code and a text.

use crate::obs::error::Code;
use std::fmt;

macro_rules! violations {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $code:ident, $message:literal;)*) => {
        /// Why the bytes of a connection are not one request and nothing else, in time.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Violation { $($(#[$doc])* $name),* }

        impl Violation {
            /// Every violation, in the order of the declaration.
            pub const ALL: [Self; [$($id),*].len()] = [$(Self::$name),*];

            /// The id in log lines, metrics and the `x-obsgate-rule` header.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }

            /// The error code, which brings the status.
            pub const fn code(self) -> Code {
                match self { $(Self::$name => Code::$code),* }
            }

            /// The text for the caller. Nothing of the request is echoed.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message),* }
            }
        }
    };
}

violations! {
    /// An empty line where a request begins.
    EmptyLine = "guard.empty-line", InvalidRequest, "A request must not begin with an empty line.";
    /// CR without LF.
    BareCr = "guard.bare-cr", InvalidRequest, "A line must end with CR LF: there is a CR without LF.";
    /// LF without CR.
    BareLf = "guard.bare-lf", InvalidRequest, "A line must end with CR LF: there is an LF without CR.";
    /// A control byte other than HTAB, or DEL, in a line.
    ControlByte = "guard.control-byte", InvalidRequest, "A request line or header holds a control byte.";
    /// The head is larger than the limit.
    HeadTooLarge = "guard.head-too-large", InvalidRequest, "The request line and headers are larger than the limit.";
    /// There are more fields than the limit.
    TooManyFields = "guard.too-many-fields", InvalidRequest, "There are more headers than the limit.";
    /// The method is empty or no token.
    Method = "guard.method", InvalidRequest, "The request line does not begin with a method.";
    /// The parts of the request line are not parted by single spaces.
    RequestLine = "guard.request-line", InvalidRequest,
        "The request line must be method, target and version, with a single space between them.";
    /// The target holds what no URI may hold, or is none.
    Target = "guard.target", InvalidRequest, "The request target is not a URI: other bytes must be percent-encoded.";
    /// The target has a fragment.
    Fragment = "guard.fragment", InvalidRequest, "The request target must not have a fragment.";
    /// The target is longer than the limit.
    TargetTooLong = "guard.target-too-long", InvalidRequest, "The request target is longer than the limit.";
    /// The version is neither HTTP/1.0 nor HTTP/1.1.
    Version = "guard.version", InvalidRequest, "The version must be HTTP/1.1 or HTTP/1.0.";
    /// The preface of HTTP/2 without TLS.
    Preface = "guard.preface", InvalidRequest, "HTTP/2 is spoken over TLS only, where it is agreed on.";
    /// White space before the first header.
    LeadingSpace = "guard.leading-space", InvalidRequest, "There is white space before the first header.";
    /// A header continued on the next line.
    Folded = "guard.obs-fold", InvalidRequest, "A header must not continue on the next line.";
    /// A header without a colon.
    NoColon = "guard.no-colon", InvalidRequest, "There is a header without a colon.";
    /// White space between the name of a header and its colon.
    SpaceBeforeColon = "guard.space-before-colon", InvalidRequest, "There is white space before the colon of a header.";
    /// The name of a header is empty or no token.
    FieldName = "guard.field-name", InvalidRequest, "The name of a header is empty or holds what no name may hold.";
    /// White space around the value of a header, which HTTP/2 keeps and HTTP/1 does not (RFC 9113 §8.2.1).
    PaddedValue = "guard.padded-value", InvalidRequest,
        "The value of a header must not begin or end with white space in HTTP/2.";
    /// `Content-Length` or `Transfer-Encoding` with underscores, which some take for the real one.
    FramingName = "guard.framing-name", InvalidRequest,
        "A header must not be named like Content-Length or Transfer-Encoding but for underscores.";
    /// `Content-Length` and `Transfer-Encoding` in one request.
    LengthAndCoding = "guard.length-and-coding", InvalidRequest,
        "Content-Length and Transfer-Encoding must not be in one request.";
    /// `Content-Length` more than once.
    LengthRepeated = "guard.length-repeated", InvalidRequest, "Content-Length must not be repeated.";
    /// `Content-Length` is not a plain number below 2^63.
    Length = "guard.length", InvalidRequest, "Content-Length must be decimal digits, without leading zeros, below 2^63.";
    /// `Transfer-Encoding` more than once.
    CodingRepeated = "guard.coding-repeated", InvalidRequest, "Transfer-Encoding must not be repeated.";
    /// `Transfer-Encoding` is not `chunked`.
    Coding = "guard.coding", InvalidRequest, "Transfer-Encoding must be chunked.";
    /// `Transfer-Encoding` in HTTP/1.0.
    CodingVersion = "guard.coding-version", InvalidRequest, "Transfer-Encoding must not be in an HTTP/1.0 request.";
    /// `Expect` is repeated, or not `100-continue`.
    Expect = "guard.expect", ExpectationFailed, "Expect must be 100-continue.";
    /// The size of a chunk is not 1 to 16 hexadecimal digits below 2^63.
    ChunkSize = "guard.chunk-size", InvalidRequest,
        "The size of a chunk must be 1 to 16 hexadecimal digits, below 2^63.";
    /// The extension of a chunk does not begin with a name, or holds what none may hold.
    ChunkExtension = "guard.chunk-extension", InvalidRequest, "The extension of a chunk is malformed.";
    /// The extensions of a body's chunks are larger than the limit.
    ChunkExtensions = "guard.chunk-extensions", InvalidRequest, "The extensions of the chunks are larger than the limit.";
    /// The line with the size of a chunk does not end with CR LF.
    ChunkLine = "guard.chunk-line", InvalidRequest, "The size of a chunk must end with CR LF.";
    /// No CR LF after the data of a chunk.
    ChunkEnd = "guard.chunk-end", InvalidRequest, "The data of a chunk must end with CR LF.";
    /// A trailer that is no field.
    Trailer = "guard.trailer", InvalidRequest, "There is a malformed trailer.";
    /// A trailer that belongs into the head.
    TrailerForbidden = "guard.trailer-forbidden", InvalidRequest,
        "There is a trailer that has to be a header: framing, signature or encryption.";
    /// The trailers are larger, or more, than the limit.
    TrailersTooLarge = "guard.trailers-too-large", InvalidRequest, "The trailers are larger than the limit.";
    /// The head did not come in time.
    HeadTimeout = "guard.head-timeout", RequestTimeout,
        "Your socket connection to the server was not written to within the timeout period: the head is not whole.";
    /// Nothing of the body came for too long.
    BodyTimeout = "guard.body-timeout", RequestTimeout,
        "Your socket connection to the server was not written to within the timeout period: the body is not whole.";
    /// The body comes too slowly.
    BodyRate = "guard.body-rate", RequestTimeout,
        "Your socket connection to the server was written to too slowly: the body is not whole.";
    /// Nothing of the answer was taken for too long. Nobody is told.
    WriteTimeout = "guard.write-timeout", RequestTimeout,
        "Your socket connection to the server was not read from within the timeout period.";
}

impl Violation {
    /// Whether the fault is in a body, so that the head before it was served already.
    pub const fn is_in_body(self) -> bool {
        matches!(
            self,
            Self::ChunkSize
                | Self::ChunkExtension
                | Self::ChunkExtensions
                | Self::ChunkLine
                | Self::ChunkEnd
                | Self::Trailer
                | Self::TrailerForbidden
                | Self::TrailersTooLarge
                | Self::BodyTimeout
                | Self::BodyRate
        )
    }

    /// Whether the bytes are in order as far as they came, and the client took too long.
    pub const fn is_late(self) -> bool {
        matches!(
            self,
            Self::HeadTimeout | Self::BodyTimeout | Self::BodyRate | Self::WriteTimeout
        )
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl std::error::Error for Violation {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_violation_has_an_id_and_a_text_of_its_own() {
        let all = Violation::ALL;
        assert_eq!(
            all.iter().map(|one| one.id()).collect::<BTreeSet<_>>().len(),
            all.len()
        );
        assert_eq!(
            all.iter().map(|one| one.message()).collect::<BTreeSet<_>>().len(),
            all.len()
        );
        assert!(
            all.iter()
                .all(|one| one.id().starts_with("guard.") && one.message().ends_with('.'))
        );
    }

    #[test]
    fn expect_alone_is_417_and_all_else_400() {
        for one in Violation::ALL {
            let expected = if one == Violation::Expect { 417 } else { 400 };
            assert_eq!(one.code().status().as_u16(), expected, "{one}");
        }
    }
}

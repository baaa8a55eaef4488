//! Why a form is refused: one entry for each reason, with its id, its OBS error code and a text for the caller.

use crate::obs::error::Code;
use http::StatusCode;
use std::fmt;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $id:literal $code:ident $message:literal;)*) => {
        /// Why a form is refused. No text echoes what the form holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FormError { $($(#[$doc])* $name),* }

        impl FormError {
            /// Every reason.
            pub const ALL: [Self; [$($id),*].len()] = [$(Self::$name),*];

            /// The id in log lines, metrics and the `x-obsgate-rule` header.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => concat!("form.", $id)),* }
            }

            /// What is wrong, for the caller.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message),* }
            }

            /// The OBS error code.
            pub const fn code(self) -> Code {
                match self { $(Self::$name => Code::$code),* }
            }
        }
    };
}

refusals! {
    /// There is no content type, or one of something else (rulings, 18).
    NotMultipart = "not-multipart" RequestIsNotMultipartContent
        "Bucket POST must be of the enclosure-type multipart/form-data.";
    /// More than one content type (rulings, 18).
    ContentTypeRepeated = "content-type-repeated" MalformedPostRequest
        "The content type of a form must be given once.";
    /// The boundary is missing, repeated, quoted, too long, not last, or not of plain characters (rulings, 18).
    Boundary = "boundary" MalformedPostRequest
        "The content type of a form must end in one boundary of 1 to 70 letters, digits and '+_-. without quotes.";
    /// The body does not begin with the delimiter (rulings, 19).
    Preamble = "preamble" MalformedPostRequest
        "The body of a form must begin with its boundary.";
    /// The boundary stands where it delimits a part for some readers only.
    Delimiter = "delimiter" MalformedPostRequest
        "The boundary of a form must stand on lines of its own, and nowhere else before the file.";
    /// A line of a part's head ends in a bare line feed or carriage return (rulings, 19).
    LineEnd = "line-end" MalformedPostRequest
        "The header lines of a part must end in CRLF.";
    /// A line of a part's head continues the one before (rulings, 19).
    Folded = "folded" MalformedPostRequest
        "The header lines of a part must not be folded.";
    /// A header of a part that is repeated, not one, or none that a part may have (RFC 7578, 4.8).
    PartHeader = "part-header" MalformedPostRequest
        "A part can only have the headers Content-Disposition, Content-Type, Content-Transfer-Encoding and Content-Length.";
    /// `Content-Disposition` is missing, repeated, or not of the one form that all read alike (rulings, 19).
    Disposition = "disposition" MalformedPostRequest
        "A part must have one Content-Disposition: form-data; name=\"...\", followed by a plain filename for the file alone.";
    /// A name is empty, or has characters that might be read as others (rulings, 19).
    Name = "name" MalformedPostRequest
        "The name of a field must be plain ASCII without blanks, quotes, brackets, percent signs and backslashes.";
    /// The file is not spelled `file` (rulings, 19).
    FileSpelling = "file-spelling" MalformedPostRequest
        "The field of the file must be named file, in lower case.";
    /// A part that is not the file has a file name.
    FileName = "file-name" MalformedPostRequest
        "Only the part named file can have a filename.";
    /// A part is itself multipart.
    Nested = "nested" MalformedPostRequest
        "A part of a form must not be multipart.";
    /// A part is encoded.
    TransferEncoding = "transfer-encoding" MalformedPostRequest
        "A part must not have a transfer encoding other than 7bit, 8bit or binary.";
    /// A charset that is not a superset of ASCII, or is set by a field.
    Charset = "charset" MalformedPostRequest
        "The charset of a field can only be utf-8, us-ascii or iso-8859-1.";
    /// A part says that it is longer or shorter than it is.
    PartLength = "part-length" MalformedPostRequest
        "The Content-Length of a part must be its length.";
    /// The form ended properly, without a file (rulings, 19).
    NoFile = "no-file" MalformedPostRequest
        "A form must have a part named file.";
    /// The body ended in the middle of the form.
    CutOff = "cut-off" MalformedPostRequest
        "The body of the form ended before its part named file.";
    /// Too many bytes before the file.
    TooLarge = "too-large" MaxPostPreDataLengthExceeded
        "Your POST request fields preceding the upload file were too large.";
    /// Too many fields before the file.
    TooManyFields = "too-many-fields" MaxPostPreDataLengthExceeded
        "Your POST request has too many fields preceding the upload file.";
}

impl FormError {
    /// The status the code is sent with.
    pub const fn status(self) -> StatusCode {
        self.code().status()
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for FormError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_an_id_and_a_text_of_its_own() {
        let ids: BTreeSet<_> = FormError::ALL.map(FormError::id).into();
        let texts: BTreeSet<_> = FormError::ALL.map(FormError::message).into();
        assert_eq!(ids.len(), FormError::ALL.len());
        assert_eq!(texts.len(), FormError::ALL.len());
    }

    #[test]
    fn every_reason_is_a_bad_request() {
        for reason in FormError::ALL {
            assert_eq!(reason.status(), StatusCode::BAD_REQUEST, "{}", reason.id());
        }
    }
}

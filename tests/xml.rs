//! What is read of XML bodies, what is not, and that it does not matter how a body is cut.

#![expect(clippy::indexing_slicing, reason = "a failed test panics")]

use obsgate::obs::{
    encryption::Encryption,
    xml::{
        CONFIGURATION_LIMIT, Document, DocumentPrefix, Fault, UploadBegun, Verdict, VerdictReader,
        bucket_default, has_no_default,
    },
};
use proptest::prelude::*;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const ERROR: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InternalError</Code></Error>";

/// Reads pieces until the document is whole or none, and ends the body.
fn read_pieces<'b>(limit: usize, pieces: impl Iterator<Item = &'b [u8]>) -> Result<Document, Fault> {
    let mut prefix = DocumentPrefix::new(limit);
    for piece in pieces {
        prefix.push(piece);
        if let Some(document) = prefix.read()? {
            return Ok(document);
        }
    }
    prefix.finish()
}

/// Reads a body whole and byte by byte, and cuts it off at every byte.
fn read_within(limit: usize, body: &[u8]) -> Result<Document, Fault> {
    let whole = read_pieces(limit, std::iter::once(body));
    assert_eq!(
        whole,
        read_pieces(limit, body.chunks(1)),
        "{}",
        body.escape_ascii()
    );
    let mut unread = DocumentPrefix::new(limit);
    body.chunks(3).for_each(|piece| unread.push(piece));
    assert_eq!(unread.finish(), whole);
    let mut ended = false;
    for cut in 0..body.len() {
        match read_pieces(limit, std::iter::once(&body[..cut])) {
            Ok(document) => {
                assert_eq!(Ok(document), whole);
                ended = true;
            }
            Err(fault) => {
                assert!(!ended, "what was whole is no longer");
                assert!(fault == Fault::NotXml || whole == Err(fault), "{fault}");
            }
        }
    }
    whole
}

fn read(body: &str) -> Result<Document, Fault> {
    read_within(UploadBegun::LIMIT, body.as_bytes())
}

fn begun(body: &str) -> Result<UploadBegun, Fault> {
    read(body).and_then(|document| UploadBegun::of(&document))
}

fn initiated(id: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <InitiateMultipartUploadResult xmlns=\"http://obs.example.com/doc/2015-06-30/\">\n\
         \x20 <Bucket>b</Bucket>\n  <Key>a/b</Key>\n  <UploadId>{id}</UploadId>\n</InitiateMultipartUploadResult>\n"
    )
}

fn default_of(method: &str) -> Result<Encryption, Fault> {
    configured_by(&format!("<SSEAlgorithm>{method}</SSEAlgorithm>"))
}

fn configured_by(inner: &str) -> Result<Encryption, Fault> {
    configured(&format!(
        "<Rule><ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault></Rule>"
    ))
}

fn configured(rules: &str) -> Result<Encryption, Fault> {
    let body = format!("<ServerSideEncryptionConfiguration>{rules}</ServerSideEncryptionConfiguration>");
    read_within(CONFIGURATION_LIMIT, body.as_bytes()).and_then(|document| bucket_default(&document))
}

#[test]
fn an_answer_names_the_upload_that_has_begun() {
    let upload = begun(&initiated("DCD2FC98B4F70000013DF578ACA318E7")).unwrap();
    assert_eq!(upload.id, "DCD2FC98B4F70000013DF578ACA318E7");
    assert_eq!(upload.bucket.as_deref(), Some("b"));
    assert_eq!(upload.key.as_deref(), Some("a/b"));
    let bare = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
    let expected = UploadBegun {
        id: "u".into(),
        bucket: None,
        key: None,
    };
    assert_eq!(begun(bare), Ok(expected));
}

#[test]
fn odd_ids_are_taken_byte_for_byte() {
    for (written, id) in [
        ("a+b/c==", "a+b/c=="),
        ("a&amp;b&lt;c&gt;&quot;&apos;", "a&b<c>\"'"),
        ("&#x4e2d;&#25991;", "\u{4e2d}\u{6587}"),
        ("\u{4e2d}", "\u{4e2d}"),
        ("<![CDATA[a<b>&amp;]]>", "a<b>&amp;"),
        ("a<!-- > -->b", "ab"),
        (" a b ", " a b "),
        ("a>b", "a>b"),
        ("%2F~_-.", "%2F~_-."),
        ("a&#0x41;", ""),
        ("\u{feff}a", "\u{feff}a"),
    ] {
        let read = begun(&initiated(written)).map(|upload| upload.id);
        let expected = if id.is_empty() {
            Err(Fault::NotXml)
        } else {
            Ok(id.to_owned())
        };
        assert_eq!(read, expected, "{written}");
    }
}

#[test]
fn namespaces_declarations_and_comments_do_not_matter() {
    for body in [
        "\u{feff}<?xml version=\"1.0\"?><s3:InitiateMultipartUploadResult xmlns:s3='a>b'><s3:UploadId>u</s3:UploadId></s3:InitiateMultipartUploadResult>",
        "  <!-- <Error/> -->\n<?pi > ?><InitiateMultipartUploadResult\n a=\"<\"><UploadId x='y'>u</UploadId ></InitiateMultipartUploadResult >trailing",
    ] {
        assert_eq!(begun(body).map(|upload| upload.id), Ok("u".to_owned()), "{body}");
    }
}

#[test]
fn an_answer_that_does_not_name_one_upload_is_a_named_fault() {
    let twice = initiated("a</UploadId><UploadId>a");
    let nested = initiated("<a>u</a>");
    let mixed = initiated("<a>u</a>v");
    let elsewhere = initiated("u").replace("UploadId", "Upload");
    let deeper =
        "<InitiateMultipartUploadResult><a><UploadId>u</UploadId></a></InitiateMultipartUploadResult>";
    let cased = initiated("u").replace("UploadId", "uploadId");
    for (body, fault) in [
        (ERROR, Fault::Error),
        ("<Error/>", Fault::Error),
        ("<html><body/></html>", Fault::OtherDocument),
        (
            "<CopyObjectResult><UploadId>u</UploadId></CopyObjectResult>",
            Fault::OtherDocument,
        ),
        ("<InitiateMultipartUploadResult/>", Fault::Element),
        (&initiated(""), Fault::Element),
        (&twice, Fault::Element),
        (&nested, Fault::Element),
        (&mixed, Fault::NotXml),
        (&elsewhere, Fault::Element),
        (&cased, Fault::Element),
        (deeper, Fault::Element),
        ("", Fault::NotXml),
        ("{\"UploadId\":\"u\"}", Fault::NotXml),
        ("u > <InitiateMultipartUploadResult/>", Fault::NotXml),
        (
            "<InitiateMultipartUploadResult><UploadId>u</Upload></InitiateMultipartUploadResult>",
            Fault::NotXml,
        ),
        (
            "<InitiateMultipartUploadResult><UploadId>u</UploadId>",
            Fault::NotXml,
        ),
        ("</InitiateMultipartUploadResult>", Fault::NotXml),
        (&initiated("&other;"), Fault::NotXml),
        (&initiated("a&b"), Fault::NotXml),
        (
            "<!DOCTYPE a [<!ENTITY e \"u\">]><InitiateMultipartUploadResult/>",
            Fault::Dtd,
        ),
        ("<!DOCTYPE html><html/>", Fault::Dtd),
    ] {
        assert_eq!(begun(body), Err(fault), "{body}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_not_xml() {
    let mut body = initiated("u").into_bytes();
    let at = body.iter().position(|byte| *byte == b'/').unwrap();
    let id = initiated("\u{0}").find('\0').unwrap();
    assert!(at < id);
    body[id] = 0xff;
    assert_eq!(read_within(UploadBegun::LIMIT, &body), Err(Fault::NotXml));
    let utf_16: Vec<u8> = initiated("u").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_within(UploadBegun::LIMIT, &utf_16), Err(Fault::NotXml));
}

#[test]
fn a_document_of_just_the_bound_is_read_and_a_longer_one_is_not() {
    let body = initiated("u");
    let whole = body.trim_end().len();
    assert!(read_within(whole, body.as_bytes()).is_ok());
    assert_eq!(read_within(whole - 1, body.as_bytes()), Err(Fault::TooLarge));
    assert_eq!(read_within(0, body.as_bytes()), Err(Fault::TooLarge));
    let long = initiated(&"u".repeat(UploadBegun::LIMIT));
    let mut prefix = UploadBegun::prefix();
    prefix.push(long.as_bytes());
    assert_eq!(prefix.read(), Err(Fault::TooLarge));
    let deep = "<a>".repeat(1000);
    assert_eq!(
        read_pieces(1 << 20, std::iter::once(deep.as_bytes())),
        Err(Fault::NotXml)
    );
}

#[test]
fn a_configuration_names_the_buckets_default() {
    for (method, expected) in [
        ("kms", Ok(Encryption::SseKms)),
        ("aws:kms", Ok(Encryption::SseKms)),
        ("AES256", Ok(Encryption::SseObs)),
        ("aws:AES256", Ok(Encryption::SseObs)),
        ("obs", Ok(Encryption::SseObs)),
        ("\n  kms\n ", Ok(Encryption::SseKms)),
        ("KMS", Err(Fault::Value)),
        ("aws:kms:dsse", Err(Fault::Value)),
        ("SM4", Err(Fault::Value)),
        ("", Err(Fault::Value)),
    ] {
        assert_eq!(default_of(method), expected, "{method}");
    }
}

#[test]
fn a_configuration_that_contradicts_itself_is_unknown() {
    for (beside, contradicts) in [
        ("", false),
        ("<KMSMasterKeyID>id</KMSMasterKeyID>", true),
        ("<KMSMasterKeyID/><KMSMasterKeyID>id</KMSMasterKeyID>", true),
        ("<KMSMasterKeyID>\n</KMSMasterKeyID>", false),
        ("<KMSMasterKeyID/>", false),
        ("<ProjectID>p</ProjectID>", true),
        ("<ProjectID/>", false),
        ("<KMSDataEncryption>SM4</KMSDataEncryption>", true),
        ("<KMSDataEncryption>sm4</KMSDataEncryption>", true),
        ("<KMSDataEncryption>AES256</KMSDataEncryption>", false),
        ("<KMSDataEncryption/>", false),
        ("<kmsMasterKeyId>id</kmsMasterKeyId>", true),
        ("<Other><KMSMasterKeyID>id</KMSMasterKeyID></Other>", true),
    ] {
        for method in ["AES256", "aws:AES256", "obs"] {
            let expected = if contradicts {
                Err(Fault::Contradiction)
            } else {
                Ok(Encryption::SseObs)
            };
            for inner in [
                format!("<SSEAlgorithm>{method}</SSEAlgorithm>{beside}"),
                format!("{beside}<SSEAlgorithm>{method}</SSEAlgorithm>"),
            ] {
                assert_eq!(configured_by(&inner), expected, "{inner}");
            }
        }
        let kms = format!("<SSEAlgorithm>kms</SSEAlgorithm>{beside}");
        assert_eq!(configured_by(&kms), Ok(Encryption::SseKms), "{kms}");
    }
}

#[test]
fn a_configuration_that_names_a_method_in_another_place_too_is_unknown() {
    for beside in [
        "<ssealgorithm>kms</ssealgorithm>",
        "<x:SSEAlgorithm>kms</x:SSEAlgorithm>",
        "<Other><SSEAlgorithm>kms</SSEAlgorithm></Other>",
        "<Other><SSEALGORITHM/></Other>",
        "<SSEAlgorithm>AES256<x>kms</x></SSEAlgorithm>",
    ] {
        for inner in [
            format!("<SSEAlgorithm>AES256</SSEAlgorithm>{beside}"),
            format!("{beside}<SSEAlgorithm>AES256</SSEAlgorithm>"),
        ] {
            assert!(configured_by(&inner).is_err(), "{inner}");
        }
    }
    let outside = "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
                   </ApplyServerSideEncryptionByDefault></Rule><SSEAlgorithm>kms</SSEAlgorithm>";
    assert_eq!(configured(outside), Err(Fault::Contradiction));
}

#[test]
fn text_beside_an_element_makes_a_document_unreadable() {
    for inner in [
        "<SSEAlgorithm>aws:kms<x/></SSEAlgorithm>",
        "<SSEAlgorithm>AES256</SSEAlgorithm><SSEAlgorithm>aws:kms<x/></SSEAlgorithm>",
        "<SSEAlgorithm><x/>aws:kms</SSEAlgorithm><SSEAlgorithm>AES256</SSEAlgorithm>",
        "<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k<x/></KMSMasterKeyID>",
        "<SSEAlgorithm>AES256</SSEAlgorithm>&#107;",
        "<![CDATA[k]]><SSEAlgorithm>AES256</SSEAlgorithm>",
    ] {
        assert_eq!(configured_by(inner), Err(Fault::NotXml), "{inner}");
    }
    let spaced = "\n <!-- --> <SSEAlgorithm>kms</SSEAlgorithm>\t\r\n";
    assert_eq!(configured_by(spaced), Ok(Encryption::SseKms));
    assert_eq!(read("text<a/>"), Err(Fault::NotXml));
    assert_eq!(read("<Error>text<a/></Error>"), Err(Fault::NotXml));
    assert!(read("<Error>text</Error>").is_ok());
}

#[test]
fn a_configuration_that_does_not_name_one_method_is_unknown() {
    let rule = |inner: &str| {
        format!(
            "<Rule><ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault></Rule>"
        )
    };
    let kms = rule("<SSEAlgorithm>kms</SSEAlgorithm>");
    for rules in [
        String::new(),
        "<Rule/>".to_owned(),
        rule(""),
        rule("<SSEAlgorithm>kms</SSEAlgorithm><SSEAlgorithm>AES256</SSEAlgorithm>"),
        kms.clone() + &kms,
        "<SSEAlgorithm>kms</SSEAlgorithm>".to_owned(),
    ] {
        assert_eq!(configured(&rules), Err(Fault::Element), "{rules}");
    }
    let other = |body: &str| read(body).and_then(|document| bucket_default(&document));
    assert_eq!(other(ERROR), Err(Fault::Error));
    assert_eq!(other("<Tagging/>"), Err(Fault::OtherDocument));
}

#[test]
fn a_configuration_in_another_character_set_is_unknown() {
    let rest = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256\
                </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
    let absent = "<Error><Code>NoSuchEncryptionConfiguration</Code></Error>";
    for (declaration, utf_8) in [
        ("<?xml version='1.0'?>", true),
        ("<?xml version='1.0' encoding='UTF-8'?>", true),
        (
            "\u{feff}<?xml version=\"1.0\" encoding\n=\t\"utf-8\" standalone='yes'?>",
            true,
        ),
        ("<?encoding?><?other encoding='UTF-7'?>", true),
        ("<!-- encoding='UTF-7' -->", true),
        ("<?xml version='1.0' encoding='UTF-7'?>", false),
        ("<?xml version='1.0' encoding='UTF-16'?>", false),
        ("<?xml version='1.0' encoding='UTF-80'?>", false),
        ("<?xml version='1.0' encoding='ISO-8859-1'?>", false),
        ("<?xml version='1.0' encoding=''?>", false),
        ("<?xml version='1.0' encoding?>", false),
        ("<?xml version='1.0' encoding=UTF-8?>", false),
        ("<?xml version='1.0' ENCODING='UTF-7'?>", false),
        ("<?XML version='1.0' encoding='UTF-7'?>", false),
        ("<?xml encoding='UTF-8' encoding='UTF-7'?>", false),
        ("<?xml encoding='UTF-7' encoding='UTF-8'?>", false),
        ("<?xml encoding='UTF-8'?><?xml encoding='UTF-7'?>", false),
        (" <!-- --><?xml encoding='UTF-7'?>", false),
    ] {
        let document = |rest: &str| {
            let body = format!("{declaration}{rest}");
            read_within(CONFIGURATION_LIMIT, body.as_bytes()).unwrap()
        };
        let expected = if utf_8 {
            Ok(Encryption::SseObs)
        } else {
            Err(Fault::Charset)
        };
        assert_eq!(bucket_default(&document(rest)), expected, "{declaration}");
        assert_eq!(has_no_default(&document(absent)), utf_8, "{declaration}");
    }
}

fn verdict(body: &[u8]) -> Verdict {
    let mut whole = VerdictReader::default();
    let early = whole.feed(body);
    let mut bytewise = VerdictReader::default();
    let mut first = None;
    for byte in body.chunks(1) {
        let now = bytewise.feed(byte);
        assert!(first.is_none() || first == now, "a verdict does not change");
        first = now;
    }
    assert_eq!(early, first);
    assert_eq!(whole.finish(), bytewise.finish());
    whole.finish()
}

#[test]
fn a_200_that_is_an_error_is_told_from_a_result() {
    let result = "<?xml version=\"1.0\"?>\n<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
    let late = format!(
        "<?xml version=\"1.0\"?>{}{}",
        " \n".repeat(100_000),
        ERROR.trim_start_matches(DECLARATION)
    );
    for (body, expected) in [
        (result, Verdict::Success),
        ("<CopyObjectResult", Verdict::Unreadable),
        ("<CopyObjectResult>", Verdict::Success),
        ("<CopyObjectResult/>", Verdict::Success),
        (ERROR, Verdict::Error),
        (&late, Verdict::Error),
        ("<Error xmlns='a>b'>", Verdict::Error),
        ("<s3:Error>", Verdict::Error),
        ("<!-- > --> <?pi?> <Error>", Verdict::Error),
        ("<Errors>", Verdict::Success),
        ("", Verdict::Unreadable),
        ("   ", Verdict::Unreadable),
        ("{}", Verdict::Unreadable),
        ("\u{0}<Error>", Verdict::Unreadable),
        ("<>", Verdict::Unreadable),
        ("</Error>", Verdict::Unreadable),
        ("<!DOCTYPE a><Error>", Verdict::Unreadable),
        ("<![CDATA[]]><Error>", Verdict::Unreadable),
    ] {
        assert_eq!(verdict(body.as_bytes()), expected, "{body:.60}");
    }
    let endless = format!("<!-- {}", "-".repeat(5000));
    assert_eq!(verdict(endless.as_bytes()), Verdict::Unreadable);
}

proptest! {
    #[test]
    fn bodies_made_at_random_are_read_alike_however_they_are_cut(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<InitiateMultipartUploadResult>", "</InitiateMultipartUploadResult>", "<UploadId>", "</UploadId>", "u",
            "<Error>", "</Error>", "<a/>", "<!--", "-->", "<![CDATA[", "]]>", "<?xml version='1.0'?>", "<?", "?>",
            "<!DOCTYPE a>", "&amp;", "&", ";", "&#65;", "<", ">", "\"", "'", " ", "\n", "\u{4e2d}", "=", "!", "/",
        ]), 0..12),
        limit in 0..200_usize,
    ) {
        let body = pieces.concat();
        let _ = read_within(UploadBegun::LIMIT, body.as_bytes());
        let _ = read_within(limit, body.as_bytes());
        verdict(body.as_bytes());
    }

    #[test]
    fn any_id_is_read_back(id in "[^\\x00-\\x1f\\x7f-\\x9f\\ufffe\\uffff]{1,40}") {
        let escaped = quick_xml::escape::escape(&id);
        prop_assert_eq!(begun(&initiated(&escaped)).map(|upload| upload.id), Ok(id.clone()));
    }
}

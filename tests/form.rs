//! The form scanner: what it reads, what it refuses, and that it does not matter how the body is cut.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a failed test panics")]

mod forms;

use forms::{BOUNDARY, field, file, headed, scan, scan_with, scanner};
use obsgate::obs::form::{FormError, Limits, Progress};

#[track_caller]
fn assert_reads(body: &str, expected: &[(&str, &str)]) {
    let (before, fields) = scan(body).unwrap();
    assert!(body[before..].starts_with("content"), "{}", &body[before..]);
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    assert_eq!(fields, expected);
}

#[track_caller]
fn assert_refuses(body: impl AsRef<[u8]>, expected: FormError) {
    let body = body.as_ref();
    assert_eq!(scan(body), Err(expected), "{}", body.escape_ascii());
}

#[test]
fn fields_before_the_file_are_read_in_order_and_byte_for_byte() {
    let body = field("key", "a/b c") + &field("Policy", "e30=") + &field("x-obs-meta-a", "") + &file();
    assert_reads(
        &body,
        &[("key", "a/b c"), ("Policy", "e30="), ("x-obs-meta-a", "")],
    );
}

#[test]
fn a_file_may_come_first_and_without_a_file_name() {
    assert_reads(&file(), &[]);
    assert_reads(&file().replace("; filename=\"a.txt\"", ""), &[]);
}

#[test]
fn what_follows_the_head_of_the_file_is_not_looked_at() {
    let body = field("key", "k") + &file() + "\n--anything\0" + &field("signature", "late");
    assert_reads(&body, &[("key", "k")]);
}

#[test]
fn values_may_hold_line_ends_and_almost_the_boundary() {
    for value in [
        "a\r\nb\nc\rd",
        "\r\n",
        "\r\n\r\n",
        "--",
        "\r\n--",
        "--943114915616",
        "\r\n--943114915616X",
        "-\r\n-9431149156168",
        "9431149156168",
        "\r",
        "-",
    ] {
        assert_reads(&(field("key", value) + &file()), &[("key", value)]);
    }
}

#[test]
fn parts_are_read_as_clients_write_them() {
    for head in [
        "content-disposition:form-data;name=\"key\"",
        "Content-Disposition:\tform-data ;\t name=\"key\" \t",
        "Content-Disposition: form-data; name=\"key\"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\
         Content-Transfer-Encoding: 8bit",
        "Content-Disposition: form-data; name=\"key\"\r\nContent-Length: 5",
        "Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"key\"",
        "Content-Disposition: form-data; name=\"key\"\r\nContent-Type: application/json",
    ] {
        assert_reads(&headed(head), &[("key", "value")]);
    }
    for named in [
        "filename=\"\"",
        "filename=\"a;b\"",
        "filename=\"a=b\"",
        "filename=\"%22name\"",
        "filename=\"C:\\dir\\f.txt\"",
        "filename=\"f\u{fc}r.txt\"",
        "filename=\"x\"; filename*=UTF-8''f%C3%BCr.txt",
        "filename*=utf-8''x",
    ] {
        assert_reads(&file().replace("filename=\"a.txt\"", named), &[]);
    }
}

#[test]
fn a_body_that_does_not_begin_with_the_delimiter_is_refused() {
    let form = field("key", "k") + &file();
    for before in [
        "\r\n",
        "\n",
        " ",
        "preamble\r\n",
        "--",
        "--9431149156167\r\n\r\n",
        "\u{feff}",
    ] {
        assert_refuses(format!("{before}{form}"), FormError::Preamble);
    }
}

#[test]
fn a_delimiter_line_with_anything_more_on_it_is_refused() {
    for after in [" ", "\t", "x", "\n", "-", "\r", "8"] {
        let opening = file().replacen(BOUNDARY, &format!("{BOUNDARY}{after}"), 1);
        assert_refuses(&opening, FormError::Delimiter);
        assert_refuses(field("key", "k") + &opening, FormError::Delimiter);
    }
}

#[test]
fn the_delimiters_text_elsewhere_is_refused() {
    for value in [
        format!("a\n--{BOUNDARY}"),
        format!("a\r--{BOUNDARY}"),
        format!("a--{BOUNDARY}"),
        format!("--{BOUNDARY}"),
        format!("\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"),
    ] {
        assert_refuses(field("key", &value) + &file(), FormError::Delimiter);
    }
    let head = format!("Content-Disposition: form-data; name=\"--{BOUNDARY}\"");
    assert_refuses(headed(&head), FormError::Delimiter);
    let head = format!("Content-Disposition: form-data; name=\"key\"\r\n--{BOUNDARY}");
    assert_refuses(headed(&head), FormError::Delimiter);
}

#[test]
fn a_form_that_ends_without_a_file_is_refused() {
    assert_refuses(format!("--{BOUNDARY}--"), FormError::NoFile);
    assert_refuses(format!("--{BOUNDARY}--\r\n{}", file()), FormError::NoFile);
    assert_refuses(
        format!("{}--{BOUNDARY}--\r\n", field("key", "k")),
        FormError::NoFile,
    );
    assert_refuses("", FormError::CutOff);
    assert_refuses(field("key", "k"), FormError::CutOff);
}

#[test]
fn bare_line_ends_and_folded_lines_in_a_head_are_refused() {
    let disposition = "Content-Disposition: form-data; name=\"key\"";
    for head in [
        format!("{disposition}\nContent-Type: text/plain"),
        format!("{disposition}\rContent-Type: text/plain"),
        format!("{disposition}\r\r\n"),
        format!("{disposition}\n"),
        format!("\n{disposition}"),
    ] {
        assert_refuses(headed(&head), FormError::LineEnd);
    }
    let bare = format!("--{BOUNDARY}\r\n{disposition}\n\nvalue\r\n");
    assert_refuses(bare + &file(), FormError::LineEnd);
    for head in [
        format!("{disposition}\r\n Content-Type: text/plain"),
        format!("{disposition}\r\n\t; name=\"file\""),
        format!(" {disposition}"),
    ] {
        assert_refuses(headed(&head), FormError::Folded);
    }
    let within = "Content-Disposition: form-data;\r\n name=\"key\"";
    assert_refuses(headed(within), FormError::Disposition);
}

#[test]
fn other_headers_of_a_part_are_refused() {
    let disposition = "Content-Disposition: form-data; name=\"key\"";
    for head in [
        format!("{disposition}\r\nX-Other: 1"),
        format!("{disposition}\r\nContent_Disposition: form-data; name=\"file\""),
        format!("{disposition}\r\nContent-Type : text/plain"),
        format!("{disposition}\r\nContent-Type: text/plain\r\nContent-Type: text/plain"),
        format!("{disposition}\r\nno colon"),
        format!("{disposition}\r\nContent-Type: a\0b"),
        format!("{disposition}\r\nContent-Type: a\u{b}b"),
        "Content-Disposition : form-data; name=\"key\"".to_owned(),
    ] {
        assert_refuses(headed(&head), FormError::PartHeader);
    }
}

#[test]
fn a_disposition_that_could_be_read_in_two_ways_is_refused() {
    for disposition in [
        "",
        "form-data",
        "form-data;",
        "attachment; name=\"key\"",
        "Form-Data; name=\"key\"",
        "form-data, name=\"key\"",
        "form-data name=\"key\"",
        "form-data; name=key",
        "form-data; name='key'",
        "form-data; name=\"key",
        "form-data; name =\"key\"",
        "form-data; name= \"key\"",
        "form-data; Name=\"key\"",
        "form-data; name*=utf-8''key",
        "form-data; name=\"key\"; name*=utf-8''file",
        "form-data; name=\"key\"; name=\"file\"",
        "form-data; name=\"key\"; name=\"key\"",
        "form-data; name=\"key\"; size=1",
        "form-data; name=\"key\";",
        "form-data; name=\"key\" x",
        "form-data; name=\"key\\\"; name=\"file\"",
        "form-data; filename=\"x\"; name=\"key\"",
        "form-data; filename=\"x\"; name=\"file\"",
        "form-data; name=\"file\"; filename=x",
        "form-data; name=\"file\"; filename=\"x\\\"; name=\\\"key\"",
        "form-data; name=\"file\"; filename=\"; name=key; \"",
        "form-data; name=\"file\"; filename=\"x\"; filename=\"y\"",
        "form-data; name=\"file\"; filename=\"x\"; filename*=a;name=\"key\"",
        "form-data; name=\"file\"; filename*=a; filename=\"x\"",
    ] {
        let head = format!("Content-Disposition: {disposition}");
        assert_refuses(headed(&head), FormError::Disposition);
    }
    let twice =
        "Content-Disposition: form-data; name=\"key\"\r\nContent-Disposition: form-data; name=\"file\"";
    assert_refuses(headed(twice), FormError::Disposition);
    assert_refuses(headed("Content-Type: text/plain"), FormError::Disposition);
    assert_refuses(
        format!("--{BOUNDARY}\r\n\r\nvalue\r\n") + &file(),
        FormError::Disposition,
    );
}

#[test]
fn names_that_might_be_read_as_others_are_refused() {
    for name in [
        "",
        "%66ile",
        "fi%6ce",
        "file ",
        " file",
        "fi\\le",
        "file[]",
        "f\u{131}le",
        "\u{17f}ignature",
        "a b",
    ] {
        assert_refuses(field(name, "v") + &file(), FormError::Name);
    }
    for name in ["File", "FILE", "fILe"] {
        assert_refuses(
            file().replace("\"file\"", &format!("\"{name}\"")),
            FormError::FileSpelling,
        );
        assert_refuses(field(name, "v") + &file(), FormError::FileSpelling);
    }
}

#[test]
fn a_field_with_a_file_name_is_refused() {
    for named in ["filename=\"x\"", "filename=\"\"", "filename*=utf-8''x"] {
        let head = format!("Content-Disposition: form-data; name=\"key\"; {named}");
        assert_refuses(headed(&head), FormError::FileName);
    }
}

#[test]
fn parts_that_hold_parts_or_are_encoded_are_refused() {
    for (header, error) in [
        ("Content-Type: multipart/mixed; boundary=x", FormError::Nested),
        ("Content-Type: text/plain, Multipart/Mixed", FormError::Nested),
        ("Content-Transfer-Encoding: base64", FormError::TransferEncoding),
        (
            "Content-Transfer-Encoding: quoted-printable",
            FormError::TransferEncoding,
        ),
        ("Content-Transfer-Encoding: ", FormError::TransferEncoding),
        (
            "Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: 8bit",
            FormError::TransferEncoding,
        ),
    ] {
        for name in ["key", "file"] {
            let head = format!("Content-Disposition: form-data; name=\"{name}\"\r\n{header}");
            assert_refuses(headed(&head), error);
        }
    }
}

#[test]
fn charsets_in_which_a_value_could_be_another_are_refused() {
    for charset in [
        "charset=utf-7",
        "charset=UTF-16",
        "Charset=\"utf-8\"",
        "x=1; charset=utf-8",
        "charset",
        "charset*=x",
    ] {
        let head =
            format!("Content-Disposition: form-data; name=\"key\"\r\nContent-Type: text/plain; {charset}");
        assert_refuses(headed(&head), FormError::Charset);
    }
    assert_refuses(field("_charset_", "utf-7") + &file(), FormError::Charset);
    assert_refuses(field("_CharSet_", "utf-8") + &file(), FormError::Charset);
    let body = file().replace("text/plain", "text/plain; charset=utf-16");
    assert!(
        scan(body).is_ok(),
        "what the file is written in is its own business"
    );
}

#[test]
fn a_part_that_lies_about_its_length_is_refused() {
    for length in [
        "4",
        "6",
        "",
        "+5",
        "5, 5",
        "99999999999999999999999",
        "5\r\nContent-Length: 5",
    ] {
        let head = format!("Content-Disposition: form-data; name=\"key\"\r\nContent-Length: {length}");
        assert_refuses(headed(&head), FormError::PartLength);
    }
}

#[test]
fn a_form_of_just_the_limits_is_read_and_one_of_more_is_not() {
    let body = field("a", "1") + &field("b", "2") + &file();
    let (before, _) = scan(&body).unwrap();
    let within =
        |bytes, fields| scan_with(BOUNDARY, body.as_bytes(), Limits { bytes, fields }).map(|(n, _)| n);
    assert_eq!(within(before, 2), Ok(before));
    assert_eq!(within(before - 1, 2), Err(FormError::TooLarge));
    assert_eq!(within(0, 2), Err(FormError::TooLarge));
    assert_eq!(within(before, 1), Err(FormError::TooManyFields));
    assert_eq!(within(before, 0), Err(FormError::TooManyFields));
}

#[test]
fn a_refusal_is_said_again_and_a_file_begins_once() {
    let mut refused = scanner(BOUNDARY, Limits::default());
    assert_eq!(refused.feed(b"x"), Err(FormError::Preamble));
    assert_eq!(refused.feed(file().as_bytes()), Err(FormError::Preamble));
    assert_eq!(refused.buffered(), 1, "nothing more is taken");
    let mut begun = scanner(BOUNDARY, Limits::default());
    assert!(matches!(
        begun.feed(file().as_bytes()),
        Ok(Progress::AtFile { .. })
    ));
    assert_eq!(begun.feed(b"more"), Ok(Progress::AtFile { consumed: 0 }));
}

#[test]
fn printing_a_scanner_shows_no_value() {
    let mut scanner = scanner(BOUNDARY, Limits::default());
    let _ = scanner.feed(field("signature", "c2VjcmV0").as_bytes()).unwrap();
    assert!(!format!("{scanner:?}").contains("c2VjcmV0"));
}

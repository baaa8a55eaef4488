//! Settings and policy files: what is read from them, and every mistake with its place.

#![cfg(test)]

use obsgate::{
    config::{
        AccessLog, Builtin, Checked, Config, FormSettings, Listener, Lookup, LookupSignature, Profile,
        SecretKey, StateSettings, Transport, Upstream, check,
    },
    obs::{
        bucket_pattern::BucketPattern,
        encryption::{Encryption, EncryptionSet},
        resource::{CustomDomains, Endpoints},
        scheme::Scheme,
    },
    policy::{Mode, Settings, UnknownBucketDefault, UnknownUpload},
    state::{Limits, Moment, Origin, State, Stored},
};
use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    num::NonZeroUsize,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

// What is read.

#[test]
fn the_sample_settings_load_and_say_what_their_comments_say() {
    let directory = Directory::with_identity();
    let path = directory.write("obsgate.toml", include_str!("../config/obsgate.toml"));
    let config = Config::load(&path).unwrap();
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
    assert_eq!(config.profile_name(), "strict");
    assert_eq!(config.policy().settings(), Settings::default());
    let [http, https] = config.listeners() else {
        panic!("{:?}", config.listeners())
    };
    assert_eq!(
        (http.address.port(), http.transport.scheme()),
        (8080, Scheme::Http)
    );
    assert_eq!(
        (https.address.port(), https.transport.scheme()),
        (8443, Scheme::Https)
    );
    let Transport::Https(identity) = &https.transport else {
        panic!("{https:?}")
    };
    assert_eq!(identity.certificate_chain.len(), 1);
    assert_eq!(identity.private_key.secret_der(), directory.key_der);
    let upstream = config.upstream();
    assert_eq!(
        (upstream.scheme, &*upstream.host, upstream.port),
        (Scheme::Https, "obs.example.com", 443)
    );
    assert_eq!(upstream.connect_timeout, Duration::from_secs(5));
    assert_eq!(upstream.response_head_timeout, Duration::from_mins(1));
    assert_eq!(upstream.slow_response_head_timeout, Duration::from_mins(15));
    assert_eq!(config.endpoints().domains, ["obs.example.com"]);
    assert_eq!(config.admin().unwrap().port(), 9900);
    assert_eq!(config.access_log(), AccessLog::Json);
}

#[test]
fn what_the_sample_shows_as_a_default_is_the_default() {
    let directory = Directory::with_identity();
    let shown = Config::load(&directory.write("a.toml", include_str!("../config/obsgate.toml"))).unwrap();
    let bare = Config::from_str(MINIMAL, &directory.path).unwrap();
    assert_eq!(bare.profile_name(), shown.profile_name());
    assert_eq!(bare.policy().settings(), shown.policy().settings());
    assert_eq!(bare.endpoints().domains, shown.endpoints().domains);
    assert!(matches!(&bare.endpoints().custom_domains, CustomDomains::Listed(none) if none.is_empty()));
    assert_eq!(bare.upstream().connect_timeout, shown.upstream().connect_timeout);
    assert_eq!(
        bare.upstream().response_head_timeout,
        shown.upstream().response_head_timeout
    );
    assert_eq!(
        bare.upstream().slow_response_head_timeout,
        shown.upstream().slow_response_head_timeout
    );
    assert_eq!(bare.state(), shown.state());
    assert_eq!(bare.form(), shown.form());
    assert_eq!(bare.timeouts(), shown.timeouts());
    assert_eq!(bare.limits(), shown.limits());
    assert_eq!(bare.http2(), shown.http2());
    assert!(bare.buckets().is_empty() && shown.buckets().is_empty());
    assert!(bare.lookup().is_none() && shown.lookup().is_none());
    assert_eq!(bare.access_log(), shown.access_log());
    assert_eq!(bare.workers(), shown.workers());
    assert_eq!(bare.admin(), None);
}

#[test]
fn what_the_sample_has_in_comments_loads_too_and_shows_defaults() {
    let directory = Directory::with_identity();
    directory.write("tls/upstream-ca.pem", &directory.read_file("tls/cert.pem"));
    let is_setting = |line: &&str| {
        let word = line.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '_');
        line.starts_with('[') || word.len() < line.len() && word.starts_with(" = ")
    };
    let text: Vec<&str> = include_str!("../config/obsgate.toml")
        .lines()
        .map(|line| line.strip_prefix("# ").filter(is_setting).unwrap_or(line))
        .collect();
    let text = text.join("\n").replace("/var/lib/obsgate/", "");
    let config = directory.read_with_keys(&text).unwrap();
    assert_eq!(config.state().file, Some(directory.path.join("state")));
    assert_eq!(config.workers().get(), 2);
    assert_eq!(
        config
            .limits()
            .connections_per_peer
            .map(std::num::NonZeroU32::get),
        Some(100)
    );
    let [(pattern, encryption)] = config.buckets() else {
        panic!("{:?}", config.buckets())
    };
    assert_eq!(pattern.to_string(), "logs-*");
    assert_eq!(*encryption, EncryptionSet::only(Encryption::SseKms));
    let shown = config.lookup().unwrap();
    let default = Lookup::new("AK", SecretKey::new("SK".to_owned()));
    assert_eq!(format!("{shown:?}"), format!("{default:?}"));
    assert_eq!(shown.secret_key.expose(), "SK");
}

#[test]
fn what_clients_may_take_has_bounds_and_they_can_be_set() {
    let config = Config::from_str(MINIMAL, Path::new("")).unwrap();
    let seconds = |time: Duration| time.as_secs();
    let timeouts = config.timeouts();
    assert_eq!(
        [
            timeouts.tls_handshake,
            timeouts.request_head,
            timeouts.keep_alive,
            timeouts.body_idle
        ]
        .map(seconds),
        [10, 10, 75, 60]
    );
    let limits = config.limits();
    assert_eq!(
        (limits.head_bytes, limits.headers, limits.target_bytes),
        (65_536, 100, 16_384)
    );
    assert_eq!(
        (limits.minimum_body_rate, seconds(limits.minimum_body_rate_after)),
        (1_024, 30)
    );
    assert_eq!(
        (limits.connections_per_listener, limits.connections_per_peer),
        (10_000, None)
    );
    assert_eq!(
        (limits.requests_in_flight, limits.buffer_bytes),
        (4_096, 512 * 1_024 * 1_024)
    );
    let set = "[timeouts]\ntls_handshake = \"1s\"\nrequest_head = \"2s\"\nkeep_alive = \"3s\"\nbody_idle = \"4s\"\n\
        [limits]\nhead_bytes = 8192\nheaders = 16\ntarget_bytes = 1024\nminimum_body_rate = 0\n\
        minimum_body_rate_after = \"5s\"\nconnections_per_listener = 6\nconnections_per_peer = 7\n\
        requests_in_flight = 8\nbuffer_bytes = 16777216\n";
    let config = Config::from_str(&format!("{MINIMAL}{set}"), Path::new("")).unwrap();
    assert_eq!(
        format!("{:?} {:?}", config.timeouts(), config.limits()),
        "Timeouts { tls_handshake: 1s, request_head: 2s, keep_alive: 3s, body_idle: 4s } Limits { head_bytes: 8192, \
         headers: 16, target_bytes: 1024, minimum_body_rate: 0, minimum_body_rate_after: 5s, \
         connections_per_listener: 6, connections_per_peer: Some(7), requests_in_flight: 8, buffer_bytes: 16777216 }"
    );
}

#[test]
fn http_2_is_offered_unless_it_is_switched_off() {
    let read = |text: &str| Config::from_str(&format!("{MINIMAL}{text}"), Path::new("")).unwrap();
    assert!(read("").http2());
    assert!(read("[http2]\n").http2());
    assert!(read("[http2]\nenabled = true\n").http2());
    assert!(!read("[http2]\nenabled = false\n").http2());
}

#[test]
fn the_defaults_of_what_is_kept_are_those_of_the_documents() {
    let config = Config::from_str(MINIMAL, Path::new("")).unwrap();
    assert_eq!(
        (&config.state().file, config.state().capacity),
        (&None, 1_000_000)
    );
    assert_eq!((config.form().max_bytes, config.form().max_fields), (65_536, 100));
    let lookup = Lookup::new("AK", SecretKey::new("SK".to_owned()));
    assert_eq!(
        (lookup.signature, &*lookup.region),
        (LookupSignature::V4, "region")
    );
    assert_eq!(lookup.time_to_live, Duration::from_mins(1));
    assert_eq!(
        (lookup.timeout, lookup.at_once.get()),
        (Duration::from_secs(2), 16)
    );
}

#[test]
fn every_setting_of_what_is_kept_and_looked_up_arrives() {
    let directory = Directory::new();
    let config = directory
        .read_with_keys(&format!(
            "{MINIMAL}
            [state]
            file = 'kept.redb'
            capacity = 5_000
            [[bucket]]
            name = 'logs-*'
            default_encryption = 'sse-kms'
            [[bucket]]
            name = 'logs-a'
            default_encryption = 'sse-kms'
            [[bucket]]
            name = 'photos'
            default_encryption = 'none'
            [[bucket]]
            name = 'films'
            default_encryption = 'sse-obs'
            [lookup]
            access_key_env = 'AK'
            secret_key_env = 'SK'
            signature = 'v2'
            time_to_live = '5m'
            timeout = '900ms'
            at_once = 3
            [form]
            max_bytes = 2048
            max_fields = 7
            "
        ))
        .unwrap();
    let state = StateSettings::default()
        .with_file(directory.path.join("kept.redb"))
        .with_capacity(5_000);
    assert_eq!(*config.state(), state);
    let declared: Vec<(String, Option<Encryption>)> = config
        .buckets()
        .iter()
        .map(|(pattern, set)| (pattern.to_string(), set.known()))
        .collect();
    let expected = [
        ("logs-*", Encryption::SseKms),
        ("logs-a", Encryption::SseKms),
        ("photos", Encryption::Plain),
        ("films", Encryption::SseObs),
    ];
    assert_eq!(
        declared,
        expected.map(|(name, encryption)| (name.to_owned(), Some(encryption)))
    );
    let lookup = config.lookup().unwrap();
    assert_eq!((&*lookup.access_key, lookup.secret_key.expose()), ("AK", "SK"));
    assert_eq!(lookup.signature, LookupSignature::V2);
    assert_eq!(lookup.time_to_live, Duration::from_mins(5));
    assert_eq!(
        (lookup.timeout, lookup.at_once.get()),
        (Duration::from_millis(900), 3)
    );
    assert_eq!(config.form(), FormSettings::new(2048, 7));
}

#[test]
fn a_state_can_be_made_from_the_settings() {
    let text = "[[bucket]]\nname = 'logs-*'\ndefault_encryption = 'sse-kms'\n";
    let config = Config::from_str(&format!("{MINIMAL}{text}"), Path::new("")).unwrap();
    let limits = Limits {
        entries: config.state().capacity,
        ..Limits::default()
    };
    let state = State::new(&limits, config.buckets());
    let told = |bucket| state.ask(&Stored::BucketDefault { bucket }, Moment::from_millis(0));
    let told_of_logs = told(b"logs-1").unwrap();
    assert_eq!(told_of_logs.encryption.known(), Some(Encryption::SseKms));
    assert_eq!(told_of_logs.origin, Origin::Declared);
    assert_eq!(told(b"log"), None);
}

#[test]
fn a_region_of_look_ups_arrives() {
    let text = format!("{MINIMAL}[lookup]\naccess_key_env = 'AK'\nsecret_key_env = 'SK'\nregion = 'eu-de'\n");
    let config = Directory::new().read_with_keys(&text).unwrap();
    assert_eq!(config.lookup().unwrap().region, "eu-de");
}

#[test]
fn every_setting_arrives() {
    let directory = Directory::with_identity();
    let config = directory
        .read(
            r#"
            [policy]
            profile = "otc-s3"
            mode = "shadow"
            unknown_upload = "allow"
            unknown_bucket_default = "any"
            [[listener]]
            address = "[::1]:0"
            scheme = "http"
            [upstream]
            url = "http://127.0.0.1:9000"
            domains = ["OBS.example.com", "s3.example.com"]
            custom_domains = "any"
            danger_plaintext_upstream = true
            connect_timeout = "250ms"
            response_head_timeout = "7s"
            slow_response_head_timeout = "2m"
            [access_log]
            format = "off"
            [runtime]
            workers = 3
            "#,
        )
        .unwrap();
    assert_eq!(config.profile_name(), "otc-s3");
    let settings = Settings {
        mode: Mode::Shadow,
        unknown_upload: UnknownUpload::Allow,
        unknown_bucket_default: UnknownBucketDefault::Any,
        obs_scheme_exempt: false,
    };
    assert_eq!(config.policy().settings(), settings);
    let upstream = config.upstream();
    assert_eq!(
        (upstream.scheme, &*upstream.host, upstream.port),
        (Scheme::Http, "127.0.0.1", 9000)
    );
    assert_eq!(upstream.connect_timeout, Duration::from_millis(250));
    assert_eq!(upstream.response_head_timeout, Duration::from_secs(7));
    assert_eq!(upstream.slow_response_head_timeout, Duration::from_mins(2));
    assert_eq!(config.endpoints().domains, ["obs.example.com", "s3.example.com"]);
    assert!(matches!(config.endpoints().custom_domains, CustomDomains::Any));
    assert_eq!(config.access_log(), AccessLog::Off);
    assert_eq!(config.workers().get(), 3);
}

#[test]
fn an_upstream_address_is_no_domain() {
    let text = MINIMAL.replace("obs.example.com", "192.0.2.1");
    let config = Config::from_str(&text, Path::new("")).unwrap();
    assert!(config.endpoints().domains.is_empty());
}

#[test]
fn own_authorities_of_the_upstream_are_read() {
    let directory = Directory::with_identity();
    let config = directory
        .read(&format!("{MINIMAL}\nca = 'tls/cert.pem'"))
        .unwrap();
    assert_eq!(config.upstream().ca.as_ref().map(Vec::len), Some(1));
}

#[test]
fn a_profile_may_be_a_file_beside_the_settings() {
    let directory = Directory::new();
    directory.write("own.toml", OWN);
    let config = directory
        .read(&format!("{MINIMAL}\n[policy]\nprofile = 'own.toml'"))
        .unwrap();
    assert_eq!(config.profile_name(), "own");
    assert!(config.policy().settings().obs_scheme_exempt);
    assert_eq!(config.policy().rules()[0].name, "own.sse-obs.put-object");
    let citation = &config.policy().rules()[0].citations[0];
    assert_eq!(
        (&*citation.document, &*citation.table, citation.row),
        ("handbook", "Table 9", 4)
    );
}

#[test]
fn an_own_policy_may_add_tables_to_the_union_of_published_ones() {
    let text = format!("union = ['huawei', 'huawei-legacy', 'otc-s3']\n{OWN}");
    let own = Profile::read(&text, Path::new("own.toml"), Settings::default()).unwrap();
    let strict = Profile::builtin(Builtin::Strict, Settings::default()).unwrap();
    let ids = |profile: &Profile| -> Vec<String> {
        let local = |name: &str| name.split_once('.').map(|(_, local)| local.to_owned());
        profile
            .policy
            .rules()
            .iter()
            .filter_map(|rule| local(&rule.name))
            .collect()
    };
    let mut expected = ids(&strict);
    expected.retain(|id| id != "customer-key");
    expected.push("sse-obs.put-object".to_owned());
    assert_eq!(ids(&own), expected);
}

#[test]
fn settings_can_be_put_together_in_code() {
    let profile = Profile::builtin(Builtin::Huawei, Settings::default()).unwrap();
    let address = "127.0.0.1:0".parse().unwrap();
    let listener = Listener {
        address,
        transport: Transport::Http,
    };
    let upstream = Upstream::danger_plaintext("127.0.0.1", 9000);
    let config = Config::new(
        profile.name,
        Arc::new(profile.policy),
        Endpoints::default(),
        vec![listener],
        upstream,
    )
    .with_workers(NonZeroUsize::MIN)
    .with_access_log(AccessLog::Text)
    .with_admin(address)
    .with_state(StateSettings::default().with_capacity(2_000))
    .with_buckets(vec![(
        BucketPattern::parse("logs-*").unwrap(),
        EncryptionSet::ALL,
    )])
    .with_lookup(Lookup::new("AK", SecretKey::new("SK".to_owned())))
    .with_form(FormSettings::new(4096, 2));
    assert_eq!((config.state().capacity, config.form().max_fields), (2_000, 2));
    assert_eq!(config.buckets().len(), 1);
    assert_eq!(config.lookup().unwrap().secret_key.expose(), "SK");
    assert_eq!(
        (config.workers(), config.access_log()),
        (NonZeroUsize::MIN, AccessLog::Text)
    );
    assert_eq!((config.profile_name(), config.admin()), ("huawei", Some(address)));
}

#[test]
fn a_private_key_is_never_printed() {
    let directory = Directory::with_identity();
    let config = directory.read(HTTPS).unwrap();
    let printed = format!("{config:?}");
    assert!(printed.contains("Identity"), "{printed}");
    assert!(!printed.contains("private_key"), "{printed}");
}

#[test]
fn a_secret_key_is_never_printed() {
    let variable = |name: &str| Some(OsString::from(format!("{name}-value")));
    let config = Config::from_str_in(&with_lookup("AK", "SK"), Path::new(""), &variable).unwrap();
    assert_eq!(config.lookup().unwrap().secret_key.expose(), "SK-value");
    let printed = format!("{config:?}");
    assert!(printed.contains("AK-value"), "{printed}");
    assert!(!printed.contains("SK-value"), "{printed}");
}

// Every mistake, with its place.

#[test]
fn a_variable_that_cannot_be_used_is_a_mistake_that_quotes_nothing() {
    const NO_NAME: &str = "is no name of an environment variable; allowed: letters, digits and `_`";
    const UNSET: &str = "names an environment variable that is not set";
    const EMPTY: &str = "names an environment variable that is empty";
    const NO_ACCESS_KEY: &str =
        "names an environment variable that holds no access key; allowed: visible ASCII but `:`, `,` and `/`";
    const NO_SECRET_KEY: &str = "names an environment variable that holds no secret key; allowed: visible ASCII, \
                                 without blanks and line ends";
    let directory = Directory::new();
    let environment = |name: &str| {
        let value: Option<&[u8]> = match name {
            "EMPTY" => Some(b""),
            "LINE" => Some(b"key\n"),
            "BLANK" => Some(b"a key"),
            "COLON" => Some(b"a:key/"),
            "LATIN" => Some(b"k\xe9y"),
            "GOOD" => Some(b"key"),
            _ => None,
        };
        value.map(|value| OsStr::from_bytes(value).to_owned())
    };
    for (access, secret, expected) in [
        ("GOOD", "GOOD", [None, None]),
        ("GOOD", "COLON", [None, None]),
        ("UNSET", "UNSET", [Some(UNSET), Some(UNSET)]),
        ("EMPTY", "EMPTY", [Some(EMPTY), Some(EMPTY)]),
        ("LINE", "LINE", [Some(NO_ACCESS_KEY), Some(NO_SECRET_KEY)]),
        ("BLANK", "BLANK", [Some(NO_ACCESS_KEY), Some(NO_SECRET_KEY)]),
        ("LATIN", "LATIN", [Some(NO_ACCESS_KEY), Some(NO_SECRET_KEY)]),
        ("COLON", "GOOD", [Some(NO_ACCESS_KEY), None]),
        ("", "wJalr+Xb/=", [Some(NO_NAME), Some(NO_NAME)]),
    ] {
        let read = Config::from_str_in(&with_lookup(access, secret), &directory.path, &environment);
        let found = read.map_or_else(
            |found| found.iter().map(ToString::to_string).collect(),
            |_| Vec::new(),
        );
        let places = [("9:18", "access_key_env"), ("10:18", "secret_key_env")];
        let expected: Vec<String> = places
            .iter()
            .zip(expected)
            .filter_map(|((place, setting), problem)| Some(format!("{place}: `{setting}` {}", problem?)))
            .collect();
        assert_eq!(
            directory.shortened(found, "obsgate.toml"),
            expected,
            "{access} {secret}"
        );
    }
}

#[test]
fn a_state_file_that_cannot_be_there_is_a_mistake() {
    let directory = Directory::new();
    let state = |file: &str| directory.mistakes(&format!("{MINIMAL}[state]\nfile = '{file}'\n"));
    assert!(state("kept").is_empty() && state("tls/kept").is_empty());
    assert_eq!(
        state("none/kept"),
        [
            "9:8: `file` names `DIR/none/kept`: its directory does not exist; allowed: a file, new or not, in one \
             that does"
        ]
    );
    assert_eq!(
        state("tls"),
        ["9:8: `file` names `DIR/tls`: a directory; allowed: a file, which need not exist yet"]
    );
}

#[test]
fn every_mistake_of_a_settings_file_is_named_with_its_place() {
    let directory = Directory::with_identity();
    for (text, expected) in SETTINGS_MISTAKES {
        // A `+` stands for a line after the minimal settings, whose last table is `[upstream]`.
        let text = if text.starts_with('+') {
            format!("{MINIMAL}{}", text.replace("\n+", "\n").trim_start_matches('+'))
        } else {
            (*text).to_owned()
        };
        assert_eq!(directory.mistakes(&text), *expected, "{text}");
    }
}

#[test]
fn a_cleartext_upstream_needs_its_danger_spelled_out() {
    let directory = Directory::new();
    let plain = MINIMAL.replace("https", "http");
    assert_eq!(
        directory.mistakes(&plain),
        [
            "6:7: `url` is `http://obs.example.com:80`, which sends keys and objects in clear; allowed: an https URL, \
          or `danger_plaintext_upstream = true` beside it"
        ]
    );
    assert_eq!(
        directory
            .mistakes(&format!("{plain}danger_plaintext_upstream = false\n"))
            .len(),
        1
    );
    assert!(
        directory
            .read(&format!("{plain}danger_plaintext_upstream = true\n"))
            .unwrap()
            .warnings()
            .is_empty()
    );
}

#[test]
fn authorities_have_no_effect_on_a_cleartext_upstream() {
    let directory = Directory::with_identity();
    let plain = MINIMAL.replace("https", "http");
    assert_eq!(
        directory.mistakes(&format!(
            "{plain}danger_plaintext_upstream = true\nca = 'tls/cert.pem'\n"
        )),
        ["9:6: `ca` has no effect on an upstream in clear; remove it"]
    );
}

#[test]
fn a_danger_without_need_is_a_warning() {
    let config = Directory::new()
        .read(&format!("{MINIMAL}danger_plaintext_upstream = true\n"))
        .unwrap();
    let warnings: Vec<String> = config
        .warnings()
        .iter()
        .map(|warning| warning.doubt.to_string())
        .collect();
    assert_eq!(
        warnings,
        ["`danger_plaintext_upstream` is true, but `url` is https already; remove it"]
    );
}

#[test]
fn files_that_hold_no_certificate_or_key_say_what_is_allowed() {
    let directory = Directory::with_identity();
    directory.write("tls/cert.pem", &directory.read_file("tls/key.pem"));
    directory.write("tls/key.pem", "not a key");
    assert_eq!(
        directory.mistakes(HTTPS),
        [
            "4:15: `certificate` names `DIR/tls/cert.pem`: holds no certificate; allowed: PEM with `BEGIN CERTIFICATE`",
            "5:15: `private_key` names `DIR/tls/key.pem`: holds no private key in clear; allowed: PEM with \
             `BEGIN PRIVATE KEY`, `BEGIN RSA PRIVATE KEY` or `BEGIN EC PRIVATE KEY`",
        ]
    );
}

#[test]
fn a_broken_key_file_is_not_quoted() {
    let directory = Directory::with_identity();
    let key = directory.read_file("tls/key.pem");
    let broken = key.replace("-----END", "SECRET*\n-----END");
    for (text, problem) in [
        (
            broken.as_str(),
            "a PEM section is not base64; allowed: whole PEM sections",
        ),
        (
            key.get(..60).unwrap(),
            "a PEM section has no end; allowed: whole PEM sections",
        ),
    ] {
        directory.write("tls/key.pem", text);
        assert_eq!(
            directory.mistakes(HTTPS),
            [format!("5:15: `private_key` names `DIR/tls/key.pem`: {problem}")]
        );
    }
}

#[test]
fn a_key_readable_by_the_world_is_a_warning_and_writable_by_it_a_mistake() {
    let directory = Directory::with_identity();
    let key = directory.path.join("tls/key.pem");
    for (mode, warning) in [
        (0o600, false),
        (0o640, false),
        (0o660, false),
        (0o644, true),
        (0o604, true),
    ] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let config = directory.read(HTTPS).unwrap();
        assert_eq!(!config.warnings().is_empty(), warning, "{mode:o}");
    }
    for mode in [0o602, 0o646, 0o666, 0o777] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(
            directory.mistakes(HTTPS),
            [format!(
                "5:15: `private_key` names `DIR/tls/key.pem` of mode {mode:04o}, which everybody may replace; allowed: \
                 a file that others may not write (`chmod o-w`)"
            )]
        );
    }
}

#[test]
fn mistakes_of_both_files_come_at_once_and_broken_toml_hides_no_others() {
    let directory = Directory::new();
    directory.write("own.toml", "name = 'Own'\nunion = ['strict']\n");
    let text =
        "[policy]\nprofile = 'own.toml'\nmode = shadow\n[polcy]\n[[listener]]\nscheme = 'ftp'\n[upstream]\n";
    assert_eq!(
        directory.mistakes(text),
        [
            "3:8: not TOML: string values must be quoted, expected literal string",
            "4:2: unknown setting `polcy`; allowed here: `listener`, `upstream`, `policy`, `state`, \
                 `bucket`, `lookup`, `form`, `timeouts`, `limits`, `http2`, `admin`, `access_log`, `runtime`",
            "6:10: `scheme` is `ftp`; allowed: `http`, `https`",
            "DIR/own.toml:1:8: `name` is `Own`; allowed: lower-case letters, digits and `-`: rule ids are made of it",
            "DIR/own.toml:2:10: `union` is `strict`; allowed: `huawei`, `huawei-legacy`, `otc-s3`",
        ]
    );
}

#[test]
fn every_mistake_of_a_policy_file_is_named_with_its_place() {
    let directory = Directory::new();
    for (text, expected) in table_mistakes().iter().chain(&row_mistakes()) {
        let path = directory.write("own.toml", text);
        let read = Profile::read(text, &path, Settings::default());
        let mistakes = match read {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(directory.shortened(mistakes, "own.toml"), *expected, "{text}");
    }
}

#[test]
fn an_unknown_operation_is_named_with_all_that_are_allowed() {
    let text = OWN.replace("PutObject", "PutObjekt");
    let mistakes = Profile::read(&text, Path::new("own.toml"), Settings::default())
        .unwrap_err()
        .to_string();
    assert!(
        mistakes.starts_with("own.toml:8:32: `operation` is `PutObjekt`; allowed: `AppendObject`, "),
        "{mistakes}"
    );
    assert!(mistakes.contains("`PutObject`"), "{mistakes}");
}

#[test]
fn a_file_is_checked_as_what_it_is() {
    let directory = Directory::new();
    let settings = directory.write("settings.toml", MINIMAL);
    let policy = directory.write("policy.toml", OWN);
    assert!(matches!(check(&settings), Ok(Checked::Settings(_))));
    assert!(matches!(check(&policy), Ok(Checked::Policy(_))));
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let mistakes = Config::load(Path::new("/nowhere/obsgate.toml"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        mistakes,
        "/nowhere/obsgate.toml:1:1: cannot be read: No such file or directory (os error 2)"
    );
}

/// Minimal settings with a key pair from these variables, on lines 9 and 10.
fn with_lookup(access: &str, secret: &str) -> String {
    format!("{MINIMAL}[lookup]\naccess_key_env = '{access}'\nsecret_key_env = '{secret}'\n")
}

const MINIMAL: &str = "[[listener]]
address = '127.0.0.1:8080'
scheme = 'http'

[upstream]
url = 'https://obs.example.com'

";

/// Settings, and every mistake in them. A line with a `+` stands after the minimal settings.
const SETTINGS_MISTAKES: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "1:1: `listener` is missing; it is an array of tables, each a socket to listen on",
            "1:1: `upstream` is missing; it is the table of the store behind the gate",
        ],
    ),
    (
        "listener = []\n[upstream]\n",
        &[
            "1:12: `listener` is `[]`; allowed: an array of tables, each a socket to listen on",
            "2:1: `url` is missing; it is `https://host` or `https://host:port`, without user, path, query or \
                 fragment",
        ],
    ),
    (
        "+[stat]\n+file = 'x'\n",
        &[
            "8:2: unknown setting `stat`; allowed here: `listener`, `upstream`, `policy`, `state`, \
                 `bucket`, `lookup`, `form`, `timeouts`, `limits`, `http2`, `admin`, `access_log`, `runtime`",
        ],
    ),
    (
        "+[policy]\n+modes = 'shadow'\n",
        &[
            "9:1: unknown setting `modes`; allowed here: `profile`, `mode`, `unknown_upload`, \
               `unknown_bucket_default`",
        ],
    ),
    (
        "+[policy]\n+mode = 'Enforce'\n",
        &["9:8: `mode` is `Enforce`; allowed: `enforce`, `shadow`"],
    ),
    (
        "+[policy]\n+mode = true\n",
        &["9:8: `mode` is of type boolean; allowed: a string"],
    ),
    (
        "+[[policy]]\n",
        &["8:1: `policy` is of type array; allowed: a table"],
    ),
    (
        "+[policy]\n+unknown_upload = 'x'\n",
        &["9:18: `unknown_upload` is `x`; allowed: `deny`, `allow`"],
    ),
    (
        "+[policy]\n+unknown_bucket_default = 'x'\n",
        &["9:26: `unknown_bucket_default` is `x`; allowed: `none`, `any`"],
    ),
    (
        "+[policy]\n+profile = 'srtict'\n",
        &[
            "9:11: `profile` is `srtict`; allowed: `strict`, `huawei`, `huawei-legacy`, `otc-s3`, or the path of a \
               policy file, with a `/` or a `.` in it",
        ],
    ),
    (
        "+[policy]\n+profile = './none.toml'\n",
        &["9:11: `profile` names `DIR/./none.toml`: No such file or directory (os error 2)"],
    ),
    (
        "+[access_log]\n+format = 'xml'\n",
        &["9:10: `format` is `xml`; allowed: `json`, `text`, `off`"],
    ),
    (
        "+[admin]\n",
        &["8:1: `address` is missing; it is an IP address and a port, as `0.0.0.0:8443` or `[::]:8443`"],
    ),
    (
        "+[admin]\n+address = 'localhost:1'\n",
        &[
            "9:11: `address` is `localhost:1`; allowed: an IP address and a port, as `0.0.0.0:8443` or \
               `[::]:8443`",
        ],
    ),
    (
        "+[admin]\n+address = '127.0.0.1:8080'\n",
        &["9:11: `address` is `127.0.0.1:8080` again; first at DIR/obsgate.toml:2:11, each may be used once"],
    ),
    (
        "+[runtime]\n+workers = 0\n",
        &["9:11: `workers` is `0`; allowed: a whole number from 1 up"],
    ),
    (
        "+[runtime]\n+workers = -1\n",
        &["9:11: `workers` is `-1`; allowed: a whole number from 1 up"],
    ),
    (
        "+[[listener]]\n+address = '127.0.0.1:1'\n",
        &["8:1: `scheme` is missing; it is `http` or `https`"],
    ),
    (
        "+[[listener]]\n+address = '127.0.0.1:1'\n+scheme = 'http'\n+certificate = 'tls/cert.pem'\n",
        &["11:15: `certificate` has no effect on a listener of scheme `http`; remove it"],
    ),
    (
        "+[[listener]]\n+address = '127.0.0.1:1'\n+scheme = 'https'\n+certificate = 'tls/cert.pem'\n",
        &["8:1: `private_key` is missing; it is the PEM file with the certificate's key"],
    ),
    (
        "+connect_timeout = 5\n",
        &["8:19: `connect_timeout` is of type integer; allowed: a string"],
    ),
    (
        "+connect_timeout = '5'\n",
        &["8:19: `connect_timeout` is `5`; allowed: a time above zero as `500ms`, `5s` or `15m`"],
    ),
    (
        "+domains = ['obs.example.com:443', '*.x', '192.0.2.1', 7]\n",
        &[
            "8:12: `domains` is `obs.example.com:443`; allowed: a domain name, without port, wildcard or a dot at \
                 either end",
            "8:35: `domains` is `*.x`; allowed: a domain name, without port, wildcard or a dot at either end",
            "8:42: `domains` is `192.0.2.1`; allowed: a domain name, without port, wildcard or a dot at either end",
            "8:55: `domains` is of type integer; allowed: a string",
        ],
    ),
    (
        "+custom_domains = 'all'\n",
        &["8:18: `custom_domains` is `all`; allowed: `any`, or an array of domain names"],
    ),
    (
        "+ca = 'none.pem'\n",
        &["8:6: `ca` names `DIR/none.pem`: No such file or directory (os error 2)"],
    ),
    (
        "+[state]\n+files = 'x'\n+file = 1\n+capacity = 999\n",
        &[
            "9:1: unknown setting `files`; allowed here: `file`, `capacity`",
            "10:8: `file` is of type integer; allowed: a string",
            "11:12: `capacity` is `999`; allowed: a whole number from 1000 to 100000000",
        ],
    ),
    (
        "+[state]\n+capacity = 100_000_001\n",
        &["9:12: `capacity` is `100000001`; allowed: a whole number from 1000 to 100000000"],
    ),
    (
        "+[state]\n+capacity = '1M'\n",
        &["9:12: `capacity` is of type string; allowed: a whole number"],
    ),
    (
        "+[form]\n+max_bytes = 1023\n+max_fields = 0\n+max_files = 1\n",
        &[
            "9:13: `max_bytes` is `1023`; allowed: a whole number from 1024 to 1048576",
            "10:14: `max_fields` is `0`; allowed: a whole number from 1 to 1000",
            "11:1: unknown setting `max_files`; allowed here: `max_bytes`, `max_fields`",
        ],
    ),
    (
        "+[form]\n+max_bytes = 1048577\n+max_fields = 1001\n",
        &[
            "9:13: `max_bytes` is `1048577`; allowed: a whole number from 1024 to 1048576",
            "10:14: `max_fields` is `1001`; allowed: a whole number from 1 to 1000",
        ],
    ),
    (
        "+[bucket]\n",
        &["8:1: `bucket` is of type table; allowed: an array of tables"],
    ),
    (
        "+[[bucket]]\n+encryption = 'none'\n",
        &[
            "8:1: `name` is missing; it is lower-case letters, digits, `-` and `.`, then a `*` for any that follow, or \
             none",
            "8:1: `default_encryption` is missing; it is `sse-kms`, `sse-obs` or `none`",
            "9:1: unknown setting `encryption`; allowed here: `name`, `default_encryption`",
        ],
    ),
    (
        "+[[bucket]]\n+name = 'a*b'\n+default_encryption = 'kms'\n",
        &[
            "9:8: `name` is `a*b`; allowed: lower-case letters, digits, `-` and `.`, then a `*` for any that follow, or \
             none",
            "10:22: `default_encryption` is `kms`; allowed: `sse-kms`, `sse-obs`, `none`",
        ],
    ),
    (
        "+[[bucket]]\n+name = 'a'\n+default_encryption = 'sse-c'\n",
        &[
            "10:22: `default_encryption` is `sse-c`, which no bucket can have: its key comes with each request; \
             allowed: `sse-kms`, `sse-obs`, `none`",
        ],
    ),
    (
        "+[[bucket]]\n+name = 'a*'\n+default_encryption = 'none'\n\
         +[[bucket]]\n+name = 'b'\n+default_encryption = 'sse-obs'\n\
         +[[bucket]]\n+name = 'a*'\n+default_encryption = 'none'\n\
         +[[bucket]]\n+name = 'ab'\n+default_encryption = 'sse-kms'\n\
         +[[bucket]]\n+name = 'ac'\n+default_encryption = 'none'\n\
         +[[bucket]]\n+name = '*'\n+default_encryption = 'sse-obs'\n",
        &[
            "15:8: `name` is `a*` again; first at DIR/obsgate.toml:9:8, each may be used once",
            "18:8: `ab` fits buckets that `a*` at DIR/obsgate.toml:9:8 fits, with another default; allowed: one \
             default for a bucket",
            "24:8: `*` fits buckets that `a*` at DIR/obsgate.toml:9:8 fits, with another default; allowed: one \
             default for a bucket",
        ],
    ),
    (
        "+[lookup]\n",
        &[
            "8:1: `access_key_env` is missing; it is the environment variable that holds the access key",
            "8:1: `secret_key_env` is missing; it is the environment variable that holds the secret key",
        ],
    ),
    (
        "+[[lookup]]\n",
        &["8:1: `lookup` is of type array; allowed: a table"],
    ),
    (
        "+[lookup]\n+access_key_env = 'PATH:'\n+secret_key_env = ['x']\n+signature = 'V4'\n+region = ''\n\
         +time_to_live = '0s'\n+timeout = '2'\n+at_once = 1001\n+secret_key = 'x'\n",
        &[
            "9:18: `access_key_env` is no name of an environment variable; allowed: letters, digits and `_`",
            "10:18: `secret_key_env` is of type array; allowed: a string",
            "11:13: `signature` is `V4`; allowed: `v4`, `v2`",
            "12:10: `region` is ``; allowed: lower-case letters, digits and `-`",
            "13:16: `time_to_live` is `0s`; allowed: a time above zero as `500ms`, `5s` or `15m`",
            "14:11: `timeout` is `2`; allowed: a time above zero as `500ms`, `5s` or `15m`",
            "15:11: `at_once` is `1001`; allowed: a whole number from 1 to 1000",
            "16:1: unknown setting `secret_key`; allowed here: `access_key_env`, `secret_key_env`, `signature`, \
             `region`, `time_to_live`, `timeout`, `at_once`",
        ],
    ),
    (
        "+[lookup]\n+access_key_env = ''\n+secret_key_env = 'a-b'\n+signature = 'v2'\n+region = 'eu-de'\n",
        &[
            "9:18: `access_key_env` is no name of an environment variable; allowed: letters, digits and `_`",
            "10:18: `secret_key_env` is no name of an environment variable; allowed: letters, digits and `_`",
            "12:10: `region` has no effect beside `signature = \"v2\"`; remove it",
        ],
    ),
    (
        "+mode = \n",
        &["8:8: not TOML: string values must be quoted, expected literal string"],
    ),
];

const HTTPS: &str = "[[listener]]
address = '127.0.0.1:8443'
scheme = 'https'
certificate = 'tls/cert.pem'
private_key = 'tls/key.pem'
[upstream]
url = 'https://obs.example.com'
";

const OWN: &str = "name = 'own'
documents = ['handbook']
obs_scheme = 'exempt'
[[table]]
id = 'sse-obs'
cite = 'Table 9'
encryption = 'sse-obs'
rows = [{ row = 4, operation = 'PutObject', protocol = 'https' }]
";

type Cases = Vec<(String, &'static [&'static str])>;

/// Policy files with mistakes in what their rows have in common.
fn table_mistakes() -> Cases {
    let kms = format!("{TABLE}encryption = 'sse-kms'\nrows = [\n");
    vec![
        (
            String::new(),
            &[
                "1:1: `name` is missing; it is lower-case letters, digits and `-`: rule ids are made of it",
                "1:1: `table` is missing; it is an array of tables, each a table of the documents, unless there is a \
                 `union`",
            ],
        ),
        (
            format!("{kms}{PUT}]\n").replace("documents = ['handbook']\n", ""),
            &[
                "1:1: `documents` is missing; it is an array with the titles of the documents that the tables are from",
            ],
        ),
        (
            format!("{kms}{PUT}]\n").replace("['handbook']", "[]"),
            &[
                "2:13: `documents` is `[]`; allowed: an array with the titles of the documents that the tables are from",
            ],
        ),
        (
            format!("{kms}]\n"),
            &["7:8: `rows` is `[]`; allowed: an array of the table's rows"],
        ),
        (
            format!("{kms}{PUT}]\nobs_scheme = 'v2'\n"),
            &[
                "10:1: unknown setting `obs_scheme`; allowed here: `id`, `cite`, `rows`, `encryption`, `operation`",
            ],
        ),
        (
            format!("obs_scheme = 'v4'\n{kms}{PUT}]\n"),
            &["1:14: `obs_scheme` is `v4`; allowed: `v2`, `exempt`"],
        ),
        (
            format!("{kms}{PUT}]\noperation = 'PutObject'\n"),
            &["10:13: `operation` has no effect in a table that has an `encryption`; remove it"],
        ),
        (
            format!("{TABLE}rows = [{PUT}]\n"),
            &[
                "3:1: `encryption` is missing; it is what all rows are about, unless the table has an `operation`",
            ],
        ),
    ]
}

/// Policy files with mistakes in their rows.
fn row_mistakes() -> Cases {
    let copy = format!("{TABLE}operation = 'CopyObject'\nrows = [\n");
    let kms = format!("{TABLE}encryption = 'sse-kms'\nrows = [\n");
    vec![
        (
            format!("{kms}{PUT}{{ row = 2, operation = 'PutObject', protocol = 'https or http' }},\n]\n"),
            &["9:48: `protocol` is `https or http`; allowed: `https`, `http or https`"],
        ),
        (
            format!(
                "{kms}{{ row = 2, operation = 'PutObject', protocol = 'https', authentication = 'v2' }},\n]\n"
            ),
            &["8:74: `authentication` is `v2`; allowed: `v4`, `v2 or v4`"],
        ),
        (
            format!("{kms}{PUT}{PUT}]\n").replace(
                "PutObject', protocol = 'https' },\n]",
                "GetObject', protocol = 'https' },\n]",
            ),
            &["9:9: `row` is `1` again; first at DIR/own.toml:8:9, each may be used once"],
        ),
        (
            format!("{kms}{PUT}{PUT}]\n").replacen("row = 1", "row = 2", 1),
            &[
                "9:1: the id `own.a.put-object` is used again; first at DIR/own.toml:8:1, each may be used once",
                "9:1: `own.a.put-object` is about the same request as the row at DIR/own.toml:8:1; one row each is \
                 allowed",
            ],
        ),
        (
            format!(
                "{copy}{{ row = 1, source = 'none', target = 'sse-kms', protocol = 'https' }},\n\
                 {{ row = 2, source = 'none', target = 'none', protocol = 'https' }},\n\
                 {{ row = 3, source = 'sse-kms', target = 'none', protocol = 'https' }},\n]\n"
            ),
            &[
                "8:1: `CopyObject` has no row from `sse-kms` to `sse-kms`; a matrix has one for every pair of the \
               encryptions it names",
            ],
        ),
        // The row that cannot be read leaves no hole.
        (
            format!(
                "{copy}{{ row = 1, source = 'none', target = 'sse-kms', protocol = 'https' }},\n\
                 {{ row = 2, source = 'none', target = 'none', protocol = 'https' }},\n\
                 {{ row = 3, source = 'sse-kms', target = 'none', protocol = 'https' }},\n\
                 {{ row = 4, source = 'kms', target = 'sse-kms', protocol = 'https' }},\n]\n"
            ),
            &["11:21: `source` is `kms`; allowed: `none`, `sse-c`, `sse-kms`, `sse-obs`"],
        ),
    ]
}

const TABLE: &str = "name = 'own'\ndocuments = ['handbook']\n[[table]]\nid = 'a'\ncite = 'Table 1'\n";

const PUT: &str = "{ row = 1, operation = 'PutObject', protocol = 'https' },\n";

/// A directory of a test's own, gone when the test is over.
struct Directory {
    path: PathBuf,
    key_der: Vec<u8>,
}

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "config-{}-{}",
            process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(path.join("tls")).unwrap();
        Self {
            path,
            key_der: Vec::new(),
        }
    }

    /// With a certificate and its key in `tls/`.
    fn with_identity() -> Self {
        let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let mut directory = Self::new();
        directory.write("tls/cert.pem", &issued.cert.pem());
        let key = directory.write("tls/key.pem", &issued.signing_key.serialize_pem());
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
        directory.key_der = issued.signing_key.serialize_der();
        directory
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn read_file(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap()
    }

    fn read(&self, text: &str) -> Result<Config, obsgate::config::Mistakes> {
        Config::from_str(text, &self.path)
    }

    /// In an environment with a key pair, under short names and under those of the sample.
    fn read_with_keys(&self, text: &str) -> Result<Config, obsgate::config::Mistakes> {
        Config::from_str_in(text, &self.path, &|name| match name {
            "AK" | "OBSGATE_ACCESS_KEY" => Some("AK".into()),
            "SK" | "OBSGATE_SECRET_KEY" => Some("SK".into()),
            _ => None,
        })
    }

    fn mistakes(&self, text: &str) -> Vec<String> {
        let mistakes = match self.read(text) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
        };
        self.shortened(mistakes, "obsgate.toml")
    }

    /// The directory as `DIR`, and the file itself left out at the beginning.
    fn shortened(&self, mistakes: Vec<String>, file: &str) -> Vec<String> {
        let directory = self.path.display().to_string();
        let own = format!("DIR/{file}:");
        mistakes
            .into_iter()
            .map(|mistake| mistake.replace(&directory, "DIR"))
            .map(|mistake| mistake.strip_prefix(&own).map_or(mistake.clone(), str::to_owned))
            .collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A directory left behind harms nobody.
        let _ = fs::remove_dir_all(&self.path);
    }
}

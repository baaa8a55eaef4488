//! What the program does to its own process, tried on processes of the test's own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a failed test panics, and so do those that are to"
)]

use obsgate::cli::process::seal;
use std::{env, process::Command};

const SECRET: &str = "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";
/// Its third byte is in the middle of a letter.
const SPLIT: &str = "K7é K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";

/// The panics that there are, by what they quote.
fn panic_with(kind: &str) {
    match kind {
        "literal" => panic!("a text of the source"),
        "formatted" => panic!("the key is {SECRET}"),
        "unwrap" => println!("{}", "no number".parse::<u8>().map_err(|_| SECRET).unwrap()),
        "slice" => println!("{}", &SPLIT[..3]),
        "equal" => assert_eq!(SECRET, "another"),
        "value" => std::panic::panic_any(SECRET.to_owned()),
        other => unreachable!("{other}"),
    }
}

/// Runs one of the tests below that are only run by others.
fn run(name: &str, kind: &str) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"])
        .env("KIND", kind)
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let all = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&all));
    String::from_utf8(all).unwrap()
}

#[test]
#[ignore = "run by another"]
fn panics_in_a_thread() {
    seal().unwrap();
    let kind = env::var("KIND").unwrap();
    let thread = std::thread::Builder::new().name("worker-7".into());
    let ended = thread.spawn(move || panic_with(&kind)).unwrap().join();
    assert!(ended.is_err());
}

#[test]
fn a_panic_says_where_it_was_and_quotes_nothing_that_was_put_together_at_run_time() {
    for kind in ["literal", "formatted", "unwrap", "slice", "equal", "value"] {
        let printed = run("panics_in_a_thread", kind);
        assert!(!printed.contains("K7QkYpBkM5"), "{kind}: {printed}");
        assert!(
            printed.contains("thread `worker-7` panicked at tests/process.rs:"),
            "{kind}: {printed}"
        );
        assert!(printed.contains("panic_with"), "a back trace: {printed}");
        assert_eq!(
            printed.contains("a text of the source"),
            kind == "literal",
            "{printed}"
        );
    }
}

#[cfg(target_os = "linux")]
mod dumps {
    use super::run;
    use obsgate::cli::process::seal;
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    #[ignore = "run by another"]
    fn is_sealed() {
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::Dumpable);
        seal().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        // What the gate and its watchers read of it is there all the same.
        for file in ["stat", "status", "limits", "fd"] {
            assert!(std::fs::metadata(format!("/proc/self/{file}")).is_ok(), "{file}");
        }
        assert!(std::fs::read_dir("/proc/self/fd").unwrap().count() > 2);
        assert!(
            std::fs::read_to_string("/proc/self/status")
                .unwrap()
                .contains("VmRSS")
        );
    }

    #[test]
    fn a_sealed_process_is_never_dumped() {
        run("dumps::is_sealed", "");
    }
}

//! What the process does before anything else: what its memory holds of requests is for nobody to read, and a panic
//! tells where it was, and nothing of a request.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, Write as _},
    panic::{self, PanicHookInfo},
    thread,
};

/// Seals the process: no core dumps, and panics that quote nothing.
///
/// A limit of zero alone would not do: the kernel does not apply it where dumps are piped to a program. A process that
/// is not dumpable is never dumped; nor can others of the same user read its memory or attach to it, which takes
/// `CAP_SYS_PTRACE` from then on. What monitoring reads of `/proc` (`stat`, `status`, `limits`) stays readable.
///
/// # Errors
/// When the system refuses one of the two; the other, and the panics, are seen to all the same.
pub fn seal() -> io::Result<()> {
    panic::set_hook(Box::new(tell));
    let undumpable = forbid_dumps();
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    undumpable
}

#[cfg(target_os = "linux")]
fn forbid_dumps() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

#[cfg(not(target_os = "linux"))]
const fn forbid_dumps() -> io::Result<()> {
    Ok(())
}

/// Says where a panic was. A text that was put together at run time may quote what it is about, as those of slicing and
/// of `unwrap` do: only one that stands in the program's source is repeated.
fn tell(panic: &PanicHookInfo<'_>) {
    let message = panic.payload().downcast_ref::<&'static str>();
    let message = message.copied().unwrap_or("(not shown: it may quote a request)");
    let thread = thread::current();
    let mut stderr = io::stderr().lock();
    // When not even this can be written, the counter of panics alone has to say it.
    let _ = match panic.location() {
        Some(place) => writeln!(
            stderr,
            "thread `{}` panicked at {place}: {message}",
            thread.name().unwrap_or("unnamed")
        ),
        None => writeln!(stderr, "a thread panicked: {message}"),
    };
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        let _ = writeln!(stderr, "{trace}");
    }
}

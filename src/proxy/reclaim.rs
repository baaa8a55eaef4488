//! Memory that was freed goes back to the system, also where nothing more is asked of the allocator.
//!
//! mimalloc gives pages back a second after the last of them was freed, but looks whether any are due only when it is
//! called: a worker that has become quiet keeps all that its last burst took. So each worker asks it to look. What is
//! due is the same as under load; pages that were in use a moment ago are not touched.

use std::time::Duration;

/// Has this thread's heap give back what is due, once a second, as long as it is polled.
pub(super) async fn run() {
    loop {
        tokio::time::sleep(PERIOD).await;
        collect();
    }
}

#[expect(
    unsafe_code,
    reason = "neither the allocator's crate nor an option of it does this; the function takes no pointer, may be \
              called by any thread at any time, and frees nothing that is in use"
)]
fn collect() {
    // SAFETY: see above. Where mimalloc is not the program's allocator its heap is empty, and this does nothing.
    unsafe { libmimalloc_sys::mi_collect(false) }
}

/// As long as mimalloc lets free pages lie, which is its own default.
const PERIOD: Duration = Duration::from_secs(1);

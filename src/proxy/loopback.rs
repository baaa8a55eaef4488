//! Connections that stay on the machine: a sidecar's, to its application or from it. There is no network between their
//! ends, so nothing of theirs is paced, which `bbr` would do at the price of a timer for every 64 KiB.

use socket2::SockRef;
use std::{net::IpAddr, os::fd::AsFd};

/// Has the connections of a socket go unpaced if their other ends can only be on this machine. To be asked before the
/// socket listens or connects: the pacing that `bbr` has begun stays when something else takes its place.
pub(super) fn unpace(socket: &impl AsFd, address: IpAddr) {
    if !stays_here(address) {
        return;
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(socket).set_tcp_congestion(UNPACED) {
        tracing::debug!(%error, "the socket does not take TCP_CONGESTION");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

fn stays_here(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Linux always has it, and anybody may choose it.
#[cfg(target_os = "linux")]
const UNPACED: &[u8] = b"reno";

#[cfg(all(test, target_os = "linux"))]
pub(super) mod tests {
    use super::*;

    pub(in crate::proxy) fn is_unpaced(socket: &impl AsFd) -> bool {
        SockRef::from(socket)
            .tcp_congestion()
            .is_ok_and(|name| name.split(|byte| *byte == 0).next() == Some(UNPACED))
    }

    #[test]
    fn only_what_can_come_from_this_machine_alone_stays_here() {
        let here = ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"];
        assert!(here.iter().all(|address| stays_here(address.parse().unwrap())));
        let anywhere = ["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1"];
        assert!(
            !anywhere
                .iter()
                .any(|address| stays_here(address.parse().unwrap()))
        );
    }
}

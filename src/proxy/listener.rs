//! Listening sockets: one a worker on the same address, and an error when somebody else is there already.

use super::loopback;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{SocketAddr, TcpListener},
};

/// Binds `count` sockets to one address, shared by `SO_REUSEPORT`. With port 0 the system chooses one for all.
///
/// # Errors
/// When the address is in use, by another gate too (rulings, 36), or cannot be had.
pub(super) fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    if address.port() != 0 {
        // `SO_REUSEPORT` would let two gates share a port unnoticed; without it the second one is told.
        socket(address)?.bind(&address.into())?;
    }
    let mut address = address;
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = socket(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        loopback::unpace(&socket, address.ip());
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from(socket);
        address = listener.local_addr()?;
        sockets.push(listener);
    }
    Ok(sockets)
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of a gate that has just stopped do not keep the port.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    Ok(socket)
}

const BACKLOG: i32 = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn all_sockets_of_a_listener_share_the_port_that_the_system_chose() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let ports: Vec<u16> = sockets
            .iter()
            .map(|one| one.local_addr().unwrap().port())
            .collect();
        assert_eq!(ports, [ports[0]; 3]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_accepted_on_loopback_is_not_paced() {
        let on_loopback = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().remove(0);
        let client = TcpStream::connect(on_loopback.local_addr().unwrap()).unwrap();
        let (accepted, _) = on_loopback.accept().unwrap();
        assert!(loopback::tests::is_unpaced(&accepted));
        drop(client);
    }

    #[test]
    fn a_port_that_another_gate_listens_on_is_in_use() {
        let first = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let taken = first[0].local_addr().unwrap();
        assert_eq!(bind(taken, 2).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(bind(taken, 2).is_ok());
    }
}

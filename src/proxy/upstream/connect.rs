//! Where upstream is, and new connections to it.

use super::{
    error::{Kind, UpstreamError},
    stream::Stream,
};
use crate::proxy::loopback;
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;

/// Where upstream is, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// A name, or an address without brackets. A name is resolved for every new connection.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How to speak TLS, and the name to ask for; in clear if there is none.
    pub tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

/// How long to wait for upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, with its name resolved and its TLS handshake done.
    pub connect: Duration,
    /// For the head of an answer, from when the request was sent.
    pub response_head: Duration,
    /// The same for operations that take the store its time: copies, completed uploads, restores.
    pub slow_response_head: Duration,
    /// For the next byte of a body to move, either way, while the gate is ready to move it. The bodies of answers that
    /// take the store its time may pause as long as their heads (rulings, 34).
    pub body_idle: Duration,
}

impl Timeouts {
    /// All of those that the worker's clock measures.
    pub fn watched(&self) -> [Duration; 3] {
        [self.response_head, self.slow_response_head, self.body_idle]
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            response_head: Duration::from_mins(1),
            slow_response_head: Duration::from_mins(15),
            body_idle: Duration::from_mins(1),
        }
    }
}

impl Origin {
    pub(super) async fn connect(&self) -> Result<Stream, UpstreamError> {
        let deadline = Instant::now() + self.timeouts.connect;
        timeout_at(deadline, self.connect_by(deadline))
            .await
            .unwrap_or_else(|late| Err(UpstreamError::with(Kind::ConnectTimeout, late)))
    }

    async fn connect_by(&self, deadline: Instant) -> Result<Stream, UpstreamError> {
        let addresses = self
            .resolve()
            .await
            .map_err(|error| UpstreamError::with(Kind::Resolve, error))?;
        let tcp = reach(&addresses, deadline).await?;
        let Some((config, name)) = &self.tls else {
            return Ok(Stream::Plain(tcp));
        };
        match TlsConnector::from(Arc::clone(config))
            .connect(name.clone(), tcp)
            .await
        {
            Ok(tls) => Ok(Stream::Tls(Box::new(tls))),
            Err(error) => Err(UpstreamError::with(Kind::Tls, error)),
        }
    }

    async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, self.port)]);
        }
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await?;
        Ok(found.collect())
    }
}

/// The first address that answers. Each gets its share of the time left: one that is silent does not use up what
/// the others need.
async fn reach(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, UpstreamError> {
    let mut last = UpstreamError::new(Kind::Resolve);
    for (left, address) in (1..=addresses.len()).rev().zip(addresses) {
        let share = deadline.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(1);
        last = match timeout(share, connect(*address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => UpstreamError::with(Kind::Connect, error),
            Err(late) => UpstreamError::with(Kind::ConnectTimeout, late),
        };
    }
    Err(last)
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_nodelay(true)?;
    loopback::unpace(&socket, address.ip());
    socket.connect(address).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_address_that_refuses_is_passed_over_for_the_next() {
        let closed = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [closed, open.local_addr().unwrap()];
        let deadline = Instant::now() + Duration::from_secs(5);
        let stream = reach(&addresses, deadline).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
        assert!(stream.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert!(loopback::tests::is_unpaced(&stream));
        let refused = reach(&addresses[..1], deadline).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Connect);
    }

    #[tokio::test]
    async fn no_address_at_all_is_a_fault_of_the_name() {
        let none = reach(&[], Instant::now() + Duration::from_secs(5))
            .await
            .unwrap_err();
        assert_eq!(none.kind(), Kind::Resolve);
    }
}

//! The accept loop: from a bound port to a router, one task per connection.
//!
//! A *server* owns a listening socket and knows its address before it serves, so that a port of 0 can be printed. Its
//! *limits* are what `axum::serve` does not have: a deadline for the request head and a longer one for idle
//! connections, one for a peer that stops reading, a cap on connections in all and from one address, and a bounded drain at the end.
//! HTTP/1.1 only: HTTP/2 and TLS belong to the proxy in front, and `hyper_util`'s version detection would wait for a
//! first byte without a deadline.
//!
//! Deliberately absent: what is served, and limits on bodies, which [`crate::gate`] counts after decoding.

mod head;
mod slots;
mod stall;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use self::head::{Handled, HeadGuard};
use self::slots::{Slot, Slots};
use self::stall::StallGuard;

/// The address a request came from, put into its extensions by the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// What one server grants to its peers.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time for a complete request head, counted from the connection or from the head's first byte.
    pub head: Duration,
    /// Time a connection may wait for its next request.
    pub idle: Duration,
    /// Time a peer may take none of an answer's bytes.
    pub stall: Duration,
    /// Bytes of a request head.
    pub head_bytes: usize,
    /// Connections open at once; more wait in the kernel's queue.
    pub connections: usize,
    /// Connections open at once from one address; more are closed unheard.
    pub connections_per_peer: usize,
    /// Time running requests get when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            // Longer than the pools of SDKs and proxies keep theirs (60 s), so that they close first and never send into a closed one.
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            head_bytes: 32 * 1024,
            connections: 4096,
            connections_per_peer: 2048,
            drain: Duration::from_secs(10),
        }
    }
}

/// Why a server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else has the port.
    #[error("port {} is in use on {}; stop the other program or choose another port (--listen, --ingest-listen)", .0.port(), .0.ip())]
    PortInUse(SocketAddr),
    /// The operating system refuses, for example a port below 1024 or an address of another machine.
    #[error(
        "cannot listen on {address}; choose an address of this machine and a free port (--listen, --ingest-listen)"
    )]
    Refused {
        /// What was asked for.
        address: SocketAddr,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
}

/// A bound socket that does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Binds `address`; port 0 takes any free port, which [`Server::address`] then tells.
    pub async fn bind(address: SocketAddr) -> Result<Self, ServeError> {
        let refused = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => ServeError::PortInUse(address),
            _ => ServeError::Refused { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `router` until `stop` is cancelled, then lets running requests finish within `limits.drain`.
    pub async fn run(self, router: Router, limits: Limits, stop: CancellationToken) {
        let slots = Slots::new(limits.connections, limits.connections_per_peer);
        let connections = TaskTracker::new();
        let cut = CancellationToken::new();
        loop {
            let room = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                room = slots.room() => room,
            };
            let (stream, peer) = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = accept(&self.listener) => accepted,
            };
            let Some(slot) = slots.take(room, peer.ip()) else { continue };
            let connection = Connection { stream, peer, slot, limits, stop: stop.clone() };
            let (router, cut) = (router.clone(), cut.clone());
            connections.spawn(async move {
                tokio::select! {
                    () = connection.serve(router) => {}
                    () = cut.cancelled() => {}
                }
            });
        }
        drop(self.listener);
        connections.close();
        if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "closing connections that did not finish in time");
            cut.cancel();
            connections.wait().await;
        }
    }
}

/// Accepts the next connection; a failure (a peer that left, no file descriptor) is logged and waited out.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// One accepted connection with its place among the others.
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    slot: Slot,
    limits: Limits,
    stop: CancellationToken,
}

impl Connection {
    /// Answers requests until the peer leaves, a deadline passes or the server stops.
    async fn serve(self, router: Router) {
        let Self { stream, peer, slot: _slot, limits, stop } = self;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not disable Nagle's algorithm");
        }
        let handled = Handled::default();
        let stream = HeadGuard::new(stream, limits.head, handled.clone());
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            handled.begin();
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(Peer(peer));
            let (answer, handled) = (router.clone().call(request), handled.clone());
            async move {
                let answer = answer.await;
                handled.end();
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle)
            .max_header_size(limits.head_bytes)
            .serve_connection(TokioIo::new(StallGuard::new(stream, limits.stall)), service);
        tokio::pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = stop.cancelled() => {
                GracefulConnection::graceful_shutdown(connection.as_mut());
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended early");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn hello() -> Router {
        Router::new().fallback(|| async { "hello" })
    }

    async fn serve(limits: Limits) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, stop) = (server.address(), CancellationToken::new());
        let tracker = TaskTracker::new();
        let task = tracker.spawn(server.run(hello(), limits, stop.clone()));
        (address, stop, task)
    }

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_what_to_do() {
        let first = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let error = Server::bind(first.address()).await.unwrap_err();
        let port = first.address().port();
        assert_eq!(
            error.to_string(),
            format!(
                "port {port} is in use on 127.0.0.1; stop the other program or choose another port (--listen, --ingest-listen)"
            )
        );
    }

    #[tokio::test]
    async fn answers_and_stops_when_told() {
        let (address, stop, task) = serve(Limits::default()).await;
        let answer = ask(address, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
        stop.cancel();
        task.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_head_that_never_ends_is_cut() {
        let (address, _stop, _task) = serve(Limits { head: Duration::from_millis(80), ..Limits::default() }).await;
        let answer = tokio::time::timeout(Duration::from_secs(5), ask(address, "GET / HTTP/1.1\r\nhost:")).await;
        assert_eq!(answer.unwrap(), "");
    }

    #[tokio::test]
    async fn a_connection_may_idle_longer_than_a_head_may_take() {
        let limits = Limits { head: Duration::from_millis(80), idle: Duration::from_millis(400), ..Limits::default() };
        let (address, _stop, _task) = serve(limits).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..2 {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            let mut answer = [0; 1024];
            let read = stream.read(&mut answer).await.unwrap();
            assert!(answer[..read].starts_with(b"HTTP/1.1 200 OK"));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        stream.write_all(b"GET / HT").await.unwrap();
        let cut = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 1])).await.unwrap();
        assert_eq!(cut.unwrap_or(0), 0, "a head that began is owed at once");
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut all = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), idle.read_to_end(&mut all)).await;
        assert!(closed.is_ok(), "an idle connection ends, too");
    }

    #[tokio::test]
    async fn one_peer_cannot_take_every_connection() {
        let (address, _stop, _task) = serve(Limits { connections_per_peer: 1, ..Limits::default() }).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        first.read_u8().await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0);
    }

    #[tokio::test]
    async fn an_oversized_head_is_refused() {
        let (address, _stop, _task) = serve(Limits { head_bytes: 1024, ..Limits::default() }).await;
        let head = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(4096));
        assert!(ask(address, &head).await.starts_with("HTTP/1.1 431"));
    }
}

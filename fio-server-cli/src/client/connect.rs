//! Connections to servers, TCP and Unix behind one type.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};

use super::error::ClientError;
use crate::address::{Address, TcpAddress};
use crate::server::Stream;

/// A connected byte stream, and how the server is addressed in it.
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    /// The numeric address, or `sock` as fio calls a Unix socket.
    pub(crate) address: String,
}

impl Connection {
    /// The client's end of a private pair of sockets.
    pub(super) fn adopt(stream: std::os::unix::net::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: UnixStream::from_std(stream)?.into(),
            address: UNIX.to_owned(),
        })
    }
}

/// What fio calls the address of every Unix socket.
const UNIX: &str = "sock";

/// Connects to a server, trying each address its name resolves to.
pub(crate) async fn connect(address: &Address, limit: Duration) -> Result<Connection, ClientError> {
    let connecting = async {
        match address {
            Address::Tcp(tcp) => connect_tcp(address, tcp).await,
            Address::Unix(path) => match UnixStream::connect(path).await {
                Ok(stream) => Ok(Connection {
                    stream: stream.into(),
                    address: UNIX.to_owned(),
                }),
                Err(source) => Err(ClientError::Connect {
                    server: address.to_string(),
                    source,
                }),
            },
        }
    };
    match tokio::time::timeout(limit, connecting).await {
        Ok(result) => result,
        Err(_) => Err(ClientError::ConnectTimeout {
            server: address.to_string(),
            limit,
        }),
    }
}

async fn connect_tcp(address: &Address, tcp: &TcpAddress) -> Result<Connection, ClientError> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for candidate in resolve(address, tcp).await? {
        match TcpStream::connect(candidate).await {
            Ok(stream) => {
                prepare(&stream);
                return Ok(Connection {
                    stream: stream.into(),
                    address: candidate.ip().to_string(),
                });
            }
            Err(error) => last = error,
        }
    }
    Err(ClientError::Connect {
        server: address.to_string(),
        source: last,
    })
}

async fn resolve(address: &Address, tcp: &TcpAddress) -> Result<Vec<SocketAddr>, ClientError> {
    let resolve_error = |source| ClientError::Resolve {
        server: address.to_string(),
        source,
    };
    if tcp.host.parse::<std::net::IpAddr>().is_ok() {
        return tcp.resolve().map_err(resolve_error);
    }
    let name = tcp.clone();
    // Names are looked up by the system's resolver, which blocks.
    tokio::task::spawn_blocking(move || name.resolve())
        .await
        .map_err(|error| resolve_error(io::Error::other(error)))?
        .map_err(resolve_error)
}

/// A server that runs a long job may say nothing for hours, so only the kernel's probes tell a
/// silent server from one that is gone. Failing to set an option costs only that.
fn prepare(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(20))
        .with_interval(Duration::from_secs(10))
        .with_retries(4);
    let _ = socket.set_tcp_keepalive(&keepalive);
    let _ = socket.set_tcp_nodelay(true);
}

//! Connections to servers, TCP and Unix behind one type.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::error::ClientError;
use crate::address::{Address, TcpAddress};

/// A connected byte stream.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for S {}

/// Connects to a server, trying each address its name resolves to.
pub(crate) async fn connect(
    address: &Address,
    limit: Duration,
) -> Result<Box<dyn Socket>, ClientError> {
    let connecting = async {
        match address {
            Address::Tcp(tcp) => Ok(Box::new(connect_tcp(address, tcp).await?) as Box<dyn Socket>),
            Address::Unix(path) => UnixStream::connect(path)
                .await
                .map(|stream| Box::new(stream) as Box<dyn Socket>)
                .map_err(|source| ClientError::Connect {
                    server: address.to_string(),
                    source,
                }),
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

async fn connect_tcp(address: &Address, tcp: &TcpAddress) -> Result<TcpStream, ClientError> {
    let resolve_error = |source| ClientError::Resolve {
        server: address.to_string(),
        source,
    };
    let name = tcp.clone();
    // Names are looked up by the system's resolver, which blocks.
    let found = tokio::task::spawn_blocking(move || name.resolve())
        .await
        .map_err(|error| resolve_error(io::Error::other(error)))?
        .map_err(resolve_error)?;
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for candidate in found {
        match TcpStream::connect(candidate).await {
            Ok(stream) => {
                prepare(&stream);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(ClientError::Connect {
        server: address.to_string(),
        source: last,
    })
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

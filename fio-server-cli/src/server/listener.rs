//! Listening sockets and the streams they yield, TCP and Unix behind one type.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};

use super::error::ServerError;
use super::options::ListenAddress;
use super::stream::Stream;

/// A bound socket, before it has a runtime.
#[derive(Debug)]
pub(crate) struct BoundListener {
    socket: BoundSocket,
    address: ListenAddress,
}

#[derive(Debug)]
enum BoundSocket {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener, SocketFile),
}

impl BoundListener {
    /// Binds and listens. Peers that connect from now on wait until the server runs.
    pub(crate) fn bind(address: &ListenAddress) -> Result<Self, ServerError> {
        let bound = match address {
            ListenAddress::Tcp(address) => bind_tcp(*address),
            ListenAddress::Unix(path) => {
                remove_stale_socket(path)?;
                bind_unix(path)
            }
        };
        let socket = bound.map_err(|source| listen_error(address, source))?;
        let address = match &socket {
            BoundSocket::Tcp(listener) => ListenAddress::Tcp(
                listener
                    .local_addr()
                    .map_err(|source| listen_error(address, source))?,
            ),
            BoundSocket::Unix(..) => address.clone(),
        };
        Ok(Self { socket, address })
    }

    /// Where it listens, with the port the system chose if 0 was asked for.
    pub(crate) const fn address(&self) -> &ListenAddress {
        &self.address
    }

    /// Hands the socket to the runtime this is called in.
    pub(crate) fn into_async(self) -> io::Result<Listener> {
        Ok(match self.socket {
            BoundSocket::Tcp(listener) => {
                Listener::Tcp(tokio::net::TcpListener::from_std(listener)?)
            }
            BoundSocket::Unix(listener, file) => {
                Listener::Unix(tokio::net::UnixListener::from_std(listener)?, file)
            }
        })
    }
}

/// A listening socket within a runtime. Dropping it closes it and removes its socket file.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener, SocketFile),
}

impl Listener {
    /// The next client, if one is there.
    pub(crate) fn poll_accept(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(Stream, Peer)>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(context).map_ok(|(stream, address)| {
                watch_for_dead_peer(&stream);
                (Stream::from(stream), Peer::tcp(address))
            }),
            Self::Unix(listener, file) => listener.poll_accept(context).map_ok(|(stream, _)| {
                let peer = Peer::unix(&stream, &file.path);
                (Stream::from(stream), peer)
            }),
        }
    }
}

/// Who is at the other end of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Name for log lines.
    pub(crate) name: String,
    /// Its address without the port, if it came over a network.
    pub(crate) host: Option<String>,
    /// The peer runs on this machine.
    pub(crate) local: bool,
}

impl Peer {
    fn tcp(address: SocketAddr) -> Self {
        Self {
            name: address.to_string(),
            host: Some(address.ip().to_canonical().to_string()),
            local: address.ip().to_canonical().is_loopback(),
        }
    }

    fn unix(stream: &tokio::net::UnixStream, path: &Path) -> Self {
        let process = stream.peer_cred().ok().and_then(|owner| owner.pid());
        let name = match process {
            Some(process) => format!("sock:{} (process {process})", path.display()),
            None => format!("sock:{}", path.display()),
        };
        Self {
            name,
            host: None,
            local: true,
        }
    }

    /// The client of an embedded server.
    pub(crate) fn embedded() -> Self {
        Self {
            name: "embedded client".to_owned(),
            host: None,
            local: true,
        }
    }
}

/// Removes the file of a Unix socket at the end, unless somebody put another one in its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device_and_inode: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let current = std::fs::symlink_metadata(&self.path);
        if current.is_ok_and(|file| (file.dev(), file.ino()) == self.device_and_inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Connections the kernel completes before the server takes them.
const BACKLOG: i32 = 1024;

fn bind_tcp(address: SocketAddr) -> io::Result<BoundSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restarted server must not wait for the old one's connections to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // Otherwise `[::]` would take the IPv4 port too, and listening on both would fail.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(BoundSocket::Tcp(socket.into()))
}

fn bind_unix(path: &Path) -> io::Result<BoundSocket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let metadata = std::fs::symlink_metadata(path)?;
    let file = SocketFile {
        path: path.to_owned(),
        device_and_inode: (metadata.dev(), metadata.ino()),
    };
    // Before `listen` nobody can connect, so the file is never open to others.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(BoundSocket::Unix(socket.into(), file))
}

/// Removes a socket file left behind by a server that is gone.
fn remove_stale_socket(path: &Path) -> Result<(), ServerError> {
    let address = || ListenAddress::Unix(path.to_owned());
    let Ok(metadata) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !metadata.file_type().is_socket() {
        return Err(ServerError::NotASocket {
            path: path.to_owned(),
        });
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(|source| listen_error(&address(), source))
        }
        _ => Err(ServerError::AddressInUse { address: address() }),
    }
}

fn listen_error(address: &ListenAddress, source: io::Error) -> ServerError {
    let address = address.clone();
    if source.kind() == io::ErrorKind::AddrInUse {
        ServerError::AddressInUse { address }
    } else {
        ServerError::Listen { address, source }
    }
}

/// Lets the kernel notice a peer that vanished without a word within about half a minute: its
/// job must not run on unattended. Failing to set an option costs only that.
fn watch_for_dead_peer(stream: &tokio::net::TcpStream) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(10))
        .with_interval(Duration::from_secs(5))
        .with_retries(4);
    let _ = socket.set_tcp_keepalive(&keepalive);
    let _ = socket.set_tcp_user_timeout(Some(Duration::from_secs(30)));
    // Messages are written whole; waiting for more only delays status lines.
    let _ = socket.set_tcp_nodelay(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_reported_with_its_address() {
        let first = BoundListener::bind(&ListenAddress::Tcp("127.0.0.1:0".parse().unwrap()));
        let taken = first.as_ref().unwrap().address().clone();
        let error = BoundListener::bind(&taken).unwrap_err();
        assert!(error.to_string().contains(&taken.to_string()), "{error}");
        assert!(matches!(error, ServerError::AddressInUse { .. }));
    }

    #[test]
    fn socket_files_are_private_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = BoundListener::bind(&ListenAddress::Unix(path.clone())).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(listener);
        assert!(!path.exists());
    }

    #[test]
    fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let address = ListenAddress::Unix(path.clone());
        // The standard library's listener leaves its file behind.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let live = BoundListener::bind(&address).unwrap();
        let error = BoundListener::bind(&address).unwrap_err();
        assert!(matches!(error, ServerError::AddressInUse { .. }), "{error}");
        drop(live);
    }

    #[test]
    fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        std::fs::write(&path, "precious").unwrap();
        let error = BoundListener::bind(&ListenAddress::Unix(path.clone())).unwrap_err();
        assert!(matches!(error, ServerError::NotASocket { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }
}

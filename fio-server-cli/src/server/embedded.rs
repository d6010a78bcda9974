//! A server inside the client's own process, reachable by nobody else.

use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::error::ServerError;
use super::options::ServerOptions;
use super::service::Server;

/// A server for one client in this process, over a private pair of connected sockets.
///
/// There is no address anybody else could connect to. Dropping it stops its jobs, lets them
/// report and waits for the server's thread.
#[derive(Debug)]
pub struct EmbeddedServer {
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedServer {
    /// Starts the server and returns it with the client's end of the connection.
    ///
    /// [`ServerOptions::listen`] is not looked at.
    ///
    /// # Errors
    /// If the system has no sockets or threads to give, or an option cannot be met.
    pub fn start(options: ServerOptions) -> Result<(Self, UnixStream), ServerError> {
        let server = Server::bind(ServerOptions {
            listen: Vec::new(),
            ..options
        })?;
        let (ours, theirs) = UnixStream::pair().map_err(ServerError::Runtime)?;
        ours.set_nonblocking(true).map_err(ServerError::Runtime)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServerError::Runtime)?;
        let stream = {
            let _inside = runtime.enter();
            tokio::net::UnixStream::from_std(ours).map_err(ServerError::Runtime)?
        };
        let (shutdown, stopped) = oneshot::channel();
        let work = move || {
            // A dropped sender means the same as a message: the owner is gone.
            let stopped = async { drop(stopped.await) };
            runtime.block_on(server.run_for(stream, stopped));
        };
        let thread = std::thread::Builder::new()
            .name("fio-server".to_owned())
            .spawn(work)
            .map_err(ServerError::Runtime)?;
        let server = Self {
            shutdown: Some(shutdown),
            thread: Some(thread),
        };
        Ok((server, theirs))
    }
}

impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        drop(self.shutdown.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed by its own thread.
            let _ = thread.join();
        }
    }
}

//! Why a server could not start or had to give up.

use std::io;
use std::path::PathBuf;

use super::options::ListenAddress;

/// A failure of the server itself; what peers do wrong is answered to them and logged instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address is taken, by this or another program.
    #[error("cannot listen on {address}: the address is in use; is another server running?")]
    AddressInUse {
        /// Where the server wanted to listen.
        address: ListenAddress,
    },
    /// The address could not be listened on for another reason.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where the server wanted to listen.
        address: ListenAddress,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The path meant for a Unix socket holds something else, which is left alone.
    #[error("cannot listen on sock:{}: the path exists and is not a socket", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// A folder peers may use could not be resolved.
    #[error("cannot allow files below {}", path.display())]
    AllowedPath {
        /// The folder as given.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder of job files could not be resolved.
    #[error("cannot use {} as a folder of job files", path.display())]
    JobFolder {
        /// The folder as given.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The runtime or one of its sockets could not be set up.
    #[error("cannot set up the server's runtime")]
    Runtime(#[source] io::Error),
    /// The PID file belongs to a server that is running.
    #[error("PID file {} belongs to process {pid}, which is running", path.display())]
    AlreadyRunning {
        /// The PID file.
        path: PathBuf,
        /// The process it names; 0 if it names none.
        pid: u32,
    },
    /// The file given as PID file holds something else, which is left alone.
    #[error("{} exists and is not a PID file; remove it or name another", path.display())]
    NotAPidFile {
        /// The path.
        path: PathBuf,
    },
    /// The PID file could not be written.
    #[error("cannot write PID file {}", path.display())]
    PidFile {
        /// The path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The process could not be put into the background.
    #[error("cannot start the server in the background: {reason}")]
    Daemon {
        /// What the background process or the system said.
        reason: String,
    },
}

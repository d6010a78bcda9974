//! The server: takes jobs over a socket, runs them here and streams back what they measure.
//!
//! Everything that talks to clients runs on one thread in a current-thread runtime; jobs run on
//! threads of `fio-engine`, and one supervising thread per run stands between the two, so that a
//! slow client never holds up an I/O and a slow disk never holds up a client.
//!
//! | module | does |
//! |---|---|
//! | `options`, `error` | what a server is told, and why it cannot do it |
//! | `listener`, `stream` | TCP and Unix sockets behind one type |
//! | `service` | accepts clients up to a limit and ends in good order |
//! | `connection`, `farewell` | one client: its messages in, its results out, last words |
//! | `text`, `identity` | lines in the form of the client's version, and who this is |
//! | `work` | what it wants done, one thing after the other |
//! | `job_request`, `job_folders`, `policy` | what a client wants run, and whether it may |
//! | `preparation`, `announcement` | reading that in its own thread, and what is told of it |
//! | `runner`, `mailbox`, `log_payload` | one run in its own thread, and what it has to tell |
//! | `embedded` | a server for one client inside its own process |
//! | `command`, [`daemon`], `pid_file`, `log` | the command `serve`, also in the background |
//!
//! What a client can do to a server is bounded by [`Limits`]; what its jobs may touch, by the
//! rights of the server's process and by [`ServerOptions::allowed_paths`]. Text from a client is
//! never expanded from the server's environment, opened as a path of an included file, or run.

pub mod daemon;

mod announcement;
mod command;
mod connection;
mod embedded;
mod error;
mod farewell;
mod identity;
mod job_folders;
mod job_request;
mod listener;
mod log;
mod log_payload;
mod mailbox;
mod options;
mod pid_file;
mod policy;
mod preparation;
mod runner;
mod service;
mod stream;
mod text;
mod work;

pub(crate) use command::listen_addresses;
pub use command::serve;
pub use embedded::EmbeddedServer;
pub use error::ServerError;
pub(crate) use listener::{BoundListener, Listener, Peer};
pub use log::{Log, Severity};
pub use options::{Limits, ListenAddress, ServerOptions};
pub use pid_file::PidFile;
pub use service::{Ending, Server};
pub(crate) use stream::Stream;

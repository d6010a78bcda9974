//! Conversations: a client and a server as state machines without sockets, threads or clocks.
//!
//! # The contract
//!
//! A session is fed with [`Input`]s and asked for [`Output`]s. **After every input, poll until
//! [`Output::Timeout`] or [`Output::Close`] comes**; then wait for whatever happens first. Time is an
//! [`Instant`] on a clock of the caller's choice, passed in everywhere and never going back.
//!
//! ```text
//! loop {
//!     match session.poll_output() {
//!         Output::Event(event) => act_on(event),
//!         Output::Transmit(bytes) => match socket.try_write(bytes) {
//!             Ok(sent) => { session.transmitted(now(), sent); continue }
//!             Err(would_block) => {}                       // wait for "writable" below
//!         },
//!         Output::Close => break,                          // everything is written: close the socket
//!         Output::Timeout(deadline) => {}
//!     }
//!     // `session.deadline()` is the time of the next timeout, also while a write is blocked.
//!     match wait_for(socket, commands, session.deadline()) {
//!         Readable(0) | ReadError    => session.handle_input(now(), Input::Closed),
//!         Readable(bytes)            => session.handle_input(now(), Input::Bytes(bytes)),
//!         Command(message)           => session.handle_input(now(), Input::Send(message)),
//!         Writable                   => continue,
//!         Deadline                   => session.handle_input(now(), Input::Timeout),
//!     }
//! }
//! ```
//!
//! - Events come first, then bytes. The bytes stay until [`transmitted`](ServerSession::transmitted)
//!   says how many of them were written. All that waits is handed out in one piece: **write as much of
//!   it as possible in one call**, because a stock server of version 1 that is running a job loses a
//!   message whose frames arrive apart.
//! - What a peer does wrong is an event, [`ClientEvent::Failed`] or [`ServerEvent::Failed`], followed by
//!   [`Output::Close`]. The `Result` of [`Input::Send`] is about the caller's own mistakes only.
//! - Bytes that cannot be written count against [`Limits::max_queued`](crate::Limits::max_queued); a
//!   full queue refuses further messages. Look at `queued()` and wait before sending more.

mod client;
mod client_event;
mod complaint;
mod link;
mod server;
mod time;
mod version_finder;

pub use client::ClientSession;
pub use client_event::{ClientConfig, ClientEvent};
pub use server::{ServerConfig, ServerEvent, ServerSession};
pub use time::Instant;
pub use version_finder::{NoVersion, VersionFinder};

/// What happens to a session.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input<'a, M> {
    /// Bytes from the peer, cut anywhere.
    Bytes(&'a [u8]),
    /// A message to send.
    Send(M),
    /// Time has passed.
    Timeout,
    /// The peer has closed the connection, or it broke.
    Closed,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Output<'a, E> {
    /// Something to know.
    Event(E),
    /// Write these bytes and report how many were written.
    Transmit(&'a [u8]),
    /// Nothing to do before the next input, or the time given if that comes first.
    Timeout(Option<Instant>),
    /// Close the connection: the session is over.
    Close,
}

//! A byte stream explained: every message with its header, and every field with its name, offset,
//! type, unit and value.
//!
//! ```
//! use fio_proto::describe::{Direction, describe_stream};
//! # use fio_proto::{Revision, frame::Tag, message::{Message, ServerMessage}};
//! # let mut stream = Vec::new();
//! # ServerMessage::text("Starting 1 thread\n").append_to(Revision::V1, Tag(0), &mut stream).unwrap();
//! for message in describe_stream(&stream, Direction::ServerToClient) {
//!     let message = message.unwrap();
//!     println!("{:#x} {}", message.offset, message.name());
//!     for field in message.fields.iter().flatten() {
//!         println!("  {:#x} {} = {} {}", field.offset, field.name, field.value, field.unit);
//!     }
//! }
//! ```
//!
//! Unlike a session this does not hold the stream to one version: each message is read by the version
//! in its own header. The frames of versions without layouts here are taken apart all the same; only
//! the fields of their messages stay closed ([`Closed::Version`]).

mod fields;
mod heads;
mod stream;
mod transfers;
mod value;

pub use fields::{Closed, Field, describe_payload};
pub use stream::{Described, Fragment, Stream, StreamError, StreamProblem, describe_stream};
pub use value::Value;

/// Which way a stream travelled. Most messages travel one way only and tell by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From a client to a server.
    ClientToServer,
    /// From a server to a client.
    ServerToClient,
    /// Not known: a message that exists both ways is taken for a server's if it has a payload.
    #[default]
    Unknown,
}

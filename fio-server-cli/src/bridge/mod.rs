//! `bridge`: a client of one version in front, a server of another behind.
//!
//! ```text
//!  client, version A  ──▶  listen … translate … connect  ──▶  server, version B
//! ```
//!
//! The client's version is that of its first frame, the server's is found as
//! [`VersionFinder`](fio_proto::session::VersionFinder) does. Then
//!
//! | client | server | what passes |
//! |---|---|---|
//! | A | A | the bytes as they are ([`pass_on`]) |
//! | 65 and later | another one of these | message for message, by way of the neutral forms, tags kept ([`pass_on`]) |
//! | 1 | 65 and later | another conversation: RUN and SEND_ETA are said for the client ([`old_client`]) |
//! | 65 and later | 1 | another conversation: START, answers to SEND_ETA and STOP are made up ([`old_server`]) |
//!
//! What a version cannot carry is left out, and the client told so in a TEXT, once for each thing.
//!
//! The translation ([`Translator`]) has no sockets and no clock of its own; [`connection`] moves the bytes,
//! [`backend`] finds the server, [`command`] listens.

mod backend;
mod channel;
mod command;
mod connection;
mod notes;
mod old_client;
mod old_server;
mod pass_on;
mod record;
mod translator;
mod units;

pub(crate) use command::bridge;
use translator::Translator;

#[cfg(test)]
mod tests;

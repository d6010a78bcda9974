//! The conversation between a client and a server of different versions.

use std::time::Instant;

use fio_proto::frame::Tag;
use fio_proto::message::{ClientMessage, JobLine, Message, ProbeReply, ServerMessage, Text};
use fio_proto::{Limits, Revision, ServerVersion};

use super::channel::{Channel, ChannelError, Sent};
use super::notes::Notes;
use super::old_client::OldClient;
use super::old_server::OldServer;
use super::{pass_on, units};

/// Most bytes of a message from a client. Its largest are job files.
const MAX_FROM_CLIENT: usize = 4 << 20;
/// Most bytes of a message from a server. Its largest are logs.
const MAX_FROM_SERVER: usize = 256 << 20;

/// Both sides of a bridged conversation, without sockets.
///
/// Fed with bytes and the time, it leaves what is to be sent in the `outgoing` of both channels.
pub(crate) struct Translator {
    pub(super) client: Channel,
    pub(super) server: Channel,
    pub(super) notes: Notes,
    rules: Rules,
    /// Nothing more will be said to the client.
    over: bool,
}

/// How the two versions talk to each other.
enum Rules {
    /// They are the same.
    Same,
    /// They have the same conversation in different layouts.
    PassOn,
    /// The client is of version 1.
    OldClient(OldClient),
    /// The server is of version 1.
    OldServer(OldServer),
}

/// Who broke the protocol, and how.
#[derive(Debug, thiserror::Error)]
pub(super) enum TranslateError {
    #[error("the client broke the protocol: {0}")]
    Client(#[source] ChannelError),
    #[error("the server broke the protocol: {0}")]
    Server(#[source] ChannelError),
}

impl Translator {
    /// A conversation whose PROBE has been answered: `client` is known by its first frame, `server` by its
    /// answer.
    pub(crate) fn new(client: Revision, server: Revision) -> Self {
        let rules = match (client.version(), server.version()) {
            (client, server) if client == server && !server.dies_of_job_files() => Rules::Same,
            (ServerVersion::V1, _) => Rules::OldClient(OldClient::default()),
            (_, ServerVersion::V1) => Rules::OldServer(OldServer::default()),
            _ => Rules::PassOn,
        };
        Self {
            client: Channel::new(client, MAX_FROM_CLIENT),
            server: Channel::new(server, MAX_FROM_SERVER),
            notes: Notes::default(),
            rules,
            over: false,
        }
    }

    /// Answers the client's PROBE as the server did.
    pub(super) fn answer_probe(&mut self, tag: Tag, mut reply: ProbeReply) {
        if self.server.revision() == Revision::V1 {
            // The layouts spoken here are those of 64-bit x86.
            (
                reply.operating_system,
                reply.architecture,
                reply.pointer_bytes,
            ) = (1, 1, 8);
        }
        let reply = ServerMessage::Probe(reply);
        // What version 1 cannot say about a server is no loss to anybody.
        let _ = self.client.send(tag, &reply);
    }

    /// Bytes from the client.
    pub(super) fn hear_client(
        &mut self,
        now: Instant,
        mut bytes: &[u8],
    ) -> Result<(), TranslateError> {
        if matches!(self.rules, Rules::Same) {
            self.server.outgoing.extend_from_slice(bytes);
            return Ok(());
        }
        while let Some((tag, message)) = self
            .client
            .receive(&mut bytes)
            .map_err(TranslateError::Client)?
        {
            self.client_says(now, tag, message);
        }
        Ok(())
    }

    fn client_says(&mut self, now: Instant, tag: Tag, message: ClientMessage) {
        // Taken out while it works on the rest.
        let mut rules = std::mem::replace(&mut self.rules, Rules::PassOn);
        match &mut rules {
            Rules::Same | Rules::PassOn => pass_on::client_says(self, tag, message),
            Rules::OldClient(state) => state.client_says(self, now, message),
            Rules::OldServer(state) => state.client_says(self, tag, message),
        }
        self.rules = rules;
    }

    /// Bytes from the server.
    pub(super) fn hear_server(
        &mut self,
        now: Instant,
        mut bytes: &[u8],
    ) -> Result<(), TranslateError> {
        if matches!(self.rules, Rules::Same) {
            self.client.outgoing.extend_from_slice(bytes);
            return Ok(());
        }
        while let Some((tag, message)) = self
            .server
            .receive(&mut bytes)
            .map_err(TranslateError::Server)?
        {
            self.server_says(now, tag, message);
        }
        Ok(())
    }

    fn server_says(&mut self, now: Instant, tag: Tag, message: ServerMessage) {
        let mut message = all_rows_announced(message);
        units::convert(&mut message, self.server.revision(), self.client.revision());
        let mut rules = std::mem::replace(&mut self.rules, Rules::PassOn);
        match &mut rules {
            Rules::Same | Rules::PassOn => self.tell(tag, &message),
            Rules::OldClient(state) => state.server_says(self, now, tag, message),
            Rules::OldServer(state) => state.server_says(self, message),
        }
        self.rules = rules;
    }

    /// The server closed the connection: ends the conversation with the client as its version expects.
    pub(super) fn server_closed(&mut self) {
        let mut rules = std::mem::replace(&mut self.rules, Rules::PassOn);
        match &mut rules {
            Rules::Same | Rules::PassOn => {}
            Rules::OldClient(state) => state.server_closed(self),
            Rules::OldServer(state) => state.server_closed(self),
        }
        self.rules = rules;
        self.over = true;
    }

    /// The client closed the connection. Returns whether the server must be listened to a little longer:
    /// one of version 1 whose client leaves in mid-run never recovers, so it is asked to stop.
    pub(super) fn client_closed(&mut self) -> bool {
        let must_wait = match &self.rules {
            Rules::OldServer(state) => state.is_running(),
            _ => false,
        };
        if must_wait {
            self.ask(Tag(0), &ClientMessage::Quit);
        }
        must_wait
    }

    /// Time passed.
    pub(super) fn tick(&mut self, now: Instant) {
        let mut rules = std::mem::replace(&mut self.rules, Rules::PassOn);
        if let Rules::OldClient(state) = &mut rules {
            state.tick(self, now);
        }
        self.rules = rules;
    }

    /// When to call [`tick`](Self::tick) at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.rules {
            Rules::OldClient(state) => state.deadline(),
            _ => None,
        }
    }

    /// Whether a run of the server's has ended, so that nothing of it is lost.
    pub(super) fn is_idle(&self) -> bool {
        match &self.rules {
            Rules::OldServer(state) => !state.is_running(),
            _ => true,
        }
    }

    /// Whether the client is to be let go when everything is sent.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// Sends a message to the client and tells it what of it is lost.
    pub(super) fn tell(&mut self, tag: Tag, message: &ServerMessage) {
        let version = self.client.revision().version();
        let note = match self.client.send(tag, message) {
            Sent::All(dropped) => self.notes.of_dropped(version, &dropped),
            Sent::NoSuchCommand(command) => {
                self.notes.of_command(version, command, "it is left out")
            }
            Sent::Refused(reason) => self.notes.once(&format!("bridge: {reason}\n")),
        };
        self.remark(note);
    }

    /// Sends a message to the server and tells the client what of it is lost.
    pub(super) fn ask(&mut self, tag: Tag, message: &ClientMessage) {
        let version = self.server.revision().version();
        let line = match message {
            ClientMessage::Job(job) if version.dies_of_job_files() => {
                Some(ClientMessage::JobLine(JobLine::of_job_file(job)))
            }
            _ => None,
        };
        let message = line.as_ref().unwrap_or(message);
        let note = match self.server.send(tag, message) {
            Sent::All(dropped) => self.notes.of_dropped(version, &dropped),
            Sent::NoSuchCommand(command) => {
                self.notes
                    .of_command(version, command, "the server does not hear of it")
            }
            Sent::Refused(reason) => {
                let name = message.command().name();
                self.notes
                    .once(&format!("bridge: cannot pass on {name}: {reason}\n"))
            }
        };
        self.remark(note);
    }

    /// Says something to the client, if there is something to say.
    pub(super) fn remark(&mut self, line: Option<String>) {
        if let Some(line) = line {
            let _ = self
                .client
                .send(Tag(0), &ServerMessage::Text(Text::info(line)));
        }
    }
}

/// Stock servers announce fewer rows than they send where logs have offsets or issue times, and stock clients
/// drop the others.
fn all_rows_announced(message: ServerMessage) -> ServerMessage {
    match message {
        ServerMessage::IoLog(log) => {
            let log = log.announcing_all_rows(Limits::default().max_inflated);
            ServerMessage::IoLog(Box::new(log))
        }
        other => other,
    }
}

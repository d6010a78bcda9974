//! A client and a server in one thread, with virtual time and a network that misbehaves.

use std::collections::VecDeque;
use std::time::Duration;

use fio_proto::error::{CommandError, ProtocolError, Waiting};
use fio_proto::frame::Tag;
use fio_proto::layout::{GroupRunStats, Histogram, JobsEta, ThreadStat};
use fio_proto::message::{
    ClientMessage, Eta, JobLine, JobText, Message, ProbeReply, ProbeRequest, ServerMessage, Start,
    ThreadReport,
};
use fio_proto::session::{
    ClientConfig, ClientEvent, ClientSession, Input, Instant, Output, ServerConfig, ServerEvent,
    ServerSession,
};
use fio_proto::{Limits, Revision, ServerVersion};
use proptest::prelude::*;

/// One direction of the connection.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    /// Bytes ever written, to place faults.
    written: usize,
    /// The bit to flip, counted from the first ever written.
    flip: Option<usize>,
}

impl Pipe {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let flipped = self
                .flip
                .filter(|bit| bit / 8 == self.written)
                .map_or(0, |bit| 1 << (bit % 8));
            self.bytes.push_back(byte ^ flipped);
            self.written += 1;
        }
    }

    fn read(&mut self, count: usize) -> Vec<u8> {
        self.bytes.drain(..count.min(self.bytes.len())).collect()
    }
}

struct Pair {
    client: ClientSession,
    server: ServerSession,
    up: Pipe,
    down: Pipe,
    now: Instant,
    seen_by_client: Vec<ClientEvent>,
    seen_by_server: Vec<ServerEvent>,
    /// Sizes of writes and reads, used in turn.
    pieces: Vec<usize>,
    turn: usize,
    closed: [bool; 2],
}

impl Pair {
    fn new(limits: Limits, pieces: Vec<usize>) -> Self {
        let now = Instant::ZERO;
        let config = ClientConfig::default().version(ServerVersion::V1);
        let mut client = ClientSession::new(config.limits(limits), now);
        client.run(now).unwrap();
        Self {
            client,
            server: ServerSession::new(
                ServerConfig::new(ProbeReply::new("pair")).limits(limits),
                now,
            ),
            up: Pipe::default(),
            down: Pipe::default(),
            now,
            seen_by_client: Vec::new(),
            seen_by_server: Vec::new(),
            pieces,
            turn: 0,
            closed: [false; 2],
        }
    }

    fn piece(&mut self) -> usize {
        self.turn += 1;
        self.pieces[self.turn % self.pieces.len()]
    }

    /// One round of both sides; whether anything happened.
    fn step(&mut self) -> bool {
        let mut moved = false;
        let piece = self.piece();
        match self.client.poll_output() {
            Output::Event(event) => {
                self.seen_by_client.push(event);
                moved = true;
            }
            Output::Transmit(bytes) => {
                let count = bytes.len().min(piece);
                self.up.write(&bytes[..count]);
                self.client.transmitted(self.now, count);
                moved = true;
            }
            Output::Close => moved |= !std::mem::replace(&mut self.closed[0], true),
            Output::Timeout(_) => {}
        }
        let piece = self.piece();
        match self.server.poll_output() {
            Output::Event(event) => {
                self.serve(&event);
                self.seen_by_server.push(event);
                moved = true;
            }
            Output::Transmit(bytes) => {
                let count = bytes.len().min(piece);
                self.down.write(&bytes[..count]);
                self.server.transmitted(self.now, count);
                moved = true;
            }
            Output::Close => moved |= !std::mem::replace(&mut self.closed[1], true),
            Output::Timeout(_) => {}
        }
        let piece = self.piece();
        moved | self.deliver(piece)
    }

    fn deliver(&mut self, piece: usize) -> bool {
        let (up, down) = (self.up.read(piece), self.down.read(piece));
        if !up.is_empty() {
            self.server
                .handle_input(self.now, Input::Bytes(&up))
                .unwrap();
        } else if self.closed[0] {
            self.server.handle_closed();
        }
        if !down.is_empty() {
            self.client
                .handle_input(self.now, Input::Bytes(&down))
                .unwrap();
        } else if self.closed[1] {
            self.client.handle_closed();
        }
        !up.is_empty() || !down.is_empty()
    }

    /// A server with one canned job. A client may be gone by the time its job is seen.
    fn serve(&mut self, event: &ServerEvent) {
        let answers = match event {
            ServerEvent::Job(job) => canned(&job.text.to_string()),
            ServerEvent::JobLine(_) => {
                vec![ServerMessage::Start(Start::default()), ServerMessage::Quit]
            }
            _ => Vec::new(),
        };
        for message in answers {
            let sent = self.server.send(self.now, &message);
            assert!(
                matches!(sent, Ok(()) | Err(CommandError::SessionOver)),
                "{sent:?}"
            );
        }
    }

    fn drive(&mut self) {
        for _ in 0..2_000_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the pair never comes to rest");
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
    }

    fn failure_of_client(&self) -> Option<&ProtocolError> {
        self.seen_by_client.iter().find_map(|event| match event {
            ClientEvent::Failed(error) => Some(error),
            _ => None,
        })
    }
}

/// What a server says about a job.
fn canned(name: &str) -> Vec<ServerMessage> {
    let mut thread = ThreadStat::default();
    thread.name = name.into();
    thread.completion_histogram[0] = Histogram::from_counts(0..1216);
    let mut status = JobsEta::default();
    (status.running, status.threads, status.elapsed_sec) = (2, 2, 7);
    vec![
        ServerMessage::text("Starting 2 threads\n"),
        ServerMessage::Start(Start::default()),
        ServerMessage::Eta(Eta::new(status, "RR")),
        ServerMessage::ThreadReport(Box::new(ThreadReport::new(
            thread,
            GroupRunStats::default(),
        ))),
        ServerMessage::GroupStats(GroupRunStats::default()),
        ServerMessage::Quit,
    ]
}

fn job(name: &str) -> ClientMessage {
    ClientMessage::job(name)
}

/// A whole conversation with three runs.
fn talk(limits: Limits, pieces: Vec<usize>, fault: impl FnOnce(&mut Pair)) -> Pair {
    let mut pair = Pair::new(limits, pieces);
    fault(&mut pair);
    let now = pair.now;
    pair.client
        .send(now, &ClientMessage::JobLine(JobLine::new(["--readonly"])))
        .unwrap();
    pair.client.send(now, &job("first")).unwrap();
    pair.client.send(now, &job("second")).unwrap();
    assert_eq!(pair.client.remaining(), 3);
    pair.drive();
    pair
}

#[test]
fn a_conversation_has_its_events_in_order() {
    let mut pair = talk(Limits::default(), vec![usize::MAX], |_| {});
    let ends = pair.seen_by_client.iter().filter_map(|event| match event {
        ClientEvent::RunEnded { remaining } => Some(*remaining),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [2, 1, 0]);
    let names: Vec<_> = pair
        .seen_by_client
        .iter()
        .filter_map(|event| match event {
            ClientEvent::ThreadReport(report) => Some(report.thread.name.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["first", "second"]);
    assert_eq!(pair.client.remaining(), 0);
    assert_eq!(
        (pair.server.outstanding(), pair.server.version()),
        (0, ServerVersion::V1)
    );
    pair.client.close();
    pair.drive();
    assert_eq!(pair.seen_by_server.last(), Some(&ServerEvent::Closed));
}

#[test]
fn runs_are_sent_one_at_a_time() {
    let mut pair = Pair::new(Limits::default(), vec![usize::MAX]);
    pair.client.send(pair.now, &job("a")).unwrap();
    pair.client.send(pair.now, &job("b")).unwrap();
    let Output::Transmit(bytes) = pair.client.poll_output() else {
        panic!("PROBE waits")
    };
    assert_eq!(bytes.len(), 24, "nothing but PROBE before the answer to it");
    pair.client.send(pair.now, &ClientMessage::Quit).unwrap();
    assert_eq!(
        pair.client.remaining(),
        0,
        "QUIT takes back what was not sent"
    );
}

#[test]
fn a_late_message_after_quit_is_tolerated() {
    let mut pair = talk(Limits::default(), vec![usize::MAX], |_| {});
    let eta = ServerMessage::Eta(Eta::default());
    pair.server.send(pair.now, &eta).unwrap();
    pair.drive();
    assert_eq!(
        pair.seen_by_client.last(),
        Some(&ClientEvent::Eta(Eta::default()))
    );
    assert_eq!(pair.failure_of_client(), None);
}

#[test]
fn quit_stops_a_run_and_says_good_bye_without_one() {
    let mut pair = Pair::new(Limits::default(), vec![usize::MAX]);
    pair.drive();
    pair.client.send(pair.now, &job("a")).unwrap();
    pair.client.send(pair.now, &ClientMessage::Quit).unwrap();
    while let Output::Event(_) = pair.client.poll_output() {}
    // Both arrive before the server has answered anything.
    let Output::Transmit(bytes) = pair.client.poll_output() else {
        panic!("JOB and QUIT wait")
    };
    pair.server.handle_bytes(pair.now, bytes);
    let events: Vec<_> = std::iter::from_fn(|| match pair.server.poll_output() {
        Output::Event(event) => Some(event),
        _ => None,
    })
    .collect();
    let mut job = JobText::new("a");
    job.trailing = 0;
    assert_eq!(events, [ServerEvent::Job(job), ServerEvent::Quit]);
    pair.server.send(pair.now, &ServerMessage::Quit).unwrap();
    let mut quit = Vec::new();
    ClientMessage::Quit
        .append_to(Revision::V1, Tag(0), &mut quit)
        .unwrap();
    pair.server.handle_bytes(pair.now, &quit);
    pair.drive();
    assert!(pair.closed[1], "QUIT without a run closes");
}

#[test]
fn a_silent_server_is_given_up() {
    let mut pair = Pair::new(Limits::default(), vec![usize::MAX]);
    assert_eq!(
        pair.client.deadline(),
        Some(Instant::new(Duration::from_secs(5)))
    );
    while let Output::Transmit(bytes) = pair.client.poll_output() {
        let count = bytes.len();
        pair.client.transmitted(pair.now, count);
    }
    pair.pass(Duration::from_secs(4));
    assert!(matches!(
        pair.client.poll_output(),
        Output::Timeout(Some(_))
    ));
    pair.pass(Duration::from_secs(1));
    let after = Duration::from_secs(5);
    let error = ProtocolError::TimedOut {
        waiting: Waiting::ProbeReply,
        after,
    };
    assert_eq!(
        pair.client.poll_output(),
        Output::Event(ClientEvent::Failed(error))
    );
    assert_eq!(pair.client.poll_output(), Output::Close);
    assert_eq!(pair.client.deadline(), None);
    assert_eq!(
        pair.client.send(pair.now, &job("a")),
        Err(CommandError::SessionOver)
    );
}

#[test]
fn a_server_that_stops_half_way_is_noticed() {
    let mut pair = Pair::new(Limits::default(), vec![usize::MAX]);
    pair.drive();
    pair.client.send(pair.now, &job("a")).unwrap();
    pair.drive();
    let before = pair.seen_by_client.len();
    let mut half = Vec::new();
    canned("x")[3]
        .append_to(Revision::V1, Tag(0), &mut half)
        .unwrap();
    pair.client.handle_bytes(pair.now, &half[..8000]);
    assert!(matches!(
        pair.client.poll_output(),
        Output::Timeout(Some(_))
    ));
    pair.pass(Duration::from_secs(11));
    pair.drive();
    let after = Duration::from_secs(10);
    let error = ProtocolError::TimedOut {
        waiting: Waiting::RestOfMessage,
        after,
    };
    assert_eq!(pair.seen_by_client[before..], [ClientEvent::Failed(error)]);
}

#[test]
fn a_full_queue_pushes_back_and_an_unread_one_ends_the_session() {
    let limits = Limits {
        max_queued: 40_000,
        ..Limits::default()
    };
    let mut pair = Pair::new(limits, vec![usize::MAX]);
    pair.drive();
    let stats = &canned("x")[3];
    pair.server.send(pair.now, stats).unwrap();
    pair.server.send(pair.now, stats).unwrap();
    let queued = pair.server.queued();
    assert_eq!(
        pair.server.send(pair.now, stats),
        Err(CommandError::QueueFull {
            queued,
            limit: 40_000
        })
    );
    pair.server.transmitted(pair.now, queued / 2);
    pair.server.send(pair.now, stats).unwrap();

    pair.pass(Duration::from_secs(31));
    let Output::Event(ServerEvent::Failed(error)) = pair.server.poll_output() else {
        panic!("nobody reads")
    };
    assert_eq!(
        error,
        ProtocolError::TimedOut {
            waiting: Waiting::Reader,
            after: Duration::from_secs(30)
        }
    );
    assert_eq!(pair.server.poll_output(), Output::Close);
}

#[test]
fn a_client_that_asks_without_reading_is_let_go() {
    let limits = Limits {
        max_queued: 1000,
        ..Limits::default()
    };
    let mut pair = Pair::new(limits, vec![usize::MAX]);
    let mut probes = Vec::new();
    ClientMessage::Probe(ProbeRequest::default())
        .append_to(Revision::V1, Tag(0), &mut probes)
        .unwrap();
    pair.server.handle_bytes(pair.now, &probes.repeat(50));
    let last = std::iter::from_fn(|| match pair.server.poll_output() {
        Output::Event(event) => Some(event),
        _ => None,
    })
    .last();
    assert!(
        matches!(
            last,
            Some(ServerEvent::Failed(ProtocolError::AnswersUnread { .. }))
        ),
        "{last:?}"
    );
    assert_eq!(pair.server.poll_output(), Output::Close);
}

#[test]
fn what_an_old_version_cannot_carry_is_named_once() {
    let mut pair = Pair::new(Limits::default(), vec![usize::MAX]);
    // The server learns from the first bytes that the client is an old one.
    pair.drive();
    for _ in 0..3 {
        pair.server
            .send(pair.now, &ServerMessage::Start(Start::new(1, 2)))
            .unwrap();
    }
    let named: Vec<_> = pair
        .server
        .take_dropped()
        .iter()
        .map(ToString::to_string)
        .collect();
    let absent = |field| format!("cmd_start_pdu.{field} does not exist in the peer's version");
    assert_eq!(named, [absent("jobs"), absent("stat_outputs")]);
    assert_eq!(pair.server.take_dropped(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn cuts_do_not_matter(pieces in prop::collection::vec(1..3000usize, 1..9)) {
        let whole = talk(Limits::default(), vec![usize::MAX], |_| {});
        let cut = talk(Limits::default(), pieces, |_| {});
        prop_assert_eq!(&cut.seen_by_client, &whole.seen_by_client);
        prop_assert_eq!(&cut.seen_by_server, &whole.seen_by_server);
    }

    #[test]
    fn stalls_within_the_limits_do_not_matter(stalls in prop::collection::vec(0..4000u64, 1..40)) {
        let mut pair = Pair::new(Limits::default(), vec![700]);
        pair.client.send(pair.now, &job("slow")).unwrap();
        for stall in stalls {
            pair.step();
            pair.pass(Duration::from_millis(stall / 20));
        }
        pair.drive();
        prop_assert_eq!(pair.failure_of_client(), None);
        prop_assert_eq!(pair.seen_by_client.last(), Some(&ClientEvent::RunEnded { remaining: 0 }));
    }

    /// A checksum covers every bit but the payload checksum of empty frames, which nobody reads.
    #[test]
    fn a_flipped_bit_is_noticed_or_harmless(bit in 0..8 * 9000usize, up in any::<bool>()) {
        let whole = talk(Limits::default(), vec![usize::MAX], |_| {});
        let pair = talk(Limits::default(), vec![1448], |pair| {
            let pipe = if up { &mut pair.up } else { &mut pair.down };
            pipe.flip = Some(bit);
        });
        let noticed = pair.failure_of_client().is_some()
            || pair.seen_by_server.iter().any(|event| matches!(event, ServerEvent::Failed(_)));
        prop_assert!(noticed || pair.seen_by_client == whole.seen_by_client);
    }

    #[test]
    fn a_reset_anywhere_ends_both_sides(steps in 0..60usize, pieces in prop::collection::vec(1..3000usize, 1..5)) {
        let mut pair = Pair::new(Limits::default(), pieces);
        pair.client.send(pair.now, &job("cut")).unwrap();
        for _ in 0..steps {
            pair.step();
        }
        pair.up.bytes.clear();
        pair.down.bytes.clear();
        pair.client.handle_closed();
        pair.server.handle_closed();
        pair.drive();
        prop_assert_eq!(pair.closed, [true, true]);
        prop_assert!(matches!(pair.seen_by_client.last(), Some(ClientEvent::Failed(_) | ClientEvent::Closed)));
        prop_assert!(matches!(pair.seen_by_server.last(), Some(ServerEvent::Failed(_) | ServerEvent::Closed)));
        let finished = pair.seen_by_client.contains(&ClientEvent::RunEnded { remaining: 0 });
        prop_assert_eq!(finished, pair.failure_of_client().is_none());
    }
}

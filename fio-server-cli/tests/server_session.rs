//! Whole sessions with the server, many of them with the bytes a fio client of 2011 sent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use fio_engine::io::{EngineError, EngineSetup, Engines, FileUse, Io, IoEngine, Queued};
use fio_server_cli::server::{EmbeddedServer, Ending, ListenAddress, ServerError, ServerOptions};

use crate::server_support::*;

/// Offsets in a v1 `thread_stat`.
const TS_ERROR: usize = 256;
const TS_MEMBERS: usize = 396;
const TS_DESCRIPTION: usize = 268;
const TS_PERCENTILES: usize = 1000;
const TS_LIST: usize = 1008;

#[test]
fn a_captured_session_of_two_groups_is_answered_in_fios_order() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send_bytes(include_bytes!("data/v1/multi_job.c2s.bin"));
    let messages = peer.messages_until(QUIT);

    let wanted = [PROBE, TEXT, START, TEXT, TS, TS, TS, TS, GS, GS, QUIT];
    let mut order = order(&messages);
    // Lines about disks depend on the machine; the null engine has none.
    order.dedup_by(|next, previous| *next == TEXT && *previous == TEXT);
    assert_eq!(order, wanted, "{}", describe(&messages));

    let probe = &messages[0];
    assert_eq!(probe.payload.len(), 68);
    assert_eq!(probe.payload[64], u8::from(cfg!(target_endian = "big")));
    assert_eq!(probe.payload[65..68], [1, 99, 0]);

    let start = messages
        .iter()
        .position(|message| message.opcode == START)
        .unwrap();
    let parsing = texts(&messages[..start]);
    assert!(parsing.contains("seq: (g=0): rw=read"), "{parsing}");
    assert!(parsing.contains("rnd: (g=1): rw=randwrite"), "{parsing}");
    let running = texts(&messages[start..]);
    assert!(running.starts_with("Starting 4 "), "{running}");

    let results: Vec<_> = messages
        .iter()
        .filter(|message| message.opcode == TS)
        .collect();
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result.payload.len(), 11464);
        assert_eq!(result.string_at(0), if index == 0 { "seq" } else { "rnd" });
        assert_eq!(result.u32_at(TS_ERROR), 0);
        assert_eq!(result.u32_at(TS_MEMBERS), 1);
        // 17 percentiles are asked for by default, from 1 to 99.99, ended by a zero.
        assert_eq!(result.u64_at(TS_PERCENTILES), 1);
        let percentile = |index: usize| f64::from_bits(result.u64_at(TS_LIST + index * 16));
        assert_eq!(
            [percentile(0), percentile(16), percentile(17)],
            [1.0, 99.99, 0.0]
        );
    }
    assert_eq!(results[1].string_at(TS_DESCRIPTION), "three writers");

    let groups: Vec<_> = messages
        .iter()
        .filter(|message| message.opcode == GS)
        .collect();
    let kilobytes = |group: &Message| [group.u64_at(64), group.u64_at(72)];
    assert_eq!(kilobytes(groups[0]), [1024, 0]);
    assert_eq!(kilobytes(groups[1]), [0, 3072]);
    assert_eq!(groups[1].u32_at(100), 1);
}

#[test]
fn a_captured_quit_stops_the_job_and_the_results_follow() {
    let server = TestServer::start();
    let mut peer = server.connect();
    let bytes = include_bytes!("data/v1/sigint.c2s.bin");
    // The last 24 bytes are the QUIT that followed two seconds later.
    let (jobs, quit) = bytes.split_at(bytes.len() - 24);
    peer.send_bytes(jobs);
    let mut messages = peer.messages_until(ETA);
    let began = Instant::now();
    peer.send_bytes(quit);
    messages.extend(peer.messages_until(QUIT));
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );

    let wanted = [PROBE, TEXT, START, TEXT, TS, GS, QUIT];
    assert_eq!(order(&messages), wanted, "{}", describe(&messages));
    let eta = messages
        .iter()
        .find(|message| message.opcode == ETA)
        .unwrap();
    assert_eq!(eta.u32_at(0), 1, "jobs running");
    assert_eq!(eta.u32_at(64), 1, "threads");
    // One character for each thread at offset 68, and the structure's 72 bytes before.
    assert_eq!(eta.payload.len(), 73);
    assert_eq!(eta.payload[68], b'r');
    let result = messages
        .iter()
        .find(|message| message.opcode == TS)
        .unwrap();
    assert_eq!(result.u32_at(TS_ERROR), 0);
}

#[test]
fn a_captured_command_line_and_its_job_file_end_in_one_quit() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send_bytes(include_bytes!("data/v1/jobline.c2s.bin"));
    let messages = peer.messages_until(QUIT);
    // `--section=rnd` leaves three clones of one job; a client of 2011 leaves at the first QUIT,
    // so it must not come before them.
    let results: Vec<_> = messages
        .iter()
        .filter(|message| message.opcode == TS)
        .collect();
    assert_eq!(results.len(), 3, "{}", describe(&messages));
    assert!(results.iter().all(|result| result.string_at(0) == "rnd"));
}

#[test]
fn captured_mistakes_are_explained_and_ended_with_quit() {
    let table: [(&[u8], &str); 3] = [
        (
            include_bytes!("data/v1/err_badopt.c2s.bin"),
            "no_such_option",
        ),
        (
            include_bytes!("data/v1/err_nodir.c2s.bin"),
            "/tmp/fiocap/does-not-exist",
        ),
        (include_bytes!("data/v1/jobline_profile.c2s.bin"), "profile"),
    ];
    let server = TestServer::start();
    for (bytes, wanted) in table {
        let mut peer = server.connect();
        peer.send_bytes(bytes);
        let messages = peer.messages_until(QUIT);
        assert!(texts(&messages).contains(wanted), "{}", describe(&messages));
        server.check_still_serving();
    }
}

#[test]
fn job_errors_carry_place_and_option() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send(JOB, b"[a]\nioengine=null\nsize=1m\nreadd=1\n");
    let messages = peer.messages_until(QUIT);
    assert_eq!(order(&messages), [TEXT, QUIT], "{}", describe(&messages));
    let text = texts(&messages);
    assert!(
        text.contains("job file:4:1: section [a]: unknown option `readd`"),
        "{text}"
    );
}

#[test]
fn the_serial_of_a_probe_comes_back() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send_bytes(&message(PROBE, 0x1122_3344_5566_7788, b""));
    assert_eq!(peer.message().serial, 0x1122_3344_5566_7788);
}

#[test]
fn probes_are_answered_while_a_job_runs() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send(JOB, LONG_JOB.as_bytes());
    peer.messages_until(START);
    peer.send(PROBE, b"");
    peer.messages_until(PROBE);
    peer.send(QUIT, b"");
    peer.messages_until(QUIT);
}

#[test]
fn status_comes_about_once_a_second() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send(JOB, LONG_JOB.as_bytes());
    peer.messages_until(ETA);
    let began = Instant::now();
    peer.messages_until(ETA);
    peer.messages_until(ETA);
    let two = began.elapsed();
    assert!(
        two > Duration::from_millis(1500) && two < Duration::from_secs(4),
        "{two:?}"
    );
}

#[test]
fn a_second_job_runs_on_the_same_connection() {
    let server = TestServer::start();
    let mut peer = server.connect();
    for _ in 0..2 {
        peer.send(JOB, QUICK_JOB.as_bytes());
        let messages = peer.messages_until(QUIT);
        assert_eq!(order(&messages), [TEXT, START, TEXT, TS, GS, QUIT]);
    }
}

#[test]
fn job_files_sent_together_run_one_after_the_other_before_quit() {
    let server = TestServer::start();
    let mut peer = server.connect();
    let mut bytes = message(JOB, 0, QUICK_JOB.as_bytes());
    bytes.extend(message(
        JOB,
        0,
        QUICK_JOB.replace("quick", "later").as_bytes(),
    ));
    peer.send_bytes(&bytes);
    let messages = peer.messages_until(QUIT);
    let results = messages.iter().filter(|message| message.opcode == TS);
    let names: Vec<_> = results.map(|result| result.string_at(0)).collect();
    assert_eq!(names, ["quick", "later"]);
}

#[test]
fn a_command_line_alone_runs_its_jobs() {
    let server = TestServer::start();
    let mut peer = server.connect();
    let words = [
        "fio",
        "--name=words",
        "--ioengine=null",
        "--size=1m",
        "--rw=read",
    ];
    peer.send(JOBLINE, &job_line(&words));
    let messages = peer.messages_until(QUIT);
    let result = messages
        .iter()
        .find(|message| message.opcode == TS)
        .unwrap();
    assert_eq!(result.string_at(0), "words");
}

#[test]
fn a_command_line_without_jobs_is_answered_with_quit() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send(JOBLINE, &job_line(&["fio", "--eta=never"]));
    let messages = peer.messages_until(QUIT);
    assert_eq!(order(&messages), [TEXT, START, QUIT]);
    assert!(texts(&messages).contains("--eta: not used"));
}

#[test]
fn real_files_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start();
    let mut peer = server.connect();
    let job = format!(
        "[global]\nioengine=psync\ndirectory={}\nbs=4k\nsize=1m\n[w]\nrw=write\n[r]\nrw=randread\n\
         stonewall\n",
        folder.path().display()
    );
    peer.send(JOB, job.as_bytes());
    let messages = peer.messages_until(QUIT);
    let results: Vec<_> = messages
        .iter()
        .filter(|message| message.opcode == TS)
        .collect();
    assert_eq!(results.len(), 2, "{}", describe(&messages));
    assert!(
        results.iter().all(|result| result.u32_at(TS_ERROR) == 0),
        "{}",
        describe(&messages)
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn an_io_error_is_in_the_results() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send(
        JOB,
        b"[full]\nioengine=psync\nfilename=/dev/full\nbs=4k\nsize=64k\nrw=write\n",
    );
    let messages = peer.messages_until(QUIT);
    let result = messages
        .iter()
        .find(|message| message.opcode == TS)
        .unwrap();
    assert_eq!(result.u32_at(TS_ERROR), 28, "ENOSPC");
    assert!(
        result
            .string_at(128)
            .to_lowercase()
            .contains("no space left")
    );
}

#[test]
fn many_clients_run_at_once() {
    let server = TestServer::start();
    let mut peers: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for peer in &mut peers {
        peer.send(JOB, LONG_JOB.as_bytes());
    }
    for peer in &mut peers {
        peer.messages_until(START);
    }
    for peer in &mut peers {
        peer.send(QUIT, b"");
    }
    for peer in &mut peers {
        let messages = peer.messages_until(QUIT);
        assert!(messages.iter().any(|message| message.opcode == TS));
    }
}

#[test]
fn quit_without_a_job_closes() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send(QUIT, b"");
    assert!(peer.messages_to_end().is_empty());
    server.check_still_serving();
}

#[test]
fn exit_from_this_machine_ends_the_server_and_reports_running_jobs() {
    let server = TestServer::start();
    let mut running = server.connect();
    running.send(JOB, LONG_JOB.as_bytes());
    running.messages_until(START);
    server.connect().send(EXIT, b"");
    let messages = running.messages_to_end();
    assert!(
        messages.iter().any(|message| message.opcode == TS),
        "{}",
        describe(&messages)
    );
    assert_eq!(messages.last().unwrap().opcode, QUIT);
    assert_eq!(server.wait(), Ending::ExitCommand);
}

#[test]
fn shutting_down_reports_running_jobs_and_tells_the_others() {
    let mut server = TestServer::start();
    let mut idle = server.connect();
    idle.send(PROBE, b"");
    idle.message();
    let mut running = server.connect();
    running.send(JOB, LONG_JOB.as_bytes());
    running.messages_until(START);
    server.shut_down();
    let messages = running.messages_to_end();
    assert!(
        messages.iter().any(|message| message.opcode == TS),
        "{}",
        describe(&messages)
    );
    assert_eq!(messages.last().unwrap().opcode, QUIT);
    assert!(texts(&idle.messages_to_end()).contains("server is ending"));
    assert_eq!(server.wait(), Ending::Shutdown);
}

#[test]
fn unix_sockets_serve_as_tcp_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let server = TestServer::with(|options| {
        options.listen = vec![ListenAddress::Unix(path.clone())];
    });
    let stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut peer = Peer { stream };
    peer.send(JOB, QUICK_JOB.as_bytes());
    assert_eq!(
        order(&peer.messages_until(QUIT)),
        [TEXT, START, TEXT, TS, GS, QUIT]
    );
    drop(server);
    assert!(!path.exists(), "the socket file is removed");
}

#[test]
fn the_embedded_server_serves_its_one_client() {
    let (server, stream) = EmbeddedServer::start(ServerOptions::default()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut peer = Peer { stream };
    peer.send(JOB, LONG_JOB.as_bytes());
    peer.messages_until(START);
    // Ending it stops the job and still reports.
    let ended = std::thread::spawn(move || drop(server));
    let messages = peer.messages_to_end();
    assert!(
        messages.iter().any(|message| message.opcode == TS),
        "{}",
        describe(&messages)
    );
    ended.join().unwrap();
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let options = ServerOptions {
        listen: vec![ListenAddress::Tcp(address)],
        ..ServerOptions::default()
    };
    let error = fio_server_cli::server::Server::bind(options).unwrap_err();
    assert!(matches!(error, ServerError::AddressInUse { .. }));
    assert!(error.to_string().contains(&address.to_string()));
}

#[test]
fn a_restarted_server_gets_its_port_back_at_once() {
    let server = TestServer::start();
    let address = server.address;
    server.check_still_serving();
    drop(server);
    let again = TestServer::with(|options| options.listen = vec![ListenAddress::Tcp(address)]);
    again.check_still_serving();
}

#[test]
fn a_session_cut_anywhere_leaves_the_server_serving() {
    let server = TestServer::with(|options| options.limits.clients = 1000);
    let bytes: &[u8] = include_bytes!("data/v1/multi_job.c2s.bin");
    for length in 0..=bytes.len() {
        let mut peer = server.connect();
        peer.send_bytes(&bytes[..length]);
        if length % 2 == 0 {
            peer.stream.shutdown(std::net::Shutdown::Write).unwrap();
            // What was asked for before the cut may be answered; nothing may hang.
            let _ = peer.stream.read_to_end(&mut Vec::new());
        }
    }
    server.check_still_serving();
}

#[test]
fn answers_cut_anywhere_leave_the_server_serving() {
    let server = TestServer::with(|options| options.limits.clients = 1000);
    for length in (0..2000).step_by(37) {
        let mut peer = server.connect();
        peer.send(JOB, QUICK_JOB.as_bytes());
        let mut some = vec![0; length];
        peer.stream.read_exact(&mut some).unwrap();
        peer.stream.flush().unwrap();
    }
    server.check_still_serving();
}

/// An engine of a program that embeds the server; it panics at its third I/O.
struct Fragile {
    buffer: Vec<u8>,
    ios: u32,
}

impl IoEngine for Fragile {
    const FILES: FileUse = FileUse::None;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffer: vec![0; setup.max_block_size],
            ios: 0,
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, _: usize) -> &mut [u8] {
        &mut self.buffer
    }

    fn queue(&mut self, io: &Io) -> Queued {
        self.ios += 1;
        assert!(self.ios < 3, "the engine breaks on purpose");
        Queued::Completed(Ok(io.length))
    }
}

#[test]
fn a_broken_engine_ends_its_run_and_nothing_else() {
    let server = TestServer::with(|options| {
        options.engines = Engines::standard().register::<Fragile>("fragile");
    });
    let run = |size: &str| {
        let mut peer = server.connect();
        let job = format!("[a]\nioengine=fragile\nbs=4k\nrw=read\nsize={size}\n");
        peer.send(JOB, job.as_bytes());
        peer.messages_until(QUIT)
    };
    let good = run("8k");
    let result = good.iter().find(|message| message.opcode == TS).unwrap();
    assert_eq!(result.u32_at(TS_ERROR), 0, "{}", describe(&good));
    let broken = run("64k");
    let failed = |message: &Message| message.opcode == TS && message.u32_at(TS_ERROR) != 0;
    assert!(
        broken.iter().any(failed) || texts(&broken).contains("failed inside the server"),
        "{}",
        describe(&broken)
    );
    server.check_still_serving();
}

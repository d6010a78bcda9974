//! Clients that want too much: too many of them, too slow, too silent, or gone without a word.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::server_support::*;
use crate::util::Folder;

#[test]
fn a_client_that_vanishes_stops_its_job_within_a_second() {
    let server = TestServer::with(|options| options.limits.jobs_in_total = 1);
    // On a machine busy with other tests a thread may not even be scheduled for that long; the
    // job itself would go on for a minute.
    let times: Vec<Duration> = (0..3).map(|_| time_to_stop(&server)).collect();
    assert!(
        times.iter().min() < Some(&Duration::from_secs(1)),
        "{times:?}"
    );
}

/// How long the job of a vanished client goes on. The server runs one job at a time, so another
/// one shows when the first has really ended.
fn time_to_stop(server: &TestServer) -> Duration {
    let mut peer = server.connect();
    peer.send(JOB, LONG_JOB.as_bytes());
    peer.messages_until(START);
    drop(peer);
    let began = Instant::now();
    loop {
        let mut next = server.connect();
        next.send(JOB, QUICK_JOB.as_bytes());
        let messages = next.messages_until(QUIT);
        if messages.iter().any(|message| message.opcode == TS) {
            return began.elapsed();
        }
        assert!(began.elapsed() < PATIENCE, "{}", describe(&messages));
    }
}

#[test]
fn one_client_too_many_is_told_and_closed() {
    let server = TestServer::with(|options| options.limits.clients = 2);
    let mut first = server.connect();
    first.send(PROBE, b"");
    first.message();
    let mut second = server.connect();
    second.send(PROBE, b"");
    second.message();
    let mut third = server.connect();
    third.send(PROBE, b"");
    let messages = third.messages_to_end();
    assert_eq!(order(&messages), [TEXT, QUIT]);
    assert!(
        texts(&messages).contains("2 clients"),
        "{}",
        describe(&messages)
    );
    drop(first);
    server.wait_for_log("left");
    server.check_still_serving();
}

#[test]
fn a_thousand_connections_at_once_are_all_answered() {
    let server = TestServer::with(|options| options.limits.clients = 2000);
    let mut peers: Vec<_> = (0..1000).map(|_| server.connect()).collect();
    for peer in &mut peers {
        peer.send(PROBE, b"");
    }
    for peer in &mut peers {
        assert_eq!(peer.message().opcode, PROBE);
    }
    server.check_still_serving();
}

#[test]
fn a_thousand_connections_over_the_limit_do_no_harm() {
    let server = TestServer::with(|options| options.limits.clients = 10);
    let peers: Vec<_> = (0..1000).map(|_| server.connect()).collect();
    drop(peers);
    let began = Instant::now();
    loop {
        let mut peer = server.connect();
        peer.send(PROBE, b"");
        if peer
            .try_message()
            .is_some_and(|message| message.opcode == PROBE)
        {
            break;
        }
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
    server.check_still_serving();
}

#[test]
fn a_message_that_comes_byte_by_byte_runs_out_of_time() {
    let time = Duration::from_millis(300);
    let server = TestServer::with(|options| options.limits.message_time = time);
    let mut peer = server.connect();
    let began = Instant::now();
    let bytes = message(JOB, 0, QUICK_JOB.as_bytes());
    for byte in &bytes {
        if peer.stream.write_all(&[*byte]).is_err() || began.elapsed() > time * 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let messages = peer.messages_to_end();
    assert!(
        texts(&messages).contains("rest of a message"),
        "{}",
        describe(&messages)
    );
    server.check_still_serving();
}

#[test]
fn a_slow_message_within_its_time_is_taken() {
    let server = TestServer::start();
    let mut peer = server.connect();
    for byte in message(PROBE, 0, b"") {
        peer.send_bytes(&[byte]);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(peer.message().opcode, PROBE);
}

#[test]
fn a_silent_client_is_told_and_closed_but_not_one_with_a_job() {
    let server = TestServer::with(|options| {
        options.limits.idle_time = Some(Duration::from_millis(200));
    });
    let mut busy = server.connect();
    busy.send(JOB, LONG_JOB.as_bytes());
    busy.messages_until(START);
    let mut silent = server.connect();
    silent.send(PROBE, b"");
    let messages = silent.messages_to_end();
    assert!(
        texts(&messages).contains("nothing heard"),
        "{}",
        describe(&messages)
    );
    // Two status messages later it is still there.
    busy.messages_until(ETA);
    busy.messages_until(ETA);
}

#[test]
fn a_client_that_does_not_read_is_dropped_and_its_job_stopped() {
    let server = TestServer::with(|options| {
        options.limits.write_time = Duration::from_millis(500);
        options.limits.status_interval = Duration::from_millis(1);
        options.limits.jobs_per_run = 2048;
    });
    let mut peer = server.connect();
    // Many results: more than the socket buffers of both sides hold.
    let job = format!("{QUICK_JOB}numjobs=1000\n");
    peer.send(JOB, job.as_bytes());
    server.wait_for_log("in writing to the peer");
    server.check_still_serving();
}

#[test]
fn questions_without_end_do_not_fill_the_memory() {
    let server = TestServer::with(|options| options.limits.write_time = Duration::from_millis(500));
    let mut peer = server.connect();
    peer.stream
        .set_write_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let probes: Vec<u8> = (0..1000).flat_map(|_| message(PROBE, 0, b"")).collect();
    let mut sent = 0_usize;
    // The server stops reading when the answers are not taken, so this must come to a halt.
    while let Ok(count) = peer.stream.write(&probes) {
        sent += count;
        assert!(sent < 256 << 20, "the server reads without end");
    }
    server.wait_for_log("in writing to the peer");
}

#[test]
fn job_files_beyond_the_queue_are_refused() {
    let server = TestServer::with(|options| options.limits.queued_jobs = 2);
    let mut peer = server.connect();
    peer.send(JOB, LONG_JOB.as_bytes());
    peer.messages_until(START);
    for _ in 0..3 {
        peer.send(JOB, QUICK_JOB.as_bytes());
    }
    let messages = peer.messages_to_end();
    assert!(
        texts(&messages).contains("2 job files"),
        "{}",
        describe(&messages)
    );
    server.check_still_serving();
}

#[test]
fn memory_for_buffers_is_bounded() {
    let server = TestServer::with(|options| options.limits.memory_per_run = 1 << 20);
    let mut peer = server.connect();
    peer.send(
        JOB,
        b"[a]\nioengine=null\nrw=read\nbs=1m\niodepth=8\nsize=16m\n",
    );
    let messages = peer.messages_until(QUIT);
    assert!(
        texts(&messages).contains("buffers"),
        "{}",
        describe(&messages)
    );
    server.check_still_serving();
}

/// What would outlast a job, or favour it before others on the machine.
#[test]
fn settings_of_the_machine_are_not_for_clients() {
    let server = TestServer::with(|options| options.limits.real_time_io = false);
    for option in [
        "prioclass=1",
        "uid=0",
        "gid=0",
        "ioscheduler=none",
        "cgroup=a",
        "nice=-1",
        "allow_mounted_write=1",
        "exec_prerun=true",
        "exec_postrun=true",
    ] {
        let (name, _) = option.split_once('=').unwrap();
        let job = format!("[a]\nioengine=null\nsize=4k\n{option}\n");
        let mut peer = server.connect();
        peer.send(JOB, job.as_bytes());
        let messages = peer.messages_until(QUIT);
        let told = texts(&messages).contains(name);
        let ran = messages.iter().any(|message| message.opcode == TS);
        assert!(told && !ran, "{option}: {}", describe(&messages));
    }
    server.check_still_serving();
}

#[test]
fn files_outside_the_allowed_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    let server = TestServer::with(|options| options.allowed_paths = vec![inside.clone()]);
    for (directory, allowed) in [(folder.path(), false), (inside.as_path(), true)] {
        let job = format!(
            "[a]\nioengine=psync\nrw=write\nsize=64k\ndirectory={}\n",
            directory.display()
        );
        let mut peer = server.connect();
        peer.send(JOB, job.as_bytes());
        let messages = peer.messages_until(QUIT);
        let ran = messages.iter().any(|message| message.opcode == TS);
        assert_eq!(ran, allowed, "{}", describe(&messages));
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing was made outside"
    );
}

/// The log may lie in an allowed folder and still name files outside.
#[test]
fn files_outside_the_allowed_folders_are_not_reached_through_logs() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    let server = TestServer::with(|options| options.allowed_paths = vec![inside.clone()]);
    for (directory, allowed) in [(folder.path(), false), (inside.as_path(), true)] {
        let target = directory.join("target").display().to_string();
        let log = inside.join("log");
        let text = format!("fio version 3 iolog\n0 {target} add\n0 {target} write 0 512\n");
        std::fs::write(&log, text).unwrap();
        let job = format!("[a]\nioengine=psync\nread_iolog={}\n", log.display());
        let mut peer = server.connect();
        peer.send(JOB, job.as_bytes());
        let messages = peer.messages_until(QUIT);
        let refused = texts(&messages).contains("this server does not allow files at");
        assert_eq!(refused, !allowed, "{}", describe(&messages));
        assert_eq!(directory.join("target").exists(), allowed);
    }
}

#[test]
fn a_reset_connection_does_no_harm() {
    let server = TestServer::start();
    for _ in 0..20 {
        let mut peer = server.connect();
        peer.send(JOB, QUICK_JOB.as_bytes());
        // Closing with unread input makes TCP send a reset.
        peer.stream.read_exact(&mut [0; 1]).unwrap();
        drop(peer);
    }
    server.check_still_serving();
}

#[test]
fn a_storm_of_broken_clients_of_all_versions_leaves_the_server_serving() {
    let server = TestServer::with(|options| options.limits.clients = 1000);
    // A generator is enough here, and the same storm can be had again.
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let many: String = (0..3000)
        .map(|n| format!("[s{n}]\nioengine=null\n"))
        .collect();
    let deep = format!("[a]\nioengine=null\nsize={}1\n", "(".repeat(10_000));
    let jobs = [
        QUICK_JOB,
        LONG_JOB,
        "[a]\nfilename=/dev\nsize=1m\n",
        "[a]\nfilename=/proc/self/mem\nrw=read\nsize=1m\n",
        "[a]\nioengine=null\nnrfiles=1000000000\nsize=1t\n",
        &many,
        &deep,
    ];
    let mut held = Vec::new();
    for _ in 0..300 {
        let version = [1, 65, 74, 84, 97, 121, 67][random(7) as usize];
        let longest = if version == 1 { 64 } else { 1024 };
        let job = jobs[random(jobs.len() as u64) as usize];
        let head = (job.len() as u32).to_le_bytes();
        let payload = match version {
            1 => job.as_bytes().to_vec(),
            _ => [&head[..], &[1, 0, 0, 0], job.as_bytes()].concat(),
        };
        let pieces = payload.chunks(longest);
        let last = pieces.len() - 1;
        let mut bytes: Vec<u8> = pieces
            .enumerate()
            .flat_map(|(index, piece)| frame(version, JOB, u32::from(index < last), 0, piece))
            .collect();
        for opcode in [16, 8, 1, 20, 18, 19, 6, 99] {
            let noise: Vec<u8> = (0..random(40)).map(|_| random(256) as u8).collect();
            bytes.extend(frame(version, opcode, 0, random(1 << 30), &noise));
        }
        match random(4) {
            0 => bytes.truncate(random(bytes.len() as u64) as usize),
            1 => {
                let at = random(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << random(8);
            }
            _ => {}
        }
        let mut peer = server.connect();
        // The server may have closed already.
        let _ = peer.stream.write_all(&bytes);
        // Some never read, some leave unread bytes behind, which resets the connection.
        if random(3) == 0 {
            held.push(peer);
        }
    }
    server.check_still_serving();
    drop(held);
    server.check_still_serving();
}

/// Both sides hear of entries that found no room, and the run does not count as a success.
#[test]
fn entries_of_logs_beyond_the_memory_for_them_are_lost_and_told() {
    let server = TestServer::with(|options| options.limits.log_memory = 1 << 20);
    let folder = Folder::new();
    let job = "[a]\nioengine=null\nrw=randread\nsize=800m\nwrite_lat_log=x\nlog_offset=1\n";
    folder.file("job.fio", job);
    let address = format!("127.0.0.1,{}", server.address.port());
    let finished = folder.run(["client", "--host", &address, "job.fio"]);
    let told = [&finished.stdout[..], &finished.stderr].concat();
    let limit = "log entries are missing: the 1048576 bytes";
    assert!(
        told.contains(limit) && told.contains(" of x_clat.1.log"),
        "{told}"
    );
    server.wait_for_log("the memory for logs is used up, entries lost: ");
    let log = folder.path().join("x_clat.1.log.127.0.0.1");
    let rows = std::fs::read_to_string(log).unwrap().lines().count();
    assert!(rows > 10_000 && rows < 200 << 10, "{rows}");
    finished.expect_code(1);
    server.check_still_serving();
}

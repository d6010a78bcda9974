//! What the server answers to input that breaks the protocol: a clear text, an end, and the next
//! client is served as ever.

use crate::server_support::*;

/// A frame as it would be sent, with something changed afterwards; the header's checksum is made
/// to fit again unless the change is about it.
fn spoiled(opcode: u16, payload: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = frame(1, opcode, 0, 0, payload);
    change(&mut bytes);
    bytes
}

fn fix_header(bytes: &mut [u8]) {
    let checksum = crc16(&bytes[..20]);
    bytes[20..22].copy_from_slice(&checksum.to_le_bytes());
}

struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    /// What the texts must contain.
    text: &'static str,
}

fn cases() -> Vec<Case> {
    let case = |name, bytes, text| Case { name, bytes, text };
    vec![
        case(
            "wrong header checksum",
            spoiled(PROBE, b"", |bytes| bytes[20] ^= 0x55),
            "bad crc on command",
        ),
        case(
            "wrong payload checksum",
            spoiled(JOB, b"[a]\nsize=1m\n", |bytes| bytes[22] ^= 0x55),
            "bad crc on payload",
        ),
        case(
            "oversize frame",
            spoiled(JOB, &[b'x'; 2000], |bytes| bytes.truncate(24)),
            "too large: 2000",
        ),
        case(
            "largest possible frame",
            spoiled(JOB, b"", |bytes| {
                bytes[16..20].fill(0xff);
                fix_header(bytes);
            }),
            "too large: 4294967295",
        ),
        case(
            "unknown opcode",
            frame(1, 99, 0, 0, b""),
            "unknown opcode: 99",
        ),
        case("opcode zero", frame(1, 0, 0, 0, b""), "unknown opcode: 0"),
        case(
            "server's message",
            frame(1, TS, 0, 0, &[0; 64]),
            "unknown opcode: 6",
        ),
        case(
            "server's answer",
            frame(1, START, 0, 0, b""),
            "unknown opcode: 10",
        ),
        case(
            "opcode change inside a message",
            [frame(1, JOB, 1, 0, b"[a]\n"), frame(1, QUIT, 0, 0, b"x")].concat(),
            "opcode mismatch",
        ),
        case(
            "version 98",
            frame(98, PROBE, 0, 0, b""),
            "bad server cmd version 98",
        ),
        case(
            "version 0",
            frame(0, PROBE, 0, 0, b""),
            "bad server cmd version 0",
        ),
        case(
            "not fio at all",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            "bad",
        ),
        case(
            "JOBLINE without a payload",
            message(JOBLINE, 0, b""),
            "argc",
        ),
        case(
            "JOBLINE cut short",
            message(JOBLINE, 0, &[1, 0, b'f']),
            "argv",
        ),
        case(
            "JOBLINE with 65535 words",
            {
                let mut line = job_line(&["fio", "--name=a"]);
                line[..2].fill(0xff);
                message(JOBLINE, 0, &line)
            },
            "argc",
        ),
        case(
            "JOBLINE without a NUL",
            {
                let mut line = job_line(&["fio", "--name=a"]);
                line[2..].fill(b'a');
                line[..2].copy_from_slice(&2_u16.to_le_bytes());
                message(JOBLINE, 0, &line)
            },
            "not terminated",
        ),
    ]
}

#[test]
fn each_fault_is_answered_and_the_server_goes_on() {
    let server = TestServer::start();
    for case in cases() {
        let mut peer = server.connect();
        peer.send_bytes(&case.bytes);
        let messages = peer.messages_to_end();
        let text = texts(&messages);
        assert!(
            !text.is_empty() && text.ends_with('\n'),
            "{}: {text:?}",
            case.name
        );
        assert!(text.contains(case.text), "{}: {text:?}", case.name);
        // A client of 2011 waits for ever after a close without QUIT; others do without.
        let last = messages.last().unwrap();
        let quits = last.opcode == QUIT;
        assert_eq!(quits, last.version == 1, "{}", describe(&messages));
        server.check_still_serving();
    }
}

#[test]
fn faults_after_a_good_beginning_are_answered_too() {
    let server = TestServer::start();
    for case in cases() {
        let mut peer = server.connect();
        peer.send(PROBE, b"");
        assert_eq!(peer.message().opcode, PROBE);
        peer.send(JOB, LONG_JOB.as_bytes());
        peer.messages_until(START);
        peer.send_bytes(&case.bytes);
        let messages = peer.messages_to_end();
        assert!(!texts(&messages).is_empty(), "{}", case.name);
    }
    server.check_still_serving();
}

#[test]
fn what_fio_tolerates_is_tolerated() {
    let server = TestServer::start();
    let table = [
        ("unknown flag bits", frame(1, PROBE, 0x8000_0000, 0, b"")),
        (
            "empty frame with more to follow",
            frame(1, PROBE, 1, 0, b""),
        ),
        ("payload on a probe", message(PROBE, 0, &[7; 136])),
    ];
    for (name, bytes) in table {
        let mut peer = server.connect();
        peer.send_bytes(&bytes);
        assert_eq!(peer.message().opcode, PROBE, "{name}");
    }
}

#[test]
fn uneven_fragments_are_joined() {
    let server = TestServer::start();
    let mut peer = server.connect();
    let text = QUICK_JOB.as_bytes();
    let mut bytes = Vec::new();
    for (index, piece) in text.chunks(7).enumerate() {
        let more = u32::from((index + 1) * 7 < text.len());
        bytes.extend(frame(1, JOB, more, index as u64, piece));
    }
    peer.send_bytes(&bytes);
    assert!(
        peer.messages_until(QUIT)
            .iter()
            .any(|message| message.opcode == TS)
    );
}

#[test]
fn a_message_over_the_cap_is_refused_before_it_is_whole() {
    let server = TestServer::with(|options| options.limits.message_bytes = 10_000);
    let mut peer = server.connect();
    let bytes: Vec<u8> = (0..200)
        .flat_map(|_| frame(1, JOB, 1, 0, &[b'#'; 64]))
        .collect();
    peer.send_bytes(&bytes);
    let messages = peer.messages_to_end();
    assert!(
        texts(&messages).contains("10000"),
        "{}",
        describe(&messages)
    );
    server.check_still_serving();
}

#[test]
fn job_files_that_are_no_job_files_are_refused() {
    let table: [(&str, &[u8], &str); 7] = [
        ("nothing", b"", ""),
        ("no section", b"size=1m\n", "`size` stands outside"),
        ("open bracket", b"[a\nsize=1m\n", "[a"),
        ("binary", b"[a]\n\0\xff\xfe\n", "NUL"),
        (
            "unknown option",
            b"[a]\nno_such_option=1\n",
            "no_such_option",
        ),
        ("unknown engine", b"[a]\nioengine=warp\nsize=1m\n", "warp"),
        (
            "too many jobs",
            b"[a]\nioengine=null\nsize=1m\nnumjobs=60000\n",
            "jobs",
        ),
    ];
    let server = TestServer::start();
    for (name, job, wanted) in table {
        let mut peer = server.connect();
        peer.send(JOB, job);
        let messages = peer.messages_until(QUIT);
        let text = texts(&messages);
        assert!(text.contains(wanted), "{name}: {text:?}");
        assert!(
            messages.iter().all(|message| message.opcode != TS),
            "{name}"
        );
        server.check_still_serving();
    }
}

/// Jobs that are understood but cannot do their I/O.
#[test]
fn jobs_that_fail_say_why() {
    let table = [
        (
            "full device",
            "filename=/dev/full\nrw=write\nsize=64k\n",
            "o space left",
        ),
        (
            "no such folder",
            // Where none can be made.
            "filename=/proc/nonexistent/x\nrw=write\nsize=64k\n",
            "/proc/nonexistent",
        ),
        (
            "not writable",
            "filename=/proc/version\nrw=write\nsize=64k\n",
            "/proc/version",
        ),
        ("a folder", "filename=/tmp\nrw=write\nsize=64k\n", "/tmp"),
        (
            "no O_DIRECT",
            "filename=/proc/version\nrw=read\ndirect=1\nsize=4k\n",
            "/proc/version",
        ),
        ("size of nothing", "filename=/dev/null\nrw=read\n", "size"),
    ];
    let server = TestServer::start();
    for (name, options, wanted) in table {
        let mut peer = server.connect();
        let job = format!("[a]\nioengine=psync\nbs=4k\n{options}");
        peer.send(JOB, job.as_bytes());
        let messages = peer.messages_until(QUIT);
        let text = texts(&messages);
        assert!(text.contains(wanted), "{name}: {text:?}");
        // Whatever ran says so in its results, too.
        let results = messages.iter().filter(|message| message.opcode == TS);
        assert!(
            results
                .map(|result| result.u32_at(256))
                .all(|error| error != 0),
            "{name}"
        );
        server.check_still_serving();
    }
}

#[test]
fn a_missing_folder_is_named() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send(
        JOB,
        b"[a]\nioengine=psync\ndirectory=/nonexistent/folder\nsize=1m\nrw=write\n",
    );
    let messages = peer.messages_until(QUIT);
    assert!(
        texts(&messages).contains("/nonexistent/folder"),
        "{}",
        describe(&messages)
    );
    server.check_still_serving();
}

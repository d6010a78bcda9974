//! The real program as a server: its output, signals, life in the background and size.

use std::io::{BufRead, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::server_support::*;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fio-server-cli"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A server process on a free port; killed when dropped.
struct Process {
    child: Child,
    address: SocketAddr,
    errors: BufReader<ChildStderr>,
}

impl Process {
    fn start(words: &[&str]) -> Self {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(words)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().parse();
        let address = address.unwrap_or_else(|_| panic!("{line:?} names no address"));
        Self {
            child,
            address,
            errors,
        }
    }

    fn connect(&self) -> Peer<TcpStream> {
        Peer::new(TcpStream::connect(self.address).unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Resident memory in KiB.
    fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn signals_end_it_cleanly_and_running_jobs_report() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Process::start(&[]);
        let mut peer = server.connect();
        peer.send(JOB, LONG_JOB.as_bytes());
        peer.messages_until(START);
        let began = Instant::now();
        server.signal(signal);
        let messages = peer.messages_to_end();
        assert!(
            messages.iter().any(|message| message.opcode == TS),
            "{}",
            describe(&messages)
        );
        assert_eq!(messages.last().unwrap().opcode, QUIT);
        drop(peer);
        assert_eq!(server.exit_code(), Some(0));
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{:?}",
            began.elapsed()
        );
        let rest: Vec<String> = server.errors.by_ref().lines().map(Result::unwrap).collect();
        assert!(
            rest.iter().any(|line| line.contains("stopping jobs")),
            "{rest:?}"
        );
    }
}

#[test]
fn exit_ends_the_process_with_success() {
    let mut server = Process::start(&[]);
    server.connect().send(EXIT, b"");
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn a_port_in_use_is_a_set_up_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program()
        .args(["serve", "--listen", &address])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains(&address) && errors.contains("in use"),
        "{errors}"
    );
}

#[test]
fn memory_stays_small() {
    let server = Process::start(&["--max-clients", "500"]);
    let mut first = server.connect();
    first.send(PROBE, b"");
    first.message();
    let idle = server.memory();
    assert!(idle < 16 << 10, "an idle server takes {idle} KiB");

    let mut peers: Vec<_> = (0..400).map(|_| server.connect()).collect();
    for peer in &mut peers {
        peer.send(PROBE, b"");
    }
    for peer in &mut peers {
        peer.message();
    }
    let each = server.memory().saturating_sub(idle) / 400;
    assert!(each < 100, "an idle connection takes {each} KiB");
}

/// A server in the background; ended when dropped.
struct Background(Pid);

impl Background {
    fn of_file(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        Self(Pid::from_raw(text.trim().parse().unwrap()).unwrap())
    }

    fn end(&self) {
        let _ = kill_process(self.0, Signal::TERM);
        let began = Instant::now();
        while test_kill_process(self.0).is_ok() && !is_zombie(self.0) {
            assert!(
                began.elapsed() < PATIENCE,
                "the background server does not end"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}

/// Where nobody reaps orphans, an ended process stays in the table.
fn is_zombie(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    stat.is_ok_and(|stat| {
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('Z'))
    })
}

#[test]
fn it_lives_in_the_background() {
    let folder = tempfile::tempdir().unwrap();
    let (pid_file, socket) = (folder.path().join("pid"), folder.path().join("socket"));
    let listen = format!("sock:{}", socket.display());
    let serve = |pid_file: &Path, listen: &str| {
        let mut command = program();
        command
            .args(["serve", "--listen", listen, "--daemonize"])
            .arg(pid_file);
        command.output().unwrap()
    };
    let output = serve(&pid_file, &listen);
    assert!(output.status.success(), "{output:?}");
    // It listens when the command returns.
    let server = Background::of_file(&pid_file);
    let stream = UnixStream::connect(&socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut peer = Peer { stream };
    peer.send(JOB, QUICK_JOB.as_bytes());
    peer.messages_until(QUIT);
    drop(peer);

    // A second one under the same PID file, or at the same address, is refused in the foreground.
    let other = format!("sock:{}", folder.path().join("other").display());
    let output = serve(&pid_file, &other);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("running"), "{errors}");
    let other_pid_file = folder.path().join("pid2");
    let output = serve(&other_pid_file, &listen);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("in use"), "{errors}");
    assert!(!other_pid_file.exists());

    server.end();
    assert!(
        !pid_file.exists() && !socket.exists(),
        "its files are removed"
    );
}

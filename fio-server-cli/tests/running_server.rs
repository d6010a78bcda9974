//! A server in a process of its own, ended with the test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use crate::util::Folder;

/// The command `serve`, running.
pub(crate) struct RunningServer {
    child: Child,
    address: String,
    _folder: Folder,
}

impl RunningServer {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn start() -> Self {
        Self::listening_on("127.0.0.1:0")
    }

    pub(crate) fn listening_on(address: &str) -> Self {
        Self::start_with(&["--listen", address])
    }

    /// Listens on a free port of the loopback interface, with more flags.
    pub(crate) fn with(flags: &[&str]) -> Self {
        Self::start_with(&[&["--listen", "127.0.0.1:0"], flags].concat())
    }

    fn start_with(flags: &[&str]) -> Self {
        let folder = Folder::new();
        let mut command = folder.program([&["serve"], flags].concat());
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("can be started");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("text");
        let address = line
            .split_once("listening on ")
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .1
            .trim()
            .to_owned();
        // What it logs later must find a reader.
        std::thread::spawn(move || {
            let _ = stderr.read_to_end(&mut Vec::new());
        });
        Self {
            child,
            address,
            _folder: folder,
        }
    }

    /// Where it listens, as it says itself.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.kill();
    }
}

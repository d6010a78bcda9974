//! What passed over a bridge, as files that `decode` reads.
//!
//! | file | what was said |
//! |---|---|
//! | `N-client.c2s` | by the client to the bridge |
//! | `N-client.s2c` | by the bridge to the client |
//! | `N-server.c2s` | by the bridge to the server |
//! | `N-server.s2c` | by the server to the bridge |
//!
//! N numbers the connections. No file is ever overwritten.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::output::complain;

/// One of a connection's four streams.
#[derive(Clone, Copy)]
pub(super) enum Line {
    FromClient,
    ToClient,
    ToServer,
    FromServer,
}

impl Line {
    /// All of them, in the order of their numbers.
    const NAMES: [&'static str; 4] = ["client.c2s", "client.s2c", "server.c2s", "server.s2c"];
}

/// The files of one connection, or none.
#[derive(Default)]
pub(super) struct Recorder {
    files: Option<[File; 4]>,
    name: PathBuf,
}

impl Recorder {
    /// Makes the files of the next connection.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        for number in 1..=LAST {
            let name = folder.join(format!("{number:06}"));
            match create(&name) {
                Ok(files) => {
                    let files = Some(files);
                    return Ok(Self { files, name });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("every number is taken"))
    }

    /// The start of the files' names.
    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// Adds to a stream. When that fails recording ends, and the bridge goes on.
    pub(super) fn write(&mut self, line: Line, bytes: &[u8]) {
        let Some([from_client, to_client, to_server, from_server]) = &mut self.files else {
            return;
        };
        let file = match line {
            Line::FromClient => from_client,
            Line::ToClient => to_client,
            Line::ToServer => to_server,
            Line::FromServer => from_server,
        };
        if let Err(error) = file.write_all(bytes) {
            complain(format_args!(
                "warning: cannot record to {}: {error}; this connection is not recorded any further",
                self.name.display()
            ));
            self.files = None;
        }
    }
}

/// More connections are not recorded in one folder.
const LAST: u32 = 999_999;

fn create(name: &Path) -> io::Result<[File; 4]> {
    let open = |suffix: &str| {
        let path = PathBuf::from(format!("{}-{suffix}", name.display()));
        // Job files may hold what is nobody's business.
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
    };
    let [first, second, third, fourth] = Line::NAMES;
    Ok([open(first)?, open(second)?, open(third)?, open(fourth)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_get_files_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Recorder::new(folder.path()).unwrap();
        let mut second = Recorder::new(folder.path()).unwrap();
        first.write(Line::FromClient, b"one");
        first.write(Line::FromClient, b"two");
        second.write(Line::ToServer, b"three");
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read("000001-client.c2s"), b"onetwo");
        assert_eq!(read("000002-server.c2s"), b"three");
        assert_eq!(read("000002-client.s2c"), b"");
    }

    #[test]
    fn nothing_is_recorded_without_a_folder() {
        Recorder::default().write(Line::ToClient, b"nothing");
        let folder = tempfile::tempdir().unwrap();
        assert!(Recorder::new(&folder.path().join("missing")).is_err());
    }
}

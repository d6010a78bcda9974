//! Sessions of releases of fio with themselves, one file of the `sessions` folder per version.

use std::path::Path;

use fio_proto::fragment::{Joiner, RawMessage};
use fio_proto::message::{Message, ServerMessage};
use fio_proto::{Revision, ServerVersion};

/// One session: what the client said and what the server said.
pub(crate) struct Session {
    /// Version and scenario.
    pub(crate) name: String,
    pub(crate) client: Vec<u8>,
    pub(crate) server: Vec<u8>,
}

impl Session {
    /// The layouts of both sides, as the server's answer to PROBE names them.
    pub(crate) fn revision(&self) -> Revision {
        let mut revision = None;
        each_message(&self.server, |raw| {
            let newest = Revision::of(raw.version).expect("a supported version");
            let message = ServerMessage::decode(newest, raw.opcode, raw.payload);
            if let Ok(ServerMessage::Probe(reply)) = message {
                revision = Revision::identify(raw.version, &reply.release);
            }
        });
        let version = ServerVersion::new(u16::from_le_bytes([self.client[0], self.client[1]]));
        revision.unwrap_or_else(|| Revision::of(version).unwrap())
    }
}

/// Calls `each` with every whole message of a stream. Streams may end in mid-message.
pub(crate) fn each_message(stream: &[u8], mut each: impl FnMut(RawMessage<'_>)) {
    let (mut rest, mut joiner) = (stream, Joiner::new(None, 64 << 20));
    while !rest.is_empty() {
        let step = joiner.push(rest).unwrap();
        step.message.into_iter().for_each(&mut each);
        rest = &rest[step.consumed..];
    }
}

/// The sessions kept with the tests. Each file is one zlib stream of: name and NUL, length of the
/// client's and of the server's half in four bytes each, both halves; and so on.
pub(crate) fn kept() -> Vec<Session> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sessions");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| unpack(file)).collect()
}

fn unpack(file: &Path) -> Vec<Session> {
    let packed = std::fs::read(file).unwrap();
    let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(&packed).unwrap();
    let version = file.file_stem().unwrap().to_string_lossy();
    let (mut rest, mut sessions) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == 0).unwrap();
        let name = format!("{version}/{}", String::from_utf8_lossy(&rest[..end]));
        rest = &rest[end + 1..];
        let (client, server) = (length(&mut rest), length(&mut rest));
        sessions.push(Session {
            name,
            client: rest[..client].to_vec(),
            server: rest[client..client + server].to_vec(),
        });
        rest = &rest[client + server..];
    }
    sessions
}

fn length(bytes: &mut &[u8]) -> usize {
    let (number, rest) = bytes.split_first_chunk().unwrap();
    *bytes = rest;
    u32::from_le_bytes(*number) as usize
}

/// The sessions in the folder `FIO_CAPTURES` names, if it does: `VERSION/SCENARIO/c2s.bin` and
/// `s2c.bin`, or the same with `.gz`.
pub(crate) fn elsewhere() -> Vec<Session> {
    let Some(folder) = std::env::var_os("FIO_CAPTURES") else {
        return Vec::new();
    };
    let mut sessions = Vec::new();
    for version in subfolders(Path::new(&folder)) {
        for scenario in subfolders(&version) {
            let [client, server] = ["c2s.bin", "s2c.bin"].map(|name| read(&scenario.join(name)));
            if let (Some(client), Some(server)) = (client, server)
                && !client.is_empty()
                && !server.is_empty()
            {
                let name = scenario
                    .strip_prefix(&folder)
                    .unwrap()
                    .display()
                    .to_string();
                sessions.push(Session {
                    name,
                    client,
                    server,
                });
            }
        }
    }
    assert!(!sessions.is_empty(), "FIO_CAPTURES has no captures");
    sessions
}

fn subfolders(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut all: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.is_dir());
    all.sort();
    all
}

fn read(path: &Path) -> Option<Vec<u8>> {
    if let Ok(bytes) = std::fs::read(path) {
        return Some(bytes);
    }
    let packed = std::fs::read(path.with_extension("bin.gz")).ok()?;
    // The header of gzip: ten bytes, and the file's name where bit 3 of the flags says so.
    let named = packed[3] & 8 != 0;
    let name = packed[10..].iter().position(|byte| *byte == 0).unwrap_or(0);
    let start = if named { 10 + name + 1 } else { 10 };
    miniz_oxide::inflate::decompress_to_vec(&packed[start..packed.len() - 8]).ok()
}

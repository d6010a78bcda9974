//! Writing an I/O log, version 3.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ReplayError;
use super::reader::system;
use crate::direction::Direction;
use crate::workload::{Request, RequestKind};

/// Bytes collected before they are written.
const PIECE: usize = 64 * 1024;

/// Room for the numbers and words of a line, its name aside.
const LINE: usize = 96;

/// Makes an I/O log with nothing but its first line; what was there is lost.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn begin_log(path: &Path) -> Result<(), ReplayError> {
    std::fs::write(path, "fio version 3 iolog\n").map_err(|error| system("write", path, error))
}

/// Writes down what one clone issues. Whole lines are written at a time, to the end of the file, so
/// that those of several clones stay apart.
#[derive(Debug)]
pub(crate) struct Recording {
    path: PathBuf,
    file: File,
    names: Box<[String]>,
    /// Which file is open in each place, if not all of them are (`openfiles`).
    places: Vec<u64>,
    lines: Vec<u8>,
    failure: Option<io::Error>,
}

impl Recording {
    /// Goes on with a log after its first line. The files of the clone are added and opened at once.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn new(path: &Path, names: &[String]) -> Result<Self, ReplayError> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let longest = names.iter().map(String::len).max().unwrap_or(0);
        let mut recording = Self {
            path: path.to_owned(),
            file: file.map_err(|error| system("write", path, error))?,
            names: names.into(),
            places: Vec::new(),
            lines: Vec::with_capacity(PIECE + LINE + longest),
            failure: None,
        };
        recording.all_files(0, "add");
        recording.all_files(0, "open");
        Ok(recording)
    }

    /// Writes down an I/O that is issued this many microseconds after the beginning.
    pub(crate) fn issue(&mut self, microseconds: u64, request: &Request) {
        let action = match request.kind {
            RequestKind::Data(Direction::Read) => "read",
            RequestKind::Data(Direction::Write) => "write",
            RequestKind::Data(Direction::Trim) => "trim",
            RequestKind::Fdatasync => "datasync",
            RequestKind::Fsync | RequestKind::SyncRange => "sync",
            RequestKind::Restart | RequestKind::NextPass => return,
            RequestKind::Open => return self.open(request.file as usize, request.offset),
        };
        let Request { offset, length, .. } = *request;
        let place = request.file as usize;
        let file = self.places.get(place).map_or(place, |file| *file as usize);
        let name = self.names.get(file);
        let name = name.map_or("", String::as_str);
        // Writing to memory does not fail.
        let _ = writeln!(
            self.lines,
            "{microseconds} {name} {action} {offset} {length}"
        );
        self.write_if_full();
    }

    /// Another file is open in this place from now on. All are opened at the beginning of the log.
    fn open(&mut self, place: usize, file: u64) {
        if self.places.len() <= place {
            self.places.resize(place + 1, 0);
        }
        self.places[place] = file;
    }

    /// Closes the files at this time and writes what is left.
    ///
    /// # Errors
    /// Something could not be written, now or before.
    pub(crate) fn finish(mut self, microseconds: u64) -> Result<(), ReplayError> {
        self.all_files(microseconds, "close");
        self.write();
        match self.failure.take() {
            None => Ok(()),
            Some(error) => Err(system("write", &self.path, error)),
        }
    }

    fn all_files(&mut self, microseconds: u64, action: &str) {
        for index in 0..self.names.len() {
            let name = &self.names[index];
            let _ = writeln!(self.lines, "{microseconds} {name} {action}");
            self.write_if_full();
        }
    }

    fn write_if_full(&mut self) {
        if self.lines.len() >= PIECE {
            self.write();
        }
    }

    fn write(&mut self) {
        if self.failure.is_none() {
            self.failure = self.file.write_all(&self.lines).err();
        }
        self.lines.clear();
    }
}

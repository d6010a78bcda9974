//! Engines that work on whole files by name: to measure the metadata of a file system.
//!
//! A job of theirs wants many files (`nrfiles`) and a `filesize`, usually of one block, so that
//! each I/O falls on a file of its own.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

use super::{AlignedBuffers, EngineError, EngineSetup, FileUse, Io, IoEngine, Queued};
use crate::job::StatCall;

/// `ioengine=filecreate`: the first I/O on a file makes it, empty, if it is not there; the others
/// do nothing.
#[derive(Debug)]
pub struct FileCreate(OncePerFile);

/// `ioengine=filedelete`: the first I/O on a file removes it; the others do nothing.
#[derive(Debug)]
pub struct FileDelete(OncePerFile);

/// `ioengine=filestat`: every I/O on a file asks for its metadata.
#[derive(Debug)]
pub struct FileStat {
    buffers: AlignedBuffers,
    paths: Arc<[PathBuf]>,
    call: StatCall,
}

/// What engines share that do something to each file once.
#[derive(Debug)]
struct OncePerFile {
    buffers: AlignedBuffers,
    paths: Arc<[PathBuf]>,
    done: Vec<bool>,
}

impl OncePerFile {
    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            paths: Arc::clone(&setup.paths),
            done: vec![false; setup.paths.len()],
        })
    }

    fn queue(&mut self, io: &Io, act: impl FnOnce(&Path) -> io::Result<()>) -> Queued {
        let result = if std::mem::replace(&mut self.done[io.file], true) {
            Ok(())
        } else {
            act(&self.paths[io.file])
        };
        Queued::Completed(result.map(|()| io.length))
    }
}

impl IoEngine for FileCreate {
    const FILES: FileUse = FileUse::Create;
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        OncePerFile::open(setup).map(Self)
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.0.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        self.0.queue(io, |path| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).mode(0o600);
            options.open(path).map(drop)
        })
    }
}

impl IoEngine for FileDelete {
    const FILES: FileUse = FileUse::Names;
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        OncePerFile::open(setup).map(Self)
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.0.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        self.0.queue(io, |path| std::fs::remove_file(path))
    }
}

impl IoEngine for FileStat {
    const FILES: FileUse = FileUse::Names;
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            paths: Arc::clone(&setup.paths),
            call: setup.options.file_stat.call,
        })
    }

    fn is_synchronous(&self) -> bool {
        true
    }

    fn buffer(&mut self, unit: usize) -> &mut [u8] {
        self.buffers.get_mut(unit)
    }

    fn queue(&mut self, io: &Io) -> Queued {
        let path = &self.paths[io.file];
        let result = match self.call {
            StatCall::Stat => rustix::fs::stat(path).map(drop),
            StatCall::Lstat => rustix::fs::lstat(path).map(drop),
            StatCall::Statx => statx(CWD, path, AtFlags::empty(), StatxFlags::ALL).map(drop),
        };
        Queued::Completed(result.map(|()| io.length).map_err(io::Error::from))
    }
}

//! Engines that work on whole files by name: to measure the metadata of a file system.
//!
//! A job of theirs wants many files (`nrfiles`) and a `filesize`, usually of one block, so that
//! each I/O falls on a file of its own.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags, statx};

use super::transfer::uninterrupted;
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
    paths: Box<[CString]>,
    call: StatCall,
}

/// What engines share that do something to each file once.
#[derive(Debug)]
struct OncePerFile {
    buffers: AlignedBuffers,
    paths: Box<[CString]>,
    done: Vec<bool>,
}

/// The paths as the kernel takes them, so that no I/O has to make one.
fn paths(setup: &EngineSetup) -> Result<Box<[CString]>, EngineError> {
    let path = |path: &std::path::PathBuf| {
        CString::new(path.as_os_str().as_bytes())
            .map_err(|_| EngineError::Other(format!("the path {path:?} has a zero byte in it")))
    };
    setup.paths.iter().map(path).collect()
}

impl OncePerFile {
    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            paths: paths(setup)?,
            done: vec![false; setup.paths.len()],
        })
    }

    fn queue(&mut self, io: &Io, act: impl Fn(&CStr) -> rustix::io::Result<()>) -> Queued {
        let done = std::mem::replace(&mut self.done[io.file], true);
        Queued::Completed(if done {
            Ok(io.length)
        } else {
            let path = &self.paths[io.file];
            uninterrupted(|| act(path).map(|()| io.length))
        })
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
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
            rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map(drop)
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
        self.0.queue(io, |path| rustix::fs::unlink(path))
    }
}

impl IoEngine for FileStat {
    const FILES: FileUse = FileUse::Names;
    const KEEPS_IN_FLIGHT: bool = false;

    fn open(setup: &EngineSetup) -> Result<Self, EngineError> {
        Ok(Self {
            buffers: AlignedBuffers::of(setup)?,
            paths: paths(setup)?,
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
        let path = self.paths[io.file].as_c_str();
        Queued::Completed(uninterrupted(|| {
            match self.call {
                StatCall::Stat => rustix::fs::stat(path).map(drop),
                StatCall::Lstat => rustix::fs::lstat(path).map(drop),
                StatCall::Statx => statx(CWD, path, AtFlags::empty(), StatxFlags::ALL).map(drop),
            }
            .map(|()| io.length)
        }))
    }
}

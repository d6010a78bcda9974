//! Records of the kernel's block layer, as `blkparse -d` writes them.
//!
//! The form is that of `struct blk_io_trace` in `linux/blktrace_api.h`; records may come from a machine
//! of the other byte order. An I/O is replayed where it was queued, whatever became of it then.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::path::PathBuf;

use super::reader::{Io, Item};
use crate::direction::Direction;
use crate::workload::RequestKind;

/// Bytes of a record without what may follow it.
const RECORD: usize = 48;

/// The upper three bytes of the first word; the last is the version.
const MAGIC: u32 = 0x6561_7400;
const VERSION: u32 = 7;

/// Bytes of a sector, the unit of offsets.
const SECTOR: u64 = 512;

/// The action, in the lower half of its word.
const QUEUED: u32 = 1;
/// Says that the identifier of a control group follows.
const OF_CGROUP: u32 = 1 << 8;

/// Categories, bits of the upper half.
const WRITE: u32 = 1 << 1;
const FLUSH: u32 = 1 << 2;
const NOTIFY: u32 = 1 << 10;
const DISCARD: u32 = 1 << 13;

/// How the numbers of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// What the first bytes of a file say.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        let word = *start.first_chunk::<4>()?;
        let fits = |word: u32| word == MAGIC | VERSION;
        if fits(u32::from_le_bytes(word)) {
            Some(Self::Little)
        } else if fits(u32::from_be_bytes(word)) {
            Some(Self::Big)
        } else {
            None
        }
    }

    fn u16(self, record: &[u8; RECORD], offset: usize) -> u16 {
        let bytes = std::array::from_fn(|index| record[offset + index]);
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, record: &[u8; RECORD], offset: usize) -> u32 {
        let bytes = std::array::from_fn(|index| record[offset + index]);
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    fn u64(self, record: &[u8; RECORD], offset: usize) -> u64 {
        let bytes = std::array::from_fn(|index| record[offset + index]);
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }
}

/// One record, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// Nanoseconds from the beginning of the trace.
    pub(super) time: u64,
    sector: u64,
    bytes: u32,
    action: u32,
    process: u32,
    device: u32,
    cpu: u32,
}

impl Record {
    fn of(record: &[u8; RECORD], order: ByteOrder) -> Self {
        Self {
            time: order.u64(record, 8),
            sector: order.u64(record, 16),
            bytes: order.u32(record, 24),
            action: order.u32(record, 28),
            process: order.u32(record, 32),
            device: order.u32(record, 36),
            cpu: order.u32(record, 40),
        }
    }

    /// The same at another time.
    pub(super) const fn at(self, time: u64) -> Self {
        Self { time, ..self }
    }

    /// The record as a file of this machine has it, under this number. What may follow a record in its
    /// trace is left out.
    pub(super) fn to_bytes(self, number: u32) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        let words = [MAGIC | VERSION, number].map(u32::to_ne_bytes).concat();
        let places = [self.time, self.sector].map(u64::to_ne_bytes).concat();
        let action = self.action & !OF_CGROUP;
        let rest = [self.bytes, action, self.process, self.device, self.cpu];
        let rest = rest.map(u32::to_ne_bytes).concat();
        let all = [words, places, rest].concat();
        bytes[..all.len()].copy_from_slice(&all);
        bytes
    }
}

/// Reads records.
#[derive(Debug)]
pub(super) struct Records<R> {
    input: R,
    order: ByteOrder,
    /// Number of the record last read, from 1.
    number: u64,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(input: R, order: ByteOrder) -> Self {
        Self {
            input,
            order,
            number: 0,
        }
    }

    /// The next record of an I/O that was queued; `None` at the end.
    pub(super) fn next_queued(&mut self) -> io::Result<Option<Record>> {
        let mut bytes = [0; RECORD];
        loop {
            if self.input.fill_buf()?.is_empty() {
                return Ok(None);
            }
            self.input.read_exact(&mut bytes)?;
            self.number += 1;
            let word = self.order.u32(&bytes, 0);
            if word != MAGIC | VERSION {
                let problem = "a record does not begin with its magic number";
                return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
            }
            let following = self.order.u16(&bytes, 46);
            io::copy(
                &mut Read::take(&mut self.input, following.into()),
                &mut io::sink(),
            )?;
            let record = Record::of(&bytes, self.order);
            if kind(record.action, record.bytes).is_some() {
                return Ok(Some(record));
            }
        }
    }
}

/// Makes I/Os of records.
#[derive(Debug, Default)]
pub(super) struct Ios {
    /// Time of the first I/O.
    began: Option<u64>,
    /// Names of devices by their numbers.
    devices: HashMap<u32, Vec<u8>>,
}

impl Ios {
    /// The I/O of a record that tells of one being queued; `None` for others.
    pub(super) fn of(&mut self, record: &Record) -> Option<Io<'_>> {
        let began = *self.began.get_or_insert(record.time);
        let device = record.device;
        Some(Io {
            at: record.time.saturating_sub(began),
            kind: kind(record.action, record.bytes)?,
            name: self
                .devices
                .entry(device)
                .or_insert_with(|| device_name(device)),
            offset: record.sector.saturating_mul(SECTOR),
            length: record.bytes.into(),
        })
    }
}

/// The I/Os of a trace.
#[derive(Debug)]
pub(super) struct TraceLog<R> {
    records: Records<R>,
    ios: Ios,
}

impl<R: BufRead> TraceLog<R> {
    pub(super) fn new(input: R, order: ByteOrder) -> Self {
        Self {
            records: Records::new(input, order),
            ios: Ios::default(),
        }
    }

    pub(super) const fn record_number(&self) -> u64 {
        self.records.number
    }

    /// The next I/O that was queued; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Item<'_>>> {
        let record = self.records.next_queued()?;
        Ok(record.and_then(|record| self.ios.of(&record)).map(Item::Io))
    }
}

/// What a record asks for; `None` if it tells of something else than an I/O being queued.
fn kind(action: u32, bytes: u32) -> Option<RequestKind> {
    let category = action >> 16;
    if category & NOTIFY != 0 || action & 0xffff & !OF_CGROUP != QUEUED {
        None
    } else if bytes == 0 {
        (category & FLUSH != 0).then_some(RequestKind::Fsync)
    } else if category & DISCARD != 0 {
        Some(RequestKind::Data(Direction::Trim))
    } else if category & WRITE != 0 {
        Some(RequestKind::Data(Direction::Write))
    } else {
        Some(RequestKind::Data(Direction::Read))
    }
}

/// The node of a device this machine has; else a name that does not exist and says what is missing.
fn device_name(device: u32) -> Vec<u8> {
    let (major, minor) = (device >> 20, device & 0xf_ffff);
    let link = format!("/sys/dev/block/{major}:{minor}");
    let known = std::fs::read_link(link).ok();
    let name = known.as_ref().and_then(|path| path.file_name());
    let path = name.map_or_else(
        || PathBuf::from(format!("/dev/block/{major}:{minor}")),
        |name| PathBuf::from("/dev").join(name),
    );
    path.into_os_string().into_encoded_bytes()
}

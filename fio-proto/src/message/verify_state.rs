//! VTRIGGER's answer: how far every verifying job is.
//!
//! | offset | size | field (`all_io_list`) | meaning |
//! |---|---|---|---|
//! | 0 | 8 | `threads` | records |
//! | 8 | … | `state` | a [`ThreadIoList`] and its list, for every job |
//!
//! | list | 65–107 (3.38) | 107 (3.39)–111 | 113–121 |
//! |---|---|---|---|
//! | slots | depth × files | slots per file × files | depth |
//! | in a slot | file, offset | file, offset | number of a write |
//! | filled | the first `no_comps` | the first `no_comps` | those that are not all ones |
//!
//! A state file holds one such record, see [`VerifyProgress::decode_file`].

use alloc::vec::Vec;

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::byte_string::ByteString;
use crate::error::DecodeError;
use crate::layout::{DropReason, Dropped, RandomState, ThreadIoList};
use crate::reader::Reader;
use crate::version::{Revision, revisions};

/// How far every verifying job is (fio's `all_io_list`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct VerifyState {
    /// The jobs.
    pub threads: Vec<VerifyProgress>,
}

/// How far one verifying job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct VerifyProgress {
    /// The job's name, at most 63 bytes.
    pub name: ByteString,
    /// Which of several jobs of the same name, counted from 0.
    pub index: u64,
    /// The job's I/O depth.
    pub depth: u32,
    /// Files of the job; not said since version 113.
    pub files: u32,
    /// Slots for each file, at least the filled ones; the depth where not said, which is before fio
    /// 3.39.
    pub slots_per_file: u32,
    /// Writes begun.
    pub writes: u64,
    /// The state of the generator of offsets.
    pub random: RandomState,
    /// The writes that were completed last, up to version 111.
    pub completed: Vec<CompletedWrite>,
    /// The numbers of writes in flight since version 113, one for each slot of the depth;
    /// [`FREE_SLOT`](Self::FREE_SLOT) where there is none.
    pub in_flight: Vec<u64>,
}

/// A write that was completed (fio's `file_comp`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct CompletedWrite {
    /// The job's file, counted from 0.
    pub file: u64,
    /// Bytes from the file's start.
    pub offset: u64,
}

/// More slots than any job has: 16 MiB of them. Keeps two 32-bit factors from asking for more.
const MAX_SLOTS: u64 = 1 << 20;

const STRUCTURE: &str = "all_io_list";

impl VerifyState {
    /// The state of these jobs.
    pub const fn new(threads: Vec<VerifyProgress>) -> Self {
        Self { threads }
    }

    /// Reads the payload of a VTRIGGER from a server.
    ///
    /// # Errors
    /// When it is shorter or longer than its counts say.
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(STRUCTURE, payload);
        let count = reader.view::<U64>("threads")?.get();
        let mut threads = Vec::new();
        for _ in 0..count {
            threads.push(VerifyProgress::read(revision, &mut reader)?);
        }
        reader.finish()?;
        Ok(Self { threads })
    }

    /// Appends the payload of a VTRIGGER to a client.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        let count = u64::try_from(self.threads.len()).unwrap_or(u64::MAX);
        out.extend_from_slice(&count.to_le_bytes());
        for thread in &self.threads {
            thread.encode(revision, out, dropped);
        }
    }
}

/// A [`CompletedWrite`] as it lies on the wire.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct CompletedWriteWire {
    file: U64,
    offset: U64,
}

impl VerifyProgress {
    /// A slot of [`in_flight`](Self::in_flight) without a write.
    pub const FREE_SLOT: u64 = u64::MAX;

    /// A job that has begun so many writes, at most `depth` at a time.
    pub fn new(name: impl Into<ByteString>, index: u64, depth: u32, writes: u64) -> Self {
        Self {
            name: name.into(),
            index,
            depth,
            writes,
            ..Self::default()
        }
    }

    /// Reads a record.
    pub(super) fn read(revision: Revision, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut list = ThreadIoList::default();
        let start = reader.offset();
        list.read(revision, reader)?;
        let out_of_range = |field, value, limit| DecodeError::OutOfRange {
            structure: ThreadIoList::C_NAME,
            field,
            offset: start,
            value,
            limit,
        };
        let slots = slots(revision, &list);
        if slots > MAX_SLOTS {
            return Err(out_of_range("depth", slots, MAX_SLOTS));
        }
        if list.filled > slots {
            return Err(out_of_range("no_comps", list.filled, slots));
        }
        let filled = usize::try_from(list.filled).unwrap_or(usize::MAX);
        let (mut completed, mut in_flight) = (Vec::new(), Vec::new());
        if has_numbers(revision) {
            let numbers = take_slots::<U64>(reader, "inflight", slots)?;
            in_flight.extend(numbers.iter().map(|number| number.get()));
        } else {
            let writes = take_slots::<CompletedWriteWire>(reader, "comps", slots)?;
            completed.extend(writes.iter().take(filled).map(|write| CompletedWrite {
                file: write.file.get(),
                offset: write.offset.get(),
            }));
        }
        Ok(Self {
            name: list.name,
            index: list.index,
            depth: list.depth,
            files: list.files,
            slots_per_file: list.slots_per_file,
            writes: list.writes,
            random: list.random,
            completed,
            in_flight,
        })
    }

    /// Appends a record.
    pub(super) fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        let mut drop = |field, reason| dropped.push(Dropped::new("thread_io_list", field, reason));
        let mut list = self.list(revision);
        if slots(revision, &list) > MAX_SLOTS {
            drop("depth", DropReason::OutOfRange);
            list.depth = list.depth.min(1 << 10);
            list.slots_per_file = list.slots_per_file.min(1 << 10);
            list.files = list.files.min(1 << 10);
        }
        let slots = usize::try_from(slots(revision, &list)).unwrap_or(usize::MAX);
        if has_numbers(revision) {
            if self.in_flight.len() > slots {
                drop("in_flight", DropReason::CutOff);
            }
            if !self.completed.is_empty() {
                drop("completed", DropReason::Absent);
            }
            list.encode(revision, out, dropped);
            let free = core::iter::repeat(&Self::FREE_SLOT);
            for number in self.in_flight.iter().chain(free).take(slots) {
                out.extend_from_slice(&number.to_le_bytes());
            }
            return;
        }
        if self.completed.len() > slots {
            drop("completed", DropReason::CutOff);
        }
        if self
            .in_flight
            .iter()
            .any(|number| *number != Self::FREE_SLOT)
        {
            drop("in_flight", DropReason::Absent);
        }
        let filled = self.completed.len().min(slots);
        list.filled = u64::try_from(filled).unwrap_or(u64::MAX);
        list.encode(revision, out, dropped);
        let free = core::iter::repeat(&CompletedWrite { file: 0, offset: 0 });
        for CompletedWrite { file, offset } in self.completed.iter().chain(free).take(slots) {
            out.extend_from_slice(&file.to_le_bytes());
            out.extend_from_slice(&offset.to_le_bytes());
        }
    }

    /// The list as the revision has it.
    pub(crate) fn slots(&self, revision: Revision) -> Slots {
        let count = slots(revision, &self.list(revision));
        Slots {
            numbers: has_numbers(revision),
            count: usize::try_from(count).unwrap_or(usize::MAX),
        }
    }

    /// The part in front of the list, with only what the revision has of it: what was not said by a
    /// peer of another version cannot be missed in this one.
    fn list(&self, revision: Revision) -> ThreadIoList {
        let mut list = ThreadIoList {
            filled: 0,
            depth: self.depth,
            slots_per_file: 0,
            files: 0,
            writes: self.writes,
            index: self.index,
            random: self.random,
            name: self.name.clone(),
        };
        if !has_numbers(revision) {
            list.files = self.files;
        }
        if has_slots_per_file(revision) {
            list.slots_per_file = match self.slots_per_file {
                0 => self.depth,
                slots => slots,
            };
        }
        list
    }
}

/// What follows a [`ThreadIoList`].
#[derive(Clone, Copy)]
pub(crate) struct Slots {
    /// Whether numbers of writes in flight do; completed writes otherwise.
    pub(crate) numbers: bool,
    /// How many of them.
    pub(crate) count: usize,
}

fn has_numbers(revision: Revision) -> bool {
    revision >= revisions::V113
}

fn has_slots_per_file(revision: Revision) -> bool {
    revision.is_within(revisions::V107, revisions::V111)
}

/// How long the list is that follows.
fn slots(revision: Revision, list: &ThreadIoList) -> u64 {
    if has_numbers(revision) {
        list.depth.into()
    } else if has_slots_per_file(revision) {
        u64::from(list.slots_per_file).saturating_mul(list.files.into())
    } else {
        u64::from(list.depth).saturating_mul(list.files.into())
    }
}

fn take_slots<'a, T>(
    reader: &mut Reader<'a>,
    field: &'static str,
    slots: u64,
) -> Result<&'a [T], DecodeError>
where
    T: FromBytes + KnownLayout + Immutable + Unaligned,
{
    let slots = usize::try_from(slots).unwrap_or(usize::MAX);
    let bytes = reader.take(field, slots.saturating_mul(size_of::<T>()))?;
    Ok(<[T]>::ref_from_bytes(bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::version::revisions::*;

    fn progress() -> VerifyProgress {
        let write = |offset| CompletedWrite { file: 1, offset };
        VerifyProgress {
            files: 2,
            random: RandomState::Tausworthe64([1, 2, 3, 4, 5, 0]),
            completed: vec![write(4096), write(0), write(8192)],
            ..VerifyProgress::new("job", 3, 4, 100)
        }
    }

    fn crossed(
        progress: &VerifyProgress,
        revision: Revision,
    ) -> (VerifyProgress, Vec<&'static str>) {
        let (mut payload, mut dropped) = (vec![], vec![]);
        VerifyState::new(vec![progress.clone()]).encode(revision, &mut payload, &mut dropped);
        let mut state = VerifyState::decode(revision, &payload).unwrap();
        (
            state.threads.remove(0),
            dropped.iter().map(|dropped| dropped.field).collect(),
        )
    }

    #[test]
    fn lists_of_two_kinds_do_not_mix() {
        let old = progress();
        assert_eq!(crossed(&old, V97), (old.clone(), vec![]));
        let counted = VerifyProgress {
            slots_per_file: 4,
            ..old.clone()
        };
        assert_eq!(crossed(&old, V111), (counted.clone(), vec![]));
        assert_eq!(crossed(&counted, V107_FIO_3_38), (old.clone(), vec![]));

        let (new, dropped) = crossed(&old, V121);
        assert_eq!(
            (new.in_flight.clone(), dropped),
            (vec![u64::MAX; 4], vec!["completed"])
        );
        assert_eq!(
            (new.completed.len(), new.files, new.random),
            (0, 0, old.random)
        );
        assert_eq!(crossed(&new, V113), (new.clone(), vec![]));
        assert_eq!(crossed(&new, V97).1, Vec::<&str>::new());
        let busy = VerifyProgress {
            in_flight: vec![99, u64::MAX],
            ..new
        };
        assert_eq!(
            crossed(&busy, V121).0.in_flight,
            [99, u64::MAX, u64::MAX, u64::MAX]
        );
        assert_eq!(crossed(&busy, V97).1, ["in_flight"]);
    }

    #[test]
    fn more_than_there_are_slots_for_is_cut() {
        let narrow = VerifyProgress {
            depth: 1,
            files: 1,
            ..progress()
        };
        let (arrived, dropped) = crossed(&narrow, V97);
        assert_eq!((arrived.completed.len(), dropped), (1, vec!["completed"]));
        let busy = VerifyProgress {
            in_flight: vec![1, 2, 3],
            depth: 2,
            ..VerifyProgress::default()
        };
        let (arrived, dropped) = crossed(&busy, V121);
        assert_eq!((arrived.in_flight.len(), dropped), (2, vec!["in_flight"]));
        let huge = VerifyProgress {
            depth: u32::MAX,
            files: u32::MAX,
            ..progress()
        };
        for revision in [V65, V107, V121] {
            let (mut payload, mut dropped) = (vec![], vec![]);
            huge.encode(revision, &mut payload, &mut dropped);
            assert!(payload.len() <= 160 + (16 << 20), "{revision}");
            assert_eq!(dropped[0].field, "depth");
        }
    }

    #[test]
    fn counts_are_not_believed() {
        for (revision, at) in [(V65, 16), (V107, 20), (V121, 8)] {
            let (mut payload, mut dropped) = (vec![], vec![]);
            VerifyState::new(vec![progress(); 2]).encode(revision, &mut payload, &mut dropped);
            assert!(VerifyState::decode(revision, &payload).is_ok());
            for length in 0..payload.len() {
                assert!(
                    VerifyState::decode(revision, &payload[..length]).is_err(),
                    "{length}"
                );
            }
            let mut hostile = payload.clone();
            hostile[at..at + 4].fill(0xff);
            assert!(
                VerifyState::decode(revision, &hostile).is_err(),
                "{revision}"
            );
            payload[..8].fill(0xff);
            assert!(
                VerifyState::decode(revision, &payload).is_err(),
                "{revision}"
            );
        }
        let mut claims = vec![];
        VerifyState::new(vec![progress()]).encode(V97, &mut claims, &mut vec![]);
        claims[8] = 9;
        let refused = VerifyState::decode(V97, &claims).unwrap_err();
        let told = "thread_io_list.no_comps at offset 8 is 9, at most 8 allowed";
        assert_eq!(alloc::string::ToString::to_string(&refused), told);
    }

    proptest! {
        #[test]
        fn any_bytes_settle(bytes in prop::collection::vec(prop::sample::select(vec![0, 1, 2, 255_u8]), 8..700)) {
            for revision in [V65, V107, V121] {
                if let Ok(state) = VerifyState::decode(revision, &bytes) {
                    let (mut again, mut dropped) = (vec![], vec![]);
                    state.encode(revision, &mut again, &mut dropped);
                    prop_assert_eq!(again.len(), bytes.len());
                    prop_assert_eq!(VerifyState::decode(revision, &again).unwrap(), state);
                }
            }
        }
    }
}

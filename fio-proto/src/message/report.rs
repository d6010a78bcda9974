//! TS: the statistics of a thread, or of several that report as one.
//!
//! | part | since | place |
//! |---|---|---|
//! | `thread_stat` | 1 | 0 |
//! | `group_run_stats` | 1 | behind it, filled up to a multiple of 8 bytes |
//! | `clat_prio_stat`s of reads, of writes, of trims | 96 | `clat_prio_offset` of each |
//! | steady state: IOPS | 65 | next; since 96 `ss_iops_data_offset` |
//! | steady state: bandwidth | 65 | next; since 96 `ss_bw_data_offset` |
//! | steady state: latency | 120 | `ss_lat_data_offset` |
//!
//! Offsets count from the start of the message and are 0 for parts that are not there. Whether the steady
//! state is there says bit 5 of `ss_state`, and `ss_dur` how long its parts are.

use alloc::vec::Vec;
use core::ops::Range;

use zerocopy::FromBytes;
use zerocopy::little_endian::U64;

use crate::error::DecodeError;
use crate::layout::{
    DropReason, Dropped, GroupRunStats, PriorityStat, SteadyState, ThreadStat, fields,
};
use crate::reader::Reader;
use crate::version::Revision;
use crate::version::revisions::*;

const STRUCTURE: &str = "cmd_ts_pdu";

/// The payload of TS: a `thread_stat`, the totals of its group so far, and what varies in length.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct ThreadReport {
    /// Statistics of the thread. Its offsets, the priority counts, the length of the steady state and
    /// the flag that says whether that is there follow from the fields below when it is encoded.
    pub thread: ThreadStat,
    /// Totals of its group. The group number in it is meaningless; the thread's counts.
    pub group: GroupRunStats,
    /// Completion latency by direction and priority. Since version 96.
    pub priorities: [Vec<PriorityStat>; 3],
    /// The measurements by which a steady state was looked for. Since version 65.
    pub steady_state: Option<SteadyState>,
}

impl ThreadReport {
    /// Statistics of a thread, and the totals of its group.
    pub const fn new(thread: ThreadStat, group: GroupRunStats) -> Self {
        Self {
            thread,
            group,
            priorities: [const { Vec::new() }; 3],
            steady_state: None,
        }
    }

    /// Bytes of the part that has the same length in every message of the revision.
    pub fn fixed_size(revision: Revision) -> usize {
        let structures = ThreadStat::size(revision).saturating_add(GroupRunStats::size(revision));
        structures.next_multiple_of(8)
    }

    /// Decodes the payload of TS.
    ///
    /// # Errors
    /// See [`read`](Self::read).
    pub fn decode(revision: Revision, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut report = Self::default();
        report.read(revision, payload)?;
        Ok(report)
    }

    /// Decodes the payload of TS over this report, which saves allocating anew.
    ///
    /// # Errors
    /// When it is too short, when the parts of varying length are not inside or overlap, or when
    /// something follows them; the report is a mixture then.
    pub fn read(&mut self, revision: Revision, payload: &[u8]) -> Result<(), DecodeError> {
        let mut reader = Reader::new(STRUCTURE, payload);
        self.thread.read(revision, &mut reader)?;
        self.group.read(revision, &mut reader)?;
        let fixed = Self::fixed_size(revision);
        reader.take("pad", fixed.saturating_sub(reader.offset()))?;
        let parts = Parts::of(revision, &self.thread, payload.len())?;
        self.read_priorities(revision, payload, &parts)?;
        self.steady_state = parts.read_steady_state(revision, &self.thread, payload);
        for offset in [
            &mut self.thread.steady_state_iops_offset,
            &mut self.thread.steady_state_bandwidth_offset,
            &mut self.thread.steady_state_latency_offset,
        ] {
            *offset = 0;
        }
        self.thread.priority_offsets = [0; 3];
        self.thread.priority_counts = [0; 3];
        Ok(())
    }

    fn read_priorities(
        &mut self,
        revision: Revision,
        payload: &[u8],
        parts: &Parts,
    ) -> Result<(), DecodeError> {
        for (part, into) in parts.priorities.iter().zip(&mut self.priorities) {
            into.clear();
            let bytes = payload.get(part.clone()).unwrap_or_default();
            for record in bytes.chunks_exact(PriorityStat::size(revision).max(1)) {
                into.push(PriorityStat::decode(revision, record)?);
            }
        }
        Ok(())
    }

    /// Appends the payload of TS.
    pub fn encode(&self, revision: Revision, out: &mut Vec<u8>, dropped: &mut Vec<Dropped>) {
        let start = out.len();
        self.thread.encode(revision, out, dropped);
        self.group.encode(revision, out, dropped);
        out.resize(start.saturating_add(Self::fixed_size(revision)), 0);
        let mut tail = Tail {
            revision,
            start,
            out,
            dropped,
        };
        tail.priorities(&self.priorities);
        tail.steady_state(self.steady_state.as_ref(), self.thread.steady_state_flags);
    }
}

/// A part of varying length, and where it is in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Statistics by priority of one direction.
    Priorities {
        direction: usize,
        place: Range<usize>,
    },
    /// The steady state's I/Os per second.
    Iops(Range<usize>),
    /// The steady state's bandwidth.
    Bandwidth(Range<usize>),
    /// The steady state's latency.
    Latency(Range<usize>),
}

/// The parts of varying length that a TS has, in the order they are sent in.
pub(crate) fn report_parts(revision: Revision, payload: &[u8]) -> Result<Vec<Part>, DecodeError> {
    let mut thread = ThreadStat::default();
    thread.read(revision, &mut Reader::new(STRUCTURE, payload))?;
    let parts = Parts::of(revision, &thread, payload.len())?;
    let mut all = Vec::new();
    for (direction, place) in parts.priorities.into_iter().enumerate() {
        all.push(Part::Priorities { direction, place });
    }
    let [iops, bandwidth, latency] = parts.steady_state;
    all.extend([
        Part::Iops(iops),
        Part::Bandwidth(bandwidth),
        Part::Latency(latency),
    ]);
    all.retain(|part| !part.place().is_empty());
    Ok(all)
}

impl Part {
    pub(crate) const fn place(&self) -> &Range<usize> {
        match self {
            Self::Priorities { place, .. } => place,
            Self::Iops(place) | Self::Bandwidth(place) | Self::Latency(place) => place,
        }
    }
}

/// Where the parts of varying length are, checked against the message and against each other.
#[derive(Default)]
struct Parts {
    priorities: [Range<usize>; 3],
    /// IOPS, bandwidth, latency.
    steady_state: [Range<usize>; 3],
}

impl Parts {
    fn of(revision: Revision, thread: &ThreadStat, length: usize) -> Result<Self, DecodeError> {
        let fixed = ThreadReport::fixed_size(revision);
        let mut end = Checked {
            revision,
            length,
            end: fixed,
        };
        let mut parts = Self::default();
        let has_steady_state = revision > V1 && thread.steady_state_flags & SteadyState::DATA != 0;
        let measurements = if has_steady_state {
            thread.steady_state_length
        } else {
            0
        };
        if revision < V96 {
            let places = parts.steady_state.iter_mut().take(2);
            for (part, name) in places.zip(["ss_iops_data", "ss_bw_data"]) {
                let offset = u64::try_from(end.end).unwrap_or(u64::MAX);
                *part = end.part(name, "ss_dur", offset, measurements, 8)?;
            }
        } else {
            parts.find(thread, measurements, &mut end)?;
        }
        end.finish().map(|()| parts)
    }

    /// Looks where the offsets say.
    fn find(
        &mut self,
        thread: &ThreadStat,
        measurements: u64,
        end: &mut Checked,
    ) -> Result<(), DecodeError> {
        let record = PriorityStat::size(end.revision);
        let wanted = thread.priority_offsets.iter().zip(thread.priority_counts);
        for (part, (offset, count)) in self.priorities.iter_mut().zip(wanted) {
            let count = count.into();
            *part = end.part("clat_prio_offset", "nr_clat_prio", *offset, count, record)?;
        }
        let offsets = [
            ("ss_iops_data_offset", thread.steady_state_iops_offset),
            ("ss_bw_data_offset", thread.steady_state_bandwidth_offset),
            ("ss_lat_data_offset", thread.steady_state_latency_offset),
        ];
        let kinds = if end.revision < V120 { 2 } else { 3 };
        for (part, (name, offset)) in self.steady_state.iter_mut().zip(offsets).take(kinds) {
            *part = end.part(name, "ss_dur", offset, measurements, 8)?;
        }
        Ok(())
    }

    fn read_steady_state(
        &self,
        revision: Revision,
        thread: &ThreadStat,
        payload: &[u8],
    ) -> Option<SteadyState> {
        if revision == V1 || thread.steady_state_flags & SteadyState::DATA == 0 {
            return None;
        }
        let [iops, bandwidth, latency] = self.steady_state.each_ref().map(|part| {
            let bytes = payload.get(part.clone()).unwrap_or_default();
            let values = <[U64]>::ref_from_bytes(bytes).unwrap_or_default();
            values.iter().map(|value| value.get()).collect()
        });
        Some(SteadyState::new(iops, bandwidth, latency))
    }
}

/// Checks parts in the order they are sent in: each must begin where the ones before it have ended, or
/// later, and end inside the message.
struct Checked {
    revision: Revision,
    /// Bytes of the message.
    length: usize,
    /// Where the parts so far end.
    end: usize,
}

impl Checked {
    fn part(
        &mut self,
        offset_name: &'static str,
        count_name: &'static str,
        offset: u64,
        count: u64,
        size: usize,
    ) -> Result<Range<usize>, DecodeError> {
        if count == 0 {
            return Ok(0..0);
        }
        let start = self.start(offset_name, offset)?;
        let room = self
            .length
            .saturating_sub(start)
            .checked_div(size)
            .unwrap_or(0);
        match usize::try_from(count) {
            Ok(count) if count <= room => {
                self.end = start.saturating_add(count.saturating_mul(size));
                Ok(start..self.end)
            }
            _ => Err(self.out_of_range(count_name, count, room)),
        }
    }

    /// Where a part begins, if it may begin there.
    fn start(&self, field: &'static str, offset: u64) -> Result<usize, DecodeError> {
        match usize::try_from(offset) {
            Ok(start) if start < self.end => Err(DecodeError::Overlap {
                structure: STRUCTURE,
                field,
                offset: place(self.revision, field),
                value: offset,
                end: self.end,
            }),
            Ok(start) if start <= self.length => Ok(start),
            _ => Err(self.out_of_range(field, offset, self.length)),
        }
    }

    fn out_of_range(&self, field: &'static str, value: u64, limit: usize) -> DecodeError {
        DecodeError::OutOfRange {
            structure: STRUCTURE,
            field,
            offset: place(self.revision, field),
            value,
            limit: limit.try_into().unwrap_or(u64::MAX),
        }
    }

    const fn finish(&self) -> Result<(), DecodeError> {
        let got = self.length.saturating_sub(self.end);
        if got == 0 {
            return Ok(());
        }
        Err(DecodeError::TrailingBytes {
            structure: STRUCTURE,
            offset: self.end,
            got,
        })
    }
}

/// Where a field of `thread_stat` is in the message; 0 for one the revision has not.
fn place(revision: Revision, c_name: &str) -> usize {
    fields(ThreadStat::ROWS, revision)
        .find(|(_, row)| row.c_name == c_name)
        .map_or(0, |(offset, _)| offset)
}

/// Appends the parts of varying length and enters them in the part before them.
struct Tail<'a> {
    revision: Revision,
    /// Where the message begins in `out`.
    start: usize,
    out: &'a mut Vec<u8>,
    dropped: &'a mut Vec<Dropped>,
}

impl Tail<'_> {
    fn priorities(&mut self, priorities: &[Vec<PriorityStat>; 3]) {
        if self.revision < V96 {
            return self.report("priorities", priorities.iter().any(|of| !of.is_empty()));
        }
        let (mut offsets, mut counts) = ([0; 3], [0; 3]);
        let places = offsets.iter_mut().zip(&mut counts);
        for (records, (offset, count)) in priorities.iter().zip(places) {
            if records.is_empty() {
                continue;
            }
            *offset = self.here();
            *count = u32::try_from(records.len()).unwrap_or(u32::MAX);
            for record in records {
                record.encode(self.revision, self.out, self.dropped);
            }
        }
        self.enter(
            "clat_prio_offset",
            offsets.map(u64::to_le_bytes).as_flattened(),
        );
        self.enter("nr_clat_prio", counts.map(u32::to_le_bytes).as_flattened());
    }

    fn steady_state(&mut self, steady_state: Option<&SteadyState>, flags: u32) {
        if self.revision == V1 {
            return self.report("steady_state", steady_state.is_some());
        }
        let Some(SteadyState {
            iops,
            bandwidth,
            latency,
        }) = steady_state
        else {
            return self.enter("ss_state", &(flags & !SteadyState::DATA).to_le_bytes());
        };
        let count = iops.len();
        let length = u64::try_from(count).unwrap_or(u64::MAX);
        self.enter("ss_state", &(flags | SteadyState::DATA).to_le_bytes());
        self.enter("ss_dur", &length.to_le_bytes());
        self.measurements("ss_iops_data_offset", iops, count);
        self.measurements("ss_bw_data_offset", bandwidth, count);
        if self.revision < V120 {
            self.report("steady_state", !latency.is_empty());
        } else {
            self.measurements("ss_lat_data_offset", latency, count);
        }
    }

    /// A part of the steady state, made as long as the others.
    fn measurements(&mut self, offset_name: &'static str, values: &[u64], count: usize) {
        if values.len() > count {
            let cut = Dropped::new(STRUCTURE, "steady_state", DropReason::CutOff);
            self.dropped.push(cut);
        }
        if count > 0 {
            self.enter(offset_name, &self.here().to_le_bytes());
        }
        let missing = core::iter::repeat(&0);
        for value in values.iter().chain(missing).take(count) {
            self.out.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// Where the next part begins in the message.
    fn here(&self) -> u64 {
        let offset = self.out.len().saturating_sub(self.start);
        u64::try_from(offset).unwrap_or(u64::MAX)
    }

    /// Overwrites a field of `thread_stat`, if the revision has it.
    fn enter(&mut self, c_name: &'static str, bytes: &[u8]) {
        let offset = place(self.revision, c_name);
        if offset == 0 {
            return;
        }
        let field = self.out.get_mut(self.start.saturating_add(offset)..);
        let slots = field.unwrap_or_default().iter_mut();
        slots.zip(bytes).for_each(|(slot, byte)| *slot = *byte);
    }

    fn report(&mut self, field: &'static str, lost: bool) {
        if lost {
            let absent = Dropped::new(STRUCTURE, field, DropReason::Absent);
            self.dropped.push(absent);
        }
    }
}

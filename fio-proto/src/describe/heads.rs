//! Messages of a fixed head and text or words behind it, and the parts of TS that vary in length.

use alloc::format;

use super::Direction;
use super::fields::{Field, Plan};
use super::value::Value;
use crate::error::DecodeError;
use crate::layout::{GroupRunStats, PriorityStat, Shape, ThreadStat, Unit};
use crate::message::{
    JobLine, Part, ProbeReply, ProbeRequest, ThreadReport, WORD_SIZE, report_parts,
};
use crate::version::Revision;

/// A field of a head: its name, offset, shape and unit.
type Head = (&'static str, usize, Shape, Unit);

static JOB: [Head; 2] = [
    ("buf_len", 0, Shape::U32, Unit::Bytes),
    ("client_type", 4, Shape::U32, Unit::None),
];

static LOAD_FILE: [Head; 2] = [
    ("name_len", 0, Shape::U16, Unit::Bytes),
    ("client_type", 2, Shape::U16, Unit::None),
];

static LINE: [Head; 2] = [
    ("lines", 0, Shape::U16, Unit::None),
    ("client_type", 2, Shape::U16, Unit::None),
];

static TEXT: [Head; 4] = [
    ("level", 0, Shape::U32, Unit::None),
    ("buf_len", 4, Shape::U32, Unit::Bytes),
    ("log_sec", 8, Shape::U64, Unit::Seconds),
    ("log_usec", 16, Shape::U64, Unit::Microseconds),
];

static TRIGGER: [Head; 1] = [("len", 0, Shape::U16, Unit::Bytes)];

static UPDATED: [Head; 1] = [("error", 0, Shape::U32, Unit::None)];

/// Whether a PROBE is a server's answer: unless the direction tells, by its length.
fn is_reply(direction: Direction, revision: Revision, payload: &[u8]) -> bool {
    match direction {
        Direction::ClientToServer => false,
        Direction::ServerToClient => true,
        Direction::Unknown => payload.len() != ProbeRequest::size(revision),
    }
}

impl Plan<'_> {
    pub(super) fn probe(&mut self, direction: Direction) -> Result<(), DecodeError> {
        let is_old = self.revision == Revision::V1;
        match (is_reply(direction, self.revision, self.payload), is_old) {
            (true, true) => self.old_probe_reply(),
            (true, false) => self.rows("", 0, ProbeReply::ROWS, ProbeReply::C_NAME),
            (false, true) => Ok(()),
            (false, false) => self.rows("", 0, ProbeRequest::ROWS, ProbeRequest::C_NAME),
        }
    }

    fn old_probe_reply(&mut self) -> Result<(), DecodeError> {
        static FIELDS: [Head; 5] = [
            ("hostname", 0, Shape::Chars(64), Unit::None),
            ("bigendian", 64, Shape::U8, Unit::None),
            ("fio_major", 65, Shape::U8, Unit::None),
            ("fio_minor", 66, Shape::U8, Unit::None),
            ("fio_patch", 67, Shape::U8, Unit::None),
        ];
        self.head("cmd_probe_pdu", &FIELDS)
    }

    fn head(&mut self, structure: &'static str, head: &'static [Head]) -> Result<(), DecodeError> {
        head.iter().try_for_each(|(name, offset, shape, unit)| {
            self.field(structure, name, "", *offset, shape, *unit)
        })
    }

    /// TEXT: in version 1 nothing but the text.
    pub(super) fn message_text(&mut self) -> Result<(), DecodeError> {
        if self.revision == Revision::V1 {
            self.text("text", 0);
            return Ok(());
        }
        self.head("cmd_text_pdu", &TEXT)?;
        self.text("buf", 24);
        Ok(())
    }

    /// JOB: in version 1 nothing but the text.
    pub(super) fn job(&mut self) -> Result<(), DecodeError> {
        if self.revision == Revision::V1 {
            self.text("text", 0);
            return Ok(());
        }
        self.head("cmd_job_pdu", &JOB)?;
        self.text("buf", 8);
        Ok(())
    }

    pub(super) fn load_file(&mut self) -> Result<(), DecodeError> {
        self.head("cmd_load_file_pdu", &LOAD_FILE)?;
        self.text("file", 4);
        Ok(())
    }

    pub(super) fn trigger(&mut self) -> Result<(), DecodeError> {
        self.head("cmd_vtrigger_pdu", &TRIGGER)?;
        self.text("cmd", 2);
        Ok(())
    }

    pub(super) fn update_result(&mut self) -> Result<(), DecodeError> {
        self.head("UPDATE_JOB", &UPDATED)
    }

    pub(super) fn job_line(&mut self) -> Result<(), DecodeError> {
        let is_old = self.revision == Revision::V1;
        if is_old {
            self.field("cmd_line_pdu", "argc", "", 0, &Shape::U16, Unit::None)?;
        } else {
            self.head("cmd_line_pdu", &LINE)?;
        }
        let line = JobLine::decode(self.revision, self.payload)?;
        let mut offset: usize = if is_old { 2 } else { 4 };
        for (index, word) in line.words.into_iter().enumerate() {
            let (name, start, length) = if is_old {
                (format!("argv[{index}]"), offset, WORD_SIZE)
            } else {
                let length = word.len().saturating_add(1);
                let text = offset.saturating_add(2);
                (format!("options[{index}].text"), text, length)
            };
            self.fields.push(Field {
                name,
                offset: start,
                shape: Shape::Chars(length),
                unit: Unit::None,
                value: Value::Text(word),
            });
            offset = start.saturating_add(length);
        }
        Ok(())
    }

    /// TS: both structures, then what follows them.
    pub(super) fn report(&mut self) -> Result<(), DecodeError> {
        let revision = self.revision;
        self.rows("ts.", 0, ThreadStat::ROWS, ThreadStat::C_NAME)?;
        let group = ThreadStat::size(revision);
        self.rows("rs.", group, GroupRunStats::ROWS, GroupRunStats::C_NAME)?;
        if self.payload.len() <= ThreadReport::fixed_size(revision) {
            return Ok(());
        }
        for part in report_parts(revision, self.payload)? {
            self.report_part(part)?;
        }
        Ok(())
    }

    fn report_part(&mut self, part: Part) -> Result<(), DecodeError> {
        match part {
            Part::Priorities { direction, place } => {
                let size = PriorityStat::size(self.revision).max(1);
                for (index, offset) in place.step_by(size).enumerate() {
                    let prefix = format!("clat_prio[{direction}][{index}].");
                    self.rows(&prefix, offset, PriorityStat::ROWS, PriorityStat::C_NAME)?;
                }
            }
            Part::Iops(place) => self.numbers("ss_iops_data", place, Unit::PerSecond),
            Part::Bandwidth(place) => self.numbers("ss_bw_data", place, Unit::BytesPerSecond),
            Part::Latency(place) => self.numbers("ss_lat_data", place, Unit::Nanoseconds),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::tests::fixture::structure;
    use crate::version::revisions::NOW;

    #[test]
    fn heads_are_those_of_fio() {
        let heads: [(&str, &[Head]); 5] = [
            ("cmd_job_pdu", &JOB),
            ("cmd_load_file_pdu", &LOAD_FILE),
            ("cmd_line_pdu", &LINE),
            ("cmd_text_pdu", &TEXT),
            ("cmd_vtrigger_pdu", &TRIGGER),
        ];
        for revision in Revision::all().skip(1) {
            for (name, head) in heads {
                let (size, known) = structure(name, revision).unwrap();
                let end = head
                    .iter()
                    .map(|(_, offset, shape, _)| offset + shape.size());
                assert_eq!(end.max(), Some(size), "{name} {revision}");
                assert_eq!(known.len(), head.len());
                for ((field, offset, shape, _), known) in head.iter().zip(known) {
                    let place = (*field, *offset, shape.size());
                    assert_eq!(place, (known.name, known.offset, known.element), "{name}");
                }
            }
        }
    }

    #[test]
    fn probes_tell_their_direction_by_length() {
        assert!(!is_reply(Direction::Unknown, NOW, &[0; 136]));
        assert!(is_reply(Direction::Unknown, NOW, &[0; 112]));
        assert!(!is_reply(Direction::Unknown, Revision::V1, &[]));
        assert!(is_reply(Direction::Unknown, Revision::V1, &[0; 68]));
    }
}

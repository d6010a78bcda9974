//! Logs, verify states and files, whose length their own counts decide.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Direction;
use super::fields::{Field, Plan};
use super::value::Value;
use crate::error::DecodeError;
use crate::layout::{IoLogHeader, Shape, ThreadIoList, Unit};
use crate::limits::Limits;
use crate::message::{
    IoLog, LogColumns, LogRow, LogType, PATH_SIZE, Transport, VerifyProgress, VerifyState,
};

/// Whether a VTRIGGER is the server's answer. Unless the direction tells: an answer reads as one, and
/// a command would have to be text of just the right length for that.
pub(super) fn is_state(direction: Direction, payload: &[u8]) -> bool {
    match direction {
        Direction::ClientToServer => false,
        Direction::ServerToClient => true,
        Direction::Unknown => payload.len() > 8 || payload == [0; 8],
    }
}

/// Whether a SENDFILE is the server's question.
pub(super) const fn is_path(direction: Direction, payload: &[u8]) -> bool {
    match direction {
        Direction::ClientToServer => false,
        Direction::ServerToClient => true,
        Direction::Unknown => payload.len() == PATH_SIZE,
    }
}

impl Plan<'_> {
    /// The header, then every row. Rows that travel compressed all have the offset of the compressed
    /// bytes.
    pub(super) fn io_log(&mut self) -> Result<(), DecodeError> {
        self.rows("", 0, IoLogHeader::ROWS, IoLogHeader::C_NAME)?;
        let log = IoLog::decode(self.revision, self.payload)?;
        let body = IoLogHeader::size(self.revision);
        let contents = log.contents(Limits::default().max_inflated);
        let (shape, stride, histogram_shape) = contents.shapes();
        let step = if log.transport() == Transport::Plain {
            stride
        } else {
            0
        };
        let row_fields = |row: LogRow| row_value(row, contents.columns());
        let mut counts = contents.histograms();
        for (index, row) in contents.rows().enumerate() {
            let offset = body.saturating_add(index.saturating_mul(step));
            let unit = Unit::None;
            let name = format!("samples[{index}]");
            let value = row_fields(row);
            self.fields.push(Field {
                name,
                offset,
                shape,
                unit,
                value,
            });
            let histogram = counts.as_mut().and_then(Iterator::next);
            if let (Some(histogram), Some(shape)) = (histogram, histogram_shape) {
                let counts = histogram.counts;
                let values = (0..counts.len()).filter_map(|bucket| counts.get(bucket));
                let value = Value::List(values.map(Value::Unsigned).collect());
                let name = format!("samples[{index}].io_u_plat");
                self.fields.push(Field {
                    name,
                    offset,
                    shape,
                    unit,
                    value,
                });
            }
        }
        let loss = contents.loss().map(|loss| format!("{loss}"));
        let dangling = log.log_type == LogType::HISTOGRAM && histogram_shape.is_none();
        let dangling = dangling.then(|| String::from("sent plain, without its histograms"));
        for note in loss.into_iter().chain(dangling) {
            let (shape, unit) = (Shape::Padding(0), Unit::None);
            let (name, value) = (String::from("(note)"), Value::Text(note.into()));
            self.fields.push(Field {
                name,
                offset: self.payload.len(),
                shape,
                unit,
                value,
            });
        }
        Ok(())
    }

    /// Every job's record and its list.
    pub(super) fn verify_state(&mut self) -> Result<(), DecodeError> {
        self.field("all_io_list", "threads", "", 0, &Shape::U64, Unit::None)?;
        let state = VerifyState::decode(self.revision, self.payload)?;
        let mut offset = 8;
        for (index, thread) in state.threads.iter().enumerate() {
            offset = self.progress(&format!("state[{index}]."), offset, thread)?;
        }
        Ok(())
    }

    /// One record; returns where it ends.
    fn progress(
        &mut self,
        prefix: &str,
        offset: usize,
        progress: &VerifyProgress,
    ) -> Result<usize, DecodeError> {
        self.rows(prefix, offset, ThreadIoList::ROWS, ThreadIoList::C_NAME)?;
        let offset = offset.saturating_add(ThreadIoList::size(self.revision));
        let slots = progress.slots(self.revision);
        let (name, element, values): (_, &'static Shape, Vec<_>) = if slots.numbers {
            let numbers = progress.in_flight.iter().copied().map(Value::Unsigned);
            ("inflight", &Shape::U64, numbers.collect())
        } else {
            let writes = progress.completed.iter().map(|write| {
                let fields = [("fileno", write.file), ("offset", write.offset)];
                Value::Record(
                    fields
                        .map(|(name, value)| (name, Value::Unsigned(value)))
                        .into(),
                )
            });
            ("comps", &COMPLETED, writes.collect())
        };
        let shape = Shape::Array(slots.count, element);
        let (name, unit, value) = (format!("{prefix}{name}"), Unit::None, Value::List(values));
        self.fields.push(Field {
            name,
            offset,
            shape,
            unit,
            value,
        });
        Ok(offset.saturating_add(shape.size()))
    }

    /// The server's question.
    pub(super) fn path(&mut self) -> Result<(), DecodeError> {
        self.field(
            "cmd_sendfile",
            "path",
            "",
            0,
            &Shape::Chars(PATH_SIZE),
            Unit::None,
        )
    }

    /// The client's answer, and the state file in it.
    pub(super) fn sent_file(&mut self) -> Result<(), DecodeError> {
        static REPLY: [&str; 2] = ["size", "error"];
        static HEADER: [&str; 3] = ["version", "size", "crc"];
        for (name, offset) in REPLY.into_iter().zip([0, 4]) {
            self.field(
                "cmd_sendfile_reply",
                name,
                "",
                offset,
                &Shape::U32,
                Unit::None,
            )?;
        }
        let file = self.payload.get(8..).unwrap_or_default();
        let Ok((revision, progress)) = VerifyProgress::decode_file_as(file) else {
            return Ok(());
        };
        for (name, offset) in HEADER.into_iter().zip([8, 16, 24]) {
            self.field(
                "verify_state_hdr",
                name,
                "data.",
                offset,
                &Shape::U64,
                Unit::None,
            )?;
        }
        let of_peer = core::mem::replace(&mut self.revision, revision);
        let described = self.progress("data.state.", 32, &progress);
        self.revision = of_peer;
        described.map(drop)
    }
}

static COMPLETED: Shape = Shape::Record(
    "file_comp",
    &[("fileno", Shape::U64), ("offset", Shape::U64)],
);

/// A row by the names of its columns, bits taken apart.
fn row_value(row: LogRow, columns: LogColumns) -> Value {
    let fields = [
        ("time", Some(row.time_ms)),
        ("value", Some(row.value)),
        ("maximum", row.maximum),
        ("direction", Some(row.direction.0.into())),
        ("block_size", Some(row.block_size)),
        (
            "priority",
            (columns.priority || row.priority > 0).then_some(row.priority.into()),
        ),
        ("offset", row.offset),
        ("issue_time", row.issue_time),
    ];
    let present = fields.into_iter();
    let present = present.filter_map(|(name, value)| Some((name, Value::Unsigned(value?))));
    Value::Record(present.collect())
}

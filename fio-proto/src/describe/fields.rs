//! From a payload to its fields.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::Direction;
use super::transfers::{is_path, is_state};
use super::value::Value;
use crate::error::DecodeError;
use crate::fragment::RawMessage;
use crate::layout::{
    Cell, DiskAggregate, DiskStats, GroupRunStats, JobsEta, Row, Shape, ThreadOptions, Unit, fields,
};
use crate::message::{JobOption, Start, Stop, states_offset, variant_of_length};
use crate::opcode::{Command, Opcode};
use crate::version::{Revision, ServerVersion};

/// One field of a message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// fio's name, with the structure in front where there are several: `ts.clat_stat`.
    pub name: String,
    /// Bytes in front of it in the payload.
    pub offset: usize,
    /// How it lies on the wire.
    pub shape: Shape,
    /// What it counts.
    pub unit: Unit,
    /// What it holds.
    pub value: Value,
}

impl Field {
    /// The wire type in C's and Rust's manner: `u32`, `char[128]`, `[u64; 2]`.
    pub fn type_name(&self) -> Cow<'static, str> {
        type_name(&self.shape)
    }
}

fn type_name(shape: &Shape) -> Cow<'static, str> {
    match *shape {
        Shape::U8 => "u8".into(),
        Shape::U16 => "u16".into(),
        Shape::U32 => "u32".into(),
        Shape::U64 => "u64".into(),
        Shape::I32 => "i32".into(),
        Shape::Float => "fp64".into(),
        Shape::Chars(length) => format!("char[{length}]").into(),
        Shape::Array(length, element) => format!("[{}; {length}]", type_name(element)).into(),
        Shape::Record(name, _) => name.into(),
        Shape::Padding(length) => format!("pad[{length}]").into(),
    }
}

/// Why a message has no fields to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Closed {
    /// There are no layouts for the version here.
    #[error("protocol version {version} cannot be described field by field")]
    Version {
        /// The version of the message.
        version: ServerVersion,
    },
    /// The version has no such command.
    #[error("unknown opcode {opcode} in protocol version {version}")]
    Opcode {
        /// The number of the message.
        opcode: Opcode,
        /// The version of the message.
        version: ServerVersion,
    },
    /// The payload is broken.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// The fields of a message, in wire order, padding left out.
///
/// # Errors
/// When the payload cannot be taken apart.
pub fn describe_payload(
    message: &RawMessage<'_>,
    direction: Direction,
) -> Result<Vec<Field>, Closed> {
    let version = message.version;
    let revision = Revision::of(version).ok_or(Closed::Version { version })?;
    describe_as(message, direction, revision)
}

/// The fields of a message whose sender's layouts are known.
pub(super) fn describe_as(
    message: &RawMessage<'_>,
    direction: Direction,
    revision: Revision,
) -> Result<Vec<Field>, Closed> {
    let (version, opcode, payload) = (message.version, message.opcode, message.payload);
    let command = opcode
        .command(version)
        .ok_or(Closed::Opcode { opcode, version })?;
    let mut plan = Plan {
        revision,
        payload,
        fields: Vec::new(),
    };
    match command {
        Command::ThreadStats => plan.report()?,
        Command::GroupStats => plan.rows("", 0, GroupRunStats::ROWS, GroupRunStats::C_NAME)?,
        Command::Eta => {
            plan.rows("", 0, JobsEta::ROWS, JobsEta::C_NAME)?;
            plan.text("run_str", states_offset(revision));
        }
        Command::Probe => plan.probe(direction)?,
        Command::Start => plan.rows("", 0, Start::ROWS, Start::C_NAME)?,
        Command::Stop => plan.rows("", 0, Stop::ROWS, Stop::C_NAME)?,
        Command::JobOption => plan.rows("", 0, JobOption::ROWS, JobOption::C_NAME)?,
        Command::DiskUtilization => {
            plan.rows("dus.", 0, DiskStats::ROWS, DiskStats::C_NAME)?;
            let disk = DiskStats::size(revision);
            plan.rows("agg.", disk, DiskAggregate::ROWS, DiskAggregate::C_NAME)?;
        }
        Command::LoadFile => plan.load_file()?,
        Command::JobLine => plan.job_line()?,
        Command::AddJob => plan.job_definition()?,
        Command::UpdateJob if is_request(direction, payload) => plan.job_definition()?,
        Command::UpdateJob => plan.update_result()?,
        Command::Text => plan.message_text()?,
        Command::Job => plan.job()?,
        Command::IoLog => plan.io_log()?,
        Command::VerifyTrigger if is_state(direction, payload) => plan.verify_state()?,
        Command::VerifyTrigger => plan.trigger()?,
        Command::SendFile if is_path(direction, payload) => plan.path()?,
        Command::SendFile => plan.sent_file()?,
        _ => {}
    }
    Ok(plan.fields)
}

/// An errno answers UPDATE_JOB, a job definition asks.
const fn is_request(direction: Direction, payload: &[u8]) -> bool {
    match direction {
        Direction::ClientToServer => true,
        Direction::ServerToClient => false,
        Direction::Unknown => payload.len() > 4,
    }
}

pub(super) struct Plan<'a> {
    pub(super) revision: Revision,
    pub(super) payload: &'a [u8],
    pub(super) fields: Vec<Field>,
}

impl Plan<'_> {
    /// The fields of a table, at `base` in the payload.
    pub(super) fn rows(
        &mut self,
        prefix: &str,
        base: usize,
        rows: &'static [Row],
        structure: &'static str,
    ) -> Result<(), DecodeError> {
        for (offset, row) in fields(rows, self.revision) {
            if matches!(row.shape, Shape::Padding(_)) {
                continue;
            }
            let offset = base.saturating_add(offset);
            self.field(structure, row.c_name, prefix, offset, &row.shape, row.unit)?;
        }
        Ok(())
    }

    pub(super) fn field(
        &mut self,
        structure: &'static str,
        name: &'static str,
        prefix: &str,
        offset: usize,
        shape: &'static Shape,
        unit: Unit,
    ) -> Result<(), DecodeError> {
        let needed = shape.size();
        let rest = self.payload.get(offset..).unwrap_or_default();
        let got = rest.len();
        let bytes = rest.get(..needed).ok_or(DecodeError::Truncated {
            structure,
            field: name,
            offset,
            needed,
            got,
        })?;
        let value = Value::read(Cell::new(bytes, shape));
        self.fields.push(Field {
            name: format!("{prefix}{name}"),
            offset,
            shape: *shape,
            unit,
            value,
        });
        Ok(())
    }

    /// Text up to its NUL or the end of the message.
    pub(super) fn text(&mut self, name: &str, offset: usize) {
        let bytes = self.payload.get(offset..).unwrap_or_default();
        let shape = Shape::Chars(bytes.len());
        let value = Value::Text(crate::ByteString::from_padded(bytes));
        self.fields.push(Field {
            name: name.into(),
            offset,
            shape,
            unit: Unit::None,
            value,
        });
    }

    /// Numbers of eight bytes, at a place in the payload.
    pub(super) fn numbers(&mut self, name: &str, place: Range<usize>, unit: Unit) {
        let offset = place.start;
        let bytes = self.payload.get(place).unwrap_or_default();
        let (numbers, _) = bytes.as_chunks();
        let values = numbers
            .iter()
            .map(|number| Value::Unsigned(u64::from_le_bytes(*number)));
        self.fields.push(Field {
            name: name.into(),
            offset,
            shape: Shape::Array(numbers.len(), &Shape::U64),
            unit,
            value: Value::List(values.collect()),
        });
    }

    /// The numbers, the options, and the patterns behind them.
    fn job_definition(&mut self) -> Result<(), DecodeError> {
        let structure = "cmd_add_job_pdu";
        self.field(structure, "thread_number", "", 0, &Shape::U32, Unit::None)?;
        self.field(structure, "groupid", "", 4, &Shape::U32, Unit::None)?;
        self.revision = variant_of_length(self.revision, self.payload.len());
        self.rows("top.", 8, ThreadOptions::ROWS, ThreadOptions::C_NAME)?;
        let patterns = ThreadOptions::size(self.revision).saturating_add(8);
        self.bytes("top.patterns", patterns);
        Ok(())
    }

    /// Bytes up to the end of the message, if there are any.
    fn bytes(&mut self, name: &str, offset: usize) {
        let bytes = self.payload.get(offset..).unwrap_or_default();
        if !bytes.is_empty() {
            let values = bytes.iter().map(|byte| Value::Unsigned((*byte).into()));
            self.fields.push(Field {
                name: name.into(),
                offset,
                shape: Shape::Array(bytes.len(), &Shape::U8),
                unit: Unit::None,
                value: Value::List(values.collect()),
            });
        }
    }
}

impl fmt::Display for Field {
    /// `0x0190 ts.clat_stat io_stat = … us`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:#06x} {} {} = {}",
            self.offset,
            self.name,
            self.type_name(),
            self.value
        )?;
        if self.unit == Unit::None {
            Ok(())
        } else {
            write!(f, " {}", self.unit)
        }
    }
}

//! JOB_OPT: one option of a job, for reports.

use crate::byte_string::ByteString;
use crate::layout::{Bool, Chars, wire_struct};
use crate::version::revisions::*;

wire_struct! {
    /// One option of a job, or of all (fio's `cmd_job_option`).
    pub struct JobOption, view JobOptionView, "cmd_job_option" {
        /// Whether the option is of the global section.
        pub global: bool,
        /// Whether the value was too long to travel whole.
        pub truncated: bool,
        /// For a job's option **not its group** but the index of the TS message that follows, counted
        /// from 0; in those, `thread_number` is one more. 0 for global options.
        pub group_id: u32,
        /// Name of the option, at most 63 bytes.
        pub name: ByteString,
        /// What it was set to, at most 127 bytes; empty for an option without a value.
        pub value: ByteString,
    }
    rows {
        V65_FIO_2_99..=NOW => global: Bool<u16>, "global", None;
        V65_FIO_2_99..=NOW => truncated: Bool<u16>, "truncated", None;
        V65_FIO_2_99..=NOW => group_id: u32, "groupid", None;
        V65_FIO_2_99..=NOW => name: Chars<64>, "name", None;
        V65_FIO_2_99..=NOW => value: Chars<128>, "value", None;
    }
}

/// Bytes of a value that travel.
const VALUE_SIZE: usize = 127;

impl JobOption {
    /// An option of the global section.
    pub fn global(name: impl Into<ByteString>, value: impl Into<ByteString>) -> Self {
        let value = value.into();
        Self {
            global: true,
            truncated: value.len() > VALUE_SIZE,
            group_id: 0,
            name: name.into(),
            value,
        }
    }

    /// An option of the job whose TS message is the `report`th, counted from 0.
    pub fn of_report(
        report: u32,
        name: impl Into<ByteString>,
        value: impl Into<ByteString>,
    ) -> Self {
        Self {
            global: false,
            group_id: report,
            ..Self::global(name, value)
        }
    }
}

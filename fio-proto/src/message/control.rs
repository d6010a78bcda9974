//! START and STOP: the frame around a run.

use crate::layout::wire_struct;
use crate::version::revisions::*;

wire_struct! {
    /// The jobs of one JOB, JOBLINE or LOAD_FILE were understood (fio's `cmd_start_pdu`). Version 1
    /// sends no figures.
    #[derive(Copy, Eq)]
    pub struct Start, view StartView, "cmd_start_pdu" {
        /// Jobs understood so far on this connection.
        pub jobs: u32,
        /// TS messages to expect in all.
        pub stat_outputs: u32,
    }
    rows {
        V65_FIO_2_99..=NOW => jobs: u32, "jobs", None;
        V65_FIO_2_99..=NOW => stat_outputs: u32, "stat_outputs", None;
    }
}

impl Start {
    /// Jobs understood so far and TS messages to expect.
    pub const fn new(jobs: u32, stat_outputs: u32) -> Self {
        Self { jobs, stat_outputs }
    }
}

wire_struct! {
    /// The jobs have ended (fio's `cmd_end_pdu`). Version 1 has the command but never sends it.
    #[derive(Copy, Eq)]
    pub struct Stop, view StopView, "cmd_end_pdu" {
        /// Exit status of the run, 0 for success.
        pub error: u32,
        /// The signal that ended the run, 0 for none.
        pub signal: u32,
    }
    rows {
        V65_FIO_2_99..=NOW => error: u32, "error", None;
        V65_FIO_2_99..=NOW => signal: u32, "signal", None;
    }
}

impl Stop {
    /// Exit status of the run and the signal that ended it, 0 for none.
    pub const fn new(error: u32, signal: u32) -> Self {
        Self { error, signal }
    }
}

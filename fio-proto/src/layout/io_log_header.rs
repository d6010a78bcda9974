//! `cmd_iolog_pdu`: what stands in front of a log on the wire. 288 bytes, 296 since version 103.

use super::{Chars, wire_struct};
use crate::byte_string::ByteString;
use crate::version::revisions::*;

wire_struct! {
    /// What a server says about a log it sends (fio's `cmd_iolog_pdu`).
    ///
    /// The three flags name columns of the rows, but no release of fio fills them in: versions 65 and
    /// 66 send what was on the stack there, later ones 0. The rows themselves tell.
    pub struct IoLogHeader, view IoLogHeaderView, "cmd_iolog_pdu" {
        /// Rows sent (`nr_samples`); 0 for logs stored compressed.
        pub announced: u64,
        /// The job the log belongs to, counted from 1.
        pub thread_number: u32,
        /// What the log is about.
        pub log_type: u32,
        /// How the rows travel: 0 as they are, 1 compressed for the journey, 2 stored compressed.
        pub compressed: u32,
        /// Unset flag of offsets.
        pub log_offset: u32,
        /// Unset flag of priorities.
        pub log_prio: u32,
        /// Unset flag of issue times.
        pub log_issue_time: u32,
        /// How many times a log of histograms halves their number of buckets when it is written.
        pub log_hist_coarseness: u32,
        /// 1 where each job has a log of its own, 0 where several append to one.
        pub per_job_logs: u32,
        /// Name of the file at the server.
        pub name: ByteString,
    }
    rows {
        V65_FIO_2_99..=NOW => announced: u64, "nr_samples", None;
        V65_FIO_2_99..=NOW => thread_number: u32, "thread_number", None;
        V65_FIO_2_99..=NOW => log_type: u32, "log_type", None;
        V65_FIO_2_99..=NOW => compressed: u32, "compressed", None;
        V65_FIO_2_99..=NOW => log_offset: u32, "log_offset", None;
        V94..=NOW => log_prio: u32, "log_prio", None;
        V107_FIO_3_38..=NOW => log_issue_time: u32, "log_issue_time", None;
        V65_FIO_2_99..=NOW => log_hist_coarseness: u32, "log_hist_coarseness", None;
        V103..=NOW => per_job_logs: u32, "per_job_logs", None;
        V65_FIO_2_99..=NOW => name: Chars<256>, "name", None;
        V65_FIO_2_99..=V89 => pad(4);
        V103..=V103 => pad(4);
    }
}

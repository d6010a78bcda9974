//! Commands, and the numbers they have in each version.
//!
//! | command | v1 | v23 and later | sent by |
//! |---|---|---|---|
//! | QUIT | 1 | 1 | both |
//! | EXIT | 2 | 2 | client |
//! | JOB | 3 | 3 | client |
//! | JOBLINE | 4 | 4 | client |
//! | TEXT | 5 | 5 | server |
//! | TS | 6 | 6 | server |
//! | GS | 7 | 7 | server |
//! | SEND_ETA | – | 8 | client |
//! | ETA | 8 | 9 | server |
//! | PROBE | 9 | 10 | both |
//! | START | 10 | 11 | server |
//! | STOP | 11 | 12 | server |
//! | DU … JOB_OPT | – | 13 … 22 | |
//!
//! The names are those of fio's `FIO_NET_CMD_*`, the numbers were observed. The same number means
//! different commands in different versions, so a number alone ([`Opcode`]) is never enough to know the
//! [`Command`].

use core::fmt;

use crate::version::ServerVersion;

/// A command's number as it travels. Open: unknown numbers survive decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Opcode(u16);

impl Opcode {
    /// An opcode by number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number that travels.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The command of this number in `version`, `None` where it has none.
    pub fn command(self, version: ServerVersion) -> Option<Command> {
        let numbered = |row: &&Row| row.number == self.0 && row.holds(version);
        TABLE.iter().find(numbered).map(|row| row.command)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a message says, whatever its number in the version at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Command {
    /// QUIT. From a client: stop the jobs. From a server: this run is over.
    Quit,
    /// EXIT: end the server.
    Exit,
    /// JOB: the text of a job file to run.
    Job,
    /// JOBLINE: words of a command line.
    JobLine,
    /// TEXT: something to print.
    Text,
    /// TS: the statistics of one thread or reporting group (`thread_stat`).
    ThreadStats,
    /// GS: the statistics of a group of jobs (`group_run_stats`).
    GroupStats,
    /// SEND_ETA: ask for the status of the running jobs.
    SendEta,
    /// ETA: the status of the running jobs (`jobs_eta`).
    Eta,
    /// PROBE: who are you, and the answer.
    Probe,
    /// START: the jobs were understood and are about to run.
    Start,
    /// STOP: the jobs have ended.
    Stop,
    /// DU: disk utilisation.
    DiskUtilization,
    /// SERVER_START: a job thread has begun.
    ServerStart,
    /// ADD_JOB: a job section and its options.
    AddJob,
    /// RUN: run what was sent.
    Run,
    /// IOLOG: a log file of a job.
    IoLog,
    /// UPDATE_JOB: change a job's options.
    UpdateJob,
    /// LOAD_FILE: run a job file of the server's.
    LoadFile,
    /// VTRIGGER: save verify state, then run a command.
    VerifyTrigger,
    /// SENDFILE: fetch a verify state file.
    SendFile,
    /// JOB_OPT: one option of a job, for reports.
    JobOption,
}

impl Command {
    /// The number of this command in `version`, `None` where the version lacks it.
    pub fn opcode(self, version: ServerVersion) -> Option<Opcode> {
        let named = |row: &&Row| row.command == self && row.holds(version);
        TABLE.iter().find(named).map(|row| Opcode(row.number))
    }

    /// fio's name for the command, as in `FIO_NET_CMD_JOBLINE`.
    pub fn name(self) -> &'static str {
        TABLE
            .iter()
            .find(|row| row.command == self)
            .map_or("UNKNOWN", |row| row.name)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A command's number from one version to another, both included.
struct Row {
    since: u16,
    until: u16,
    number: u16,
    command: Command,
    name: &'static str,
}

impl Row {
    const fn holds(&self, version: ServerVersion) -> bool {
        self.since <= version.number() && version.number() <= self.until
    }
}

const fn row(since: u16, until: u16, number: u16, command: Command, name: &'static str) -> Row {
    Row {
        since,
        until,
        number,
        command,
        name,
    }
}

/// The last version whose numbering is known.
const LAST: u16 = 121;

static TABLE: [Row; 26] = [
    row(1, LAST, 1, Command::Quit, "QUIT"),
    row(1, LAST, 2, Command::Exit, "EXIT"),
    row(1, LAST, 3, Command::Job, "JOB"),
    row(1, LAST, 4, Command::JobLine, "JOBLINE"),
    row(1, LAST, 5, Command::Text, "TEXT"),
    row(1, LAST, 6, Command::ThreadStats, "TS"),
    row(1, LAST, 7, Command::GroupStats, "GS"),
    row(1, 1, 8, Command::Eta, "ETA"),
    row(1, 1, 9, Command::Probe, "PROBE"),
    row(1, 1, 10, Command::Start, "START"),
    row(1, 1, 11, Command::Stop, "STOP"),
    row(23, LAST, 8, Command::SendEta, "SEND_ETA"),
    row(23, LAST, 9, Command::Eta, "ETA"),
    row(23, LAST, 10, Command::Probe, "PROBE"),
    row(23, LAST, 11, Command::Start, "START"),
    row(23, LAST, 12, Command::Stop, "STOP"),
    row(23, LAST, 13, Command::DiskUtilization, "DU"),
    row(23, LAST, 14, Command::ServerStart, "SERVER_START"),
    row(23, LAST, 15, Command::AddJob, "ADD_JOB"),
    row(23, LAST, 16, Command::Run, "RUN"),
    row(23, LAST, 17, Command::IoLog, "IOLOG"),
    row(23, LAST, 18, Command::UpdateJob, "UPDATE_JOB"),
    row(38, LAST, 19, Command::LoadFile, "LOAD_FILE"),
    row(42, LAST, 20, Command::VerifyTrigger, "VTRIGGER"),
    row(42, LAST, 21, Command::SendFile, "SENDFILE"),
    row(51, LAST, 22, Command::JobOption, "JOB_OPT"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const V97: ServerVersion = ServerVersion::new(97);

    #[test]
    fn the_same_number_differs_between_versions() {
        assert_eq!(Opcode(8).command(ServerVersion::V1), Some(Command::Eta));
        assert_eq!(Opcode(8).command(V97), Some(Command::SendEta));
        assert_eq!(Command::Probe.opcode(ServerVersion::V1), Some(Opcode(9)));
        assert_eq!(Command::Probe.opcode(V97), Some(Opcode(10)));
        assert_eq!(Command::DiskUtilization.opcode(ServerVersion::V1), None);
        assert_eq!(Opcode(99).command(V97), None);
    }

    #[test]
    fn numbers_and_commands_are_inverse_in_every_version() {
        for version in (0..200).map(ServerVersion::new) {
            for number in (0..30).map(Opcode) {
                if let Some(command) = number.command(version) {
                    assert_eq!(command.opcode(version), Some(number), "{version} {command}");
                }
            }
        }
        let of_version = |v| (0..30).filter(|&n| Opcode(n).command(v).is_some()).count();
        assert_eq!(of_version(ServerVersion::V1), 11);
        assert_eq!(of_version(V97), 22);
    }
}

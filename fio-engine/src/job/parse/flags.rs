//! The flags of the fio command, as far as they can stand among the words of a job.
//!
//! One table: the words of a command line are recognised by it, and `--help`, the manual page and
//! the completions are printed from it. Names, arguments and single letters are facts of fio 3.33 and 3.42
//! (its manual page, its `--help` and what its command takes).

use FlagArgument::{None as Alone, Optional, Required};

/// Whether a flag has an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagArgument {
    /// None.
    None,
    /// Only after `=`, or directly behind a single letter.
    Optional,
    /// After `=` or as the next word.
    Required,
}

/// One flag of the fio command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandLineFlag {
    /// Its name without dashes.
    pub name: &'static str,
    /// The single letter that means the same, which fio's manual does not mention.
    pub letter: Option<u8>,
    /// Whether it has an argument.
    pub argument: FlagArgument,
    /// What its argument is called in help; empty without one.
    pub value_name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
}

/// A flag found among words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenFlag {
    /// Its name without dashes.
    pub name: &'static str,
    /// Its argument.
    pub value: Option<String>,
    /// The number of its word, from 1.
    pub word: usize,
}

/// All flags of fio 3.42's command line.
#[must_use]
pub fn command_line_flags() -> &'static [CommandLineFlag] {
    &FLAGS
}

const fn flag(
    name: &'static str,
    letter: u8,
    argument: FlagArgument,
    value_name: &'static str,
    help: &'static str,
) -> CommandLineFlag {
    let letter = if letter == b' ' { None } else { Some(letter) };
    CommandLineFlag {
        name,
        letter,
        argument,
        value_name,
        help,
    }
}

#[rustfmt::skip] // one flag, one line: the table stays readable as a table
static FLAGS: [CommandLineFlag; 37] = [
    flag("debug", b'd', Required, "types", "tell what happens inside, of these kinds; help lists them"),
    flag("parse-only", b'P', Alone, "", "read the options and do no I/O"),
    flag("merge-blktrace-only", b'A', Alone, "", "merge the traces that jobs name and do no I/O"),
    flag("output", b'o', Required, "file", "write the results to a file"),
    flag("output-format", b'F', Required, "formats", "formats of the results: normal, terse, json, json+; several with commas"),
    flag("append-terse", b'f', Optional, "version", "also print terse lines"),
    flag("bandwidth-log", b'b', Alone, "", "write logs with the bandwidth of all jobs together"),
    flag("minimal", b'm', Alone, "", "print the results as terse lines"),
    flag("terse-version", b'V', Required, "version", "which values terse lines have: 2, 3, 4 or 5"),
    flag("version", b'v', Alone, "", "print the version"),
    flag("help", b'h', Alone, "", "print this summary"),
    flag("cpuclock-test", b'T', Alone, "", "check the clock of the CPUs"),
    flag("crctest", b'G', Optional, "types", "measure checksum functions"),
    flag("cmdhelp", b'c', Optional, "option", "print help about a job option, or list all"),
    flag("enghelp", b'i', Optional, "engine[,option]", "list I/O engines, the options of one, or help about one of these"),
    flag("showcmd", b's', Alone, "", "print job files as command lines"),
    flag("eta", b'e', Required, "when", "whether to print progress: always, never or auto"),
    flag("eta-interval", b'O', Required, "time", "how often to print progress"),
    flag("eta-newline", b'E', Required, "time", "begin a new line of progress at this interval"),
    flag("status-interval", b'L', Required, "time", "print the results so far at this interval"),
    flag("readonly", b'r', Alone, "", "refuse jobs that write or trim"),
    flag("section", b'x', Required, "name", "run only this section of job files; may be repeated"),
    flag("alloc-size", b'a', Required, "kb", "accepted; no memory is set aside in advance"),
    flag("warnings-fatal", b'w', Alone, "", "treat warnings about jobs as errors"),
    flag("max-jobs", b'j', Required, "number", "most jobs of a run, clones included"),
    flag("server", b'S', Optional, "address", "be a server: all interfaces without an address"),
    flag("daemonize", b'D', Required, "pidfile", "put the server into the background"),
    flag("client", b'C', Required, "address", "run the jobs on this server, or on those a file lists; may be repeated"),
    flag("remote-config", b'R', Required, "file", "have the server load a job file of its own"),
    flag("idle-prof", b'I', Required, "what", "measure how idle the CPUs are: system, percpu or calibrate"),
    flag("inflate-log", b'X', Required, "file", "print a log that was stored compressed"),
    flag("trigger-file", b'W', Required, "file", "refused: no commands are run"),
    flag("trigger-timeout", b'B', Required, "time", "refused: no commands are run"),
    flag("trigger", b'H', Required, "command", "refused: no commands are run"),
    flag("trigger-remote", b'J', Required, "command", "refused: no commands are run"),
    flag("aux-path", b'K', Required, "folder", "where files with state are made"),
    flag("latency-log", b'l', Alone, "", "refused: use write_lat_log"),
];

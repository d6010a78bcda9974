//! The flags of the fio command, as far as they can stand among the words of a job.

/// Whether a flag has an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagArgument {
    /// None.
    None,
    /// Only after `=`.
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
    /// Whether it has an argument.
    pub argument: FlagArgument,
}

/// A flag found among words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenFlag {
    /// Its name without dashes.
    pub name: &'static str,
    /// Its argument.
    pub value: Option<String>,
}

/// All flags of fio 3.42's command line (its manual page, "Command line options").
#[must_use]
pub fn command_line_flags() -> &'static [CommandLineFlag] {
    &FLAGS
}

const fn flag(name: &'static str, argument: FlagArgument) -> CommandLineFlag {
    CommandLineFlag { name, argument }
}

static FLAGS: [CommandLineFlag; 36] = [
    flag("debug", FlagArgument::Required),
    flag("parse-only", FlagArgument::None),
    flag("merge-blktrace-only", FlagArgument::None),
    flag("output", FlagArgument::Required),
    flag("output-format", FlagArgument::Required),
    flag("append-terse", FlagArgument::Optional),
    flag("bandwidth-log", FlagArgument::None),
    flag("minimal", FlagArgument::None),
    flag("terse-version", FlagArgument::Required),
    flag("version", FlagArgument::None),
    flag("help", FlagArgument::None),
    flag("cpuclock-test", FlagArgument::None),
    flag("crctest", FlagArgument::Optional),
    flag("cmdhelp", FlagArgument::Optional),
    flag("enghelp", FlagArgument::Optional),
    flag("showcmd", FlagArgument::None),
    flag("eta", FlagArgument::Required),
    flag("eta-interval", FlagArgument::Required),
    flag("eta-newline", FlagArgument::Required),
    flag("status-interval", FlagArgument::Required),
    flag("readonly", FlagArgument::None),
    flag("section", FlagArgument::Required),
    flag("alloc-size", FlagArgument::Required),
    flag("warnings-fatal", FlagArgument::None),
    flag("max-jobs", FlagArgument::Required),
    flag("server", FlagArgument::Optional),
    flag("daemonize", FlagArgument::Required),
    flag("client", FlagArgument::Optional),
    flag("remote-config", FlagArgument::Required),
    flag("idle-prof", FlagArgument::Required),
    flag("inflate-log", FlagArgument::Required),
    flag("trigger-file", FlagArgument::Required),
    flag("trigger-timeout", FlagArgument::Required),
    flag("trigger", FlagArgument::Required),
    flag("trigger-remote", FlagArgument::Required),
    flag("aux-path", FlagArgument::Required),
];

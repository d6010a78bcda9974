//! The summary of `--help`, from the table of flags.

use std::fmt::Write as _;

use fio_engine::job::{CommandLineFlag, FlagArgument, command_line_flags};

use crate::output::FIO_VERSION;

/// Where the explanations begin.
const COLUMN: usize = 28;

/// The text of `--help`, which also stands before the complaint that there are no jobs.
pub(super) fn usage() -> String {
    let mut text = format!("{FIO_VERSION}\nfio [options] [job options] <job file(s)>\n");
    for flag in command_line_flags() {
        let name = spelled(flag);
        writeln!(text, "  {name:<COLUMN$}{}", flag.help).expect("a string takes it");
    }
    text + "\nJob options: --cmdhelp lists them, --cmdhelp=OPTION tells of one.\n"
}

/// The flag with its argument.
pub(crate) fn spelled(flag: &CommandLineFlag) -> String {
    let CommandLineFlag {
        name, value_name, ..
    } = flag;
    match flag.argument {
        FlagArgument::None => format!("--{name}"),
        FlagArgument::Optional => format!("--{name}[={value_name}]"),
        FlagArgument::Required => format!("--{name}={value_name}"),
    }
}

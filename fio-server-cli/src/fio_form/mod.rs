//! fio's own command line: `fio-server-cli fio …`, and the program under the name `fio`.
//!
//! Unlike the other commands this one follows fio to the letter, also where this project would choose
//! otherwise: how words are told apart, that flags count in the order they stand in, what is printed where, and
//! the exit codes. `request` reads the words; what is to be done then is done by the commands `run`, `client`
//! and `serve`, or here if it ends at once. The differences that remain are listed in `docs/fio-form.md`.

mod at_once;
mod checksums;
mod clock_test;
mod fleet;
mod local;
mod request;
mod serve;
mod topics;
mod usage;
mod values;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use crate::exit::{ExitStatus, Failure};
use crate::output::complain;
use request::{Asked, Request};
pub(crate) use usage::spelled;

/// The name under which the program has fio's command line.
const NAME: &str = "fio";

/// The words of fio's command line in those of the process, whose first is the program's name: those behind
/// the command `fio`, or all if the program is called so.
#[must_use]
pub fn words_in(process: &[OsString]) -> Option<&[OsString]> {
    let (program, words) = process.split_first()?;
    if Path::new(program).file_name() == Some(OsStr::new(NAME)) {
        return Some(words);
    }
    let (command, words) = words.split_first()?;
    (command == NAME).then_some(words)
}

/// Does what the words of fio's command line say.
#[must_use]
pub fn run(words: &[OsString]) -> ExitCode {
    let mut failure_code = None;
    let done = Request::read(words).and_then(|asked| match asked {
        Asked::AtOnce(what) => {
            failure_code = what.failure_code();
            what.answer().map(code)
        }
        Asked::Request(request) => dispatch(&request),
    });
    let code = match done {
        Ok(code) => code,
        Err(Failure { status, error }) => {
            complain(format_args!("fio: {error:#}"));
            failure_code.unwrap_or_else(|| code(status))
        }
    };
    ExitCode::from(code)
}

fn dispatch(request: &Request) -> Result<u8, Failure> {
    if let Some(address) = &request.server {
        let served = serve::serve(request, address.as_deref());
        return served.map(code).or_else(|Failure { error, .. }| {
            // Servers of fio that cannot listen say so and end well.
            complain(format_args!("fio: {error:#}"));
            Ok(code(ExitStatus::Success))
        });
    }
    if request.is_for_servers() {
        return fleet::run(request).map(code);
    }
    local::run(request)
}

/// fio has one code for all that goes wrong but jobs, and one for the end by a signal.
const fn code(status: ExitStatus) -> u8 {
    match status {
        ExitStatus::Success => 0,
        ExitStatus::JobFailed | ExitStatus::Setup | ExitStatus::Peer => 1,
        ExitStatus::Interrupted => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_and_the_name_of_the_program_count() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (line, expected) in [
            ("fio a.fio", Some("a.fio")),
            ("/usr/bin/fio --name=a", Some("--name=a")),
            ("fio-server-cli fio a.fio b.fio", Some("a.fio b.fio")),
            ("fio-server-cli run fio", None),
            ("fio-server-cli", None),
        ] {
            let line = words(line);
            let expected = expected.map(words);
            assert_eq!(words_in(&line), expected.as_deref(), "{line:?}");
        }
        assert_eq!(words_in(&[]), None);
    }
}

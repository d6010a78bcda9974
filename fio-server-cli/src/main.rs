//! The program `fio-server-cli`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use fio_server_cli::cli::Cli;
use fio_server_cli::{commands, fio_form};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(words) = fio_form::words_in(&words) {
        return fio_form::run(words);
    }
    // clap itself ends with 0 after --help and with 2 after a usage error.
    let cli = Cli::parse_from(words);
    commands::run(&cli).into()
}

//! The program `fio-server-cli`.

use std::process::ExitCode;

use clap::Parser as _;
use fio_server_cli::cli::Cli;

fn main() -> ExitCode {
    // clap itself ends with 0 after --help and with 2 after a usage error.
    let cli = Cli::parse();
    fio_server_cli::commands::run(&cli).into()
}

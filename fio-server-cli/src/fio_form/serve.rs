//! `--server` and `--daemonize`.

use std::ffi::{OsStr, OsString};

use clap::Parser as _;

use super::request::Request;
use crate::address::Address;
use crate::cli::{Cli, Command, ServeArgs};
use crate::exit::{ExitStatus, Failure};

/// fio's servers listen on every interface unless they are told otherwise.
const EVERYWHERE: &str = ",8765";

/// Serves at the address, in the background if that is asked for.
pub(super) fn serve(request: &Request, address: Option<&OsStr>) -> Result<ExitStatus, Failure> {
    let address = address.map_or_else(|| EVERYWHERE.into(), OsStr::to_string_lossy);
    let listen = Address::parse_listen(&address).map_err(Failure::setup)?;
    let mut words = vec![OsString::from("serve"), format!("--listen={listen}").into()];
    if let Some(path) = &request.daemonize {
        let mut word = OsString::from("--daemonize=");
        word.push(path);
        words.push(word);
    }
    let mut args = default_args();
    args.listen = vec![listen];
    args.daemonize = request.daemonize.clone();
    args.as_fio = true;
    crate::server::serve(&args, &words)?;
    Ok(ExitStatus::Success)
}

/// The arguments of `serve` that hold unless others are given.
fn default_args() -> ServeArgs {
    match Cli::try_parse_from(["fio-server-cli", "serve"]) {
        Ok(Cli {
            command: Command::Serve(args),
        }) => args,
        // The words are always the same.
        other => unreachable!("{other:?}"),
    }
}

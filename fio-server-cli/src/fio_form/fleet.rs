//! `--client`: jobs on servers.

use anyhow::anyhow;
use clap::Parser as _;
use fio_engine::job::{JobSource, parse_jobs, show_command_lines};

use super::at_once::print;
use super::local::refuse_notices;
use super::request::Request;
use crate::cli::{Cli, ClientArgs, Command, When};
use crate::commands;
use crate::exit::{ExitStatus, Failure};
use crate::word_order::WordOrder;

/// Runs the jobs on the servers, each its own.
pub(super) fn run(request: &Request) -> Result<ExitStatus, Failure> {
    let args = arguments(request);
    let nothing = args.jobs.files.is_empty() && args.jobs.words.is_empty();
    if nothing && args.remote_config.is_empty() {
        return Err(Failure::setup(anyhow!(
            "the servers have nothing to run; name job files, or give job options"
        )));
    }
    if request.idle_prof.is_some() {
        return Err(Failure::setup(anyhow!(
            "--idle-prof measures the CPUs of this machine, and --client runs the jobs on others"
        )));
    }
    if request.read_only || request.warnings_fatal {
        check_here(request, &args)?;
    }
    if request.parse_only || request.merge_only || request.show_commands {
        return show(request, &args);
    }
    commands::client(&args)
}

/// What the command `client` would be given.
fn arguments(request: &Request) -> ClientArgs {
    let mut args = default_args();
    let (host_places, hosts) = request.clients.iter().cloned().unzip();
    let (file_places, files) = request.files.iter().cloned().unzip();
    let (remote_places, remote_files) = request.remote_files.iter().cloned().unzip();
    let (word_places, words) = request.options.iter().cloned().unzip();
    args.host = hosts;
    args.jobs.files = files;
    args.jobs.section = request.sections.clone();
    args.jobs.words = words;
    args.remote_config = remote_files;
    args.output = request.output.clone();
    args.output.tells_steps = request.topics.net;
    if args.output.eta == When::Auto {
        // fio's client shows its status line wherever it goes.
        args.output.eta = When::Always;
    }
    args.order = WordOrder {
        hosts: host_places,
        host_list: None,
        files: file_places,
        remote_files: remote_places,
        words: word_places,
    };
    args
}

/// Reads what the servers would be sent, and prints it as command lines if that is asked for.
fn show(request: &Request, args: &ClientArgs) -> Result<ExitStatus, Failure> {
    // Finds out what is wrong with it.
    drop(commands::texts(args)?);
    if !request.show_commands {
        return Ok(ExitStatus::Success);
    }
    let lines = show_command_lines(&request.words, &request.parse_options());
    print(&lines.map_err(Failure::setup)?)
}

/// No server is asked to look at jobs that this side knows to write, or to have what warnings are of. What this
/// side cannot read, it cannot know either.
fn check_here(request: &Request, args: &ClientArgs) -> Result<(), Failure> {
    if request.read_only && !args.remote_config.is_empty() {
        return Err(Failure::setup(anyhow!(
            "--readonly cannot be checked for the job files of servers (--remote-config)"
        )));
    }
    for text in commands::texts(args)? {
        let source = JobSource::text(text.name.clone(), &text.text);
        let mut options = request.parse_options();
        options.read_files = false;
        let parsed = parse_jobs(&[source], &options).map_err(Failure::setup)?;
        if request.warnings_fatal {
            refuse_notices(&parsed.notices)?;
        }
    }
    Ok(())
}

/// The arguments of `client` that hold unless others are given.
fn default_args() -> ClientArgs {
    match Cli::try_parse_from(["fio-server-cli", "client", "-"]) {
        Ok(Cli {
            command: Command::Client(args),
        }) => *args,
        // The words are always the same.
        other => unreachable!("{other:?}"),
    }
}

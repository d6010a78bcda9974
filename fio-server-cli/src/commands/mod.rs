//! The commands: each turns what the user typed into calls of the libraries and into output.

mod assignments;
mod client;
mod client_output;
mod decode;
mod explain;
mod generate;
mod help;
mod inflate_log;
mod log_files;
mod probe;
mod pursuit;
mod run;

pub(crate) use client::{client, texts};
pub(crate) use inflate_log::inflate_logs;
pub(crate) use run::{Ended, RunWishes, calibrate, execute};

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

use crate::cli::{Cli, Command};
use crate::exit::{ExitStatus, Failure};
use crate::output::complain;

/// Does what the command line says and prints the error if that fails.
pub fn run(cli: &Cli) -> ExitStatus {
    match dispatch(&cli.command) {
        Ok(status) => status,
        Err(Failure { status, error }) => {
            complain(format_args!("error: {error:#}"));
            status
        }
    }
}

fn dispatch(command: &Command) -> Result<ExitStatus, Failure> {
    match command {
        Command::Client(args) => client(args),
        Command::Serve(args) => {
            let words: Vec<_> = std::env::args_os().skip(1).collect();
            crate::server::serve(args, &words)?;
            Ok(ExitStatus::Success)
        }
        // `main` does not come here, as its words are not for clap.
        Command::Fio(args) => {
            let error = anyhow::anyhow!("the words {:?} are for fio_form::run", args.words);
            Err(Failure::setup(error))
        }
        Command::Run(args) => run::run(args),
        Command::Explain(args) => explain::explain(args),
        Command::Probe(args) => probe::command(args),
        Command::Options(args) => help::options(args),
        Command::Engines(args) => help::engines(args),
        Command::Cmdhelp(args) => help::as_in_fio(help::command_help(args.name.as_deref())),
        Command::Enghelp(args) => help::as_in_fio(help::engine_help(args.name.as_deref())),
        Command::Generate(what) => generate::generate(what),
        Command::Decode(args) => decode::decode(args),
        Command::InflateLog(args) => inflate_logs(args),
        Command::Bridge(args) => crate::bridge::bridge(args),
    }
}

/// Networking and signals need one thread; jobs have their own.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    Ok(runtime.context("cannot set up the runtime")?)
}

/// The line that says which job failed and why; `of_host` names the host, if there is one.
fn job_failure(of_host: &str, job: &fio_engine::report::JobReport) -> String {
    format!(
        "error: {of_host}job {} failed: {} (errno {})",
        job.name, job.error_message, job.error
    )
}

impl From<crate::cli::RandomRule> for fio_engine::workload::RandomRule {
    fn from(rule: crate::cli::RandomRule) -> Self {
        match rule {
            crate::cli::RandomRule::Newest => Self::Newest,
            crate::cli::RandomRule::UpTo334 => Self::Before335,
        }
    }
}

//! `client`: jobs on servers, or on one embedded in this process.

use anyhow::{Context as _, anyhow};
use fio_engine::job::{JobSource, ParseOptions, parse_jobs, parse_words};

use super::client_output::ClientOutput;
use super::run::parse_options;
use super::runtime;
use crate::cli::{ClientArgs, JobArgs, TimeoutArgs};
use crate::client::{Fleet, Limits, Target};
use crate::exit::{ExitStatus, Failure};
use crate::interrupt::Interrupts;
use crate::job_text::{JobText, environment, prepare};
use crate::options::all_hosts;
use crate::output::{Results, complain};
use crate::server::{EmbeddedServer, Log, ServerOptions};

/// Runs the jobs and prints what they measured.
pub(crate) fn client(args: &ClientArgs) -> Result<ExitStatus, Failure> {
    let addresses = all_hosts(&args.host, args.hosts.as_deref()).map_err(Failure::setup)?;
    let embedded = addresses.is_empty();
    if !embedded && args.random_rule.is_some() {
        let error = anyhow!(
            "--random-rule works without --host only: the protocol has no word for it; give it to \
             the servers (serve --random-rule)"
        );
        return Err(Failure::setup(error));
    }
    let jobs = jobs_to_send(&args.jobs, embedded)?;
    let results = Results::open(&args.output).map_err(Failure::setup)?;
    let runtime = runtime()?;
    let (server, targets) = if embedded {
        let (server, socket) = embedded_server(args).map_err(Failure::setup)?;
        (Some(server), vec![Target::Connected(socket)])
    } else {
        let targets = addresses.into_iter().map(Target::Address).collect();
        (None, targets)
    };
    let status = runtime.block_on(async {
        let mut interrupts = Interrupts::new().context("cannot watch for signals")?;
        let fleet = Fleet::start(targets, jobs, limits(&args.timeouts));
        let output = ClientOutput::new(results, &fleet, embedded);
        output.follow(fleet, &mut interrupts).await
    });
    // A resolver that hangs must not keep the process.
    runtime.shutdown_background();
    drop(server);
    status
}

/// Reads the jobs and tells the user what is remarkable about them.
fn jobs_to_send(args: &JobArgs, embedded: bool) -> Result<Vec<JobText>, Failure> {
    let JobArgs {
        files,
        section,
        words,
    } = args;
    let jobs = prepare(files, words, section, &environment).map_err(Failure::setup)?;
    for notice in jobs.iter().flat_map(|job| &job.notices) {
        complain(format_args!("warning: {notice}"));
    }
    if embedded {
        check(args, &jobs).map_err(Failure::setup)?;
    }
    Ok(jobs)
}

/// Checks jobs for the embedded server before it is started, because here the places of mistakes
/// are known best. Other servers may know other options, so they judge for themselves.
fn check(args: &JobArgs, jobs: &[JobText]) -> Result<(), fio_engine::job::JobFileError> {
    let options = parse_options(&args.section);
    let from_stdin = args.files.iter().any(|file| file.as_os_str() == "-");
    let sources: Vec<_> = if from_stdin {
        jobs.iter()
            .map(|job| JobSource::text(job.name.clone(), &job.text))
            .collect()
    } else {
        args.files.iter().map(JobSource::file).collect()
    };
    if !sources.is_empty() {
        parse_jobs(&sources, &options)?;
    }
    if !args.words.is_empty() {
        parse_words(&args.words, &ParseOptions::default())?;
    }
    Ok(())
}

fn embedded_server(
    args: &ClientArgs,
) -> Result<(EmbeddedServer, std::os::unix::net::UnixStream), crate::server::ServerError> {
    let mut options = ServerOptions {
        // What goes wrong reaches the client as text.
        log: Log::none(),
        ..ServerOptions::default()
    };
    if let Some(rule) = args.random_rule {
        options.random_rule = rule.into();
    }
    EmbeddedServer::start(options)
}

fn limits(args: &TimeoutArgs) -> Limits {
    Limits {
        connect: args.connect_timeout,
        reply: args.reply_timeout,
        stop: args.stop_timeout,
    }
}

//! `client`: jobs on servers, or on one embedded in this process.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use fio_engine::job::{JobSource, ParseOptions, parse_jobs, parse_words};
use fio_proto::ServerVersion;

use super::assignments::{assignments, notices, warn};
use super::client_output::ClientOutput;
use super::run::{bandwidth_log, parse_options};
use super::runtime;
use crate::cli::{ClientArgs, JobArgs, TimeoutArgs};
use crate::client::{Assignment, Fleet, FleetOptions, Limits, Target, Work};
use crate::exit::{ExitStatus, Failure};
use crate::interrupt::Interrupts;
use crate::job_text::{JobText, environment, prepare};
use crate::output::{BANDWIDTH_INTERVAL, Results};
use crate::server::{EmbeddedServer, Log, ServerOptions};

/// How often running servers are asked how far they are.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Runs the jobs and prints what they measured.
pub(crate) fn client(args: &ClientArgs) -> Result<ExitStatus, Failure> {
    let embedded = args.host.is_empty() && args.hosts.is_none();
    check_combination(args, embedded).map_err(Failure::setup)?;
    let (server, assignments) = if embedded {
        let (server, assignment) = embedded_assignment(args)?;
        (Some(server), vec![assignment])
    } else {
        (None, assignments(args)?)
    };
    let results = Results::open(&args.output).map_err(Failure::setup)?;
    let bandwidth = bandwidth_log(&args.output).map_err(Failure::setup)?;
    let runtime = runtime()?;
    allow_many_connections(assignments.len());
    let status = runtime.block_on(async {
        let mut interrupts = Interrupts::new().context("cannot watch for signals")?;
        let options = fleet_options(args, results.shows_status());
        let notices = notices(&assignments);
        let fleet = Fleet::start(assignments, options);
        let output = ClientOutput::new(results, &fleet, embedded)
            .logging(bandwidth)
            .reporting(args.output.status_interval)
            .noting(notices)
            .telling_steps(args.output.tells_steps);
        output.follow(fleet, &mut interrupts).await
    });
    // A resolver that hangs must not keep the process.
    runtime.shutdown_background();
    drop(server);
    status
}

/// The texts that the servers would be sent, those of all of them.
pub(crate) fn texts(args: &ClientArgs) -> Result<Vec<JobText>, Failure> {
    super::assignments::texts(args)
}

fn check_combination(args: &ClientArgs, embedded: bool) -> anyhow::Result<()> {
    if !embedded && args.random_rule.is_some() {
        return Err(anyhow!(
            "--random-rule works without --host only: the protocol has no word for it; give it to \
             the servers (serve --random-rule)"
        ));
    }
    if embedded && !args.remote_config.is_empty() {
        return Err(anyhow!(
            "--remote-config names a file on a server; name the server with --host"
        ));
    }
    if !args.log_dir.is_dir() {
        return Err(anyhow!(
            "--log-dir {}: there is no such folder",
            args.log_dir.display()
        ));
    }
    Ok(())
}

fn fleet_options(args: &ClientArgs, shows_status: bool) -> FleetOptions {
    let status = shows_status.then(|| args.output.eta_interval.unwrap_or(ASK_EVERY));
    let bandwidth = args.output.bandwidth_log.then_some(BANDWIDTH_INTERVAL);
    FleetOptions {
        limits: limits(&args.timeouts),
        version: args.proto,
        status_interval: args.output.status_interval,
        ask_every: status.into_iter().chain(bandwidth).min(),
        logs: args.log_dir.clone(),
        state_files: args.verify_state.clone(),
    }
}

/// Starts the embedded server and reads what it is to run.
fn embedded_assignment(args: &ClientArgs) -> Result<(EmbeddedServer, Assignment), Failure> {
    let JobArgs {
        files,
        section,
        words,
    } = &args.jobs;
    let jobs = prepare(files, words, section, &environment).map_err(Failure::setup)?;
    warn(&jobs);
    check(&args.jobs, &jobs).map_err(Failure::setup)?;
    let (server, socket) = embedded_server(args).map_err(Failure::setup)?;
    let version = args.proto.unwrap_or(ServerVersion::NEWEST);
    let assignment = Assignment {
        target: Target::Connected(socket, version),
        work: jobs.into_iter().map(Work::Text).collect(),
    };
    Ok((server, assignment))
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
    // Words without a name are those of the files' jobs.
    if jobs.len() > sources.len() {
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
    // The jobs are the user's own.
    if let Some(rule) = args.random_rule {
        options.random_rule = rule.into();
    }
    EmbeddedServer::start(options)
}

fn limits(args: &TimeoutArgs) -> Limits {
    Limits {
        connect: args.connect_timeout,
        reply: args.reply_timeout,
        status: args.status_timeout,
        message: args.message_timeout,
        stop: args.stop_timeout,
        max_message: usize::try_from(u64::from(args.max_message) << 20).unwrap_or(usize::MAX),
    }
}

/// Every server takes a descriptor, and the usual limit is 1024. Where the hard limit is too low as
/// well, the connections that do not fit fail and are named.
fn allow_many_connections(servers: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    /// For the standard streams, the runtime, results and logs.
    const OTHERS: u64 = 64;
    let wanted = (servers as u64).saturating_mul(2).saturating_add(OTHERS);
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(limit.maximum.map_or(wanted, |maximum| maximum.min(wanted)));
        // Trying to connect tells better what this leads to.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

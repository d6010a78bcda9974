//! The command `serve`: a server in the foreground or, with `--daemonize`, in the background.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::daemon;
use super::error::ServerError;
use super::log::Log;
use super::options::{ListenAddress, ServerOptions};
use super::pid_file::PidFile;
use super::service::{Ending, Server};
use crate::address::Address;
use crate::cli::ServeArgs;
use crate::interrupt::survive_file_size_limit;

/// Serves until SIGINT, SIGTERM or an EXIT that counts; a second signal ends it at once.
///
/// With `--daemonize` it returns as soon as the server listens in the background, where the program is
/// started again with `words`, which say what `args` say.
///
/// # Errors
/// If the server cannot start; what peers do wrong is no error here.
pub fn serve(args: &ServeArgs, words: &[OsString]) -> anyhow::Result<()> {
    match &args.daemonize {
        Some(pid_file) if args.in_background => serve_in_background(args, pid_file),
        Some(_) => {
            daemon::start_in_background(words)?;
            Ok(())
        }
        None => {
            let server = bind(args, Log::stderr())?;
            run(server, args.as_fio)
        }
    }
}

/// Where the system logger listens.
const SYSLOG_SOCKET: &str = "/dev/log";

fn serve_in_background(args: &ServeArgs, pid_file: &Path) -> anyhow::Result<()> {
    let start = || -> anyhow::Result<_> {
        daemon::leave_session()?;
        let log = Log::syslog(Path::new(SYSLOG_SOCKET)).context("cannot log to syslog")?;
        let server = bind(args, log)?;
        Ok((PidFile::create(pid_file)?, server))
    };
    let (pid_file, server) = start().inspect_err(|error| {
        daemon::report_failure(&format_args!("{error:#}"));
    })?;
    daemon::report_ready();
    let result = run(server, false);
    drop(pid_file);
    result
}

/// Says in fio's words where the server listens.
fn announce(server: &Server) {
    let mut stdout = io::stdout().lock();
    for address in server.local_addresses() {
        let address = match address {
            ListenAddress::Tcp(tcp) => format!("{},{}", tcp.ip(), tcp.port()),
            ListenAddress::Unix(path) => path.display().to_string(),
        };
        // Whoever closed it does not want to know.
        let _ = writeln!(stdout, "fio: server listening on {address}");
    }
    let _ = stdout.flush();
}

fn bind(args: &ServeArgs, log: Log) -> anyhow::Result<BoundServer> {
    raise_file_limit();
    let options = options_of(args, log.clone())?;
    let server = Server::bind(options)?;
    Ok(BoundServer { server, log })
}

struct BoundServer {
    server: Server,
    log: Log,
}

fn run(bound: BoundServer, as_fio: bool) -> anyhow::Result<()> {
    let BoundServer { server, log } = bound;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ServerError::Runtime)?;
    let ending = runtime.block_on(async {
        let mut signals = Signals::new().map_err(ServerError::Runtime)?;
        survive_file_size_limit().map_err(ServerError::Runtime)?;
        for address in server.local_addresses() {
            log.info(&format!("listening on {address}"));
        }
        if as_fio {
            announce(&server);
        }
        let (told, told_once) = tokio::sync::oneshot::channel();
        let watch = async {
            let name = signals.next().await;
            log.info(&format!("{name}: stopping jobs and ending"));
            let _ = told.send(());
            signals.next().await
        };
        tokio::select! {
            ending = server.run(async { drop(told_once.await) }) => ending,
            name = watch => {
                log.warning(&format!("second {name}: ending at once"));
                Ok(Ending::Shutdown)
            }
        }
    })?;
    if ending == Ending::ExitCommand {
        log.info("ended by EXIT");
    }
    // Job threads that do not end, such as those stuck in a dead device, end with the process.
    runtime.shutdown_background();
    Ok(())
}

/// The signals that end a server.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for either; returns its name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// Checks the flags and looks host names up.
fn options_of(args: &ServeArgs, log: Log) -> anyhow::Result<ServerOptions> {
    let mut options = ServerOptions {
        listen: listen_addresses(&args.listen)?,
        allow_exit: args.allow_exit,
        allowed_paths: args.allow_path.clone(),
        job_folders: args.job_dir.clone(),
        log,
        random_rule: args.random_rule.into(),
        ..ServerOptions::default()
    };
    let limits = &mut options.limits;
    limits.clients = args.max_clients as usize;
    limits.jobs_per_run = args.max_jobs as usize;
    limits.jobs_in_total = limits.jobs_in_total.max(limits.jobs_per_run);
    limits.real_time_io = !args.no_real_time_io;
    limits.idle_time = Some(args.idle_timeout);
    Ok(options)
}

/// Looks host names up.
pub(crate) fn listen_addresses(addresses: &[Address]) -> anyhow::Result<Vec<ListenAddress>> {
    let mut resolved = Vec::new();
    for address in addresses {
        match address {
            Address::Unix(path) => resolved.push(ListenAddress::Unix(path.clone())),
            Address::Tcp(tcp) => {
                let found = tcp
                    .resolve()
                    .with_context(|| format!("cannot resolve {address} to listen on"))?;
                resolved.extend(found.into_iter().map(ListenAddress::Tcp));
            }
        }
    }
    // A name such as localhost may be listed twice under one address.
    let mut unique = Vec::with_capacity(resolved.len());
    for address in resolved {
        if !unique.contains(&address) {
            unique.push(address);
        }
    }
    Ok(unique)
}

/// Lets the process open as many files as the system allows: connections and the files of many
/// jobs easily pass the usual 1024. Without it the server works, with fewer of both.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

//! What the user typed: the command line as clap reads it.
//!
//! The doc comments here are the help texts, the man page and the completions. Nothing is opened
//! or looked up here; [`options`](crate::options) and the commands turn these into checked values.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "help texts show brackets as the user types them"
)]

mod output;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use fio_proto::ServerVersion;

use crate::address::Address;
use crate::word_order::WordOrder;

pub use output::{OutputArgs, OutputFormat, When};

/// Measure storage: fio's jobs, run here or on servers over fio's protocol
#[derive(Debug, Parser)]
#[command(name = "fio-server-cli", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 success; 1 a job failed; 2 usage, job file or set-up \
error; 3 a server could not be reached or broke the protocol; 130 interrupted.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Accept jobs from clients and run them here
    Serve(ServeArgs),
    /// Run jobs on one or many servers and print what they measured
    ///
    /// Without --host the jobs run on a server inside this process, over a private loopback socket.
    Client(Box<ClientArgs>),
    /// Run jobs in this process, without a network
    Run(RunArgs),
    /// Say what jobs would do, without doing it
    ///
    /// Names the files and what becomes of them, counts the I/Os by drawing the jobs' own sequences,
    /// tells how long the jobs take at most, which defaults count and which options do nothing beside
    /// the others. Files are looked at, and nothing is changed.
    Explain(ExplainArgs),
    /// Ask servers who they are
    Probe(ProbeArgs),
    /// Explain a captured byte stream message by message
    Decode(DecodeArgs),
    /// Print compressed log files (log_store_compressed) as the text they stand for
    ///
    /// Files of fio and of this program, one behind the other. What is there of a broken one is printed
    /// before the error.
    InflateLog(InflateLogArgs),
    /// Let clients of one version talk to a server of another
    ///
    /// Each client is served in its own version, whichever that is; the server's is found out. Messages
    /// are translated; what a version cannot carry is left out, and the client is told so, once for
    /// each thing. A client and a server of the same version hear each other unchanged.
    Bridge(BridgeArgs),
    /// Do as fio does: its command line, its output, its exit codes
    ///
    /// Replaces the word `fio` in scripts. Called under the name fio, the program has this command line
    /// without the word.
    #[command(disable_help_flag = true, disable_version_flag = true)]
    Fio(FioArgs),
    /// Say which job options there are, and what one of them takes
    ///
    /// The list has all options of fio, the refused ones with the reason.
    Options(OptionsArgs),
    /// Say which I/O engines there are, and which options one of them has
    Engines(EnginesArgs),
    /// List options, or describe one, in the layout of fio --cmdhelp
    Cmdhelp(OptionsArgs),
    /// List I/O engines, the options of one, or one of those, in the layout of fio --enghelp
    Enghelp(EnginesArgs),
    /// Print shell completions or the manual page
    #[command(subcommand)]
    Generate(Generate),
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen: host, host:port, host,port, [v6]:port, sock:/path, or ,port for every
    /// interface; may be repeated
    ///
    /// Whoever can connect can read and write the files this process can, so listen on other than
    /// loopback addresses only in a network you trust.
    #[arg(long, short, value_name = "ADDR", default_value = "127.0.0.1:8765",
          value_parser = Address::parse_listen)]
    pub listen: Vec<Address>,

    /// Go into the background, write the process id to PIDFILE and log to syslog
    #[arg(long, value_name = "PIDFILE")]
    pub daemonize: Option<PathBuf>,

    /// Most clients served at once; further ones are told so and closed
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_clients: u32,

    /// Most jobs of one client, clones included
    #[arg(long, value_name = "N", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_jobs: u32,

    /// Close a connection that has neither a job nor sent a whole message for this long
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_duration)]
    pub idle_timeout: Duration,

    /// Let jobs use files below this folder only; may be repeated
    ///
    /// The place of each file is looked up, links included, before the job begins.
    #[arg(long, value_name = "DIR")]
    pub allow_path: Vec<PathBuf>,

    /// Refuse jobs that use the real-time class of I/O, which goes before all other I/O of this machine
    #[arg(long)]
    pub no_real_time_io: bool,
    /// Let clients run job files of this machine, by name, if they are below this folder; may be
    /// repeated
    ///
    /// For fio's --remote-config. Without this flag no file can be named.
    #[arg(long, value_name = "DIR")]
    pub job_dir: Vec<PathBuf>,

    /// Let clients of fio 1.99 on other machines end this server with an EXIT message
    ///
    /// Those on this machine always can, as with fio. EXIT of a later release ends its connection.
    #[arg(long)]
    pub allow_exit: bool,

    /// Which release's random sequences jobs draw
    #[arg(long, value_name = "RELEASE", value_enum, default_value_t = RandomRule::Newest)]
    pub random_rule: RandomRule,

    /// The process that --daemonize starts has this flag.
    #[arg(long, hide = true, requires = "daemonize")]
    pub in_background: bool,

    /// Say where it listens on the standard output, as fio does.
    #[arg(skip)]
    pub as_fio: bool,
}

/// Words of `fio`.
#[derive(Debug, Args)]
pub struct FioArgs {
    /// Flags, job options and job files, as fio takes them; --help lists the flags
    #[arg(
        value_name = "ARGS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<std::ffi::OsString>,
}

/// Flags of `client`.
#[derive(Debug, Args)]
pub struct ClientArgs {
    /// The order of servers and job files. Stands first because whoever reads the values of a flag
    /// takes their places with them.
    #[command(flatten)]
    pub order: WordOrder,

    /// A server: host, host:port, host,port, ip:host,port, ip6:host,port, [v6]:port or sock:/path;
    /// may be repeated
    ///
    /// Servers may be fio of any release 3 and 1.99, mixed as they come. With job files behind several
    /// of them (--host A a.fio --host B --host C bc.fio) each server runs those that follow it up to the
    /// next one, and those in front of the first run everywhere.
    #[arg(long, short = 'H', alias = "client", value_name = "ADDR")]
    pub host: Vec<Address>,

    /// A file with one server per line; empty lines and lines starting with # do not count
    #[arg(long, value_name = "FILE")]
    pub hosts: Option<PathBuf>,

    /// A job file on the servers, which they load themselves; may be repeated
    #[arg(long, value_name = "PATH", group = "other_jobs")]
    pub remote_config: Vec<PathBuf>,

    /// Speak only this version of fio's protocol (1, 65 to 121) instead of finding out what each
    /// server speaks
    #[arg(long, value_name = "N", value_parser = parse_protocol)]
    pub proto: Option<ServerVersion>,

    /// Write the logs that jobs ask for (write_bw_log and so on) to this folder
    ///
    /// A log is named as on its server, without folders, and with the host behind it:
    /// NAME_bw.1.log.HOST.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub log_dir: PathBuf,

    /// A file of the state of a verification that servers may ask for (verify_state_load); may be
    /// repeated
    #[arg(long, value_name = "FILE")]
    pub verify_state: Vec<PathBuf>,

    /// What to run.
    #[command(flatten)]
    pub jobs: JobArgs,

    /// What to print.
    #[command(flatten)]
    pub output: OutputArgs,

    /// How long to wait.
    #[command(flatten)]
    pub timeouts: TimeoutArgs,

    /// Which release's random sequences jobs draw; only without --host, as the protocol has no
    /// word for it
    #[arg(long, value_name = "RELEASE", value_enum)]
    pub random_rule: Option<RandomRule>,
}

/// Flags of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to run.
    #[command(flatten)]
    pub jobs: JobArgs,

    /// What to print.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Measure how idle the CPUs are: all together, or each one as well; calibrate only times the units
    /// of work this is measured with, and runs nothing
    ///
    /// A thread on each CPU counts what it gets done while nobody else wants the CPU.
    #[arg(long, value_name = "WHAT", value_enum, group = "other_jobs",
          num_args = 0..=1, require_equals = true, default_missing_value = "system")]
    pub idle_prof: Option<IdleProfile>,

    /// From when latencies of jobs with a rate are counted
    ///
    /// From the submission of an I/O, as fio counts them, one that stalls is one slow I/O, however many
    /// were due meanwhile and came late. From the intended start, when its rate would have had the I/O
    /// start, each of these is as slow as for a user who comes at that time.
    #[arg(long, value_name = "START", value_enum, default_value_t = LatencyFrom::Submission)]
    pub latency_from: LatencyFrom,

    /// Which release's random sequences jobs draw
    #[arg(long, value_name = "RELEASE", value_enum, default_value_t = RandomRule::Newest)]
    pub random_rule: RandomRule,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// What to explain.
    #[command(flatten)]
    pub jobs: JobArgs,

    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,

    /// Which release's random sequences jobs draw
    #[arg(long, value_name = "RELEASE", value_enum, default_value_t = RandomRule::Newest)]
    pub random_rule: RandomRule,
}

/// Arguments of `inflate-log`.
#[derive(Debug, Args)]
pub struct InflateLogArgs {
    /// Log files: NAME_bw.1.log.fz
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// The release whose layout the entries have; auto takes the one that makes sense
    #[arg(long, value_name = "RELEASE", value_enum, default_value_t = LogLayout::Auto)]
    pub layout: LogLayout,
}

/// The layout of entries in compressed log files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLayout {
    /// Told by what makes sense.
    Auto,
    /// Of fio up to 3.36.
    #[value(name = "3.36")]
    UpTo336,
    /// Of fio 3.37 and later.
    Newest,
}

/// Arguments of `options` and `cmdhelp`.
#[derive(Debug, Args)]
pub struct OptionsArgs {
    /// An option; without it, or for `all`, all are listed
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// Arguments of `engines` and `enghelp`.
#[derive(Debug, Args)]
pub struct EnginesArgs {
    /// An engine, and one of its options after a comma; without it the engines are listed
    #[arg(value_name = "ENGINE[,OPTION]")]
    pub name: Option<String>,
}

/// Which jobs to run: shared by `client`, `run` and `explain`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("other_jobs").multiple(true))]
pub struct JobArgs {
    /// Job files; - is the standard input
    #[arg(value_name = "JOBFILE", required_unless_present = "other_jobs")]
    pub files: Vec<PathBuf>,

    /// Run only this section of the job files, besides [global]; may be repeated
    #[arg(long, value_name = "NAME")]
    pub section: Vec<String>,

    /// Jobs in fio's command-line form after --, as in: -- --name=a --rw=read --size=1g
    #[arg(last = true, value_name = "JOB OPTIONS", group = "other_jobs")]
    pub words: Vec<String>,
}

/// How long the client waits: flags of `client` and `probe`.
#[derive(Debug, Args)]
pub struct TimeoutArgs {
    /// Give up when a connection is not there after this long
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_duration)]
    pub connect_timeout: Duration,

    /// Give up when a server does not answer a question for this long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub reply_timeout: Duration,

    /// Give up when a running server that was asked how far it is has not answered for this long
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = parse_duration)]
    pub status_timeout: Duration,

    /// Give up when a message that has begun does not go on, beside the time its length grants
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub message_timeout: Duration,

    /// Most MiB of one message of a server, such as a log
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_message: u32,

    /// Give up when a stopped server has not reported after this long
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub stop_timeout: Duration,
}

/// Flags of `probe`.
#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// Servers, in the forms that client --host takes
    #[arg(value_name = "ADDR", required = true)]
    pub hosts: Vec<Address>,

    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,

    /// Speak only this version of fio's protocol (1, 65 to 121)
    #[arg(long, value_name = "N", value_parser = parse_protocol)]
    pub proto: Option<ServerVersion>,

    /// Give up when a server has not answered after this long
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_duration)]
    pub timeout: Duration,
}

/// Flags of `decode`.
#[derive(Debug, Args)]
pub struct DecodeArgs {
    /// A capture of packets (pcap or pcapng), or the bytes one peer sent, from the first one on; - is
    /// the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Who sent the bytes; auto finds out from the messages. A capture of packets tells by itself
    #[arg(long, value_name = "DIRECTION", value_enum, default_value_t = StreamDirection::Auto)]
    pub direction: StreamDirection,

    /// Print one JSON document instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Flags of `bridge`.
#[derive(Debug, Args)]
pub struct BridgeArgs {
    /// Where to listen, in the forms that serve --listen takes; may be repeated
    ///
    /// Whoever can connect can have the server run jobs, so listen on other than loopback addresses
    /// only in a network you trust.
    #[arg(long, short, value_name = "ADDR", default_value = "127.0.0.1:8765",
          value_parser = Address::parse_listen)]
    pub listen: Vec<Address>,

    /// The server, in the forms that client --host takes
    #[arg(long, value_name = "ADDR")]
    pub to: Address,

    /// Speak this protocol version with the server instead of finding out which it has
    #[arg(long, value_name = "N", value_parser = parse_protocol)]
    pub proto: Option<ServerVersion>,

    /// Keep what passes in files of this folder, four for each connection, which decode reads
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,

    /// Most clients served at once; further ones find their connection closed
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_clients: u32,

    /// Give up a server that has not answered a first question after this long
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_duration)]
    pub timeout: Duration,
}

/// What `generate` prints.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,

        /// The name the program is called by
        #[arg(long, value_enum, default_value_t = ProgramName::FioServerCli)]
        program: ProgramName,
    },
    /// The manual page, in troff
    Man {
        /// The name the program is called by
        #[arg(long, value_enum, default_value_t = ProgramName::FioServerCli)]
        program: ProgramName,
    },
}

/// A name the program can be called by; it decides on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgramName {
    /// All commands
    FioServerCli,
    /// The command line of fio
    Fio,
}

/// What is measured of the idleness of CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IdleProfile {
    /// All CPUs together
    System,
    /// Each CPU as well
    Percpu,
    /// What a unit of work takes, without a run
    Calibrate,
}

/// From when latencies are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LatencyFrom {
    /// When an I/O was made and submitted
    Submission,
    /// When the rate of its job would have had it start
    Intended,
}

/// Which fio release's random sequences are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RandomRule {
    /// As fio 3.35 and later
    Newest,
    /// As fio up to 3.34
    #[value(name = "3.34")]
    UpTo334,
}

/// Which peer sent a captured stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StreamDirection {
    /// Find out from the messages
    Auto,
    /// The client
    ClientToServer,
    /// The server
    ServerToClient,
}

/// Reads the number of a protocol version that is spoken here.
///
/// # Errors
/// A sentence for the user when it is none.
pub fn parse_protocol(text: &str) -> Result<ServerVersion, String> {
    let version = text.parse().ok().map(ServerVersion::new);
    version
        .filter(|version| version.is_supported())
        .ok_or_else(|| {
            let numbers: Vec<_> = ServerVersion::supported()
                .map(|version| version.to_string())
                .collect();
            format!(
                "not a version spoken here; those are {}",
                numbers.join(", ")
            )
        })
}

/// Reads a time such as `10`, `10s`, `500ms`, `2m` or `1h`; a bare number is seconds.
///
/// # Errors
/// A sentence for the user when the text is no time, or a time of zero.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("`{unit}` is not a unit of time; use ms, s, m or h")),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(milliseconds))
        .filter(|total| (1..=u64::from(u32::MAX) * 1000).contains(total))
        .map(Duration::from_millis)
        .ok_or_else(|| "a time is a number above 0 and a unit, as in 10s".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, milliseconds) in [
            ("10", 10_000),
            ("10s", 10_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "s",
            "0",
            "-1",
            "1d",
            "1.5s",
            "99999999999999999999",
            "10 s",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fios_spelling_of_the_host_flag_is_taken() {
        let cli = Cli::try_parse_from(["x", "client", "--client=a,1", "--host", "b:2", "job.fio"]);
        let Ok(Cli {
            command: Command::Client(args),
        }) = cli
        else {
            panic!("{cli:?}")
        };
        let hosts: Vec<_> = args.host.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["a,1", "b,2"]);
    }

    #[test]
    fn only_versions_that_exist_are_taken() {
        assert_eq!(parse_protocol("97"), Ok(ServerVersion::new(97)));
        for text in ["", "0", "64", "98", "122", "x"] {
            assert!(parse_protocol(text).is_err(), "{text}");
        }
    }

    #[test]
    fn job_options_come_after_two_dashes_only() {
        let cli = Cli::try_parse_from(["x", "run", "--eta=never", "--", "--name=a", "--rw=read"]);
        let Ok(Cli {
            command: Command::Run(args),
        }) = cli
        else {
            panic!("{cli:?}")
        };
        assert_eq!(args.jobs.words, ["--name=a", "--rw=read"]);
        assert!(Cli::try_parse_from(["x", "run", "--name=a"]).is_err());
        assert!(Cli::try_parse_from(["x", "run"]).is_err());
    }
}

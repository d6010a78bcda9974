//! One client and many servers: what a session costs in CPU time and memory, from one server to a
//! thousand.
//!
//! ```text
//! cargo run --release -p fio-benches --bin fleet -- [--seconds N] [--servers N,N,...]
//! ```
//!
//! The servers are one process that plays a run of fio's newest version on every connection: it
//! understands the job, answers every question how far it is, and when the time is over sends the
//! statistics of one job, 184 KB on the wire, half of them histograms with counts in every bucket. The
//! client is a process of its own that uses the library as the program does, with status every second
//! and all results kept. CPU time and peak memory are the kernel's account of that process alone.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fio_proto::fragment::Joiner;
use fio_proto::frame::Tag;
use fio_proto::layout::{GroupRunStats, Histogram, IoStat, JobsEta, ThreadStat};
use fio_proto::message::{
    ClientMessage, Eta, Message as _, ProbeReply, ServerMessage, Start, Stop, ThreadReport,
};
use fio_proto::{Revision, ServerVersion};
use fio_server_cli::client::{Assignment, Fleet, FleetOptions, HostEvent, Target, Work};
use fio_server_cli::job_text::JobText;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = allow_many_connections().and_then(|()| match words[..] {
        ["serve", seconds] => serve(seconds.parse()?),
        ["drive", address, servers] => drive(address, servers.parse()?),
        _ => measure(&words),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A thousand connections take more descriptors than processes usually have.
fn allow_many_connections() -> Result<(), Failure> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// Starts the servers, then one client after the other, and prints a line for each.
fn measure(words: &[&str]) -> Result<(), Failure> {
    let (mut seconds, mut counts) = (10, vec![1, 10, 100, 1000]);
    for pair in words.chunks(2) {
        match pair {
            ["--seconds", value] => seconds = value.parse()?,
            ["--servers", list] => {
                counts = list.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            _ => return Err("use --seconds N and --servers N,N,...".into()),
        }
    }
    let program = std::env::current_exe()?;
    let mut servers = Servers(
        Command::new(&program)
            .args(["serve", &seconds.to_string()])
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let mut address = String::new();
    let output = servers.0.stdout.take().ok_or("piped")?;
    BufReader::new(output).read_line(&mut address)?;
    println!("servers  results  time s  client CPU s  cores  peak MiB  start skew ms");
    for count in counts {
        let status = Command::new(&program)
            .args(["drive", address.trim(), &usize::to_string(&count)])
            .status()?;
        if !status.success() {
            return Err(format!("the client of {count} servers failed").into());
        }
    }
    Ok(())
}

/// Ended with the measurement.
struct Servers(Child);

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Serves every connection until the process is ended.
fn serve(seconds: u64) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let end: Arc<[u8]> = end_of_run().into();
        loop {
            let (stream, _) = listener.accept().await?;
            let run = Duration::from_secs(seconds);
            tokio::spawn(play(stream, end.clone(), run));
        }
    })
}

/// The newest version has one layout.
const NEWEST: Revision = Revision::new(ServerVersion::NEWEST, 0);

fn encoded(tag: Tag, message: &ServerMessage, out: &mut Vec<u8>) {
    message
        .append_to(NEWEST, tag, out)
        .expect("the newest version has every message");
}

/// The statistics of one job and what follows them.
fn end_of_run() -> Vec<u8> {
    let mut thread = ThreadStat::default();
    thread.name = "job".into();
    (thread.members, thread.completion_percentiles) = (1, 1);
    for direction in 0..2 {
        thread.total_ios[direction] = 1_000_000;
        thread.io_bytes[direction] = 4096 * 1_000_000;
        thread.runtime_ms[direction] = 10_000;
        let latency = IoStat {
            max: 1 << 30,
            min: 100,
            samples: 1_000_000,
            mean: 50_000.0,
            squares: 1e12,
        };
        thread.completion_latency[direction] = latency;
        thread.total_latency[direction] = latency;
        let counts = Histogram::from_counts((0..1856).map(|bucket| bucket % 1000));
        thread.completion_histogram[direction] = counts.clone();
        thread.total_histogram[direction] = counts;
    }
    let report = ThreadReport::new(thread, GroupRunStats::default());
    let mut bytes = Vec::new();
    for message in [
        ServerMessage::ThreadReport(Box::new(report)),
        ServerMessage::GroupStats(GroupRunStats::default()),
        ServerMessage::Stop(Stop::new(0, 0)),
        ServerMessage::Quit,
    ] {
        encoded(Tag(0), &message, &mut bytes);
    }
    bytes
}

/// Plays one session. A client that leaves ends it.
async fn play(mut stream: TcpStream, end: Arc<[u8]>, run: Duration) -> Result<(), Failure> {
    let mut joiner = Joiner::new(Some(ServerVersion::NEWEST), 1 << 20);
    let mut buffer = vec![0; 4096];
    let mut ends_at = None;
    loop {
        let over = async {
            match ends_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let read = tokio::select! {
            read = stream.read(&mut buffer) => read?,
            () = over => {
                stream.write_all(&end).await?;
                ends_at = None;
                continue;
            }
        };
        if read == 0 {
            return Ok(());
        }
        let (mut input, mut answers) = (&buffer[..read], Vec::new());
        while !input.is_empty() {
            let step = joiner.push(input)?;
            input = &input[step.consumed..];
            let Some(raw) = step.message else { continue };
            match ClientMessage::decode(NEWEST, raw.opcode, raw.payload)? {
                ClientMessage::Probe(_) => {
                    let mut reply = ProbeReply::new("bench");
                    reply.release = NEWEST.release().into();
                    encoded(raw.tag, &ServerMessage::Probe(reply), &mut answers);
                }
                ClientMessage::Job(_) => {
                    let start = ServerMessage::Start(Start::new(1, 1));
                    encoded(raw.tag, &start, &mut answers);
                }
                ClientMessage::Run => {
                    encoded(Tag(0), &ServerMessage::ServerStart, &mut answers);
                    ends_at = Some(tokio::time::Instant::now() + run);
                }
                ClientMessage::SendEta => {
                    let eta = ServerMessage::Eta(running());
                    encoded(raw.tag, &eta, &mut answers);
                }
                _ => {}
            }
        }
        stream.write_all(&answers).await?;
    }
}

fn running() -> Eta {
    let mut status = JobsEta::default();
    (status.running, status.threads, status.eta_sec) = (1, 1, 5);
    status.rate = [4_096_000, 0, 0];
    status.iops = [1000, 0, 0];
    Eta::new(status, "r")
}

/// Runs a job on that many servers and prints what that cost.
fn drive(address: &str, servers: usize) -> Result<(), Failure> {
    let job = JobText {
        name: "job.fio".to_owned(),
        text: b"[job]\nrw=randread\n".to_vec(),
        notices: Vec::new(),
    };
    let work: Arc<[Work]> = [Work::Text(job)].into();
    let mut assignments = Vec::with_capacity(servers);
    for _ in 0..servers {
        let target = Target::Address(address.parse()?);
        let work = work.clone();
        assignments.push(Assignment { target, work });
    }
    let began = Instant::now();
    let (results, failed, skew) = runtime()?.block_on(follow(assignments));
    let time = began.elapsed().as_secs_f64();
    if let Some(error) = failed {
        return Err(format!("{error:#}").into());
    }
    let cpu = cpu_seconds()?;
    println!(
        "{servers:>7}  {results:>7}  {time:>6.2}  {cpu:>12.3}  {:>5.3}  {:>8.1}  {:>13.2}",
        cpu / time,
        peak_mebibytes()?,
        skew.as_secs_f64() * 1000.0
    );
    Ok(())
}

/// Follows a fleet as the program does, with a status line ten times a second.
async fn follow(assignments: Vec<Assignment>) -> (usize, Option<String>, Duration) {
    let mut fleet = Fleet::start(assignments, FleetOptions::default());
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let (mut failed, mut shown) = (None, 0);
    loop {
        tokio::select! {
            biased;
            event = fleet.next() => match event {
                Some((_, HostEvent::Ended(Err(error)))) => failed = Some(error.to_string()),
                Some(_) => {}
                None => break,
            },
            _ = tick.tick() => shown += fleet.status().map_or(0, |status| status.to_string().len()),
        }
    }
    std::hint::black_box(shown);
    let skew = fleet.skew().map_or(Duration::ZERO, |(told, _)| told);
    let report = fleet.into_report();
    std::hint::black_box(report.all_clients());
    (report.jobs().count(), failed, skew)
}

/// CPU time of this process, user and system.
fn cpu_seconds() -> Result<f64, Failure> {
    let ticks: u64 = std::fs::read_to_string("/proc/self/stat")?
        .rsplit(") ")
        .next()
        .ok_or("no fields")?
        .split(' ')
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<_, _>>()?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn peak_mebibytes() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.ok_or("no VmHWM")?.trim().trim_end_matches(" kB");
    Ok(kibibytes.parse::<f64>()? / 1024.0)
}

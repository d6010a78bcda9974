//! What the `client` command prints while its servers work, and what it makes of their ends.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fio_engine::report::{DiskReport, HostJob, normal};

use super::job_failure;
use crate::client::{ClientError, Fleet, HostEvent, HostResult, Probe};
use crate::exit::{ExitStatus, Failure};
use crate::interrupt::Interrupts;
use crate::output::{
    BANDWIDTH_INTERVAL, BandwidthLog, BandwidthLogError, LinePrefixer, Results, SinkError,
    composed, debug_line,
};

/// What `--debug=net` calls an event that is a step of the conversation.
const fn step_of(event: &HostEvent) -> Option<&'static str> {
    Some(match event {
        HostEvent::Probe(_) => "connected and probed",
        HostEvent::Ready => "jobs understood by",
        HostEvent::Told(_) => "told to run:",
        HostEvent::Started(_) => "first job started on",
        HostEvent::Job(_) => "results from",
        HostEvent::Log(_) => "log from",
        HostEvent::JobsFailed { .. } => "jobs failed on",
        HostEvent::Ended(_) => "removed",
        _ => return None,
    })
}

/// Prints the events of a fleet.
pub(super) struct ClientOutput {
    results: Results,
    hosts: Vec<HostOutput>,
    /// The server is embedded: the user need not know that there is one.
    embedded: bool,
    /// The results could not be written. The servers are stopped properly all the same.
    failed: Option<SinkError>,
    /// How far apart the servers started was told.
    skew_told: bool,
    /// The log of their bandwidth, and the time of the last rows.
    bandwidth: Option<(BandwidthLog, Duration)>,
    /// What is remarkable about the jobs, for the results.
    notices: Vec<String>,
    /// Why it ended early.
    bandwidth_failure: Option<BandwidthLogError>,
    /// Each step of a conversation is told of.
    tells_steps: bool,
}

/// What is not printed yet of one host.
struct HostOutput {
    lines: LinePrefixer,
    /// An empty line that may turn out to introduce the results.
    blank: String,
    /// Results of the jobs so far, printed in one piece at the end so that hosts do not mix.
    block: String,
    /// Disks told of so far.
    disks: Vec<DiskReport>,
}

/// How often the status line may change.
const TICK: Duration = Duration::from_millis(100);

impl ClientOutput {
    pub(super) fn new(results: Results, fleet: &Fleet, embedded: bool) -> Self {
        let output = |host: &HostResult| HostOutput {
            lines: if embedded {
                LinePrefixer::plain()
            } else {
                LinePrefixer::new(&host.label)
            },
            blank: String::new(),
            block: String::new(),
            disks: Vec::new(),
        };
        let hosts = fleet.hosts().iter().map(output).collect();
        Self {
            results,
            hosts,
            embedded,
            failed: None,
            skew_told: false,
            bandwidth: None,
            notices: Vec::new(),
            bandwidth_failure: None,
            tells_steps: false,
        }
    }

    /// Tells of each step of the conversations, if that is asked for.
    pub(super) fn telling_steps(self, tells_steps: bool) -> Self {
        Self {
            tells_steps,
            ..self
        }
    }

    /// Tells this with the results.
    pub(super) fn noting(self, notices: Vec<String>) -> Self {
        Self { notices, ..self }
    }

    /// Writes the bandwidth of all servers to this log, if there is one.
    pub(super) fn logging(mut self, bandwidth: Option<BandwidthLog>) -> Self {
        self.bandwidth = bandwidth.map(|log| (log, Duration::ZERO));
        self
    }

    /// Prints until all sessions are over; returns how the command ends.
    pub(super) async fn follow(
        mut self,
        mut fleet: Fleet,
        interrupts: &mut Interrupts,
    ) -> Result<ExitStatus, Failure> {
        for host in 0..self.hosts.len() {
            self.step(&fleet, host, "connect to host");
        }
        let mut interrupted = false;
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                biased;
                event = fleet.next() => match event {
                    Some((host, event)) => self.handle(&fleet, host, event),
                    None => break,
                },
                signal = interrupts.next() => {
                    self.interrupt(&fleet, interrupted, signal);
                    interrupted = true;
                }
                _ = tick.tick() => {
                    self.results.status(|| status_line(&fleet));
                    self.log_bandwidth(&fleet);
                }
            }
            if self.results.is_broken() || self.failed.is_some() {
                fleet.stop();
            }
        }
        self.finish(fleet, interrupted)
    }

    /// Writes what the servers told last, once for each interval.
    fn log_bandwidth(&mut self, fleet: &Fleet) {
        let (Some((log, last)), Some(status)) = (&mut self.bandwidth, fleet.status()) else {
            return;
        };
        if status.elapsed < *last + BANDWIDTH_INTERVAL {
            return;
        }
        *last = status.elapsed;
        if let Err(error) = log.record(status.elapsed, &status.rates) {
            self.bandwidth_failure = Some(error);
            self.bandwidth = None;
        }
    }

    /// Completes the bandwidth log; returns whether it is whole.
    fn finish_bandwidth(&mut self) -> bool {
        let failure = match self.bandwidth.take() {
            Some((log, _)) => log.finish().err(),
            None => self.bandwidth_failure.take(),
        };
        if let Some(error) = &failure {
            self.results
                .complain(format_args!("error: {error}: {}", error.source));
        }
        failure.is_none()
    }

    fn interrupt(&mut self, fleet: &Fleet, again: bool, signal: i32) {
        if again {
            fleet.abandon();
        } else {
            if let Err(error) = self.results.interrupted(signal) {
                self.failed.get_or_insert(error);
            }
            fleet.stop();
        }
    }

    /// Tells of a step in fio's layout.
    fn step(&mut self, fleet: &Fleet, host: usize, what: &str) {
        if !self.tells_steps {
            return;
        }
        let label = &fleet.hosts()[host].label;
        let line = debug_line(
            "net",
            std::process::id(),
            &format!("client: {what} {label}"),
        );
        if let Err(error) = self.results.note(&format!("{line}\n")) {
            self.failed.get_or_insert(error);
        }
    }

    fn handle(&mut self, fleet: &Fleet, host: usize, event: HostEvent) {
        if let Some(what) = step_of(&event) {
            self.step(fleet, host, what);
        }
        let printed = match event {
            HostEvent::Probe(probe) if !self.embedded => self.probe(host, &probe),
            HostEvent::Text(text) => self.text(host, text),
            HostEvent::Anew => self.interim(host),
            HostEvent::Job(job) => {
                self.add_job(host, &job);
                Ok(())
            }
            HostEvent::Group(group) => {
                let group = composed(|out| normal::write_group(out, &group));
                self.hosts[host].block.push_str(&group);
                Ok(())
            }
            HostEvent::Disk(disk) => {
                self.hosts[host].disks.push(*disk);
                Ok(())
            }
            HostEvent::Started(_) => {
                self.tell_skew(fleet);
                Ok(())
            }
            HostEvent::Ended(end) => self.end(fleet, host, end),
            event => {
                self.trouble(fleet, host, &event);
                Ok(())
            }
        };
        if let Err(error) = printed {
            self.failed.get_or_insert(error);
        }
    }

    /// Tells who a server is. As fio has it, its lines begin with the name it has for itself from then on.
    fn probe(&mut self, host: usize, probe: &Probe) -> Result<(), SinkError> {
        let line = probe_line(probe);
        if !self.results.is_as_fio() {
            return self.text(host, line);
        }
        self.hosts[host].lines = LinePrefixer::new(&probe.host_name);
        self.results.text(&line)
    }

    /// Tells how far apart the servers started, once all that go on have.
    fn tell_skew(&mut self, fleet: &Fleet) {
        let started = |host: &HostResult| host.began.is_some() || host.end.is_some();
        if self.skew_told || !fleet.hosts().iter().all(started) {
            return;
        }
        self.skew_told = true;
        if self.results.is_as_fio() {
            return;
        }
        if let Some((told, began)) = fleet.skew() {
            let servers = fleet.hosts().iter().filter(|host| host.began.is_some());
            self.results.complain(format_args!(
                "{} servers were told to run within {:.1} ms; their first jobs began within {:.1} ms",
                servers.count(),
                told.as_secs_f64() * 1000.0,
                began.as_secs_f64() * 1000.0
            ));
        }
    }

    /// What went wrong without ending the session.
    fn trouble(&mut self, fleet: &Fleet, host: usize, event: &HostEvent) {
        let label = &fleet.hosts()[host].label;
        match event {
            HostEvent::LogLost(lost) => {
                let lost = anyhow::Error::new(lost.clone());
                self.results.complain(format_args!("error: {lost:#}"));
            }
            HostEvent::FileRefused(name) => self.results.complain(format_args!(
                "{label}: the server asked for {name} and was told that there is no such file; \
                 name it with --verify-state"
            )),
            HostEvent::JobsFailed { status, signal } => {
                let signal = match signal {
                    0 => String::new(),
                    signal => format!(", signal {signal}"),
                };
                self.results.complain(format_args!(
                    "error: {label}: the jobs ended with exit status {status}{signal}"
                ));
            }
            _ => {}
        }
    }

    fn text(&mut self, host: usize, text: impl AsRef<[u8]>) -> Result<(), SinkError> {
        let output = &mut self.hosts[host];
        let empty_line = output.lines.is_at_line_start() && text.as_ref() == b"\n";
        let lines = output.lines.push(text.as_ref());
        if empty_line && output.blank.is_empty() {
            output.blank = lines;
            return Ok(());
        }
        if !output.block.is_empty() {
            // Results have begun: the statistics of disks come as text among them.
            output.block.push_str(&std::mem::take(&mut output.blank));
            output.block.push_str(&lines);
            return Ok(());
        }
        let lines = std::mem::take(&mut output.blank) + &lines;
        self.results.text(&lines)
    }

    /// Prints what a server measured up to now; it tells all of it again later.
    fn interim(&mut self, host: usize) -> Result<(), SinkError> {
        let output = &mut self.hosts[host];
        let mut block = std::mem::take(&mut output.block);
        block.push_str(&self.results.disk_block(&std::mem::take(&mut output.disks)));
        self.results.block(&block)
    }

    fn add_job(&mut self, host: usize, job: &HostJob) {
        let several = self.hosts.len() > 1;
        let output = &mut self.hosts[host];
        if output.block.is_empty() {
            // Blocks of several hosts follow each other, so each says whose it is.
            let blank = std::mem::take(&mut output.blank);
            let heading = if blank.is_empty() && several {
                output.lines.push(b"\n")
            } else {
                blank
            };
            output.block = if heading.is_empty() {
                "\n".to_owned()
            } else {
                heading
            };
        }
        let block = self.results.job_block(job, SystemTime::now());
        output.block.push_str(&block);
    }

    fn end(
        &mut self,
        fleet: &Fleet,
        host: usize,
        end: Result<(), Arc<ClientError>>,
    ) -> Result<(), SinkError> {
        let output = &mut self.hosts[host];
        let rest = output.lines.finish();
        let disks = std::mem::take(&mut output.disks);
        output.block.push_str(&self.results.disk_block(&disks));
        let block = std::mem::take(&mut output.block);
        let printed = if block.is_empty() {
            self.results.text(&rest)
        } else {
            self.results.block(&(block + &rest))
        };
        if let Err(error) = end {
            self.results
                .complain(format_args!("error: {:#}", anyhow::Error::new(error)));
        }
        let host = &fleet.hosts()[host];
        let of_host = if self.embedded {
            String::new()
        } else {
            format!("{}: ", host.label)
        };
        let failed = host.jobs.iter().map(|job| &job.report);
        for job in failed.filter(|job| job.failed) {
            self.results.complain(job_failure(&of_host, job));
        }
        printed
    }

    fn finish(mut self, fleet: Fleet, interrupted: bool) -> Result<ExitStatus, Failure> {
        let logs = match self.finish_bandwidth() {
            true => ExitStatus::Success,
            false => ExitStatus::JobFailed,
        };
        // A job file that a server does not take is no failure for fio's client.
        let forgiven = |host: &&HostResult| self.results.follows_fio() && host.has_refused();
        let worst = fleet
            .hosts()
            .iter()
            .filter(|host| !forgiven(host))
            .map(HostResult::exit_status)
            .max()
            .unwrap_or_default();
        let mut report = fleet.into_report();
        report.notices = std::mem::take(&mut self.notices);
        let sunk = match self.failed {
            Some(error) => Err(error),
            None => self.results.finish_client(&report, !self.embedded),
        };
        let sunk = sunk.map_err(Failure::setup)?;
        Ok(match (interrupted, sunk.read_to_the_end) {
            (true, _) => ExitStatus::Interrupted,
            (false, true) => worst.max(logs),
            (false, false) => ExitStatus::Success,
        })
    }
}

/// Who a server is, in fio's words.
fn probe_line(probe: &Probe) -> String {
    let Probe {
        host_name,
        release,
        machine,
        ..
    } = probe;
    let big_endian = u8::from(probe.big_endian);
    match machine {
        None => format!("hostname={host_name}, be={big_endian}, fio={release}\n"),
        Some(machine) => format!(
            "hostname={host_name}, be={big_endian}, {}-bit, os={}, arch={}, fio={release}, flags={}\n",
            machine.bits,
            machine.operating_system_name(),
            machine.architecture_name(),
            u8::from(machine.zlib)
        ),
    }
}

fn status_line(fleet: &Fleet) -> String {
    if let Some(status) = fleet.status() {
        return status.to_string();
    }
    let over = fleet
        .hosts()
        .iter()
        .filter(|host| host.end.is_some())
        .count();
    let probed = fleet
        .hosts()
        .iter()
        .filter(|host| host.probe.is_some())
        .count();
    format!(
        "{} servers: {probed} answered, {over} done",
        fleet.hosts().len()
    )
}

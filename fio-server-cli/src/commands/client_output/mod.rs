//! What the `client` command prints while its servers work, and what it makes of their ends.

mod host;
mod turns;

use std::sync::Arc;
use std::time::{Duration, Instant};

use fio_proto::ServerVersion;

use super::job_failure;
use crate::client::{ClientError, Fleet, HostEvent, HostResult, Probe};
use crate::exit::{ExitStatus, Failure};
use crate::interrupt::Interrupts;
use crate::output::{
    BANDWIDTH_INTERVAL, BandwidthLog, BandwidthLogError, Results, SinkError, debug_line,
};
use host::HostOutput;
use turns::Turns;

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
    /// How often servers are to tell what they have measured, and which have.
    meanwhile: Option<(Duration, Turns)>,
    /// A server has told how far it is since the last status line.
    news: bool,
}

/// How often the status line may change.
const TICK: Duration = Duration::from_millis(100);

impl ClientOutput {
    pub(super) fn new(results: Results, fleet: &Fleet, embedded: bool) -> Self {
        let named = !embedded && results.prefixes_lines();
        let output =
            |host: &HostResult| HostOutput::new(named.then_some(&*host.label), results.is_as_fio());
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
            meanwhile: None,
            news: false,
        }
    }

    /// Tells of each step of the conversations, if that is asked for.
    pub(super) fn telling_steps(self, tells_steps: bool) -> Self {
        Self {
            tells_steps,
            ..self
        }
    }

    /// Prints what the servers tell at this interval, if there is one.
    pub(super) fn reporting(self, interval: Option<Duration>) -> Self {
        let turns = |interval| (interval, Turns::of(self.hosts.len()));
        let meanwhile = interval.map(turns);
        Self { meanwhile, ..self }
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
                    self.show_status(&fleet);
                    self.log_bandwidth(&fleet);
                }
            }
            if self.results.is_broken() || self.failed.is_some() {
                fleet.stop();
            }
        }
        self.finish(fleet, interrupted)
    }

    /// Shows how far the servers are. fio shows each answer it gets once, and nothing before the first.
    fn show_status(&mut self, fleet: &Fleet) {
        if !self.results.is_as_fio() {
            return self.results.status(|| status_line(fleet));
        }
        if let Some(status) = fleet.status().filter(|_| self.news) {
            let news = &mut self.news;
            self.results.status(|| {
                *news = false;
                status.as_fio().to_string()
            });
        }
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
            // fio's client says nothing.
            if !self.results.is_as_fio()
                && let Err(error) = self.results.interrupted(signal)
            {
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
        let output = &mut self.hosts[host];
        let printed = match event {
            HostEvent::Probe(probe) if !self.embedded => self.probe(fleet, host, &probe),
            HostEvent::Status(_) => {
                self.news = true;
                Ok(())
            }
            HostEvent::Text(text) => self.text(host, &text),
            HostEvent::Moment => self.moment(fleet, host),
            HostEvent::Anew => {
                self.results.keep_earlier(&output.take_jobs());
                self.flush(host)
            }
            HostEvent::Job(job) => {
                let several = self.hosts.len() > 1;
                self.hosts[host].add_job(&self.results, job, several);
                Ok(())
            }
            HostEvent::Group(group) => {
                output.add_block(&self.results.group_block(&group));
                Ok(())
            }
            HostEvent::Disk(disk) => {
                output.add_disk(*disk);
                Ok(())
            }
            HostEvent::Started(_) => {
                self.tell_skew(fleet);
                Ok(())
            }
            HostEvent::Ended(end) => self.end(fleet, host, end),
            event => self.trouble(fleet, host, &event),
        };
        if let Err(error) = printed {
            self.failed.get_or_insert(error);
        }
    }

    /// Tells who a server is. As fio has it, its lines begin with the name it has for itself from then on.
    fn probe(&mut self, fleet: &Fleet, host: usize, probe: &Probe) -> Result<(), SinkError> {
        if self.meanwhile.is_some() && !tells_meanwhile(probe) {
            self.results.complain(format_args!(
                "warning: {}: {} tells what it measured at its end only (--status-interval)",
                fleet.hosts()[host].label,
                probe.release
            ));
        }
        let line = probe_line(probe);
        if !self.results.is_as_fio() {
            return self.text(host, line.as_bytes());
        }
        if self.results.prefixes_lines() {
            self.hosts[host].name(&probe.host_name);
        }
        self.results.text(&line)
    }

    /// A server has told what it measured up to now.
    fn moment(&mut self, fleet: &Fleet, host: usize) -> Result<(), SinkError> {
        self.flush(host)?;
        let due = match &mut self.meanwhile {
            Some((_, turns)) => turns.take(host, is_waited_for(fleet)),
            None => false,
        };
        self.report_meanwhile(fleet, due)
    }

    /// Prints what all servers have measured up to now, if that is due. fio has it at the end only.
    fn report_meanwhile(&mut self, fleet: &Fleet, due: bool) -> Result<(), SinkError> {
        if !due || self.results.is_as_fio() {
            return Ok(());
        }
        let mut report = fleet.interim_report();
        report.notices.clone_from(&self.notices);
        self.results.interim_client(&report, !self.embedded)
    }

    /// Prints what a server told of its results.
    fn flush(&mut self, host: usize) -> Result<(), SinkError> {
        let block = self.hosts[host].take_block(&self.results);
        self.results.host_block(&block)
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
    fn trouble(&mut self, fleet: &Fleet, host: usize, event: &HostEvent) -> Result<(), SinkError> {
        let HostResult { label, host, .. } = &fleet.hosts()[host];
        match event {
            HostEvent::LogLost(lost) => {
                let lost = anyhow::Error::new(lost.clone());
                self.results.complain(format_args!("error: {lost:#}"));
            }
            HostEvent::FileRefused(name) => self.results.complain(format_args!(
                "{label}: the server asked for {name} and was told that there is no such file; \
                 name it with --verify-state"
            )),
            HostEvent::JobsFailed { status, signal: 0 } => {
                let as_fio = format!("client <{}>: exited with error {status}\n", host.name);
                let line = format!("error: {label}: the jobs ended with exit status {status}");
                return self.results.jobs_failed(&as_fio, &line);
            }
            HostEvent::JobsFailed { status, signal } => self.results.complain(format_args!(
                "error: {label}: the jobs ended with exit status {status}, signal {signal}"
            )),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, host: usize, text: &[u8]) -> Result<(), SinkError> {
        let lines = self.hosts[host].text(text);
        self.results.text(&lines)
    }

    fn end(
        &mut self,
        fleet: &Fleet,
        host: usize,
        end: Result<(), Arc<ClientError>>,
    ) -> Result<(), SinkError> {
        let rest = self.hosts[host].finish_lines();
        let printed = self.flush(host).and_then(|()| self.results.text(&rest));
        let result = &fleet.hosts()[host];
        let disconnected = match end {
            Ok(()) => Ok(()),
            Err(error) => self.failed_session(result, error),
        };
        let of_host = if self.embedded {
            String::new()
        } else {
            format!("{}: ", result.label)
        };
        let told = self.results.is_as_fio() && self.results.is_for_people();
        let failed = result.jobs.iter().map(|job| &job.report);
        for job in failed.filter(|job| job.has_failed() && !told) {
            self.results.complain(job_failure(&of_host, job));
        }
        self.remark_silence(result, host);
        let due = match &mut self.meanwhile {
            Some((_, turns)) => turns.end(is_waited_for(fleet)),
            None => false,
        };
        let reported = self.report_meanwhile(fleet, due);
        printed.and(disconnected).and(reported)
    }

    fn failed_session(
        &mut self,
        host: &HostResult,
        error: Arc<ClientError>,
    ) -> Result<(), SinkError> {
        let lost = matches!(
            *error,
            ClientError::Closed { .. } | ClientError::Lost { .. }
        );
        let printed = if lost && self.results.is_as_fio() {
            let name = &host.host.name;
            self.results
                .text(&format!("client: host={name} disconnected\n"))
        } else {
            Ok(())
        };
        self.results
            .complain(format_args!("error: {:#}", anyhow::Error::new(error)));
        printed
    }

    /// Tells of a server that had the time to tell what it measured meanwhile and did not.
    fn remark_silence(&mut self, result: &HostResult, host: usize) {
        let Some((interval, turns)) = &self.meanwhile else {
            return;
        };
        let knows = result.probe.as_ref().is_some_and(tells_meanwhile);
        let enough = interval.saturating_mul(2) + Duration::from_secs(1);
        let ran = |began: Instant| began.elapsed() > enough;
        if knows && result.began.is_some_and(ran) && !turns.has_told(host) {
            self.results.complain(format_args!(
                "warning: {}: the server told what it measured at its end only; perhaps its release knows \
                 no --status-interval",
                result.label
            ));
        }
    }

    fn finish(mut self, fleet: Fleet, interrupted: bool) -> Result<ExitStatus, Failure> {
        let logs = match self.finish_bandwidth() {
            true => ExitStatus::Success,
            false => ExitStatus::JobFailed,
        };
        // A job file that a server does not take is no failure for fio's client.
        let as_fio = self.results.is_as_fio();
        let forgiven = |host: &&HostResult| as_fio && host.has_refused();
        let worst = fleet
            .hosts()
            .iter()
            .filter(|host| !forgiven(host))
            .map(HostResult::exit_status)
            .max()
            .unwrap_or_default();
        // fio's client ends before it prints anything.
        let unheard = as_fio && fleet.hosts().iter().all(|host| host.probe.is_none());
        let mut report = fleet.into_report();
        report.notices = std::mem::take(&mut self.notices);
        let sunk = match self.failed {
            Some(error) => Err(error),
            None if unheard => self.results.finish(),
            None => self.results.finish_client(&report, !self.embedded),
        };
        let sunk = sunk.map_err(Failure::setup)?;
        Ok(match (interrupted, sunk.read_to_the_end) {
            // For fio's client a run that its user ended is as good as any.
            (true, _) if !as_fio => ExitStatus::Interrupted,
            (_, true) => worst.max(logs),
            (_, false) => ExitStatus::Success,
        })
    }
}

/// Whether a server can tell what it measured before its end.
fn tells_meanwhile(probe: &Probe) -> bool {
    probe.protocol > ServerVersion::V1.number()
}

/// Whether a server, by its index, is at work and may tell what it measured.
fn is_waited_for(fleet: &Fleet) -> impl Fn(usize) -> bool {
    |index| {
        let host = &fleet.hosts()[index];
        host.end.is_none() && host.probe.as_ref().is_none_or(tells_meanwhile)
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

//! Following a run in this process: what it tells, what it has measured so far, and the user who has had enough.

use std::time::{Duration, Instant};

use fio_engine::run::{Level, RateMeter, Run, RunEvent};
use tokio::sync::mpsc;

use crate::cli::RunArgs;
use crate::exit::{ExitStatus, Failure};
use crate::interrupt::Interrupts;
use crate::output::{
    BANDWIDTH_INTERVAL, BandwidthLog, BandwidthLogError, LinePrefixer, Results, debug_line,
};

/// How often the state of the run is looked at.
const TICK: Duration = Duration::from_millis(100);

/// A run that is followed to its end.
pub(super) struct Pursuit<'a> {
    run: &'a Run,
    results: &'a mut Results,
    interim: Option<Interim>,
    bandwidth: Option<(BandwidthLog, RateMeter)>,
    bandwidth_failure: Option<BandwidthLogError>,
    interrupted: bool,
}

/// When results are written before the end.
struct Interim {
    every: Duration,
    due: Instant,
}

impl<'a> Pursuit<'a> {
    pub(super) fn new(
        run: &'a Run,
        args: &RunArgs,
        bandwidth: Option<BandwidthLog>,
        results: &'a mut Results,
    ) -> Self {
        let interim = |every| Interim {
            every,
            due: Instant::now() + every,
        };
        Self {
            run,
            results,
            interim: args.output.status_interval.map(interim),
            bandwidth: bandwidth.map(|log| (log, run.status_handle().rate_meter())),
            bandwidth_failure: None,
            interrupted: false,
        }
    }

    /// Prints what the run tells until it is over; returns whether the user interrupted it.
    pub(super) async fn follow(
        &mut self,
        mut events: mpsc::Receiver<RunEvent>,
        interrupts: &mut Interrupts,
    ) -> Result<bool, Failure> {
        let mut lines = LinePrefixer::plain();
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                // What is told in detail may come without a pause.
                biased;
                signal = interrupts.next() => self.interrupt(signal)?,
                _ = tick.tick() => {
                    self.look()?;
                    if self.run.is_finished() && events.is_empty() {
                        break;
                    }
                }
                event = events.recv() => match event {
                    Some(RunEvent::Text { level, text }) => {
                        let text = lines.push(text.as_bytes());
                        self.text(level, &text)?;
                    }
                    Some(RunEvent::Accepted) => self.version()?,
                    Some(RunEvent::Finished) | None => break,
                    Some(RunEvent::Debug { topic, thread, text }) => {
                        let line = debug_line(topic.name(), thread, &text);
                        self.results.note(&format!("{line}\n")).map_err(Failure::setup)?;
                    }
                    Some(_) => {}
                },
            }
        }
        self.results.text(&lines.finish()).map_err(Failure::setup)?;
        Ok(self.interrupted)
    }

    /// Between the jobs and how many there are, fio tells its version.
    fn version(&mut self) -> Result<(), Failure> {
        let version = self.results.version();
        self.text(Level::Info, &format!("{version}\n"))
    }

    fn text(&mut self, level: Level, text: &str) -> Result<(), Failure> {
        let printed = self.results.text_of(level, text);
        printed.map_err(Failure::setup)
    }

    fn interrupt(&mut self, signal: i32) -> Result<(), Failure> {
        if self.interrupted {
            let status = ExitStatus::Interrupted;
            let error = anyhow::anyhow!("interrupted twice; nothing is reported");
            return Err(Failure { status, error });
        }
        self.interrupted = true;
        self.run.stop();
        let told = self.results.interrupted(signal);
        told.map_err(Failure::setup)?;
        Ok(())
    }

    /// Does what is due.
    fn look(&mut self) -> Result<(), Failure> {
        let (run, as_fio) = (self.run, self.results.is_as_fio());
        self.results.status(|| match as_fio {
            true => run.status().as_fio().to_string(),
            false => run.status().to_string(),
        });
        self.log_bandwidth(BANDWIDTH_INTERVAL);
        self.report_interim()?;
        if self.results.is_broken() {
            self.run.stop();
        }
        Ok(())
    }

    /// Writes the rows of the time since the last ones, if it was as long as that.
    fn log_bandwidth(&mut self, shortest: Duration) {
        let Some((log, meter)) = &mut self.bandwidth else {
            return;
        };
        let Some((elapsed, rates)) = meter.measure(shortest) else {
            return;
        };
        if let Err(error) = log.record(elapsed, &rates) {
            self.bandwidth_failure = Some(error);
            self.bandwidth = None;
        }
    }

    /// Jobs need some milliseconds to answer, in which signals wait.
    fn report_interim(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        let Some(interim) = self.interim.as_mut().filter(|interim| interim.due <= now) else {
            return Ok(());
        };
        // From when it was due, so that they do not drift; those that were missed are not made up for.
        while interim.due <= now {
            interim.due += interim.every;
        }
        let Some(report) = self.run.interim_report() else {
            return Ok(());
        };
        let printed = self.results.interim_local(&report);
        printed.map_err(Failure::setup)
    }

    /// Completes the bandwidth log.
    pub(super) fn finish(mut self) -> Result<(), BandwidthLogError> {
        self.log_bandwidth(Duration::from_millis(1));
        match (self.bandwidth_failure, self.bandwidth) {
            (Some(failure), _) => Err(failure),
            (None, Some((log, _))) => log.finish(),
            (None, None) => Ok(()),
        }
    }
}

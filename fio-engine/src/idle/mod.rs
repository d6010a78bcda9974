//! How idle the CPUs are while jobs run: fio's `--idle-prof`.
//!
//! A thread on each CPU does small units of work, at a priority at which it runs only while nobody else
//! wants the CPU. How long a unit takes is measured before the run. So the units done tell how much of
//! the CPU was left, which is what the jobs, the kernel and everybody else did not use (manual, "CPU
//! idleness profiling"). A unit is touching each byte of a page.

mod balloon;
mod calibration;

use std::io;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Instant;

use rustix::thread::{CpuSet, sched_getaffinity};

use balloon::Balloon;
use calibration::Calibration;

pub use calibration::UnitWork;

/// What is told of the idleness of CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleDetail {
    /// Of all together.
    System,
    /// Of each one as well.
    PerCpu,
}

/// The idleness of the CPUs during a run.
#[derive(Debug, Clone, PartialEq)]
pub struct CpuIdleness {
    /// Mean over the CPUs, percent.
    pub system: f64,
    /// Numbers of the CPUs and their idleness, percent; empty unless asked for.
    pub per_cpu: Vec<(usize, f64)>,
    /// What it was measured with.
    pub unit: UnitWork,
}

/// Why the idleness of CPUs cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot measure how idle CPU {cpu} is: {reason}")]
pub struct IdleError {
    /// Number of the CPU.
    pub cpu: usize,
    /// What the system said.
    pub reason: String,
}

impl IdleError {
    fn on(cpu: usize) -> impl Fn(io::Error) -> Self {
        move |error| Self {
            cpu,
            reason: error.to_string(),
        }
    }
}

/// Measures the idleness of the CPUs this process may use.
///
/// Its threads end soon after it is dropped, when they next get the CPU.
#[derive(Debug)]
pub struct IdleMonitor {
    detail: IdleDetail,
    unit: UnitWork,
    balloons: Vec<Arc<Balloon>>,
}

/// How idle the CPUs have been since this was made.
#[derive(Debug)]
pub(crate) struct IdleSpan {
    monitor: Arc<IdleMonitor>,
    began: Instant,
    /// Units each CPU had done by then.
    before: Vec<u64>,
}

impl IdleMonitor {
    /// Measures what a unit of work takes on every CPU, then begins to do such units on all of them.
    ///
    /// Takes some milliseconds, and should be done while nothing else runs.
    ///
    /// # Errors
    /// When a thread cannot be started, moved to a CPU or given its priority.
    pub fn start(detail: IdleDetail) -> Result<Self, IdleError> {
        let calibrations = calibrations()?;
        let balloons = calibrations
            .iter()
            .map(|(cpu, unit)| Balloon::start(*cpu, unit.fastest).map_err(IdleError::on(*cpu)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            detail,
            unit: unit_of(&calibrations),
            balloons,
        })
    }

    /// Measures only what a unit of work takes: `--idle-prof=calibrate`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn calibrate() -> Result<UnitWork, IdleError> {
        Ok(unit_of(&calibrations()?))
    }

    /// Begins to count.
    pub(crate) fn span(self: &Arc<Self>) -> IdleSpan {
        IdleSpan {
            monitor: Arc::clone(self),
            began: Instant::now(),
            before: self.balloons.iter().map(|balloon| balloon.done()).collect(),
        }
    }
}

impl Drop for IdleMonitor {
    fn drop(&mut self) {
        self.balloons.iter().for_each(|balloon| balloon.stop());
    }
}

impl IdleSpan {
    /// The idleness up to now.
    pub(crate) fn report(&self) -> CpuIdleness {
        let monitor = &self.monitor;
        let elapsed = self.began.elapsed();
        let of_each: Vec<_> = monitor
            .balloons
            .iter()
            .zip(&self.before)
            .map(|(balloon, before)| (balloon.cpu(), balloon.idleness(*before, elapsed)))
            .collect();
        let sum: f64 = of_each.iter().map(|(_, idle)| idle).sum();
        CpuIdleness {
            system: sum / of_each.len().max(1) as f64,
            per_cpu: match monitor.detail {
                IdleDetail::System => Vec::new(),
                IdleDetail::PerCpu => of_each,
            },
            unit: monitor.unit,
        }
    }
}

/// What a unit takes on each CPU.
fn calibrations() -> Result<Vec<(usize, Calibration)>, IdleError> {
    let measured = |cpu| {
        let unit = on_thread(move || calibration::measure_on(cpu));
        Ok((cpu, unit.map_err(IdleError::on(cpu))?))
    };
    usable_cpus()?.into_iter().map(measured).collect()
}

fn unit_of(calibrations: &[(usize, Calibration)]) -> UnitWork {
    let means: Vec<_> = calibrations.iter().map(|(_, unit)| unit.mean).collect();
    UnitWork::over(&means)
}

/// The numbers of the CPUs this process may use.
fn usable_cpus() -> Result<Vec<usize>, IdleError> {
    let set = sched_getaffinity(None).map_err(|errno| IdleError {
        cpu: 0,
        reason: format!("the system does not tell which CPUs may be used: {errno}"),
    })?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|cpu| set.is_set(*cpu))
        .collect())
}

/// The result of work that moves its thread to a CPU, which the caller's must not be.
fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let thread = Builder::new().name("fio-idle".to_owned()).spawn(work)?;
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_usable_cpu_has_a_share_of_the_time() {
        let monitor = Arc::new(IdleMonitor::start(IdleDetail::PerCpu).expect("CPUs"));
        let span = monitor.span();
        std::thread::sleep(Duration::from_millis(50));
        let report = span.report();
        let cpus: Vec<_> = report.per_cpu.iter().map(|(cpu, _)| *cpu).collect();
        assert_eq!(cpus, usable_cpus().expect("known"));
        for (cpu, idle) in &report.per_cpu {
            assert!((0.0..=100.0).contains(idle), "CPU {cpu}: {idle}");
        }
        let mean = report.per_cpu.iter().map(|(_, idle)| idle).sum::<f64>() / cpus.len() as f64;
        assert!((mean - report.system).abs() < 1e-9, "{report:?}");
        assert!(report.unit.mean > 0.0);
    }

    #[test]
    fn single_cpus_are_told_of_on_request_only() {
        let monitor = Arc::new(IdleMonitor::start(IdleDetail::System).expect("CPUs"));
        assert_eq!(monitor.span().report().per_cpu, []);
    }

    /// Nothing else may run meanwhile on a CPU that is idle; on a busy machine some of it does.
    #[test]
    fn units_are_done_on_a_cpu_that_is_free_at_times() {
        let monitor = Arc::new(IdleMonitor::start(IdleDetail::System).expect("CPUs"));
        let span = monitor.span();
        let given_up = Instant::now() + Duration::from_secs(60);
        while span.report().system <= 0.0 {
            assert!(Instant::now() < given_up, "no CPU did anything");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

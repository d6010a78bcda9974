//! What a unit of work takes when nothing stands in its way.

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_setaffinity};

/// Bytes of the page that a unit touches.
const PAGE: usize = 4096;

/// Units that are timed on each CPU.
const TIMED: usize = 100;

/// What a unit of work takes, over all CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct UnitWork {
    /// Mean, µs.
    pub mean: f64,
    /// Standard deviation of the means of the CPUs, µs.
    pub deviation: f64,
}

impl UnitWork {
    /// Of CPUs with these means, µs.
    pub(super) fn over(means: &[f64]) -> Self {
        let count = means.len().max(1) as f64;
        let mean = means.iter().sum::<f64>() / count;
        let squares: f64 = means.iter().map(|each| (each - mean).powi(2)).sum();
        let deviation = match means.len() {
            0 | 1 => 0.0,
            more => (squares / (more - 1) as f64).sqrt(),
        };
        Self { mean, deviation }
    }
}

/// What a unit takes on one CPU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calibration {
    /// Mean, µs.
    pub(super) mean: f64,
    /// The least, which is what it takes when nothing interrupts it.
    pub(super) fastest: Duration,
}

/// A page that units are done on.
pub(super) struct Page(Box<[u8; PAGE]>);

impl Page {
    pub(super) fn new() -> Self {
        Self(Box::new([0; PAGE]))
    }

    /// One unit: touches each byte by itself.
    pub(super) fn touch(&mut self) {
        for byte in self.0.iter_mut() {
            *black_box(&mut *byte) = byte.wrapping_add(1);
        }
    }
}

/// Moves the calling thread to this CPU for good.
pub(super) fn move_to(cpu: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).map_err(io::Error::from)
}

/// Times units on this CPU, where the calling thread stays.
pub(super) fn measure_on(cpu: usize) -> io::Result<Calibration> {
    move_to(cpu)?;
    let mut page = Page::new();
    page.touch();
    let mut total = Duration::ZERO;
    let mut fastest = Duration::MAX;
    for _ in 0..TIMED {
        let start = Instant::now();
        page.touch();
        let taken = start.elapsed();
        total += taken;
        fastest = fastest.min(taken);
    }
    Ok(Calibration {
        mean: total.as_secs_f64() * 1e6 / TIMED as f64,
        fastest: fastest.max(Duration::from_nanos(1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_that_of_the_cpus() {
        let unit = UnitWork::over(&[10.0, 14.0]);
        assert!((unit.mean - 12.0).abs() < 1e-9);
        assert!((unit.deviation - 8f64.sqrt()).abs() < 1e-9);
        let one = UnitWork {
            mean: 3.0,
            deviation: 0.0,
        };
        assert_eq!(UnitWork::over(&[3.0]), one);
    }

    #[test]
    fn the_fastest_unit_is_no_slower_than_the_mean() {
        let cpu = super::super::usable_cpus().expect("known")[0];
        let unit = std::thread::spawn(move || measure_on(cpu).expect("may be used"));
        let unit = unit.join().expect("ends");
        assert!(unit.fastest.as_secs_f64() * 1e6 <= unit.mean, "{unit:?}");
    }
}

//! The rules a [`JobSpec`] must keep, whoever made it.

use crate::direction::{Direction, PerDirection};

use super::steady_state::SteadyMeasure;
use super::{BlockSizes, JobSpec};
use crate::job::limits::{
    MAX_BLOCK_SIZE, MAX_FILES, MAX_IO_DEPTH, MAX_PERCENTILES, MAX_SPLIT_ENTRIES,
};
use crate::job::units::number::SizeOrPercent;
use crate::job::value_error::ValueError;

impl JobSpec {
    /// Checks that the job can be run as it stands. The parser only gives jobs that pass; a program
    /// that fills in the fields calls it before it runs the job.
    ///
    /// # Errors
    /// The first rule that is broken, with the field's name and what it must be.
    pub fn validate(&self) -> Result<(), ValueError> {
        self.check_names()?;
        self.check_counts()?;
        self.check_sizes()?;
        for (direction, sizes) in self.block_sizes.iter() {
            check_block_sizes(direction, sizes)?;
        }
        check_alignment(&self.offset_alignment)?;
        self.check_times()?;
        self.files.validate()?;
        self.order.validate()?;
        (self.order.preconditioning).map_or(Ok(()), |one| one.suits(self))?;
        self.rate.validate()?;
        self.latency_target.validate()?;
        self.errors.validate()?;
        self.steady_state.validate()?;
        self.check_watched_latency()?;
        self.buffers.validate()?;
        self.replay.validate()?;
        self.memory.validate()?;
        self.engine_options.validate()?;
        self.priority.validate()?;
        self.process.validate()?;
        self.logs.validate()?;
        self.check_reports()
    }

    fn check_watched_latency(&self) -> Result<(), ValueError> {
        let watched =
            self.steady_state.is_on() && self.steady_state.watched == SteadyMeasure::Latency;
        ensure(!watched || self.measure.total_latency, || {
            "steadystate=lat needs the total latency; leave out disable_lat and gtod_reduce"
                .to_owned()
        })
    }

    fn check_names(&self) -> Result<(), ValueError> {
        ensure(!self.name.is_empty(), || "the job needs a name".to_owned())?;
        ensure(!self.engine.is_empty(), || {
            "the job needs an engine".to_owned()
        })?;
        let texts = std::iter::once(&self.name)
            .chain(&self.file_names)
            .chain(&self.file_name_format);
        let nul = texts.into_iter().any(|text| text.contains('\0'));
        ensure(!nul, || "names cannot have a NUL character".to_owned())
    }

    fn check_counts(&self) -> Result<(), ValueError> {
        at_least_one("clones (numjobs)", self.clones.into())?;
        at_least_one("loops", self.loops)?;
        let files = self.file_count.into();
        between("file_count (nrfiles)", files, 1, MAX_FILES.into())?;
        let depth = self.io_depth;
        between("io_depth (iodepth)", depth.into(), 1, MAX_IO_DEPTH.into())?;
        let parts = [
            ("submit_batch (iodepth_batch)", self.submit_batch),
            ("complete_batch_min", self.complete_batch_min),
            ("io_depth_low (iodepth_low)", self.io_depth_low),
        ];
        for (name, value) in parts {
            between(name, value.into(), 0, depth.into())?;
        }
        if let Some(maximum) = self.complete_batch_max {
            let minimum = self.complete_batch_min.max(1);
            between(
                "complete_batch_max",
                maximum.into(),
                minimum.into(),
                depth.into(),
            )?;
        }
        between(
            "read_mix_percent (rwmixread)",
            self.read_mix_percent.into(),
            0,
            100,
        )?;
        let pattern = self.pattern;
        ensure(pattern.read || pattern.write || pattern.trim, || {
            "the pattern (rw) has no direction".to_owned()
        })
    }

    fn check_sizes(&self) -> Result<(), ValueError> {
        for (name, size) in [("size", self.size), ("io_size", self.io_size)] {
            match size {
                Some(SizeOrPercent::Bytes(bytes)) => at_least_one(name, bytes)?,
                Some(SizeOrPercent::Percent(percent)) => {
                    between(name, percent.into(), 1, 100)?;
                }
                None => {}
            }
        }
        if let SizeOrPercent::Percent(percent) = self.offset {
            between("offset", percent.into(), 0, 100)?;
        }
        match self.file_size {
            Some((low, high)) => ensure(1 <= low && low <= high, || {
                format!("file_size (filesize) must be a range from 1 up, not {low}-{high}")
            }),
            None => Ok(()),
        }
    }

    fn check_times(&self) -> Result<(), ValueError> {
        ensure(self.runtime.is_none_or(|time| !time.is_zero()), || {
            "runtime must be longer than 0".to_owned()
        })?;
        ensure(!self.time_based || self.runtime.is_some(), || {
            "time_based needs a runtime".to_owned()
        })?;
        ensure(self.start_delay.0 <= self.start_delay.1, || {
            "start_delay (startdelay) must be a range in ascending order".to_owned()
        })?;
        let cpus = self.cpus_allowed.as_ref();
        ensure(cpus.is_none_or(|cpus| !cpus.is_empty()), || {
            "cpus_allowed must name a CPU".to_owned()
        })
    }

    fn check_reports(&self) -> Result<(), ValueError> {
        let list = &self.percentile_list;
        let sorted = list.windows(2).all(|pair| pair[0] < pair[1]);
        let bounded = list.iter().all(|value| (0.0..=100.0).contains(value));
        ensure(sorted && bounded && list.len() <= MAX_PERCENTILES, || {
            format!(
                "percentile_list must have at most {MAX_PERCENTILES} ascending numbers from 0 to 100"
            )
        })?;
        ensure(matches!(self.kb_base, 1000 | 1024), || {
            format!("kb_base must be 1000 or 1024, not {}", self.kb_base)
        })?;
        ensure(matches!(self.unit_base, 0 | 1 | 8), || {
            format!("unit_base must be 0, 1 or 8, not {}", self.unit_base)
        })?;
        between(
            "significant_figures",
            self.significant_figures.into(),
            1,
            10,
        )
    }
}

fn check_block_sizes(direction: Direction, sizes: &BlockSizes) -> Result<(), ValueError> {
    let (low, high) = (sizes.min(), sizes.max());
    ensure(1 <= low && low <= high && high <= MAX_BLOCK_SIZE, || {
        format!("block sizes of {direction} must lie between 1 and {MAX_BLOCK_SIZE} bytes")
    })?;
    let BlockSizes::Split(entries) = sizes else {
        return Ok(());
    };
    let sum: usize = entries.iter().map(|entry| usize::from(entry.1)).sum();
    // Equal parts are rounded down, so that up to one percent is missing for each entry.
    let whole = sum <= 100 && sum + entries.len() > 100;
    ensure(whole && entries.len() <= MAX_SPLIT_ENTRIES, || {
        format!("the shares of the block sizes (bssplit) of {direction} must add up to 100%")
    })
}

fn check_alignment(alignment: &PerDirection<Option<u64>>) -> Result<(), ValueError> {
    ensure(alignment.iter().all(|(_, value)| *value != Some(0)), || {
        "offset_alignment (blockalign) must be at least 1".to_owned()
    })
}

fn at_least_one(name: &str, value: u64) -> Result<(), ValueError> {
    ensure(value >= 1, || format!("{name} must be at least 1"))
}

fn between(name: &str, value: u64, minimum: u64, maximum: u64) -> Result<(), ValueError> {
    ensure((minimum..=maximum).contains(&value), || {
        format!("{name} must be between {minimum} and {maximum}, not {value}")
    })
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), ValueError> {
    if holds {
        Ok(())
    } else {
        Err(ValueError::Conflict(problem()))
    }
}

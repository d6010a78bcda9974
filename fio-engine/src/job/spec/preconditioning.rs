//! One pass of writes that leaves an SSD as a long random write workload does: `sprandom`.

use super::{BlockSizes, JobSpec, OrderOptions, Pattern};
use crate::job::spec::order::Distribution;
use crate::job::value_error::ValueError;

/// The pass of writes that preconditions an SSD; fio's `sprandom` ("SanDisk pseudo random").
///
/// The pass writes every block of a file once, in a scattered order, and some of them again, as many as
/// fill the spare space of the device, too. Which ones those are leaves each region of what was written
/// with the share of valid blocks it has after random writes without end: a tenth of the time of writing
/// the device over and over.
///
/// ```
/// use fio_engine::job::{JobSpec, Pattern, Preconditioning};
///
/// let mut job = JobSpec::new("precondition");
/// job.pattern = Pattern::RANDOM_WRITE;
/// job.order.preconditioning = Some(Preconditioning {
///     over_provisioning: 0.07,
///     ..Preconditioning::default()
/// });
/// job.validate()?;
/// # Ok::<(), fio_engine::job::ValueError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preconditioning {
    /// Equal parts of the device, spare space included, that are made alike (`spr_num_regions`), at least
    /// 1; 100 by default.
    pub regions: u32,
    /// Spare space of the device in proportion to the space its users see (`spr_op`), 0.0..=10.0; 0.15 by
    /// default.
    pub over_provisioning: f64,
    /// Bytes of the device's write cache (`spr_cs`), 0 by default. With a cache, blocks are written again
    /// a region later, so that the cache does not hold both; it must not be larger than a region.
    pub cache_size: u64,
}

impl Default for Preconditioning {
    fn default() -> Self {
        Self {
            regions: 100,
            over_provisioning: 0.15,
            cache_size: 0,
        }
    }
}

impl Preconditioning {
    pub(super) fn validate(&self) -> Result<(), ValueError> {
        ensure(self.regions > 0, "spr_num_regions must be at least 1")?;
        ensure(
            (0.0..=10.0).contains(&self.over_provisioning),
            "spr_op, the spare space in proportion to the size, must be between 0 and 10, such as 0.07",
        )
    }

    /// What the job may be, which decides about its own order.
    pub(super) fn suits(&self, spec: &JobSpec) -> Result<(), ValueError> {
        let order = OrderOptions {
            // These have nothing to do with where an I/O goes.
            file_service: spec.order.file_service.clone(),
            number_of_ios: spec.order.number_of_ios,
            offset_increment: spec.order.offset_increment,
            begin_alignment: spec.order.begin_alignment,
            preconditioning: spec.order.preconditioning,
            ..OrderOptions::default()
        };
        let sizes = &spec.block_sizes[crate::Direction::Write];
        ensure(
            spec.pattern == Pattern::RANDOM_WRITE,
            "sprandom needs rw=randwrite",
        )?;
        ensure(
            matches!(sizes, BlockSizes::Fixed(_)),
            "sprandom needs one block size; give bs instead of bsrange or bssplit",
        )?;
        ensure(
            spec.offset_alignment.0 == [None; 3],
            "sprandom needs every block; leave out blockalign",
        )?;
        ensure(
            spec.order.distribution == Distribution::Uniform,
            "sprandom writes every block; leave out random_distribution",
        )?;
        ensure(
            spec.order == order,
            "sprandom has an order of its own; leave out percentage_random, the number behind rw, \
             rw_sequencer, bs_is_seq_rand and zonemode",
        )
    }
}

fn ensure(holds: bool, rule: &str) -> Result<(), ValueError> {
    if holds {
        Ok(())
    } else {
        Err(ValueError::Conflict(rule.to_owned()))
    }
}

//! fio's random number generators and how a job seeds them.
//!
//! A repeatable job always issues the same I/Os because each of its decisions draws from a
//! generator of its own, all seeded from one number. Drawing from the same generators in the same
//! order makes a run comparable with fio's block by block. The generators are the combined
//! Tausworthe generators of P. L'Ecuyer, "Maximally equidistributed combined Tausworthe
//! generators", Math. Comp. 65 (1996), and "Tables of maximally equidistributed combined LFSR
//! generators", Math. Comp. 68 (1999).

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use crate::job::JobSpec;

/// Which release's rule gives the random sequence of a job.
///
/// Up to 3.34 a repeatable job drew its offsets from a generator that `randseed` had no influence
/// on; from 3.35 on it does.
///
/// The older rule follows fio 3.33, with which it was compared, also where that does something else
/// than its manual says and a job's author means:
/// - `randtrimwrite` with an offset or in zones writes other blocks than it trims, and writes them again
///   and again; `trimwrite` with sizes of their own for trims and writes trims next only when a write
///   began where the last trim did.
/// - In zones (`zonemode=strided`) a file has no further I/O in a pass when all blocks of a zone were used
///   before the zone's time; strides, skewed distributions and ranges larger than the file leave them.
/// - `random_generator=lfsr` with a zoned distribution draws from the whole file behind the zone's
///   beginning, and ends the pass where that is behind the end of the file.
///
/// With the newer rule a write covers what was trimmed, zones are not left and last their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RandomRule {
    /// fio 3.35 and newer.
    #[default]
    Newest,
    /// fio 3.34 and older.
    Before335,
}

impl RandomRule {
    /// Changes the description of a job's clone as fio of this rule would.
    ///
    /// `clone` counts from 0 within the job. Up to 3.34, giving `randseed` ends `randrepeat`, but
    /// only after the job's first clone has drawn its offset seed; so the clones differ in their
    /// rule. Call this once for each clone before planning files or making a generator.
    pub const fn adapt_clone(self, spec: &mut JobSpec, clone: u32) {
        if matches!(self, Self::Before335) && clone > 0 && spec.random_seed.is_some() {
            spec.repeatable = false;
        }
    }
}

/// What a random stream decides; the discriminant is its number in the seed table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stream {
    /// Block sizes of reads.
    ReadSize = 0,
    /// Block sizes of writes, and of trims that a write follows.
    WriteSize = 1,
    /// Block sizes of trims.
    TrimSize = 2,
    /// Reads or writes in a mixed job.
    Mix = 4,
    /// The file of the next I/O.
    NextFile = 5,
    /// Offsets.
    Offset = 6,
    /// File sizes (`filesize` ranges).
    FileSize = 7,
    /// Contents of buffers.
    Buffer = 9,
    /// Random or sequential offsets (`percentage_random`).
    RandomShare = 10,
    /// Delay before the job starts (`startdelay` ranges).
    StartDelay = 13,
    /// Zones of a zoned distribution.
    Zone = 16,
    /// Distances between I/Os (`rate_process=poisson`). fio's own stream for them is not known;
    /// this one is used for nothing else.
    Arrival = 18,
    /// Priorities of I/Os (`cmdprio_percentage`, `cmdprio_bssplit`).
    Priority = 19,
}

/// Seeds of all random streams of one clone of a job.
///
/// ```
/// use fio_engine::job::JobSpec;
/// use fio_engine::workload::{RandomRule, Seeds, Stream};
///
/// let seeds = Seeds::new(&JobSpec::new("example"), 1, RandomRule::Newest);
/// assert_eq!(seeds.of(Stream::Mix), 2_501_048_522_732_208_269);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeds {
    of_names: NameSeed,
    streams: [u64; STREAMS],
}

/// How the skewed distribution of a file is seeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameSeed {
    /// The hash of its name times this.
    Factor(u32),
    /// This, whatever its name: up to 3.34, if the user chooses the seeds.
    Whatever(u32),
}

const STREAMS: usize = 20;
/// fio's `randseed` where the user gives none.
const DEFAULT_SEED: u64 = 0x89;
/// Multiplier between the seeds of one stream and the next (fio's golden ratio prime for 32 bits).
const SEED_STEP: u64 = 0x9e37_0001;
/// Seed of streams that `randseed` does not reach (fio up to 3.34).
const FIXED_SEED: u64 = 0xb189_9bed;

impl Seeds {
    /// Seeds for the clone with this number, counted from 1 over all clones of all jobs of a run.
    ///
    /// With `randrepeat=0` and no `randseed`, every call gives other seeds.
    #[must_use]
    pub fn new(spec: &JobSpec, job_number: u32, rule: RandomRule) -> Self {
        let number = u64::from(job_number);
        let before = rule == RandomRule::Before335;
        let fixed = FIXED_SEED.wrapping_mul(number);
        let mut streams = [0; STREAMS];
        let repeatable = spec.repeatable || (!before && spec.all_repeatable);
        let chosen = match spec.random_seed {
            Some(seed) => seed,
            None if repeatable => DEFAULT_SEED,
            None => system_seed(),
        };
        let mut value = chosen.wrapping_mul(SEED_STEP.wrapping_pow(4));
        for (seed, index) in streams.iter_mut().zip(0..) {
            *seed = value.wrapping_mul(number).wrapping_add(index);
            value = value.wrapping_mul(SEED_STEP);
        }
        if before && spec.all_repeatable {
            for (seed, index) in streams.iter_mut().zip(0..) {
                *seed = fixed.wrapping_add(index);
            }
        }
        if before && spec.repeatable {
            streams[Stream::Offset as usize] = fixed;
        }
        let offsets = streams[Stream::Offset as usize] as u32;
        let of_names = match (before, spec.repeatable && spec.random_seed.is_none()) {
            (false, _) => NameSeed::Factor(job_number.wrapping_mul(offsets)),
            (true, true) => NameSeed::Factor(job_number),
            (true, false) => NameSeed::Whatever(offsets),
        };
        Self { of_names, streams }
    }

    /// The seed of one stream. A [`Tausworthe`] takes its low 32 bits.
    #[must_use]
    pub const fn of(&self, stream: Stream) -> u64 {
        self.streams[stream as usize]
    }

    /// The seeds of all streams, by their numbers.
    #[must_use]
    pub const fn all(&self) -> &[u64] {
        &self.streams
    }

    /// The seed of the skewed distribution of a file with this
    /// [`name_hash`](super::name_hash).
    pub(crate) const fn of_name(&self, name_hash: u32) -> u32 {
        match self.of_names {
            NameSeed::Factor(factor) => name_hash.wrapping_mul(factor),
            NameSeed::Whatever(seed) => seed,
        }
    }

    /// A 32-bit generator for one stream.
    #[must_use]
    pub const fn generator(&self, stream: Stream) -> Tausworthe {
        Tausworthe::new(self.of(stream) as u32)
    }
}

impl Seeds {
    /// A generator for one stream, of the 64-bit kind if `wide`.
    pub(crate) const fn stream(&self, stream: Stream, wide: bool) -> AnyTausworthe {
        if wide {
            AnyTausworthe::Wide(Tausworthe64::new(self.of(stream)))
        } else {
            AnyTausworthe::Narrow(self.generator(stream))
        }
    }
}

/// Either generator: `random_generator` chooses for offsets, block sizes and file sizes, while the
/// read/write mix always draws from the 32-bit one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AnyTausworthe {
    Narrow(Tausworthe),
    Wide(Tausworthe64),
}

impl AnyTausworthe {
    #[inline]
    pub(crate) fn below(&mut self, count: f64) -> u64 {
        match self {
            Self::Narrow(generator) => generator.below(count),
            Self::Wide(generator) => generator.below(count),
        }
    }

    /// The next output and the largest one there can be.
    #[inline]
    pub(super) fn output(&mut self) -> (u64, u64) {
        match self {
            Self::Narrow(generator) => (generator.next_u32() as u64, u32::MAX as u64),
            Self::Wide(generator) => (generator.next_u64(), u64::MAX),
        }
    }
}

/// A seed nobody can foresee: the standard library keys its hash maps from the system's source.
fn system_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The three-component, 32-bit combined Tausworthe generator: fio's `tausworthe`, taus88.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tausworthe {
    state: [u32; 3],
}

impl Tausworthe {
    /// A generator seeded as fio does it, the first six outputs thrown away.
    #[must_use]
    pub const fn new(seed: u32) -> Self {
        const STEP: u32 = 69069;
        let first = seeded32(STEP.wrapping_mul(53) ^ seed, 1);
        let second = seeded32(first.wrapping_mul(STEP) ^ seed, 7);
        let third = seeded32(second.wrapping_mul(STEP) ^ seed, 15);
        let mut generator = Self {
            state: [first, second, third],
        };
        let mut discarded = 0;
        while discarded < 6 {
            generator.next_u32();
            discarded += 1;
        }
        generator
    }

    /// The next output, uniform over all 32-bit values.
    #[inline]
    pub const fn next_u32(&mut self) -> u32 {
        let [a, b, c] = self.state;
        let a = ((a & 0xffff_fffe) << 12) ^ (((a << 13) ^ a) >> 19);
        let b = ((b & 0xffff_fff8) << 4) ^ (((b << 2) ^ b) >> 25);
        let c = ((c & 0xffff_fff0) << 17) ^ (((c << 3) ^ c) >> 11);
        self.state = [a, b, c];
        a ^ b ^ c
    }

    /// A number in 1..=100.
    #[inline]
    pub const fn percent(&mut self) -> u32 {
        1 + ((100 * self.next_u32() as u64) >> 32) as u32
    }

    /// A number in `0..count`, in double precision as fio computes it.
    #[inline]
    pub fn below(&mut self, count: f64) -> u64 {
        (count * (f64::from(self.next_u32()) * (1.0 / 4_294_967_296.0))) as u64
    }
}

/// The five-component, 64-bit combined Tausworthe generator: fio's `tausworthe64`, taus258.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tausworthe64 {
    state: [u64; 5],
}

impl Tausworthe64 {
    /// A generator seeded as fio does it, the first six outputs thrown away.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        const STEP: u64 = 6_906_969_069;
        let s1 = seeded64(STEP.wrapping_mul(53) ^ seed, 1);
        let s2 = seeded64(s1.wrapping_mul(STEP) ^ seed, 7);
        let s3 = seeded64(s2.wrapping_mul(STEP) ^ seed, 15);
        let s4 = seeded64(s3.wrapping_mul(STEP) ^ seed, 33);
        let s5 = seeded64(s4.wrapping_mul(STEP) ^ seed, 49);
        let mut generator = Self {
            state: [s1, s2, s3, s4, s5],
        };
        let mut discarded = 0;
        while discarded < 6 {
            generator.next_u64();
            discarded += 1;
        }
        generator
    }

    /// The next output, uniform over all 64-bit values.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        let [a, b, c, d, e] = self.state;
        let a = ((a & (u64::MAX << 1)) << 10) ^ (((a << 1) ^ a) >> 53);
        let b = ((b & (u64::MAX << 9)) << 5) ^ (((b << 24) ^ b) >> 50);
        let c = ((c & (u64::MAX << 12)) << 29) ^ (((c << 3) ^ c) >> 23);
        let d = ((d & (u64::MAX << 17)) << 23) ^ (((d << 5) ^ d) >> 24);
        let e = ((e & (u64::MAX << 23)) << 8) ^ (((e << 3) ^ e) >> 33);
        self.state = [a, b, c, d, e];
        a ^ b ^ c ^ d ^ e
    }

    /// A number in `0..count`, in double precision as fio computes it.
    #[inline]
    pub fn below(&mut self, count: f64) -> u64 {
        (count * (self.next_u64() as f64 * (1.0 / 18_446_744_073_709_551_616.0))) as u64
    }
}

/// Small states never leave a cycle of their own, so seeds are raised to the generator's minimum.
const fn seeded32(value: u32, minimum: u32) -> u32 {
    if value < minimum {
        value + minimum
    } else {
        value
    }
}

const fn seeded64(value: u64, minimum: u64) -> u64 {
    if value < minimum {
        value + minimum
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_fios() {
        let first = |seed| {
            let mut generator = Tausworthe::new(seed);
            [(); 4].map(|()| generator.next_u32())
        };
        assert_eq!(first(1), [2634262343, 4072702554, 2367269570, 3770928454]);
        assert_eq!(first(137), [4195301155, 3725684139, 3310918406, 1964443401]);
        let mut fixed = Tausworthe::new(FIXED_SEED as u32);
        assert_eq!(
            [fixed.next_u32(), fixed.next_u32()],
            [259043585, 3179521932]
        );
    }

    #[test]
    fn seeds_are_fios() {
        let spec = JobSpec::new("seeds");
        let first = Seeds::new(&spec, 1, RandomRule::Newest).streams;
        assert_eq!(first[0], 5942511153023025289);
        assert_eq!(first[7], 2330239258251821200);
        let second = Seeds::new(&spec, 2, RandomRule::Newest).streams;
        assert_eq!(second[0], 11885022306046050578);
        assert_eq!(second[7], 4660478516503642393);
    }

    #[test]
    fn older_rule_fixes_the_offset_stream() {
        let mut spec = JobSpec::new("seeds");
        spec.random_seed = Some(7);
        let old = Seeds::new(&spec, 3, RandomRule::Before335);
        assert_eq!(old.of(Stream::Offset), FIXED_SEED * 3);
        let new = Seeds::new(&spec, 3, RandomRule::Newest);
        assert_ne!(new.of(Stream::Offset), FIXED_SEED * 3);
        assert_eq!(old.of(Stream::Mix), new.of(Stream::Mix));
        spec.all_repeatable = true;
        let all = Seeds::new(&spec, 3, RandomRule::Before335);
        assert_eq!(all.of(Stream::Mix), FIXED_SEED * 3 + 4);
        assert_eq!(Seeds::new(&spec, 3, RandomRule::Newest), new);
    }

    #[test]
    fn unrepeatable_jobs_differ() {
        let mut spec = JobSpec::new("seeds");
        spec.repeatable = false;
        let draw = || Seeds::new(&spec, 1, RandomRule::Newest);
        assert_ne!(draw(), draw());
    }
}

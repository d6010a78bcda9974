//! The whole I/O sequence of generated jobs, compared with what an installed fio up to 3.34 issues.
//!
//! `FIO_ORACLE_JOBS` and `FIO_ORACLE_SEED` make it try more jobs, or others. Without `fio` the test
//! says so and passes, except in CI (`CI` set), where that is a failure.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use fio_engine::files::FileSet;
use fio_engine::job::{
    BlockSizes, Distribution, FileService, JobSpec, Pattern, RandomGenerator, Sequencer,
    SizeOrPercent, StridedZones, Zone, ZoneList,
};
use fio_engine::workload::{Generator, RandomRule, RequestKind, Tausworthe};
use fio_engine::{Direction, PerDirection};

#[test]
fn sequences_are_those_of_an_installed_fio() {
    let Some(version) = installed_version() else {
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "CI must install fio, up to version 3.34");
        eprintln!("skipped: no fio up to version 3.34 is installed");
        return;
    };
    let number = |name, default| match std::env::var(name) {
        Ok(value) => value.parse().expect("a number"),
        Err(_) => default,
    };
    let (seed, jobs) = (number("FIO_ORACLE_SEED", 1), number("FIO_ORACLE_JOBS", 300));
    let found = FOUND_BEFORE.iter().copied();
    let all: Vec<_> = (0..jobs).map(|index| (index, seed)).chain(found).collect();
    let next = AtomicUsize::new(0);
    // fio spends most of its time in calibrating its clock and in waiting.
    let differing = std::thread::scope(|scope| {
        let worker = || {
            let jobs = std::iter::from_fn(|| all.get(next.fetch_add(1, Ordering::Relaxed)));
            jobs.filter(|&&(index, seed)| differs(index, seed)).count()
        };
        let workers = [(); 4].map(|()| scope.spawn(worker));
        workers.map(|worker| worker.join().expect("a worker ends"))
    });
    let differing: usize = differing.into_iter().sum();
    assert_eq!(differing, 0, "sequences differ from {version}");
}

/// Jobs of other seeds that once differed, by number and seed: of skewed and of sequential file service, and
/// one that goes on at the beginning of its file.
const FOUND_BEFORE: [(u32, u32); 4] = [(47, 7), (38, 10), (91, 12), (48, 13)];

/// Whether the job of this number has another sequence here; if so, prints where it begins.
fn differs(index: u32, seed: u32) -> bool {
    let job = OracleJob::generate(index, &mut Tausworthe::new(seed * 1_000_003 + index));
    let theirs = run_fio(&job);
    let ours = generate(&job, theirs.len());
    let difference = compare(&ours, &theirs);
    if let Some(difference) = &difference {
        eprintln!("job {index}: fio {}\n{difference}", job.arguments.join(" "));
    }
    difference.is_some()
}

/// Names that tell clone and file apart in fio's logs.
const FILE_NAMES: &str = "$jobnum.$filenum";

/// One I/O in the words of fio's I/O log: action, file number, offset, length.
type Entry = (&'static str, u32, u64, u64);

/// A job in both languages.
struct OracleJob {
    spec: JobSpec,
    arguments: Vec<String>,
}

impl OracleJob {
    fn generate(index: u32, random: &mut Tausworthe) -> Self {
        let mut job = Self {
            spec: JobSpec {
                file_name_format: Some(FILE_NAMES.to_owned()),
                ..JobSpec::new("j")
            },
            arguments: Vec::new(),
        };
        job.pattern(index);
        job.block_sizes(random);
        job.sizes(random);
        job.seeds(random);
        job.repetition(random);
        job.synchronisation(random);
        job.order(random);
        job.file_service(random);
        job.zones(random);
        job
    }

    fn option(&mut self, name: &str, value: impl ToString) {
        self.arguments
            .push(format!("--{name}={}", value.to_string()));
    }

    fn pattern(&mut self, index: u32) {
        const PATTERNS: [Pattern; 10] = [
            Pattern::RANDOM_READ,
            Pattern::RANDOM_READ_WRITE,
            Pattern::RANDOM_WRITE,
            Pattern::READ_WRITE,
            Pattern::READ,
            Pattern::RANDOM_READ_WRITE,
            Pattern::WRITE,
            Pattern::RANDOM_TRIM,
            Pattern::RANDOM_TRIM_WRITE,
            Pattern::TRIM_WRITE,
        ];
        self.spec.pattern = PATTERNS[index as usize % PATTERNS.len()];
        self.option("rw", self.spec.pattern.name());
    }

    fn block_sizes(&mut self, random: &mut Tausworthe) {
        let unit = [512, 1024, 4096][below(random, 3) as usize];
        let low = unit * (1 + below(random, 4));
        let (name, value, sizes) = match below(random, 5) {
            0 => {
                let high = low + unit * below(random, 12);
                (
                    "bsrange",
                    format!("{low}-{high}"),
                    BlockSizes::Range(low, high),
                )
            }
            1 => {
                let shares = [50, 30, 20].map(|share| share + 2 - below(random, 3) as u8);
                let entries: Vec<_> = (1..).map(|step| low * step * step).zip(shares).collect();
                let mut rest = 100 - shares.iter().take(2).sum::<u8>();
                // Rounded shares may miss some of the whole.
                rest -= below(random, 3) as u8;
                let entries = vec![entries[0], entries[1], (entries[2].0, rest)];
                let words = entries
                    .iter()
                    .map(|(size, share)| format!("{size}/{share}"));
                let value = words.collect::<Vec<_>>().join(":");
                ("bssplit", value, BlockSizes::Split(entries))
            }
            _ => ("bs", low.to_string(), BlockSizes::Fixed(low)),
        };
        self.option(name, value);
        if name == "bsrange" && below(random, 4) == 0 {
            self.arguments.push("--bs_unaligned".to_owned());
            self.spec.unaligned_block_sizes = true;
        }
        self.spec.block_sizes = PerDirection::splat(sizes);
        if name == "bs" && below(random, 5) == 0 {
            let sizes = [
                low,
                unit * (1 + below(random, 4)),
                unit * (1 + below(random, 4)),
            ];
            if let Some(last) = self.arguments.last_mut() {
                *last = format!("--bs={},{},{}", sizes[0], sizes[1], sizes[2]);
            }
            self.spec.block_sizes = PerDirection(sizes.map(BlockSizes::Fixed));
        }
        if self.spec.pattern.random && below(random, 6) == 0 {
            let alignment = unit * (1 + below(random, 4));
            self.option("blockalign", alignment);
            self.spec.offset_alignment = PerDirection::splat(Some(alignment));
        }
        if self.spec.pattern.random && below(random, 4) == 0 {
            self.option("norandommap", 1);
            self.spec.no_random_map = true;
        }
    }

    fn sizes(&mut self, random: &mut Tausworthe) {
        if below(random, 3) == 0 {
            self.spec.file_count = 2 + below(random, 4) as u32;
            self.option("nrfiles", self.spec.file_count);
        }
        let files = u64::from(self.spec.file_count);
        // fio 3.33's null engine does not find the end of such a file, and others do not trim files.
        if below(random, 6) == 0 && !self.spec.pattern.trim {
            let low = (64 << 10) + below(random, 64 << 10);
            let high = low + below(random, 256 << 10);
            self.option("filesize", format!("{low}-{high}"));
            self.spec.file_size = Some((low, high));
        } else {
            let size = files * ((64 << 10) + below(random, 512 << 10));
            self.option("size", size);
            self.spec.size = Some(SizeOrPercent::Bytes(size));
        }
        if below(random, 4) == 0 {
            let offset = 512 * below(random, 100);
            self.option("offset", offset);
            self.spec.offset = SizeOrPercent::Bytes(offset);
        }
        if below(random, 4) == 0 {
            let bytes = 4096 + below(random, files * (1 << 20));
            self.option("io_size", bytes);
            self.spec.io_size = Some(SizeOrPercent::Bytes(bytes));
        }
    }

    fn seeds(&mut self, random: &mut Tausworthe) {
        if below(random, 4) == 0 {
            let seed = u64::from(random.next_u32());
            self.option("randseed", seed);
            self.spec.random_seed = Some(seed);
            if below(random, 2) == 0 {
                self.option("randrepeat", 0);
                self.spec.repeatable = false;
            }
        }
        if below(random, 8) == 0 {
            self.option("allrandrepeat", 1);
            self.spec.all_repeatable = true;
        }
        match below(random, 16) {
            0 | 1 => {
                self.option("random_generator", "tausworthe64");
                self.spec.random_generator = RandomGenerator::Tausworthe64;
            }
            2 | 3 => {
                self.option("random_generator", "lfsr");
                self.spec.random_generator = RandomGenerator::Lfsr;
            }
            _ => {}
        }
        if self.spec.pattern.read && self.spec.pattern.write && below(random, 3) > 0 {
            self.spec.read_mix_percent = below(random, 101) as u8;
            self.option("rwmixread", self.spec.read_mix_percent);
        }
    }

    fn repetition(&mut self, random: &mut Tausworthe) {
        match below(random, 8) {
            0 | 1 => {
                self.spec.loops = 2 + below(random, 3);
                self.option("loops", self.spec.loops);
            }
            2 => {
                self.spec.time_based = true;
                self.spec.runtime = Some(Duration::from_millis(150));
                self.option("time_based", 1);
                self.option("runtime", "150ms");
                self.option("thinktime", 50);
            }
            3 if self.spec.file_count == 1 => {
                self.spec.clones = 2 + below(random, 3) as u32;
                self.option("numjobs", self.spec.clones);
            }
            _ => {}
        }
    }

    fn synchronisation(&mut self, random: &mut Tausworthe) {
        // Latency logs, which several clones need, say nothing about synchronisation.
        if self.spec.clones > 1 || below(random, 5) > 0 {
            return;
        }
        self.spec.fsync_every = below(random, 8) as u32;
        self.spec.fdatasync_every = below(random, 8) as u32;
        self.option("fsync", self.spec.fsync_every);
        self.option("fdatasync", self.spec.fdatasync_every);
    }

    fn order(&mut self, random: &mut Tausworthe) {
        // At the end of a file of a drawn size, fio 3.33 goes on at its beginning in such a job, and not always.
        let comparable = self.spec.file_size.is_none() || !self.spec.time_based;
        match below(random, 5) {
            // The names of fio 3.33's clones do not follow their numbers, and seed their distributions.
            0 if self.spec.pattern.random && self.spec.clones == 1 => self.distribution(random),
            1 if self.spec.pattern.random && comparable => self.random_share(random),
            2 if comparable => self.modifier(random),
            3 if self.spec.pattern.random && comparable => {
                self.modifier(random);
                self.random_share(random);
            }
            _ => {}
        }
    }

    fn file_service(&mut self, random: &mut Tausworthe) {
        if self.spec.file_count == 1 || below(random, 2) == 0 {
            return;
        }
        let every = 1 + below(random, 6) as u32;
        let theta = 1.1 + below(random, 9) as f64 / 10.0;
        let center = None;
        // Popular files begin anew at other times in fio 3.33 where a trim waits for its write.
        let kinds = if self.spec.pattern.trim_then_write {
            3
        } else {
            6
        };
        let (value, service) = match below(random, kinds) {
            0 => ("sequential".to_owned(), FileService::Sequential),
            1 => (format!("random:{every}"), FileService::Random { every }),
            2 => (
                format!("roundrobin:{every}"),
                FileService::RoundRobin { every },
            ),
            3 => (
                format!("zipf:{theta}"),
                FileService::Skewed(Distribution::Zipf { theta, center }),
            ),
            4 => {
                let power = 0.05 + below(random, 9) as f64 / 10.0;
                let skew = FileService::Skewed(Distribution::Pareto { power, center });
                (format!("pareto:{power}"), skew)
            }
            _ => {
                let deviation = below(random, 100) as f64;
                let skew = FileService::Skewed(Distribution::Normal { deviation, center });
                (format!("gauss:{deviation}"), skew)
            }
        };
        self.option("file_service_type", value);
        self.spec.order.file_service = service;
        if below(random, 3) == 0 {
            let number = 1 + below(random, 300);
            self.option("number_ios", number);
            self.spec.order.number_of_ios = Some(number);
        }
    }

    fn zones(&mut self, random: &mut Tausworthe) {
        let spec = &self.spec;
        // fio 3.33 trims a block that it wrote last again and again, mostly without an end.
        let endless = spec.pattern.trim_then_write && spec.order.stride != 0;
        // Which file it turns to when a popular one has no further I/O in its zone is not known.
        let popular = matches!(spec.order.file_service, FileService::Skewed(_));
        // Nor is how it cuts I/Os at the end of a zone, or begins its shift register anew, where sizes
        // differ.
        let sizes = &spec.block_sizes.0;
        let uneven = spec.pattern.random
            && sizes
                .iter()
                .any(|size| *size != BlockSizes::Fixed(sizes[0].max()));
        if endless || popular || uneven || below(random, 3) > 0 {
            return;
        }
        let block = spec.block_sizes.0.iter().map(BlockSizes::max).max();
        let range = block.unwrap_or(4096) * 2 + below(random, 64 << 10);
        let zones = StridedZones {
            size: 1 + below(random, 3 * range),
            range,
            skip: 512 * below(random, 100),
        };
        self.option("zonemode", "strided");
        self.option("zonesize", zones.size);
        self.option("zonerange", zones.range);
        self.option("zoneskip", zones.skip);
        self.spec.order.zones = Some(zones);
    }

    fn distribution(&mut self, random: &mut Tausworthe) {
        let center = (below(random, 4) == 0).then(|| below(random, 11) as f64 / 10.0);
        let behind = center.map_or_else(String::new, |center| format!(":{center}"));
        // How fio 3.33's shift register begins anew in zones is known for one file in one pass.
        let register = self.spec.random_generator == RandomGenerator::Lfsr
            && (self.spec.time_based || self.spec.file_count > 1);
        let (value, distribution) = match below(random, 3 + u64::from(!register)) {
            0 => {
                let theta = 0.35 + below(random, 20) as f64 / 10.0;
                let value = format!("zipf:{theta}{behind}");
                (value, Distribution::Zipf { theta, center })
            }
            1 => {
                let power = 0.05 + below(random, 9) as f64 / 10.0;
                let value = format!("pareto:{power}{behind}");
                (value, Distribution::Pareto { power, center })
            }
            2 => {
                let deviation = below(random, 100) as f64;
                let value = format!("normal:{deviation}{behind}");
                (value, Distribution::Normal { deviation, center })
            }
            _ => {
                let (shares, sizes) = (below(random, 101) as u8, 1 + below(random, 99));
                let zones = [(shares, sizes), (100 - shares, 100 - sizes)];
                let value = format!("zoned:{shares}/{sizes}:{}/{}", zones[1].0, zones[1].1);
                let zones = zones.map(|(share, size)| Zone { share, size });
                (value, Distribution::Zoned(ZoneList::Percent(zones.into())))
            }
        };
        self.option("random_distribution", value);
        self.spec.order.distribution = distribution;
    }

    fn random_share(&mut self, random: &mut Tausworthe) {
        let percents = [below(random, 101) as u8, below(random, 101) as u8, 50];
        let value = format!("{},{},{}", percents[0], percents[1], percents[2]);
        self.option("percentage_random", value);
        self.spec.order.random_percent = PerDirection(percents);
        if below(random, 2) == 0 {
            self.option("bs_is_seq_rand", 1);
            self.spec.order.sizes_by_order = true;
        }
    }

    fn modifier(&mut self, random: &mut Tausworthe) {
        let name = self.spec.pattern.name();
        if self.spec.pattern.random {
            let every = below(random, 9) as u32;
            self.arguments[0] = format!("--rw={name}:{every}");
            self.spec.order.random_every = every;
            if below(random, 2) == 0 {
                self.option("rw_sequencer", "identical");
                self.spec.order.sequencer = Sequencer::Identical;
            }
        } else {
            // Downwards, or where I/Os of uneven sizes come to the end of a file at other places, fio
            // 3.33 may trim the block that it wrote last, and then does so mostly without an end.
            let follows = self.spec.pattern.trim_then_write;
            let down = if follows { 0 } else { 20 };
            let stride = 512 * (below(random, 80) as i64 - down);
            if follows && !matches!(self.spec.block_sizes[Direction::Trim], BlockSizes::Fixed(_)) {
                return;
            }
            self.arguments[0] = format!("--rw={name}:{stride}");
            self.spec.order.stride = stride;
        }
    }
}

fn below(random: &mut Tausworthe, count: u64) -> u64 {
    random.below(count as f64)
}

/// What the last clone of the job issues: all of it, or as much as fio got done in its time.
fn generate(job: &OracleJob, limit: usize) -> Vec<Entry> {
    let mut spec = job.spec.clone();
    let (clone, number, rule) = (spec.clones - 1, spec.clones, RandomRule::Before335);
    rule.adapt_clone(&mut spec, clone);
    let set =
        FileSet::plan(&spec, clone, number, rule, false, &AtomicBool::new(false)).expect("a plan");
    let mut generator = Generator::new(&spec, number, &set.regions(), rule).expect("a workload");
    let entries = std::iter::from_fn(|| generator.next()).map(|request| match request.kind {
        RequestKind::Data(direction) => (
            direction.name(),
            request.file,
            request.offset,
            request.length,
        ),
        RequestKind::Fsync => ("sync", request.file, 0, 0),
        RequestKind::Fdatasync => ("datasync", request.file, 0, 0),
        RequestKind::SyncRange => ("sync_file_range", request.file, 0, 0),
        RequestKind::Open | RequestKind::Restart | RequestKind::NextPass => {
            unreachable!("nothing asks for them")
        }
    });
    // One more than fio issued shows a sequence that does not end where fio's does.
    let limit = if spec.time_based { limit } else { limit + 1 };
    entries.take(limit).collect()
}

fn run_fio(job: &OracleJob) -> Vec<Entry> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new("fio");
    command.current_dir(folder.path());
    // The null engine does not find the end of files of a drawn size.
    let engine = match job.spec.file_size {
        Some(_) => "psync",
        None => "null",
    };
    command.args(["--name=j", "--ioengine", engine]);
    command.arg(format!("--filename_format={FILE_NAMES}"));
    command.args(&job.arguments);
    if job.spec.clones == 1 {
        command.arg("--write_iolog=log");
    } else {
        command.args(["--write_lat_log=log", "--log_offset=1"]);
    }
    let output = command.output().expect("fio can be started");
    assert!(output.status.success(), "{command:?}: {output:?}");
    if job.spec.clones == 1 {
        read_io_log(&folder.path().join("log"))
    } else {
        let name = format!("log_lat.{}.log", job.spec.clones);
        read_latency_log(&folder.path().join(name))
    }
}

/// Lines of an I/O log, version 3: time, file, action, offset and length.
fn read_io_log(path: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(path).expect("fio wrote its I/O log");
    let lines = text
        .lines()
        .skip(1)
        .map(|line| line.split(' ').collect::<Vec<_>>());
    let entries = lines.filter_map(|words| {
        let action = ["read", "write", "trim", "sync", "datasync"]
            .into_iter()
            .find(|action| words[2] == *action)?;
        let number = |index: usize| words[index].parse::<u64>().expect("a number");
        let (_, file) = words[1]
            .split_once('.')
            .expect("a file named by its numbers");
        let file = file.parse().expect("a file named by its number");
        Some(if action.ends_with("sync") {
            (action, file, 0, 0)
        } else {
            (action, file, number(3), number(4))
        })
    });
    entries.collect()
}

/// Lines of a latency log: time, latency, direction, length, offset and more.
fn read_latency_log(path: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(path).expect("fio wrote its latency log");
    let lines = text.lines().map(|line| {
        let words: Vec<u64> = line
            .split(", ")
            .take(5)
            .map(|word| word.parse().expect("a number"))
            .collect();
        (
            Direction::ALL[words[2] as usize].name(),
            0,
            words[4],
            words[3],
        )
    });
    lines.collect()
}

/// What differs first, with the I/Os around it.
fn compare(ours: &[Entry], theirs: &[Entry]) -> Option<String> {
    let length = ours.len().max(theirs.len());
    let first = (0..length).find(|&index| ours.get(index) != theirs.get(index))?;
    let mut text = format!(
        "  {} of ours, {} of fio's; from {first}:\n",
        ours.len(),
        theirs.len()
    );
    for index in first.saturating_sub(3)..(first + 4).min(length) {
        let (our, their) = (ours.get(index), theirs.get(index));
        writeln!(text, "  {index}: {our:?} fio {their:?}").expect("writing to a string");
    }
    Some(text)
}

/// The installed fio's version, if it follows the older rule.
fn installed_version() -> Option<String> {
    let output = Command::new("fio").arg("--version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let minor: u32 = version
        .strip_prefix("fio-3.")?
        .split(['.', '-'])
        .next()?
        .parse()
        .ok()?;
    (minor <= 34).then_some(version)
}

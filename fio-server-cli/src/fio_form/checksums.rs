//! `--crctest`: how fast checksum functions are.
//!
//! Those that are in this program are measured; fio's others are named as missing.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use crc::{Algorithm, Crc, Table};

use super::at_once::print;
use crate::exit::{ExitStatus, Failure};
use crate::output::complain;

/// Those that are here.
const HERE: [&str; 5] = ["crc64", "crc32", "crc32c", "crc16", "crc7"];

/// fio's others.
const ABSENT: [&str; 12] = [
    "md5", "sha1", "sha256", "sha512", "xxhash", "murmur3", "jhash", "fnv", "sha3-224", "sha3-256",
    "sha3-384", "sha3-512",
];

/// Bytes of one call.
const BUFFER: usize = 128 << 10;

/// How long each is measured.
const LENGTH: Duration = Duration::from_millis(200);

/// Measures the functions named, separated by commas, or all that are here.
pub(super) fn measure(names: &str) -> Result<ExitStatus, Failure> {
    let wanted: Vec<&str> = match names {
        "" | "all" => HERE.to_vec(),
        names => names.split(',').collect(),
    };
    let is_known = |name: &&str| HERE.contains(name) || ABSENT.contains(name);
    let (known, unknown): (Vec<_>, Vec<_>) = wanted.into_iter().partition(is_known);
    if known.is_empty() {
        print(&list())?;
        return Err(Failure::setup(match unknown[..] {
            ["help"] => anyhow!("these are the functions of --crctest"),
            _ => anyhow!("unknown hash `{names}`; those above are known"),
        }));
    }
    // As with fio, these do not matter beside others.
    for name in unknown {
        complain(format_args!("fio: unknown hash `{name}`"));
    }
    let buffer: Vec<u8> = (0..BUFFER).map(|index| (index * 7 % 251) as u8).collect();
    for name in known {
        match speed(name, &buffer) {
            Some(speed) => print(&row(name, speed))?,
            None => {
                return Err(Failure::setup(anyhow!("{name} is not in this program")));
            }
        };
    }
    if names.is_empty() {
        complain(format_args!(
            "fio: not in this program: {}",
            ABSENT.join(", ")
        ));
    }
    Ok(ExitStatus::Success)
}

fn list() -> String {
    HERE.iter()
        .chain(&ABSENT)
        .fold(String::new(), |mut text, name| {
            writeln!(text, "{name}").expect("a string takes it");
            text
        })
}

/// In fio's layout.
fn row(name: &str, mib_per_second: f64) -> String {
    let tabs = if name.len() < 7 { "\t\t" } else { "\t" };
    format!("{name}:{tabs}{mib_per_second:>8.2} MiB/sec\n")
}

/// MiB per second, or nothing for one that is not here.
fn speed(name: &str, buffer: &[u8]) -> Option<f64> {
    type Checksum = Box<dyn Fn(&[u8]) -> u64>;
    const CRC64: Algorithm<u64> = crc::CRC_64_XZ;
    let checksum: Checksum = match name {
        "crc64" => {
            let crc = Crc::<u64, Table<16>>::new(&CRC64);
            Box::new(move |bytes| crc.checksum(bytes))
        }
        "crc32" => {
            let crc = Crc::<u32, Table<16>>::new(&crc::CRC_32_ISO_HDLC);
            Box::new(move |bytes| crc.checksum(bytes).into())
        }
        "crc32c" => {
            let crc = Crc::<u32, Table<16>>::new(&crc::CRC_32_ISCSI);
            Box::new(move |bytes| crc.checksum(bytes).into())
        }
        "crc16" => {
            let crc = Crc::<u16, Table<16>>::new(&crc::CRC_16_ARC);
            Box::new(move |bytes| crc.checksum(bytes).into())
        }
        "crc7" => {
            let crc = Crc::<u8, Table<16>>::new(&crc::CRC_7_MMC);
            Box::new(move |bytes| crc.checksum(bytes).into())
        }
        _ => return None,
    };
    let began = Instant::now();
    let mut bytes = 0;
    while began.elapsed() < LENGTH {
        black_box(checksum(black_box(buffer)));
        bytes += buffer.len();
    }
    Some(bytes as f64 / f64::from(1 << 20) / began.elapsed().as_secs_f64())
}

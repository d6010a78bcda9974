//! `--crctest`: how fast checksum functions are, those of fio in its order and layout.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crc::{Crc, Table};
use fio_engine::workload::name_hash;
use fnv::FnvHasher;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use twox_hash::XxHash32;

use super::at_once::print;
use crate::exit::{ExitStatus, Failure};
use crate::output::complain;

/// Computes a checksum that nobody wants.
type Checksum = fn(&[u8]);

/// fio's functions, in its order. `jhash` is the one it calls so, which leaves out most of the bytes.
const FUNCTIONS: [(&str, Checksum); 17] = [
    ("md5", digest::<Md5>),
    ("crc64", |bytes| take(CRC64.checksum(bytes))),
    ("crc32", |bytes| take(CRC32.checksum(bytes))),
    ("crc32c", |bytes| take(CRC32C.checksum(bytes))),
    ("crc16", |bytes| take(CRC16.checksum(bytes))),
    ("crc7", |bytes| take(CRC7.checksum(bytes))),
    ("sha1", digest::<Sha1>),
    ("sha256", digest::<Sha256>),
    ("sha512", digest::<Sha512>),
    ("xxhash", |bytes| take(XxHash32::oneshot(0, bytes))),
    ("murmur3", |bytes| take(murmur3(bytes))),
    ("jhash", |bytes| take(name_hash(bytes))),
    ("fnv", |bytes| take(fnv(bytes))),
    ("sha3-224", digest::<Sha3_224>),
    ("sha3-256", digest::<Sha3_256>),
    ("sha3-384", digest::<Sha3_384>),
    ("sha3-512", digest::<Sha3_512>),
];

static CRC64: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&crc::CRC_64_XZ);
static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&crc::CRC_32_ISO_HDLC);
static CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&crc::CRC_32_ISCSI);
static CRC16: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&crc::CRC_16_ARC);
static CRC7: Crc<u8, Table<16>> = Crc::<u8, Table<16>>::new(&crc::CRC_7_MMC);

/// Bytes of one call.
const BUFFER: usize = 128 << 10;

/// How long each is measured.
const LENGTH: Duration = Duration::from_millis(200);

/// Measures the functions named, separated by commas, or all. As with fio, the order is that of the table,
/// and names that are not known do not matter beside one that is.
pub(super) fn measure(names: &str) -> Result<ExitStatus, Failure> {
    let words = names.split(',').map(str::trim);
    let wanted: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.contains(&name);
    let chosen: Vec<_> = FUNCTIONS
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .collect();
    if chosen.is_empty() {
        if names != "help" {
            complain(format_args!("fio: unknown hash `{names}`. Available:"));
        }
        print(&list())?;
        return Ok(ExitStatus::Setup);
    }
    let is_known = |word: &str| FUNCTIONS.iter().any(|(name, _)| *name == word);
    for word in wanted.iter().filter(|word| !is_known(word)) {
        complain(format_args!("fio: unknown hash `{word}`"));
    }
    let buffer: Vec<u8> = (0..BUFFER).map(|index| (index * 7 % 251) as u8).collect();
    for (name, checksum) in chosen {
        print(&row(name, speed(checksum, &buffer)))?;
    }
    Ok(ExitStatus::Success)
}

/// All names, one a line.
fn list() -> String {
    FUNCTIONS
        .iter()
        .fold(String::new(), |text, (name, _)| text + name + "\n")
}

/// In fio's layout.
fn row(name: &str, mib_per_second: f64) -> String {
    let tabs = if name.len() < 7 { "\t\t" } else { "\t" };
    format!("{name}:{tabs}{mib_per_second:>8.2} MiB/sec\n")
}

/// MiB per second.
fn speed(checksum: Checksum, buffer: &[u8]) -> f64 {
    let began = Instant::now();
    let mut bytes = 0;
    while began.elapsed() < LENGTH {
        checksum(black_box(buffer));
        bytes += buffer.len();
    }
    bytes as f64 / f64::from(1 << 20) / began.elapsed().as_secs_f64()
}

fn digest<D: Digest>(bytes: &[u8]) {
    take(D::digest(bytes));
}

/// Uses a sum, as far as the compiler knows.
fn take<T>(sum: T) {
    black_box(sum);
}

/// MurmurHash3 of 32 bits with seed 0 (A. Appleby, public domain, 2011). The library for it is a fifth as fast.
fn murmur3(bytes: &[u8]) -> u32 {
    let scrambled = |word: u32| {
        let word = word.wrapping_mul(0xcc9e_2d51).rotate_left(15);
        word.wrapping_mul(0x1b87_3593)
    };
    let (words, rest) = bytes.as_chunks::<4>();
    let mut sum = words.iter().fold(0_u32, |sum, word| {
        let sum = sum ^ scrambled(u32::from_le_bytes(*word));
        sum.rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64)
    });
    let mut padded = [0; 4];
    padded[..rest.len()].copy_from_slice(rest);
    sum ^= scrambled(u32::from_le_bytes(padded));
    // The length is part of the sum modulo 2³².
    sum ^= bytes.len() as u32;
    sum = (sum ^ (sum >> 16)).wrapping_mul(0x85eb_ca6b);
    sum = (sum ^ (sum >> 13)).wrapping_mul(0xc2b2_ae35);
    sum ^ (sum >> 16)
}

fn fnv(bytes: &[u8]) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = FnvHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names mean what they mean elsewhere: published check values, and those of the standards for "abc".
    #[test]
    fn functions_are_those_of_their_names() {
        const CHECK: &[u8] = b"123456789";
        assert_eq!(CRC64.checksum(CHECK), 0x995d_c9bb_df19_39fa);
        assert_eq!(CRC32.checksum(CHECK), 0xcbf4_3926);
        assert_eq!(CRC32C.checksum(CHECK), 0xe306_9283);
        assert_eq!(CRC16.checksum(CHECK), 0xbb3d);
        assert_eq!(CRC7.checksum(CHECK), 0x75);
        assert_eq!(XxHash32::oneshot(0, b"abc"), 0x32d1_53ff);
        assert_eq!(murmur3(b""), 0);
        assert_eq!(murmur3(b"abc"), 0xb3dd_93fa);
        assert_eq!(murmur3(b"Hello, world!"), 0xc036_3e43);
        assert_eq!(
            murmur3(b"The quick brown fox jumps over the lazy dog"),
            0x2e4f_f723
        );
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
        let first = |bytes: &[u8]| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        assert_eq!(first(&Md5::digest("abc")), 0x9001_5098);
        assert_eq!(first(&Sha1::digest("abc")), 0xa999_3e36);
        assert_eq!(first(&Sha256::digest("abc")), 0xba78_16bf);
        assert_eq!(first(&Sha512::digest("abc")), 0xddaf_35a1);
        assert_eq!(first(&Sha3_224::digest("abc")), 0xe642_824c);
        assert_eq!(first(&Sha3_256::digest("abc")), 0x3a98_5da7);
        assert_eq!(first(&Sha3_384::digest("abc")), 0xec01_4982);
        assert_eq!(first(&Sha3_512::digest("abc")), 0xb751_850b);
    }

    #[test]
    fn rows_have_fios_columns() {
        assert_eq!(row("md5", 94.407), "md5:\t\t   94.41 MiB/sec\n");
        assert_eq!(row("sha3-224", 6.73), "sha3-224:\t    6.73 MiB/sec\n");
        assert_eq!(row("murmur3", 12391.43), "murmur3:\t12391.43 MiB/sec\n");
    }
}

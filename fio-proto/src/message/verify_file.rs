//! Verify state files: what SENDFILE carries, and what a client stores after VTRIGGER.
//!
//! | offset | size | field (`verify_state_hdr`) | meaning |
//! |---|---|---|---|
//! | 0 | 8 | `version` | 3 up to fio 3.38, 4 in 3.39 and 3.40, 5 in 3.41 and 3.42, 7 since |
//! | 8 | 8 | `size` | bytes that follow the header |
//! | 16 | 8 | `crc` | CRC-32C of those, not inverted at the end |
//! | 24 | … | | one record of [`VerifyState`](super::VerifyState) |

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::VerifyProgress;
use crate::crc::crc32c;
use crate::error::DecodeError;
use crate::frame::CHECKSUMS_IGNORED;
use crate::layout::Dropped;
use crate::reader::Reader;
use crate::version::{Revision, revisions};

const STRUCTURE: &str = "verify_state_hdr";

/// A verify state file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyFileError {
    /// The file's format is none that this crate knows.
    #[error("verify state file of version {version}, known are 3, 4, 5 and 7")]
    UnknownVersion {
        /// The number in the file.
        version: u64,
    },
    /// The file was damaged.
    #[error("bad checksum of a verify state file (got {got:x}, wanted {wanted:x})")]
    Checksum {
        /// What the header says.
        got: u64,
        /// What the rest of the file gives.
        wanted: u32,
    },
    /// The file is shorter or longer than it says, or its record is broken.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// The header as it lies in the file.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct HeaderWire {
    version: U64,
    size: U64,
    crc: U64,
}

const _: () = assert!(size_of::<HeaderWire>() == 24);

/// The formats of files, the first revision that has them and one that can read them.
const FORMATS: [(u64, Revision); 4] = [
    (7, revisions::V121),
    (5, revisions::V113),
    (4, revisions::V107),
    (3, revisions::V65_FIO_2_99),
];

impl VerifyProgress {
    /// Reads a verify state file of any version.
    ///
    /// # Errors
    /// See [`VerifyFileError`].
    pub fn decode_file(bytes: &[u8]) -> Result<Self, VerifyFileError> {
        Self::decode_file_as(bytes).map(|(_, progress)| progress)
    }

    /// The same, with layouts of the file's format.
    pub(crate) fn decode_file_as(bytes: &[u8]) -> Result<(Revision, Self), VerifyFileError> {
        let mut reader = Reader::new(STRUCTURE, bytes);
        let header = reader.view::<HeaderWire>("version")?;
        let version = header.version.get();
        let format = FORMATS.iter().find(|(number, _)| *number == version);
        let &(_, revision) = format.ok_or(VerifyFileError::UnknownVersion { version })?;
        let size = usize::try_from(header.size.get()).unwrap_or(usize::MAX);
        let record = reader.take("size", size)?;
        reader.finish()?;
        let (got, wanted) = (header.crc.get(), crc32c(record));
        if got != u64::from(wanted) && !CHECKSUMS_IGNORED {
            return Err(VerifyFileError::Checksum { got, wanted });
        }
        let mut reader = Reader::new("thread_io_list", record);
        let progress = Self::read(revision, &mut reader)?;
        reader.finish()?;
        Ok((revision, progress))
    }

    /// The verify state file that a release with these layouts reads, and in `dropped` what it cannot
    /// carry. Versions before 65 have none; the oldest there is stands in for theirs.
    pub fn encode_file(&self, revision: Revision, dropped: &mut Vec<Dropped>) -> Vec<u8> {
        let revision = revision.max(revisions::V65_FIO_2_99);
        let mut record = Vec::new();
        self.encode(revision, &mut record, dropped);
        let format = FORMATS.iter().find(|(_, since)| revision >= *since);
        let header = HeaderWire {
            version: format.map_or(3, |(number, _)| *number).into(),
            size: u64::try_from(record.len()).unwrap_or(u64::MAX).into(),
            crc: u64::from(crc32c(&record)).into(),
        };
        let mut file = header.as_bytes().to_vec();
        file.append(&mut record);
        file
    }

    /// The name fio gives the file of this job: of the server's address or name, the job's name and
    /// its index. **The job's name is a peer's word**: make it safe before opening anything by it.
    pub fn file_name(&self, server: &str) -> String {
        format!("{server}-{}-{}-verify.state", self.name, self.index)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    #[test]
    fn every_version_reads_what_it_wrote() {
        let progress = VerifyProgress::new("vt", 0, 1, 201);
        assert_eq!(
            progress.file_name("127.0.0.1"),
            "127.0.0.1-vt-0-verify.state"
        );
        let file = |revision| progress.encode_file(revision, &mut vec![]);
        let versions = Revision::all().map(|revision| {
            let bytes = file(revision);
            let read = VerifyProgress::decode_file(&bytes).unwrap();
            assert_eq!((&read.name, read.writes), (&progress.name, 201));
            u64::from(bytes[0])
        });
        let versions: Vec<_> = versions.collect();
        assert_eq!(versions[..29], [3; 29]);
        assert_eq!(versions[29..], [4, 4, 5, 5, 7]);
    }

    #[test]
    fn a_name_without_room_for_its_nul_is_cut_and_said_so() {
        let name = "x".repeat(64);
        let progress = VerifyProgress::new(name.as_str(), 0, 1, 201);
        let mut dropped = vec![];
        let file = progress.encode_file(revisions::V121, &mut dropped);
        let fields: Vec<_> = dropped.iter().map(|dropped| dropped.field).collect();
        assert_eq!(fields, ["name"]);
        let read = VerifyProgress::decode_file(&file).unwrap();
        assert_eq!(read.name.as_bytes(), &name.as_bytes()[1..]);
    }

    #[test]
    fn damage_is_told() {
        let file = VerifyProgress::new("vt", 0, 1, 201).encode_file(revisions::V121, &mut vec![]);
        let refused = |file: &[u8]| VerifyProgress::decode_file(file).unwrap_err().to_string();
        let mut wrong = file.clone();
        wrong[0] = 6;
        let told = "verify state file of version 6, known are 3, 4, 5 and 7";
        assert_eq!(refused(&wrong), told);
        let mut wrong = file.clone();
        wrong[30] ^= 1;
        assert!(refused(&wrong).starts_with("bad checksum of a verify state file"));
        let longer = [&file[..], &[0]].concat();
        assert_eq!(
            refused(&longer),
            "1 bytes follow the end of verify_state_hdr at offset 176"
        );
        for length in 0..file.len() {
            assert!(
                VerifyProgress::decode_file(&file[..length]).is_err(),
                "{length}"
            );
        }
    }
}

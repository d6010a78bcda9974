//! The checksum of headers and payloads, CRC-16/ARC, and that of verify state files, CRC-32C.
//!
//! CRC-16/ARC: polynomial 0x8005 (reflected 0xA001), initial value 0, reflected in and out, no final xor; the
//! check value of `123456789` is 0xBB3D. The same in every protocol version.

use crc::{CRC_16_ARC, CRC_32_ISCSI, Crc, Table};

/// Sixteen tables: the single table that `Crc<u16>` means by default is some ten times slower.
static ARC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_ARC);

static ISCSI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// CRC-16/ARC of `bytes`; 0 for none.
pub fn crc16(bytes: &[u8]) -> u16 {
    ARC.checksum(bytes)
}

/// CRC-32C of `bytes` as fio has it: polynomial 0x1EDC6F41 and initial value as in iSCSI, but without
/// the final inversion (observed in the state files of every version).
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    !ISCSI.checksum(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One bit at a time, straight from the definition.
    fn bitwise(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0, |crc, &byte| {
            (0..8).fold(crc ^ u16::from(byte), |crc, _| {
                if crc & 1 == 1 {
                    crc >> 1 ^ 0xa001
                } else {
                    crc >> 1
                }
            })
        })
    }

    #[test]
    fn check_value() {
        assert_eq!(crc16(b"123456789"), 0xbb3d);
        assert_eq!(crc16(b""), 0);
        assert_eq!(crc32c(b"123456789"), !0xe306_9283);
    }

    proptest! {
        #[test]
        fn equals_the_bitwise_reference(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(crc16(&bytes), bitwise(&bytes));
        }
    }
}

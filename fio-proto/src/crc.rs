//! The checksum of headers and payloads: CRC-16/ARC.
//!
//! Polynomial 0x8005 (reflected 0xA001), initial value 0, reflected in and out, no final xor; the
//! check value of `123456789` is 0xBB3D. fio: `crc/crc16.c`, the same in every protocol version.

use crc::{CRC_16_ARC, Crc, Table};

/// Sixteen tables: the single table that `Crc<u16>` means by default is some ten times slower.
static ARC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_ARC);

/// CRC-16/ARC of `bytes`; 0 for none.
pub fn crc16(bytes: &[u8]) -> u16 {
    ARC.checksum(bytes)
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
    }

    proptest! {
        #[test]
        fn equals_the_bitwise_reference(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(crc16(&bytes), bitwise(&bytes));
        }
    }
}

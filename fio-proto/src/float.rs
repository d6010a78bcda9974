//! Doubles on the wire: fio's portable packing (`fio_fp64_t`, `fio_double_to_uint64`).
//!
//! A double takes **16 bytes**: its IEEE-754 binary64 pattern as a little-endian u64, then 8 bytes of
//! filler, which this crate sends as zero and ignores when received. For zero and for finite normal
//! numbers the pattern is the number's own, bit for bit what fio sends. fio packs the rest by
//! arithmetic that knows neither infinities nor subnormal numbers; here every case is defined:
//!
//! | value | fio sends | sent here | pattern received | read here |
//! |---|---|---|---|---|
//! | −0.0 | 0 | 0 | sign bit alone | 0.0 |
//! | subnormal | an unrelated number | 0 | exponent 0, any fraction | 0.0 |
//! | ±infinity | never ends | ±[`f64::MAX`] | exponent 2047 | ±[`f64::MAX`] |
//! | NaN | 0xBFF0… on x86, which reads as −1.0 | the same | exponent 2047 | ±[`f64::MAX`] |
//!
//! So decoding yields finite numbers only, and whatever was decoded is encoded again as the same
//! pattern.

/// Bytes a double takes on the wire.
pub const WIRE_SIZE: usize = 16;

/// What fio's x86 arithmetic makes of a NaN.
const PACKED_NAN: u64 = 0xbff0_0000_0000_0000;
const SIGN: u64 = 1 << 63;
const EXPONENT: u64 = 0x7ff0_0000_0000_0000;

/// Packs a double into the pattern fio sends. Defined for every value, see the module.
pub const fn pack(value: f64) -> u64 {
    if value.is_nan() {
        return PACKED_NAN;
    }
    let bits = value.to_bits();
    match bits & EXPONENT {
        0 => 0,
        EXPONENT => bits & SIGN | f64::MAX.to_bits(),
        _ => bits,
    }
}

/// Unpacks a pattern fio sent. Defined for every pattern, always finite, see the module.
pub const fn unpack(bits: u64) -> f64 {
    match bits & EXPONENT {
        0 => 0.0,
        EXPONENT => f64::from_bits(bits & SIGN | f64::MAX.to_bits()),
        _ => f64::from_bits(bits),
    }
}

/// The 16 bytes of a double: its pattern and zero filler.
pub const fn to_wire(value: f64) -> [u8; WIRE_SIZE] {
    let [a, b, c, d, e, f, g, h] = pack(value).to_le_bytes();
    [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Reads the 16 bytes of a double, ignoring the filler.
pub const fn from_wire(wire: &[u8; WIRE_SIZE]) -> f64 {
    let [a, b, c, d, e, f, g, h, ..] = *wire;
    unpack(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_odd_values_are_defined() {
        assert_eq!(pack(0.0), 0);
        assert_eq!(pack(-0.0), 0);
        assert_eq!(pack(f64::MIN_POSITIVE / 2.0), 0);
        assert_eq!(unpack(pack(f64::NAN)), -1.0);
        assert_eq!(unpack(pack(f64::INFINITY)), f64::MAX);
        assert_eq!(unpack(pack(f64::NEG_INFINITY)), f64::MIN);
        assert_eq!(unpack(f64::NAN.to_bits()), f64::MAX);
        assert_eq!(unpack(1).to_bits(), 0);
        assert_eq!(unpack(SIGN).to_bits(), 0);
    }

    proptest! {
        #[test]
        fn normal_numbers_keep_every_bit(value in prop::num::f64::NORMAL) {
            prop_assert_eq!(pack(value), value.to_bits());
            prop_assert_eq!(from_wire(&to_wire(value)).to_bits(), value.to_bits());
        }

        #[test]
        fn whatever_is_read_is_finite_and_stays(bits in any::<u64>()) {
            let value = unpack(bits);
            prop_assert!(value.is_finite());
            prop_assert_eq!(unpack(pack(value)).to_bits(), value.to_bits());
        }
    }
}

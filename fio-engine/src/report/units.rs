//! Numbers as fio prints them: scaled to a prefix, with a limited number of digits.

use std::fmt;

/// What a scaled number counts; it is printed after the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Nothing: `16.0k`.
    None,
    /// Bytes: `16.0KiB`.
    Bytes,
    /// Bytes per second: `16.0KiB/s`.
    BytesPerSecond,
    /// Bits per second, of a value given in bytes per second: `128Kibit/s`.
    BitsPerSecond,
}

impl Unit {
    /// The unit of a rate for a `unit_base` of 1 (bits), 8 or 0 (bytes).
    #[must_use]
    pub const fn of_rate(unit_base: u32) -> Self {
        if unit_base == 1 {
            Self::BitsPerSecond
        } else {
            Self::BytesPerSecond
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Bytes => "B",
            Self::BytesPerSecond => "B/s",
            Self::BitsPerSecond => "bit/s",
        }
    }
}

/// The base of prefixes: `kb_base`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// k, M, G …: powers of 1000.
    Decimal,
    /// Ki, Mi, Gi …: powers of 1024.
    Binary,
}

impl Prefix {
    /// The prefix for a `kb_base` of 1000; anything else means 1024.
    #[must_use]
    pub const fn of_base(kb_base: u32) -> Self {
        if kb_base == 1000 {
            Self::Decimal
        } else {
            Self::Binary
        }
    }

    /// The other one: fio shows most sizes in both.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Decimal => Self::Binary,
            Self::Binary => Self::Decimal,
        }
    }

    const fn base(self) -> u128 {
        match self {
            Self::Decimal => 1000,
            Self::Binary => 1024,
        }
    }

    const fn names(self) -> [&'static str; 8] {
        match self {
            Self::Decimal => ["", "k", "M", "G", "T", "P", "E", "Z"],
            Self::Binary => ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi"],
        }
    }
}

/// A number printed by fio's rule: the smallest prefix with which its whole part has at most
/// `digits` digits, and as many decimals as that leaves room for, the point counted as a digit.
///
/// ```
/// use fio_engine::report::{Prefix, ScaledNumber, Unit};
///
/// let size = ScaledNumber { value: 16_777_216, digits: 4, prefix: Prefix::Binary, unit: Unit::Bytes };
/// assert_eq!(size.to_string(), "16.0MiB");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaledNumber {
    /// The number, in bytes, bytes per second, or anything.
    pub value: u64,
    /// Digits shown (`significant_figures`); fio's default is 4.
    pub digits: u32,
    /// Base of the prefix.
    pub prefix: Prefix,
    /// What is counted.
    pub unit: Unit,
}

impl fmt::Display for ScaledNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.unit == Unit::BitsPerSecond {
            8
        } else {
            1
        };
        let value = u128::from(self.value) * bits;
        // More than 38 digits do not exist here, and the power must not overflow.
        let limit = 10_u128.pow(self.digits.clamp(1, 38));
        let base = self.prefix.base();
        let (mut whole, mut rest, mut power) = (value, 0, 0);
        while whole >= limit && power + 1 < self.prefix.names().len() {
            (whole, rest) = (whole / base, whole % base);
            power += 1;
        }
        let name = self.prefix.names()[power];
        let suffix = self.unit.suffix();
        let (whole, fraction) = round(whole, rest, base, self.decimals(whole, power));
        write!(f, "{whole}{fraction}{name}{suffix}")
    }
}

impl ScaledNumber {
    /// Decimals that fit beside the whole part, the point taking one place.
    fn decimals(&self, whole: u128, power: usize) -> usize {
        let used = whole.checked_ilog10().unwrap_or(0) + 1;
        let free = self.digits.saturating_sub(used + 1);
        if power == 0 { 0 } else { free as usize }
    }
}

/// Rounds `whole + rest / base`; gives the whole part, and the point with the decimals if any.
///
/// As in fio, what was cut off below `rest` does not count, a whole number is rounded half up, and
/// decimals as C's `printf` rounds the double nearest to `rest / base`.
fn round(whole: u128, rest: u128, base: u128, decimals: usize) -> (u128, String) {
    if decimals == 0 {
        return (whole + u128::from(2 * rest >= base), String::new());
    }
    let fraction = format!("{:.decimals$}", rest as f64 / base as f64);
    let carry = u128::from(fraction.starts_with('1'));
    (whole + carry, fraction[1..].to_owned())
}

/// A size or rate in both bases, the second in parentheses: `16.0MiB (16.8MB)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct BothBases(pub(super) ScaledNumber);

impl fmt::Display for BothBases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let other = ScaledNumber {
            prefix: self.0.prefix.other(),
            ..self.0
        };
        write!(f, "{} ({other})", self.0)
    }
}

/// The unit latencies of one line are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LatencyUnit {
    /// `nsec`, `usec` or `msec`.
    pub(super) name: &'static str,
    /// Nanoseconds in the unit.
    pub(super) nanoseconds: u64,
}

impl LatencyUnit {
    const ALL: [Self; 3] = [
        Self {
            name: "nsec",
            nanoseconds: 1,
        },
        Self {
            name: "usec",
            nanoseconds: 1_000,
        },
        Self {
            name: "msec",
            nanoseconds: 1_000_000,
        },
    ];

    /// fio's choice: the next larger unit as long as the smallest value is above 2000, the
    /// largest above 99999 and the deviation, if it matters, above 1000 of the present one.
    pub(super) fn choose(min: u64, max: u64, deviation: Option<f64>) -> Self {
        let fits = |unit: &Self| {
            let too_small = min / unit.nanoseconds > 2_000
                && max / unit.nanoseconds > 99_999
                && deviation.is_none_or(|value| value / unit.nanoseconds as f64 > 1_000.0);
            !too_small
        };
        Self::ALL.into_iter().find(fits).unwrap_or(Self::ALL[2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(value: u64, digits: u32, prefix: Prefix, unit: Unit) -> String {
        ScaledNumber {
            value,
            digits,
            prefix,
            unit,
        }
        .to_string()
    }

    /// `io=` of fio 3.33 for jobs of one I/O of that size.
    #[test]
    fn sizes_are_printed_as_fio_prints_them() {
        for (bytes, binary, decimal) in [
            (1, "1B", "1B"),
            (1023, "1023B", "1023B"),
            (9_999, "9999B", "9999B"),
            (10_000, "9.77KiB", "10.0kB"),
            (10_239, "10.00KiB", "10.2kB"),
            (100_000, "97.7KiB", "100kB"),
            (102_350, "100.0KiB", "102kB"),
            (1_023_999, "1000KiB", "1024kB"),
            (9_994_999, "9761KiB", "9995kB"),
            (9_999_500, "9765KiB", "10000kB"),
            (10_050_000, "9814KiB", "10.1MB"),
            (10_150_401, "9913KiB", "10.1MB"),
            (10_350_000, "9.87MiB", "10.3MB"),
            (10_450_999, "9.97MiB", "10.5MB"),
            (10_951_000, "10.4MiB", "11.0MB"),
            (10_239_487, "9999KiB", "10.2MB"),
            (10_239_488, "10000KiB", "10.2MB"),
            (10_240_000, "9.77MiB", "10.2MB"),
            (104_805_171, "99.9MiB", "105MB"),
            (104_810_000, "100.0MiB", "105MB"),
            (999_499_999, "953MiB", "999MB"),
            (999_500_000, "953MiB", "1000MB"),
        ] {
            assert_eq!(scaled(bytes, 4, Prefix::Binary, Unit::Bytes), binary);
            assert_eq!(scaled(bytes, 4, Prefix::Decimal, Unit::Bytes), decimal);
        }
    }

    #[test]
    fn digits_units_and_extremes_are_respected() {
        let decimal = |value, digits| scaled(value, digits, Prefix::Decimal, Unit::None);
        assert_eq!(decimal(1_024_000, 6), "1024.0k");
        assert_eq!(decimal(2_211_700, 6), "2211.7k");
        assert_eq!(decimal(10_250_499, 6), "10250k");
        assert_eq!(decimal(0, 4), "0");
        assert_eq!(decimal(u64::MAX, 4), "18.4E");
        assert_eq!(decimal(125_000, 1), "0M");
        assert_eq!(decimal(4_400_000, 3), "4.4M");
        assert_eq!(decimal(12_345, u32::MAX), "12345");
        let bits = scaled(9_140_000_000, 4, Prefix::Binary, Unit::of_rate(1));
        assert_eq!(bits, "68.1Gibit/s");
        assert_eq!(
            scaled(u64::MAX, 4, Prefix::Decimal, Unit::BitsPerSecond),
            "148Ebit/s"
        );
        assert_eq!(scaled(512, 4, Prefix::Binary, Unit::of_rate(8)), "512B/s");
    }

    /// Lines of fio 3.33 with the nanoseconds of the JSON of the same run.
    #[test]
    fn latency_units_are_chosen_as_fio_chooses_them() {
        for (min, max, deviation, name) in [
            (36_946, 3_472_852, 145_689.7, "usec"),
            (489, 10_250_000, 2_549_466.5, "nsec"),
            (5_125, 4_331_402, 382_477.7, "usec"),
            (3_445, 78_086, 6_017.9, "nsec"),
            (158_932, 2_430_070, 834_369.3, "usec"),
            (36_946, 3_472_852, 999.0, "nsec"),
            (2_500_000_000, 200_000_000_000, 5e9, "msec"),
        ] {
            assert_eq!(
                LatencyUnit::choose(min, max, Some(deviation)).name,
                name,
                "{min} {max}"
            );
        }
        assert_eq!(LatencyUnit::choose(40_704, 3_457_024, None).name, "usec");
    }
}

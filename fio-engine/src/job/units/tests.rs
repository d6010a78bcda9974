//! Numbers against fio's manual and binary.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::job::units::number::SizeOrPercent;

fn size(text: &str) -> Result<u64, UnitError> {
    parse_size(text.as_bytes(), KbBase::Binary)
}

#[test]
fn sizes_are_those_of_the_fio_binary() {
    for (text, bytes) in [
        ("4k", 4096),
        ("4K", 4096),
        ("4kb", 4096),
        ("4KB", 4096),
        ("4ki", 4096),
        ("4kib", 4000),
        ("4m", 4 << 20),
        ("4MiB", 4_000_000),
        ("1g", 1 << 30),
        ("1t", 1 << 40),
        ("1p", 1 << 50),
        ("0x10", 16),
        ("0X1f", 31),
        ("010", 10),
        ("4b", 4),
        (" 4k ", 4096),
        ("9223372036854775807", i64::MAX as u64),
    ] {
        assert_eq!(size(text), Ok(bytes), "{text}");
    }
    for (text, bytes) in [
        ("4k", 4000),
        ("4ki", 4000),
        ("4kib", 4096),
        ("1g", 1_000_000_000),
    ] {
        assert_eq!(
            parse_size(text.as_bytes(), KbBase::Decimal),
            Ok(bytes),
            "{text}"
        );
    }
}

#[test]
fn what_fio_would_misread_is_refused() {
    for text in [
        "", " ", "k", "1.5g", "1x", "1kx", "-1", "+1", "4 k", "0x10k", "0x", "1e3", "50%", "1z",
        "1k-2k",
    ] {
        assert!(size(text).is_err(), "{text:?} is {:?}", size(text));
    }
    for text in ["18446744073709551616", "16384p", "99999999999999999999999"] {
        assert_eq!(size(text), Err(UnitError::Overflow(text.to_owned())));
    }
}

#[test]
fn percentages_stay_percentages() {
    let parse = |text: &str| parse_size_or_percent(text.as_bytes(), KbBase::Binary);
    assert_eq!(parse("50%"), Ok(SizeOrPercent::Percent(50)));
    assert_eq!(parse("0%"), Ok(SizeOrPercent::Percent(0)));
    assert_eq!(parse("1k"), Ok(SizeOrPercent::Bytes(1024)));
    assert!(parse("101%").is_err() && parse("5%%").is_err() && parse("1k-2k").is_err());
}

#[test]
fn ranges_have_two_bounds_in_any_order() {
    let parse = |text: &str| parse_size_range(text.as_bytes(), KbBase::Binary);
    for text in ["4k-8k", "8k-4k", "4k:8k", "(8k/2)-(10k-2k)"] {
        assert_eq!(parse(text), Ok((4096, 8192)), "{text}");
    }
    for text in ["4k", "4k-", "-4k", "1-2-3"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn times_are_seconds_unless_they_say() {
    for (text, micros) in [
        ("5", 5_000_000),
        ("5s", 5_000_000),
        ("5sec", 5_000_000),
        ("5M", 300_000_000),
        ("1h", 3_600_000_000),
        ("1d", 86_400_000_000),
        ("10ms", 10_000),
        ("10msec", 10_000),
        ("7us", 7),
        ("7USEC", 7),
        ("(1s+500)", 1_000_500),
        ("(10)", 10),
    ] {
        assert_eq!(
            parse_time(text.as_bytes()),
            Ok(Duration::from_micros(micros)),
            "{text}"
        );
    }
    for text in [
        "",
        "1.5",
        "1m30s",
        "5x",
        "0x10",
        "1ns",
        "-1",
        "99999999999999999999",
        "300000000000d",
    ] {
        assert!(parse_time(text.as_bytes()).is_err(), "{text}");
    }
    let range = parse_time_range(b"10-5s");
    assert_eq!(range, Ok((Duration::from_secs(5), Duration::from_secs(10))));
}

#[test]
fn expressions_are_exact() {
    for (text, value) in [
        ("(4k*2)", 8192),
        ("(1+2*3)", 7),
        ("((1+2)*3)", 9),
        ("(2^3^2)", 512),
        ("((2^3)^2)", 64),
        ("(10/4*4)", 10),
        ("(10/4)", 2),
        ("(17%5)", 2),
        ("( 1g - 4k )", (1 << 30) - 4096),
        ("(-3+5)", 2),
        ("(0x10+1)", 17),
        ("(1k)*(2)", 2048),
    ] {
        assert_eq!(size(text), Ok(value), "{text}");
    }
}

#[test]
fn bad_expressions_are_refused() {
    for text in [
        "(",
        "()",
        "(1",
        "(1))",
        "(1+)",
        "(1/0)",
        "(1%0)",
        "(1-2)",
        "(1 2)",
        "(2^-1)",
        "(2^2000)",
        "(99999999999999999999)",
        "(2^64)",
        "(2^126*2^126)",
        "(1kk)",
        "(1)k",
        "(1/2%3)",
    ] {
        assert!(size(text).is_err(), "{text} is {:?}", size(text));
    }
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(size(&deep).is_err());
    assert!(size(&format!("({}1)", "-".repeat(5000))).is_err());
    assert!(size(&format!("(1{})", "^1".repeat(5000))).is_err());
}

proptest! {
    #[test]
    fn any_number_reads_as_itself(value: u64) {
        prop_assert_eq!(size(&value.to_string()), Ok(value));
        prop_assert_eq!(size(&format!("{value:#x}")), Ok(value));
        prop_assert_eq!(size(&format!("({value})")), Ok(value));
    }

    #[test]
    fn any_text_ends_with_a_result(text in "[-+*/%^()0-9kmgx. :]{0,40}") {
        let _ = size(&text);
        let _ = parse_time_range(text.as_bytes());
        let _ = parse_size_or_percent(text.as_bytes(), KbBase::Decimal);
    }

    #[test]
    fn arithmetic_agrees_with_rust(a in 0_u64..1 << 31, b in 1_u64..1 << 31) {
        prop_assert_eq!(size(&format!("({a}*{b})")), Ok(a * b));
        prop_assert_eq!(size(&format!("({a}/{b})")), Ok(a / b));
        prop_assert_eq!(size(&format!("({a}%{b})")), Ok(a % b));
        prop_assert_eq!(size(&format!("({a}+{b}-{b})")), Ok(a));
    }
}

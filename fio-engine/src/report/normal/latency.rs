//! Lines of latencies: extremes, percentiles, and the distribution by ranges.

use std::fmt::{self, Write};

use super::share;
use crate::report::model::{JobReport, LatencyReport};
use crate::report::units::{LatencyUnit, Prefix, ScaledNumber, Unit};
use crate::stats::Histogram;

/// Columns a percentile table may fill after its indentation of six.
const TABLE_COLUMNS: usize = 74;

/// Ranges shown on one line of the distribution.
const RANGES_PER_LINE: usize = 5;

/// `    clat (usec): min=2, max=124, avg= 3.40, stdev= 4.51`; nothing without values.
pub(super) fn write_latency(
    out: &mut dyn Write,
    name: &str,
    report: &LatencyReport,
) -> fmt::Result {
    let moments = &report.moments;
    if moments.samples == 0 {
        return Ok(());
    }
    let deviation = moments.standard_deviation();
    let unit = LatencyUnit::choose(moments.min, moments.max, Some(deviation));
    let scaled = |nanoseconds: u64| ScaledNumber {
        value: nanoseconds / unit.nanoseconds,
        digits: 6,
        prefix: Prefix::Decimal,
        unit: Unit::None,
    };
    writeln!(
        out,
        "{name:>8} ({}): min={}, max={}, avg={:5.2}, stdev={:5.2}",
        unit.name,
        scaled(moments.min),
        scaled(moments.max),
        moments.mean / unit.nanoseconds as f64,
        deviation / unit.nanoseconds as f64,
    )
}

/// The table `    clat percentiles (usec):`; nothing without values or percentiles.
pub(super) fn write_percentiles(
    out: &mut dyn Write,
    name: &str,
    histogram: Option<&Histogram>,
    percents: &[f64],
) -> fmt::Result {
    let Some(histogram) = histogram.filter(|histogram| !histogram.is_empty()) else {
        return Ok(());
    };
    let values = histogram.percentiles(percents);
    let (Some(min), Some(max)) = (values.iter().min(), values.iter().max()) else {
        return Ok(());
    };
    let unit = LatencyUnit::choose(*min, *max, None);
    let scaled = values.iter().map(|value| value.div_ceil(unit.nanoseconds));
    writeln!(out, "    {name} percentiles ({}):", unit.name)?;
    write_table(out, percents, &scaled.collect::<Vec<_>>())
}

/// The lines of a table of percentiles, as wide as its largest value needs.
pub(super) fn write_table(out: &mut dyn Write, percents: &[f64], values: &[u64]) -> fmt::Result {
    let max = values.iter().max().copied().unwrap_or(0);
    let precision = precision(percents);
    let percent_width = if precision == 0 { 3 } else { precision + 3 };
    let value_width = max.to_string().len().max(5);
    // A blank, the percentage, "th=[", the value, "]" and a comma.
    let per_line = (TABLE_COLUMNS / (percent_width + value_width + 7)).max(1);
    let last = percents.len().saturating_sub(1);
    for (index, (percent, value)) in percents.iter().zip(values).enumerate() {
        if index % per_line == 0 {
            out.write_str("     |")?;
        }
        write!(
            out,
            " {percent:percent_width$.precision$}th=[{value:value_width$}]"
        )?;
        if index == last {
            out.write_char('\n')?;
        } else if index % per_line == per_line - 1 {
            out.write_str(",\n")?;
        } else {
            out.write_char(',')?;
        }
    }
    Ok(())
}

/// Decimals that show every percentile of a list in full, at most six.
fn precision(percents: &[f64]) -> usize {
    let decimals = |percent: &f64| {
        let text = format!("{percent:.6}");
        let trimmed = text.trim_end_matches('0');
        trimmed.len() - trimmed.find('.').map_or(trimmed.len(), |point| point + 1)
    };
    percents.iter().map(decimals).max().unwrap_or(0)
}

/// The lines `  lat (nsec)   : 20=97.83%, 50=0.93%`: share of I/Os below each limit and from the
/// one before on.
pub(super) fn write_distribution(out: &mut dyn Write, job: &JobReport) -> fmt::Result {
    let total = job.total_ios();
    write_ranges(out, "nsec", &job.latency_ns, total)?;
    write_ranges(out, "usec", &job.latency_us, total)?;
    write_ranges(out, "msec", &job.latency_ms, total)
}

fn write_ranges(out: &mut dyn Write, unit: &str, counts: &[u64], total: u64) -> fmt::Result {
    let ranges = counts
        .iter()
        .zip(RANGE_LABELS)
        .filter(|(count, _)| **count > 0);
    let mut in_line = 0;
    for (count, label) in ranges {
        let share = share(*count, total, 0.01);
        match in_line {
            0 => write!(out, "  lat ({unit})   : {label}={share:.2}%")?,
            RANGES_PER_LINE => {
                write!(out, "\n  lat ({unit})   : {label}={share:.2}%")?;
                in_line = 0;
            }
            _ => write!(out, ", {label}={share:.2}%")?,
        }
        in_line += 1;
    }
    if in_line > 0 {
        out.write_char('\n')
    } else {
        Ok(())
    }
}

/// Labels of the ranges of each unit; nanoseconds and microseconds have the first ten.
pub(in crate::report) const RANGE_LABELS: [&str; 12] = [
    "2", "4", "10", "20", "50", "100", "250", "500", "750", "1000", "2000", ">=2000",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn table(percents: &[f64], nanoseconds: u64) -> String {
        let mut histogram = Histogram::new();
        histogram.record(nanoseconds);
        let mut text = String::new();
        write_percentiles(&mut text, "clat", Some(&histogram), percents).expect("strings take all");
        text
    }

    /// Shapes of tables of fio 3.33 for these lists.
    #[test]
    fn tables_are_broken_where_fio_breaks_them() {
        assert_eq!(
            table(&[1.0, 50.0, 99.9999, 99.99999], 34),
            "    clat percentiles (nsec):\n\
             \x20    |  1.00000th=[   34], 50.00000th=[   34], 99.99990th=[   34],\n\
             \x20    | 99.99999th=[   34]\n"
        );
        let entries = |percents: &[f64], value| {
            let text = table(percents, value);
            text.lines()
                .skip(1)
                .map(|line| line.matches("th=").count())
                .collect::<Vec<_>>()
        };
        assert_eq!(entries(&[1.0, 20.0, 50.0, 60.0, 99.9999], 1000), [3, 2]);
        assert_eq!(entries(&[1.0, 20.0, 50.0, 60.0, 99.999], 1000), [4, 1]);
        assert_eq!(entries(&[1.0, 20.0, 50.0, 60.0, 99.99], 1000), [4, 1]);
        assert_eq!(entries(&[1.0, 20.0, 50.0, 60.0, 99.0], 1000), [4, 1]);
        assert_eq!(entries(&[10.0, 20.0, 50.0, 60.0], 1000), [4]);
    }

    #[test]
    fn wide_values_widen_every_column() {
        let mut histogram = Histogram::new();
        histogram.record(326);
        histogram.record(2_185_700);
        let mut text = String::new();
        write_percentiles(
            &mut text,
            "clat",
            Some(&histogram),
            &[1.0, 5.0, 10.0, 99.99],
        )
        .expect("strings take all");
        assert_eq!(
            text,
            "    clat percentiles (nsec):\n\
             \x20    |  1.00th=[    326],  5.00th=[    326], 10.00th=[    326],\n\
             \x20    | 99.99th=[2179072]\n"
        );
    }

    #[test]
    fn nothing_is_said_about_nothing() {
        let mut text = String::new();
        write_percentiles(&mut text, "clat", Some(&Histogram::new()), &[1.0]).expect("empty");
        write_percentiles(&mut text, "clat", None, &[1.0]).expect("none");
        write_latency(&mut text, "clat", &LatencyReport::default()).expect("no values");
        assert_eq!(text, "");
    }
}

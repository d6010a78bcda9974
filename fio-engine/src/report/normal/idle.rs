//! The lines about the idleness of the CPUs.

use std::fmt::{self, Write};

use crate::idle::{CpuIdleness, UnitWork};

const TITLE: &str = "CPU idleness:";

pub(super) fn write(out: &mut dyn Write, idleness: &CpuIdleness) -> fmt::Result {
    writeln!(out, "\n{TITLE}\n  system: {:3.2}%", idleness.system)?;
    for (index, (_, idle)) in idleness.per_cpu.iter().enumerate() {
        let before = if index == 0 { "  percpu: " } else { ", " };
        write!(out, "{before}{idle:3.2}%")?;
    }
    if !idleness.per_cpu.is_empty() {
        out.write_char('\n')?;
    }
    write_unit(out, idleness.unit)
}

pub(super) fn write_calibration(out: &mut dyn Write, unit: UnitWork) -> fmt::Result {
    writeln!(out, "{TITLE}")?;
    write_unit(out, unit)
}

fn write_unit(out: &mut dyn Write, unit: UnitWork) -> fmt::Result {
    let UnitWork { mean, deviation } = unit;
    writeln!(
        out,
        "  unit work: mean={mean:3.2}us, stddev={deviation:3.2}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As fio 3.33 prints them.
    #[test]
    fn lines_are_those_of_fio() {
        let idleness = CpuIdleness {
            system: 3.38,
            per_cpu: vec![(0, 0.8), (1, 5.96)],
            unit: UnitWork {
                mean: 52.68,
                deviation: 35.96,
            },
        };
        let mut text = String::new();
        write(&mut text, &idleness).expect("strings take all");
        assert_eq!(
            text,
            "\nCPU idleness:\n  system: 3.38%\n  percpu: 0.80%, 5.96%\n\
             \x20 unit work: mean=52.68us, stddev=35.96\n"
        );
        let of_all = CpuIdleness {
            per_cpu: Vec::new(),
            ..idleness
        };
        text.clear();
        write(&mut text, &of_all).expect("strings take all");
        assert!(!text.contains("percpu"), "{text}");
        text.clear();
        write_calibration(&mut text, of_all.unit).expect("strings take all");
        assert_eq!(
            text,
            "CPU idleness:\n  unit work: mean=52.68us, stddev=35.96\n"
        );
    }
}

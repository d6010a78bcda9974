//! Percentiles: each kind of latency has them if and only if the job asks, however directions are reported, and
//! they are those of the bins.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{both, number};

const KINDS: [&str; 3] = ["slat", "clat", "lat"];

/// Which engine, how directions are reported, and which kinds have percentiles.
struct Wish {
    engine: &'static str,
    reporting: &'static str,
    kinds: [bool; 3],
}

impl Wish {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for engine in ["null", "libaio"] {
            for reporting in ["none", "mixed", "both"] {
                for bits in 0..8 {
                    let kinds = [0, 1, 2].map(|bit| bits >> bit & 1 == 1);
                    all.push(Self {
                        engine,
                        reporting,
                        kinds,
                    });
                }
            }
        }
        all
    }

    fn section(&self, number: usize) -> String {
        let [slat, clat, lat] = self.kinds.map(u8::from);
        let Self {
            engine, reporting, ..
        } = self;
        format!(
            "[{number}]\nioengine={engine}\nunified_rw_reporting={reporting}\nslat_percentiles={slat}\n\
             clat_percentiles={clat}\nlat_percentiles={lat}\n"
        )
    }

    fn directions(&self) -> &'static [&'static str] {
        match self.reporting {
            "mixed" => &["mixed"],
            "both" => &["read", "write", "mixed"],
            _ => &["read", "write"],
        }
    }
}

fn job_file() -> String {
    let wishes = Wish::all();
    let sections = (0..)
        .zip(&wishes)
        .map(|(number, wish)| wish.section(number));
    // One after the other, so that the file is made once.
    "[global]\nfilename=data\nsize=256k\nrw=randrw\niodepth=4\n".to_owned()
        + &sections.collect::<Vec<_>>().join("stonewall\n")
}

/// What holds of the percentiles of one kind.
fn check(latency: &Value, wanted: bool, with_bins: bool, place: &str) {
    let count = latency["N"].as_u64().unwrap_or(0);
    assert_eq!(
        latency.get("percentile").is_some(),
        wanted && count > 0,
        "{place}: {latency}"
    );
    assert_eq!(
        latency.get("bins").is_some(),
        wanted && with_bins && count > 0,
        "{place}: {latency}"
    );
    let Some(percentiles) = latency["percentile"].as_object() else {
        return;
    };
    let mut listed: Vec<(f64, u64)> = percentiles
        .iter()
        .map(|(percent, value)| {
            (
                percent.parse().expect("a number"),
                value.as_u64().expect("an integer"),
            )
        })
        .collect();
    listed.sort_by(|one, other| one.0.total_cmp(&other.0));
    assert!(
        listed.len() >= 17 && listed.is_sorted_by_key(|(_, value)| *value),
        "{place}: {listed:?}"
    );
    let Some(bins) = latency["bins"].as_object() else {
        return;
    };
    let mut bins: Vec<(u64, u64)> = bins
        .iter()
        .map(|(value, count)| {
            (
                value.parse().expect("a number"),
                count.as_u64().expect("a count"),
            )
        })
        .collect();
    bins.sort_unstable();
    assert_eq!(
        bins.iter().map(|(_, count)| count).sum::<u64>(),
        count,
        "{place}"
    );
    for (percent, value) in listed {
        let (mut sum, mut reached) = (0, None);
        for (bin, count) in &bins {
            sum += count;
            if sum as f64 >= percent / 100.0 * count_of(latency) && reached.is_none() {
                reached = Some(*bin);
            }
        }
        assert_eq!(reached, Some(value), "{place}: {percent}");
    }
    assert!(
        number(&latency["min"]) <= number(&latency["mean"]),
        "{place}"
    );
}

fn count_of(latency: &Value) -> f64 {
    number(&latency["N"])
}

#[test]
fn percentiles_are_there_where_they_are_asked_for_and_those_of_the_bins() {
    for format in ["json", "json+"] {
        let words = [
            &format!("--output-format={format}"),
            "--eta=never",
            "job.fio",
        ];
        let mut shapes = Vec::new();
        for ran in both(&job_file(), &words) {
            let (jobs, mut shape) = (ran.jobs(), BTreeSet::new());
            let wishes = Wish::all();
            assert_eq!(jobs.len(), wishes.len(), "{}", ran.who);
            for (number, (job, wish)) in jobs.iter().zip(&wishes).enumerate() {
                for direction in wish.directions() {
                    let ios = job[direction]["total_ios"].as_u64();
                    assert!(ios > Some(0), "{}: {number} {direction}", ran.who);
                    for (kind, wanted) in KINDS.iter().zip(wish.kinds) {
                        let place = format!("{} {format} {number} {direction} {kind}", ran.who);
                        let latency = &job[direction][format!("{kind}_ns")];
                        check(latency, wanted, format == "json+", &place);
                        let members = latency.as_object().expect("an object").keys();
                        shape.extend(
                            members.map(|member| format!("{number} {direction} {kind} {member}")),
                        );
                    }
                }
            }
            shapes.push(shape);
        }
        if let [theirs, ours] = &shapes[..] {
            assert_eq!(
                theirs.symmetric_difference(ours).collect::<Vec<_>>(),
                [""; 0]
            );
        }
    }
}

//! Readers of histograms: the bins of JSON+, and histogram logs. Both recompute the percentiles.

use serde_json::Value;

use super::{log, percentile, value_of_bin};
use crate::util::Folder;

const JOB: [&str; 10] = [
    "--name=h",
    "--ioengine=psync",
    "--rw=randrw",
    "--bs=4k",
    "--size=2m",
    "--filename=data",
    "--time_based",
    "--runtime=1",
    "--write_hist_log=h",
    "--log_hist_msec=100",
];

fn run(format: &str, more: &[&str]) -> (Folder, Value) {
    let folder = Folder::new();
    let format = format!("--output-format={format}");
    let always = ["run", &format, "--"].into_iter().chain(JOB);
    let words: Vec<&str> = always.chain(more.iter().copied()).collect();
    let document = folder.run(words).expect_code(0).json();
    (folder, document)
}

/// Percentiles of a latency in a document: percent and nanoseconds.
fn percentiles(latency: &Value) -> Vec<(f64, u64)> {
    let listed = latency["percentile"].as_object().expect("percentiles");
    let percentiles = listed
        .iter()
        .map(|(percent, value)| (percent.parse().unwrap(), value.as_u64().unwrap()));
    percentiles.collect()
}

/// What fio's own `fio_jsonplus_clat2csv --validate` does.
#[test]
fn percentiles_are_those_of_the_bins() {
    let (_folder, document) = run("json+", &["--slat_percentiles=1", "--lat_percentiles=1"]);
    let mut checked = 0;
    for direction in ["read", "write"] {
        for kind in ["clat_ns", "lat_ns"] {
            let latency = &document["jobs"][0][direction][kind];
            let bins = latency["bins"].as_object().expect("bins");
            let mut bins: Vec<(u64, u64)> = bins
                .iter()
                .map(|(value, count)| (value.parse().unwrap(), count.as_u64().unwrap()))
                .collect();
            bins.sort_unstable();
            let total: u64 = bins.iter().map(|(_, count)| count).sum();
            assert_eq!(Some(total), latency["N"].as_u64(), "{direction} {kind}");
            for (percent, value) in percentiles(latency) {
                assert_eq!(
                    percentile(&bins, percent),
                    value,
                    "{direction} {kind} {percent}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked >= 4 * 15, "{checked}");
}

/// What `fiologparser_hist.py` and `fio-histo-log-pctiles.py` read, at each coarseness they know.
#[test]
fn percentiles_of_a_run_are_those_of_its_histogram_log() {
    for coarseness in [0_u32, 3] {
        let option = format!("--log_hist_coarseness={coarseness}");
        let (folder, document) = run("json", &[&option]);
        let mut counts = [vec![0; 1856 >> coarseness], vec![0; 1856 >> coarseness]];
        let mut before = 0;
        for line in log(&folder, "h_clat_hist.1.log").lines() {
            let fields: Vec<u64> = line
                .split(", ")
                .map(|field| field.parse().expect(line))
                .collect();
            let (head, bins) = fields.split_at(3);
            assert!(head[0] >= before && head[2] == 4096, "{line}");
            before = head[0];
            let sums = &mut counts[head[1] as usize];
            assert_eq!(bins.len(), sums.len());
            sums.iter_mut()
                .zip(bins)
                .for_each(|(sum, count)| *sum += count);
        }
        for (direction, counts) in ["read", "write"].into_iter().zip(counts) {
            let job = &document["jobs"][0][direction];
            let total: u64 = counts.iter().sum();
            assert_eq!(Some(total), job["total_ios"].as_u64(), "{direction}");
            let bins: Vec<(u64, u64)> = counts
                .iter()
                .enumerate()
                .map(|(bin, count)| (value_of_bin(bin << coarseness), *count))
                .collect();
            for (percent, value) in percentiles(&job["clat_ns"]) {
                let found = percentile(&bins, percent);
                // As many buckets as were put together lie between.
                let width = f64::from(1_u32 << coarseness) / 64.0;
                let distance = (found as f64 - value as f64).abs();
                assert!(
                    distance <= width * value as f64 + 1.0,
                    "{direction} {percent}: {found} {value}"
                );
            }
        }
    }
}

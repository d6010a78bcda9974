//! Readers of latency logs: percentiles and means from the entries of single I/Os, sums from those of
//! intervals.

use super::{bucket_of, log};
use crate::util::Folder;

/// Values of a log of single I/Os by direction, in order of size.
fn values(text: &str) -> [Vec<u64>; 2] {
    let mut values = [Vec::new(), Vec::new()];
    for line in text.lines() {
        let fields: Vec<u64> = line
            .split(", ")
            .map(|field| field.parse().expect(line))
            .collect();
        let [_, value, direction, 4096, 0] = fields[..] else {
            panic!("{line}");
        };
        values[direction as usize].push(value);
    }
    values.iter_mut().for_each(|values| values.sort_unstable());
    values
}

#[test]
fn percentiles_of_a_run_are_those_of_its_latency_log_within_a_bucket() {
    let folder = Folder::new();
    let words = [
        "run",
        "--output-format=json",
        "--",
        "--name=l",
        "--ioengine=libaio",
        "--iodepth=8",
        "--rw=randrw",
        "--bs=4k",
        "--size=8m",
        "--filename=data",
        "--io_size=64m",
        "--write_lat_log=l",
        "--slat_percentiles=1",
        "--clat_percentiles=1",
        "--lat_percentiles=1",
    ];
    let document = folder.run(words).expect_code(0).json();
    let mut checked = 0;
    for (kind, name) in [("slat_ns", "slat"), ("clat_ns", "clat"), ("lat_ns", "lat")] {
        let values = values(&log(&folder, &format!("l_{name}.1.log")));
        for (direction, values) in ["read", "write"].into_iter().zip(values) {
            let latency = &document["jobs"][0][direction][kind];
            assert_eq!(latency["N"].as_u64(), Some(values.len() as u64), "{kind}");
            assert_eq!(latency["min"].as_u64(), values.first().copied(), "{kind}");
            assert_eq!(latency["max"].as_u64(), values.last().copied(), "{kind}");
            let mean = values.iter().sum::<u64>() as f64 / values.len() as f64;
            let reported = latency["mean"].as_f64().unwrap();
            assert!(
                (mean - reported).abs() < 0.01 * mean + 1.0,
                "{kind}: {mean} {reported}"
            );
            for (percent, value) in latency["percentile"].as_object().expect("percentiles") {
                let share = percent.parse::<f64>().unwrap() / 100.0;
                let rank = (share * values.len() as f64).ceil() as usize;
                let exact = values[rank.clamp(1, values.len()) - 1];
                let (first, last) = bucket_of(exact);
                let value = value.as_u64().unwrap();
                assert!(
                    (first..=last).contains(&value),
                    "{direction} {kind} {percent}: {value}, exactly {exact}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked >= 6 * 15, "{checked}");
}

/// fiologparser.py sums intervals: I/Os of all windows of the IOPS log are those of the run.
#[test]
fn intervals_add_up_to_the_run() {
    let folder = Folder::new();
    let words = [
        "run",
        "--output-format=json",
        "--",
        "--name=i",
        "--ioengine=null",
        "--rw=randread",
        "--size=1g",
        "--rate_iops=5000",
        "--time_based",
        "--runtime=2",
        "--write_iops_log=i",
        "--write_bw_log=i",
        "--log_avg_msec=100",
    ];
    let document = folder.run(words).expect_code(0).json();
    let read = &document["jobs"][0]["read"];
    for (name, total) in [
        ("i_iops.1.log", read["total_ios"].as_f64().unwrap()),
        ("i_bw.1.log", read["io_kbytes"].as_f64().unwrap()),
    ] {
        let (mut sum, mut before) = (0.0, 0.0);
        for line in log(&folder, name).lines() {
            let fields: Vec<f64> = line
                .split(", ")
                .map(|field| field.parse().expect(line))
                .collect();
            sum += fields[1] * (fields[0] - before) / 1000.0;
            before = fields[0];
        }
        // The last window may be cut off.
        assert!(
            (0.75..1.02).contains(&(sum / total)),
            "{name}: {sum} of {total}"
        );
    }
}

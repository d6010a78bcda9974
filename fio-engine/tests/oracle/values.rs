//! Values that options may have in generated jobs.

use fio_engine::job::{OptionInfo, OptionType};

/// Values that make sense.
pub(crate) fn values(option: &OptionInfo) -> Vec<String> {
    let owned = |list: &[&str]| {
        list.iter()
            .map(|&value| value.to_owned())
            .collect::<Vec<_>>()
    };
    if let Some((_, list)) = VALUES.iter().find(|(name, _)| *name == option.name) {
        return owned(list);
    }
    if !option.values.is_empty() {
        return owned(option.values);
    }
    match option.value_type {
        OptionType::Boolean => owned(&["0", "1"]),
        OptionType::Flag => owned(&["", "1", "0"]),
        OptionType::Time => owned(&["1", "10s", "5m", "500ms", "2us", "1h"]),
        OptionType::Size => owned(&["4096", "64k", "1m", "0x2000"]),
        OptionType::SizeOrPercent => owned(&["4096", "64k", "1m", "50%"]),
        OptionType::Range => owned(&["4k-8k", "512-64k"]),
        OptionType::DecimalList => owned(&["50", "10:99.9"]),
        OptionType::Integer => integers(option),
        OptionType::OptionalText => owned(&["", "text"]),
        OptionType::Text => owned(&["text"]),
        _ => Vec::new(),
    }
}

fn integers(option: &OptionInfo) -> Vec<String> {
    let low = u64::try_from(option.minimum).unwrap_or(0);
    let high = option.maximum.unwrap_or(64).min(1 << 20);
    let numbers = [low.max(1), low.max(1) + 1, high, high / 2];
    let inside = |number: &u64| (low..=high).contains(number);
    let list = numbers.iter().filter(|number| inside(number));
    list.map(ToString::to_string).collect()
}

/// Values that do not, or just so.
pub(crate) fn odd_values(option: &OptionInfo) -> Vec<String> {
    let mut list = match option.value_type {
        OptionType::Boolean => vec!["2", "yes", ""],
        OptionType::Flag => vec!["2"],
        OptionType::Integer | OptionType::Time | OptionType::Size => vec!["abc", "", "0"],
        OptionType::SizeOrPercent => vec!["abc", "", "0%", "100%"],
        OptionType::DecimalList => vec!["abc", "-1", "0"],
        OptionType::Range => vec!["", "abc", "4k"],
        OptionType::Text if !option.values.is_empty() => vec!["nosuch", ""],
        OptionType::Text => vec![""],
        _ => Vec::new(),
    };
    if let Some((_, odd)) = ODD_VALUES.iter().find(|(name, _)| *name == option.name) {
        list = odd.to_vec();
    }
    let mut list: Vec<_> = list.into_iter().map(str::to_owned).collect();
    if let (OptionType::Integer, Some(maximum)) = (option.value_type, option.maximum) {
        list.push((maximum + 1).to_string());
    }
    list
}

/// Odd values of options that a type does not describe.
const ODD_VALUES: &[(&str, &[&str])] = &[
    ("wait_for", &["nosuch", ""]),
    ("description", &[""]),
    ("percentage_random", &["101", "50,200", "abc"]),
    ("rw", &["randreadx", "nosuch", "randread:", ""]),
    ("bs", &["abc", "", "4k,", "512,abc"]),
    ("rate", &["abc", "", ","]),
    ("numjobs", &["abc", ""]),
    ("zoneskip", &["abc", ""]),
];

/// Values of options that a type does not describe.
const VALUES: &[(&str, &[&str])] = &[
    ("description", &["some text", "a=b"]),
    ("filename", &["f1", "f1:f2", "a/b"]),
    ("directory", &["."]),
    (
        "filename_format",
        &["$jobname.$filenum", "x.$jobnum.$filenum"],
    ),
    ("bs", &["4k", "8k,16k", "512,1k,2k", ",8k"]),
    ("ba", &["4k", "512,,1k"]),
    (
        "bssplit",
        &["4k/50:8k/50", "4k/10:64k/90,8k/100", "512/:1k/"],
    ),
    (
        "rw",
        &[
            "read",
            "write",
            "randread",
            "randwrite",
            "rw",
            "randrw",
            "randread:8",
            "write:4k",
            "read:-8k",
            "trim",
            "randtrimwrite",
        ],
    ),
    ("numjobs", &["1", "2"]),
    ("nrfiles", &["1", "3"]),
    ("loops", &["1", "2"]),
    ("iodepth", &["1", "16"]),
    ("size", &["1m", "50%", "4m"]),
    ("io_size", &["1m", "50%"]),
    ("filesize", &["64k", "64k-1m"]),
    ("startdelay", &["1", "1-2", "500ms"]),
    ("cpus_allowed", &["0", "0-1", "0,1"]),
    ("log_compression_cpus", &["0", "0-1"]),
    ("cpumask", &["1", "3", "0x1"]),
    ("percentile_list", &["50:99", "99.9"]),
    (
        "random_distribution",
        &[
            "random",
            "zipf:1.2",
            "zipf",
            "pareto:0.9",
            "normal:20",
            "zoned:60/10:30/20:8/30:2/40",
            "zoned_abs:60/1m:40/4m",
            "zipf:1.1:0.5",
        ],
    ),
    (
        "file_service_type",
        &[
            "random",
            "roundrobin",
            "sequential",
            "random:4",
            "zipf:1.2",
            "pareto:0.3",
            "normal:10",
        ],
    ),
    ("percentage_random", &["0", "50", "100", "10,90"]),
    ("rwmixread", &["0", "30", "100"]),
    ("rwmixwrite", &["0", "30", "100"]),
    ("rate", &["1m", "500k,1m", ",1m"]),
    ("rate_iops", &["100", "50,100"]),
    ("rate_min", &["1k", "1k,2k"]),
    ("rate_iops_min", &["1", "1,2"]),
    ("rate_cycle", &["100", "1000"]),
    (
        "buffer_pattern",
        &["0xdeadface", "\"abcd\"", "-12", "0x12\"ab\"-3"],
    ),
    ("sync_file_range", &["write:4", "wait_before,write:16"]),
    ("steadystate", &["iops:10%", "bw_slope:0.5%", "iops:100"]),
    ("ignore_error", &["EIO", "EIO:ENOSPC,ENOSPC", "5"]),
    ("randseed", &["1", "12345678901"]),
    ("latency_percentile", &["99", "99.9"]),
    ("mem", &["malloc", "mmap"]),
    ("log_entries", &["1024", "4096"]),
    ("write_bw_log", &["", "x"]),
    // Strided zones need a size; `job_oracle.rs` has such jobs.
    ("zonemode", &["none"]),
    ("kb_base", &["1000", "1024"]),
    ("nice", &["-5", "0", "19"]),
    ("wait_for", &["first"]),
    ("write_iolog", &["x"]),
    ("read_iolog", &["/no/such/log"]),
    ("replay_skip", &["read", "read,write", "trim,sync"]),
    ("replay_redirect", &["/dev/null"]),
    ("number_ios", &["1", "5k", "0"]),
    ("offset", &["0", "4k", "25%"]),
    ("offset_increment", &["4k", "10%", "0"]),
    ("latency_target", &["5ms", "100", "1s"]),
    ("latency_window", &["5s", "100ms"]),
    ("max_latency", &["5", "10ms"]),
    ("thinktime", &["5", "5ms", "1s"]),
    ("thinktime_spin", &["5", "2ms"]),
    ("thinktime_iotime", &["1", "9s"]),
    ("cmdprio", &["0", "7", "3,4"]),
    ("cmdprio_class", &["1", "3", "2,3"]),
    ("cmdprio_percentage", &["30", "30,60", "100"]),
    ("cmdprio_bssplit", &["4k/30:8k/60", "64k/10,4k/10"]),
    ("nonvectored", &["-1", "0", "1"]),
    ("cpuload", &["30", "100"]),
    ("verify", &["0"]),
    ("verify_interval", &["512", "4k"]),
    ("verify_backlog", &["4", "1k"]),
    ("trim_backlog", &["4", "64k"]),
    ("trim_backlog_batch", &["4"]),
    ("numa_cpu_nodes", &["0"]),
    (
        "numa_mem_policy",
        &["local", "default", "bind:0", "interleave:0"],
    ),
    ("uid", &["0", "1000"]),
    ("gid", &["0", "1000"]),
    ("lockmem", &["0", "4k", "1m"]),
    ("zonesize", &["64k", "1m"]),
    ("zonerange", &["64k", "1m"]),
    ("zoneskip", &["4k", "0"]),
];

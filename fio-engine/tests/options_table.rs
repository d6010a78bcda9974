//! The option table: whole, consistent, and the same as its documentation.
//!
//! `docs/options.md` is written from the table. After a change of the table run this test with
//! `UPDATE_DOCS=1` to write it anew.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use fio_engine::io::Engines;
use fio_engine::job::{
    Category, JobSource, OptionInfo, OptionType, ParseOptions, Problem, absent_engines,
    engine_options, options, parse_jobs, parse_words, profile_options,
};

#[test]
fn names_are_unique() {
    let mut seen = HashSet::new();
    for option in options() {
        for name in std::iter::once(option.name).chain(option.alias) {
            assert!(seen.insert(name), "{name} appears twice");
        }
    }
    for option in engine_options() {
        assert!(seen.insert(option.name), "{} appears twice", option.name);
    }
    assert_eq!(options().len(), 251);
}

/// By name and by alias; the message says that fio knows it.
#[test]
fn options_without_support_are_refused_by_name() {
    for option in options().iter().filter(|option| !option.is_supported()) {
        for name in std::iter::once(option.name).chain(option.alias) {
            let error = parse(&format!("[a]\n{name}=1\n")).expect_err(name);
            assert!(
                matches!(*error.problem, Problem::UnsupportedOption { .. }),
                "{error}"
            );
        }
    }
}

/// Every default of the table is a value the option takes, and changes nothing.
#[test]
fn defaults_are_defaults() {
    let plain = parse("[a]\n").expect("a plain job").jobs.remove(0);
    for option in options().iter().filter(|option| option.is_supported()) {
        // fio's seed stands for "as always"; filename_format's is what no format means; blocks that are
        // given count beside thinktime_iotime, and times over which rates are averaged beside those of logs.
        let Some(default) = option.default else {
            continue;
        };
        let others = [
            "randseed",
            "filename_format",
            "thinktime_blocks",
            "bwavgtime",
            "iopsavgtime",
        ];
        if others.contains(&option.name) {
            continue;
        }
        for name in std::iter::once(option.name).chain(option.alias) {
            // allrandrepeat=1 also sets the seeds of fio before 3.35.
            if name == "allrandrepeat" {
                continue;
            }
            let text = format!("[a]\n{name}={default}\n");
            let mut job = parse(&text)
                .unwrap_or_else(|error| panic!("{error}"))
                .jobs
                .remove(0);
            job.given_options.clear();
            assert_eq!(job, plain, "{text}");
        }
    }
}

#[test]
fn every_word_of_an_option_is_understood() {
    for option in options().iter().filter(|option| option.is_supported()) {
        for value in option.values {
            let text = format!("[a]\n{}={value}\n", option.name);
            // Zones need a list or a size; the others are known and not supported.
            let refused = ["sequence", "zoned", "zoned_abs", "strided", "zbd"].contains(value)
                || option.name == "verify" && *value != "0";
            assert_eq!(parse(&text).is_err(), refused, "{text}");
        }
    }
}

/// Options that Debian's fio 3.33 does not list.
const NEWER_OR_HIDDEN: &[&str] = &[
    "softrandommap",
    "bs_is_seq_rand",
    "log_window_value",
    "log_issue_time",
    "iomem_align",
    "priohint",
    "steadystate_check_interval",
    "filetype",
    "end_syncfs",
    "ramp_size",
    "comm",
    "job_start_clock_id",
    "thinkcycles",
    "sprandom",
    "spr_num_regions",
    "spr_op",
    "spr_cs",
    "num_range",
    "random_sequence_stride",
    "verify_policy",
    "verify_pattern_interval",
    "verify_write_sequence",
    "verify_header_seed",
    "verify_async_cpus",
];

/// fio's own help knows the options under the same names, but for those newer than the fio here.
#[test]
fn fio_knows_these_names() {
    let Ok(output) = Command::new("fio").arg("--cmdhelp=all").output() else {
        assert!(std::env::var_os("CI").is_none(), "fio is not installed");
        println!("skipped: fio is not installed");
        return;
    };
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let theirs: HashSet<&str> = help
        .lines()
        .filter_map(|line| line.split_once(':').map(|(name, _)| name.trim()))
        .filter(|name| !name.is_empty() && !name.contains(' '))
        .collect();
    let unknown: Vec<&str> = options()
        .iter()
        .filter(|option| option.is_supported() && option.value_type != OptionType::Ignored)
        .map(|option| option.name)
        .filter(|name| !theirs.contains(name) && !NEWER_OR_HIDDEN.contains(name))
        .collect();
    assert_eq!(unknown, [""; 0]);
}

/// Engines that are not here are refused by name, and the page about engines says what to use.
#[test]
fn engines_that_are_not_here_are_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/engines.md");
    let page = std::fs::read_to_string(path).expect("the page about engines");
    let known = Engines::standard();
    for engine in absent_engines() {
        assert_eq!(known.needs_files(engine), None, "{engine} is here");
        assert!(page.contains(&format!("`{engine}`")), "{engine}");
    }
    let of_others = engine_options().iter().flat_map(|option| option.engines);
    let absent: Vec<&str> = absent_engines().collect();
    for engine in of_others {
        let is_known = known.needs_files(engine).is_some() || absent.contains(engine);
        assert!(is_known, "{engine}");
    }
}

/// An option that several engines have is refused for the one the job names.
#[test]
fn options_of_absent_engines_speak_of_the_job_s_engine() {
    for (engine, reason) in [("rbd", "Ceph"), ("dfs", "DAOS")] {
        let text = format!("[a]\npool=p\nioengine={engine}\n");
        let error = parse(&text).expect_err(engine).to_string();
        let named = error.contains(&format!("ioengine={engine}, which is not here"));
        assert!(named && error.contains(reason), "{error}");
    }
    let error = parse("[a]\npool=p\n").expect_err("no option of psync");
    assert!(
        error.to_string().contains("ioengine=rbd, rados, dfs"),
        "{error}"
    );
}

#[test]
fn buffers_on_a_gpu_are_refused_by_name() {
    let error = parse("[a]\nmem=cudamalloc\n").expect_err("there is no GPU here");
    assert!(error.to_string().contains("CUDA"), "{error}");
}

/// As in fio: a job file may have them, and a number must be one.
#[test]
fn options_of_profiles_are_taken_with_a_notice() {
    for option in profile_options() {
        let parsed = parse(&format!("[a]\n{}=1\n", option.name)).expect(option.name);
        assert_eq!(parsed.notices.len(), 1, "{}", option.name);
        assert!(parsed.notices[0].to_string().contains("profile"));
    }
    assert!(parse("[a]\nthreads=-1\nprep\n").is_ok());
    assert!(parse("[a]\nthreads=abc\n").is_err());
    assert!(parse("[a]\nblock\n").is_err());
    let profile = parse("[a]\nprofile=tiobench\n").expect("as in fio");
    assert_eq!(profile.notices.len(), 1);
    let words = ["--name=a", "--profile=tiobench"];
    let error = parse_words(&words, &ParseOptions::for_peer()).expect_err("its jobs are wanted");
    assert!(error.to_string().contains("randwrite"), "{error}");
}

#[test]
fn the_documentation_is_that_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/options.md");
    let document = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &document).expect("the document can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == document,
        "docs/options.md is out of date; run this test with UPDATE_DOCS=1"
    );
}

fn parse(text: &str) -> Result<fio_engine::job::ParsedJobs, fio_engine::job::JobFileError> {
    parse_jobs(&[JobSource::text("table", text)], &ParseOptions::for_peer())
}

fn document() -> String {
    let supported = options()
        .iter()
        .filter(|option| option.is_supported())
        .count();
    let mut text = format!(
        "# Job options\n\n\
         Written from the option table of `fio-engine`; do not edit.\n\n\
         Of the {} options of fio 3.42, {supported} work. Each of the others is refused by name with \
         the reason given here: no option is ever skipped in silence. Options that fio has for single \
         I/O engines only are listed at the end.\n",
        options().len(),
    );
    for (category, title) in [
        (Category::General, "The job"),
        (Category::File, "Files"),
        (Category::Io, "I/O"),
        (Category::Statistics, "Statistics"),
        (Category::Logging, "Log files"),
        (Category::Engine, "Engines"),
        (Category::Profile, "Profiles"),
    ] {
        let of_category = || {
            options()
                .iter()
                .filter(|option| option.category == category)
        };
        write!(text, "\n## {title}\n").expect("a string");
        if of_category().any(OptionInfo::is_supported) {
            text += "\n| option | value | default | meaning |\n|---|---|---|---|\n";
            of_category()
                .filter(|option| option.is_supported())
                .for_each(|option| text += &works(option));
        }
        if of_category().any(|option| !option.is_supported()) {
            text += "\n| refused | meaning in fio | because |\n|---|---|---|\n";
            of_category().for_each(|option| text += &refused(option));
        }
    }
    let known = Engines::standard();
    let here = |engine: &&&str| known.needs_files(engine).is_some();
    text += "\n## Options of single engines\n\n\
             Each is for the engines named and refused for others. They count beside the engine they are \
             given for: choosing another one forgets them.\n\n\
             | option | engines | value | default | meaning |\n|---|---|---|---|---|\n";
    for option in engine_options()
        .iter()
        .filter(|option| option.is_supported())
    {
        let engines: Vec<&str> = option.engines.iter().filter(here).copied().collect();
        text += &works(option).replacen("` |", &format!("` | {} |", engines.join(", ")), 1);
    }
    text += "\nRefused:\n\n| option | engines in fio | because |\n|---|---|---|\n";
    for option in engine_options()
        .iter()
        .filter(|option| !option.is_supported())
    {
        let engines = option.engines.join(", ");
        let reason = option.refusal().unwrap_or_default();
        writeln!(text, "| `{}` | {engines} | {reason} |", option.name).expect("a string");
    }
    text += "\n## Options of profiles\n\n\
             fio takes them from any job and does nothing with them without a profile, and so it is here; a \
             notice says so.\n\n\
             | option | value | in fio |\n|---|---|---|\n";
    for option in profile_options() {
        let (name, kind) = (option.name, kind(option.value_type));
        writeln!(text, "| `{name}` | {kind} | {} |", option.help).expect("a string");
    }
    text
}

fn works(option: &OptionInfo) -> String {
    let value = match (option.values, option.maximum) {
        ([], None) => kind(option.value_type).to_owned(),
        ([], Some(maximum)) => format!("{}, {}–{maximum}", kind(option.value_type), option.minimum),
        (values, _) => values.join(", "),
    };
    let default = option
        .default
        .map_or(String::new(), |default| format!("`{default}`"));
    format!(
        "| {} | {value} | {default} | {} |\n",
        names(option),
        option.help
    )
}

fn refused(option: &OptionInfo) -> String {
    option.refusal().map_or(String::new(), |reason| {
        format!("| {} | {} | {reason} |\n", names(option), option.help)
    })
}

fn names(option: &OptionInfo) -> String {
    match option.alias {
        Some(alias) => format!("`{}`, `{alias}`", option.name),
        None => format!("`{}`", option.name),
    }
}

fn kind(value_type: OptionType) -> &'static str {
    match value_type {
        OptionType::Integer => "number",
        OptionType::Boolean => "0 or 1",
        OptionType::Flag => "none, 0 or 1",
        OptionType::Time => "time",
        OptionType::Size => "size",
        OptionType::SizeOrPercent => "size or percentage",
        OptionType::Range => "range",
        OptionType::DecimalList => "decimals separated by `:`",
        OptionType::Ignored => "anything, without effect",
        OptionType::OptionalText => "none or text",
        _ => "text",
    }
}

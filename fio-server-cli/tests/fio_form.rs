//! fio's command line: the exit code of every invocation of a table, and its output where that is the same
//! each time, beside those of Debian's fio.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::util::{Finished, Folder};

/// An invocation, in the form of a shell; words have no blanks inside.
struct Case {
    line: &'static str,
    /// What is compared beside the exit code.
    output: Output,
}

/// What of the standard output is compared.
#[derive(Clone, Copy, PartialEq)]
enum Output {
    /// Whether there is any.
    Presence,
    /// The whole text.
    Text,
    /// Nothing.
    Nothing,
}

const fn case(line: &'static str) -> Case {
    let output = Output::Presence;
    Case { line, output }
}

const fn same(line: &'static str) -> Case {
    let output = Output::Text;
    Case { line, output }
}

/// fio prints more about some mistakes on its standard output.
const fn mistake(line: &'static str) -> Case {
    let output = Output::Nothing;
    Case { line, output }
}

const JOB_FILES: [(&str, &str); 16] = [
    (
        "ok.fio",
        "[global]\nioengine=null\nsize=64k\n[a]\nrw=read\n[b]\nrw=randwrite\nstonewall\n",
    ),
    ("read.fio", "[r]\nioengine=null\nsize=64k\n"),
    ("unclosed.fio", "[a\nioengine=null\n"),
    ("outside.fio", "size=1\n[a]\nioengine=null\nsize=4k\n"),
    ("unknown.fio", "[a]\nioengine=null\nsize=4k\nnosuch=1\n"),
    ("empty.fio", ""),
    ("global.fio", "[global]\nsize=1m\n"),
    (
        "value.fio",
        "[a]\nrw=nosuch\nsize=1m\n[b]\nioengine=null\nsize=4k\n",
    ),
    ("renamed.fio", "[a]\nioengine=null\nsize=4k\nname=x\n"),
    (
        "include.fio",
        "[a]\nioengine=null\nsize=4k\ninclude nofile\n",
    ),
    ("text.fio", "hello\n"),
    (
        "variable.fio",
        "[a]\nioengine=null\nsize=${NO_SUCH_VARIABLE}\n",
    ),
    (
        "twice.fio",
        "[a]\nioengine=null\nsize=4k\nrw=read\nrw=write\n",
    ),
    ("no-clone.fio", "[a]\nioengine=null\nsize=4k\nnumjobs=0\n"),
    (
        "order.fio",
        "[global]\nblocksize=4k\n[a]\nfilename=f\ndescription=some text\nkb_base=1000\nthread\n[global]\nsize=1m\n[b]\n",
    ),
    (
        "fails.fio",
        "[a]\nfilename=/dev/full\nrw=write\nsize=4k\nioengine=psync\n",
    ),
];

#[rustfmt::skip] // one invocation, one line
const CASES: &[Case] = &[
    // Told at once.
    case("--version"), case("-v"), case("--help"), case("-h"), case(""),
    case("--version --help"), case("--help --version"), case("--version --nosuch"), case("--name=a --version"),
    case("--cmdhelp=bs"), case("--cmdhelp"), case("--cmdhelp=all"), case("--cmdhelp bs"), case("--cmdhelp=blocksize"),
    case("--cmdhelp=nosuch"), case("--cmdhelp=bsx"), case("-c"), case("-cbs"), case("--cmdhelp=bs --enghelp=libaio"),
    case("--enghelp"), case("--enghelp=libaio"), case("--enghelp libaio"), same("--enghelp=psync"),
    same("--enghelp=nosuch"), case("--enghelp=libaio,userspace_reap"), case("--enghelp=libaio,nosuch"), case("-i"),
    same("--crctest=nosuch"), case("--crctest=crc16,nosuch"), same("--crctest=help"), same("--crctest=all"), case("--crctest=crc7"), case("-Gcrc7"),
    same("--debug=help"), case("--debug=help ok.fio"), case("--debug=nosuch --version"), case("--idle-prof=calibrate"),
    // Words that mean nothing, or too much.
    case("--nosuch"), case("--nosuch --version"), case("--h"), case("--i=libaio"), case("-c=bs"), case("-t1"), case("-q"),
    case("--minimal=3 ok.fio"), case("--parse-only=1 ok.fio"), case("--name=x --nosuchopt=1 --parse-only"),
    case("--output"), case("--section"), case("--idle-prof"), case("--daemonize"), case("--inflate-log"),
    case("--client"), case("--latency-log ok.fio"),
    // Job files.
    same("--parse-only"), same("--parse-only ok.fio"), same("-P ok.fio"), same("--parse ok.fio"), same("--parse-only nofile.fio"),
    case("nofile.fio"), case("ok.fio"), case("-- ok.fio"), case("read.fio ok.fio"), mistake("ok.fio nofile.fio"), same("--parse-only -- --name=a"),
    mistake("unclosed.fio"), same("outside.fio"), same("unknown.fio"), case("empty.fio"), case("global.fio"), mistake("value.fio"),
    case("renamed.fio"), mistake("include.fio"), same("text.fio"), mistake("variable.fio"), case("twice.fio"), mistake("no-clone.fio"),
    mistake("."), same("--parse-only unknown.fio"), mistake("--parse-only value.fio"), mistake("fails.fio"), mistake("--minimal fails.fio"), mistake("fails.fio fails.fio"), mistake("fails.fio --numjobs=3 --group_reporting"), mistake("--name=a --rw=read --filename=nofile --numjobs=5"), mistake("--name=a --rw=write --size=4k --filename=/dev/full --name=b --filename=nofile"), mistake("fails.fio --numjobs=300"),
    same("--parse-only empty.fio"), same("--parse-only -"),
    // Sections.
    same("--section=a --parse-only ok.fio"), same("--sect=b --parse-only ok.fio"), same("--section=a --section=b --parse-only ok.fio"),
    case("--section=b ok.fio"), case("--section=a,b ok.fio"), case("--section=zz ok.fio"), same("--section=zz --parse-only ok.fio"),
    case("--section= --version"), same("-x b -P ok.fio"),
    // Job words, and both.
    same("--rw=read --size=1m --parse-only"), mistake("--rw=nosuch --parse-only"), same("--size=1m ok.fio --parse-only"),
    mistake("--name=a --size=1m --rw --parse-only"), same("--name=a --size=1m --rw="), same("--name=a --size=1m --thread --parse-only"),
    same("--name=a --size=1m --thread=1 --parse-only"), same("--name=a --size 1m --rw read --parse-only"), same("--name=a --size=1m --bs=abc"),
    same("--parse-only --name=a --size=1m --name=b --size=2m"), same("--name="), same("-name=a -size=1m --parse-only"),
    mistake("--parse-only ok.fio --name=x --rw=nosuch"), same("--name=x --parse-only nofile.fio"), same("--name=a --size=4k --numjobs=x"),
    case("--name=a --ioengine=null --size=64k ok.fio"), case("--bs=8k ok.fio"), case("--name=a --ioengine=null --size=64k --name=b"),
    mistake("--name=a --size=64k --ioengine=nosuch"), same("--bs=abc --version"), case("--thread --name=a --ioengine=null --size=4k"),
    case("--name=global --bs=8k --ioengine=null --size=64k --name=a"), case("--name=a --ioengine null --size 4k --numjobs 2 --group_reporting"),
    case("--ioengine=null --size=4k --name=a --name=a"), case("--name=a --ioengine=null --size=1g --timeout=1 --time_based=1"),
    same("--name=a --ioengine=null --size=4k --rate=abc"), case("--name=a --ioengine=null"), case("--name=a --ioengine=null --size=4k --bs=4k,8k --rw=randrw"),
    mistake("--name=a --size=64k --directory=/dev/null/x"), mistake("--name=a --size=64k --filename=/proc/no-such --rw=read"),
    mistake("--name=a --ioengine=null --size=4k --cpus_allowed=999"), mistake("--name=a --ioengine=null --size=4k --iodepth=0"),
    case("--name=a --ioengine=null --size=4k --percentile_list=50:99"), case("--name=a --ioengine=cpuio --cpuload=10 --runtime=1 --time_based"),
    case("--section=a --name=x --ioengine=null --size=4k ok.fio"), case("ok.fio ok.fio ok.fio --minimal"), case("/dev/null"), same("--parse-only /dev/null"),
    // Output.
    same("--output=x.out ok.fio"), same("--output x.out ok.fio"), same("-ox.out ok.fio"), same("-mo x.out ok.fio"), same("--output=a --output=b --parse-only ok.fio"),
    same("--output=absent/x ok.fio"), same("--output=absent/x --version"), same("--output= ok.fio"),
    same("--output-format=nosuch --parse-only ok.fio"), same("--output-format=json,nosuch ok.fio"), same("--output-format=JSON ok.fio"),
    same("--output-format=normal+json ok.fio"), same("--output-format=json,terse --parse-only ok.fio"), case("--output-f=json ok.fio"),
    case("--output-format=normal,json+,terse ok.fio"), same("--output-format --parse-only ok.fio"), case("--minimal ok.fio"), case("--minimal --output-format=json ok.fio"),
    case("--append-terse ok.fio"), case("--append-terse=x ok.fio"), case("-f5 ok.fio"), same("--terse-version=9 ok.fio"), same("--terse-version=x ok.fio"),
    case("--terse-version=5 --minimal ok.fio"), same("--terse-version=9 --version"),
    same("--output=/dev/null ok.fio"), same("--output=. ok.fio"), same("--terse-version= ok.fio"), case("--terse-version=2 --minimal ok.fio"),
    // Progress.
    case("--eta=nosuch ok.fio"), case("--eta=always ok.fio"), case("--eta=never ok.fio"), case("--eta --parse-only read.fio"),
    same("--eta-interval=100 --parse-only ok.fio"), same("--eta-interval=100ms ok.fio"), same("--eta-interval=x ok.fio"), same("--eta-interval=0 ok.fio"),
    same("--eta-newline=x ok.fio"), same("--eta-newline=0 ok.fio"), same("--eta-newline=1 --parse-only ok.fio"),
    same("--status-interval=x ok.fio"), same("--status-interval=0 ok.fio"), case("--status-interval=1 ok.fio"), same("--idle-prof=nosuch ok.fio"),
    case("--idle-prof=system ok.fio"), case("--idle-prof=percpu ok.fio"), case("--bandwidth-log ok.fio"),
    // What is done with jobs.
    case("--readonly read.fio"), mistake("--readonly ok.fio"), mistake("--readonly --name=a --rw=read --size=4k"), mistake("--name=a --rw=read --size=4k --allow_file_create=0"), mistake("ok.fio -r"), mistake("--readonly --name=a --rw=write --ioengine=null --size=4k"),
    case("--max-jobs=1 ok.fio"), case("--max-jobs=0 ok.fio"), case("--max-jobs=x ok.fio"), case("-j 5000 ok.fio"), case("--aux-path=. ok.fio"),
    case("--alloc-size=1 ok.fio"), case("--alloc-size=x ok.fio"), same("--warnings-fatal --parse-only ok.fio"),
    mistake("--warnings-fatal --name=a --ioengine=null --size=4k --time_based"), case("--merge-blktrace-only ok.fio"), same("-A --parse-only ok.fio"),
    same("--debug=nosuch --parse-only ok.fio"), same("--debug=random,net,zbd:1 --parse-only ok.fio"), same("--debug=job --parse-only ok.fio"), same("--debug=job:2 --parse-only ok.fio"),
    same("--debug=rand --parse-only ok.fio"), same("--debug= --parse-only ok.fio"), same("--debug=randomx --output=x.out --parse-only ok.fio"), case("--debug=parse,file --parse-only ok.fio"), case("--debug=process ok.fio"), case("--daemonize=x.pid read.fio"),
    // Job files as command lines.
    same("--showcmd"), same("--showcmd ok.fio"), same("-s ok.fio"), same("--showcmd ok.fio read.fio"), same("--showcmd --section=b ok.fio"),
    same("--showcmd --section=zz ok.fio"), same("--showcmd --bs=8k ok.fio"), same("--showcmd --name=a --rw=read read.fio"), same("--showcmd --name=a"),
    same("--showcmd nofile.fio"), mistake("--showcmd value.fio"), mistake("--showcmd unknown.fio"), same("--showcmd global.fio"), same("--showcmd renamed.fio"),
    same("--showcmd twice.fio"), same("--showcmd order.fio"), same("--showcmd --thread --minimal order.fio"),
    // Servers and clients.
    case("--client=127.0.0.1,9 ok.fio"), case("--client=127.0.0.1,x ok.fio"), case("--client= ok.fio"), case("--client ok.fio"), case("--client=127.0.0.1,9"),
    case("--client=127.0.0.1,9 nofile.fio"), same("--client=127.0.0.1,9 --server"), same("--server=127.0.0.1,x"), same("--server=sock:absent/x"), mistake("--remote-config=ok.fio"), same("--inflate-log=nofile"), mistake("--inflate-log=ok.fio"),
];

/// Invocations whose exit code is not fio's, with both codes. `docs/fio-form.md` says why.
#[rustfmt::skip]
const DIFFERENT: &[(&str, i32, i32)] = &[
    ("--trigger-file=x --parse-only ok.fio", 0, 1),
    ("--trigger-timeout=1 --trigger=true --parse-only ok.fio", 0, 1),
    ("--trigger-remote=true --parse-only ok.fio", 0, 1),
    ("--profile=tiobench --parse-only", 0, 1),
    ("--name=a --ioengine=null --size=4k --write_bw_log", 1, 0),
    ("--name=a --ioengine=null --size=4k --iodepth=-1", 0, 1),
    ("--name=a --ioengine=null --size=4k --loops=0", 0, 1),
    ("--name=a --ioengine=null --size=4k --exec_prerun=false", 0, 1),
    ("--output=/dev/full ok.fio", 0, 1),
    ("--showcmd .", 0, 1),
];

fn folder() -> Folder {
    let folder = Folder::new();
    for (name, text) in JOB_FILES {
        folder.file(name, text);
    }
    folder
}

/// Debian's fio with the words of a line.
fn stock(folder: &Folder, line: &str) -> Finished {
    let mut command = Command::new("fio");
    command
        .args(line.split_whitespace())
        .current_dir(folder.path())
        .stdin(Stdio::null());
    Finished::of(command)
}

fn ours(folder: &Folder, line: &str) -> Finished {
    folder.run(std::iter::once("fio").chain(line.split_whitespace()))
}

/// Whether Debian's fio is there; where tests must be complete, it is.
fn has_stock() -> bool {
    let output = Command::new("fio").arg("--version").output();
    if output.is_ok_and(|output| output.status.success()) {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "fio is not installed");
    println!("skipped: fio is not installed");
    false
}

#[test]
fn invocations_end_as_those_of_fio() {
    if !has_stock() {
        return;
    }
    assert!(CASES.len() > 150, "only {} cases", CASES.len());
    let failures = on_two_threads(CASES, |case| {
        let (theirs, ours) = (stock(&folder(), case.line), ours(&folder(), case.line));
        let alike = match case.output {
            Output::Text => theirs.stdout == ours.stdout,
            Output::Presence => theirs.stdout.is_empty() == ours.stdout.is_empty(),
            Output::Nothing => true,
        };
        let complaint =
            (ours.code == Some(0)) || !ours.stderr.is_empty() || !ours.stdout.is_empty();
        (theirs.code != ours.code || !alike || !complaint).then(|| {
            let line = case.line;
            format!("fio {line}\nfio:  {theirs:?}\nhere: {ours:?}\n")
        })
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A difference that no longer is one has to leave the list.
#[test]
fn differences_are_those_that_are_documented() {
    if !has_stock() {
        return;
    }
    for (line, theirs, code) in DIFFERENT {
        assert_eq!(stock(&folder(), line).code, Some(*theirs), "fio {line}");
        let ours = ours(&folder(), line);
        assert_eq!(ours.code, Some(*code), "{line}: {ours:?}");
        assert_eq!(
            ours.stderr.contains("fio: "),
            *code != 0,
            "{line}: {ours:?}"
        );
    }
}

/// Half of the cases on another thread: fio spends its time in calibrating its clock.
fn on_two_threads<T: Sync>(
    cases: &[T],
    check: impl Fn(&T) -> Option<String> + Sync,
) -> Vec<String> {
    let run = |part: &[T]| part.iter().filter_map(&check).collect::<Vec<_>>();
    let (left, right) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let left = scope.spawn(|| run(left));
        let mut failures = run(right);
        failures.extend(left.join().expect("the other half ends"));
        failures
    })
}

/// Names, order and layout; the figures are the machine's.
#[test]
fn checksum_functions_are_listed_as_by_fio() {
    if !has_stock() {
        return;
    }
    for line in [
        "--crctest",
        "--crctest=sha3-224,md5,nosuch",
        "--crctest=fnv,,crc7",
    ] {
        let rows = |finished: Finished| {
            let text = finished.expect_code(0).stdout;
            let row = |row: &str| {
                let (name, speed) = row.rsplit_once('\t').expect("two columns");
                let (number, unit) = speed.trim_start().split_once(' ').expect("a unit");
                assert!(
                    number.parse::<f64>().is_ok_and(|number| number > 0.0),
                    "{row}"
                );
                (name.to_owned(), speed.len().max(16), unit.to_owned())
            };
            text.lines().map(row).collect::<Vec<_>>()
        };
        let (theirs, ours) = (stock(&folder(), line), ours(&folder(), line));
        assert_eq!(ours.stderr.contains("nosuch"), line.contains("nosuch"));
        let (theirs, ours) = (rows(theirs), rows(ours));
        assert!(!ours.is_empty());
        assert_eq!(ours, theirs, "{line}");
    }
}

#[test]
fn the_name_of_the_program_selects_it() {
    let folder = folder();
    let link = folder.path().join("fio");
    let program = assert_cmd::cargo::cargo_bin("fio-server-cli");
    std::os::unix::fs::symlink(program, &link).expect("a link can be made");
    let mut command = Command::new(&link);
    command.arg("--version");
    let finished = Finished::of(command).expect_code(0);
    assert!(finished.stdout.starts_with("fio-3.42-"), "{finished:?}");
}

#[test]
fn the_version_has_fios_form() {
    let folder = folder();
    let version = ours(&folder, "--version").expect_code(0).stdout;
    let version = version.trim_end();
    let number = version.split('-').nth(1).expect("a number");
    assert!(
        number.parse::<f64>().is_ok_and(|number| number > 3.0),
        "{version}"
    );
    let json = ours(&folder, "--output-format=json read.fio")
        .expect_code(0)
        .stdout;
    assert!(
        json.contains(&format!("\"fio version\" : \"{version}\"")),
        "{json}"
    );
    let terse = ours(&folder, "--minimal read.fio").expect_code(0).stdout;
    assert_eq!(terse.split(';').nth(1), Some(version));
    let text = ours(&folder, "read.fio").expect_code(0).stdout;
    assert!(
        text.contains(&format!("\n{version}\nStarting 1 process\n")),
        "{text}"
    );
}

#[test]
fn results_and_messages_are_where_fio_puts_them() {
    let folder = folder();
    let finished = ours(&folder, "--output=x.out read.fio").expect_code(0);
    assert_eq!(
        (finished.stdout, finished.stderr),
        (String::new(), String::new())
    );
    let text = read(&folder.path().join("x.out"));
    assert!(text.starts_with("r: (g=0): rw=read, "), "{text}");
    // Terse lines are for programs: nothing else is there.
    let finished = ours(&folder, "--minimal ok.fio").expect_code(0);
    assert_eq!(finished.stderr, "");
    assert!(
        finished.stdout.lines().all(|line| line.starts_with("3;")),
        "{finished:?}"
    );
    let finished = ours(&folder, "fails.fio").expect_code(1);
    assert!(
        finished.stderr.contains("No space left on device"),
        "{finished:?}"
    );
    assert!(
        finished.stdout.contains("a: (groupid=0, jobs=1): err=28 ("),
        "{finished:?}"
    );
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

/// Two records of the block layer, merged and not replayed. fio 3.33 reads no trace it is to merge.
#[test]
fn traces_are_merged_without_a_run() {
    let folder = Folder::new();
    let record = |time: u64, sector: u64| {
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let numbers = [time, sector]
            .iter()
            .flat_map(|one| one.to_le_bytes())
            .collect();
        let parts: [Vec<u8>; 3] = [
            words(&[0x6561_7407, 1]),
            numbers,
            words(&[512, 1, 7, 9, 0, 0]),
        ];
        parts.concat()
    };
    folder.file("a", [record(10, 1), record(30, 3)].concat());
    folder.file("b", record(20, 2));
    let words = [
        "fio",
        "--merge-blktrace-only",
        "--name=x",
        "--read_iolog=a:b",
        "--merge_blktrace_file=c",
    ];
    folder.run(words).expect_code(0);
    let merged = std::fs::read(folder.path().join("c")).expect("it is written");
    let sectors: Vec<_> = merged.chunks(48).map(|record| record[16]).collect();
    assert_eq!(sectors, [1, 2, 3]);
    assert_eq!(folder.files(), ["a", "b", "c"]);
}

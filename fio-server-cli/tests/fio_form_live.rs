//! fio's command line with servers that run: exit codes and what is printed where, beside those of Debian's fio
//! at the same servers.

use std::process::{Command, Stdio};

use crate::stock_server::StockServer;
use crate::util::{Finished, Folder, interrupt, spawn};

/// An invocation. `@1` and `@2` are servers, `@x` is none.
struct Case {
    line: &'static str,
    /// What is compared beside the exit code.
    output: Output,
}

#[derive(Clone, Copy, PartialEq)]
enum Output {
    /// All lines that do not depend on what was measured, and whether there are errors.
    Outline,
    /// Likewise on the standard output; fio has errors there that are on the standard error here.
    Text,
    /// Nothing: the documentation tells of the difference.
    Nothing,
}

const fn same(line: &'static str) -> Case {
    let output = Output::Outline;
    Case { line, output }
}

const fn told_elsewhere(line: &'static str) -> Case {
    let output = Output::Text;
    Case { line, output }
}

const fn code(line: &'static str) -> Case {
    let output = Output::Nothing;
    Case { line, output }
}

const JOB_FILES: [(&str, &str); 10] = [
    (
        "good.fio",
        "[global]\nioengine=null\nsize=1m\n[a]\nrw=read\n[b]\nrw=randwrite\nstonewall\n",
    ),
    ("one.fio", "[r]\nioengine=null\nsize=64k\n"),
    (
        "absent.fio",
        "[a]\nfilename=/no/such/file\nrw=read\nsize=4k\nallow_file_create=0\n",
    ),
    (
        "full.fio",
        "[a]\nfilename=/dev/full\nrw=write\nsize=4k\nfilesize=4k\n",
    ),
    ("option.fio", "[a]\nioengine=null\nsize=4k\nnosuch=1\n"),
    ("engine.fio", "[a]\nioengine=nosuch\nsize=4k\n"),
    ("global.fio", "[global]\nioengine=null\nsize=4k\n"),
    ("clones.fio", "[c]\nioengine=null\nsize=4k\nnumjobs=3\n"),
    ("warn.fio", "[c]\nioengine=null\nsize=4k\ntime_based\n"),
    (
        "long.fio",
        "[l]\nioengine=null\nsize=1g\ntime_based\nruntime=60\nrate_iops=1000\n",
    ),
];

#[rustfmt::skip] // one invocation, one line
const CASES: &[Case] = &[
    // Formats and files.
    same("--client=@1 good.fio"), same("--client=@1 good.fio --output-format=json"), same("--client=@1 good.fio --output-format=json+"),
    same("--client=@1 good.fio --minimal"), same("--client=@1 good.fio --append-terse"), same("--client=@1 good.fio --output-format=terse,json"),
    same("--client=@1 good.fio --output-format=normal,terse,json"), same("--append-terse --client=@1 --output-format=json one.fio"),
    same("--client=@1 --terse-version=5 --minimal one.fio"), same("--client=@1 --output=out good.fio"), same("--client=@1 --output=out --output-format=json good.fio"),
    same("--client=@1 --eta=never one.fio"), same("--client=@1 --eta=always --output-format=json one.fio"), same("good.fio --client=@1"),
    same("--client=@1 clones.fio --max-jobs=1"), same("--client=@1 --section=b good.fio"), same("--client=@1 --aux-path=. --alloc-size=64 one.fio"),
    same("--client=@1 one.fio --client=@2 good.fio"), same("--client=@1 --readonly one.fio"), same("--client=@1 --remote-config=@f/one.fio"),
    // What goes wrong.
    same("--client=@1 absent.fio"), same("--client=@1 full.fio"), same("--client=@1 full.fio --output=out"), code("--client=@1 full.fio --output-format=json"),
    code("--client=@1 full.fio --minimal"), code("--client=@1 one.fio --client=@2 full.fio"),
    told_elsewhere("--client=@1 option.fio"), told_elsewhere("--client=@1 engine.fio"), told_elsewhere("--client=@1 --remote-config=no.fio"),
    told_elsewhere("--client=@1 one.fio --client=@2 option.fio"), same("--client=@1 no.fio"), same("--client=@x one.fio"),
    same("--client=@x one.fio --output-format=json"), code("--client=@1"),
    code("--client=@1 --parse-only good.fio"), code("--client=@1 --parse-only option.fio"), code("--client=@1 --showcmd good.fio"),
    code("--client=@1 --debug=process one.fio"), code("--client=@1 --version one.fio"),
];

/// Invocations whose exit code is not fio's, with both codes. `docs/fio-form.md` says why.
#[rustfmt::skip]
const DIFFERENT: &[(&str, i32, i32)] = &[
    ("--client=@1 one.fio --client=@x one.fio", 0, 1),
    ("--client=@x one.fio --client=@1 one.fio", 0, 1),
    ("--client=@1 global.fio", 0, 1),
    ("--client=@1 --section=zz good.fio", 0, 1),
    ("--client=@1 --nosuch one.fio", 0, 1),
    ("--client=@1 --output-format=nosuch one.fio", 0, 1),
    ("--client=@1 --output=absent/out one.fio", 0, 1),
    ("--client=@1 --status-interval=0 one.fio", 0, 1),
    ("--client=@1 --warnings-fatal warn.fio", 0, 1),
    ("--client=@1 --idle-prof=system one.fio", 0, 1),
    ("--client=@1 --cmdhelp=bs", 1, 0),
];

fn folder() -> Folder {
    let folder = Folder::new();
    for (name, text) in JOB_FILES {
        folder.file(name, text);
    }
    folder
}

/// Two servers of Debian's fio; `None` without it.
struct Servers([StockServer; 2]);

impl Servers {
    fn start() -> Option<Self> {
        Some(Self([StockServer::start()?, StockServer::start()?]))
    }

    /// The words of a line, with the addresses in it.
    fn words(&self, folder: &Folder, line: &str) -> Vec<String> {
        let [first, second] = &self.0;
        let line = line
            .replace("@1", &first.address())
            .replace("@2", &second.address())
            .replace("@x", "127.0.0.1,9")
            .replace("@f", &folder.path().display().to_string());
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn stock(&self, folder: &Folder, line: &str) -> Command {
        let mut command = Command::new("fio");
        command
            .args(self.words(folder, line))
            .current_dir(folder.path())
            .stdin(Stdio::null());
        command
    }

    fn ours(&self, folder: &Folder, line: &str) -> Command {
        let words = self.words(folder, line);
        folder.program(std::iter::once("fio".to_owned()).chain(words))
    }
}

/// What was printed and is in the file `out`, without status lines: how many there are, time decides.
fn printed(finished: &Finished, folder: &Folder) -> [String; 2] {
    let file = std::fs::read_to_string(folder.path().join("out")).unwrap_or_default();
    [finished.stdout.clone(), file].map(|text| {
        let parts = text.split('\r');
        let parts = parts.map(|part| part.find("Jobs: ").map_or(part, |start| &part[..start]));
        parts.collect()
    })
}

/// The lines that do not depend on what was measured, with placeholders for numbers. Those of several servers
/// come in any order, and so does what a server says while its jobs end.
fn outline(text: &str) -> Vec<String> {
    let own_version = concat!("-server-cli-", env!("CARGO_PKG_VERSION"));
    let text = text.replace(own_version, "");
    let lines = text.lines().filter(|line| !line.starts_with("  "));
    let mut lines: Vec<_> = lines.map(without_numbers).collect();
    lines.sort();
    lines
}

/// Digits as one `#` for each number, and nothing behind the name of a terse line's job.
fn without_numbers(line: &str) -> String {
    let line: String = match line.starts_with("3;") || line.starts_with("5;") {
        true => line.split_inclusive(';').take(3).collect(),
        false => line.to_owned(),
    };
    let mut out = String::new();
    for character in line.chars() {
        match (character.is_ascii_digit(), out.ends_with('#')) {
            (true, true) => {}
            (true, false) => out.push('#'),
            (false, _) => out.push(character),
        }
    }
    out
}

/// What differs in a case, or nothing.
fn compare(servers: &Servers, case: &Case) -> Option<String> {
    let folders = [folder(), folder()];
    let theirs = Finished::of(servers.stock(&folders[0], case.line));
    let ours = Finished::of(servers.ours(&folders[1], case.line));
    let outlines = |finished, folder| printed(finished, folder).map(|text| outline(&text));
    let (expected, got) = (outlines(&theirs, &folders[0]), outlines(&ours, &folders[1]));
    let alike = match case.output {
        Output::Outline => expected == got && theirs.stderr.is_empty() == ours.stderr.is_empty(),
        Output::Text => expected == got && !ours.stderr.is_empty(),
        Output::Nothing => true,
    };
    (theirs.code != ours.code || !alike).then(|| {
        let line = case.line;
        format!("fio {line}\nfio:  {theirs:?}\n{expected:#?}\nhere: {ours:?}\n{got:#?}\n")
    })
}

#[test]
fn runs_on_servers_end_as_those_of_fio() {
    if Servers::start().is_none() {
        return;
    }
    // Servers of fio look at their connections once a second, so that two at once are no slower than one.
    let check = |cases: &[Case]| -> String {
        let servers = Servers::start().expect("as before");
        let told = cases.iter().filter_map(|case| compare(&servers, case));
        told.collect()
    };
    let (some, others) = CASES.split_at(CASES.len() / 2);
    let told = std::thread::scope(|scope| {
        let some = scope.spawn(|| check(some));
        let others = check(others);
        some.join().expect("no panic") + &others
    });
    assert!(told.is_empty(), "{told}");
}

/// A difference that no longer is one has to leave the list.
#[test]
fn differences_with_servers_are_those_that_are_documented() {
    let Some(servers) = Servers::start() else {
        return;
    };
    for (line, theirs, code) in DIFFERENT {
        let folder = folder();
        let stock = Finished::of(servers.stock(&folder, line));
        assert_eq!(stock.code, Some(*theirs), "fio {line}: {stock:?}");
        let ours = Finished::of(servers.ours(&folder, line));
        assert_eq!(ours.code, Some(*code), "{line}: {ours:?}");
        assert_eq!(ours.stderr.is_empty(), *code == 0, "{line}: {ours:?}");
    }
}

/// Starts both, does something when their jobs run, and waits for their ends.
fn disturb(
    line: &str,
    disturb: impl Fn(&mut Servers, &std::process::Child),
) -> Option<[Finished; 2]> {
    let mut ended = Vec::new();
    for ours in [false, true] {
        let mut servers = Servers::start()?;
        let folder = folder();
        let command = match ours {
            false => servers.stock(&folder, line),
            true => servers.ours(&folder, line),
        };
        let child = spawn(command);
        servers.0[0].wait_for_job();
        // Servers say that their jobs run before those have done anything.
        std::thread::sleep(std::time::Duration::from_secs(1));
        disturb(&mut servers, &child);
        ended.push(Finished::wait_for(child));
    }
    ended.try_into().ok()
}

#[test]
fn a_run_that_its_user_ends_is_as_good_as_any() {
    for format in ["normal", "json", "terse"] {
        let line = format!("--client=@1 long.fio --output-format={format}");
        let Some([theirs, ours]) = disturb(&line, |_, child| interrupt(child)) else {
            return;
        };
        let (theirs, ours) = (theirs.expect_code(0), ours.expect_code(0));
        for finished in [theirs, ours] {
            assert_eq!(finished.stderr, "");
            let result = ["l: (groupid=0", "\"jobname\" : \"l\"", ";l;0;0;"];
            let has = |part: &&str| finished.stdout.contains(part);
            assert!(result.iter().any(has), "{finished:?}");
        }
    }
}

#[test]
fn a_server_that_goes_away_is_named() {
    let line = "--client=@1 long.fio --client=@2 one.fio";
    let Some([theirs, ours]) = disturb(line, |servers, _| servers.0[0].kill()) else {
        return;
    };
    let (theirs, ours) = (theirs.expect_code(1), ours.expect_code(1));
    for finished in [&theirs, &ours] {
        let told = "client: host=127.0.0.1 disconnected\n";
        assert!(finished.stdout.contains(told), "{finished:?}");
        assert!(finished.stdout.contains("r: (groupid=0"), "{finished:?}");
    }
    assert!(ours.stderr.contains("the server closed"), "{ours:?}");
}

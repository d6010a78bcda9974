//! Commands of jobs: `exec_prerun` and `exec_postrun`.

use crate::util::{Finished, Folder, interrupt, spawn, wait_until};

const JOB: [&str; 5] = ["run", "--", "--name=a", "--ioengine=null", "--size=64k"];

fn run(folder: &Folder, options: &[&str]) -> Finished {
    folder.run([&JOB, options].concat())
}

#[test]
fn commands_run_before_and_after_the_job() {
    let folder = Folder::new();
    let before = "--exec_prerun=echo out; echo error >&2";
    let after = "--exec_postrun=cat a.prerun.txt; exit 7";
    let finished = run(&folder, &[before, after]).expect_code(0);
    let read = |name| std::fs::read_to_string(folder.path().join(name)).expect("it was written");
    assert_eq!(read("a.prerun.txt"), "out\nerror\n");
    assert_eq!(read("a.postrun.txt"), "out\nerror\n");
    let told = |what| finished.stdout.find(what).expect(what);
    let before = told("a : Saving output of prerun in a.prerun.txt\n");
    assert!(before < told("a : Saving output of postrun in a.postrun.txt\n"));
    assert!(finished.stdout.contains("read: IOPS="), "{finished:?}");
    let failed =
        "`cat a.prerun.txt; exit 7` failed (exit status: 7); its output is in a.postrun.txt";
    assert!(finished.stdout.contains(failed), "{finished:?}");
}

#[test]
fn a_job_whose_command_fails_does_no_io() {
    let folder = Folder::new();
    let options = ["--exec_prerun=exit 3", "--exec_postrun=true", "--numjobs=2"];
    let finished = run(&folder, &options).expect_code(1);
    let failed = "exec_prerun `exit 3` failed (exit status: 3); its output is in a.prerun.txt";
    assert!(finished.stderr.contains(failed), "{finished:?}");
    assert!(
        finished.stdout.contains("issued rwts: total=0,0,0,0"),
        "{finished:?}"
    );
    assert_eq!(folder.files(), ["a.prerun.txt"]);
}

#[test]
fn a_job_that_fails_is_cleaned_up_after() {
    let folder = Folder::new();
    let words = "run -- --name=a --filename=/dev/full --rw=write --size=64k --exec_postrun=id";
    folder.run(words.split(' ')).expect_code(1);
    assert_eq!(folder.files(), ["a.postrun.txt"]);
}

#[test]
fn a_command_is_ended_with_the_run() {
    let folder = Folder::new();
    let words = [JOB.as_slice(), &["--exec_prerun=echo $$; exec sleep 300"]].concat();
    let child = spawn(folder.program(words));
    let output = folder.path().join("a.prerun.txt");
    let process = || std::fs::read_to_string(&output).unwrap_or_default();
    wait_until("the command to begin", || process().ends_with('\n'));
    interrupt(&child);
    Finished::wait_for(child).expect_code(130);
    let folder = format!("/proc/{}", process().trim());
    assert!(!std::path::Path::new(&folder).exists());
}

#[test]
fn a_command_whose_output_has_no_place_is_not_run() {
    let folder = Folder::new();
    let words = "run -- --name=absent/a --ioengine=null --size=4k --exec_prerun=touch\tx";
    let finished = folder.run(words.split(' ')).expect_code(1);
    assert!(finished.stderr.contains("cannot be run"), "{finished:?}");
    assert_eq!(folder.files(), [""; 0]);
}

#[test]
fn explanations_tell_of_commands() {
    let folder = Folder::new();
    let words = "explain -- --name=a --ioengine=null --size=4k --exec_prerun=touch\tx";
    let finished = folder.run(words.split(' ')).expect_code(0);
    assert!(
        finished
            .stdout
            .contains("the shell runs a command before it"),
        "{finished:?}"
    );
    assert_eq!(folder.files(), [""; 0]);
}

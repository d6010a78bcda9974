//! `explain`: what jobs would do.

use crate::util::Folder;

const JOBS: &str = "[global]\nsize=1m\n[write]\nrw=randwrite\nfilename=data\nfsync=16\niodepth=8\n\
                    [later]\nstonewall\nioengine=null\ntime_based\nruntime=5\nnumjobs=2\n";

#[test]
fn people_read_what_jobs_would_do() {
    let folder = Folder::new();
    folder.file("job.fio", JOBS);
    folder.file("data", [7; 6000]);
    let finished = folder.run(["explain", "job.fio"]).expect_code(0);
    for part in [
        "write: randwrite by psync (group 0, wave 0)\n",
        "issues     256 writes (1024KiB, 4096B each), 15 fsyncs or fdatasyncs\n",
        "ends       when its I/Os are done\n",
        "file       data grows from 6000B to 1024KiB; the job uses 1024KiB\n",
        "OVERWRITES 6000B of a file that is there now\n",
        "no effect  iodepth: the engine finishes each I/O before the next one is issued\n",
        "later: read by null (2 clones, group 1, wave 1)\n",
        "issues     until its time is over: 100.0 % reads\n",
        "ends       after 5.0s\n",
        "6000B of data that is there now may be overwritten\n",
    ] {
        assert!(
            finished.stdout.contains(part),
            "{part}: {}",
            finished.stdout
        );
    }
    assert_eq!(finished.stderr, "");
    assert_eq!(folder.files(), ["data", "job.fio"]);
    assert_eq!(
        std::fs::read(folder.path().join("data")).expect("there"),
        [7; 6000]
    );
}

#[test]
fn programs_read_the_same_as_json() {
    let folder = Folder::new();
    folder.file("job.fio", JOBS);
    let json = folder
        .run(["explain", "--json", "job.fio"])
        .expect_code(0)
        .json();
    let write = &json["jobs"][0];
    assert_eq!(write["ios"]["write"]["count"], 256);
    assert_eq!(write["ios"]["exact"], true);
    assert_eq!(write["files"][0]["action"], "create");
    assert_eq!(write["options"]["rw"], "randwrite");
    assert_eq!(write["without_effect"][0]["option"], "iodepth");
    let later = &json["jobs"][1];
    assert_eq!(later["longest_ns"], 5_000_000_000_u64);
    assert_eq!(later["ends_by_ios"], false);
    assert_eq!(json["longest_ns"], serde_json::Value::Null);
}

#[test]
fn jobs_that_would_fail_fail_here() {
    let folder = Folder::new();
    let finished = folder
        .run(["explain", "--", "--name=a", "--filename=none"])
        .expect_code(1);
    assert!(
        finished.stderr.contains("error: job a: "),
        "{}",
        finished.stderr
    );
    let finished = folder
        .run(["explain", "--", "--name=a", "--ioengine=warp"])
        .expect_code(2);
    assert!(finished.stderr.contains("warp"), "{}", finished.stderr);
}

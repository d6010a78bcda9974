//! `options`, `engines`, `cmdhelp` and `enghelp`.

use crate::util::Folder;

fn printed(words: &[&str]) -> String {
    let finished = Folder::new().run(words.iter().copied()).expect_code(0);
    assert_eq!(finished.stderr, "");
    finished.stdout
}

#[test]
fn options_are_listed_and_described() {
    let all = printed(&["options"]);
    assert!(all.contains("\n  bs, blocksize "), "{all}");
    assert!(all.contains("verify"), "{all}");
    assert_eq!(all, printed(&["options", "all"]));
    let one = printed(&["options", "nrfiles"]);
    for part in [
        "nrfiles, nr_files: ",
        "works      yes",
        "default    1",
        "a number",
    ] {
        assert!(one.contains(part), "{part}: {one}");
    }
    let refused = printed(&["options", "read_beyond_wp"]);
    assert!(
        refused.contains("refused    it is for zoned block devices"),
        "{refused}"
    );
}

#[test]
fn engines_are_listed_and_described() {
    let all = printed(&["engines"]);
    assert!(all.contains("libaio "), "{all}");
    assert!(
        all.contains("rbd ") && all.contains("not here: it needs a Ceph cluster"),
        "{all}"
    );
    let one = printed(&["engines", "io_uring"]);
    assert!(one.contains("  sqthread_poll "), "{one}");
    let option = printed(&["engines", "libaio,userspace_reap"]);
    assert!(option.contains("engines    libaio"), "{option}");
}

#[test]
fn the_layouts_of_fio_are_there_too() {
    assert!(printed(&["cmdhelp", "bs"]).starts_with("                  bs: "));
    assert!(printed(&["cmdhelp"]).contains("\n  bs                    : "));
    assert!(printed(&["enghelp"]).starts_with("Available IO engines:\n\t"));
    assert!(printed(&["enghelp", "libaio"]).contains("userspace_reap          : "));
    let one = printed(&["enghelp", "libaio,userspace_reap"]);
    assert!(one.starts_with("      userspace_reap: "), "{one}");
    assert_eq!(
        printed(&["enghelp", "psync"]),
        "IO engine psync has no options\n"
    );
}

#[test]
fn unknown_names_are_errors_with_advice() {
    for (words, part) in [
        (["options", "iodpeth"], "did you mean `iodepth`?"),
        (["engines", "nosuch"], "no I/O engine is called `nosuch`"),
        (["engines", "null,bs"], "the engine null has no option `bs`"),
        (["enghelp", "rados"], "it needs a Ceph cluster"),
        (["cmdhelp", "nosuch"], "no option is called `nosuch`"),
    ] {
        let finished = Folder::new().run(words).expect_code(2);
        assert!(finished.stderr.contains(part), "{}", finished.stderr);
        assert_eq!(finished.stdout, "");
    }
}

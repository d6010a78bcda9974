//! Command lines that cannot be meant, and what `--help` says.

use crate::util::Folder;

#[test]
fn usage_errors_say_what_is_wrong_and_end_with_2() {
    let table: [(&[&str], &str); 18] = [
        (&[], "Usage: fio-server-cli <COMMAND>"),
        (&["fly"], "unrecognized subcommand 'fly'"),
        (&["run"], "run <JOBFILE>... [-- <JOB OPTIONS>...]"),
        (
            &["run", "--output-format=xml", "x.fio"],
            "possible values: normal, terse, json, json+",
        ),
        (
            &["run", "--terse-version=6", "x.fio"],
            "versions 2, 3, 4 and 5",
        ),
        (
            &["run", "--status-interval=0", "x.fio"],
            "a time is a number above 0",
        ),
        (
            &["run", "--eta-interval=100ms", "x.fio"],
            "status lines are at least 250ms apart",
        ),
        (
            &["run", "--minimal", "--output-format=json", "x.fio"],
            "'--minimal' cannot be used with '--output-format",
        ),
        (&["run", "--idle-prof=percpu"], "nothing to run"),
        (
            &["run", "--random-rule=3.0", "x.fio"],
            "possible values: newest, 3.34",
        ),
        (&["run", "--rw=read"], "unexpected argument '--rw'"),
        (
            &["client", "--host=:1", "x.fio"],
            "address `:1` has no host",
        ),
        (&["client", "--host=a:b", "x.fio"], "`b` is not a port"),
        (
            &["client", "--hosts=/no/such", "x.fio"],
            "cannot read host list /no/such",
        ),
        (
            &["client", "--host=a", "--random-rule=3.34", "x.fio"],
            "--random-rule works without",
        ),
        (&["probe"], "<ADDR>"),
        (&["decode"], "<FILE>"),
        (&["serve", "--listen=sock:"], "has no path"),
    ];
    for (words, expected) in table {
        let finished = Folder::new().run(words).expect_code(2);
        let said = finished.stderr.replace("\n", " ");
        assert!(said.contains(expected), "{words:?}: {}", finished.stderr);
        assert_eq!(finished.stdout, "", "{words:?}");
    }
}

#[test]
fn help_lists_the_commands_and_the_exit_codes() {
    let help = Folder::new().run(["--help"]).expect_code(0).stdout;
    for (command, purpose) in [
        ("serve", "Accept jobs from clients and run them here"),
        (
            "client",
            "Run jobs on one or many servers and print what they measured",
        ),
        ("run", "Run jobs in this process, without a network"),
        ("probe", "Ask servers who they are"),
        (
            "decode",
            "Explain a captured byte stream message by message",
        ),
        (
            "inflate-log",
            "Print compressed log files (log_store_compressed) as the text they stand for",
        ),
        ("generate", "Print shell completions or the manual page"),
    ] {
        let listed = help.lines().any(|line| {
            let words = line.trim().split_once(' ');
            words.is_some_and(|(name, text)| name == command && text.trim() == purpose)
        });
        assert!(listed, "{command}: {purpose:?} is not in\n{help}");
    }
    assert!(help.contains("Exit codes: 0 success; 1 a job failed"));
}

#[test]
fn help_of_the_client_lists_its_flags() {
    let help = Folder::new()
        .run(["client", "--help"])
        .expect_code(0)
        .stdout;
    for flag in [
        "--host <ADDR>",
        "--hosts <FILE>",
        "--section <NAME>",
        "--output <FILE>",
        "--output-format <FORMAT>",
        "--eta <WHEN>",
        "--status-interval <TIME>",
        "--connect-timeout <TIME>",
        "--reply-timeout <TIME>",
        "--stop-timeout <TIME>",
        "--random-rule <RELEASE>",
    ] {
        assert!(help.contains(flag), "{flag} is not in\n{help}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = Folder::new().run(["--version"]).expect_code(0).stdout;
    assert_eq!(
        version,
        format!("fio-server-cli {}\n", env!("CARGO_PKG_VERSION"))
    );
}

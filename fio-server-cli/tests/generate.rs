//! `generate`: completions and the manual page know every command and flag.

use std::process::Command;

use crate::util::{Finished, Folder};

const COMMANDS: [&str; 7] = [
    "serve", "client", "run", "probe", "decode", "fio", "generate",
];

#[test]
fn completions_know_every_command_in_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = Folder::new()
            .run(["generate", "completions", shell])
            .expect_code(0)
            .stdout;
        for word in COMMANDS
            .iter()
            .chain(&["output-format", "connect-timeout", "daemonize"])
        {
            assert!(text.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn the_manual_page_describes_every_command_and_flag() {
    let page = Folder::new().run(["generate", "man"]).expect_code(0).stdout;
    assert!(page.starts_with(".ie") || page.starts_with(".TH"), "{page}");
    for command in COMMANDS {
        let heading = format!("COMMAND FIO-SERVER-CLI {}", command.to_uppercase());
        assert!(page.contains(&heading), "{heading}");
    }
    for flag in [
        "status\\-interval",
        "hosts",
        "stop\\-timeout",
        "random\\-rule",
        "max\\-clients",
    ] {
        assert!(page.contains(&format!("\\-\\-{flag}")), "{flag}");
    }
    assert!(page.contains("130 interrupted"));
}

#[test]
fn an_unknown_shell_is_a_usage_error() {
    let finished = Folder::new()
        .run(["generate", "completions", "cmd"])
        .expect_code(2);
    assert!(
        finished.stderr.contains("possible values: bash"),
        "{finished:?}"
    );
}

/// Under both names of the program.
#[test]
fn completions_know_the_flags_and_job_options_of_fio() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        for program in ["fio-server-cli", "fio"] {
            let text = Folder::new()
                .run(["generate", "completions", shell, "--program", program])
                .expect_code(0)
                .stdout;
            for word in ["showcmd", "cpuclock-test", "ioengine", "userspace_reap"] {
                assert!(text.contains(word), "{shell} lacks {word} for {program}");
            }
            // The others complete names only.
            let completes_values = ["bash", "fish", "zsh"].contains(&shell);
            assert_eq!(text.contains("randtrimwrite"), completes_values, "{shell}");
            assert_eq!(
                text.contains("connect-timeout"),
                program == "fio-server-cli",
                "{shell}, {program}"
            );
        }
    }
}

#[test]
fn the_name_fio_has_a_manual_page_of_its_own() {
    let page = |program| {
        let finished = Folder::new().run(["generate", "man", "--program", program]);
        finished.expect_code(0).stdout
    };
    let (ours, whole) = (page("fio"), page("fio-server-cli"));
    assert!(ours.contains(".TH fio 1"), "{}", &ours[..200]);
    for text in [
        "--showcmd",
        "--aux-path",
        "iodepth",
        "EXIT STATUS",
        "[job file]...",
    ] {
        let troff = text
            .replace('-', "\\-")
            .replace("[job file]", "[\\fIjob file\\fR]");
        assert!(ours.contains(&troff), "{text}");
    }
    let commands = |page: &str| page.matches(".SH \"COMMAND ").count();
    assert_eq!(commands(&ours), 0);
    assert!(commands(&whole) >= COMMANDS.len());
}

#[test]
fn the_manual_page_has_every_flag_and_job_option() {
    let page = Folder::new().run(["generate", "man"]).expect_code(0).stdout;
    let bold = |name: &str| format!("\\fB{}", name.replace('-', "\\-"));
    for flag in fio_engine::job::command_line_flags() {
        assert!(
            page.contains(&bold(&format!("--{}", flag.name))),
            "{}",
            flag.name
        );
    }
    for option in fio_engine::job::options() {
        let is_there = page.contains(&format!("\n{}\\fR", bold(option.name)));
        assert_eq!(is_there, option.is_supported(), "{}", option.name);
    }
    assert!(page.contains(".SS \"io_uring\"\n"), "engines are listed");
}

#[test]
fn bash_completes_commands_flags_and_values() {
    if Command::new("bash").arg("--version").output().is_err() {
        println!("skipped: there is no bash");
        return;
    }
    let folder = Folder::new();
    for program in ["fio-server-cli", "fio"] {
        let words = ["generate", "completions", "bash", "--program", program];
        let script = folder.run(words).expect_code(0).stdout;
        folder.file(program, script);
    }
    // What bash does for the last of the words.
    let ask = r#"source "./$1"
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        function=$(complete -p "$1" | sed "s/.*-F \([^ ]*\).*/\1/")
        "$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        echo "${COMPREPLY[*]}""#;
    for (words, expected) in [
        (&["fio-server-cli", "expl"][..], "explain"),
        (&["fio-server-cli", "run", "--latency"], "--latency-from"),
        (&["fio-server-cli", "fio", "--showc"], "--showcmd"),
        (&["fio-server-cli", "fio", "--ioen"], "--ioengine"),
        (
            &["fio-server-cli", "fio", "--rw", "randtrimw"],
            "randtrimwrite",
        ),
        (&["fio", "--showc"], "--showcmd"),
        (&["fio", "--ioen"], "--ioengine"),
        (&["fio", "--rw", "randtrimw"], "randtrimwrite"),
    ] {
        let mut command = Command::new("bash");
        command
            .args(["-c", ask, "bash"])
            .args(words)
            .current_dir(folder.path());
        let finished = Finished::of(command).expect_code(0);
        assert_eq!(finished.stdout.trim_end(), expected, "{words:?}");
    }
}

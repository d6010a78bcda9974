//! `generate`: completions and the manual page know every command and flag.

use crate::util::Folder;

const COMMANDS: [&str; 6] = ["serve", "client", "run", "probe", "decode", "generate"];

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

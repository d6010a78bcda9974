//! `decode`: captured streams explained.

use crate::fake_server::recording;
use crate::util::{Folder, run_with_input};

#[test]
fn a_servers_stream_is_explained_message_by_message() {
    let folder = Folder::new();
    folder.file("s2c", recording("null_randread.s2c"));
    let text = folder.run(["decode", "s2c"]).expect_code(0).stdout;
    let names: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("0x"))
        .map(|line| line.split_whitespace().nth(1).expect("a name"))
        .collect();
    let expected = [
        "PROBE", "TEXT", "START", "TEXT", "TEXT", "TEXT", "ETA", "ETA", "ETA", "TEXT", "TS", "GS",
        "QUIT",
    ];
    assert_eq!(names, expected);
    for part in [
        "0x00000000  PROBE  version 1, tag 0, 2 frames, payload 68 bytes",
        "hostname char[64] = \"vm\"",
        "ts.name char[128] = \"rr\"",
        "3928737",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_clients_stream_is_told_from_a_servers() {
    let folder = Folder::new();
    let bytes = recording("null_randread.c2s");
    let command = folder.program(["decode", "--json", "-"]);
    let json = run_with_input(command, &bytes).expect_code(0).json();
    assert_eq!(json["direction"], "client-to-server");
    assert_eq!(json["bytes"], bytes.len());
    assert_eq!(json["error"], serde_json::Value::Null);
    assert_eq!(json["messages"][1]["command"], "JOB");
    let job = json["messages"][1]["fields"][0]["value"]
        .as_str()
        .expect("the text of the job");
    assert!(job.contains("ioengine=null"), "{job}");
}

#[test]
fn json_has_every_field_with_its_place() {
    let folder = Folder::new();
    folder.file("s2c", recording("multi_job.s2c"));
    let json = folder
        .run(["decode", "--json", "s2c"])
        .expect_code(0)
        .json();
    let messages = json["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 17);
    let stats = messages
        .iter()
        .find(|message| message["command"] == "TS")
        .expect("statistics");
    let fields = stats["fields"].as_array().expect("fields");
    let field = |name: &str| {
        fields
            .iter()
            .find(|field| field["name"] == name)
            .unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(field("ts.name")["value"], "seq");
    assert_eq!(field("ts.io_bytes")["offset"], 11296);
    assert_eq!(field("ts.io_bytes")["value"][0], 1 << 20);
    assert_eq!(stats["frames"], 180);
}

#[test]
fn what_can_be_read_of_a_damaged_stream_comes_before_the_error() {
    let folder = Folder::new();
    let bytes = recording("null_randread.s2c");
    let mut broken = bytes.clone();
    broken[500] ^= 1;
    let table: [(&[u8], &str); 5] = [
        (&bytes[..300], "error: s2c: at offset 2"),
        (&broken, "checksum"),
        (
            &bytes[5..],
            "a stream is what one peer sent, from its first byte on",
        ),
        (b"", "there is nothing in it"),
        (&bytes[..88], "the stream ends in mid-message, 1 frames in"),
    ];
    for (stream, expected) in table {
        folder.file("s2c", stream);
        for json in [false, true] {
            let words = ["decode", "s2c"]
                .into_iter()
                .chain(json.then_some("--json"));
            let finished = folder.run(words).expect_code(3);
            assert!(
                finished.stderr.contains(expected),
                "{expected}: {finished:?}"
            );
            if json {
                assert!(finished.json()["error"].is_string());
            } else if stream.len() == 300 {
                assert!(finished.stdout.contains("PROBE"), "{finished:?}");
            }
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_a_set_up_error() {
    let finished = Folder::new().run(["decode", "none"]).expect_code(2);
    assert!(
        finished.stderr.contains("cannot read none: No such file"),
        "{finished:?}"
    );
}

//! `decode` of packet captures.

use crate::fake_server::recording;
use crate::packets::{ACK, Packet, connection, pcap, pcapng};
use crate::util::Folder;

fn session(size: usize) -> Vec<Packet> {
    let (client, server) = (
        recording("null_randread.c2s"),
        recording("null_randread.s2c"),
    );
    connection(&client, &server, size)
}

fn ethernet(packets: &[Packet]) -> Vec<Vec<u8>> {
    packets.iter().map(Packet::ethernet).collect()
}

#[test]
fn a_captured_session_is_explained_from_both_sides() {
    let folder = Folder::new();
    let mut packets = session(1448);
    // Out of order, and one twice.
    packets.swap(5, 6);
    packets.push(packets[6].clone());
    folder.file("session.pcap", pcap(1, &ethernet(&packets)));
    let text = folder.run(["decode", "session.pcap"]).expect_code(0).stdout;
    let first = text.lines().next().expect("a line");
    assert!(
        first.starts_with("connection 1: client 10.0.0.1:40000 sent "),
        "{first}"
    );
    assert!(first.contains("server 10.0.0.2:8765 sent "), "{first}");
    for part in [
        "0x00000000  PROBE  from the client in packet 3, version 1, tag 0, 1 frame, payload 0 bytes",
        "0x00000018  JOB  from the client in packet 3, ",
        "0x00000000  PROBE  from the server in packet 4, ",
        "ts.name char[128] = \"rr\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn json_names_the_connections() {
    let folder = Folder::new();
    let mut packets = session(1000);
    let mut other = connection(
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        100,
    );
    other
        .iter_mut()
        .for_each(|packet| packet.client_port = 40001);
    let mut third = session(500);
    third
        .iter_mut()
        .for_each(|packet| (packet.client_port, packet.v6) = (40002, true));
    packets.extend(other);
    packets.extend(third);
    folder.file("session.pcapng", pcapng(1, &ethernet(&packets)));
    let json = folder
        .run(["decode", "--json", "session.pcapng"])
        .expect_code(0)
        .json();
    assert_eq!(json["error"], serde_json::Value::Null);
    assert_eq!(json["other_connections"], 1);
    assert_eq!(json["packets"], packets.len());
    let connections = json["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), 2);
    assert_eq!(connections[0]["server"], "10.0.0.2:8765");
    assert_eq!(connections[1]["client"], "[fd00::1]:40002");
    for connection in connections {
        let messages = connection["messages"].as_array().expect("messages");
        assert_eq!(messages.len(), 2 + 13);
        let quit = messages.last().expect("a message");
        assert_eq!(
            (&quit["command"], &quit["direction"]),
            (&"QUIT".into(), &"server-to-client".into())
        );
        assert_eq!(connection["errors"], serde_json::json!([]));
    }
}

#[test]
fn what_was_not_captured_is_an_error_after_what_was() {
    let folder = Folder::new();
    let mut packets = session(1000);
    packets.remove(6);
    folder.file("gap.pcap", pcap(1, &ethernet(&packets)));
    let finished = folder.run(["decode", "gap.pcap"]).expect_code(3);
    let expected = "connection 1: from the server: 1000 bytes are missing at offset 3000";
    assert!(finished.stderr.contains(expected), "{finished:?}");
    assert!(finished.stdout.contains("START"), "{finished:?}");

    // Seen from its middle on only.
    let late: Vec<_> = session(1000).split_off(7);
    folder.file("late.pcap", pcap(1, &ethernet(&late)));
    let finished = folder.run(["decode", "late.pcap"]).expect_code(3);
    assert!(
        finished.stderr.contains("from its first byte on"),
        "{finished:?}"
    );
}

#[test]
fn damaged_and_foreign_captures_are_refused_clearly() {
    let folder = Folder::new();
    let file = pcap(1, &ethernet(&session(1000)));
    let noise = pcap(1, &ethernet(&[Packet::new(true, 1, ACK, b"noise")]));
    let table: [(Vec<u8>, &str); 4] = [
        (
            file[..file.len() - 7].to_vec(),
            "the capture file is cut off at offset",
        ),
        (
            file[..10].to_vec(),
            "the capture file is cut off at offset 0",
        ),
        (pcap(105, &[vec![0; 60]]), "packets of link type 105"),
        (
            noise,
            "none of its connections is fio's (1 packets, 1 TCP connections)",
        ),
    ];
    for (bytes, expected) in table {
        folder.file("broken.pcap", &bytes);
        for words in [
            &["decode", "broken.pcap"][..],
            &["decode", "--json", "broken.pcap"],
        ] {
            let finished = folder.run(words.iter().copied()).expect_code(3);
            assert!(
                finished.stderr.contains(expected),
                "{expected}: {finished:?}"
            );
        }
    }
}

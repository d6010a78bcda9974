use super::*;

#[path = "../../tests/packets.rs"]
mod packets;

use packets::{ACK, CLIENT_START, Packet, SYN, connection, pcap, pcapng};

const ETHERNET: u32 = 1;

fn ethernet(packets: &[Packet]) -> Vec<u8> {
    let frames: Vec<_> = packets.iter().map(Packet::ethernet).collect();
    pcap(ETHERNET, &frames)
}

fn only(capture: &Capture) -> &Connection {
    assert_eq!((capture.connections.len(), &capture.damage), (1, &None));
    &capture.connections[0]
}

/// Bytes that tell their place.
fn numbered(count: u16) -> Vec<u8> {
    (0..count).flat_map(u16::to_be_bytes).collect()
}

#[test]
fn both_sides_are_put_together_in_any_container() {
    let (client, server) = (numbered(50), numbered(900));
    let frames: Vec<_> = connection(&client, &server, 99)
        .iter()
        .map(Packet::ethernet)
        .collect();
    for file in [pcap(1, &frames), pcapng(1, &frames)] {
        assert!(is_capture(&file));
        let capture = read(&file);
        let connection = only(&capture);
        assert_eq!(connection.from_opener.bytes, client);
        assert_eq!(connection.from_listener.bytes, server);
        assert_eq!(connection.opener, "10.0.0.1:40000".parse().unwrap());
        assert_eq!(connection.listener, "10.0.0.2:8765".parse().unwrap());
        assert!(connection.opening_seen);
        assert_eq!(capture.packets, 2 + 2 + 19);
        assert_eq!(connection.from_opener.packet_of(99), 3);
        assert_eq!(connection.from_opener.packet_of(100), 4);
        assert_eq!(connection.from_listener.packet_of(1), 5);
    }
}

#[test]
fn every_kind_of_network_is_read() {
    let packets = connection(b"question", b"answer", 100);
    let with = |header: &[u8]| -> Vec<Vec<u8>> {
        let datagrams = packets.iter().map(Packet::datagram);
        datagrams
            .map(|datagram| [header, &datagram].concat())
            .collect()
    };
    let mut cooked = vec![0; 16];
    cooked[14..].copy_from_slice(&[8, 0]);
    let mut cooked2 = vec![0; 20];
    cooked2[..2].copy_from_slice(&[8, 0]);
    let tagged = [&[0xee; 12][..], &[0x81, 0, 0, 5, 8, 0]].concat();
    let table: [(u32, &[u8]); 8] = [
        (0, &[2, 0, 0, 0]),
        (108, &[0, 0, 0, 2]),
        (101, &[]),
        (12, &[]),
        (228, &[]),
        (113, &cooked),
        (276, &cooked2),
        (1, &tagged),
    ];
    for (link, header) in table {
        let capture = read(&pcap(link, &with(header)));
        assert_eq!(
            only(&capture).from_opener.bytes,
            b"question",
            "link type {link}"
        );
        assert_eq!(
            only(&capture).from_listener.bytes,
            b"answer",
            "link type {link}"
        );
    }
}

#[test]
fn ipv6_is_read_behind_its_extensions() {
    let mut packets = connection(b"question", b"answer", 3);
    packets.iter_mut().for_each(|packet| packet.v6 = true);
    let capture = read(&ethernet(&packets));
    let connection = only(&capture);
    assert_eq!(connection.opener.to_string(), "[fd00::1]:40000");
    assert_eq!(connection.from_opener.bytes, b"question");
    assert_eq!(connection.from_listener.bytes, b"answer");
}

#[test]
fn late_and_repeated_segments_are_put_right() {
    let server = numbered(900);
    let mut packets = connection(b"question", &server, 100);
    // The server's pieces begin at 3.
    packets.swap(4, 9);
    let again = packets[6].clone();
    packets.push(again);
    // Two pieces sent once more as one, with a byte in front that was acknowledged long ago.
    let longer = Packet::new(
        false,
        packets::SERVER_START.wrapping_add(1600),
        ACK,
        &server[1599..],
    );
    packets.insert(12, longer);
    let capture = read(&ethernet(&packets));
    let stream = &only(&capture).from_listener;
    assert!(stream.bytes == server);
    assert_eq!(stream.gap, None);
    assert_eq!(stream.packet_of(100), 4);
    assert_eq!(stream.packet_of(101), 10, "the second piece came late");
    assert_eq!(stream.packet_of(300), 10, "and held up the third");
}

#[test]
fn what_was_not_captured_is_told() {
    let server = numbered(900);
    let mut packets = connection(b"question", &server, 100);
    packets.remove(5);
    let capture = read(&ethernet(&packets));
    let stream = &only(&capture).from_listener;
    assert!(stream.bytes == server[..200]);
    assert_eq!(stream.gap, Some(100));

    // Packets cut to 80 bytes lack what is behind that.
    let frames = connection(b"question", &server, 100)
        .into_iter()
        .map(|packet| {
            let mut frame = packet.ethernet();
            frame.truncate(80);
            frame
        });
    let capture = read(&pcap(ETHERNET, &frames.collect::<Vec<_>>()));
    let stream = &only(&capture).from_listener;
    assert_eq!(
        (stream.bytes.len(), stream.gap),
        (80 - 14 - 20 - 24, Some(100 - 22))
    );
}

#[test]
fn connections_are_told_apart() {
    let first = connection(b"first", b"1", 100);
    let mut second = connection(b"second", b"2", 100);
    second
        .iter_mut()
        .for_each(|packet| packet.client_port = 40001);
    // The first one's addresses once more, from another sequence number on.
    let mut third = connection(b"third", b"3", 100);
    for packet in &mut third {
        packet.sequence = packet.sequence.wrapping_add(777_777);
    }
    let mut packets: Vec<_> = first
        .into_iter()
        .zip(second)
        .flat_map(<[_; 2]>::from)
        .collect();
    // An opening sent twice is still one.
    packets.insert(1, Packet::new(true, CLIENT_START, SYN, &[]));
    packets.extend(third);
    let capture = read(&ethernet(&packets));
    let sent: Vec<_> = capture
        .connections
        .iter()
        .map(|c| c.from_opener.bytes.clone())
        .collect();
    assert_eq!(
        sent,
        [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]
    );
}

#[test]
fn a_capture_may_begin_late() {
    let packets = connection(b"question", b"answer", 100);
    let capture = read(&ethernet(&packets[1..]));
    let connection = only(&capture);
    assert_eq!(connection.listener.port(), 8765, "who accepts listens");
    let capture = read(&ethernet(&packets[3..]));
    let connection = only(&capture);
    assert!(!connection.opening_seen);
    assert_eq!(connection.from_opener.bytes, b"answer");
}

#[test]
fn fragments_and_other_packets_are_left_out() {
    let mut frames: Vec<_> = connection(b"question", b"", 100)
        .iter()
        .map(Packet::ethernet)
        .collect();
    let mut fragment = frames[2].clone();
    fragment[14 + 6] = 0x20;
    let mut datagram = frames[2].clone();
    datagram[14 + 9] = 17;
    let mut arp = frames[2].clone();
    arp[13] = 6;
    frames.extend([
        fragment,
        datagram,
        arp,
        vec![0; 3],
        frames[2][..40].to_vec(),
    ]);
    let capture = read(&pcap(ETHERNET, &frames));
    assert_eq!(only(&capture).from_opener.bytes, b"question");
    assert_eq!((capture.packets, capture.unusable), (8, 3));
}

#[test]
fn damaged_files_are_read_as_far_as_they_go() {
    let file = ethernet(&connection(b"question", b"answer", 100));
    let cut = read(&file[..file.len() - 1]);
    assert_eq!(cut.packets, 3);
    assert!(
        matches!(cut.damage, Some(CaptureError::CutOff { packets: 3, .. })),
        "{:?}",
        cut.damage
    );
    assert_eq!(cut.connections[0].from_opener.bytes, b"question");

    let unknown = read(&pcap(147, &[vec![0; 60]]));
    assert_eq!(unknown.damage, Some(CaptureError::LinkType { link: 147 }));
    for length in 0..24 {
        assert!(
            read(&file[..length]).damage.is_some() || length == 0,
            "{length}"
        );
    }
    let packets: Vec<_> = connection(b"q", b"a", 1)
        .iter()
        .map(Packet::ethernet)
        .collect();
    let mut modern = pcapng(1, &packets);
    for at in 0..modern.len() {
        // No damage makes reading panic or go on for ever.
        modern[at] ^= 0xff;
        let _ = read(&modern);
        modern[at] ^= 0xff;
    }
}

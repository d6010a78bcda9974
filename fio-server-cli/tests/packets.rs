//! Captures of packets, written by hand.

#![allow(dead_code, reason = "every user takes a part of it")]

/// A packet of a TCP connection between two hosts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packet {
    /// From the client to the server.
    pub(crate) from_client: bool,
    /// The client's port, which tells connections apart.
    pub(crate) client_port: u16,
    /// Over IPv6 instead of IPv4.
    pub(crate) v6: bool,
    pub(crate) sequence: u32,
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const SYN: u8 = 2;
pub(crate) const ACK: u8 = 0x10;
pub(crate) const SERVER_PORT: u16 = 8765;
/// Sequence numbers of the two openings; the server's wraps soon.
pub(crate) const CLIENT_START: u32 = 1000;
pub(crate) const SERVER_START: u32 = u32::MAX - 700;

impl Packet {
    pub(crate) fn new(from_client: bool, sequence: u32, flags: u8, payload: &[u8]) -> Self {
        Self {
            from_client,
            client_port: 40000,
            sequence,
            flags,
            payload: payload.to_vec(),
            v6: false,
        }
    }

    /// The datagram.
    pub(crate) fn datagram(&self) -> Vec<u8> {
        let ports = if self.from_client {
            [self.client_port, SERVER_PORT]
        } else {
            [SERVER_PORT, self.client_port]
        };
        let mut tcp: Vec<u8> = ports.iter().flat_map(|port| port.to_be_bytes()).collect();
        tcp.extend(self.sequence.to_be_bytes());
        // An acknowledgement; a header of 24 bytes, with options; flags; window, checksum, urgent.
        tcp.extend([
            0,
            0,
            0,
            0,
            6 << 4,
            self.flags,
            1,
            0,
            0,
            0,
            0,
            0,
            2,
            4,
            5,
            0xb4,
        ]);
        tcp.extend(&self.payload);
        let (client, server) = (1, 2);
        let hosts = if self.from_client {
            [client, server]
        } else {
            [server, client]
        };
        let mut datagram = if self.v6 {
            let mut header = vec![0x60, 0, 0, 0];
            header.extend(u16::try_from(tcp.len() + 8).unwrap().to_be_bytes());
            // Hop-by-hop options first.
            header.extend([0, 64]);
            for host in hosts {
                header.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
            }
            header.extend([6, 0, 1, 4, 0, 0, 0, 0]);
            header
        } else {
            let mut header = vec![0x45, 0];
            header.extend(u16::try_from(tcp.len() + 20).unwrap().to_be_bytes());
            header.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
            for host in hosts {
                header.extend([10, 0, 0, host]);
            }
            header
        };
        datagram.extend(tcp);
        datagram
    }

    /// The datagram in an Ethernet frame, padded to the least length of one.
    pub(crate) fn ethernet(&self) -> Vec<u8> {
        let mut frame = vec![0xee; 12];
        frame.extend(if self.v6 { [0x86, 0xdd] } else { [8, 0] });
        frame.extend(self.datagram());
        frame.resize(frame.len().max(60), 0);
        frame
    }
}

/// A whole connection in packets of `size` bytes: the opening, what the client sends, what the server
/// sends.
pub(crate) fn connection(client: &[u8], server: &[u8], size: usize) -> Vec<Packet> {
    let mut packets = vec![
        Packet::new(true, CLIENT_START, SYN, &[]),
        Packet::new(false, SERVER_START, SYN | ACK, &[]),
    ];
    for (from_client, start, bytes) in [(true, CLIENT_START, client), (false, SERVER_START, server)]
    {
        let mut sequence = start.wrapping_add(1);
        for piece in bytes.chunks(size) {
            packets.push(Packet::new(from_client, sequence, ACK, piece));
            sequence = sequence.wrapping_add(u32::try_from(piece.len()).unwrap());
        }
    }
    packets
}

/// Packets of a link type as a pcap file, little-endian.
pub(crate) fn pcap(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65535, link] {
        file.extend(u32::to_le_bytes(word));
    }
    for packet in packets {
        let length = u32::try_from(packet.len()).unwrap();
        for word in [0, 0, length, length] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend(packet);
    }
    file
}

/// Packets of a link type as a pcapng file, big-endian.
pub(crate) fn pcapng(link: u16, packets: &[Vec<u8>]) -> Vec<u8> {
    fn block(kind: u32, body: &[u8], file: &mut Vec<u8>) {
        let padded = body.len().next_multiple_of(4);
        let length = u32::try_from(padded + 12).unwrap().to_be_bytes();
        file.extend(kind.to_be_bytes());
        file.extend(length);
        file.extend(body);
        file.resize(file.len() + padded - body.len(), 0);
        file.extend(length);
    }
    let mut file = Vec::new();
    let section = [
        0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
    ];
    block(0x0a0d_0d0a, &section, &mut file);
    let [high, low] = link.to_be_bytes();
    block(1, &[high, low, 0, 0, 0, 0, 0, 0], &mut file);
    for packet in packets {
        let length = u32::try_from(packet.len()).unwrap().to_be_bytes();
        let mut body = vec![0; 12];
        body.extend(length);
        body.extend(length);
        body.extend(packet);
        block(6, &body, &mut file);
    }
    file
}

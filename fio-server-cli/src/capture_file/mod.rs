//! Network captures: from the packets in a pcap or pcapng file to the bytes of each connection.
//!
//! | layer | module | does |
//! |---|---|---|
//! | container | [`container`] | pcap and pcapng, of either byte order (the `pcap-parser` crate) |
//! | headers | [`headers`] | Ethernet with VLAN tags, Linux "cooked", BSD loopback, raw IP; IPv4, IPv6; TCP |
//! | streams | [`reassembly`] | segments in the order of their sequence numbers, each byte once |
//!
//! A capture is of what somebody saw, so it may begin or end in mid-connection, and lack, repeat or
//! disorder packets. Repeated and disordered ones are put right. Where bytes are missing the stream ends, and
//! [`StreamBytes::gap`] says so.

mod container;
mod headers;
mod reassembly;

use std::net::SocketAddr;

pub(crate) use container::CaptureError;
use headers::Skipped;
use reassembly::Reassembly;

/// The connections of a capture file.
#[derive(Debug, Default)]
pub(crate) struct Capture {
    /// TCP connections in the order of their first packets.
    pub(crate) connections: Vec<Connection>,
    /// Packets in the file.
    pub(crate) packets: usize,
    /// Packets of TCP that could not be used, because they were fragments or cut short in their headers.
    pub(crate) unusable: usize,
    /// Why the rest of the file could not be read, if it could not.
    pub(crate) damage: Option<CaptureError>,
}

/// One TCP connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Who opened it, or where that was not captured, who was seen first.
    pub(crate) opener: SocketAddr,
    /// The other end.
    pub(crate) listener: SocketAddr,
    /// Whether its opening was captured.
    pub(crate) opening_seen: bool,
    /// What the opener sent.
    pub(crate) from_opener: StreamBytes,
    /// What the other end sent.
    pub(crate) from_listener: StreamBytes,
}

/// What one end of a connection sent.
#[derive(Debug, Default)]
pub(crate) struct StreamBytes {
    /// The bytes, as far as there is none missing.
    pub(crate) bytes: Vec<u8>,
    /// How many bytes are missing behind them, although later ones are there.
    pub(crate) gap: Option<u64>,
    /// Ends of the pieces the bytes came in, and the number of the packet of each, counted from 1.
    arrivals: Vec<(usize, usize)>,
}

impl StreamBytes {
    /// The number of the packet with which the first `length` bytes were complete; a later one where they
    /// were sent again together with bytes in front of them.
    pub(crate) fn packet_of(&self, length: usize) -> usize {
        let first = self.arrivals.partition_point(|(end, _)| *end < length);
        let upto = self.arrivals.get(..=first).unwrap_or(&self.arrivals);
        // A piece that came late holds up those behind it.
        upto.iter().map(|(_, packet)| *packet).max().unwrap_or(0)
    }
}

/// Whether the bytes are those of a pcap or pcapng file.
pub(crate) fn is_capture(bytes: &[u8]) -> bool {
    container::is_capture(bytes)
}

/// Takes a pcap or pcapng file apart.
pub(crate) fn read(bytes: &[u8]) -> Capture {
    let mut reassembly = Reassembly::default();
    let (mut packets, mut unusable) = (0, 0);
    let outcome = container::for_each_packet(bytes, |link, data| {
        packets += 1;
        match headers::segment(link, data) {
            Ok(segment) => reassembly.add(packets, &segment),
            Err(Skipped::Unusable) => unusable += 1,
            Err(Skipped::NotTcp) => {}
        }
    });
    Capture {
        connections: reassembly.finish(),
        packets,
        unusable,
        damage: outcome.err(),
    }
}

#[cfg(test)]
mod tests;

//! From a packet to its TCP segment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use pcap_parser::Linktype;

/// BSD loopback with its family in network byte order.
const LOOP: Linktype = Linktype(108);
/// Raw IP, as some systems number it.
const RAW_ALIASES: [Linktype; 2] = [Linktype(12), Linktype(14)];

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPES_VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_IPV6_FRAGMENT: u8 = 44;
/// Hop-by-hop options, routing and destination options: each tells the next header and its length.
const IPV6_EXTENSIONS: [u8; 3] = [0, 43, 60];

/// A TCP segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) sequence: u32,
    /// The segment opens or accepts a connection.
    pub(super) synchronizes: bool,
    pub(super) acknowledges: bool,
    pub(super) payload: &'a [u8],
}

/// Why a packet has no segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    /// It is of something else.
    NotTcp,
    /// It is a fragment, or was cut off inside its headers.
    Unusable,
}

pub(super) fn is_known(link: Linktype) -> bool {
    let known = [
        Linktype::NULL,
        Linktype::ETHERNET,
        Linktype::RAW,
        Linktype::LINUX_SLL,
        Linktype::LINUX_SLL2,
        Linktype::IPV4,
        Linktype::IPV6,
        LOOP,
    ];
    known.contains(&link) || RAW_ALIASES.contains(&link)
}

/// The segment in a packet.
pub(super) fn segment(link: Linktype, packet: &[u8]) -> Result<Segment<'_>, Skipped> {
    let datagram = network_layer(link, packet)?;
    match datagram.first().map(|byte| byte >> 4) {
        Some(4) => ipv4(datagram),
        Some(6) => ipv6(datagram),
        _ => Err(Skipped::NotTcp),
    }
}

/// The IP datagram in a packet.
fn network_layer(link: Linktype, packet: &[u8]) -> Result<&[u8], Skipped> {
    // Where the header says what follows, and how long it is.
    let (ethertype_at, header) = match link {
        Linktype::ETHERNET => return ethernet(packet),
        Linktype::LINUX_SLL => (14, 16),
        Linktype::LINUX_SLL2 => (0, 20),
        // Their address family differs between systems; the datagram tells its version itself.
        Linktype::NULL | LOOP => return packet.get(4..).ok_or(Skipped::Unusable),
        _ => return Ok(packet),
    };
    let ethertype = be16(packet, ethertype_at).ok_or(Skipped::Unusable)?;
    ip(ethertype, packet.get(header..).ok_or(Skipped::Unusable)?)
}

fn ethernet(packet: &[u8]) -> Result<&[u8], Skipped> {
    let mut at = 12;
    loop {
        let ethertype = be16(packet, at).ok_or(Skipped::Unusable)?;
        at += 2;
        if ETHERTYPES_VLAN.contains(&ethertype) {
            at += 2;
        } else {
            return ip(ethertype, packet.get(at..).ok_or(Skipped::Unusable)?);
        }
    }
}

fn ip(ethertype: u16, datagram: &[u8]) -> Result<&[u8], Skipped> {
    match ethertype {
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Ok(datagram),
        _ => Err(Skipped::NotTcp),
    }
}

fn ipv4(datagram: &[u8]) -> Result<Segment<'_>, Skipped> {
    let header: &[u8; 20] = datagram.first_chunk().ok_or(Skipped::Unusable)?;
    if header[9] != PROTOCOL_TCP {
        return Err(Skipped::NotTcp);
    }
    let length = usize::from(header[0] & 0xf) * 4;
    let is_fragment = be16(header, 6).is_some_and(|fragment| fragment & 0x3fff != 0);
    if is_fragment || length < header.len() {
        return Err(Skipped::Unusable);
    }
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let [.., a, b, c, d, e, f, g, h] = *header;
    let source = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    let destination = IpAddr::V4(Ipv4Addr::new(e, f, g, h));
    tcp(source, destination, within(datagram, length, total)?)
}

fn ipv6(datagram: &[u8]) -> Result<Segment<'_>, Skipped> {
    let header: &[u8; 40] = datagram.first_chunk().ok_or(Skipped::Unusable)?;
    let address = |at: usize| {
        header[at..]
            .first_chunk::<16>()
            .copied()
            .map(Ipv6Addr::from)
    };
    let (Some(source), Some(destination)) = (address(8), address(24)) else {
        return Err(Skipped::Unusable);
    };
    let (mut next, mut at) = (header[6], header.len());
    while IPV6_EXTENSIONS.contains(&next) {
        let extension = datagram.get(at..at + 2).ok_or(Skipped::Unusable)?;
        next = extension[0];
        at += (usize::from(extension[1]) + 1) * 8;
    }
    match next {
        PROTOCOL_TCP => {}
        PROTOCOL_IPV6_FRAGMENT => return Err(Skipped::Unusable),
        _ => return Err(Skipped::NotTcp),
    }
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let total = if length == 0 {
        0
    } else {
        length + header.len()
    };
    tcp(
        source.into(),
        destination.into(),
        within(datagram, at, total)?,
    )
}

/// A datagram without its header and without what the link layer padded it with. A total length of 0 is
/// that of a datagram the network card was to cut up, which is as long as it was captured.
fn within(datagram: &[u8], header: usize, total: usize) -> Result<&[u8], Skipped> {
    let end = match total {
        0 => datagram.len(),
        total => total.min(datagram.len()),
    };
    datagram.get(header..end).ok_or(Skipped::Unusable)
}

fn tcp(source: IpAddr, destination: IpAddr, segment: &[u8]) -> Result<Segment<'_>, Skipped> {
    let header: &[u8; 20] = segment.first_chunk().ok_or(Skipped::Unusable)?;
    let [s0, s1, d0, d1, q0, q1, q2, q3, ..] = *header;
    let length = usize::from(header[12] >> 4) * 4;
    let payload = segment
        .get(length.max(header.len())..)
        .ok_or(Skipped::Unusable)?;
    let flags = header[13];
    Ok(Segment {
        source: SocketAddr::new(source, u16::from_be_bytes([s0, s1])),
        destination: SocketAddr::new(destination, u16::from_be_bytes([d0, d1])),
        sequence: u32::from_be_bytes([q0, q1, q2, q3]),
        synchronizes: flags & 0x02 != 0,
        acknowledges: flags & 0x10 != 0,
        payload,
    })
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*bytes))
}

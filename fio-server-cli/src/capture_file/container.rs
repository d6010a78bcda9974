//! pcap and pcapng files.

use std::io::Cursor;

use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

/// First bytes of pcapng files, and of pcap files in both byte orders and with times in microseconds or
/// nanoseconds.
const MAGICS: [[u8; 4]; 5] = [
    [0x0a, 0x0d, 0x0d, 0x0a],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x4d, 0x3c, 0xb2, 0xa1],
];

/// Why a capture file cannot be read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CaptureError {
    /// The file ends inside a packet or block.
    #[error("the capture file is cut off at offset {offset}, after {packets} packets")]
    CutOff {
        /// Where the last block begins.
        offset: usize,
        /// Packets in front of it.
        packets: usize,
    },
    /// A block is not as the format has it.
    #[error("the capture file is damaged at offset {offset}, after {packets} packets: {reason}")]
    Damaged {
        /// Where the block begins.
        offset: usize,
        /// Packets in front of it.
        packets: usize,
        /// What the parser says.
        reason: String,
    },
    /// A packet belongs to an interface that the file does not describe.
    #[error(
        "packet {packet} of the capture file is of interface {interface}, which it does not describe"
    )]
    UnknownInterface {
        /// The packet, counted from 1.
        packet: usize,
        /// The interface, counted from 0.
        interface: u32,
    },
    /// A kind of network whose headers are not known here.
    #[error(
        "the capture file has packets of link type {link}; capture Ethernet, a loopback interface, \
         Linux \"any\" or raw IP instead"
    )]
    LinkType {
        /// The number of the link type.
        link: i32,
    },
}

pub(super) fn is_capture(bytes: &[u8]) -> bool {
    MAGICS.iter().any(|magic| bytes.starts_with(magic))
}

/// Calls `each` with the link type and the bytes of every packet.
///
/// # Errors
/// When the file cannot be read to its end; `each` has seen the packets in front of that.
pub(super) fn for_each_packet(
    bytes: &[u8],
    mut each: impl FnMut(Linktype, &[u8]),
) -> Result<(), CaptureError> {
    let (mut offset, mut packets) = (0, 0);
    let fault = |error, offset, packets| fault(&error, offset, packets);
    // The reader's buffer must hold the largest block, and the file is in memory anyway.
    let mut reader = create_reader(bytes.len().max(64), Cursor::new(bytes))
        .map_err(|error| fault(error, 0, 0))?;
    let mut interfaces = Interfaces::default();
    loop {
        match reader.next() {
            Ok((length, block)) => {
                if let Some((link, data)) = interfaces.packet(&block, packets + 1)? {
                    packets += 1;
                    each(link, data);
                }
                reader.consume(length);
                offset += length;
            }
            Err(PcapError::Eof) => return Ok(()),
            // The reader would read on, but the file has been in its buffer from the start.
            Err(PcapError::Incomplete(_)) if offset == bytes.len() => return Ok(()),
            Err(error) => return Err(fault(error.to_owned_vec(), offset, packets)),
        }
    }
}

fn fault(error: &PcapError<&'static [u8]>, offset: usize, packets: usize) -> CaptureError {
    match error {
        PcapError::Incomplete(_) | PcapError::UnexpectedEof | PcapError::BufferTooSmall => {
            CaptureError::CutOff { offset, packets }
        }
        other => CaptureError::Damaged {
            offset,
            packets,
            reason: reason(other),
        },
    }
}

/// The parser's errors carry input, which nobody wants to read.
fn reason(error: &PcapError<&'static [u8]>) -> String {
    match error {
        PcapError::HeaderNotRecognized => "its header is not recognised".to_owned(),
        PcapError::NomError(_, kind) | PcapError::OwnedNomError(_, kind) => {
            format!("a block is not understood ({})", kind.description())
        }
        _ => "it cannot be read".to_owned(),
    }
}

/// The link types of the interfaces described so far: one in a pcap file, any number in each section
/// of a pcapng file.
#[derive(Default)]
struct Interfaces(Vec<Linktype>);

impl Interfaces {
    /// The packet in a block, if there is one; descriptions of interfaces are remembered.
    fn packet<'a>(
        &mut self,
        block: &'a PcapBlockOwned<'a>,
        number: usize,
    ) -> Result<Option<(Linktype, &'a [u8])>, CaptureError> {
        let (interface, data, captured) = match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.0.push(supported(header.network)?);
                return Ok(None);
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                self.0.clear();
                return Ok(None);
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                self.0.push(supported(interface.linktype)?);
                return Ok(None);
            }
            PcapBlockOwned::Legacy(packet) => (0, packet.data, packet.caplen),
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                (packet.if_id, packet.data, packet.caplen)
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => (0, packet.data, packet.origlen),
            PcapBlockOwned::NG(_) => return Ok(None),
        };
        let link = usize::try_from(interface)
            .ok()
            .and_then(|index| self.0.get(index));
        let unknown = CaptureError::UnknownInterface {
            packet: number,
            interface,
        };
        let link = *link.ok_or(unknown)?;
        // Blocks are padded behind the captured bytes.
        let captured = usize::try_from(captured)
            .unwrap_or(usize::MAX)
            .min(data.len());
        Ok(Some((link, &data[..captured])))
    }
}

fn supported(link: Linktype) -> Result<Linktype, CaptureError> {
    if super::headers::is_known(link) {
        Ok(link)
    } else {
        Err(CaptureError::LinkType { link: link.0 })
    }
}

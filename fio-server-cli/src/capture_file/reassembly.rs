//! From segments to the bytes each end of a connection sent.
//!
//! Segments are kept with their place in the stream and put together at the end, when all are there:
//! what came twice is used once, what came late is in its place.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::headers::Segment;
use super::{Connection, StreamBytes};

/// The connections seen so far.
#[derive(Default)]
pub(super) struct Reassembly {
    connections: Vec<Partial>,
    /// The newest connection between two addresses, which are in order.
    newest: HashMap<(SocketAddr, SocketAddr), usize>,
}

struct Partial {
    opener: SocketAddr,
    listener: SocketAddr,
    opening_seen: bool,
    from_opener: Pieces,
    from_listener: Pieces,
}

impl Reassembly {
    /// Adds the segment of the packet of that number.
    pub(super) fn add(&mut self, packet: usize, segment: &Segment<'_>) {
        let index = self.connection_of(segment);
        let connection = &mut self.connections[index];
        if segment.source == connection.opener {
            connection.from_opener.add(packet, segment);
        } else {
            connection.from_listener.add(packet, segment);
        }
    }

    fn connection_of(&mut self, segment: &Segment<'_>) -> usize {
        let (source, destination) = (segment.source, segment.destination);
        let pair = (source.min(destination), source.max(destination));
        let opens = segment.synchronizes && !segment.acknowledges;
        if let Some(&index) = self.newest.get(&pair)
            && !(opens && self.connections[index].is_other_than(segment))
        {
            return index;
        }
        // The answer to an opening that was not captured tells who opened all the same.
        let accepts = segment.synchronizes && segment.acknowledges;
        let (opener, listener) = match accepts {
            true => (destination, source),
            false => (source, destination),
        };
        self.connections.push(Partial {
            opener,
            listener,
            opening_seen: segment.synchronizes,
            from_opener: Pieces::default(),
            from_listener: Pieces::default(),
        });
        let index = self.connections.len() - 1;
        self.newest.insert(pair, index);
        index
    }

    /// The connections over which something was sent, put together.
    pub(super) fn finish(self) -> Vec<Connection> {
        let connections = self.connections.into_iter().map(|partial| Connection {
            opener: partial.opener,
            listener: partial.listener,
            opening_seen: partial.opening_seen,
            from_opener: partial.from_opener.join(),
            from_listener: partial.from_listener.join(),
        });
        connections.collect()
    }
}

impl Partial {
    /// Whether an opening segment is that of a later connection rather than this one's, repeated.
    fn is_other_than(&self, opening: &Segment<'_>) -> bool {
        opening.source != self.opener || self.from_opener.start != Some(opening.sequence)
    }
}

/// What one end sent, in the order of the packets.
#[derive(Default)]
struct Pieces {
    /// The sequence number of the opening, or of the first segment.
    start: Option<u32>,
    /// Whether that is the opening's.
    opened: bool,
    /// The last segment's sequence number and its place, from which the next one's place follows.
    last: (u32, i64),
    /// Place in the stream, number of the packet, bytes.
    pieces: Vec<(i64, usize, Vec<u8>)>,
}

impl Pieces {
    fn add(&mut self, packet: usize, segment: &Segment<'_>) {
        if self.start.is_none() {
            self.start = Some(segment.sequence);
            self.opened = segment.synchronizes;
            self.last = (segment.sequence, 0);
        }
        let (sequence, place) = self.last;
        // Sequence numbers wrap; no two segments near each other are 2 GiB apart.
        let step = segment.sequence.wrapping_sub(sequence).cast_signed();
        let place = place + i64::from(step);
        self.last = (segment.sequence, place);
        if !segment.payload.is_empty() {
            // The opening takes a sequence number of its own.
            let first = place - i64::from(self.opened) + i64::from(segment.synchronizes);
            self.pieces.push((first, packet, segment.payload.to_vec()));
        }
    }

    fn join(mut self) -> StreamBytes {
        // Stable: of pieces at one place the first sent comes first.
        self.pieces.sort_by_key(|(place, ..)| *place);
        let first = self.pieces.first().map_or(0, |(place, ..)| *place);
        let mut stream = StreamBytes::default();
        let mut end = if self.opened { 0 } else { first };
        for (place, packet, bytes) in self.pieces {
            if place > end {
                stream.gap = Some(place.abs_diff(end));
                break;
            }
            let known = usize::try_from(end - place).unwrap_or(usize::MAX);
            if let Some(new) = bytes.get(known..).filter(|new| !new.is_empty()) {
                stream.bytes.extend_from_slice(new);
                stream.arrivals.push((stream.bytes.len(), packet));
                end += i64::try_from(new.len()).unwrap_or(i64::MAX);
            }
        }
        stream
    }
}

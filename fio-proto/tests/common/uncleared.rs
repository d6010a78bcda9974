//! The bytes of a message that fio leaves as they were in its memory.

use core::ops::Range;

use fio_proto::layout::{Shape, ThreadOptions, fields};
use fio_proto::{Revision, ServerVersion};

/// Bytes of an ADD_JOB that mean nothing and are not sent again. Up to version 97 fio builds the
/// message in cleared memory, and there are none. Since version 99 it does not; left as they were are
/// - padding,
/// - what is behind the NUL of a text,
/// - and the second half of a double's 16 bytes.
///
/// The options that no sender fills (`log_hist_msec` and others) are not cleared either, but are kept
/// by decoding like any other.
pub(crate) fn uncleared(revision: Revision, payload: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    if revision.version() >= ServerVersion::new(99) {
        for (offset, row) in fields(ThreadOptions::ROWS, revision) {
            walk(8 + offset, &row.shape, payload, &mut ranges);
        }
    }
    ranges
}

fn walk(offset: usize, shape: &Shape, payload: &[u8], ranges: &mut Vec<Range<usize>>) {
    match *shape {
        Shape::Padding(length) => ranges.push(offset..offset + length),
        Shape::Float => ranges.push(offset + 8..offset + 16),
        Shape::Chars(length) => {
            let text = &payload[offset..offset + length];
            let end = text.iter().position(|byte| *byte == 0).unwrap_or(length);
            ranges.push(offset + end..offset + length);
        }
        Shape::Array(length, element) => {
            for index in 0..length {
                walk(offset + index * element.size(), element, payload, ranges);
            }
        }
        Shape::Record(_, fields) => {
            let mut at = offset;
            for (_, shape) in fields {
                walk(at, shape, payload, ranges);
                at += shape.size();
            }
        }
        _ => {}
    }
}

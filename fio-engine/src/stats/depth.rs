//! How many I/Os were in flight, and how many moved per call.
//!
//! fio keeps three maps of seven entries (manual, "IO depths", "IO submit", "IO complete"):
//!
//! ```text
//! depth             1     2-3   4-7    8-15    16-31   32-63   64 and more
//! submit, complete  0     1-4   5-8    9-16    17-32   33-64   65 and more
//! ```

/// Number of entries of each map.
pub const DEPTH_BUCKETS: usize = 7;

/// Labels of the depth map, as fio's reports have them.
pub const DEPTH_LABELS: [&str; DEPTH_BUCKETS] = ["1", "2", "4", "8", "16", "32", ">=64"];

/// Labels of the submit and complete maps, as fio's reports have them.
pub const BATCH_LABELS: [&str; DEPTH_BUCKETS] = ["0", "4", "8", "16", "32", "64", ">=64"];

/// The entry of the depth map an I/O belongs to that is submitted as the `depth`th in flight.
#[inline]
#[must_use]
pub const fn depth_bucket(depth: u32) -> usize {
    let bucket = (depth | 1).ilog2() as usize;
    if bucket < DEPTH_BUCKETS {
        bucket
    } else {
        DEPTH_BUCKETS - 1
    }
}

/// The entry of the submit or complete map a call belongs to that moved `count` I/Os.
#[inline]
#[must_use]
pub const fn batch_bucket(count: u32) -> usize {
    if count == 0 {
        return 0;
    }
    let bucket = ((count - 1) | 3).ilog2() as usize;
    if bucket < DEPTH_BUCKETS {
        bucket
    } else {
        DEPTH_BUCKETS - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_fall_into_the_entry_named_by_their_lower_end() {
        for (depth, label) in [
            (0, "1"),
            (1, "1"),
            (2, "2"),
            (3, "2"),
            (4, "4"),
            (7, "4"),
            (8, "8"),
            (15, "8"),
            (16, "16"),
            (31, "16"),
            (32, "32"),
            (63, "32"),
            (64, ">=64"),
            (u32::MAX, ">=64"),
        ] {
            assert_eq!(DEPTH_LABELS[depth_bucket(depth)], label, "{depth}");
        }
    }

    #[test]
    fn batches_fall_into_the_entry_named_by_their_upper_end() {
        for (count, label) in [
            (0, "0"),
            (1, "4"),
            (4, "4"),
            (5, "8"),
            (8, "8"),
            (9, "16"),
            (16, "16"),
            (17, "32"),
            (32, "32"),
            (33, "64"),
            (64, "64"),
            (65, ">=64"),
            (u32::MAX, ">=64"),
        ] {
            assert_eq!(BATCH_LABELS[batch_bucket(count)], label, "{count}");
        }
    }
}

//! `zonemode=strided`, read off a bandwidth log with offsets.

use super::{both, rows};

const KIB: u64 = 1024;

/// Zones of 64 KiB with 32 KiB between them, of which 16 KiB are read before the next one has its turn.
const ZONED: &str = "[job]\nioengine=null\nzonemode=strided\nzonesize=16k\nzonerange=64k\nzoneskip=32k\nsize=960k\n\
    bs=4k\nrandrepeat=0\nrandseed=9\nwrite_bw_log=z\nlog_offset=1\n";

fn offsets(options: &str) -> Vec<Vec<u64>> {
    let job = format!("{ZONED}{options}\n");
    let ran = both(&job, &["--eta=never", "job.fio"]);
    let offsets = ran.iter().map(|ran| {
        assert_eq!(
            ran.finished.code,
            Some(0),
            "{}: {:?}",
            ran.who,
            ran.finished
        );
        rows(&ran.file("z_bw.1.log"))
            .iter()
            .map(|row| row[4])
            .collect()
    });
    offsets.collect()
}

#[test]
fn ios_stay_in_their_zones_and_zones_have_their_turns() {
    for options in [
        "rw=read\nio_size=160k",
        "rw=randread\nio_size=160k",
        "rw=randwrite\nio_size=320k\nnorandommap",
    ] {
        let all = offsets(options);
        for offsets in &all {
            assert!(offsets.len() >= 40, "{options}: {offsets:?}");
            for (number, visit) in offsets.chunks(4).enumerate() {
                // As many zones as fit, over and over.
                let zone = number as u64 % 10 * 96 * KIB;
                let is_inside = |offset: &u64| (zone..zone + 64 * KIB).contains(offset);
                assert!(
                    visit.iter().all(is_inside),
                    "{options}: visit {number}: {visit:?}"
                );
            }
        }
        if let [theirs, ours] = &all[..] {
            assert_eq!(theirs, ours, "{options}");
        }
    }
}

/// A sequential job goes on in a zone where it was, and a random one with a map reads nothing twice.
#[test]
fn sequential_ios_follow_each_other() {
    for offsets in offsets("rw=read\nio_size=160k") {
        for visit in offsets.chunks(4) {
            assert!(
                visit.windows(2).all(|pair| pair[0] + 4 * KIB == pair[1]),
                "{visit:?}"
            );
        }
    }
    for mut offsets in offsets("rw=randread\nio_size=160k") {
        let count = offsets.len();
        offsets.sort_unstable();
        offsets.dedup();
        assert_eq!(offsets.len(), count);
    }
}

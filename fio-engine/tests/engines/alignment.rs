//! Direct I/O of suitable and unsuitable sizes.

use std::fs;
use std::io;
use std::path::Path;

use fio_engine::Direction;

use super::{bytes, only};

/// With `direct=1` an engine succeeds where a plain call does, and fails as that does.
#[test]
fn alignment_is_the_business_of_the_kernel() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let file = folder.path().join("f");
    fs::write(&file, vec![5; 64 << 10]).expect("writable");
    for engine in super::MOVERS {
        for block in [4096, 1000] {
            let words = format!(
                "--ioengine={engine} --rw=read --direct=1 --bs={block} --size={} --iodepth=4 \
                 --filename=f",
                block * 16
            );
            let job = only(folder.path(), &words);
            // A mapping knows no alignment.
            let expected = match engine {
                "mmap" => Ok(()),
                _ => read_directly(&file, block),
            };
            let what = format!("{engine} {block}: {}", job.error_message);
            match expected {
                Ok(()) => {
                    assert_eq!(job.error, 0, "{what}");
                    assert_eq!(bytes(&job, Direction::Read), block as u64 * 16, "{what}");
                }
                Err(errno) => {
                    assert_eq!(job.error, errno, "{what}");
                    assert!(job.error_message.contains("offset "), "{what}");
                }
            }
        }
    }
}

/// A read of so many bytes with `O_DIRECT`, to an address that suits every device.
fn read_directly(file: &Path, length: usize) -> Result<(), i32> {
    use std::os::unix::fs::{FileExt, OpenOptionsExt};
    let mut options = fs::OpenOptions::new();
    let errno = |error: io::Error| error.raw_os_error().expect("an error of the kernel");
    let options = options.read(true).custom_flags(libc::O_DIRECT);
    let file = options.open(file).map_err(errno)?;
    let mut buffer = vec![0; length + 4096];
    let aligned = buffer.as_ptr().align_offset(4096);
    let target = &mut buffer[aligned..][..length];
    file.read_at(target, 0).map(drop).map_err(errno)
}

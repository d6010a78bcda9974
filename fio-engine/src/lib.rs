//! fio job files, I/O jobs and latency statistics as a library.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fio_engine::fuzzing::command_line(data));

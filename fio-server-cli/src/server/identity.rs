//! Who this server is, as the answer to PROBE tells it.

use fio_engine::job::Machine;
use fio_proto::message::ProbeReply;

/// What is told of this machine. The session adds the release that speaks the client's version.
pub(super) fn probe_reply() -> ProbeReply {
    let machine = Machine::detect();
    let mut reply = ProbeReply::new(host_name());
    reply.operating_system = LINUX;
    reply.architecture = architecture();
    reply.pointer_bytes = size_of::<usize>() as u8;
    reply.processors = u32::try_from(machine.cpus).unwrap_or(u32::MAX);
    reply.zlib = true;
    reply
}

/// fio's number for Linux.
const LINUX: u8 = 1;

/// fio's number for the architecture this program was built for. 14 is "any other" up to version 99.
const fn architecture() -> u8 {
    if cfg!(target_arch = "x86_64") {
        1
    } else if cfg!(target_arch = "x86") {
        2
    } else if cfg!(any(target_arch = "powerpc", target_arch = "powerpc64")) {
        3
    } else if cfg!(target_arch = "s390x") {
        5
    } else if cfg!(target_arch = "sparc64") {
        8
    } else if cfg!(target_arch = "arm") {
        9
    } else if cfg!(any(target_arch = "mips", target_arch = "mips64")) {
        12
    } else if cfg!(target_arch = "aarch64") {
        13
    } else {
        14
    }
}

fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

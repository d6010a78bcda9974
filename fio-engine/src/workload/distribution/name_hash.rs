//! The hash of a file's name that seeds its skewed distribution.

/// fio's hash of a file name.
///
/// The mixing is that of Bob Jenkins' lookup3 (public domain, 2006); but of each whole block of
/// twelve bytes fio adds only the first byte of each four, so names that differ elsewhere may share
/// their hash.
///
/// ```
/// use fio_engine::workload::name_hash;
///
/// assert_ne!(name_hash(b"a.0.0"), name_hash(b"a.0.1"));
/// ```
#[must_use]
pub fn name_hash(name: &[u8]) -> u32 {
    // Names are far shorter than 4 GiB; the length is part of the hash modulo 2³² anyway.
    let start = START.wrapping_add(name.len() as u32);
    let mut state = [start; 3];
    let mut rest = name;
    while rest.len() > 12 {
        let (block, behind) = rest.split_at(12);
        for (word, bytes) in state.iter_mut().zip(block.chunks(4)) {
            *word = word.wrapping_add(u32::from(bytes[0]));
        }
        state = mix(state);
        rest = behind;
    }
    if rest.is_empty() {
        return state[2];
    }
    for (word, bytes) in state.iter_mut().zip(rest.chunks(4)) {
        let mut padded = [0; 4];
        padded[..bytes.len()].copy_from_slice(bytes);
        *word = word.wrapping_add(u32::from_le_bytes(padded));
    }
    finish(state)
}

/// The golden ratio in 32 bits, as fio rounds it.
const START: u32 = 0x61C8_8647;

fn mix([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    [a, b, c]
}

fn finish([mut a, mut b, mut c]: [u32; 3]) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

//! Messages of any length as trains of frames.
//!
//! A message longer than one frame may carry is cut into pieces; each travels in a whole frame of its
//! own, and all but the last have the MORE flag. [`Fragments`] cuts without copying; [`Joiner`] puts
//! together, under a cap, borrowing from the input where a message fits one frame.
//!
//! What a receiver may rely on (fio `server.c`): only MORE ends a message, fragments may be shorter
//! than the limit anywhere, every fragment has the version and opcode of the first, the tags of later
//! ones mean nothing, and an empty frame ends its message even with MORE set. There is no header field
//! for the length of a whole message.

mod join;
mod split;

pub use join::{Joiner, RawMessage, Step};
pub use split::{Fragments, FrameParts};

#[cfg(test)]
mod tests;

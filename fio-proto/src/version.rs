//! Protocol versions and the layouts that belong to them.
//!
//! fio's `FIO_SERVER_VER` names the version of a peer; both sides must use the same. It does **not**
//! fully name the byte layout: a few releases changed a structure and kept the number. Layouts are
//! therefore keyed by [`Revision`], a version and a variant.

use core::fmt;

/// A protocol version, fio's `FIO_SERVER_VER`. The first field of every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ServerVersion(u16);

impl ServerVersion {
    /// The first version: fio 1.99, October 2011.
    pub const V1: Self = Self(1);
    /// The oldest version this crate speaks.
    pub const OLDEST: Self = Self::V1;
    /// The newest version this crate speaks.
    pub const NEWEST: Self = Self::V1;

    /// A version by number, known to this crate or not.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number that travels.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether this crate has the layouts of the version.
    pub fn is_supported(self) -> bool {
        Revision::of(self).is_some()
    }

    /// Most payload bytes one frame may carry: 64 at first (`FIO_SERVER_MAX_PDU`), 1024 since version
    /// 3 (`FIO_SERVER_MAX_FRAGMENT_PDU`).
    pub const fn max_fragment(self) -> usize {
        if self.0 < 3 { 64 } else { 1024 }
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A set of byte layouts: a version, and where one version had several, which of them.
///
/// Revisions are ordered, oldest first, so that a row of a layout table can say from when until when
/// it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Revision {
    version: ServerVersion,
    variant: u8,
}

impl Revision {
    /// The layouts of version 1, as x86-64 and other 64-bit machines have them.
    pub const V1: Self = Self::new(ServerVersion::V1, 0);

    /// The layouts of a version's `variant`, counted from 0 in the order of release.
    pub const fn new(version: ServerVersion, variant: u8) -> Self {
        Self { version, variant }
    }

    /// The first revision of a version, `None` where this crate has no layouts for it.
    pub fn of(version: ServerVersion) -> Option<Self> {
        RELEASED
            .into_iter()
            .find(|revision| revision.version == version)
    }

    /// The version whose number travels in the frames.
    pub const fn version(self) -> ServerVersion {
        self.version
    }

    /// Which of the version's layouts, counted from 0.
    pub const fn variant(self) -> u8 {
        self.variant
    }

    /// Whether the revision lies between two others, both included.
    pub fn is_within(self, since: Self, until: Self) -> bool {
        since <= self && self <= until
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.version)?;
        if self.variant > 0 {
            write!(f, " (variant {})", self.variant)
        } else {
            Ok(())
        }
    }
}

/// Every revision with layouts in this crate, oldest first.
const RELEASED: [Revision; 1] = [Revision::V1];

/// Short names of the revisions, for the rows of layout tables.
///
/// Where one version has several layouts, the plain name is that of the newest; the older one carries
/// the release it was in.
#[expect(
    dead_code,
    reason = "a table names the revisions its structure changed in"
)]
pub(crate) mod revisions {
    use super::{Revision, ServerVersion};

    const fn revision(version: u16, variant: u8) -> Revision {
        Revision::new(ServerVersion::new(version), variant)
    }

    pub(crate) const V1: Revision = Revision::V1;
    pub(crate) const V65_FIO_2_99: Revision = revision(65, 0);
    pub(crate) const V65: Revision = revision(65, 1);
    pub(crate) const V66_FIO_3_1: Revision = revision(66, 0);
    pub(crate) const V66: Revision = revision(66, 1);
    pub(crate) const V69: Revision = revision(69, 0);
    pub(crate) const V70: Revision = revision(70, 0);
    pub(crate) const V72: Revision = revision(72, 0);
    pub(crate) const V73: Revision = revision(73, 0);
    pub(crate) const V74: Revision = revision(74, 0);
    pub(crate) const V77_FIO_3_11: Revision = revision(77, 0);
    pub(crate) const V77: Revision = revision(77, 1);
    pub(crate) const V78: Revision = revision(78, 0);
    pub(crate) const V80: Revision = revision(80, 0);
    pub(crate) const V82: Revision = revision(82, 0);
    pub(crate) const V83: Revision = revision(83, 0);
    pub(crate) const V84: Revision = revision(84, 0);
    pub(crate) const V86: Revision = revision(86, 0);
    pub(crate) const V88: Revision = revision(88, 0);
    pub(crate) const V89: Revision = revision(89, 0);
    pub(crate) const V94: Revision = revision(94, 0);
    pub(crate) const V95: Revision = revision(95, 0);
    pub(crate) const V96: Revision = revision(96, 0);
    pub(crate) const V97: Revision = revision(97, 0);
    pub(crate) const V99: Revision = revision(99, 0);
    pub(crate) const V100: Revision = revision(100, 0);
    pub(crate) const V101: Revision = revision(101, 0);
    pub(crate) const V103: Revision = revision(103, 0);
    pub(crate) const V107_FIO_3_38: Revision = revision(107, 0);
    pub(crate) const V107: Revision = revision(107, 1);
    pub(crate) const V111: Revision = revision(111, 0);
    pub(crate) const V113: Revision = revision(113, 0);
    pub(crate) const V120: Revision = revision(120, 0);
    pub(crate) const V121: Revision = revision(121, 0);
    /// The newest there is, for rows that still hold.
    pub(crate) const NOW: Revision = V121;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_without_tables_are_not_supported() {
        assert!(ServerVersion::V1.is_supported());
        assert!(!ServerVersion::new(0).is_supported());
        assert!(!ServerVersion::new(7).is_supported());
    }

    #[test]
    fn fragments_grew_in_version_3() {
        assert_eq!(ServerVersion::V1.max_fragment(), 64);
        assert_eq!(ServerVersion::new(3).max_fragment(), 1024);
        assert_eq!(ServerVersion::new(121).max_fragment(), 1024);
    }

    #[test]
    fn variants_sort_inside_their_version() {
        let second = Revision::new(ServerVersion::new(66), 1);
        assert!(Revision::new(ServerVersion::new(66), 0) < second);
        assert!(second < Revision::new(ServerVersion::new(69), 0));
    }
}

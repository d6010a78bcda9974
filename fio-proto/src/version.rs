//! Protocol versions and the layouts that belong to them.
//!
//! fio's `FIO_SERVER_VER` names the version of a peer; both sides must use the same. It does **not**
//! fully name the byte layout: a few releases changed a structure and kept the number. Layouts are
//! therefore keyed by [`Revision`], a version and a variant.
//!
//! | version | releases | version | releases | version | releases |
//! |---|---|---|---|---|---|
//! | 1 | 1.99 | 78 | 3.13 … 3.15 | 96 | 3.30 |
//! | 65 | 2.99, 3.0 | 80 | 3.16, 3.17 | 97 | 3.31 … 3.33 |
//! | 66 | 3.1, 3.2 | 82 | 3.18, 3.19 | 99 | 3.34 |
//! | 69 | 3.3 | 83 | 3.20, 3.21 | 100 | 3.35 |
//! | 70 | 3.4, 3.5 | 84 | 3.22 | 101 | 3.36 |
//! | 72 | 3.6 | 86 | 3.23 … 3.25 | 103 | 3.37 |
//! | 73 | 3.7, 3.8 | 88 | 3.26 | 107 | 3.38, 3.39 |
//! | 74 | 3.9, 3.10 | 89 | 3.27 | 111, 113 | 3.40, 3.41 |
//! | 77 | 3.11, 3.12 | 94, 95 | 3.28, 3.29 | 120, 121 | 3.42, after it |

use core::fmt;

use crate::releases::Release;

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
    pub const NEWEST: Self = Self(121);

    /// A version by number, known to this crate or not.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number that travels.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The versions this crate speaks, oldest first.
    pub fn supported() -> impl DoubleEndedIterator<Item = Self> {
        let newest =
            Revision::all().filter(|revision| Revision::of(revision.version) == Some(*revision));
        newest.map(|revision| revision.version)
    }

    /// The releases of fio that speak the version, without `fio-`, oldest first; none for numbers that
    /// were never released.
    pub fn releases(self) -> impl Iterator<Item = &'static str> {
        Release::all()
            .filter(move |release| release.version == self)
            .map(|release| release.name)
    }

    /// Whether this crate has the layouts of the version.
    pub fn is_supported(self) -> bool {
        Revision::of(self).is_some()
    }

    /// Whether stock servers of this version end the connection on every JOB, as those of fio 3.22 do; LOAD_FILE
    /// and JOBLINE they understand: see [`JobLine::of_job_file`](crate::message::JobLine::of_job_file).
    #[must_use]
    pub const fn dies_of_job_files(self) -> bool {
        self.0 == 84
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

    /// Every revision with layouts in this crate, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        RELEASED.into_iter()
    }

    /// The layouts of the newest release of a version, `None` where this crate has none for it.
    ///
    /// Where two releases of one number differ, [`identify`](Self::identify) tells which one it is.
    pub fn of(version: ServerVersion) -> Option<Self> {
        let mut newest_first = RELEASED.into_iter().rev();
        newest_first.find(|revision| revision.version == version)
    }

    /// The layouts of a peer of the given version that calls itself `release`, as
    /// [`ProbeReply::release`](crate::message::ProbeReply::release) does.
    ///
    /// The name only matters for versions 65, 66, 77 and 107, which have two layouts each. There a name
    /// that is not one of the version's releases decides nothing and gives `None`: it is
    /// that of a build between two releases, or of one made without its tag. Then either take
    /// [`of`](Self::of), knowing that ADD_JOB, UPDATE_JOB and verify state may be misread, or tell
    /// fio 3.1 and 3.2 apart by the length of ADD_JOB. All other messages are the same in both layouts.
    pub fn identify(version: ServerVersion, release: &[u8]) -> Option<Self> {
        let newest = Self::of(version)?;
        if newest.variant == 0 {
            return Some(newest);
        }
        let release = Release::named(release).filter(|release| release.version == version)?;
        release.revision()
    }

    /// The newest release of fio that has these layouts, as it calls itself: `fio-3.33`.
    pub fn release(self) -> &'static str {
        NAMES
            .iter()
            .find(|(revision, _)| *revision == self)
            .map_or("fio-unknown", |(_, name)| name)
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
const RELEASED: [Revision; NAMES.len()] = {
    let mut all = [Revision::V1; NAMES.len()];
    let (mut rest, mut left): (&mut [Revision], &[(Revision, &str)]) = (&mut all, &NAMES);
    while let ([slot, slots @ ..], [(revision, _), names @ ..]) = (rest, left) {
        *slot = *revision;
        (rest, left) = (slots, names);
    }
    all
};

/// Every revision and the newest release that has it, oldest first. A build after 3.42 calls itself so.
#[rustfmt::skip] // A table, several to the line.
const NAMES: [(Revision, &str); 34] = {
    use revisions::*;
    [
        (V1, "fio-1.99.0"), (V65_FIO_2_99, "fio-2.99"), (V65, "fio-3.0"), (V66_FIO_3_1, "fio-3.1"),
        (V66, "fio-3.2"), (V69, "fio-3.3"), (V70, "fio-3.5"), (V72, "fio-3.6"), (V73, "fio-3.8"),
        (V74, "fio-3.10"), (V77_FIO_3_11, "fio-3.11"), (V77, "fio-3.12"), (V78, "fio-3.15"),
        (V80, "fio-3.17"), (V82, "fio-3.19"), (V83, "fio-3.21"), (V84, "fio-3.22"),
        (V86, "fio-3.25"), (V88, "fio-3.26"), (V89, "fio-3.27"), (V94, "fio-3.28"),
        (V95, "fio-3.29"), (V96, "fio-3.30"), (V97, "fio-3.33"), (V99, "fio-3.34"),
        (V100, "fio-3.35"), (V101, "fio-3.36"), (V103, "fio-3.37"), (V107_FIO_3_38, "fio-3.38"),
        (V107, "fio-3.39"), (V111, "fio-3.40"), (V113, "fio-3.41"), (V120, "fio-3.42"),
        (V121, "fio-3.42"),
    ]
};

/// Short names of the revisions, for the rows of layout tables.
///
/// Where one version has several layouts, the plain name is that of the newest; the older one carries
/// the release it was in.
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
        for number in [1, 65, 66, 84, 97, 107, 121] {
            assert!(ServerVersion::new(number).is_supported(), "{number}");
        }
        for number in [0, 2, 7, 64, 67, 68, 98, 119, 122] {
            assert!(!ServerVersion::new(number).is_supported(), "{number}");
        }
        assert_eq!(ServerVersion::supported().count(), 30);
        assert_eq!(
            ServerVersion::supported().next_back(),
            Some(ServerVersion::NEWEST)
        );
        assert!(
            ServerVersion::new(97)
                .releases()
                .eq(["3.31", "3.32", "3.33"])
        );
    }

    #[test]
    fn revisions_are_in_order() {
        assert!(Revision::all().is_sorted());
        assert_eq!(
            (Revision::all().next(), Revision::all().next_back()),
            (Some(Revision::V1), Some(revisions::NOW))
        );
    }

    #[test]
    fn the_release_tells_layouts_of_one_number_apart() {
        let identify = |version, release: &str| {
            Revision::identify(ServerVersion::new(version), release.as_bytes())
        };
        assert_eq!(identify(66, "fio-3.1"), Some(revisions::V66_FIO_3_1));
        assert_eq!(identify(66, "fio-3.2"), Some(revisions::V66));
        assert_eq!(identify(66, "fio-3.1-20-g1234567"), None);
        assert_eq!(identify(66, "fio-3.33"), None);
        assert_eq!(identify(70, "fio-3.3"), Some(revisions::V70));
        assert_eq!(identify(67, "fio-3.2"), None);
        assert_eq!(Revision::of(ServerVersion::new(107)), Some(revisions::V107));
        for (revision, name) in &NAMES[..33] {
            assert_eq!(
                identify(revision.version.0, name),
                Some(*revision),
                "{name}"
            );
        }
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

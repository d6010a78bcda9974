//! I/O priorities: of a whole job, and of shares of its I/Os.

use crate::job::value_error::ValueError;

/// An I/O priority as `ioprio_set(2)` packs it: the class in the bits from 13 on, a hint in the ten
/// below, the level in the lowest three. Zero means that of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct IoPriority(u16);

impl IoPriority {
    /// The largest class: idle.
    pub const MAX_CLASS: u8 = 3;
    /// The largest level, which is the least urgent.
    pub const MAX_LEVEL: u8 = 7;
    /// The largest hint.
    pub const MAX_HINT: u16 = 1023;
    /// Class of I/Os that go before all others.
    pub const REAL_TIME: u8 = 1;
    /// Class of ordinary I/Os.
    pub const BEST_EFFORT: u8 = 2;

    /// Packs a priority; what is beyond the largest value counts as that. Without a class it is of
    /// ordinary I/Os, as in fio.
    ///
    /// ```
    /// use fio_engine::job::IoPriority;
    /// assert_eq!(IoPriority::new(0, 3, 0), IoPriority::new(IoPriority::BEST_EFFORT, 3, 0));
    /// assert_eq!(IoPriority::new(2, 3, 0).bits(), 0x4003);
    /// ```
    #[must_use]
    pub fn new(class: u8, level: u8, hint: u16) -> Self {
        let class = match class {
            0 => Self::BEST_EFFORT,
            class => class.min(Self::MAX_CLASS),
        };
        let level = u16::from(level.min(Self::MAX_LEVEL));
        Self(u16::from(class) << 13 | hint.min(Self::MAX_HINT) << 3 | level)
    }

    /// The packed value.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// 1 real-time, 2 best-effort, 3 idle; 0 that of the process.
    #[must_use]
    pub const fn class(self) -> u8 {
        (self.0 >> 13) as u8
    }
}

/// The priority of a job and those of shares of its I/Os.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriorityOptions {
    /// Class of the job (`prioclass`), 0 to 3; `None` if not given.
    pub class: Option<u8>,
    /// Level in the class (`prio`), 0 the highest to 7; `None` if not given.
    pub level: Option<u8>,
    /// Hint to the device (`priohint`), up to 1023; `None` if not given.
    pub hint: Option<u16>,
    /// Shares of the reads with a priority of their own (`cmdprio*`).
    pub reads: CommandPriority,
    /// The same of the writes.
    pub writes: CommandPriority,
}

/// Which I/Os of one direction have a priority of their own: fio's `cmdprio` family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandPriority {
    /// How many percent of the I/Os (`cmdprio_percentage`).
    pub percentage: u8,
    /// Their class (`cmdprio_class`), 1 to 3; `None` means real-time.
    pub class: Option<u8>,
    /// Their level (`cmdprio`), 0 to 7.
    pub level: u8,
    /// Their hint (`cmdprio_hint`), up to 1023.
    pub hint: u16,
    /// Shares by block size (`cmdprio_bssplit`), in place of the one percentage.
    pub by_size: Vec<SizedPriority>,
}

/// One entry of `cmdprio_bssplit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizedPriority {
    /// The I/Os of exactly this many bytes,
    pub block_size: u64,
    /// of these so many percent,
    pub percentage: u8,
    /// have this priority; `None` means that of [`CommandPriority::class`] and its companions.
    pub priority: Option<IoPriority>,
}

impl PriorityOptions {
    /// The job's own priority; `None` leaves that of the process.
    #[must_use]
    pub fn of_job(&self) -> Option<IoPriority> {
        let given = self.class.is_some() || self.level.is_some() || self.hint.is_some();
        given.then(|| {
            IoPriority::new(
                self.class.unwrap_or(0),
                self.level.unwrap_or(0),
                self.hint.unwrap_or(0),
            )
        })
    }

    /// Whether some I/Os have a priority of their own.
    #[must_use]
    pub fn by_command(&self) -> bool {
        self.reads.is_used() || self.writes.is_used()
    }

    /// The most urgent class that any I/O of the job may have; `None` if it asks for none.
    #[must_use]
    pub fn highest_class(&self) -> Option<u8> {
        let commands = [&self.reads, &self.writes];
        let own = self.of_job().into_iter();
        let shares = commands
            .into_iter()
            .flat_map(|command| command.priorities().collect::<Vec<_>>());
        own.chain(shares).map(IoPriority::class).min()
    }

    pub(super) fn validate(&self) -> Result<(), ValueError> {
        let of_job = CommandPriority {
            class: self.class.filter(|class| *class > 0),
            level: self.level.unwrap_or(0),
            hint: self.hint.unwrap_or(0),
            ..CommandPriority::default()
        };
        of_job.validate("priority")?;
        self.reads.validate("priority.reads")?;
        self.writes.validate("priority.writes")
    }
}

impl CommandPriority {
    /// The priority of the share.
    #[must_use]
    pub fn priority(&self) -> IoPriority {
        let class = self.class.unwrap_or(IoPriority::REAL_TIME);
        IoPriority::new(class, self.level, self.hint)
    }

    /// Whether any I/O has the priority.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.percentage > 0 || self.splits()
    }

    /// Whether the share depends on the block size.
    #[must_use]
    pub fn splits(&self) -> bool {
        self.by_size.iter().any(|entry| entry.percentage > 0)
    }

    /// The priorities that I/Os may have, in the order they are named.
    pub fn priorities(&self) -> impl Iterator<Item = IoPriority> {
        let own = (self.percentage > 0).then(|| self.priority());
        let split = self.by_size.iter().filter(|entry| entry.percentage > 0);
        own.into_iter()
            .chain(split.map(|entry| entry.priority.unwrap_or_else(|| self.priority())))
    }

    fn validate(&self, field: &str) -> Result<(), ValueError> {
        let percentages = self.by_size.iter().map(|entry| entry.percentage);
        let highest = percentages.max().unwrap_or(0).max(self.percentage);
        let class = self.class.unwrap_or(IoPriority::REAL_TIME);
        for (name, value, low, high) in [
            ("percentage", u64::from(highest), 0, 100),
            ("class", class.into(), 1, IoPriority::MAX_CLASS.into()),
            ("level", self.level.into(), 0, IoPriority::MAX_LEVEL.into()),
            ("hint", self.hint.into(), 0, IoPriority::MAX_HINT.into()),
        ] {
            if !(low..=high).contains(&value) {
                return Err(ValueError::Conflict(format!(
                    "{field}.{name} is {value}; it must be {low} to {high}"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_packed_and_capped_as_fio_does() {
        assert_eq!(IoPriority::new(4, 1, 0).bits(), 0x6001);
        assert_eq!(IoPriority::new(1, 8, 0).bits(), 0x2007);
        assert_eq!(IoPriority::new(1, 0, 5).bits(), 0x2028);
        let mut options = PriorityOptions::default();
        assert_eq!(options.of_job(), None);
        options.class = Some(0);
        assert_eq!(options.of_job().map(IoPriority::bits), Some(0x4000));
    }

    #[test]
    fn the_highest_class_is_that_of_any_io() {
        let mut options = PriorityOptions::default();
        assert_eq!(options.highest_class(), None);
        options.level = Some(3);
        assert_eq!(options.highest_class(), Some(2));
        options.writes.percentage = 1;
        assert_eq!(options.highest_class(), Some(1));
        options.writes.class = Some(3);
        assert_eq!(options.highest_class(), Some(2));
    }
}

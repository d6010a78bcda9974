//! When what all servers have measured is to be printed: each tells it in its own time.

/// Which servers have told what they measured since it was printed last.
pub(super) struct Turns {
    fresh: Vec<bool>,
    ever: Vec<bool>,
}

impl Turns {
    /// None of so many servers has told anything.
    pub(super) fn of(servers: usize) -> Self {
        Self {
            fresh: vec![false; servers],
            ever: vec![false; servers],
        }
    }

    /// A server has told. Returns whether everything is to be printed: all servers that are waited for have
    /// told, or this one for the second time, as one that is slow must not hold up the others.
    pub(super) fn take(&mut self, server: usize, is_waited_for: impl Fn(usize) -> bool) -> bool {
        let again = std::mem::replace(&mut self.fresh[server], true);
        self.ever[server] = true;
        self.is_due(again, is_waited_for)
    }

    /// A server has ended. Returns whether everything is to be printed: the others that are waited for have
    /// told. If there are none the end is told as such.
    pub(super) fn end(&mut self, is_waited_for: impl Fn(usize) -> bool) -> bool {
        let goes_on = (0..self.fresh.len()).any(&is_waited_for);
        goes_on && self.fresh.contains(&true) && self.is_due(false, is_waited_for)
    }

    fn is_due(&mut self, at_any_rate: bool, is_waited_for: impl Fn(usize) -> bool) -> bool {
        let mut waited_for = (0..self.fresh.len()).filter(|server| is_waited_for(*server));
        let due = at_any_rate || waited_for.all(|server| self.fresh[server]);
        if due {
            self.fresh.fill(false);
        }
        due
    }

    /// Whether a server has ever told anything.
    pub(super) fn has_told(&self, server: usize) -> bool {
        self.ever[server]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_servers_have_their_turn() {
        let mut turns = Turns::of(3);
        let all = |_| true;
        assert!(!turns.take(0, all) && !turns.take(2, all));
        assert!(turns.take(1, all));
        assert!(!turns.take(0, all), "a new round");
        assert!(turns.has_told(2));
    }

    #[test]
    fn a_slow_server_holds_up_nobody() {
        let mut turns = Turns::of(2);
        let all = |_| true;
        assert!(!turns.take(0, all));
        assert!(turns.take(0, all));
        assert!(!turns.take(1, all) && turns.take(0, all));
        assert!(turns.has_told(1));
    }

    #[test]
    fn servers_that_have_ended_or_never_tell_are_not_waited_for() {
        let mut turns = Turns::of(3);
        let last = |server| server == 2;
        assert!(turns.take(2, last));
        assert!(!turns.end(last), "nothing new");
        let two = |server| server > 0;
        assert!(!turns.take(1, two));
        assert!(turns.end(|server| server == 1), "the other has ended");
        assert!(!turns.end(|_| false), "all have: the end is told as such");
    }
}

//! A shard: its machines, which of them is the master, and what is left when they fail.
//!
//! A machine that fails loses its memory. While a replica that was in step with the master is up, the
//! contents live on in it, and it may take over. A machine that comes back is a replica, unless it
//! is the master still, because nobody took over: then, without persistence, it is empty, and
//! replicas follow it in that (Redis's replication documentation warns of it). A replica that comes
//! back while its master is down has nothing to take over with (cluster-replica-validity-factor).
//!
//! Replication is asynchronous in Redis: a replica may lack the last writes, and one that comes back
//! copies everything first. Here both take no time.

/// Machines with the same contents.
#[derive(Debug)]
pub(super) struct Shard {
    /// Whether each is up and has the contents. The first starts as the master.
    machines: Vec<Machine>,
    master: usize,
    /// Since when the master is down.
    down_since: Option<u64>,
    persistence: bool,
    /// Nothing is left of the contents, which the engine has not heard of yet.
    lost: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machine {
    Down,
    /// Up, and holds the contents.
    InStep,
    /// Up, and has nothing.
    Bare,
}

impl Shard {
    pub(super) fn new(n_machines: usize, persistence: bool) -> Self {
        Shard {
            machines: vec![Machine::InStep; n_machines],
            master: 0,
            down_since: None,
            persistence,
            lost: false,
        }
    }

    /// The machine that serves, if one does.
    pub(super) fn serving(&self) -> Option<usize> {
        self.down_since.is_none().then_some(self.master)
    }

    /// Since when nobody serves.
    pub(super) fn down_since(&self) -> Option<u64> {
        self.down_since
    }

    /// The next machine after `last`, round the shard, that can answer reads.
    pub(super) fn reader_after(&self, last: usize) -> usize {
        let n = self.machines.len();
        let round = (1..=n).map(|step| (last + step) % n);
        round.into_iter().find(|at| self.machines[*at] == Machine::InStep).unwrap_or(self.master)
    }

    pub(super) fn fail(&mut self, machine: usize, now: u64) {
        let before = std::mem::replace(&mut self.machines[machine], Machine::Down);
        if machine == self.master && self.down_since.is_none() {
            self.down_since = Some(now);
        }
        if before == Machine::InStep && self.heir().is_none() && !self.persistence {
            self.lost = true;
        }
    }

    pub(super) fn recover(&mut self, machine: usize) {
        if self.machines[machine] != Machine::Down {
            return;
        }
        self.machines[machine] = Machine::Bare;
        if machine == self.master {
            // Its replicas follow it into emptiness.
            self.lost |= !self.persistence && self.heir().is_some();
            self.serve();
        } else if self.down_since.is_none() {
            self.machines[machine] = Machine::InStep;
        }
    }

    /// A replica takes over, if one can.
    pub(super) fn promote(&mut self) -> bool {
        let heir = self.heir();
        if let Some(heir) = heir {
            self.master = heir;
            self.serve();
        }
        heir.is_some()
    }

    /// The first machine that has the contents.
    fn heir(&self) -> Option<usize> {
        self.machines.iter().position(|machine| *machine == Machine::InStep)
    }

    /// The master serves, and all that are up are in step with it.
    fn serve(&mut self) {
        self.down_since = None;
        for machine in &mut self.machines {
            if *machine == Machine::Bare {
                *machine = Machine::InStep;
            }
        }
    }

    /// Whether a replica could take over.
    pub(super) fn has_heir(&self) -> bool {
        self.heir().is_some()
    }

    /// Whether there is a loss to tell.
    pub(super) fn has_lost(&self) -> bool {
        self.lost
    }

    /// Tells a loss once.
    pub(super) fn take_lost(&mut self) -> bool {
        std::mem::take(&mut self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_takes_over_and_the_old_master_follows_it() {
        let mut shard = Shard::new(2, false);
        shard.fail(0, 5);
        assert_eq!(
            (shard.serving(), shard.down_since(), shard.take_lost()),
            (None, Some(5), false)
        );
        assert!(shard.promote());
        assert_eq!(shard.serving(), Some(1));
        shard.recover(0);
        assert_eq!(shard.serving(), Some(1));
        // The old master holds the contents again, so the new one may fail.
        shard.fail(1, 9);
        assert!(!shard.has_lost() && shard.promote());
        assert_eq!(shard.serving(), Some(0));
    }

    #[test]
    fn without_a_replica_the_contents_are_lost_at_once() {
        for n_machines in [1, 2] {
            let mut shard = Shard::new(n_machines, false);
            (0..n_machines).rev().for_each(|machine| shard.fail(machine, 5));
            assert!(shard.take_lost() && !shard.take_lost());
            assert!(!shard.promote());
            // A replica that comes back first has nothing to serve with.
            if n_machines == 2 {
                shard.recover(1);
                assert!(!shard.promote() && shard.serving().is_none());
            }
            shard.recover(0);
            assert_eq!(shard.serving(), Some(0));
            assert!(!shard.has_lost());
        }
    }

    /// Persistence keeps the contents; a replica alone does not, for it follows its master.
    #[test]
    fn a_master_that_restarts_before_the_failover_is_empty_without_persistence() {
        for (n_machines, persistence) in [(2, false), (2, true), (1, true)] {
            let mut shard = Shard::new(n_machines, persistence);
            shard.fail(0, 5);
            assert!(!shard.has_lost());
            shard.recover(0);
            assert_eq!((shard.serving(), shard.take_lost()), (Some(0), !persistence));
        }
    }

    #[test]
    fn reads_go_round_the_machines_that_hold_the_contents() {
        let mut shard = Shard::new(3, false);
        assert_eq!([0, 1, 2].map(|last| shard.reader_after(last)), [1, 2, 0]);
        shard.fail(1, 5);
        assert_eq!([0, 2].map(|last| shard.reader_after(last)), [2, 0]);
    }
}

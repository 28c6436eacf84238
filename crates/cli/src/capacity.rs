//! Capacities on the command line: `1000`, `1%`, `64MiB`.

use anyhow::{Result, anyhow, bail};
use trace::Trace;
use trace::units::Bytes;

use crate::args::Unit;

/// A capacity before the trace is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Capacity {
    /// In whatever the unit is.
    Bare(u64),
    /// Of the distinct objects, or of the footprint.
    Share(f64),
    /// In bytes.
    Memory(u64),
}

impl Capacity {
    /// The number for this trace.
    pub(crate) fn of(self, trace: &Trace, unit: cache::Unit) -> u64 {
        match self {
            Capacity::Bare(number) | Capacity::Memory(number) => number,
            Capacity::Share(share) => ((curves::whole(trace, unit) as f64 * share) as u64).max(1),
        }
    }
}

/// Comma-separated lists of capacities.
pub(crate) fn parse_list(lists: &[String]) -> Result<Vec<Capacity>> {
    lists.iter().flat_map(|list| list.split(',')).map(parse).collect()
}

fn parse(text: &str) -> Result<Capacity> {
    let text = text.trim();
    if let Some(percent) = text.strip_suffix('%') {
        let share = percent.trim().parse::<f64>().ok().filter(|p| *p > 0.0 && p.is_finite());
        let share = share.ok_or_else(|| anyhow!("`{text}` is not a share such as 1%"))?;
        return Ok(Capacity::Share(share / 100.0));
    }
    let capacity = match text.replace('_', "").parse::<u64>() {
        Ok(number) => Capacity::Bare(number),
        Err(_) => Capacity::Memory(
            text.parse::<Bytes>()
                .map_err(|_| anyhow!("`{text}` is not a capacity; write 1000, 1% or 64MiB"))?
                .0,
        ),
    };
    match capacity {
        Capacity::Bare(0) | Capacity::Memory(0) => bail!("a capacity of 0 holds nothing"),
        Capacity::Bare(n) | Capacity::Memory(n) if n > 1 << 53 => {
            bail!("`{text}` is more than a capacity can be: at most 2^53")
        }
        capacity => Ok(capacity),
    }
}

/// What capacities count: as said, or bytes if amounts of memory were given.
pub(crate) fn unit(said: Option<Unit>, capacities: &[Capacity]) -> Result<cache::Unit> {
    let memory = |c: &Capacity| matches!(c, Capacity::Memory(_));
    match said {
        Some(Unit::Objects) if capacities.iter().any(memory) => {
            bail!("--unit objects does not go with a capacity in bytes")
        }
        Some(Unit::Objects) => Ok(cache::Unit::Objects),
        Some(Unit::Bytes) => Ok(cache::Unit::Bytes),
        None if capacities.iter().all(memory) => Ok(cache::Unit::Bytes),
        None if capacities.iter().any(memory) => {
            bail!("some capacities are in bytes and some are not\nhint: say --unit bytes")
        }
        None => Ok(cache::Unit::Objects),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_say_what_they_count() {
        assert_eq!(parse("1_000").unwrap(), Capacity::Bare(1000));
        assert_eq!(parse("0.5%").unwrap(), Capacity::Share(0.005));
        assert_eq!(parse("64MiB").unwrap(), Capacity::Memory(64 << 20));
        for text in ["0", "", "-1", "0%", "1 parsec", "0B"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_unit_follows_the_capacities_unless_it_is_said() {
        let memory = [Capacity::Memory(5)];
        let mixed = [Capacity::Memory(5), Capacity::Share(0.1)];
        assert_eq!(unit(None, &memory).unwrap(), cache::Unit::Bytes);
        assert_eq!(unit(None, &[Capacity::Bare(5)]).unwrap(), cache::Unit::Objects);
        assert_eq!(unit(Some(Unit::Bytes), &mixed).unwrap(), cache::Unit::Bytes);
        assert!(unit(None, &mixed).is_err());
        assert!(unit(Some(Unit::Objects), &memory).is_err());
    }
}

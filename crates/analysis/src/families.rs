//! Wins, ties and losses over many traces, and by family.
//!
//! Ten traces of one service are one service seen ten times. So families weigh the same, however many
//! traces they have, and a count is given for each.

use crate::error::{self, Error};
use crate::{Better, Rope};

/// How a strategy does against another over the traces of a family.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Name of the family.
    pub family: String,
    /// Traces on which B is better by more than the region of practical equivalence.
    pub n_wins: usize,
    /// Traces on which it does not matter.
    pub n_ties: usize,
    /// Traces on which B is worse by more than the region.
    pub n_losses: usize,
    /// Mean difference B - A.
    pub mean: f64,
}

/// Records by family, in the order in which families first appear; `differences` are B - A.
///
/// # Errors
///
/// If there are not as many families as differences, one is not finite, or the region does not hold 0.
pub fn records(
    differences: &[f64],
    families: &[&str],
    better: Better,
    rope: Rope,
) -> Result<Vec<Record>, Error> {
    error::as_many("families", families.len(), differences.len())?;
    error::finite("difference", differences)?;
    rope.check()?;
    let mut records: Vec<Record> = Vec::new();
    for (&difference, &family) in differences.iter().zip(families) {
        let place = records.iter().position(|r| r.family == family).unwrap_or_else(|| {
            records.push(Record::empty(family));
            records.len() - 1
        });
        records[place].count(difference, better, rope);
    }
    for record in &mut records {
        record.mean /= record.n_traces() as f64;
    }
    Ok(records)
}

/// Mean of the families' means: each family weighs the same. No number without a family.
pub fn mean_of_families(records: &[Record]) -> f64 {
    records.iter().map(|record| record.mean).sum::<f64>() / records.len() as f64
}

impl Record {
    fn empty(family: &str) -> Self {
        Record { family: family.to_string(), n_wins: 0, n_ties: 0, n_losses: 0, mean: 0.0 }
    }

    /// Traces of the family.
    pub fn n_traces(&self) -> usize {
        self.n_wins + self.n_ties + self.n_losses
    }

    fn count(&mut self, difference: f64, better: Better, rope: Rope) {
        self.mean += difference;
        if rope.low <= difference && difference <= rope.high {
            self.n_ties += 1;
        } else if better.orient(difference) > 0.0 {
            self.n_wins += 1;
        } else {
            self.n_losses += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_weigh_the_same() {
        let differences = [0.3, 0.1, -0.2, 0.005, 0.4, -0.3];
        let families = ["kv", "kv", "block", "kv", "kv", "block"];
        let records = records(&differences, &families, Better::Higher, Rope::within(0.01)).unwrap();
        assert_eq!(records.len(), 2);
        let kv = &records[0];
        assert_eq!((kv.family.as_str(), kv.n_wins, kv.n_ties, kv.n_losses), ("kv", 3, 1, 0));
        assert_eq!((records[1].n_wins, records[1].n_losses, records[1].n_traces()), (0, 2, 2));
        let mean = (0.805 / 4.0 - 0.25) / 2.0;
        assert!((mean_of_families(&records) - mean).abs() < 1e-12);
    }

    #[test]
    fn less_may_be_better() {
        let records = records(&[-1.0, 2.0], &["a", "a"], Better::Lower, Rope::NONE).unwrap();
        assert_eq!((records[0].n_wins, records[0].n_losses), (1, 1));
        assert!(super::records(&[1.0], &[], Better::Lower, Rope::NONE).is_err());
    }
}

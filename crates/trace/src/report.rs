//! What a reader left out or changed, with places, so that nothing is dropped in silence.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Position;
use crate::units::thousands;

/// How often one thing happened, and where first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The first place.
    pub first: Position,
}

/// Rows left out and values changed while reading one source, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReadReport {
    /// Rows that made no request, by reason: broken ones.
    pub skipped: BTreeMap<String, Tally>,
    /// Rows left out on purpose, by reason: comments, methods that do not cache.
    pub filtered: BTreeMap<String, Tally>,
    /// Values changed, by reason.
    pub adjusted: BTreeMap<String, Tally>,
    /// The format the source was read as.
    pub format: String,
}

impl ReadReport {
    /// Rows that were broken.
    pub fn n_skipped(&self) -> u64 {
        self.skipped.values().map(|tally| tally.count).sum()
    }

    /// Counts one more `reason` in `table`.
    pub fn count(table: &mut BTreeMap<String, Tally>, reason: &str, at: Position) {
        match table.get_mut(reason) {
            Some(tally) => tally.count += 1,
            None => {
                table.insert(reason.to_string(), Tally { count: 1, first: at });
            }
        }
    }
}

impl fmt::Display for ReadReport {
    /// A line a reason; empty if nothing happened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = [
            ("skipped", &self.skipped),
            ("left out", &self.filtered),
            ("adjusted", &self.adjusted),
        ];
        for (verb, table) in tables {
            for (reason, tally) in table {
                let rows = if tally.count == 1 { "row" } else { "rows" };
                let count = thousands(tally.count);
                writeln!(f, "{count} {rows} {verb}: {reason} (first at {})", tally.first)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> ReadReport {
        let mut report = ReadReport { format: "csv".into(), ..ReadReport::default() };
        let first = Position { row: 2, byte: 152 };
        report.filtered.insert("status 404".into(), Tally { count: 44_638, first });
        ReadReport::count(&mut report.skipped, "too few fields", first);
        report
    }

    #[test]
    fn counts_are_easy_to_read() {
        assert_eq!(
            report().to_string(),
            "1 row skipped: too few fields (first at row 2, byte 152)\n\
             44,638 rows left out: status 404 (first at row 2, byte 152)\n"
        );
    }

    #[test]
    fn a_report_survives_being_stored() {
        let text = serde_json::to_string(&report()).unwrap();
        assert_eq!(serde_json::from_str::<ReadReport>(&text).unwrap(), report());
    }
}

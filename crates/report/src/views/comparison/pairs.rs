//! Which of two policies is better, for any two.

use frames::PairRow;

use super::{ALPHA, View, p_value};
use crate::chart::heat::{Cell, Heat, Row};
use crate::figure::{DataTable, Plot};
use crate::{Chart, format};

/// Policies that have a row and a column.
const MOST: usize = 24;
/// Pairs that the table has; the result files have all.
const MOST_PAIRS: usize = 300;

pub(super) fn chart(view: &View<'_>) -> Option<Chart> {
    if view.pairs.is_empty() {
        return None;
    }
    let all: Vec<&str> = view.standings.iter().map(|row| row.policy.as_str()).collect();
    let names = &all[..all.len().min(MOST)];
    let rows = names.iter().map(|name| Row {
        name: name.to_string(),
        cells: names.iter().map(|other| cell(view, name, other)).collect(),
        summary: summary(view, name),
    });
    let heat = Heat {
        columns: names.iter().map(|name| name.to_string()).collect(),
        summary: "Mean rank".into(),
        star: "p < 0.05".into(),
        unit: "pp",
        rows: rows.collect(),
    };
    let found = view.pairs.iter().filter(|pair| pair.wilcoxon_p_holm < ALPHA).count();
    let mut caption = format!(
        "By how many pp (percentage points) of reduction against {} the policy of the row is better (blue) or worse \
         (orange) than that of the column, in the mean over the families. A star stands where Wilcoxon's \
         signed-rank test, corrected by Holm for all pairs, says p < 0.05.",
        view.baseline
    );
    if all.len() > names.len() {
        caption += &format!(" The best {MOST} of {} policies are drawn.", all.len());
    }
    if view.pairs.len() > MOST_PAIRS {
        caption += &format!(" The data have the first {MOST_PAIRS} pairs, the result files all.");
    }
    Some(Chart {
        id: format!("pairs{}", view.suffix),
        group: view.group.clone(),
        title: format!("Any two policies, at {}", view.size),
        findings: vec![format!(
            "{} of {} pairs are told apart.",
            format::count(found as u64),
            format::count(view.pairs.len() as u64)
        )],
        caption,
        alt: "Table of differences between any two policies.".into(),
        table: table(&view.pairs),
        plot: Plot::Heat(heat),
    })
}

fn cell(view: &View<'_>, name: &str, other: &str) -> Cell {
    let found = view.pairs.iter().find_map(|pair| match (pair.a == name, pair.b == other) {
        (true, true) => Some((-pair.difference, pair.wilcoxon_p_holm)),
        _ if pair.a == other && pair.b == name => Some((pair.difference, pair.wilcoxon_p_holm)),
        _ => None,
    });
    let Some((ahead, p)) = found else {
        return Cell { value: f64::NAN, label: String::new(), tip: String::new(), star: false };
    };
    let how = if ahead < 0.0 { "worse" } else { "better" };
    Cell {
        value: ahead,
        label: format::change(ahead, 0).trim_end_matches(" %").trim_start_matches('+').to_string(),
        tip: format!("{name} {how} than {other} by {}; {}", format::points(ahead), p_value(p)),
        star: p < ALPHA,
    }
}

/// The mean rank, without a colour of its own.
fn summary(view: &View<'_>, name: &str) -> Cell {
    let rank = view.standing(name).map_or(f64::NAN, |row| row.mean_rank);
    Cell {
        value: 0.0,
        label: format::decimal(rank, 1),
        tip: format!("{name}: mean rank {}", format::decimal(rank, 2)),
        star: false,
    }
}

fn table(pairs: &[&PairRow]) -> DataTable {
    let columns = ["Better", "Than", "By", "p", "p (Holm)", "p (Nemenyi)"];
    let row = |pair: &&PairRow| {
        let (better, than) = match pair.difference > 0.0 {
            true => (&pair.b, &pair.a),
            false => (&pair.a, &pair.b),
        };
        vec![
            better.clone(),
            than.clone(),
            format::points(pair.difference),
            format::p_value(pair.wilcoxon_p),
            format::p_value(pair.wilcoxon_p_holm),
            format::p_value(pair.nemenyi_p),
        ]
    };
    DataTable {
        columns: columns.map(String::from).to_vec(),
        names: 2,
        rows: pairs.iter().take(MOST_PAIRS).map(row).collect(),
    }
}

//! The critical-difference diagram of a size.

use super::{View, p_value};
use crate::chart::ranks::Ranks;
use crate::figure::{DataTable, Plot};
use crate::{Chart, format};

/// Policies that have a place in the diagram.
const MOST: usize = 40;

pub(super) fn chart(view: &View<'_>) -> Option<Chart> {
    let test = view.test.filter(|_| view.is_tested())?;
    let standings = &view.standings[..view.standings.len().min(MOST)];
    let ranks: Vec<(String, f64)> =
        standings.iter().map(|row| (row.policy.clone(), row.mean_rank)).collect();
    let critical = test.critical_difference;
    let groups = groups(&ranks, critical);
    let left_out = match view.standings.len() - standings.len() {
        0 => String::new(),
        _ => format!(" The best {MOST} of {} policies are drawn.", view.standings.len()),
    };
    let best: Vec<String> = ranks
        .iter()
        .take(3)
        .map(|(name, rank)| format!("{name} {}", format::decimal(*rank, 2)))
        .collect();
    Some(Chart {
        id: format!("ranks{}", view.suffix),
        group: view.group.clone(),
        title: format!("Mean ranks, at {}", view.size),
        findings: vec![verdict(test.friedman_p)],
        caption: format!(
            "Critical-difference diagram over {} families of traces; 1 is the best rank. Policies under one \
             bar are not told apart by their ranks (Nemenyi, 5 %), which depend on what else is \
             compared: which of two is better is told by the pairs below.{left_out}",
            format::count(test.families)
        ),
        alt: format!(
            "Mean ranks: {}. The critical difference is {critical:.2}.",
            super::super::listed(&best)
        ),
        table: table(view),
        plot: Plot::Ranks(Ranks { ranks, n: test.policies as usize, critical, groups }),
    })
}

fn verdict(p: f64) -> String {
    let said = format!("Friedman's test, by Iman's and Davenport's F: {}.", p_value(p));
    match p < super::ALPHA {
        true => format!("The policies differ. {said}"),
        false => format!("The policies are not told apart. {said}"),
    }
}

/// The largest runs of ranks that lie within the critical difference; a run of one is none.
fn groups(ranks: &[(String, f64)], critical: f64) -> Vec<(usize, usize)> {
    let ranks: Vec<f64> = ranks.iter().map(|(_, rank)| *rank).collect();
    analysis::nemenyi::cliques(&ranks, critical)
        .into_iter()
        .filter_map(|group| Some((*group.first()?, *group.last()?)))
        .collect()
}

fn table(view: &View<'_>) -> DataTable {
    let columns = ["Policy", "Mean rank", "May be the best", "Wins", "Ties", "Losses"];
    let row = |row: &&frames::StandingRow| {
        let baseline = row.policy == view.baseline;
        let count = |n: u64| if baseline { "–".into() } else { format::count(n) };
        vec![
            row.policy.clone(),
            format::decimal(row.mean_rank, 2),
            if row.best_p > super::ALPHA { "yes" } else { "no" }.to_string(),
            count(row.wins),
            count(row.ties),
            count(row.losses),
        ]
    };
    DataTable {
        columns: columns.map(String::from).to_vec(),
        names: 1,
        rows: view.standings.iter().map(row).collect(),
    }
}

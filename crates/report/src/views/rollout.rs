//! How a rollout went: what B changed, stage by stage, when it ended, and, in a shared world, what the
//! strategies did to each other.

use frames::{AbBatchRow, AbRolloutRow, AbStageRow};

use super::ab::{One, lower, signed_points, words};
use crate::chart::axis::Axis;
use crate::chart::intervals::{Group, Intervals, Row};
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::{Chart, format};

/// The figure, if there was a rollout.
pub(super) fn chart(one: &One<'_>) -> Option<Chart> {
    let rollout = one.tests.rollouts.iter().find(|row| row.test == one.test.test)?;
    let stages: Vec<&AbStageRow> =
        one.tests.stages.iter().filter(|row| row.test == one.test.test).collect();
    let batches: Vec<&AbBatchRow> =
        one.tests.batches.iter().filter(|row| row.test == one.test.test).collect();
    let measure = words(&stages.first()?.measure);
    let lines = lines(&batches);
    let values = lines.iter().flat_map(|line| {
        let of_band = line.band.iter().flat_map(|(_, low, high)| [*low, *high]);
        of_band.chain(line.points.iter().map(|point| point.1)).collect::<Vec<_>>()
    });
    let end = stages.iter().map(|row| row.end_ns).max()?.max(rollout.end_ns) as f64;
    let told: Vec<String> = stages.iter().map(|row| told(row)).collect();
    Some(Chart {
        id: format!("rollout{}", one.suffix),
        group: one.group.clone(),
        title: "The rollout".into(),
        findings: vec![finding(rollout)],
        caption: format!(
            "Mean change of the {} by B so far in each stage, over the reads of the units that are with \
             B, against the same reads had they stayed with A. A line begins at the twentieth of forty \
             batches; its band holds at all batches of all stages at once.",
            lower(measure)
        ),
        alt: format!("A rollout in {} steps: {}.", stages.len(), super::listed(&told)),
        table: table(&stages),
        plot: Plot::Lines(Lines {
            x: Axis::time("Time since the first request", end),
            y: Axis::point_change(
                &format!("{measure}, B less A, in pp"),
                values.collect::<Vec<_>>().into_iter(),
            ),
            lines,
            guides: vec![(0.0, String::new())],
            marks: marks(&stages, rollout),
            name_ends: false,
        }),
    })
}

/// `Rolled back at 10 %, 2.1 min into the trace: ...`
fn finding(row: &AbRolloutRow) -> String {
    let how = match row.state.as_str() {
        "rolled-back" => "Rolled back",
        "shipped" => "Shipped",
        _ => "Inconclusive",
    };
    let mut text = format!(
        "{how} at {} of the {}s, {} into the trace: {} {} reads were with B, with {} misses and {} errors against no rollout.",
        format::percent(row.share),
        row.by,
        format::nanos(row.end_ns),
        row.reason,
        format::count(row.exposed_reads),
        format::signed(row.extra_misses),
        format::signed(row.extra_errors)
    );
    if row.world == "shared" {
        text += &format!(
            " Those that stayed with A had {} misses against no rollout.",
            format::signed(row.stayed_misses)
        );
    }
    if row.state == "rolled-back" {
        text += &format!(
            " After that, with A, {} misses against never having left; {} at the origin in all.",
            format::signed(row.cold_misses),
            format::money(row.extra_nanodollars)
        );
    }
    text
}

fn told(row: &AbStageRow) -> String {
    format!("{} {}", format::percent(row.share), row.state)
}

/// A line a stage: stages are of different units.
fn lines(batches: &[&AbBatchRow]) -> Vec<Line> {
    let mut stages: Vec<u64> = batches.iter().map(|row| row.stage).collect();
    stages.dedup();
    let line = |stage: &u64| {
        let there = |row: &&&AbBatchRow| row.stage == *stage && row.so_far.is_finite();
        let rows: Vec<&AbBatchRow> = batches.iter().filter(there).copied().collect();
        let at = |row: &AbBatchRow| row.start_ns as f64;
        let tip = |row: &&AbBatchRow| {
            let text = format!(
                "{}: {}, from {} to {}",
                format::percent(row.share),
                signed_points(row.so_far),
                signed_points(row.low),
                signed_points(row.high)
            );
            ((at(row), row.so_far), text)
        };
        Line {
            name: String::new(),
            slot: 0,
            points: rows.iter().map(|row| (at(row), row.so_far)).collect(),
            band: rows.iter().map(|row| (at(row), row.low, row.high)).collect(),
            tips: rows.iter().map(tip).collect(),
        }
    };
    stages.iter().map(line).filter(|line| !line.points.is_empty()).collect()
}

/// Where stages began, and where it ended.
fn marks(stages: &[&AbStageRow], rollout: &AbRolloutRow) -> Vec<(f64, String)> {
    let mut marks: Vec<(f64, String)> = Vec::new();
    for row in stages {
        let at = row.start_ns as f64;
        match marks.last_mut() {
            // Held: it began once.
            Some(last) if last.0 == at => last.1 = format!("{}, then held", last.1),
            _ => marks.push((at, format!("{} with B", format::percent(row.share)))),
        }
    }
    let state = rollout.state.replace('-', " ");
    marks.push((rollout.end_ns as f64, state));
    marks
}

fn table(stages: &[&AbStageRow]) -> DataTable {
    let cells = |row: &&AbStageRow| {
        vec![
            format::percent(row.share),
            row.state.clone(),
            row.reason.clone(),
            format::nanos(row.start_ns),
            format::nanos(row.end_ns),
            format::count(row.reads),
            format::percent(row.a),
            format::percent(row.b),
            signed_points(row.b - row.a),
        ]
    };
    let columns = ["Share", "State", "Why", "From", "To", "Reads", "A", "B", "Change"];
    DataTable {
        columns: super::strings(columns),
        names: 3,
        rows: stages.iter().map(cells).collect(),
    }
}

/// What a shared world shows beside: how far a stage is from the whole, and what it does to others. The last
/// look at each stage; none if there is nobody else.
pub(super) fn interference(one: &One<'_>) -> Option<Chart> {
    let there = |row: &&AbStageRow| {
        row.test == one.test.test && row.state != "holding" && row.everybody.is_finite()
    };
    let stages: Vec<&AbStageRow> = one.tests.stages.iter().filter(there).collect();
    let measure = words(&stages.first()?.measure);
    let groups: Vec<Group> = stages.iter().map(|row| changes(row)).collect();
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let stayed = |row: &&AbStageRow| (row.stayed_b - row.stayed_a).is_finite();
    let change = |row: &AbStageRow| row.stayed_b - row.stayed_a;
    let with_others: Vec<&AbStageRow> = stages.iter().copied().filter(stayed).collect();
    let told = |row: &&AbStageRow| {
        format!("{} {}", format::percent(row.share), signed_points(change(row)))
    };
    let told: Vec<String> = with_others.iter().map(told).collect();
    Some(Chart {
        id: format!("interference{}", one.suffix),
        group: one.group.clone(),
        title: "What the rollout does beside".into(),
        findings: understated(&stages, measure)
            .into_iter()
            .chain([spilled(&with_others, measure)])
            .collect(),
        caption: format!(
            "Changes of the {} over the same reads between simulated worlds, exactly on this trace. By dividing: \
             with A in as little memory as B has, against no rollout. By B: against that. By a whole rollout: \
             against that too, had all other units been with B from the start. For those that stayed with A: \
             against no rollout.",
            lower(measure)
        ),
        alt: format!("Changes for those that stayed: {}.", super::listed(&told)),
        table: beside(&stages),
        plot: Plot::Intervals(Intervals {
            axis: Axis::point_change(
                &format!("Change of the {}, in pp", lower(measure)),
                rows().map(|row| row.estimate).collect::<Vec<_>>().into_iter(),
            ),
            zero: 0.0,
            same: (0.0, 0.0),
            sides: ["", ""],
            heading: String::new(),
            legend: Vec::new(),
            groups,
        }),
    })
}

/// The changes of one stage.
fn changes(stage: &AbStageRow) -> Group {
    let row = |name: &str, change: f64, role| Row {
        name: name.into(),
        estimate: change,
        interval: (f64::NAN, f64::NAN),
        wider: (f64::NAN, f64::NAN),
        label: signed_points(change),
        tip: format!("{name}, at {}: {}", format::percent(stage.share), signed_points(change)),
        role,
    };
    let rows = [
        row("by dividing", stage.a - stage.undivided, Role::series(3)),
        row("by B", stage.b - stage.a, Role::series(0)),
        row("by a whole rollout", stage.everybody - stage.a, Role::series(1)),
        row("staying with A", stage.stayed_b - stage.stayed_a, Role::series(2)),
    ];
    Group {
        title: format!("{} with B", format::percent(stage.share)),
        rows: rows.into_iter().filter(|row| row.estimate.is_finite()).collect(),
    }
}

/// The stage that is farthest from what a whole rollout would show, if any is not right.
fn understated(stages: &[&AbStageRow], measure: &str) -> Option<String> {
    let hidden = |row: &AbStageRow| (row.everybody - row.b).abs();
    let row = stages.iter().max_by(|a, b| hidden(a).total_cmp(&hidden(b)))?;
    (hidden(row) > 0.0).then(|| {
        format!(
            "At {}, B changed the {} of its reads by {}; had all others been with B, it would have been by {}.",
            format::percent(row.share),
            lower(measure),
            signed_points(row.b - row.a),
            signed_points(row.everybody - row.a)
        )
    })
}

/// What happened to those that stayed, where it was most.
fn spilled(stages: &[&AbStageRow], measure: &str) -> String {
    let change = |row: &AbStageRow| row.stayed_b - row.stayed_a;
    let most = stages.iter().max_by(|a, b| change(a).abs().total_cmp(&change(b).abs()));
    match most.filter(|row| change(row) != 0.0) {
        None => format!("For those that stayed with A, the {} did not change.", lower(measure)),
        Some(row) => format!(
            "For those that stayed with A, the {} changed most at {}: {} over {} reads.",
            lower(measure),
            format::percent(row.share),
            signed_points(change(row)),
            format::count(row.stayed_reads)
        ),
    }
}

fn beside(stages: &[&AbStageRow]) -> DataTable {
    let cells = |row: &&AbStageRow| {
        vec![
            format::percent(row.share),
            format::percent(row.undivided),
            format::percent(row.a),
            format::percent(row.b),
            format::percent(row.everybody),
            format::count(row.stayed_reads),
            format::percent(row.stayed_a),
            format::percent(row.stayed_b),
        ]
    };
    let columns = [
        "Share",
        "No rollout",
        "A, same size",
        "B",
        "B among B",
        "Reads that stayed",
        "No rollout",
        "Beside B",
    ];
    DataTable {
        columns: super::strings(columns),
        names: 1,
        rows: stages.iter().map(cells).collect(),
    }
}

//! Where the time of reads went: of all, and of the slowest.

use frames::{RunRow, SpentRow};

use crate::chart::axis::Axis;
use crate::chart::bars::{Bar, Bars, Segment};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::select::Case;
use crate::{Chart, format};

/// What time was spent on at a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Server,
    Service,
    Fetch,
    Failure,
    Timer,
}

/// Some of the time of a group of reads.
struct Part<'a> {
    on: On,
    tier: &'a str,
    role: Role,
    /// Mean time a read of the group, in nanoseconds.
    mean_ns: f64,
    /// Share of the time of the group.
    share: f64,
}

/// The time of one group of reads of a run.
struct Group<'a> {
    run: &'a RunRow,
    reads: u64,
    from_ns: u64,
    mean_ns: f64,
    parts: Vec<Part<'a>>,
}

pub(super) fn charts(case: &Case<'_>) -> Vec<Chart> {
    let all = chart(
        case,
        "all",
        "Where the time of a read goes",
        "Mean latency of all reads, tier by tier from the client on. In the colour of a tier: being \
         answered by it, or told that it has nothing. In orange: waiting.",
    );
    let slowest = chart(
        case,
        "slowest",
        "Where the time of the slowest reads goes",
        "The same for the reads that took about p99 and longer.",
    );
    let findings: Vec<String> = groups(case, "slowest").iter().map(sentence).collect();
    let slowest = slowest.map(|chart| Chart { findings, ..chart });
    [all, slowest].into_iter().flatten().collect()
}

fn chart(case: &Case<'_>, group: &str, title: &str, caption: &str) -> Option<Chart> {
    let groups = groups(case, group);
    let longest = groups.iter().map(|group| group.mean_ns).fold(0.0, f64::max);
    if longest <= 0.0 {
        return None;
    }
    let means: Vec<String> = groups
        .iter()
        .map(|group| format!("{} {}", group.run.strategy, nanos(group.mean_ns)))
        .collect();
    Some(Chart {
        id: format!("time-{group}{}", case.suffix),
        group: case.group.clone(),
        title: title.into(),
        findings: Vec::new(),
        caption: case.caption(caption),
        alt: format!("Stacked bars of mean time by tier. Means: {}.", super::listed(&means)),
        table: table(&groups),
        plot: Plot::Bars(Bars {
            axis: Axis::time("Mean time of a read", longest),
            legend: legend(case, &groups),
            bars: groups.iter().map(bar).collect(),
        }),
    })
}

/// The runs' reads of one group.
fn groups<'a>(case: &Case<'a>, group: &str) -> Vec<Group<'a>> {
    let of_run = |run: &'a RunRow| {
        let rows = case.results.spent.iter();
        let rows: Vec<&SpentRow> =
            rows.filter(|row| row.run == run.run && row.group == group).collect();
        let first = rows.first().filter(|row| row.reads > 0)?;
        Some(Group {
            run,
            reads: first.reads,
            from_ns: first.from_ns,
            mean_ns: first.latency_ns as f64 / first.reads as f64,
            parts: parts(case, &rows),
        })
    };
    case.runs.iter().filter_map(|(_, run)| of_run(run)).collect()
}

fn parts<'a>(case: &Case<'a>, rows: &[&'a SpentRow]) -> Vec<Part<'a>> {
    let roles = super::tier_roles(&case.tiers());
    let of_tier = |tier: &str| roles.iter().find(|(name, _)| *name == tier).map(|(_, role)| *role);
    let part = |row: &&'a SpentRow, on: On, ns: u64| Part {
        on,
        tier: &row.tier,
        role: on.role().or(of_tier(&row.tier)).unwrap_or(Role::ORIGIN),
        mean_ns: ns as f64 / row.reads as f64,
        share: ns as f64 / row.latency_ns as f64,
    };
    let timer = rows.first().map(|row| part(row, On::Timer, row.timer_ns));
    let at_tiers = rows.iter().flat_map(|row| {
        [
            part(row, On::Server, row.queued_ns),
            part(row, On::Service, row.served_ns),
            part(row, On::Fetch, row.joined_ns),
            part(row, On::Failure, row.lost_ns),
        ]
    });
    timer.into_iter().chain(at_tiers).filter(|part| part.mean_ns > 0.0).collect()
}

impl On {
    /// Its colour; that of the tier if it is none of its own.
    fn role(self) -> Option<Role> {
        match self {
            On::Service => None,
            On::Timer => Some(Role::change(-1)),
            On::Fetch => Some(Role::change(-2)),
            On::Server => Some(Role::change(-3)),
            On::Failure => Some(Role::change(-5)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            On::Server => "waiting for a server",
            On::Service => "in service",
            On::Fetch => "waiting for another's fetch",
            On::Failure => "lost to failures",
            On::Timer => "waiting for a hedge's timer",
        }
    }
}

impl Part<'_> {
    /// `waiting for a server of the origin`
    fn phrase(&self) -> String {
        let tier = super::named(self.tier);
        match self.on {
            On::Server => format!("waiting for a server of {tier}"),
            On::Service => format!("in service at {tier}"),
            On::Fetch => format!("waiting at {tier} for another's fetch"),
            On::Failure => format!("lost to failures of {tier}"),
            On::Timer => "waiting for a hedge's timer".into(),
        }
    }
}

/// What of a sentence is worth saying.
const NOTABLE: f64 = 0.01;

/// `lru: 62 % of the time of the slowest 1.1 % of reads, those from 45 ms on, was waiting for a server
/// of the origin, 37 % in service at the origin.`
fn sentence(group: &Group<'_>) -> String {
    let mut parts: Vec<&Part<'_>> =
        group.parts.iter().filter(|part| part.share >= NOTABLE).collect();
    parts.sort_by(|a, b| b.share.total_cmp(&a.share));
    let share = format::percent(group.reads as f64 / group.run.reads as f64);
    let from = format::nanos(group.from_ns);
    let of = format!("of the time of the slowest {share} of reads, those from {from} on, was ");
    let said = parts.iter().take(3).enumerate().map(|(i, part)| {
        let of = if i == 0 { of.as_str() } else { "" };
        format!("{} {of}{}", whole_percent(part.share), part.phrase())
    });
    format!("{}: {}.", group.run.strategy, super::listed(&said.collect::<Vec<_>>()))
}

/// Without decimals, but never all while there is something else.
fn whole_percent(share: f64) -> String {
    match (share * 100.0).round() {
        100.0 if share < 1.0 => "more than 99 %".into(),
        percent => format!("{percent:.0} %"),
    }
}

fn nanos(value: f64) -> String {
    format::nanos(value.round() as u64)
}

/// The tiers that time was spent at, then what it was spent on waiting.
fn legend(case: &Case<'_>, groups: &[Group<'_>]) -> Vec<(String, Role)> {
    let spent = |on: On, tier: Option<&str>| {
        let mut parts = groups.iter().flat_map(|group| &group.parts);
        parts.any(|part| part.on == on && tier.is_none_or(|tier| part.tier == tier))
    };
    let tiers = super::tier_roles(&case.tiers()).into_iter();
    let tiers = tiers
        .filter(|(tier, _)| spent(On::Service, Some(tier)))
        .map(|(tier, role)| (tier.to_string(), role));
    let waits = [On::Server, On::Fetch, On::Failure, On::Timer].into_iter();
    let waits = waits
        .filter(|on| spent(*on, None))
        .filter_map(|on| Some((on.name().to_string(), on.role()?)));
    tiers.chain(waits).collect()
}

fn bar(group: &Group<'_>) -> Bar {
    let strategy = &group.run.strategy;
    let segment = |part: &Part<'_>| Segment {
        value: part.mean_ns,
        label: part.tier.to_string(),
        tip: format!(
            "{strategy}, {}: {} a read, {}",
            part.phrase(),
            nanos(part.mean_ns),
            format::percent(part.share)
        ),
        role: part.role,
    };
    Bar {
        name: strategy.clone(),
        total: nanos(group.mean_ns),
        segments: group.parts.iter().map(segment).collect(),
    }
}

fn table(groups: &[Group<'_>]) -> DataTable {
    let row = |group: &Group<'_>, part: &Part<'_>| {
        vec![
            group.run.strategy.clone(),
            part.tier.to_string(),
            part.on.name().to_string(),
            nanos(part.mean_ns),
            format::percent(part.share),
        ]
    };
    let of_group = |group| move |part| row(group, part);
    let rows = groups.iter().flat_map(|group| group.parts.iter().map(of_group(group)));
    DataTable {
        columns: super::strings(["Strategy", "Tier", "Spent", "A read", "Share"]),
        names: 3,
        rows: rows.collect(),
    }
}

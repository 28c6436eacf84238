//! The points of curves, each by its method, on all threads.

use std::sync::atomic::Ordering;

use anyhow::Result;
use cache::PolicyInfo;
use curves::mini_simulation::MiniSimulation;
use curves::shards::{self, Sample};
use curves::stack_distance::LruCurve;
use curves::{Point, grid};
use experiment::RunProgress;
use rayon::prelude::*;

use crate::args::Method;
use crate::progress::say;

use super::{Policy, Question};

/// A curve to find.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) policy: &'a Policy,
    pub(super) method: Method,
}

/// A curve that was found, from the smallest capacity up.
pub(super) struct Found<'a> {
    pub(super) task: Task<'a>,
    pub(super) points: Vec<Point>,
}

/// Whether stack distances are this policy's curve.
pub(super) fn is_lru(info: &PolicyInfo) -> bool {
    info.name == "lru"
}

/// What all tasks over one trace share.
struct Finder<'a> {
    question: &'a Question<'a>,
    next_use: Option<Vec<u32>>,
    mini: Option<MiniSimulation>,
    progress: &'a RunProgress,
}

/// All curves; `None` if interrupted.
pub(super) fn find<'a>(
    question: &Question<'_>,
    tasks: &[Task<'a>],
    progress: &RunProgress,
) -> Result<Option<Vec<Found<'a>>>> {
    let trace = question.trace;
    let has = |method| tasks.iter().any(|task| task.method == method);
    let replayed = |task: &Task<'_>| matches!(task.method, Method::Exact | Method::Mini);
    let clairvoyant = |task: &Task<'_>| replayed(task) && task.policy.1.kind.clairvoyant;
    let finder = Finder {
        question,
        next_use: tasks
            .iter()
            .any(clairvoyant)
            .then(|| trace::next_use(trace.objects(), trace.n_objects())),
        mini: has(Method::Mini).then(|| mini(question)).transpose()?,
        progress,
    };
    let total = tasks.iter().map(|task| finder.cost(task)).sum();
    progress.done.store(0, Ordering::Relaxed);
    progress.total.store(total, Ordering::Relaxed);
    let curve =
        |task: &Task<'a>| Ok(finder.points(task)?.map(|points| Found { task: *task, points }));
    tasks.par_iter().map(curve).collect()
}

/// The samples, and word of the capacities that have none.
fn mini(question: &Question<'_>) -> Result<MiniSimulation> {
    let Question { args, trace, unit, shown, .. } = question;
    let capacities: Vec<u64> = shown.iter().copied().collect();
    let mini = MiniSimulation::new(trace, *unit, args.rate, args.seed, &capacities)?;
    let replayed = capacities.iter().filter(|capacity| !mini.reaches(**capacity)).count();
    if replayed > 0 {
        say(format!(
            "{}: {replayed} of {} capacities are replayed in full, which is exact and no slower than samples large enough for them",
            trace.name(),
            capacities.len()
        ));
    }
    Ok(mini)
}

impl Finder<'_> {
    /// About how many requests a task goes through.
    fn cost(&self, task: &Task<'_>) -> u64 {
        let Question { args, trace, shown, .. } = self.question;
        let n = trace.n_requests() as f64;
        let passes = (shards::BUCKETS + 1) as f64;
        let capacities = shown.len() as f64;
        let size = args.samples as f64 / f64::from(trace.n_objects().max(1));
        let of_samples = |capacity: &u64| match &self.mini {
            Some(mini) if mini.reaches(*capacity) => mini.n_requests(*capacity) as f64,
            _ => n,
        };
        (match task.method {
            Method::Exact | Method::Auto if is_lru(task.policy.1) => n,
            Method::Exact | Method::Auto => n * capacities,
            Method::Shards => n * args.rate * passes,
            Method::ShardsFixedSize => n * size.min(1.0) * passes,
            Method::Mini => shown.iter().map(of_samples).sum(),
        }) as u64
    }

    fn points(&self, task: &Task<'_>) -> Result<Option<Vec<Point>>> {
        let args = self.question.args;
        match task.method {
            Method::Exact | Method::Auto if is_lru(task.policy.1) => self.lru(task),
            Method::Exact | Method::Auto => self.replays(task, self.question.shown.iter().copied()),
            Method::Shards => self.shards(Sample::Rate(args.rate)),
            Method::ShardsFixedSize => self.shards(Sample::Size(args.samples)),
            Method::Mini => self.mini(task),
        }
    }

    /// By stack distances where they are exact, by replays at the capacities to print where not.
    fn lru(&self, task: &Task<'_>) -> Result<Option<Vec<Point>>> {
        let Question { trace, unit, shown, drawn, .. } = self.question;
        let Some(curve) = LruCurve::of(trace, *unit, &mut self.progress.reporter()) else {
            return Ok(None);
        };
        let is_exact = |capacity: u64| curve.exact_from().is_some_and(|from| capacity >= from);
        let rest = shown.iter().copied().filter(|capacity| !is_exact(*capacity));
        let Some(mut points) = self.replays(task, rest)? else { return Ok(None) };
        let exact = drawn.iter().copied().filter(|capacity| is_exact(*capacity));
        points.extend(exact.map(|capacity| Point::exact(capacity, curve.miss_ratio(capacity))));
        points.sort_by_key(|point| point.capacity);
        Ok(Some(points))
    }

    fn replays(
        &self,
        task: &Task<'_>,
        capacities: impl Iterator<Item = u64>,
    ) -> Result<Option<Vec<Point>>> {
        let Question { args, trace, unit, .. } = self.question;
        let (spec, info) = task.policy;
        let replay = |capacity: u64| {
            let next_use = self.next_use.as_deref();
            let mut progress = self.progress.reporter();
            let policy = (spec, *info);
            Ok(grid::point(trace, *unit, policy, capacity, args.seed, next_use, &mut progress)?)
        };
        // Small caches are done sooner; the order in which threads take them is of no account.
        let capacities: Vec<u64> = capacities.collect();
        capacities.into_par_iter().map(replay).collect()
    }

    fn shards(&self, sample: Sample) -> Result<Option<Vec<Point>>> {
        let Question { args, trace, unit, drawn, .. } = self.question;
        let capacities: Vec<u64> = drawn.iter().copied().collect();
        let mut progress = self.progress.reporter();
        Ok(shards::curve(trace, *unit, sample, args.seed, &capacities, &mut progress)?)
    }

    /// From samples where that is less work than a replay.
    fn mini(&self, task: &Task<'_>) -> Result<Option<Vec<Point>>> {
        let (spec, info) = task.policy;
        let seed = self.question.args.seed;
        let Some(mini) = &self.mini else { return Ok(Some(Vec::new())) };
        let (sampled, rest): (Vec<u64>, Vec<u64>) =
            self.question.shown.iter().partition(|capacity| mini.reaches(**capacity));
        let point = |capacity: u64| {
            Ok(mini.point((spec, *info), capacity, seed, &mut self.progress.reporter())?)
        };
        let sampled: Result<Option<Vec<Point>>> = sampled.into_par_iter().map(point).collect();
        let (Some(sampled), Some(mut points)) = (sampled?, self.replays(task, rest.into_iter())?)
        else {
            return Ok(None);
        };
        points.extend(sampled);
        points.sort_by_key(|point| point.capacity);
        Ok(Some(points))
    }
}

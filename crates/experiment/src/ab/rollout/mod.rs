//! A staged rollout on simulated time: B serves more and more of the units, guardrails are looked at all
//! the while, and a breach takes all units back to A.
//!
//! **Worlds.** In separate worlds, A and B are fleets of their own, each in proportion to the traffic it
//! serves, down to the origin: what they do to each other is not modelled. In a shared one they have the
//! machines, the tiers in which they are alike, and the origin in common, and what they do to each other is
//! measured.
//!
//! **What is compared.** At each stage, the requests of the units that are with B, as they are served and as
//! they would be had they stayed: the same requests, which no live rollout sees. So a stage needs no
//! comparable units, and shows B's cold start as a loss.
//!
//! **Time.** The rollout begins where the warm-up ends. Stages last as long as is asked for, or share the
//! time that is left. A stage whose guardrails look worse than is allowed, without being sure, or which
//! has seen too little, is held for one more length.
//!
//! **Roll back.** A guardrail that is surely broken ends the rollout at the next batch of reads. Its cost is
//! counted against never having started: what B's reads missed and failed more than they would have
//! with A, and, from then on, what A misses more because it has not seen for a while what comes back.
//!
//! | file | what |
//! |---|---|
//! | `plan` | stages and worlds as they are written |
//! | `assignment` | who is served by which strategy, and from when on |
//! | `stage` | both arms over the units of one, in separate worlds |
//! | `shared` | the same in a world that both share, and those that stay with A in it |
//! | `guard` | guardrails that may be looked at all the time |
//! | `regret` | what a rollout that was rolled back has cost |

mod assignment;
mod guard;
mod plan;
mod regret;
mod shared;
mod stage;
#[cfg(test)]
mod tests;

use std::ops::Range;

use analysis::paired;
use analysis::sample_ratio::{SUSPICIOUS, sample_ratio};
use analysis::sequential::ConfidenceSequence;
use frames::{AbBatchRow, AbRolloutRow, AbStageRow};
use tiers::ReadEnd;

use self::assignment::Assignment;
use self::guard::{Guard, LEAST, N_BATCHES, is_higher_better};
use self::plan::Gate;
use self::regret::Regret;
use self::stage::{Setting, Stage, Whose};
use super::measure::Measure;
use super::part::Taken;
use super::spec::{Plan, Rollout, Unit};
use crate::recording::Recording;
use crate::{Error, Resolved, ResolvedStrategy, RunProgress};

pub use plan::{Stages, World};

/// Where a rollout, or a stage of it, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Done with; the next stage began.
    Ramping,
    /// It went on for one more length.
    Holding,
    /// The units are not spread as they should be.
    Unhealthy,
    /// A guardrail broke.
    Failing,
    /// All units went back.
    RolledBack,
    /// The last stage is over and nothing broke.
    Shipped,
    /// The time was over before the last stage, or the gate stayed shut.
    Inconclusive,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Ramping => "ramping",
            State::Holding => "holding",
            State::Unhealthy => "unhealthy",
            State::Failing => "failing",
            State::RolledBack => "rolled-back",
            State::Shipped => "shipped",
            State::Inconclusive => "inconclusive",
        }
    }
}

/// The rows of one rollout.
#[derive(Debug, Default)]
pub(super) struct RolledOut {
    pub(super) rollout: AbRolloutRow,
    pub(super) stages: Vec<AbStageRow>,
    pub(super) batches: Vec<AbBatchRow>,
}

/// What one stage came to.
struct Judged {
    state: State,
    reason: String,
    /// How many of its reads were seen before it ended.
    n_reads: usize,
}

/// What a rollout cannot be told with, and what helps.
fn obstacle(
    study: &Resolved,
    strategies: [&ResolvedStrategy; 2],
    by: Unit,
    world: World,
) -> Option<(String, &'static str)> {
    match world {
        World::Separate => separated(study, strategies)
            .map(|name| (name.to_string(), "--world shared can, or leave out --rollout")),
        World::Shared => {
            shared::obstacle(study, strategies, by).map(|what| (what, "--world separate can"))
        }
    }
}

/// What keeps worlds from being separate: the arms are parts of the traffic, each with a clock and numbers of
/// objects of its own, so that these would come upon them at other times or strike other objects.
fn separated(study: &Resolved, strategies: [&ResolvedStrategy; 2]) -> Option<&'static str> {
    let rotates = |strategy: &ResolvedStrategy| {
        strategy.stack.tiers.iter().any(|tier| tier.more.encryption.rotate_every.is_some())
    };
    let absent = |strategy: &ResolvedStrategy| strategy.stack.origin.absent.is_some();
    let obstacles = [
        (!study.faults.is_empty(), "[[faults]] in separate worlds"),
        (study.chaos.is_some(), "[chaos] in separate worlds"),
        (study.erasure.is_some(), "[erasure] in separate worlds"),
        (strategies.into_iter().any(absent), "`origin.absent` in separate worlds"),
        (strategies.into_iter().any(rotates), "keys that rotate in separate worlds"),
    ];
    obstacles.into_iter().find_map(|(is_there, name)| is_there.then_some(name))
}

/// Requests to simulate for each of the trace, about.
pub(super) fn work(rollout: &Rollout) -> f64 {
    match rollout.world {
        World::Separate => 3.0,
        // A alone, three worlds a stage over half of the trace in the mean, and going back.
        World::Shared => 3.0 + 1.5 * rollout.stages.shares().len() as f64,
    }
}

/// Rolls out; `None` if it was stopped.
pub(super) fn roll_out(
    study: &Resolved,
    recording: &Recording<'_>,
    plan: &Plan,
    rollout: &Rollout,
    strategies: [&ResolvedStrategy; 2],
    progress: &RunProgress,
    test: &str,
) -> Result<Option<RolledOut>, Error> {
    let world = rollout.world;
    if let Some((obstacle, hint)) = obstacle(study, strategies, plan.by, world) {
        return Err(Error::Unfit(format!(
            "a rollout cannot be simulated with {obstacle}\nhint: {hint}"
        )));
    }
    let taken = &Taken::new(recording, plan.by, study.seed)?;
    let nobody = &[];
    let mut setting =
        Setting { study, recording, plan, world, nobody, strategies, taken, progress };
    let nobody = match world {
        World::Separate => Vec::new(),
        World::Shared => match setting.nobody()? {
            Some(reads) => reads,
            None => return Ok(None),
        },
    };
    setting.nobody = &nobody;
    let mut course = Course::new(setting, rollout, test);
    for (number, share) in rollout.stages.shares().into_iter().enumerate() {
        if !course.stage(number, share)? {
            return Ok(None);
        }
        if course.ended.is_some() {
            break;
        }
    }
    course.finish()
}

/// A rollout under way.
struct Course<'a> {
    setting: Setting<'a>,
    rollout: &'a Rollout,
    test: &'a str,
    /// Length of the stage under way.
    length: u64,
    /// The first request of the next stage.
    next: usize,
    assignment: Assignment,
    /// The reads of all stages, up to their ends.
    exposed: Stage,
    done: RolledOut,
    /// Share reached, if it has ended, how, why, and at which request.
    ended: Option<(f64, State, String, usize)>,
}

impl<'a> Course<'a> {
    fn new(setting: Setting<'a>, rollout: &'a Rollout, test: &'a str) -> Self {
        let start = setting.study.warmup.of(setting.recording.arrivals.len());
        Course {
            setting,
            rollout,
            test,
            length: 0,
            next: start,
            assignment: Assignment::default(),
            exposed: Stage::default(),
            done: RolledOut::default(),
            ended: None,
        }
    }

    fn arrivals(&self) -> &[u64] {
        &self.setting.recording.arrivals
    }

    /// The requests from `start` on that arrive within `lengths` of a stage; all that are left if no
    /// stage more would fit behind them.
    fn requests(&self, start: usize, lengths: u64) -> Range<usize> {
        let arrivals = self.arrivals();
        let end = arrivals[start].saturating_add(self.length.saturating_mul(lengths));
        let last = arrivals[arrivals.len() - 1];
        let is_last = last.saturating_sub(end) < self.length / 100;
        let end = if is_last { arrivals.len() } else { arrivals.partition_point(|at| *at < end) };
        start..end
    }

    /// Goes through a stage, and once more if it is held; false if it was stopped.
    fn stage(&mut self, number: usize, share: f64) -> Result<bool, Error> {
        let shares = self.rollout.stages.shares();
        let start = self.next;
        if start >= self.arrivals().len() {
            let reached = number.checked_sub(1).map_or(0.0, |before| shares[before]);
            let reason = format!("the trace ended before the stage of {}", percent(share));
            self.ended = Some((reached, State::Inconclusive, reason, start));
            return Ok(true);
        }
        self.assignment.push(share, start);
        let arrivals = self.arrivals();
        let left = arrivals[arrivals.len() - 1] - arrivals[start];
        let share_of_it = || left / (shares.len() - number) as u64;
        self.length = self.rollout.length.map_or_else(share_of_it, |length| length.0).max(1);
        for lengths in [1, 2] {
            let requests = self.requests(start, lengths);
            let Some(stage) = self.setting.stage(share, &requests, &self.assignment)? else {
                return Ok(false);
            };
            let may_hold = lengths == 1 && requests.end < self.arrivals().len();
            let (judged, batches) = self.judge(number, share, &requests, &stage, may_hold)?;
            self.done.stages.push(self.row(number, share, &requests, &stage, &judged)?);
            if judged.state == State::Holding {
                continue;
            }
            self.done.batches.extend(batches);
            let after = stage.moved.a.get(judged.n_reads);
            let at = after.map_or(requests.end, |read| read.request as usize);
            let (n, n_stayed) = (judged.n_reads, stage.stayed.before(at));
            self.exposed.moved.extend(&stage.without_rollout()[..n], &stage.moved.b[..n]);
            self.exposed.stayed.extend(&stage.stayed.a[..n_stayed], &stage.stayed.b[..n_stayed]);
            self.next = requests.end;
            self.ended = match judged.state {
                State::Ramping => None,
                state @ (State::Shipped | State::Inconclusive) => {
                    Some((share, state, judged.reason, at))
                }
                _ => Some((share, State::RolledBack, judged.reason, at)),
            };
            break;
        }
        Ok(true)
    }

    /// Looks at a stage batch by batch.
    fn judge(
        &self,
        number: usize,
        share: f64,
        requests: &Range<usize>,
        stage: &Stage,
        may_hold: bool,
    ) -> Result<(Judged, Vec<AbBatchRow>), Error> {
        let n = stage.moved.a.len();
        let mut guards = self.guards(stage).map_err(unfit)?;
        let plan = self.setting.plan;
        let series = shown(plan.metric);
        let mut so_far = ConfidenceSequence::new(self.level(1), N_BATCHES as u64).map_err(unfit)?;
        let trace = &self.setting.recording.trace;
        let mut batches = Vec::new();
        let mut n_seen = 0;
        for batch in 0..N_BATCHES {
            let both = stage.batch(Whose::Moved, batch);
            if both.0.is_empty() {
                continue;
            }
            n_seen += both.0.len();
            for guard in &mut guards {
                guard.push(stage.batch(guard.whose, batch), trace).map_err(unfit)?;
            }
            let difference = change(series, both, trace);
            so_far.push(difference).map_err(unfit)?;
            batches.push(self.batch(number, share, both.0, difference, &so_far));
            if let Some(broken) = guards.iter().find(|guard| guard.is_broken()) {
                let judged = Judged {
                    state: State::Failing,
                    reason: format!("at {}, {}", percent(share), broken.in_words()),
                    n_reads: n_seen,
                };
                return Ok((judged, batches));
            }
        }
        let judged = |state, reason| Judged { state, reason, n_reads: n };
        if let Some(mismatch) = self.mismatch(share, requests)? {
            return Ok((judged(State::Unhealthy, mismatch), batches));
        }
        let is_last = number + 1 == self.rollout.stages.shares().len();
        let doubt = if batches.len() < LEAST {
            Some(format!("{n} reads are too few to judge"))
        } else {
            let doubtful = guards.iter().find(|guard| guard.is_doubtful());
            doubtful.map(|guard| format!("not sure: {}", guard.in_words()))
        };
        match &doubt {
            Some(doubt) if may_hold => return Ok((judged(State::Holding, doubt.clone()), batches)),
            // Nothing ships that looks worse than is allowed.
            Some(doubt) if is_last => {
                return Ok((judged(State::Inconclusive, doubt.clone()), batches));
            }
            _ => {}
        }
        if let Some(gate) = self.rollout.stages.gate().filter(|_| !is_last)
            && let Some(shut) = self.shut(gate, stage)?
        {
            return Ok((judged(State::Inconclusive, shut), batches));
        }
        let no_harm = || format!("no guardrail broke up to {}", percent(share));
        let why = doubt.map_or_else(no_harm, |doubt| format!("held, and went on: {doubt}"));
        let state = if is_last { State::Shipped } else { State::Ramping };
        Ok((judged(state, why), batches))
    }

    /// The level of each of `n` sequences in each stage, which is judged twice if it is held.
    fn level(&self, n: usize) -> f64 {
        let n_judged = 2 * self.rollout.stages.shares().len() * n;
        1.0 - (1.0 - self.setting.plan.level) / n_judged as f64
    }

    /// The measure that decides, and the guardrails, for a stage: of the units that moved, and of those that
    /// could suffer from it.
    fn guards(&self, stage: &Stage) -> Result<Vec<Guard>, analysis::Error> {
        let plan = self.setting.plan;
        let measures = std::iter::once((plan.metric, plan.margin)).chain(plan.guardrails.clone());
        let whose: &[Whose] = match self.setting.world {
            World::Separate => &[Whose::Moved],
            World::Shared => &[Whose::Moved, Whose::Stayed],
        };
        let all: Vec<_> =
            measures.flat_map(|limit| whose.iter().map(move |whose| (*whose, limit))).collect();
        let level = self.level(all.len());
        let trace = &self.setting.recording.trace;
        let guard = |(whose, limit)| {
            let reads = &stage.reads(whose).a;
            if reads.is_empty() && whose == Whose::Stayed {
                return Ok(None);
            }
            Guard::new(whose, limit, level, (reads, stage.n_batches()), trace)
        };
        all.into_iter().map(guard).filter_map(Result::transpose).collect()
    }

    /// Whether as many units are with B as should be, of those that ask for something in a stage.
    fn mismatch(&self, share: f64, requests: &Range<usize>) -> Result<Option<String>, Error> {
        let taken = self.setting.taken;
        let mut seen = vec![false; taken.n_units()];
        let mut counts = [0, 0];
        for request in requests.clone() {
            let unit = taken.unit(request);
            if !std::mem::replace(&mut seen[unit], true) {
                counts[usize::from(taken.place(request) >= share)] += 1;
            }
        }
        // Where few units are expected there is nothing to check.
        let checked = sample_ratio(&counts, &[share, 1.0 - share]).ok().filter(|_| share < 1.0);
        // Looked at up to twice a stage, each time to end the rollout.
        let n_looks = 2 * self.rollout.stages.shares().len();
        Ok(checked.filter(|ratio| ratio.p_value < SUSPICIOUS / n_looks as f64).map(|ratio| {
            format!(
                "{} of {} {}s are with B, where {} should be (p = {:.1e})",
                counts[0],
                counts[0] + counts[1],
                self.setting.plan.by.name(),
                percent(share),
                ratio.p_value
            )
        }))
    }

    /// Why the gate stays shut, if it does.
    fn shut(&self, gate: Gate, stage: &Stage) -> Result<Option<String>, Error> {
        let metric = shown(self.setting.plan.metric);
        let trace = &self.setting.recording.trace;
        let n = stage.moved.a.len();
        let batches: Vec<_> = (0..N_BATCHES)
            .map(|batch| n * batch / N_BATCHES..n * (batch + 1) / N_BATCHES)
            .filter(|batch| !batch.is_empty())
            .collect();
        // What counts in each batch, so that the mean is the share of the stage times a constant.
        let counted = |reads: &[ReadEnd]| -> Vec<f64> {
            let of = |batch: &Range<usize>| guard::count(metric, &reads[batch.clone()], trace).0;
            batches.iter().map(|batch| of(batch) as f64).collect()
        };
        let options = analysis::Options {
            seed: self.setting.study.seed,
            level: self.setting.plan.level,
            ..analysis::Options::default()
        };
        let (a, b) = (counted(&stage.moved.a), counted(&stage.moved.b));
        let Ok(found) = paired::compare(&a, &b, &options) else {
            return Ok(Some(format!("{n} reads are too few to judge")));
        };
        let above = found.probability_above(0.0);
        let confidence = if is_higher_better(metric) { above } else { 1.0 - above };
        let better = metric.better().orient(found.difference.estimate);
        let improvement = better / found.mean_a.abs().max(f64::MIN_POSITIVE);
        let open = confidence > gate.confidence && improvement > gate.improvement;
        Ok((!open).then(|| {
            format!(
                "the {} is better by {:.1} % with a probability of {:.1} %, and more than {:.0} % and {:.0} % are asked for",
                metric.words(),
                improvement * 100.0,
                confidence * 100.0,
                gate.improvement * 100.0,
                gate.confidence * 100.0
            )
        }))
    }

    fn batch(
        &self,
        number: usize,
        share: f64,
        reads: &[ReadEnd],
        difference: f64,
        so_far: &ConfidenceSequence,
    ) -> AbBatchRow {
        let arrivals = self.arrivals();
        let band = so_far.interval();
        AbBatchRow {
            test: self.test.to_string(),
            stage: number as u64,
            share,
            start_ns: arrivals[reads[0].request as usize] - arrivals[0],
            reads: reads.len() as u64,
            difference,
            so_far: band.map_or(f64::NAN, |band| band.estimate),
            low: band.map_or(f64::NAN, |band| band.low),
            high: band.map_or(f64::NAN, |band| band.high),
        }
    }

    fn row(
        &self,
        number: usize,
        share: f64,
        requests: &Range<usize>,
        stage: &Stage,
        judged: &Judged,
    ) -> Result<AbStageRow, Error> {
        let arrivals = self.arrivals();
        let metric = shown(self.setting.plan.metric);
        let trace = &self.setting.recording.trace;
        let (moved, stayed, n) = (&stage.moved, &stage.stayed, judged.n_reads);
        let end = moved.a.get(n).map_or(requests.end, |read| read.request as usize);
        let n_stayed = stayed.before(end);
        let value =
            |reads: &[ReadEnd], n: usize| value(metric, &reads[..n.min(reads.len())], trace);
        Ok(AbStageRow {
            test: self.test.to_string(),
            stage: number as u64,
            share,
            state: judged.state.name().to_string(),
            reason: judged.reason.clone(),
            start_ns: arrivals[requests.start] - arrivals[0],
            end_ns: arrivals[end.min(requests.end - 1)] - arrivals[0],
            reads: n as u64,
            measure: metric.name().to_string(),
            a: value(&moved.a, n),
            b: value(&moved.b, n),
            undivided: value(&stage.undivided, n),
            everybody: value(&stage.everybody, n),
            stayed_reads: n_stayed as u64,
            stayed_a: value(&stayed.a, n_stayed),
            stayed_b: value(&stayed.b, n_stayed),
        })
    }

    /// How it ended and, if it went wrong, at what cost.
    fn finish(mut self) -> Result<Option<RolledOut>, Error> {
        let (share, state, reason, at) = self.ended.clone().unwrap_or((
            1.0,
            State::Inconclusive,
            "there was no stage".into(),
            self.next,
        ));
        let regret = match state {
            State::RolledBack => {
                match regret::of(&self.setting, share, &self.assignment, &self.exposed, at)? {
                    Some(regret) => regret,
                    None => return Ok(None),
                }
            }
            _ => Regret::of_exposed(&self.exposed),
        };
        let arrivals = self.arrivals();
        let at = arrivals[at.min(arrivals.len() - 1)] - arrivals[0];
        self.done.rollout = AbRolloutRow {
            test: self.test.to_string(),
            by: self.setting.plan.by.name().to_string(),
            world: self.setting.world.name().to_string(),
            stages: self.rollout.stages.to_string(),
            state: state.name().to_string(),
            reason: format!("{}.", reason),
            share,
            end_ns: at,
            exposed_reads: self.exposed.moved.a.len() as u64,
            extra_misses: regret.extra_misses,
            extra_errors: regret.extra_errors,
            stayed_misses: regret.stayed_misses,
            cold_misses: regret.cold_misses,
            extra_nanodollars: regret.extra.0,
        };
        Ok(Some(self.done))
    }
}

/// What is shown of the measure that decides: itself if it is a share, or else the hit ratio.
fn shown(metric: Measure) -> Measure {
    match metric.kind() {
        super::measure::Kind::Share { .. } => metric,
        _ => Measure::HitRatio,
    }
}

/// Its value over these reads; NaN of none.
fn value(measure: Measure, reads: &[ReadEnd], trace: &trace::Trace) -> f64 {
    let (counted, all) = guard::count(measure, reads, trace);
    if all == 0 { f64::NAN } else { counted as f64 / all as f64 }
}

fn change(measure: Measure, (a, b): guard::Both<'_>, trace: &trace::Trace) -> f64 {
    value(measure, b, trace) - value(measure, a, trace)
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 100.0)
}

fn unfit(error: analysis::Error) -> Error {
    Error::Unfit(format!("the rollout cannot be judged: {error}"))
}

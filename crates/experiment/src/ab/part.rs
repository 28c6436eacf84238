//! A part of a recording, and the stack that is as small as the part.
//!
//! Of a system with requests of all objects, the requests of a share r of the objects (chosen by a hash
//! of the key) load the caches as r of the capacity would, and the servers as r of the servers would.
//! So every capacity is multiplied by r, and every station by r:
//!
//! - k servers become k' = max(1, round(k r)), and each request keeps its server k' / (k r) times as
//!   long, so that servers are exactly as busy as those of the whole. A queue's limit is multiplied by r,
//!   so that the wait at its end is what it was.
//! - Waiting is not the same: few servers make a request wait longer than many that are as busy, by up
//!   to k' / (k r) times and by what pooling saves. Waits of a part are too long, in both arms alike;
//!   [`Part::stretched`] names the stations where that may matter.
//! - Nodes and stations of a cluster or a network stay as many as they are, each with r of the load.
//! - Money is multiplied by 1 / r, and capacities are paid for in full.
//!
//! **Clients.** A share r of the clients touches more than r of the objects. Capacities are multiplied
//! by the share of the footprint that they touch, servers and money by their share of the requests.
//! What clients fetch for each other is partly lost, so that hit ratios of a part are lower.

use std::borrow::Cow;
use std::ops::{Deref, Range};
use std::sync::Arc;

use tiers::{Stack, StationSpec};
use trace::{Trace, sample};

use super::spec::Unit;
use crate::recording::Recording;
use crate::{Error, Resolved, ResolvedStrategy, build};

/// A part of a recording.
pub(super) struct Part<'a> {
    pub(super) trace: Requests<'a>,
    pub(super) arrivals: Cow<'a, [u64]>,
    /// Requests that are not counted.
    pub(super) warmup: usize,
    /// Its share of the capacities.
    capacity: f64,
    /// Its share of the load.
    load: f64,
    /// Distinct bytes that shares of the capacity are of.
    footprint: u64,
    /// Requests of the real system that one stands for.
    scale: f64,
}

/// The requests of a part.
pub(super) enum Requests<'a> {
    All(&'a Trace),
    Chosen(Box<Trace>),
}

impl Deref for Requests<'_> {
    type Target = Trace;

    fn deref(&self) -> &Trace {
        match self {
            Requests::All(trace) => trace,
            Requests::Chosen(trace) => trace,
        }
    }
}

impl<'a> Part<'a> {
    /// All of it.
    pub(super) fn whole(study: &Resolved, recording: &'a Recording<'_>) -> Part<'a> {
        Part {
            trace: Requests::All(&recording.trace),
            arrivals: Cow::Borrowed(&recording.arrivals),
            warmup: study.warmup.of(recording.trace.n_requests()),
            capacity: 1.0,
            load: 1.0,
            footprint: recording.footprint,
            scale: recording.entry.scale,
        }
    }

    /// The units whose place, a hash from 0 to 1, lies in `places`.
    pub(super) fn of_units(
        study: &Resolved,
        recording: &'a Recording<'_>,
        by: Unit,
        places: Range<f64>,
    ) -> Result<Part<'a>, Error> {
        let rate = places.end - places.start;
        let taken = Taken::new(recording, by, study.seed)?;
        let keep = |request| places.contains(&taken.place(request));
        Part::of_requests(study, recording, by, rate, keep)
    }

    /// The requests to `keep`, of a share `rate` of the units.
    pub(super) fn of_requests(
        study: &Resolved,
        recording: &'a Recording<'_>,
        by: Unit,
        rate: f64,
        keep: impl Fn(usize) -> bool,
    ) -> Result<Part<'a>, Error> {
        let whole = &recording.trace;
        let n = whole.n_requests();
        let what = format!("{}s at rate {rate}, seed {}", by.name(), study.seed);
        let trace = sample::selected(whole, (0..n).map(&keep), &what)?;
        let kept = || (0..n).filter(|request| keep(*request));
        let warmup = study.warmup.of(n);
        let part = Part {
            arrivals: kept().map(|request| recording.arrivals[request]).collect(),
            warmup: kept().take_while(|request| *request < warmup).count(),
            capacity: rate,
            load: rate,
            footprint: recording.footprint,
            scale: recording.entry.scale,
            trace: Requests::Chosen(Box::new(trace)),
        };
        let of_clients = |part: Part<'a>| Part {
            capacity: part.trace.footprint_bytes() as f64 / recording.footprint as f64,
            load: part.trace.n_requests() as f64 / n as f64,
            ..part
        };
        let part = if by == Unit::Client { of_clients(part) } else { part };
        if part.warmup == part.trace.n_requests() {
            return Err(Error::Unfit(format!(
                "{}: after the warm-up, {what} leave no request to count",
                whole.name()
            )));
        }
        Ok(part)
    }

    /// Takes the size of another part: of its stack, not of its requests.
    pub(super) fn size_as(&mut self, other: &Part<'_>) {
        (self.capacity, self.load, self.footprint) = (other.capacity, other.load, other.footprint);
    }

    /// Whether it is less than the whole.
    pub(super) fn is_part(&self) -> bool {
        self.load < 1.0
    }

    /// The stack of a strategy, as small as the part.
    pub(super) fn stack(
        &self,
        study: &Resolved,
        strategy: &ResolvedStrategy,
    ) -> Result<Stack, Error> {
        let site = build::Site {
            footprint: (self.footprint as f64 * self.capacity) as u64,
            scale: self.scale / self.capacity,
            span: tiers::span(&self.arrivals),
        };
        let mut stack = build::stack(study, &strategy.stack, &site)?;
        stack.scale = self.scale / self.load;
        let tiers = stack.tiers.iter_mut().map(|tier| &mut tier.station);
        for station in tiers.chain([&mut stack.origin.station]).flatten() {
            shrink(station, self.load);
        }
        Ok(stack)
    }

    /// Tiers, or the origin, with fewer than one server for the part: where waits are longest against
    /// those of the whole, with how many times as long at most.
    pub(super) fn stretched(&self, strategy: &ResolvedStrategy) -> Vec<(String, f64)> {
        let stack = &strategy.stack;
        let tiers = stack.tiers.iter().map(|tier| (&tier.name[..], tier.more.station.servers));
        let stations = tiers.chain([("origin", stack.origin.station.servers)]);
        stations
            .filter_map(|(name, servers)| {
                let share = f64::from(servers?) * self.load;
                (share < 1.0).then(|| (name.to_string(), 1.0 / share))
            })
            .collect()
    }
}

/// As busy with `load` of the requests as it was with all.
fn shrink(station: &mut StationSpec, load: f64) {
    let share = f64::from(station.servers) * load;
    station.servers = share.round().max(1.0) as u32;
    station.stretch = f64::from(station.servers) / share;
    let shorter = |limit: u32| match limit {
        0 => 0,
        limit => (f64::from(limit) * load).round().max(1.0) as u32,
    };
    station.queue = station.queue.map(shorter);
}

/// Where the units of a recording lie, from 0 to 1.
pub(super) struct Taken<'a> {
    places: Arc<[f64]>,
    clients: Option<&'a [u32]>,
    trace: &'a Trace,
}

impl<'a> Taken<'a> {
    pub(super) fn new(
        recording: &'a Recording<'_>,
        by: Unit,
        seed: u64,
    ) -> Result<Taken<'a>, Error> {
        let trace = &recording.trace;
        let clients = trace.columns().client.as_ref().filter(|_| by == Unit::Client);
        let clients = clients.map(|client| &client.ids[..]);
        Ok(Taken { places: places(trace, by, seed)?.into(), clients, trace })
    }

    /// Units at these places, whatever their keys are.
    #[cfg(test)]
    pub(super) fn at(trace: &'a Trace, places: Vec<f64>) -> Self {
        Taken { places: places.into(), clients: None, trace }
    }

    /// The place of the unit that a request belongs to.
    pub(super) fn place(&self, request: usize) -> f64 {
        self.places[self.unit(request)]
    }

    /// The places of all units, by number.
    pub(super) fn places(&self) -> &Arc<[f64]> {
        &self.places
    }

    /// The unit that a request belongs to.
    pub(super) fn unit(&self, request: usize) -> usize {
        match self.clients {
            Some(clients) => clients[request] as usize,
            None => self.trace.objects()[request].index(),
        }
    }

    /// Units there are.
    pub(super) fn n_units(&self) -> usize {
        self.places.len()
    }

    /// Units whose place is below `rate`.
    pub(super) fn below(&self, rate: f64) -> u64 {
        self.places.iter().filter(|place| **place < rate).count() as u64
    }
}

/// Where the units of a trace lie, from 0 to 1.
fn places(trace: &Trace, by: Unit, seed: u64) -> Result<Vec<f64>, Error> {
    match by {
        Unit::Object => Ok(sample::places(trace, seed)),
        Unit::Client => sample::client_places(trace, seed).ok_or_else(|| {
            let name = trace.name();
            Error::Unfit(format!("{name}: the trace does not say who asks\nhint: choose by object"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_station_is_as_busy_as_the_large_one() {
        for (servers, load) in [(12, 0.1), (88, 0.25), (1, 0.1), (3, 0.5), (500, 0.01)] {
            let mut station = StationSpec { queue: Some(2_000), ..StationSpec::new(servers) };
            shrink(&mut station, load);
            // Busy share = load x stretched service / servers.
            let busy = load * station.stretch / f64::from(station.servers);
            assert!((busy * f64::from(servers) - 1.0).abs() < 1e-12, "{station:?}");
            assert_eq!(station.queue, Some((2_000.0 * load) as u32));
        }
        let mut none_waits = StationSpec { queue: Some(0), ..StationSpec::new(4) };
        shrink(&mut none_waits, 0.1);
        assert_eq!((none_waits.servers, none_waits.queue), (1, Some(0)));
        assert_eq!(none_waits.stretch, 2.5);
    }
}

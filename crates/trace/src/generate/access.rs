//! A source at work: which of its objects is asked for next.

use super::recipe::{Access, Drift, Source};
use super::zipf::Zipf;
use crate::stream::Stream;

/// A source with its state and its own randomness.
#[derive(Debug)]
pub(super) struct Accesses {
    law: Law,
    drift: Option<Drift>,
    n_objects: u64,
    /// Requests so far.
    n_drawn: u64,
    stream: Stream,
}

#[derive(Debug)]
enum Law {
    Zipf(Zipf),
    Uniform,
    /// A scan is a loop that is never long enough to come round.
    Loop,
    Hotspot {
        hot_objects: u64,
        hot_share: f64,
    },
    Client,
}

impl Accesses {
    pub(super) fn new(name: &str, source: &Source, n_objects: u64, seed: u64) -> Self {
        let law = match source.access {
            Access::Zipf { objects, exponent } => Law::Zipf(Zipf::new(objects, exponent)),
            Access::Uniform { .. } => Law::Uniform,
            Access::Loop { .. } | Access::Scan => Law::Loop,
            Access::Hotspot { hot_objects, hot_share, .. } => {
                Law::Hotspot { hot_objects, hot_share }
            }
            Access::Client => Law::Client,
        };
        let stream = Stream::new(seed, &format!("generate/source/{name}/access"));
        Accesses { law, drift: source.drift.clone(), n_objects, n_drawn: 0, stream }
    }

    /// The next object, counted from the source's first. `time_ns` is the stamp of the request and
    /// `client` the number of who asks, where there are such things.
    #[inline]
    pub(super) fn next(&mut self, time_ns: u64, client: u64) -> u64 {
        let place = match &self.law {
            Law::Zipf(zipf) => zipf.draw(&mut self.stream),
            Law::Uniform => self.stream.below(self.n_objects),
            Law::Loop => self.n_drawn % self.n_objects,
            Law::Hotspot { hot_objects, hot_share } => {
                if self.stream.uniform() < *hot_share {
                    self.stream.below(*hot_objects)
                } else {
                    hot_objects + self.stream.below(self.n_objects - hot_objects)
                }
            }
            Law::Client => client,
        };
        let object = match &self.drift {
            None => place,
            Some(drift) => self.drifted(drift, place, time_ns),
        };
        self.n_drawn += 1;
        object
    }

    /// The object that holds `place` by now.
    fn drifted(&self, drift: &Drift, place: u64, time_ns: u64) -> u64 {
        let moves = drift.every.pick(self.n_drawn, time_ns) / drift.every.value();
        let shift = u128::from(moves) * u128::from(drift.step);
        ((u128::from(place) + shift) % u128::from(self.n_objects)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extent::Extent;
    use crate::units::Nanos;

    fn accesses(access: Access, drift: Option<Drift>, n_objects: u64) -> Accesses {
        let source = Source {
            access,
            drift,
            key: None,
            first: None,
            size: None,
            operations: None,
            ttl: None,
        };
        Accesses::new("s", &source, n_objects, 1)
    }

    fn take<const N: usize>(mut accesses: Accesses) -> [u64; N] {
        [(); N].map(|_| accesses.next(0, 0))
    }

    #[test]
    fn loops_come_round_and_scans_do_not() {
        assert_eq!(take(accesses(Access::Loop { objects: 3 }, None, 3)), [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(take(accesses(Access::Scan, None, 100)), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_client_asks_for_its_own_object() {
        let mut own = accesses(Access::Client, None, 9);
        assert_eq!((own.next(0, 7), own.next(0, 2)), (7, 2));
    }

    #[test]
    fn hot_objects_get_their_share() {
        let hotspot = Access::Hotspot { objects: 100, hot_objects: 10, hot_share: 0.9 };
        let mut accesses = accesses(hotspot, None, 100);
        let hot = (0..10_000).filter(|_| accesses.next(0, 0) < 10).count();
        assert!((8900..9100).contains(&hot), "{hot}");
    }

    #[test]
    fn popularity_drifts_by_requests_and_by_time() {
        // One hot object that gets everything shows where the hot set is.
        let hotspot = || Access::Hotspot { objects: 5, hot_objects: 1, hot_share: 1.0 };
        let by_requests = Drift { step: 2, every: Extent::Requests(3) };
        assert_eq!(
            take(accesses(hotspot(), Some(by_requests), 5)),
            [0, 0, 0, 2, 2, 2, 4, 4, 4, 1, 1, 1]
        );
        let by_time = Drift { step: 1, every: Extent::Time(Nanos(100)) };
        let mut accesses = accesses(hotspot(), Some(by_time), 5);
        assert_eq!([0, 99, 100, 450, 500].map(|time| accesses.next(time, 0)), [0, 0, 1, 4, 0]);
    }

    #[test]
    fn values_are_stable() {
        let zipf = Access::Zipf { objects: 1000, exponent: 0.9 };
        assert_eq!(take(accesses(zipf, None, 1000)), [407, 19, 14, 122, 98, 4]);
        assert_eq!(
            take(accesses(Access::Uniform { objects: 1000 }, None, 1000)),
            [162, 614, 651, 358, 390, 787]
        );
        let hotspot = Access::Hotspot { objects: 1000, hot_objects: 10, hot_share: 0.5 };
        assert_eq!(take(accesses(hotspot, None, 1000)), [6, 364, 7, 355, 791, 73]);
    }
}

//! Draws from a profile: what the engine calls for every lookup.

use trace::stream::Stream;

use super::LatencyProfile;
use super::body::Body;
use super::chain::Walk;

/// A profile with the luck of a tier, ready to be drawn from. A draw allocates nothing.
///
/// Draw number `n` uses the uniform number `n` of the stream "latency of NAME" and, if the profile has
/// regimes, the state of the chain at that time, which only the stream "regimes of NAME" decides.
/// So two strategies under one seed meet the same luck and the same regimes.
#[derive(Debug, Clone)]
pub struct Draws {
    bodies: Vec<Body>,
    /// The latency, if there is but one: then there is nothing to draw.
    only: Option<u64>,
    luck: Luck,
    regimes: Option<Clock>,
}

/// Uniform numbers, drawn by the row where much of a row is asked for: side by side they cost two thirds,
/// and nobody waits for them.
#[derive(Debug, Clone)]
struct Luck {
    stream: Stream,
    /// Number of the row looked at last, and how many of its draws were asked for.
    row: u64,
    n_asked: u32,
    /// Its numbers, if they are drawn.
    is_drawn: bool,
    numbers: [f64; ROW as usize],
}

/// Draws a row.
const ROW: u64 = 8;
/// If so many of a row were asked for, the next one is drawn as a whole: about as many take as long alone,
/// each being waited for.
const WORTH_A_ROW: u32 = 3;

/// The chain and the time between its steps.
#[derive(Debug, Clone)]
struct Clock {
    step_ns: u64,
    /// When the step that the state is known of began.
    since_ns: u64,
    state: usize,
    walk: Box<Walk>,
}

impl Draws {
    /// The draws of the tier, or origin, called `name` in the run seeded with `seed`.
    pub fn new(profile: &LatencyProfile, seed: u64, name: &str) -> Self {
        let regimes = profile.regimes.as_ref().map(|regimes| {
            let mut walk =
                Box::new(regimes.chain.walk(Stream::new(seed, &format!("regimes of {name}"))));
            let state = walk.state_at(0);
            Clock { step_ns: regimes.step_ns, since_ns: 0, state, walk }
        });
        Draws {
            bodies: profile.bodies.clone(),
            only: match profile.bodies.as_slice() {
                [body] => body.only(),
                _ => None,
            },
            luck: Luck::new(Stream::new(seed, &format!("latency of {name}"))),
            regimes,
        }
    }

    /// Latency in nanoseconds of an answer of `size` bytes asked for at `now_ns`. Times may come in
    /// any order; rising ones are cheapest.
    #[inline]
    pub fn at(&mut self, draw: u64, now_ns: u64, size: u64) -> u64 {
        if let Some(only) = self.only {
            return only;
        }
        let u = self.luck.uniform_at(draw);
        let state = self.regime(now_ns);
        self.bodies[state].at(u, size)
    }

    /// Latency in nanoseconds of an answer without a body.
    #[inline]
    pub fn at_smallest(&mut self, draw: u64, now_ns: u64) -> u64 {
        if let Some(only) = self.only {
            return only;
        }
        let u = self.luck.uniform_at(draw);
        let state = self.regime(now_ns);
        self.bodies[state].at_smallest(u)
    }

    /// The regime of a time, numbered from 0; always 0 without regimes.
    #[inline]
    pub fn regime(&mut self, now_ns: u64) -> usize {
        match &mut self.regimes {
            None => 0,
            Some(clock) => clock.state_at(now_ns),
        }
    }
}

impl Luck {
    fn new(stream: Stream) -> Self {
        Luck { stream, row: u64::MAX, n_asked: 0, is_drawn: false, numbers: [0.0; ROW as usize] }
    }

    /// What `Stream::uniform_at` gives.
    #[inline]
    fn uniform_at(&mut self, draw: u64) -> f64 {
        if draw / ROW != self.row {
            self.turn_to(draw / ROW);
        }
        self.n_asked += 1;
        if self.is_drawn {
            self.numbers[(draw % ROW) as usize]
        } else {
            self.stream.uniform_at(draw)
        }
    }

    fn turn_to(&mut self, row: u64) {
        self.is_drawn = self.n_asked >= WORTH_A_ROW;
        if self.is_drawn {
            self.numbers = self.stream.eight_uniforms_at(row * ROW);
        }
        (self.row, self.n_asked) = (row, 0);
    }
}

impl Clock {
    #[inline]
    fn state_at(&mut self, now_ns: u64) -> usize {
        // Also true of times before: the difference wraps to a large one.
        if now_ns.wrapping_sub(self.since_ns) >= self.step_ns {
            let step = now_ns / self.step_ns;
            self.since_ns = step * self.step_ns;
            self.state = self.walk.state_at(step);
        }
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::super::LatencySpec;
    use super::super::profile::tests::{regimes, table};
    use super::*;

    fn with_regimes(states: &str) -> LatencyProfile {
        let spec = LatencySpec { regimes: regimes(states), ..table() };
        LatencyProfile::new(&spec).unwrap()
    }

    #[test]
    fn without_regimes_a_draw_is_the_quantile_of_its_uniform() {
        let profile = LatencyProfile::new(&table()).unwrap();
        let mut draws = Draws::new(&profile, 7, "L2");
        let stream = Stream::new(7, "latency of L2");
        for n in 0..1_000 {
            let u = stream.uniform_at(n);
            assert_eq!(draws.at(n, n * 1_000, 5_000), profile.at(u, 5_000).0);
            assert_eq!(draws.at_smallest(n, n * 1_000), profile.at_smallest(u).0);
        }
    }

    #[test]
    fn in_any_order_a_draw_has_its_own_number() {
        let stream = Stream::new(7, "latency of L2");
        let mut luck = Luck::new(stream.clone());
        // In rows, each twice, back and forth between rows, tries after the first, and seldom.
        let in_rows = 0..100u64;
        let twice = in_rows.clone().flat_map(|n| [n, n]);
        let back = (0..100).flat_map(|n| [n, 100 - n]);
        let tries = (0..50).flat_map(|n| [n, n | 1 << 32]);
        let seldom = (0..1_000).step_by(7);
        let mut n_drawn = 0;
        for draw in in_rows.chain(twice).chain(back).chain(tries).chain(seldom) {
            assert_eq!(luck.uniform_at(draw), stream.uniform_at(draw), "{draw}");
            n_drawn += u32::from(luck.is_drawn);
        }
        assert!((250..500).contains(&n_drawn), "both ways are taken: {n_drawn}");
    }

    #[test]
    fn a_factor_of_one_changes_nothing_and_one_of_four_is_four_times_as_long() {
        let profile = with_regimes("{ factor = 1 }, { factor = 4 }");
        let plain = LatencyProfile::new(&table()).unwrap();
        let (mut draws, mut plain) = (Draws::new(&profile, 1, "L2"), Draws::new(&plain, 1, "L2"));
        let mut seen = [0; 2];
        for n in 0..100_000 {
            let now = n * 1_000_000;
            let (with, without) = (draws.at(n, now, 4_096), plain.at(n, now, 4_096));
            let regime = draws.regime(now);
            let expected = [1, 4][regime] * without;
            assert!(with.abs_diff(expected) <= 2, "{regime} {with} {without}");
            seen[regime] += 1;
        }
        // Three quarters of the time in the first.
        assert!((74_000..76_000).contains(&seen[0]), "{seen:?}");
        assert!((profile.regime_shares()[0] - 0.75).abs() < 1e-12);
    }

    #[test]
    fn regimes_belong_to_times_whatever_is_drawn() {
        let profile = with_regimes("{ factor = 1 }, { factor = 4 }");
        let mut every = Draws::new(&profile, 1, "L2");
        let mut seldom = Draws::new(&profile, 1, "L2");
        let states: Vec<usize> = (0..5_000).map(|ms| every.regime(ms * 1_000_000)).collect();
        for ms in (0..5_000).rev().step_by(7) {
            let _ = seldom.at(ms, ms * 1_000_000, 1);
            assert_eq!(seldom.regime(ms * 1_000_000 + 999_999), states[ms as usize]);
        }
        // Another tier or seed has other regimes.
        for mut other in [Draws::new(&profile, 2, "L2"), Draws::new(&profile, 1, "L3")] {
            assert!((0..5_000).any(|ms| other.regime(ms * 1_000_000) != states[ms as usize]));
        }
        assert_eq!(every.regime(u64::MAX), every.clone().regime(u64::MAX));
    }

    #[test]
    fn a_state_may_have_a_table_of_its_own() {
        let own = "{ factor = 2 }, { quantiles = [0, 1], sizes = [{ size = '1B', latency = ['7ns', '7ns'] }] }";
        let mut draws = Draws::new(&with_regimes(own), 1, "L2");
        for n in 0..1_000 {
            let latency = draws.at(n, n * 1_000_000, 1);
            assert_eq!(latency == 7, draws.regime(n * 1_000_000) == 1);
        }
    }
}

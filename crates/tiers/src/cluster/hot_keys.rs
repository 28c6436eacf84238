//! Which keys get an outsized share of the requests of late.
//!
//! Misra and Gries's summary (Finding repeated elements, Science of Computer Programming 2(2), 1982,
//! doi 10.1016/0167-6423(82)90012-0): some counters, each of one object. A request adds to its
//! object's counter, or takes a free one, or, if there is none, takes 1 from all, which frees some.
//! With k counters a count is low by at most requests / (k + 1), and never high. There are four
//! counters for each object that could be hot, so an object is known as hot at the latest when its
//! share is 5/4 of the threshold, and never below the threshold.
//!
//! To forget the past, all counts are halved after every window of 100 / threshold requests, in
//! which an object at the threshold is asked for 100 times; nothing is hot before half a window. O(1)
//! a request, amortised: what is taken away was added before. State: 2 bytes an object.

use trace::ObjectId;

/// Requests in a window for an object at the threshold.
const USES_A_WINDOW: f64 = 100.0;

/// Counts of the objects that may be hot.
#[derive(Debug)]
pub(super) struct HotKeys {
    share: f64,
    /// What was counted, and how often at least.
    counters: Vec<(ObjectId, u32)>,
    most_counters: usize,
    /// Number of the counter from 1, by object; 0 of none.
    place: Vec<u16>,
    /// Requests counted, halved like the counts.
    total: u32,
    window: u32,
}

impl HotKeys {
    /// Keys with at least this share of the requests, at least 0.0001, are hot.
    pub(super) fn new(share: f64, n_objects: u32) -> Self {
        HotKeys {
            share,
            counters: Vec::new(),
            most_counters: (4.0 / share) as usize,
            place: vec![0; n_objects as usize],
            total: 0,
            window: (USES_A_WINDOW / share) as u32,
        }
    }

    /// Counts a request; whether its object is hot now.
    pub(super) fn note(&mut self, object: ObjectId) -> bool {
        self.total += 1;
        let place = usize::from(self.place[object.index()]);
        let mut count = 0;
        if place > 0 {
            self.counters[place - 1].1 += 1;
            count = self.counters[place - 1].1;
        } else if self.counters.len() < self.most_counters {
            self.counters.push((object, 1));
            self.place[object.index()] = self.counters.len() as u16;
        } else {
            self.lower(|count| count - 1);
        }
        let hot =
            self.total >= self.window / 2 && f64::from(count) >= self.share * f64::from(self.total);
        if self.total == self.window {
            self.total /= 2;
            self.lower(|count| count / 2);
        }
        hot
    }

    /// Lowers all counts; those that fall to 0 are free.
    fn lower(&mut self, by: impl Fn(u32) -> u32) {
        let place = &mut self.place;
        let mut kept = 0;
        self.counters.retain_mut(|(object, count)| {
            *count = by(*count);
            kept += u16::from(*count > 0);
            place[object.index()] = if *count > 0 { kept } else { 0 };
            *count > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use trace::stream::Stream;

    use super::*;

    /// Object 0 has 8 % of the requests, 1 has 2 %, each of 1000 others 0.09 %; at a threshold of
    /// 5 % the first is found, and nothing else.
    #[test]
    fn what_is_above_the_threshold_is_found_and_nothing_below() {
        let draws = Stream::new(3, "test");
        let mut keys = HotKeys::new(0.05, 1002);
        let mut hot = [0u32; 1002];
        let mut asked = [0u32; 1002];
        for n in 0..100_000 {
            let u = draws.uniform_at(n);
            let object = match u {
                u if u < 0.08 => 0,
                u if u < 0.10 => 1,
                u => 2 + ((u - 0.1) / 0.9 * 1000.0) as u32,
            };
            asked[object as usize] += 1;
            hot[object as usize] += u32::from(keys.note(ObjectId(object)));
        }
        assert!(f64::from(hot[0]) > 0.9 * f64::from(asked[0]), "{} of {}", hot[0], asked[0]);
        assert_eq!(hot[1..].iter().sum::<u32>(), 0);
    }

    #[test]
    fn what_was_hot_is_forgotten() {
        let mut keys = HotKeys::new(0.1, 10_000);
        (0..2000).for_each(|_| assert!(keys.note(ObjectId(0)) || keys.total < keys.window / 2));
        let others = (0..5000).map(|n| keys.note(ObjectId(1 + n))).filter(|hot| *hot).count();
        assert_eq!(others, 0);
        assert!(!keys.note(ObjectId(0)));
    }

    /// Counts are low by at most requests / (k + 1), and places agree with counters.
    #[test]
    fn the_bound_of_the_paper() {
        let draws = Stream::new(4, "test");
        let mut keys = HotKeys::new(0.2, 100);
        keys.window = u32::MAX;
        let mut exact = [0u32; 100];
        for n in 0..5000 {
            let object = (draws.uniform_at(n) * draws.uniform_at(n + 5000) * 100.0) as u32;
            exact[object as usize] += 1;
            keys.note(ObjectId(object));
            assert!(keys.counters.len() <= 20);
            for (place, exact) in keys.place.iter().zip(exact) {
                let at = usize::from(*place).checked_sub(1);
                let count = at.map_or(0, |at| keys.counters[at].1);
                assert!(count <= exact && exact - count <= keys.total / 21);
            }
        }
    }
}

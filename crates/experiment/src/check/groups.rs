//! Groups of requests that a change is attributed to.
//!
//! - `window`: stretches of as many requests each, by their numbers from 0, as `trace sample --requests`
//!   takes them;
//! - `answer`: how reads ended, and where;
//! - `size`: of the object, in steps of four;
//! - `popularity`: by how often the whole trace asks for the object: the hundredth of the objects that are
//!   asked for most, and of the rest those asked for once, up to nine times, and more.
//!
//! Groups of one kind do not overlap, so their changes add up to the whole.

use serde::{Deserialize, Serialize};
use trace::Trace;

use super::detail::End;

/// How requests are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum By {
    Window,
    Answer,
    Size,
    Popularity,
}

pub(super) const BYS: [By; 4] = [By::Window, By::Answer, By::Size, By::Popularity];

impl By {
    pub(super) fn word(self) -> &'static str {
        match self {
            By::Window => "window",
            By::Answer => "answer",
            By::Size => "size",
            By::Popularity => "popularity",
        }
    }
}

const N_WINDOWS: usize = 24;
/// Up to 1 KiB, 4 KiB and so on; the last has no end.
const N_SIZES: usize = 14;
const POPULARITY: [&str; 4] = [
    "the most popular 1 % of objects",
    "asked for once",
    "asked for 2 to 9 times",
    "asked for 10 times or more",
];
/// Ends are bytes.
const N_ENDS: usize = 256;

/// The groups of the requests of a trace.
pub(super) struct Groups<'a> {
    trace: &'a Trace,
    warmup: usize,
    tiers: &'a [String],
    /// By object.
    popularity: Vec<u8>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(trace: &'a Trace, warmup: usize, tiers: &'a [String]) -> Self {
        Groups { trace, warmup, tiers, popularity: popularity(trace) }
    }

    /// The group of a request, by its number.
    fn of(&self, by: By, i: usize, end: End) -> usize {
        match by {
            By::Window => {
                let counted = (self.trace.n_requests() - self.warmup).max(1);
                i.saturating_sub(self.warmup) * N_WINDOWS / counted
            }
            By::Answer => usize::from(end.0),
            By::Size => size_class(self.trace.size(i)),
            By::Popularity => usize::from(self.popularity[self.trace.objects()[i].index()]),
        }
    }

    fn n(by: By) -> usize {
        match by {
            By::Window => N_WINDOWS,
            By::Answer => N_ENDS,
            By::Size => N_SIZES,
            By::Popularity => POPULARITY.len(),
        }
    }

    fn name(&self, by: By, group: usize) -> String {
        match by {
            By::Window => {
                let counted = self.trace.n_requests() - self.warmup;
                // The first request of a window: the least whose share reaches its number.
                let edge = |window: usize| self.warmup + (window * counted).div_ceil(N_WINDOWS);
                format!("{}..{}", edge(group), edge(group + 1))
            }
            By::Answer => self.answer(End(group as u8)),
            By::Size => size_name(group),
            By::Popularity => POPULARITY[group].to_string(),
        }
    }

    /// How a read ended, in words.
    pub(super) fn answer(&self, end: End) -> String {
        answer(self.tiers, end)
    }

    /// An empty sum for every group.
    pub(super) fn sums<T: Default + Clone + PartialEq>(&self) -> Sums<'_, T> {
        Sums { groups: self, values: BYS.map(|by| vec![T::default(); Self::n(by)]) }
    }
}

/// How a read ended, in words.
pub(super) fn answer(tiers: &[String], end: End) -> String {
    let tier = end.tier().and_then(|tier| tiers.get(tier));
    match (end.ending(), tier) {
        (None, _) => "no read".into(),
        (Some(ending), None) => ending.name().into(),
        (Some(tiers::Ending::Miss), Some(_)) => "miss".into(),
        (Some(ending), Some(tier)) => format!("{} at {tier}", ending.name()),
    }
}

/// A sum for every group.
pub(super) struct Sums<'a, T> {
    groups: &'a Groups<'a>,
    values: [Vec<T>; BYS.len()],
}

impl<T: Default + PartialEq> Sums<'_, T> {
    /// Adds a request to its groups, one of each kind.
    pub(super) fn add(&mut self, i: usize, end: End, mut add: impl FnMut(&mut T)) {
        for (by, values) in BYS.into_iter().zip(&mut self.values) {
            add(&mut values[self.groups.of(by, i, end)]);
        }
    }

    /// The groups that are not empty.
    pub(super) fn finish(self) -> impl Iterator<Item = (By, String, T)> {
        let groups = self.groups;
        BYS.into_iter().zip(self.values).flat_map(move |(by, values)| {
            let full = values.into_iter().enumerate().filter(|(_, value)| *value != T::default());
            full.map(move |(group, value)| (by, groups.name(by, group), value)).collect::<Vec<_>>()
        })
    }
}

fn size_class(size: u64) -> usize {
    let steps = size.max(1).next_power_of_two().trailing_zeros().saturating_sub(10);
    (steps.div_ceil(2) as usize).min(N_SIZES - 1)
}

fn size_name(class: usize) -> String {
    let edge = |class: usize| trace::units::Bytes(1 << (10 + 2 * class)).to_string();
    match class {
        0 => format!("up to {}", edge(0)),
        _ if class + 1 == N_SIZES => format!("more than {}", edge(class - 1)),
        _ => format!("{} to {}", edge(class - 1), edge(class)),
    }
}

/// The class of every object.
fn popularity(trace: &Trace) -> Vec<u8> {
    let mut uses = vec![0u32; trace.n_objects() as usize];
    for object in trace.objects() {
        uses[object.index()] += 1;
    }
    let mut by_uses: Vec<usize> = (0..uses.len()).collect();
    // Of equals, those that came first.
    by_uses.sort_by_key(|object| std::cmp::Reverse(uses[*object]));
    let class = |uses: &u32| match uses {
        0 | 1 => 1,
        2..=9 => 2,
        _ => 3,
    };
    let mut classes: Vec<u8> = uses.iter().map(class).collect();
    for object in &by_uses[..uses.len().div_ceil(100)] {
        classes[*object] = 0;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_classed_by_steps_of_four() {
        let class = |size| size_name(size_class(size));
        assert_eq!(class(0), "up to 1KiB");
        assert_eq!(class(1024), "up to 1KiB");
        assert_eq!(class(1025), "1KiB to 4KiB");
        assert_eq!(class(4096), "1KiB to 4KiB");
        assert_eq!(class(4097), "4KiB to 16KiB");
        assert_eq!(class(u64::MAX >> 1), "more than 16GiB");
    }

    #[test]
    fn objects_are_classed_by_their_uses() {
        let requests = [0; 20].into_iter().chain([1; 10]).chain([2, 2, 3]);
        let trace = Trace::from_numbers("t", requests);
        assert_eq!(popularity(&trace), [0, 3, 2, 1]);
    }

    #[test]
    fn windows_are_named_by_the_requests_they_hold() {
        let trace = Trace::from_numbers("t", 0..100);
        let groups = Groups::new(&trace, 10, &[]);
        let mut sums = groups.sums::<u64>();
        for i in 10..100 {
            sums.add(i, End::NO_READ, |n| *n += 1);
        }
        let windows: Vec<(String, u64)> =
            sums.finish().filter(|sum| sum.0 == By::Window).map(|sum| (sum.1, sum.2)).collect();
        assert_eq!(windows.len(), N_WINDOWS);
        assert_eq!(windows.iter().map(|window| window.1).sum::<u64>(), 90);
        let mut next = 10;
        for (name, n) in windows {
            let (from, to) = name.split_once("..").unwrap();
            assert_eq!(from, next.to_string());
            next = to.parse().unwrap();
            assert_eq!(n as usize, next - from.parse::<usize>().unwrap());
        }
        assert_eq!(next, 100);
    }
}

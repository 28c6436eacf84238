//! A choice by weight among few.

use std::collections::BTreeMap;

use crate::stream::Stream;

/// Members with weights.
#[derive(Debug)]
pub(super) struct Mix {
    /// (sum of weights up to and including this member, member).
    ends: Vec<(f64, usize)>,
    total: f64,
}

impl Mix {
    /// The names of `weights` as their places in `names`, which holds them all.
    pub(super) fn new<T>(weights: &BTreeMap<String, f64>, names: &BTreeMap<String, T>) -> Self {
        let mut total = 0.0;
        let positive = weights.iter().filter(|(_, weight)| **weight > 0.0);
        let ends = positive
            .map(|(name, weight)| {
                total += weight;
                let member = names.keys().position(|other| other == name);
                (total, member.expect("the recipe was checked"))
            })
            .collect();
        Mix { ends, total }
    }

    /// A member. Where there is only one, nothing is drawn.
    #[inline]
    pub(super) fn pick(&self, stream: &mut Stream) -> usize {
        let (last, others) = self.ends.split_last().expect("some weight is above 0");
        if others.is_empty() {
            return last.1;
        }
        let at = stream.uniform() * self.total;
        others.iter().find(|(end, _)| at < *end).unwrap_or(last).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_by_weight() {
        let names: BTreeMap<String, ()> = ["a", "b", "c"].map(|name| (name.into(), ())).into();
        let mix = Mix::new(&[("a".into(), 1.0), ("c".into(), 3.0)].into(), &names);
        let mut stream = Stream::new(1, "mix");
        let mut counts = [0; 3];
        (0..10_000).for_each(|_| counts[mix.pick(&mut stream)] += 1);
        assert_eq!(counts[1], 0);
        assert!((counts[2] - 7500i32).abs() < 150, "{counts:?}");
    }
}

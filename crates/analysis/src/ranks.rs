//! Ranks, with the mean rank for values that are equal.

use crate::multiple::ascending;

/// Twice the rank of each value, from 2 for the smallest: whole numbers, since a mean rank may end in a
/// half.
pub(crate) fn doubled(values: &[f64]) -> Vec<u64> {
    let mut ranks = vec![0; values.len()];
    for tie in ties(values) {
        let (first, last) = (tie.start + 1, tie.start + tie.places.len());
        tie.places.iter().for_each(|&place| ranks[place] = (first + last) as u64);
    }
    ranks
}

/// The sum of t³ - t over groups of t equal values: what ties take from a variance of ranks.
pub(crate) fn tie_term(values: &[f64]) -> f64 {
    let cubes = |tie: Tie| (tie.places.len() as f64).powi(3) - tie.places.len() as f64;
    ties(values).into_iter().map(cubes).sum()
}

/// Places that hold one value, and how many hold smaller ones.
struct Tie {
    start: usize,
    places: Vec<usize>,
}

fn ties(values: &[f64]) -> Vec<Tie> {
    let mut ties: Vec<Tie> = Vec::new();
    for (start, place) in ascending(values).into_iter().enumerate() {
        match ties.last_mut() {
            Some(tie) if values[tie.places[0]] == values[place] => tie.places.push(place),
            _ => ties.push(Tie { start, places: vec![place] }),
        }
    }
    ties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_ranks() {
        assert_eq!(doubled(&[5.0, 1.0, 5.0, 9.0, 0.0, -0.0]), [9, 6, 9, 12, 3, 3]);
        assert_eq!(tie_term(&[5.0, 1.0, 5.0, 9.0, 5.0]), 24.0);
        assert!(doubled(&[]).is_empty());
    }
}

//! The residents in one array, for policies that draw from them.
//!
//! What a policy knows of a resident stands beside its number, so that looking at a sample costs one
//! cache line each. Where each object is in the array is noted in another. The last one takes the
//! place of one that leaves, so the order follows from the history of insertions and removals, never
//! from object numbers.
//!
//! [`Roster::draw`] takes one number from a stream. A [`Sampler`] takes one for a whole sample and
//! makes the rest from it by splitmix64 (Steele, Lea and Flood, Fast splittable pseudorandom number
//! generators, OOPSLA '14), which costs a few cycles where a number of the stream costs tens. Either
//! way a draw is a function of the seed, the name of the stream, and its number.

use cache::{Residents, prefetch};
use trace::ObjectId;
use trace::stream::Stream;

/// The position of an object that is not in.
const ABSENT: u32 = u32::MAX;

/// Objects in an order of no meaning, and something known of each. Each is in it at most once.
#[derive(Debug)]
pub(crate) struct Roster<T = ()> {
    members: Vec<(ObjectId, T)>,
    /// Index in `members` or [`ABSENT`], by object.
    position: Vec<u32>,
}

impl<T> Roster<T> {
    /// Nobody.
    pub(crate) fn new(n_objects: u32) -> Self {
        Roster { members: Vec::new(), position: vec![ABSENT; n_objects as usize] }
    }

    /// How many are in.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether the object is in.
    #[inline]
    pub(crate) fn contains(&self, object: ObjectId) -> bool {
        self.position[object.index()] != ABSENT
    }

    /// What is known of an object that is in.
    #[inline]
    pub(crate) fn get(&self, object: ObjectId) -> &T {
        &self.members[self.position[object.index()] as usize].1
    }

    /// The same, to change it.
    #[inline]
    pub(crate) fn get_mut(&mut self, object: ObjectId) -> &mut T {
        &mut self.members[self.position[object.index()] as usize].1
    }

    /// Fetches the memory of where an object is.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        prefetch(&self.position, object.index());
    }

    /// Fetches the memory of what is known of an object.
    #[inline]
    pub(crate) fn touch_member(&self, object: ObjectId) {
        prefetch(&self.members, self.position[object.index()] as usize);
    }

    /// Adds an object that is not in.
    #[inline]
    pub(crate) fn push(&mut self, object: ObjectId, known: T) {
        self.position[object.index()] = self.members.len() as u32;
        self.members.push((object, known));
    }

    /// Takes out an object that is in.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId) {
        let at = std::mem::replace(&mut self.position[object.index()], ABSENT) as usize;
        self.members.swap_remove(at);
        if let Some((moved, _)) = self.members.get(at) {
            self.position[moved.index()] = at as u32;
        }
    }

    /// One of them, each as likely as any other.
    ///
    /// # Panics
    /// If nobody is in.
    #[inline]
    pub(crate) fn draw(&self, stream: &mut Stream) -> &(ObjectId, T) {
        &self.members[stream.below(self.members.len() as u64) as usize]
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(ObjectId, T)> {
        self.members.iter()
    }

    /// Recomputes the invariants, given what must be in.
    ///
    /// # Panics
    /// If one does not hold: a bug.
    pub(crate) fn check(&self, residents: &Residents) {
        assert_eq!(self.members.len(), residents.len());
        for (at, (object, _)) in self.members.iter().enumerate() {
            assert!(residents.contains(*object));
            assert_eq!(self.position[object.index()] as usize, at);
        }
        let n_positions = self.position.iter().filter(|position| **position != ABSENT).count();
        assert_eq!(n_positions, self.members.len());
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        self.members.capacity() * size_of::<(ObjectId, T)>() + 4 * self.position.len()
    }
}

/// Draws samples of a fixed size, with replacement.
#[derive(Debug)]
pub(crate) struct Sampler {
    stream: Stream,
    /// Samples drawn so far.
    n_samples: u64,
}

impl Sampler {
    /// Sample number n is a function of the seed, the purpose and n.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        Sampler { stream: Stream::new(seed, purpose), n_samples: 0 }
    }

    /// So many members, each as likely as any other.
    ///
    /// # Panics
    /// If nobody is in.
    #[inline]
    pub(crate) fn sample<'a, T>(
        &mut self,
        roster: &'a Roster<T>,
        size: u32,
    ) -> impl Iterator<Item = &'a (ObjectId, T)> + use<'a, T> {
        let mut state = self.stream.bits_at(self.n_samples);
        self.n_samples += 1;
        let n = roster.members.len();
        (0..size).map(move |_| &roster.members[below(splitmix64(&mut state), n)])
    }
}

/// The least of a sample by an order, the first drawn among equals.
///
/// # Panics
/// If there is none.
#[inline]
pub(crate) fn least<'a, T: 'a>(
    sample: impl Iterator<Item = &'a T>,
    is_less: impl Fn(&T, &T) -> bool,
) -> &'a T {
    let least = sample.reduce(|least, other| if is_less(other, least) { other } else { least });
    least.expect("a sample has a member")
}

/// The next of 64-bit numbers that pass for random.
#[inline]
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number below `n` from 64 uniform bits. Bias is below `n` / 2^64.
#[inline]
fn below(bits: u64, n: usize) -> usize {
    ((u128::from(bits) * n as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers for the state 1234567 that implementations of splitmix64 are checked by.
    #[test]
    fn splitmix64_known_answers() {
        let mut state = 1_234_567;
        let got = [(); 3].map(|()| splitmix64(&mut state));
        let known =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(got, known);
    }

    /// 100 members, 1000 samples of 64: 640 draws of each on the average, with a standard deviation
    /// of 25. The sum of squares over 640 has chi-square's mean of 99 and deviation of 14.
    #[test]
    fn members_are_drawn_alike() {
        let mut roster = Roster::new(100);
        (0..100).for_each(|number| roster.push(ObjectId(number), ()));
        let mut sampler = Sampler::new(1, "test");
        let mut drawn = [0u32; 100];
        for _ in 0..1000 {
            sampler.sample(&roster, 64).for_each(|(object, ())| drawn[object.index()] += 1);
        }
        let squares = drawn.map(|n| (f64::from(n) - 640.0).powi(2) / 640.0);
        let chi_square: f64 = squares.iter().sum();
        assert!((50.0..150.0).contains(&chi_square), "{chi_square}");
    }
}

//! LFU with ageing: the fewest uses leave, and all counts are halved when they get large.
//!
//! As in `lfu`, the count starts at 1 on insertion and among equals the object whose last use is
//! longest ago leaves. When the average count of the residents exceeds `max-average`, each count C
//! becomes C / 2, rounded up: so what was popular long ago fades, and objects of close counts come to
//! be told apart by their last use. With `max-average=1` it is LRU, with a large one LFU.
//!
//! O(log n) a request for n residents, a heap. A halving costs O(n log n), and about
//! n × (`max-average` - 1) / 2 hits lie between two.
//!
//! Robinson and Devarakonda age the counts of their FBR so (see `fbr`); Arlitt and others take it for
//! LFU, with a bound on the count of an object that is not here. Neither text was at hand. The
//! threshold is a matter of tuning; 100 is what an implementation of FBR recommends. Sizes play no
//! part, but that victims leave until the object fits.
//!
//! State: 4 bytes an object and 24 a resident.

use cache::prelude::*;

use crate::heap::Heap;

cache::policy! {
    #[doc = "LFU that halves all counts when their average gets large"]
    LfuAging = "lfu-aging" {
        family: Frequency,
        aliases: [],
        paper: ("Arlitt, Cherkasova, Dilley, Friedrich and Jin, Evaluating content management techniques for Web proxy caches", "ACM SIGMETRICS Performance Evaluation Review 27(4), 2000", "10.1145/346000.346003"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Average count of the residents above which all are halved.
    #[schemars(range(min = 1.0))]
    pub max_average: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { max_average: 100.0 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct LfuAging {
    /// By count, then by the time of the last use.
    heap: Heap<(u32, u64)>,
    /// Sum of the counts.
    sum: u64,
    max_average: f64,
}

impl LfuAging {
    #[inline]
    fn age(&mut self) {
        if self.sum as f64 > self.max_average * self.heap.len() as f64 {
            self.halve();
        }
    }

    #[cold]
    fn halve(&mut self) {
        let old: Vec<_> = self.heap.iter().collect();
        self.sum = 0;
        for ((count, last_use), object) in old {
            let count = count.div_ceil(2);
            self.sum += u64::from(count);
            self.heap.change(object, (count, last_use));
        }
    }
}

impl Eviction for LfuAging {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        check_max_average(params.max_average)?;
        let heap = Heap::new(setup.n_objects);
        Ok(LfuAging { heap, sum: 0, max_average: params.max_average })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let (count, _) = self.heap.key(request.object);
        let more = count.saturating_add(1);
        self.sum += u64::from(more - count);
        self.heap.change(request.object, (more, request.seq));
        self.age();
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let least = self.heap.pop().expect("called while something is resident");
        let ((count, _), victim) = least;
        self.sum -= u64::from(count);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.heap.push(request.object, (1, request.seq));
        self.sum += 1;
        self.age();
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.sum -= u64::from(self.heap.key(object).0);
        self.heap.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.heap.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.heap.touch_node(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.heap.check();
        assert_eq!(self.heap.len(), residents.len());
        assert!(self.heap.iter().all(|(_, object)| residents.contains(object)));
        assert_eq!(self.sum, self.heap.iter().map(|((count, _), _)| u64::from(count)).sum::<u64>());
    }

    fn state_bytes(&self) -> usize {
        self.heap.state_bytes()
    }
}

/// Checks the threshold of ageing.
pub(crate) fn check_max_average(max_average: f64) -> Result<(), ParamError> {
    if max_average >= 1.0 {
        Ok(())
    } else {
        Err(ParamError(format!("`max-average` is {max_average}, expected at least 1")))
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// A was used 5 times, more than 2 on the average with B: 3 are left, then 2. Then B's 2 uses are
    /// as many, and later.
    #[test]
    fn what_was_popular_fades() {
        let requests = "A A A A A B B B B C A";
        check_example("lfu-aging:max-average=2", 2, requests, "M H H H H M H H H M M");
        check_example("lfu", 2, requests, "M H H H H M H H H M H");
    }
}

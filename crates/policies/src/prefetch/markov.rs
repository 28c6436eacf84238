//! Markov: after a miss, what was missed next the last times.
//!
//! A table has for each object up to `successors` objects that were missed right after it, last seen
//! first. On a miss all of them are brought in, in that order, and the missed object becomes the first
//! successor of the one missed before it; the last successor gives way. A first use of a prefetched
//! object counts as a miss, since it would be one: in the paper, prefetched data waits in a buffer
//! beside the cache, and the table follows the misses of the cache. O(successors) a request.
//!
//! From memory and the abstract; the paper's text was not at hand. Its table has a few thousand
//! entries, here every object has one. Its prefetch buffer is here the cache itself, so that prefetches
//! take room from others. A miss on the object missed before, which a refused object can give, says
//! nothing and is left out.
//!
//! State: 4 × `successors` bytes an object.

use cache::prelude::*;

use super::check_range;

cache::prefetch! {
    #[doc = "Brings in what was missed next the last times that this object was missed"]
    Markov = "markov" {
        addresses: false,
        aliases: [],
        paper: ("Joseph and Grunwald, Prefetching using Markov predictors", "ISCA '97", "10.1145/264107.264207"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Successors remembered of an object, 1 to 64.
    #[schemars(range(min = 1, max = 64))]
    pub successors: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { successors: 4 }
    }
}

/// No object.
const NOBODY: ObjectId = ObjectId(u32::MAX);

/// The prefetcher.
#[derive(Debug)]
pub struct Markov {
    successors: usize,
    /// Row after row by object, last seen first, then [`NOBODY`].
    table: Vec<ObjectId>,
    last: ObjectId,
}

impl Markov {
    fn row(&mut self, object: ObjectId) -> &mut [ObjectId] {
        let start = object.index() * self.successors;
        &mut self.table[start..start + self.successors]
    }
}

impl Prefetch for Markov {
    type Params = Params;

    fn new(setup: &Setup, params: &Params, _addresses: Addresses) -> Result<Self, ParamError> {
        check_range("successors", params.successors, 64)?;
        let successors = params.successors as usize;
        let table = vec![NOBODY; setup.n_objects as usize * successors];
        Ok(Markov { successors, table, last: NOBODY })
    }

    fn on_request(&mut self, request: &Request, outcome: Outcome, want: &mut Vec<ObjectId>) {
        let object = request.object;
        if outcome == Outcome::Hit || object == self.last {
            return;
        }
        let last = std::mem::replace(&mut self.last, object);
        if last != NOBODY {
            let row = self.row(last);
            let at = row.iter().position(|other| *other == object).unwrap_or(row.len() - 1);
            row[..=at].rotate_right(1);
            row[0] = object;
        }
        want.extend(self.row(object).iter().take_while(|other| **other != NOBODY));
    }

    fn state_bytes(&self) -> usize {
        4 * self.table.len()
    }
}

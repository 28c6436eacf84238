use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, share, take, weight};
use crate::eviction::lirs2::Params;

/// A use of an object, by the time of it.
type Use = (u64, ObjectId);

/// S, its oldest use first; LIR objects; Q with its oldest first; and of each object ever seen the
/// times of its last use and of the last but one, which is made up at first, and its size.
pub(crate) struct NaiveLirs2 {
    capacity: u64,
    lir_share: u64,
    limit: u64,
    now: u64,
    s: Vec<Use>,
    lir: Vec<Entry>,
    q: Vec<Entry>,
    seen: Vec<Seen>,
    last: Option<ObjectId>,
}

struct Seen {
    object: ObjectId,
    size: u64,
    last: u64,
    last_but_one: u64,
    twice: bool,
}

impl NaiveLirs2 {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let hir_share = share(capacity, params.hir_ratio).max(4).min(capacity);
        NaiveLirs2 {
            capacity,
            lir_share: capacity - hir_share,
            limit: capacity * u64::from(params.stack_limit),
            now: 0,
            s: vec![],
            lir: vec![],
            q: vec![],
            seen: vec![],
            last: None,
        }
    }

    fn seen(&mut self, object: ObjectId) -> &mut Seen {
        self.seen.iter_mut().find(|seen| seen.object == object).unwrap()
    }

    fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    /// Whether the last use but one was a real one, and in S.
    fn note(&mut self, object: ObjectId, size: u64) -> bool {
        if !self.seen.iter().any(|seen| seen.object == object) {
            let (last_but_one, last) = (self.tick(), self.tick());
            self.seen.push(Seen { object, size, last, last_but_one, twice: false });
            self.s.extend([(last_but_one, object), (last, object)]);
            return false;
        }
        let now = self.tick();
        let seen = self.seen(object);
        let was_twice = seen.twice;
        let out = seen.last_but_one;
        seen.size = size;
        seen.last_but_one = seen.last;
        seen.last = now;
        seen.twice = true;
        let n_uses = self.s.len();
        self.s.retain(|(time, _)| *time != out);
        let was_in_s = self.s.len() < n_uses;
        self.s.push((now, object));
        was_in_s && was_twice
    }

    fn prune(&mut self) {
        while let Some((time, object)) = self.s.first().copied() {
            if contains(&self.lir, object) && self.seen(object).last_but_one == time {
                break;
            }
            self.s.remove(0);
        }
    }

    fn bound(&mut self) {
        loop {
            let uses = self.s.clone();
            if uses.iter().map(|(_, object)| self.seen(*object).size).sum::<u64>() <= self.limit {
                break;
            }
            let at = uses.iter().position(|(_, object)| !contains(&self.lir, *object)).unwrap();
            self.s.remove(at);
        }
    }

    fn demote(&mut self) {
        self.prune();
        let (_, object) = self.s.remove(0);
        self.q.push(take(&mut self.lir, object).unwrap());
        self.prune();
    }

    fn enter(&mut self, entry: Entry, as_lir: bool) {
        if as_lir {
            self.lir.push(entry);
            while weight(&self.lir) > self.lir_share {
                self.demote();
            }
        } else {
            self.q.push(entry);
        }
    }
}

impl Naive for NaiveLirs2 {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        let hit = contains(&self.lir, object) || contains(&self.q, object);
        if self.last.replace(object) == Some(object) && hit {
            return true;
        }
        if let Some((_, size)) = take(&mut self.q, object) {
            let short = self.note(object, size);
            self.enter((object, size), short);
        } else if hit {
            let size = self.seen(object).size;
            self.note(object, size);
        } else {
            if size > self.capacity {
                return false;
            }
            while weight(&self.lir) + weight(&self.q) + size > self.capacity {
                if self.q.is_empty() {
                    self.demote();
                }
                self.q.remove(0);
            }
            let new = !self.seen.iter().any(|seen| seen.object == object);
            let fits = new && weight(&self.lir) + size <= self.lir_share;
            let short = self.note(object, size);
            self.enter((object, size), fits || short);
        }
        self.prune();
        self.bound();
        hit
    }

    fn remove(&mut self, object: ObjectId) {
        if take(&mut self.lir, object).or_else(|| take(&mut self.q, object)).is_some() {
            self.s.retain(|(_, there)| *there != object);
            self.seen.retain(|seen| seen.object != object);
            self.prune();
        }
    }
}

use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::sieve::Params;

struct Node {
    object: ObjectId,
    size: u64,
    visited: bool,
}

/// The paper's list, tail first, with its hand.
pub(crate) struct NaiveSieve {
    capacity: u64,
    list: Vec<Node>,
    hand: Option<usize>,
}

impl NaiveSieve {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveSieve { capacity, list: Vec::new(), hand: None }
    }

    fn evict(&mut self) {
        let mut at = self.hand.unwrap_or(0);
        while self.list[at].visited {
            self.list[at].visited = false;
            at = (at + 1) % self.list.len();
        }
        self.list.remove(at);
        // The neighbour towards the head, if there is one.
        self.hand = (at < self.list.len()).then_some(at);
    }
}

impl Naive for NaiveSieve {
    fn request(&mut self, request: &Request) -> bool {
        if let Some(node) = self.list.iter_mut().find(|node| node.object == request.object) {
            node.visited = true;
            return true;
        }
        if request.size <= self.capacity {
            let used = |list: &[Node]| list.iter().map(|node| node.size).sum::<u64>();
            while used(&self.list) + request.size > self.capacity {
                self.evict();
            }
            self.list.push(Node { object: request.object, size: request.size, visited: false });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        let Some(at) = self.list.iter().position(|node| node.object == object) else { return };
        self.list.remove(at);
        self.hand = self
            .hand
            .map(|hand| if at < hand { hand - 1 } else { hand })
            .filter(|hand| *hand < self.list.len());
    }
}

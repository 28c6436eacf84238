use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, share, take, weight};
use crate::eviction::two_q::{Params, Rules, Version};

/// Lists with their oldest first.
pub(crate) struct NaiveTwoQ {
    capacity: u64,
    k_in: u64,
    k_out: u64,
    paper: bool,
    simplified: bool,
    am: Vec<Entry>,
    a1_in: Vec<Entry>,
    a1_out: Vec<Entry>,
}

impl NaiveTwoQ {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveTwoQ {
            capacity,
            k_in: share(capacity, params.in_ratio).max(1),
            k_out: match params.version {
                Version::Full => share(capacity, params.out_ratio),
                Version::Simplified => 0,
            },
            simplified: params.version == Version::Simplified,
            paper: params.rules == Rules::Paper,
            am: Vec::new(),
            a1_in: Vec::new(),
            a1_out: Vec::new(),
        }
    }

    fn evict(&mut self) {
        if weight(&self.a1_in) > self.k_in || self.am.is_empty() {
            let oldest = self.a1_in.remove(0);
            if oldest.1 <= self.k_out {
                self.a1_out.push(oldest);
            }
            while weight(&self.a1_out) > self.k_out {
                self.a1_out.remove(0);
            }
        } else {
            self.am.remove(0);
        }
    }
}

impl Naive for NaiveTwoQ {
    fn request(&mut self, request: &Request) -> bool {
        if contains(&self.a1_in, request.object) {
            if self.simplified {
                self.am.extend(take(&mut self.a1_in, request.object));
            }
            return true;
        }
        if let Some(entry) = take(&mut self.am, request.object) {
            self.am.push(entry);
            return true;
        }
        let known = contains(&self.a1_out, request.object);
        if !self.paper {
            take(&mut self.a1_out, request.object);
        }
        if request.size > self.capacity || (!self.paper && request.size > self.k_in) {
            return false;
        }
        while weight(&self.a1_in) + weight(&self.am) + request.size > self.capacity {
            self.evict();
        }
        if known {
            take(&mut self.a1_out, request.object);
            while !self.paper
                && !self.am.is_empty()
                && weight(&self.am) + request.size > self.capacity - self.k_in
            {
                self.am.remove(0);
            }
            self.am.push((request.object, request.size));
        } else {
            self.a1_in.push((request.object, request.size));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.am, object);
        take(&mut self.a1_in, object);
    }
}

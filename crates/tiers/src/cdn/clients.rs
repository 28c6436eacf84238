//! Who asks, and from where.
//!
//! A client keeps its region and all its draws. Where the trace has a region, that holds. Where it
//! has none, a client's region is drawn once by the regions' shares. Where it has no clients, every
//! request counts as a client of its own: popularity is then the same everywhere and copies are
//! spread as widely as they can be. Drawing once an object instead would send each object to one
//! place only, which would hide that several caches hold the same thing.

use std::collections::BTreeMap;

use trace::stream::Stream;
use trace::{Keys, Labels, ObjectId, Trace};

use super::spec::{CdnError, CdnSpec, names};
use crate::Ask;

/// A client, as far as its routing is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    /// What all its draws are made with.
    pub(super) key: u64,
    /// Number of its region, in the order of their names.
    pub(super) region: usize,
}

/// Tells clients from requests.
#[derive(Debug)]
pub(super) struct Clients {
    named: bool,
    /// The client that stands for requests without one.
    nameless: Option<u32>,
    /// The region that each one of the trace is; `None` for that of requests without one.
    regions: Option<Vec<Option<usize>>>,
    draws: Stream,
    /// Sums of the regions' shares.
    cumulative: Vec<f64>,
}

impl Clients {
    /// # Errors
    /// If the trace has a region of another name, or two regions have one label.
    pub(super) fn new(spec: &CdnSpec, trace: &Trace, seed: u64) -> Result<Self, CdnError> {
        let columns = trace.columns();
        let regions = columns.region.as_ref().map(|labels| recognise(spec, labels)).transpose()?;
        let mut total = 0.0;
        let add = |share| {
            total += share;
            total
        };
        Ok(Clients {
            named: columns.client.is_some(),
            nameless: columns.client.as_ref().and_then(nameless),
            regions,
            draws: Stream::new(seed, "region of client"),
            cumulative: spec.regions.values().map(|region| region.share).map(add).collect(),
        })
    }

    #[inline]
    pub(super) fn of(&self, ask: &Ask) -> Client {
        let key = if self.named && self.nameless != Some(ask.client) {
            u64::from(ask.client)
        } else {
            // Above all clients' numbers.
            (1 << 32) + ask.request
        };
        let recorded = self.regions.as_ref().and_then(|known| known[ask.region as usize]);
        Client { key, region: recorded.unwrap_or_else(|| self.drawn(key)) }
    }

    fn drawn(&self, key: u64) -> usize {
        let last = self.cumulative.len() - 1;
        let at = self.draws.uniform_at(key) * self.cumulative[last];
        self.cumulative.partition_point(|sum| *sum <= at).min(last)
    }
}

/// The region that each label of the trace means.
fn recognise(spec: &CdnSpec, labels: &Labels) -> Result<Vec<Option<usize>>, CdnError> {
    let mut known = BTreeMap::new();
    for (number, (name, region)) in spec.regions.iter().enumerate() {
        for label in std::iter::once(name).chain(&region.labels) {
            if known.insert(label.as_str(), number).is_some() {
                return Err(CdnError(format!("regions: `{label}` is the label of two regions")));
            }
        }
    }
    (0..labels.names.len() as u32)
        .map(|id| {
            let label = labels.names.label(ObjectId(id));
            match known.get(label.as_ref()) {
                Some(number) => Ok(Some(*number)),
                None if label.is_empty() => Ok(None),
                None => Err(CdnError(format!(
                    "the trace has requests from `{label}`, which is none of the regions {}; \
                     add it to the `labels` of one",
                    names(spec.regions.keys())
                ))),
            }
        })
        .collect()
}

fn nameless(labels: &Labels) -> Option<u32> {
    let Keys::Text(names) = &labels.names else { return None };
    (0..names.len() as u32).find(|id| names.get(*id).is_empty())
}

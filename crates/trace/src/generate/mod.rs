//! Made-up traces from a [`Recipe`]: known laws of popularity, time and size, for benchmarks, for
//! tests against theory, and for workloads nobody may publish.
//!
//! A generated trace says so (`generated: NAME` is its format) and is as good as its laws: requests
//! of a zipf source are independent, so such a trace has none of the temporal locality of a real
//! one beyond popularity, and results on it do not carry over by themselves.
//!
//! All randomness comes from named streams of one seed, each source and purpose its own, so
//! changing one source leaves the draws of the others alone. The same recipe and seed give the same
//! trace, bit for bit, on every machine: the logarithms behind Zipf ranks, gaps and sizes come from
//! the `libm` crate, not from the platform's library, whose last bit differs between platforms.
//!
//! ```
//! let recipe = trace::generate::Recipe::from_toml(r#"
//!     schema = 1
//!     name = "small"
//!     seed = 7
//!     [source.user]
//!     access.zipf = { objects = 100, exponent = 0.9 }
//!     key = "user:{}"
//!     [[phase]]
//!     requests = 1_000
//!     mix = { user = 1 }
//! "#, "small.toml")?;
//! let trace = trace::generate::generate(&recipe, None)?;
//! assert_eq!(trace.n_requests(), 1000);
//! # Ok::<(), trace::Error>(())
//! ```

mod access;
mod arrivals;
mod check;
mod date;
mod law;
mod mix;
mod recipe;
mod requests;
mod zipf;

pub use arrivals::TimeLaw;
pub use date::Date;
pub use law::Law;
pub use recipe::{Access, Drift, FlashCrowd, Operations, Phase, Recipe, Segment, Source};

use std::io::Write as _;

use crate::builder::{Has, Row, TraceBuilder};
use crate::error::Error;
use crate::interner::{Full, Key};
use crate::stream::Stream;
use crate::trace::{Clock, NO_TTL, Op, Trace};
use crate::units::{Bytes, Nanos, thousands};
use requests::{Draft, Requests};

/// Makes the trace of `recipe`, with `seed` instead of the recipe's own if given.
///
/// # Errors
/// [`Error::Invalid`] if the recipe makes no sense or its requests do not fit in memory, [`Error::TooManyObjects`] if it asks for more
/// distinct objects than there are ids.
pub fn generate(recipe: &Recipe, seed: Option<u64>) -> Result<Trace, Error> {
    recipe.check()?;
    let seed = seed.unwrap_or(recipe.seed);
    let has = columns(recipe);
    let mut builder = TraceBuilder::new(has);
    builder.report.format = format!("generated: {}", recipe.name);
    if let Some(time) = &recipe.time {
        let epoch = Some(time.start.unix_ns());
        builder.set_clock(Clock { resolution_ns: 1, epoch_unix_ns: epoch });
    }
    reserve(&mut builder, recipe)?;
    let requests = Requests::new(recipe, seed);
    let numbers_only = recipe.sources.values().all(|source| source.key.is_none());
    let filled = if has == Has::default() && numbers_only {
        fill_with_numbers(&mut builder, requests, recipe.n_requests())
    } else {
        fill_with_rows(&mut builder, requests, recipe, seed)
    };
    filled.map_err(|Full| Error::TooManyObjects { file: recipe.name.clone() })?;
    builder.finish(&recipe.name, &recipe.name)
}

/// Room for all requests, before any work is done.
fn reserve(builder: &mut TraceBuilder, recipe: &Recipe) -> Result<(), Error> {
    let n = recipe.n_requests();
    let reserved = usize::try_from(n).is_ok_and(|n| builder.reserve(n).is_ok());
    if reserved {
        return Ok(());
    }
    Err(Error::Invalid {
        what: format!("{}: phase: there is no memory for {} requests", recipe.name, thousands(n)),
        note: Some("make fewer requests, or leave out columns".into()),
    })
}

/// Which columns the recipe makes.
fn columns(recipe: &Recipe) -> Has {
    let any = |has: fn(&Source) -> bool| recipe.sources.values().any(has);
    Has {
        time: recipe.time.is_some(),
        size: recipe.size.is_some() || any(|source| source.size.is_some()),
        op: recipe.operations.is_some() || any(|source| source.operations.is_some()),
        client: !recipe.segments.is_empty(),
        region: recipe.segments.values().any(|segment| segment.region.is_some()),
        ttl: recipe.ttl.is_some() || any(|source| source.ttl.is_some()),
        miss_penalty: false,
    }
}

/// The fast path: objects only, in blocks.
fn fill_with_numbers(
    builder: &mut TraceBuilder,
    mut requests: Requests<'_>,
    n_requests: u64,
) -> Result<(), Full> {
    let mut block = [0; 1024];
    let mut left = n_requests as usize;
    while left > 0 {
        let n = left.min(block.len());
        block[..n].fill_with(|| requests.next().number);
        builder.extend_ints(&block[..n])?;
        left -= n;
    }
    Ok(())
}

/// All columns, row by row.
fn fill_with_rows(
    builder: &mut TraceBuilder,
    mut requests: Requests<'_>,
    recipe: &Recipe,
    seed: u64,
) -> Result<(), Full> {
    let writers: Vec<_> = recipe.sources.values().map(|s| Writer::new(recipe, s, seed)).collect();
    let segments: Vec<_> = recipe.segments.iter().collect();
    let operating = Stream::new(seed, "generate/operations");
    let (mut key, mut client) = (Vec::new(), Vec::new());
    for i in 0..recipe.n_requests() {
        let draft = requests.next();
        let mut row = writers[draft.source].row(&draft, operating.uniform_at(i), &mut key);
        if let Some((name, segment)) = segments.get(draft.segment) {
            client.clear();
            write!(client, "{name}-{}", draft.client).expect("a Vec takes what is written");
            row.client = &client;
            row.region = segment.region.as_deref().unwrap_or_default().as_bytes();
        }
        builder.push(&row)?;
    }
    Ok(())
}

/// Turns drafts of one source into rows.
struct Writer<'a> {
    /// Text before and after the number of a key.
    key: Option<(&'a str, &'a str)>,
    size: Law<Bytes>,
    sizing: Stream,
    ttl: Option<Law<Nanos>>,
    living: Stream,
    operations: Operations,
}

impl<'a> Writer<'a> {
    fn new(recipe: &Recipe, source: &'a Source, seed: u64) -> Self {
        // Named by the key pattern, not by the source: sources that share objects share sizes.
        let pattern = source.key.as_deref().unwrap_or("{}");
        let none = Operations { set: 0.0, delete: 0.0 };
        Writer {
            key: source.key.as_deref().and_then(|key| key.split_once("{}")),
            size: source.size.or(recipe.size).unwrap_or(Law::Constant(Bytes(1))),
            sizing: Stream::new(seed, &format!("generate/size/{pattern}")),
            ttl: source.ttl.or(recipe.ttl),
            living: Stream::new(seed, &format!("generate/ttl/{pattern}")),
            operations: source.operations.or(recipe.operations).unwrap_or(none),
        }
    }

    /// The row of a draft; `u` in [0, 1) decides the operation, `text` is room for the key.
    fn row<'b>(&self, draft: &Draft, u: f64, text: &'b mut Vec<u8>) -> Row<'b> {
        let key = match self.key {
            None => Key::Int(draft.number),
            Some((before, after)) => {
                text.clear();
                write!(text, "{before}{}{after}", draft.number).expect("a Vec takes all");
                Key::Text(text)
            }
        };
        Row {
            time_ns: draft.time_ns,
            size: self.size.at(&self.sizing, draft.number),
            op: self.op(u),
            ttl_ns: self.ttl.map_or(NO_TTL, |ttl| ttl.at(&self.living, draft.number)),
            ..Row::of(key)
        }
    }

    fn op(&self, u: f64) -> Op {
        let Operations { set, delete } = self.operations;
        if u < set {
            Op::Set
        } else if u < set + delete {
            Op::Delete
        } else {
            Op::Get
        }
    }
}

#[cfg(test)]
mod tests;

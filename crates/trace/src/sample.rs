//! Parts of a trace: some of its objects, some of its clients, or a stretch of it.
//!
//! Sampling by object is spatial hash sampling, as in SHARDS (Waldspurger, Park, Garthwaite and
//! Ahmad: "Efficient MRC construction with SHARDS", FAST '15): an object is kept if the hash of its
//! key is below the rate, so all of its requests are kept or none are. A cache of capacity C on the
//! whole trace is then stood for by one of capacity rate x C on the sample.
//!
//! Whether an object is kept depends on its key, the rate and the seed alone: the same object is
//! kept in every trace that has it, and a sample at a lower rate is part of one at a higher rate.
//!
//! **Bias.** The few hottest objects carry much of the traffic, and each is either in the sample or
//! not. A 10 % sample of a Zipf trace usually lacks most of them, so that its hit ratio is off by
//! several points whatever the number of requests; compare strategies on the same sample, correct
//! for the expected number of requests as SHARDS-adj does, and take objects, not requests, as the
//! units of any error bar. A sample of clients keeps each client's behaviour and all hot objects,
//! but less of the sharing between clients.
//!
//! Samples keep every column, keys, names and the clock: trace time 0 is what it was in the whole
//! trace, so stretches can be compared with it. Objects, clients and regions are numbered anew.
//! A sample without a request is [`Error::Empty`]; a rate outside (0, 1], a range that is not within
//! the trace, or a missing column is [`Error::Invalid`].

use std::borrow::Cow;
use std::ops::Range;

use crate::error::Error;
use crate::stream::Stream;
use crate::trace::{Columns, Keys, Labels, ObjectId, Sizes, TextKeys, Trace};
use crate::units::Nanos;

/// The requests for about a share `rate` of the objects, chosen by their keys (by their ids if the
/// trace has no keys).
///
/// ```
/// let whole = trace::Trace::from_numbers("t", (0..1000).chain(0..1000));
/// let part = trace::sample::by_object(&whole, 0.1, 1)?;
/// assert_eq!(part.n_requests(), 2 * part.n_objects() as usize);
/// # Ok::<(), trace::Error>(())
/// ```
pub fn by_object(trace: &Trace, rate: f64, seed: u64) -> Result<Trace, Error> {
    check_rate(rate)?;
    let kept = chosen(trace.columns().keys.as_ref(), trace.n_objects() as usize, rate, seed);
    let keep = trace.objects().iter().map(|object| kept[object.index()]);
    selected(trace, keep, &format!("objects at rate {rate}, seed {seed}"))
}

/// The requests of about a share `rate` of the clients, chosen by their names.
pub fn by_client(trace: &Trace, rate: f64, seed: u64) -> Result<Trace, Error> {
    check_rate(rate)?;
    let Some(client) = &trace.columns().client else {
        return Err(missing(trace, "clients", "sample by object instead"));
    };
    let kept = chosen(Some(&client.names), client.names.len(), rate, seed);
    let keep = client.ids.iter().map(|id| kept[*id as usize]);
    selected(trace, keep, &format!("clients at rate {rate}, seed {seed}"))
}

/// The requests from trace time `from` up to, but not including, `to`.
pub fn by_time(trace: &Trace, from: Nanos, to: Nanos) -> Result<Trace, Error> {
    let Some(times) = &trace.columns().time_ns else {
        return Err(missing(trace, "time", "sample by request index instead"));
    };
    if from >= to {
        return Err(Error::invalid(format!("the time from {from} to {to} is empty")));
    }
    let before = |end: Nanos| times.partition_point(|time| *time < end.0);
    stretch(trace, before(from)..before(to), &format!("from {from} to {to}"))
}

/// The requests with these indices, counted from 0.
pub fn by_index(trace: &Trace, range: Range<usize>) -> Result<Trace, Error> {
    let (start, end, n) = (range.start, range.end, trace.n_requests());
    if start >= end || end > n {
        let what = format!("requests {start}..{end} are not a stretch of a trace of {n}");
        return Err(Error::invalid(what));
    }
    stretch(trace, range, &format!("requests {start}..{end}"))
}

/// The requests to `keep`, one answer a request; `what` says in the sample's format how they were chosen.
/// For parts of a trace that are chosen otherwise than by the functions above.
pub fn selected(
    trace: &Trace,
    keep: impl Iterator<Item = bool>,
    what: &str,
) -> Result<Trace, Error> {
    let rows: Vec<usize> = keep.enumerate().filter_map(|(i, keep)| keep.then_some(i)).collect();
    if rows.is_empty() {
        let note =
            Some(format!("a sample of {what} keeps none of {} requests", trace.n_requests()));
        return Err(Error::Empty { file: trace.name().to_string(), note });
    }
    let mut report = trace.report().clone();
    report.format = format!("{}, sample: {what}", report.format);
    let columns = gather(trace.columns(), trace.n_objects(), &rows);
    Ok(Trace::new(trace.name(), columns, report).expect("a part of a trace keeps its rules"))
}

fn check_rate(rate: f64) -> Result<(), Error> {
    if rate > 0.0 && rate <= 1.0 {
        return Ok(());
    }
    Err(Error::invalid(format!("a sampling rate must be above 0 and at most 1, got {rate}")))
}

fn missing(trace: &Trace, what: &str, note: &str) -> Error {
    let what = format!("{}: the trace does not say {what}", trace.name());
    Error::Invalid { what, note: Some(note.to_string()) }
}

/// For every object, the number in [0, 1) that a sample compares with its rate: [`by_object`] keeps
/// those below it. For those who choose a sample otherwise, such as by its size.
pub fn places(trace: &Trace, seed: u64) -> Vec<f64> {
    placed(trace.columns().keys.as_ref(), trace.n_objects() as usize, seed).collect()
}

/// For every client, the number that [`by_client`] compares with its rate; `None` if the trace does not say
/// who asked.
pub fn client_places(trace: &Trace, seed: u64) -> Option<Vec<f64>> {
    let names = &trace.columns().client.as_ref()?.names;
    Some(placed(Some(names), names.len(), seed).collect())
}

/// For every client, 64 bits that depend on its name alone; `None` if the trace does not say who asked.
pub fn client_hashes(trace: &Trace) -> Option<Vec<u64>> {
    let names = &trace.columns().client.as_ref()?.names;
    Some(hashes(Some(names), names.len()).collect())
}

/// For every object, 64 bits that depend on its key alone (on its id if the trace has no keys): the same
/// in every trace that has it. Samples are chosen by other bits, so these are spread evenly in them, too.
pub fn key_hashes(trace: &Trace) -> impl Iterator<Item = u64> {
    hashes(trace.columns().keys.as_ref(), trace.n_objects() as usize)
}

/// Which of `n` named things a sample keeps.
fn chosen(names: Option<&Keys>, n: usize, rate: f64, seed: u64) -> Vec<bool> {
    placed(names, n, seed).map(|place| place < rate).collect()
}

/// Where the hash of their names puts `n` things, from 0 to 1.
fn placed(names: Option<&Keys>, n: usize, seed: u64) -> impl Iterator<Item = f64> {
    let stream = Stream::new(seed, "sample");
    hashes(names, n).map(move |hash| stream.uniform_at(hash))
}

fn hashes(names: Option<&Keys>, n: usize) -> impl Iterator<Item = u64> {
    (0..n as u32).map(move |id| match names {
        Some(names) => hash(&bytes(names, ObjectId(id))),
        None => hash(id.to_string().as_bytes()),
    })
}

/// A key as bytes: the same whether it is stored as a number or as text.
fn bytes(keys: &Keys, object: ObjectId) -> Cow<'_, [u8]> {
    match keys {
        Keys::Text(keys) => keys.get(object.0).into(),
        numbers => numbers.label(object).into_owned().into_bytes().into(),
    }
}

fn hash(text: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&blake3::hash(text).as_bytes()[..8]);
    u64::from_le_bytes(word)
}

fn stretch(trace: &Trace, range: Range<usize>, what: &str) -> Result<Trace, Error> {
    selected(trace, (0..trace.n_requests()).map(|i| range.contains(&i)), what)
}

/// The columns of the requests `rows`, which are in order.
fn gather(columns: &Columns, n_objects: u32, rows: &[usize]) -> Columns {
    let objects = rows.iter().map(|i| columns.object[*i].0);
    let (object, originals) = renumber(objects, n_objects as usize);
    Columns {
        object: object.into_iter().map(ObjectId).collect(),
        time_ns: pick(&columns.time_ns, rows),
        size: columns.size.as_ref().map(|sizes| pick_sizes(sizes, rows)),
        op: pick(&columns.op, rows),
        client: columns.client.as_ref().map(|labels| pick_labels(labels, rows)),
        region: columns.region.as_ref().map(|labels| pick_labels(labels, rows)),
        ttl_ns: pick(&columns.ttl_ns, rows),
        miss_penalty: pick(&columns.miss_penalty, rows),
        keys: columns.keys.as_ref().map(|keys| pick_keys(keys, &originals)),
        clock: columns.clock,
    }
}

/// `ids` (all below `n`) numbered by first appearance, and the original of each new number.
fn renumber(ids: impl Iterator<Item = u32>, n: usize) -> (Vec<u32>, Vec<u32>) {
    const UNSEEN: u32 = u32::MAX;
    let mut number = vec![UNSEEN; n];
    let mut originals = Vec::new();
    let ids = ids.map(|id| {
        let slot = &mut number[id as usize];
        if *slot == UNSEEN {
            *slot = originals.len() as u32;
            originals.push(id);
        }
        *slot
    });
    (ids.collect(), originals)
}

fn pick<T: Copy>(column: &Option<Vec<T>>, rows: &[usize]) -> Option<Vec<T>> {
    column.as_ref().map(|column| rows.iter().map(|i| column[*i]).collect())
}

fn pick_sizes(sizes: &Sizes, rows: &[usize]) -> Sizes {
    let mut picked = Sizes::Narrow(Vec::with_capacity(rows.len()));
    rows.iter().for_each(|i| picked.push(sizes.get(*i)));
    picked
}

fn pick_labels(labels: &Labels, rows: &[usize]) -> Labels {
    let ids = rows.iter().map(|i| labels.ids[*i]);
    let (ids, originals) = renumber(ids, labels.names.len());
    Labels { ids, names: pick_keys(&labels.names, &originals) }
}

fn pick_keys(keys: &Keys, ids: &[u32]) -> Keys {
    match keys {
        Keys::Ints(keys) => Keys::Ints(ids.iter().map(|id| keys[*id as usize]).collect()),
        Keys::Pairs(keys) => Keys::Pairs(ids.iter().map(|id| keys[*id as usize]).collect()),
        Keys::Text(keys) => {
            let mut picked = TextKeys::default();
            ids.iter().for_each(|id| picked.push(keys.get(*id)));
            Keys::Text(picked)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::builder::{Has, Row, TraceBuilder};
    use crate::interner::Key;
    use crate::report::ReadReport;

    fn labels(trace: &Trace) -> BTreeSet<String> {
        let keys = trace.columns().keys.as_ref().unwrap();
        (0..trace.n_objects()).map(|id| keys.label(ObjectId(id)).into_owned()).collect()
    }

    /// A trace with all columns: key `k<n % 50>`, client `c<n % 7>`, a stamp every 10 ns from 0.
    fn full() -> Trace {
        let all = Has {
            time: true,
            size: true,
            op: true,
            client: true,
            region: true,
            ttl: true,
            miss_penalty: true,
        };
        let mut builder = TraceBuilder::new(all);
        for n in 0..1000u64 {
            let (key, client) = (format!("k{}", n % 50), format!("c{}", n % 7));
            let row = Row {
                time_ns: 10 * n,
                size: n + 1,
                client: client.as_bytes(),
                region: &client.as_bytes()[..1],
                ttl_ns: n,
                miss_penalty: n as u32,
                ..Row::of(Key::Text(key.as_bytes()))
            };
            builder.push(&row).unwrap();
        }
        builder.finish("t", "t").unwrap()
    }

    #[test]
    fn an_object_is_kept_whole_and_wherever_it_occurs() {
        let forth = Trace::from_numbers("t", (0..2000).chain(0..2000));
        let back = Trace::from_numbers("t", (0..4000).rev());
        let (forth, back) = (by_object(&forth, 0.2, 1).unwrap(), by_object(&back, 0.2, 1).unwrap());
        assert_eq!(forth.n_requests(), 2 * forth.n_objects() as usize);
        assert!(labels(&forth).is_subset(&labels(&back)));
        assert!((forth.n_objects() as i32 - 400).abs() < 60, "{}", forth.n_objects());
    }

    #[test]
    fn numbers_stored_as_text_are_the_same_objects() {
        let numbers = Trace::from_numbers("t", 0..500);
        let mut builder = TraceBuilder::new(Has::default());
        builder.push(&Row::of(Key::Text(b"text"))).unwrap();
        for n in 0..500 {
            builder.push(&Row::of(Key::Int(n))).unwrap();
        }
        let text = builder.finish("t", "t").unwrap();
        let mut of_text = labels(&by_object(&text, 0.3, 5).unwrap());
        of_text.remove("text");
        assert_eq!(labels(&by_object(&numbers, 0.3, 5).unwrap()), of_text);
    }

    #[test]
    fn samples_nest_and_seeds_differ() {
        let trace = Trace::from_numbers("t", 0..1000);
        let at = |rate, seed| labels(&by_object(&trace, rate, seed).unwrap());
        assert!(at(0.05, 1).is_subset(&at(0.3, 1)));
        assert_ne!(at(0.3, 1), at(0.3, 2));
        assert_eq!(at(1.0, 1).len(), 1000);
    }

    #[test]
    fn clients_are_kept_whole() {
        let whole = full();
        let part = by_client(&whole, 0.5, 2).unwrap();
        let clients = part.columns().client.as_ref().unwrap();
        assert!((1..7).contains(&clients.names.len()));
        let n = part.n_requests() as f64 / clients.names.len() as f64;
        assert!((142.0..=143.0).contains(&n), "{n}");
    }

    #[test]
    fn a_stretch_keeps_all_columns_as_they_were() {
        let whole = full();
        let part = by_time(&whole, Nanos(100), Nanos(200)).unwrap();
        let columns = part.columns();
        assert_eq!(
            columns.time_ns.as_ref().unwrap()[..],
            [100, 110, 120, 130, 140, 150, 160, 170, 180, 190]
        );
        assert_eq!((part.size(0), columns.ttl_ns.as_ref().unwrap()[0]), (11, 10));
        assert_eq!(columns.miss_penalty.as_ref().unwrap()[9], 19);
        assert_eq!(columns.keys.as_ref().unwrap().label(ObjectId(0)), "k10");
        let client = columns.client.as_ref().unwrap();
        assert_eq!(client.names.label(ObjectId(client.ids[0])), "c3");
        assert_eq!(columns.clock, whole.columns().clock);
        assert_eq!(by_index(&whole, 10..20).unwrap().digest(), part.digest());
        assert_eq!(by_index(&whole, 0..1000).unwrap().digest(), whole.digest());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let trace = Trace::from_numbers("t", 0..10);
        for rate in [0.0, -1.0, 1.1, f64::NAN] {
            assert!(matches!(by_object(&trace, rate, 1), Err(Error::Invalid { .. })));
        }
        assert!(matches!(by_object(&trace, 1e-9, 1), Err(Error::Empty { .. })));
        assert!(matches!(by_client(&trace, 0.5, 1), Err(Error::Invalid { .. })));
        assert!(matches!(by_time(&trace, Nanos(0), Nanos(1)), Err(Error::Invalid { .. })));
        assert!(matches!(by_time(&full(), Nanos(5), Nanos(5)), Err(Error::Invalid { .. })));
        assert!(matches!(
            by_time(&full(), Nanos(1 << 60), Nanos(1 << 61)),
            Err(Error::Empty { .. })
        ));
        for range in [3..3, 5..11] {
            assert!(matches!(by_index(&trace, range), Err(Error::Invalid { .. })));
        }
    }

    #[test]
    fn a_trace_without_keys_is_sampled_by_id() {
        let mut columns = Trace::from_numbers("t", 0..100).into_columns();
        columns.keys = None;
        let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
        let part = by_object(&trace, 0.5, 1).unwrap();
        assert!((30..70).contains(&part.n_objects()) && part.columns().keys.is_none());
    }

    proptest! {
        #[test]
        fn requests_keep_their_order_and_keys(
            numbers in prop::collection::vec(0..100u64, 1..300),
            rate in 0.05..1.0f64,
        ) {
            let whole = Trace::from_numbers("t", numbers.iter().copied());
            let Ok(part) = by_object(&whole, rate, 1) else { return Ok(()) };
            let kept = labels(&part);
            let expected: Vec<String> =
                numbers.iter().map(u64::to_string).filter(|n| kept.contains(n)).collect();
            let keys = part.columns().keys.as_ref().unwrap();
            let found: Vec<_> =
                part.objects().iter().map(|object| keys.label(*object).into_owned()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

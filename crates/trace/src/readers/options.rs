//! What the caller may say about a source that its content does not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How to read a trace. The default takes everything from the content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// Name of the format; by default it is detected from the content.
    pub format: Option<String>,
    /// Stop at the first row that is broken or goes back in time, instead of counting it.
    pub strict: bool,
    /// Stop after this many requests.
    pub limit: Option<u64>,
    /// Treat an id with another size as another object, as AdaptSize and Caffeine do.
    pub key_with_size: bool,
    /// Leave out the stamps, which saves 8 bytes a request.
    pub ignore_time: bool,
    /// Leave out the sizes, so that every object counts as 1; saves 4 bytes a request.
    pub ignore_size: bool,
    /// Leave out the operations, so that every request is a get.
    pub ignore_op: bool,
    /// For comma-separated values: what is in which column.
    pub csv: CsvOptions,
    /// For web server logs: which lines are requests to a cache.
    pub log: LogOptions,
}

/// Columns of a text table, each by its name in the header or its number from 1. What is not
/// given is found by its usual names in the header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CsvOptions {
    /// Character between fields; by default found from the first lines.
    pub delimiter: Option<char>,
    /// The first line names the columns; by default decided from what it holds.
    pub header: Option<bool>,
    /// Unit of the time column; seconds by default.
    pub time_unit: TimeUnit,
    /// When: a number, with or without a fraction, or an ISO 8601 date and time.
    pub time: Option<String>,
    /// What is asked for.
    pub key: Option<String>,
    /// Bytes.
    pub size: Option<String>,
    /// What is done: get, set, delete and their many synonyms.
    pub op: Option<String>,
    /// Who asks.
    pub client: Option<String>,
    /// From where.
    pub region: Option<String>,
    /// Time to live in seconds; empty or 0 is none.
    pub ttl: Option<String>,
    /// What a miss costs, a whole number in the source's own unit.
    pub penalty: Option<String>,
}

/// Which lines of a web server's log are requests to a cache. By default: GET with 2xx or 304.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogOptions {
    /// Every method, not only GET. PUT, POST and PATCH are sets, DELETE is a delete.
    pub every_method: bool,
    /// Every status, not only 2xx and 304.
    pub every_status: bool,
}

/// What a bare number in a time column counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TimeUnit {
    /// Seconds.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millis,
    /// Microseconds.
    #[serde(rename = "us")]
    Micros,
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanos,
}

impl TimeUnit {
    /// How many nanoseconds it has.
    pub fn nanos(self) -> u64 {
        match self {
            TimeUnit::Seconds => 1_000_000_000,
            TimeUnit::Millis => 1_000_000,
            TimeUnit::Micros => 1_000,
            TimeUnit::Nanos => 1,
        }
    }
}

//! The units and counting words that expressions know. Adding a unit means adding one row.

use crate::quantity::Dimension;

/// A unit of measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// The name used for display.
    pub name: &'static str,
    /// Further spellings.
    pub also: &'static [&'static str],
    /// What it measures.
    pub dimension: Dimension,
    /// Its size in base units (seconds, bytes, dollars).
    pub factor: f64,
}

const fn time(name: &'static str, also: &'static [&'static str], factor: f64) -> Unit {
    Unit { name, also, dimension: Dimension::TIME, factor }
}

const fn data(name: &'static str, also: &'static [&'static str], factor: f64) -> Unit {
    Unit { name, also, dimension: Dimension::DATA, factor }
}

const fn line_rate(name: &'static str, also: &'static [&'static str], factor: f64) -> Unit {
    Unit { name, also, dimension: Dimension::BANDWIDTH, factor }
}

const DAY: f64 = 86_400.0;
const KI: f64 = 1024.0;

/// Every unit. A year is 365 days and a month a twelfth of it (730 h), as `docs/units.md` says.
pub const UNITS: &[Unit] = &[
    time("ns", &["nanosecond", "nanoseconds"], 1e-9),
    time("us", &["µs", "μs", "microsecond", "microseconds"], 1e-6),
    time("ms", &["millisecond", "milliseconds"], 1e-3),
    time("s", &["sec", "second", "seconds", "secs"], 1.0),
    time("min", &["minute", "minutes", "mins"], 60.0),
    time("h", &["hour", "hours", "hr", "hrs"], 3600.0),
    time("day", &["days", "d"], DAY),
    time("week", &["weeks"], 7.0 * DAY),
    time("month", &["months", "mo"], 365.0 * DAY / 12.0),
    time("year", &["years", "yr", "yrs"], 365.0 * DAY),
    data("B", &["byte", "bytes"], 1.0),
    data("KB", &["kB"], 1e3),
    data("MB", &[], 1e6),
    data("GB", &[], 1e9),
    data("TB", &[], 1e12),
    data("PB", &[], 1e15),
    data("EB", &[], 1e18),
    data("KiB", &[], KI),
    data("MiB", &[], KI * KI),
    data("GiB", &[], KI * KI * KI),
    data("TiB", &[], KI * KI * KI * KI),
    data("PiB", &[], KI * KI * KI * KI * KI),
    data("bit", &["bits"], 0.125),
    data("Kbit", &["kbit"], 125.0),
    data("Mbit", &[], 125e3),
    data("Gbit", &[], 125e6),
    data("Tbit", &[], 125e9),
    line_rate("bps", &[], 0.125),
    line_rate("Kbps", &["kbps"], 125.0),
    line_rate("Mbps", &[], 125e3),
    line_rate("Gbps", &[], 125e6),
    line_rate("Tbps", &[], 125e9),
    Unit {
        name: "rps",
        also: &["qps", "tps", "ops", "iops", "IOPS", "RPS", "QPS", "TPS"],
        dimension: Dimension::RATE,
        factor: 1.0,
    },
    Unit { name: "USD", also: &["usd", "dollar", "dollars"], dimension: Dimension::MONEY, factor: 1.0 },
    Unit { name: "%", also: &["percent"], dimension: Dimension::NONE, factor: 0.01 },
];

/// Multipliers that follow a number without a space.
pub const MULTIPLIERS: &[(&str, f64)] =
    &[("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("bn", 1e9), ("T", 1e12), ("x", 1.0)];

/// Words that only say what is being counted. A spec may declare more with `nouns:`.
pub const NOUNS: &[&str] = &[
    "user",
    "users",
    "request",
    "requests",
    "message",
    "messages",
    "event",
    "events",
    "record",
    "records",
    "row",
    "rows",
    "read",
    "reads",
    "write",
    "writes",
    "query",
    "queries",
    "call",
    "calls",
    "connection",
    "connections",
    "client",
    "clients",
    "device",
    "devices",
    "session",
    "sessions",
    "view",
    "views",
    "click",
    "clicks",
    "post",
    "posts",
    "tweet",
    "tweets",
    "photo",
    "photos",
    "image",
    "images",
    "video",
    "videos",
    "file",
    "files",
    "object",
    "objects",
    "url",
    "urls",
    "link",
    "links",
    "page",
    "pages",
    "item",
    "items",
    "order",
    "orders",
    "node",
    "nodes",
    "server",
    "servers",
    "replica",
    "replicas",
    "shard",
    "shards",
    "partition",
    "partitions",
    "core",
    "cores",
    "thread",
    "threads",
    "key",
    "keys",
    "token",
    "tokens",
    "document",
    "documents",
    "search",
    "searches",
    "login",
    "logins",
    "upload",
    "uploads",
    "download",
    "downloads",
    "ride",
    "rides",
    "trip",
    "trips",
    "notification",
    "notifications",
    "email",
    "emails",
    "follower",
    "followers",
    "friend",
    "friends",
    "like",
    "likes",
    "comment",
    "comments",
    "transaction",
    "transactions",
    "payment",
    "payments",
    "job",
    "jobs",
    "task",
    "tasks",
    "symbol",
    "symbols",
    "character",
    "characters",
    "machine",
    "machines",
    "metric",
    "metrics",
    "series",
    "instance",
    "instances",
    "hit",
    "hits",
    "miss",
    "misses",
    "operation",
    "operations",
    "paste",
    "pastes",
    "driver",
    "drivers",
    "people",
    "person",
    "persons",
    "time",
    "times",
    "copy",
    "copies",
    "conn",
    "conns",
    "chunk",
    "chunks",
    "stream",
    "streams",
    "viewer",
    "viewers",
    "product",
    "products",
    "seat",
    "seats",
    "room",
    "rooms",
    "hotel",
    "hotels",
    "vCPU",
    "vCPUs",
];

/// The unit that a word names, upper and lower case told apart.
pub fn unit(word: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.name == word || unit.also.contains(&word))
}

/// The multiplier that a suffix names.
pub fn multiplier(suffix: &str) -> Option<f64> {
    MULTIPLIERS.iter().find(|(name, _)| *name == suffix).map(|&(_, factor)| factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_unique() {
        let mut words: Vec<&str> = UNITS.iter().flat_map(|unit| unit.also.iter().copied().chain([unit.name])).collect();
        words.extend(MULTIPLIERS.iter().map(|(name, _)| *name));
        words.extend(NOUNS);
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    #[test]
    fn a_month_is_730_hours() {
        assert_eq!(unit("month").unwrap().factor, 730.0 * 3600.0);
    }
}

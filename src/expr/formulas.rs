//! The formula sheet as functions: what calculator lines, specs and rules can call by name.
//!
//! One row each; the mathematics is in [`crate::formula`].

use crate::formula::availability as available;
use crate::formula::closed::{mean_value, repairmen};
use crate::formula::queueing as queue;
use crate::formula::queueing::{Mmc, mmck};
use crate::formula::{cache, consistency, network, recovery, scaling, storage, tail, traffic};
use crate::quantity::{Dimension, Hint};

/// What a parameter or result of a formula is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A plain number.
    Number,
    /// A whole number from 0 up.
    Count,
    /// A share from 0 to 1.
    Ratio,
    /// A time.
    Time,
    /// A number per time.
    Rate,
    /// An amount of data.
    Data,
    /// Data per time.
    Bandwidth,
    /// Anything; all of these of one call have the same dimension.
    Same,
}

impl Kind {
    /// Its dimension; `None` for one that the call decides.
    pub(super) fn dimension(self) -> Option<Dimension> {
        Some(match self {
            Kind::Number | Kind::Count | Kind::Ratio => Dimension::NONE,
            Kind::Time => Dimension::TIME,
            Kind::Rate => Dimension::RATE,
            Kind::Data => Dimension::DATA,
            Kind::Bandwidth => Dimension::BANDWIDTH,
            Kind::Same => return None,
        })
    }

    /// How a result is shown.
    pub(super) fn hint(self) -> Hint {
        if self == Kind::Ratio { Hint::Percent } else { Hint::Auto }
    }
}

/// A formula that expressions can call.
pub struct Formula {
    /// Its name.
    pub name: &'static str,
    /// Its parameters in order.
    pub parameters: &'static [(&'static str, Kind)],
    /// Whether the last parameter may be repeated.
    pub repeats: bool,
    /// What comes out.
    pub result: Kind,
    /// One sentence.
    pub doc: &'static str,
    /// Where it holds.
    pub valid: &'static str,
    /// A call and what it gives.
    pub example: (&'static str, &'static str),
    pub(super) compute: fn(&[f64]) -> Option<f64>,
}

impl Formula {
    /// `erlang_c(servers, load)`.
    pub fn usage(&self) -> String {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| *name).collect();
        format!("{}({}{})", self.name, names.join(", "), if self.repeats { ", …" } else { "" })
    }

    /// The formula of a name and its place.
    pub(super) fn find(name: &str) -> Option<(usize, &'static Formula)> {
        FORMULAS.iter().enumerate().find(|(_, formula)| formula.name == name)
    }

    /// Its value; `None` outside its range of validity.
    pub(super) fn value(&self, arguments: &[f64]) -> Option<f64> {
        let whole = |kind: Kind, x: f64| kind != Kind::Count || whole(x).is_some();
        let kinds = self
            .parameters
            .iter()
            .map(|(_, kind)| *kind)
            .chain(self.parameters.last().map(|(_, k)| *k).into_iter().cycle());
        if !kinds.zip(arguments).all(|(kind, x)| whole(kind, *x)) {
            return None;
        }
        (self.compute)(arguments).filter(|value| value.is_finite())
    }
}

/// A count from a computed number: rounding noise is no fraction.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and at most 2^53")]
fn whole(x: f64) -> Option<u64> {
    let near = x.round();
    ((0.0..=9e15).contains(&near) && (x - near).abs() <= 1e-9 * near.max(1.0)).then_some(near as u64)
}

#[expect(clippy::cast_precision_loss, reason = "counts of servers")]
fn count(n: u64) -> f64 {
    n as f64
}

macro_rules! formula {
    ($name:ident($($parameter:ident: $kind:ident),+ $(; $repeats:ident)?) -> $result:ident, $doc:literal, $valid:literal, $call:literal => $gives:literal, $compute:expr) => {
        Formula {
            name: stringify!($name), parameters: &[$((stringify!($parameter), Kind::$kind)),+], repeats: false $(|| !stringify!($repeats).is_empty())?,
            result: Kind::$result, doc: $doc, valid: $valid, example: ($call, $gives), compute: $compute,
        }
    };
}

/// The arguments of a call as so many numbers, or no value.
macro_rules! with {
    (|$($x:ident),+| $body:expr) => {
        |arguments| { let &[$($x),+] = arguments else { return None }; $body }
    };
}

/// Every formula, by subject.
#[rustfmt::skip]
pub const FORMULAS: &[Formula] = &[
    formula!(erlang_b(servers: Count, load: Number) -> Ratio, "Share of calls lost when all servers are busy and nobody waits (Erlang B).", "load in erlangs, from 0 up", "erlang_b(100, 90)" => "2.7 %", with!(|c, a| (a >= 0.0).then_some(queue::erlang_b(whole(c)?, a)))),
    formula!(erlang_c(servers: Count, load: Number) -> Ratio, "Share of arrivals that have to wait (Erlang C).", "load in erlangs, below the number of servers", "erlang_c(4, 3.2)" => "59.6 %", with!(|c, a| queue::erlang_c(whole(c)?, a))),
    formula!(mmc_wait(rate: Rate, service_time: Time, servers: Count) -> Time, "Mean wait for a free server (M/M/c).", "rate × service time below the number of servers", "mmc_wait(80 /s, 40 ms, 4)" => "29.8 ms", with!(|r, s, c| Mmc::new(r, s, whole(c)?).map(Mmc::mean_wait))),
    formula!(mmc_response(rate: Rate, service_time: Time, servers: Count) -> Time, "Mean wait and service (M/M/c).", "rate × service time below the number of servers", "mmc_response(80 /s, 40 ms, 4)" => "69.8 ms", with!(|r, s, c| Mmc::new(r, s, whole(c)?).map(Mmc::mean_response))),
    formula!(mmc_wait_percentile(share: Ratio, rate: Rate, service_time: Time, servers: Count) -> Time, "The wait that a share of arrivals doesn't exceed (M/M/c).", "share below 100 %, load below the servers", "mmc_wait_percentile(99 %, 80 /s, 40 ms, 4)" => "204 ms", with!(|p, r, s, c| Mmc::new(r, s, whole(c)?)?.wait_percentile(p))),
    formula!(mmc_response_percentile(share: Ratio, rate: Rate, service_time: Time, servers: Count) -> Time, "The response time that a share of requests doesn't exceed (M/M/c).", "share below 100 %, load below the servers", "mmc_response_percentile(99 %, 80 /s, 40 ms, 4)" => "276 ms", with!(|p, r, s, c| Mmc::new(r, s, whole(c)?)?.response_percentile(p))),
    formula!(mmc_within(time: Time, rate: Rate, service_time: Time, servers: Count) -> Ratio, "Share of arrivals that wait no longer than a time: the service level (M/M/c).", "load below the servers", "mmc_within(20 s, 100 / 30 min, 3 min, 14)" => "88.8 %", with!(|t, r, s, c| Mmc::new(r, s, whole(c)?).map(|q| 1.0 - q.wait_tail(t)))),
    formula!(mmc_empty(rate: Rate, service_time: Time, servers: Count) -> Ratio, "Probability that nobody is there (M/M/c).", "load below the servers", "mmc_empty(24 /h, 2 min, 1)" => "20 %", with!(|r, s, c| Mmc::new(r, s, whole(c)?).map(Mmc::empty_probability))),
    formula!(mg1_wait(rate: Rate, service_time: Time, scv: Number) -> Time, "Mean wait at one server with any service times (Pollaczek–Khinchine); scv is their variance over the mean squared.", "rate × service time below 1", "mg1_wait(80 /s, 10 ms, 4)" => "100 ms", with!(|r, s, v| queue::mg1_wait(r, s, v))),
    formula!(ggc_wait(rate: Rate, service_time: Time, servers: Count, arrival_scv: Number, service_scv: Number) -> Time, "Mean wait with any arrivals and service times (Allen–Cunneen's approximation).", "load below the servers; exact for M/M/c and M/G/1, best above 70 % use", "ggc_wait(80 /s, 40 ms, 4, 1, 4)" => "74.6 ms", with!(|r, s, c, a, v| queue::allen_cunneen_wait(r, s, whole(c)?, a, v))),
    formula!(mmck_loss(rate: Rate, service_time: Time, servers: Count, room: Count) -> Ratio, "Share turned away when there is room for so many in all (M/M/c/K).", "at least one server and one place", "mmck_loss(120 /s, 40 ms, 4, 20)" => "17.2 %", with!(|r, s, c, k| mmck(r, s, whole(c)?, whole(k)?).map(|q| q.loss))),
    formula!(mmck_response(rate: Rate, service_time: Time, servers: Count, room: Count) -> Time, "Mean wait and service of those let in (M/M/c/K).", "at least one server and one place", "mmck_response(120 /s, 40 ms, 4, 20)" => "157 ms", with!(|r, s, c, k| mmck(r, s, whole(c)?, whole(k)?).map(|q| q.mean_response))),
    formula!(servers_for_use(load: Number, target: Ratio) -> Number, "Servers that keep utilisation at or below a target.", "target above 0", "servers_for_use(4.9, 70 %)" => "7", with!(|a, t| (t > 0.0 && a >= 0.0).then(|| count(queue::servers_for_utilization(a, t))))),
    formula!(servers_for_wait(rate: Rate, service_time: Time, wait: Time, share: Ratio) -> Number, "Servers that let a share of arrivals wait no longer than a time (M/M/c).", "share below 100 %", "servers_for_wait(100 / 30 min, 3 min, 20 s, 80 %)" => "14", with!(|r, s, w, p| queue::servers_for_wait(r, s, w, p).map(count))),
    formula!(sqrt_staffing(load: Number, beta: Number) -> Number, "Servers by the square-root rule, load + beta·√load rounded up.", "beta from 0 up: 1 where waits are cheap, above 2 where they are not", "sqrt_staffing(400, 2.375)" => "448", with!(|a, b| traffic::sqrt_staffing(a, b).map(count))),
    formula!(closed_rate(clients: Count, think: Time, service_time: Time, servers: Count) -> Rate, "Requests per second of clients that think and then queue (machine repair model).", "1 to 10 million clients", "closed_rate(3, 2 s, 250 ms, 2)" => "1.33 /s", with!(|n, z, s, c| repairmen(whole(n)?, z, s, whole(c)?).map(|q| q.throughput))),
    formula!(closed_response(clients: Count, think: Time, service_time: Time, servers: Count) -> Time, "Their mean response time.", "1 to 10 million clients", "closed_response(3, 2 s, 250 ms, 2)" => "252 ms", with!(|n, z, s, c| repairmen(whole(n)?, z, s, whole(c)?).map(|q| q.response))),
    formula!(mva_rate(clients: Count, think: Time, demand: Time; more) -> Rate, "Requests per second of clients that think and then visit several single-server stations (exact mean value analysis); a demand is visits × service time.", "1 to 10 million clients", "mva_rate(10, 5 s, 1 s, 2 s)" => "29.8 /min", |arguments| match arguments { [n, z, demands @ ..] => mean_value(whole(*n)?, *z, demands).map(|q| q.throughput), _ => None }),

    formula!(amdahl(n: Number, serial: Ratio) -> Number, "Speed-up on n processors when a share of the work is serial.", "n at least 1", "amdahl(64, 5 %)" => "15.4", with!(|n, s| scaling::amdahl_speedup(n, s))),
    formula!(gustafson(n: Number, serial: Ratio) -> Number, "Speed-up when the parallel work grows with n.", "n at least 1; serial as measured on the parallel machine", "gustafson(64, 5 %)" => "60.8", with!(|n, s| scaling::gustafson_speedup(n, s))),
    formula!(usl(n: Number, one: Same, contention: Ratio, coherency: Ratio) -> Same, "Throughput of n nodes from that of one (universal scalability law).", "n at least 1", "usl(31, 1, 5 %, 0.1 %)" => "9.04", with!(|n, l, s, k| scaling::usl_throughput(n, l, s, k))),
    formula!(usl_peak(contention: Ratio, coherency: Ratio) -> Number, "Nodes at which throughput peaks.", "coherency above 0; without it there is no peak", "usl_peak(5 %, 0.1 %)" => "30.8", with!(|s, k| scaling::usl_peak(s, k))),
    formula!(usl_knee(contention: Ratio) -> Number, "Nodes beyond which contention leaves nothing to gain: 1 / contention.", "contention above 0", "usl_knee(0.1 %)" => "1,000", with!(|s| scaling::usl_knee(s))),

    formula!(k_of_n(k: Count, n: Count, availability: Ratio) -> Ratio, "Probability that at least k of n independent parts work.", "availability from 0 to 1", "k_of_n(2, 3, 99 %)" => "99.9702 %", with!(|k, n, a| (0.0..=1.0).contains(&a).then_some(available::k_of_n(whole(k)?, whole(n)?, a)))),
    formula!(k_of_each(k: Count, availability: Ratio; more) -> Ratio, "Probability that at least k of several unlike parts work.", "availabilities from 0 to 1", "k_of_each(2, 90 %, 80 %, 70 %)" => "90.2 %", |arguments| match arguments { [k, each @ ..] => available::k_of_each(usize::try_from(whole(*k)?).ok()?, each), _ => None }),
    formula!(series(availability: Ratio; more) -> Ratio, "Availability of parts that are all needed.", "availabilities from 0 to 1", "series(99.99 %, 99.99 %, 99.99 %)" => "99.97 %", available::series),
    formula!(parallel(availability: Ratio; more) -> Ratio, "Availability of parts of which one is enough.", "availabilities from 0 to 1", "parallel(99 %, 99 %)" => "99.99 %", available::parallel),
    formula!(uptime(mtbf: Time, mttr: Time) -> Ratio, "Availability from the time between failures and to repair.", "mtbf above 0", "uptime(10000 h, 20 h)" => "99.8 %", with!(|b, r| available::from_mtbf(b, r))),
    formula!(downtime(availability: Ratio, period: Time) -> Time, "Time in a period in which it doesn't work.", "availability from 0 to 1", "downtime(99.9 %, 1 year)" => "8.76 h", with!(|a, t| available::downtime(a, t))),
    formula!(common_cause(n: Count, k: Count, availability: Ratio, beta: Ratio) -> Ratio, "Availability of k of n when a share beta of failures hits all at once (beta-factor model).", "beta from 0 to 1, usually 1 to 10 %", "common_cause(2, 1, 99.9 %, 10 %)" => "99.9899 %", with!(|n, k, a, b| available::with_common_cause(whole(n)?, whole(k)?, a, b))),
    formula!(stale_read(copies: Count, reads: Count, writes: Count) -> Ratio, "Most probable share of reads that miss the latest write: reads of R copies after a write to W of N.", "R and W from 1 to N", "stale_read(3, 1, 1)" => "66.7 %", with!(|n, r, w| storage::stale_read(whole(n)?, whole(r)?, whole(w)?))),
    formula!(stale_after(at_once: Ratio, reads: Count, lag: Time, after: Time) -> Ratio, "Chance that a read of so many copies misses a write some time later, from the chance just after it.", "propagation exponential with the mean lag, reads immediate", "stale_after(stale_read(3, 1, 1), 1, 10 ms, 10 ms)" => "24.5 %", with!(|p, r, l, t| consistency::stale_after(p, whole(r)?, l, t))),
    formula!(visible_after(at_once: Ratio, reads: Count, lag: Time, missed: Ratio) -> Time, "Time after a write until no more than a share of reads miss it.", "as stale_after; a share above 0", "visible_after(stale_read(3, 1, 1), 1, 10 ms, 0.1 %)" => "65 ms", with!(|p, r, l, q| consistency::visible_after(p, whole(r)?, l, q))),
    formula!(misses_last(copies: Count, reads: Count, writes: Count, k: Count) -> Ratio, "Most probable share of reads that miss all of the last k writes.", "R and W from 1 to N, writes to copies chosen by themselves", "misses_last(3, 1, 1, 2)" => "44.4 %", with!(|n, r, w, k| consistency::misses_last(whole(n)?, whole(r)?, whole(w)?, whole(k)?))),
    formula!(catch_up(behind: Number, written: Rate, applied: Rate) -> Time, "Time until a copy that is so many changes behind has caught up.", "applies more than is written", "catch_up(30k, 500 /s, 1k /s)" => "60 s", with!(|b, w, a| consistency::catch_up(b, w, a))),
    formula!(burn_rate(share: Ratio, period: Time, window: Time) -> Number, "Burn rate that spends a share of a period's error budget within a window.", "a window above 0", "burn_rate(2 %, 30 day, 1 h)" => "14.4", with!(|s, p, w| recovery::burn_rate(s, p, w))),
    formula!(highest_burn(objective: Ratio) -> Number, "Burn rate when every request fails; an alert at or above it never fires.", "an objective below 100 %", "highest_burn(93 %)" => "14.3", with!(|a| recovery::highest_burn(a))),

    formula!(fan_out(share: Ratio, leaves: Number) -> Ratio, "Share of requests of which at least one leaf is slower than the time that a share of leaf calls meets.", "leaves independent", "fan_out(99 %, 100)" => "63.4 %", with!(|q, n| tail::fan_out_exceed(q, n))),
    formula!(leaf_quantile(share: Ratio, leaves: Number) -> Ratio, "The quantile that each leaf must meet for all to meet a share.", "leaves above 0", "leaf_quantile(99 %, 100)" => "99.9899 %", with!(|q, n| tail::leaf_quantile(q, n))),
    formula!(slowest(mean: Time, n: Count) -> Time, "Mean of the slowest of n exponential times.", "n at least 0", "slowest(10 ms, 100)" => "51.9 ms", with!(|m, n| tail::max_exponentials(m, whole(n)?))),
    formula!(slowest_percentile(share: Ratio, mean: Time, n: Count) -> Time, "Percentile of the slowest of n exponential times.", "share below 100 %", "slowest_percentile(99 %, 10 ms, 10)" => "69 ms", with!(|p, m, n| tail::max_exponentials_percentile(m, whole(n)?, p))),
    formula!(kth_fastest(mean: Time, k: Count, n: Count) -> Time, "Mean time until k of n exponential times are over: a quorum.", "k at most n", "kth_fastest(10 ms, 2, 3)" => "8.33 ms", with!(|m, k, n| tail::k_of_n_exponentials(m, whole(k)?, whole(n)?))),

    formula!(retry_attempts(failure: Ratio, retries: Count) -> Number, "Mean attempts per request; the load that retries add is what exceeds 1.", "failures independent", "retry_attempts(10 %, 3)" => "1.11", with!(|p, r| traffic::retry_attempts(p, whole(r)?))),
    formula!(backoff_total(base: Time, retries: Count, cap: Time) -> Time, "Pauses of exponential backoff in all; half of it on average with full jitter.", "times from 0 up", "backoff_total(1 s, 4, 1 min)" => "15 s", with!(|b, r, c| traffic::backoff_total(b, whole(r)?, c))),
    formula!(token_bucket(burst: Number, rate: Rate, time: Time) -> Number, "Most that a token bucket lets pass in a time.", "from 0 up", "token_bucket(10, 2 /s, 1 min)" => "130", with!(|b, r, t| traffic::token_bucket(b, r, t))),

    formula!(zipf_share(rank: Count, items: Number, s: Number) -> Ratio, "Share of requests for the item of a rank (Zipf).", "rank from 1 to items, s from 0 to 10", "zipf_share(1, 100k, 1)" => "8.27 %", with!(|r, n, s| cache::zipf_share(r, n, s))),
    formula!(zipf_top(top: Number, items: Number, s: Number) -> Ratio, "Share of requests for the most popular items: the hit ratio of an ideal or LFU cache.", "s from 0 to 10", "zipf_top(20k, 100k, 1)" => "86.7 %", with!(|k, n, s| cache::zipf_top(k, n, s))),
    formula!(che(items: Number, capacity: Number, s: Number) -> Ratio, "Hit ratio of an LRU cache (Che's approximation, within 0.002 of simulation).", "requests independent, s from 0 to 10", "che(10000, 1000, 0.8)" => "43.7 %", with!(|n, c, s| cache::lru_hit(n, c, s))),
    formula!(che_size(hit: Ratio, items: Number, s: Number) -> Number, "Items that an LRU cache must hold for a hit ratio.", "hit below 100 %", "che_size(80 %, 1M, 0.9)" => "315k", with!(|h, n, s| cache::lru_size(h, n, s))),
    formula!(random_cache(items: Number, capacity: Number, s: Number) -> Ratio, "Hit ratio with random or first-in-first-out replacement.", "exact to 400 items, within 2 % beyond", "random_cache(5, 2, 1.4)" => "59 %", with!(|n, c, s| cache::random_hit(n, c, s))),
    formula!(ttl_cache(rate: Rate, ttl: Time, items: Number, s: Number) -> Ratio, "Hit ratio of a cache with room for all whose entries live for a time.", "Poisson requests", "ttl_cache(10 /s, 1 s, 1, 1)" => "90.9 %", with!(|r, t, n, s| cache::ttl_hit(r, t, n, s))),
    formula!(stampede(rate: Rate, recompute: Time) -> Number, "Requests that miss at once when a hot entry expires.", "from 0 up", "stampede(500 /s, 200 ms)" => "100", with!(|r, t| cache::stampede(r, t))),

    formula!(birthday(n: Number, space: Number) -> Ratio, "Probability that two of n random keys are the same.", "space above 0", "birthday(1.22M, 1e12)" => "52.5 %", with!(|n, s| storage::birthday_probability(n, s))),
    formula!(birthday_pairs(n: Number, space: Number) -> Number, "Expected pairs of equal keys among n random ones.", "space above 0", "birthday_pairs(360M, 62^7)" => "18.4k", with!(|n, s| storage::birthday_pairs(n, s))),
    formula!(keyspace(alphabet: Count, length: Count) -> Number, "Different keys of a length.", "up to 1e308", "keyspace(62, 7)" => "3.52T", with!(|a, l| storage::keyspace(whole(a)?, u32::try_from(whole(l)?).ok()?))),
    formula!(mod_n_moved(n: Count, m: Count) -> Ratio, "Share of keys that move when `key mod n` becomes `key mod m`.", "both at least 1", "mod_n_moved(4, 5)" => "80 %", with!(|n, m| storage::mod_n_moved(whole(n)?, whole(m)?))),
    formula!(ring_moved(n: Count) -> Ratio, "Share of keys that move when consistent hashing gains a node.", "n from 0 up", "ring_moved(4)" => "20 %", with!(|n| Some(storage::consistent_hash_moved(whole(n)?)))),
    formula!(ring_spread(places: Count) -> Ratio, "Standard deviation over mean of the load when each node has so many places on the ring.", "at least 1 place; within 15 % of simulation", "ring_spread(100)" => "10 %", with!(|v| storage::ring_spread(whole(v)?))),
    formula!(bloom_bits(false_positives: Ratio) -> Number, "Bits per key of a Bloom filter.", "above 0 and below 100 %", "bloom_bits(1 %)" => "9.59", with!(|p| storage::bloom_bits(p))),
    formula!(bloom_size(keys: Number, false_positives: Ratio) -> Data, "Size of a Bloom filter.", "above 0 and below 100 %", "bloom_size(1bn, 1 %)" => "1.2 GB", with!(|n, p| storage::bloom_bits(p).map(|bits| bits * n / 8.0))),
    formula!(bloom_hashes(false_positives: Ratio) -> Number, "Hash functions of that filter.", "above 0 and below 100 %", "bloom_hashes(1 %)" => "7", with!(|p| storage::bloom_hashes(p))),
    formula!(replica_loss(copies: Count, failures_per_year: Number, repair: Time) -> Number, "Probability that all copies of an object are lost within a year.", "independent failures; latent errors and common causes not counted", "replica_loss(3, 0.0081, 1 day)" => "3.99e-12", with!(|n, f, r| storage::replica_durability(whole(n)?, f, r).map(|d| d.annual_loss))),
    formula!(erasure_loss(data: Count, parity: Count, failures_per_year: Number, repair: Time) -> Number, "Probability that an erasure-coded object is lost within a year.", "independent failures; latent errors and common causes not counted", "erasure_loss(17, 3, 0.00405, 6.5 day)" => "7.35e-12", with!(|d, p, f, r| storage::erasure_durability(whole(d)?, whole(p)?, f, r).map(|x| x.annual_loss))),

    formula!(light_floor(km: Number) -> Time, "Lowest round-trip time over a distance in kilometres, in fibre.", "real paths take 1.5 to 2 times that", "light_floor(8000)" => "80 ms", with!(|d| network::light_floor(d))),
    formula!(great_circle(lat1: Number, lon1: Number, lat2: Number, lon2: Number) -> Number, "Kilometres between two places in degrees.", "latitude to ±90, longitude to ±180", "great_circle(51.5, -0.13, 40.7, -74)" => "5,571", with!(|a, b, c, d| network::great_circle(a, b, c, d))),
    formula!(slow_start(size: Data) -> Number, "Round trips until so much has arrived over a fresh connection (10 segments of 1,460 B, then doubling).", "no loss", "slow_start(100 KB)" => "3", with!(|b| network::slow_start_rounds(b, 1460.0))),
    formula!(mathis(segment: Data, rtt: Time, loss: Ratio) -> Bandwidth, "Throughput that loss leaves one Reno connection.", "loss above 0; CUBIC and BBR exceed it", "mathis(1460 B, 100 ms, 0.01 %)" => "1.79 MB/s", with!(|m, r, p| network::mathis(m, r, p))),
    formula!(window_limit(window: Data, rtt: Time) -> Bandwidth, "Throughput that a window allows.", "rtt above 0", "window_limit(64 KiB, 150 ms)" => "437 KB/s", with!(|w, r| network::window_limit(w, r))),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_complete_and_unique() {
        for (at, formula) in FORMULAS.iter().enumerate() {
            assert!(formula.doc.ends_with('.') && !formula.valid.is_empty(), "{}", formula.name);
            assert!(!FORMULAS.iter().skip(at + 1).any(|other| other.name == formula.name), "{}", formula.name);
            assert!(formula.example.0.starts_with(&format!("{}(", formula.name)), "{}", formula.name);
            assert!(crate::expr::FUNCTIONS.iter().all(|(name, ..)| *name != formula.name), "{}", formula.name);
        }
    }

    #[test]
    fn no_argument_panics_or_gives_no_number() {
        let odd = [0.0, 1.0, -1.0, 0.5, 3.0, 1e9, 1e15, 1e300, f64::MIN_POSITIVE, f64::MAX];
        for formula in FORMULAS {
            for a in odd {
                for b in odd {
                    let arguments: Vec<f64> =
                        (0..formula.parameters.len()).map(|i| if i % 2 == 0 { a } else { b }).collect();
                    if let Some(value) = formula.value(&arguments) {
                        assert!(value.is_finite(), "{}{arguments:?} is {value}", formula.name);
                    }
                }
            }
        }
    }
}

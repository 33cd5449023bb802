//! Response times as distributions: sums, mixtures and order statistics without simulation.
//!
//! A `Latency` is a mixture of *paths* (a cache hit, a miss, …). Each path is a sum of independent parts, of which
//! mean, variance and third central moment are exact; its distribution is taken to be the shifted gamma (Pearson's
//! type III) with these three. A constant is a step, and a path without positive skewness a normal curve. What a curve
//! has below zero lies at zero. Beyond 24 paths the two that are most alike are merged, moments exact.
//!
//! Exact are constants, exponentials, sums of equal exponentials, mixtures of all of these, and so M/M/1. The largest
//! errors that the tests see and hold, relative to the exact time:
//!
//! | against | p50 | p95 | p99 | p99.9 |
//! | --- | --- | --- | --- | --- |
//! | M/M/c responses, 1 to 64 servers, 10 to 95 % utilization | 1.6 % | 0.5 % | 0.2 % | 0.9 % |
//! | sums of 2 to 6 exponentials with means up to 100 times apart | 1.9 % | 0.9 % | 0.3 % | 2.2 % |
//! | 1 to 10 caches in sequence, 47 to 99.9 % hits (by simulation) | 1.4 % | 0.5 % | 0.9 % | 0.9 % |
//! | 1,024 constant paths merged to 24 | 0.4 % | 0.8 % | 0.2 % | 0.2 % |
//! | the slowest of 2 to 1,000 equal exponentials | 1.3 % | 0.8 % | 0.4 % | 2.4 % |
//! | the slowest of 2 to 100 equal caches | 0.5 % | 0.7 % | 1.2 % | 1.0 % |
//! | any k of 5 unequal exponentials | 2.6 % | 1.3 % | 1.6 % | 2.3 % |
//!
//! For any k of 2 to 5 unlike random branches percentiles are within 2 % in 95 of 100 cases and within 3 % in the worst
//! that the tests see (10 % held), where the percentile may be that of a share 1 % larger or smaller: next to a gap
//! between humps it jumps.
//!
//! Percentiles below p10 are not looked after: a curve may begin at zero where the exact one begins later.
//! A percentile takes about 1 µs for one path and 20 µs for 24, a sequence of two with 24 paths each 65 µs.

pub use super::latency::Latency;
pub use super::moments::Moments;

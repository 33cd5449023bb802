//! Queues in steady state: Erlang's formulas, M/M/c, M/G/1, G/G/c and bounded queues; how many servers a load needs.
//!
//! Symbols: `λ` arrival rate (1/s), `S` mean service time (s), `c` servers, `a = λS` offered load (erlang), `ρ = a/c`
//! utilization, `Wq` wait in the queue, `W` time in the system. A load that reaches the servers has no steady state.

pub use super::bounded::{Mmck, mmck, mmck_wait};
pub use super::erlang::{erlang_b, erlang_c, offered_load};
pub use super::general::{allen_cunneen_wait, mg1_wait};
pub use super::mmc::Mmc;
pub use super::staffing::{servers_for_mean_wait, servers_for_utilization, servers_for_wait};

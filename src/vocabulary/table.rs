//! The table of attributes.

use crate::quantity::Dimension;
use crate::vocabulary::attribute::{AttributeDef, LARGEST, Shape, Target};

const fn quantity(dimension: Dimension) -> Shape {
    Shape::Quantity { dimension, min: 0.0, max: LARGEST }
}

const TIME: Shape = quantity(Dimension::TIME);
const BYTES: Shape = quantity(Dimension::DATA);
const RATE: Shape = quantity(Dimension::RATE);
const BANDWIDTH: Shape = quantity(Dimension::BANDWIDTH);
const NUMBER: Shape = quantity(Dimension::NONE);
const MONEY_RATE: Shape = quantity(Dimension::MONEY_RATE);
const RATIO: Shape = Shape::Quantity { dimension: Dimension::NONE, min: 0.0, max: 1.0 };
/// Beyond this a gamma distribution by its moments says nothing useful: nearly all values are 0, and a few are everything.
const VARIABILITY: Shape = Shape::Quantity { dimension: Dimension::NONE, min: 0.0, max: 10.0 };
const FACTOR: Shape = Shape::Quantity { dimension: Dimension::NONE, min: 1.0, max: LARGEST };

const CONSISTENCY: Shape = Shape::Choice(&["strong", "causal", "read-your-writes", "bounded", "eventual"]);

/// What reads may wait for: Cassandra's levels, and read concerns of MongoDB.
const READ_LEVELS: Shape = Shape::Level(&[
    "one",
    "two",
    "three",
    "quorum",
    "all",
    "local-one",
    "local-quorum",
    "each-quorum",
    "serial",
    "local-serial",
    "local",
    "available",
    "majority",
    "linearizable",
    "snapshot",
]);

/// What writes may wait for.
const WRITE_LEVELS: Shape = Shape::Level(&[
    "any",
    "one",
    "two",
    "three",
    "quorum",
    "all",
    "local-one",
    "local-quorum",
    "each-quorum",
    "majority",
]);

/// Whether products call a number of copies so, for reads or for writes.
pub fn is_level(word: &str) -> bool {
    [READ_LEVELS, WRITE_LEVELS].iter().any(|shape| matches!(shape, Shape::Level(words) if words.contains(&word)))
}

const fn component(key: &'static str, shape: Shape, doc: &'static str) -> AttributeDef {
    AttributeDef { key, target: Target::Component, shape, doc }
}
const fn step(key: &'static str, shape: Shape, doc: &'static str) -> AttributeDef {
    AttributeDef { key, target: Target::Step, shape, doc }
}
const fn flow(key: &'static str, shape: Shape, doc: &'static str) -> AttributeDef {
    AttributeDef { key, target: Target::Flow, shape, doc }
}
const fn data(key: &'static str, shape: Shape, doc: &'static str) -> AttributeDef {
    AttributeDef { key, target: Target::Data, shape, doc }
}
const fn system(key: &'static str, shape: Shape, doc: &'static str) -> AttributeDef {
    AttributeDef { key, target: Target::System, shape, doc }
}

/// Nested groups that may be written as a single value: `backup: 1 day` means `backup: { every: 1 day }`.
/// `none` (or `false`) instead says that there is none.
pub const GROUPS: &[(&str, &str)] = &[
    ("replication", "mode"),
    ("backup", "every"),
    ("pool", "size"),
    ("health_check", "interval"),
    ("dead_letter", "to"),
    ("quorum", "write"),
    ("standby", "replicas"),
    ("checkpoint", "every"),
];

/// What an attribute is called elsewhere, for those who write that.
pub const ELSEWHERE: &[(Target, &str, &str)] = &[
    (Target::Component, "sla", "availability"),
    (Target::Component, "uptime", "availability"),
    (Target::Component, "nodes", "replicas"),
    (Target::Component, "instances", "replicas"),
    (Target::Component, "count", "replicas"),
    (Target::Component, "mttf", "mtbf"),
    (Target::Component, "az", "zones"),
    (Target::Component, "azs", "zones"),
    (Target::Component, "availability_zones", "zones"),
    (Target::Component, "replication_factor", "replication.factor"),
    (Target::Component, "consistency_level", "quorum"),
    (Target::Component, "failover", "replication.failover"),
    (Target::Component, "failover_time", "replication.failover_time"),
    (Target::Component, "lag", "replication.lag"),
    (Target::Component, "qps", "throughput"),
    (Target::Component, "rps", "throughput"),
    (Target::Flow, "qps", "rate"),
    (Target::Flow, "rps", "rate"),
    (Target::Flow, "sla", "slo"),
    (Target::Data, "retention", "keep"),
    (Target::Data, "ttl", "keep"),
    (Target::Data, "size", "record"),
    (Target::System, "strategy", "recovery"),
    (Target::System, "disaster_recovery", "recovery"),
];

/// Every attribute that a spec may state.
#[rustfmt::skip]
pub const ATTRIBUTES: &[AttributeDef] = &[
    // What it is and where it runs.
    component("description", Shape::Text, "What it is for, in the team's words."),
    component("owner", Shape::Text, "Who answers for it."),
    component("tags", Shape::Names, "Words that rules can select by."),
    component("region", Shape::Names, "Region or regions it runs in; needed only where the spec has several."),
    component("zones", Shape::Names, "Zones over which its replicas are spread evenly."),
    component("managed", Shape::Flag, "Whether a provider runs and repairs it."),
    component("redundancy", Shape::Choice(&["none", "multi-node", "multi-zone", "multi-region"]), "What a managed product survives by itself."),
    component("stateful", Shape::Flag, "Whether a replica keeps something that another one doesn't have."),
    component("found_by", Shape::Choice(&["dns", "registry", "fixed-address"]), "How its callers know where its replicas are."),
    component("replaces", Shape::Text, "The component that it takes over from, piece by piece (strangler fig)."),
    component("leader_election", Shape::Choice(&["none", "raft", "lease", "coordinator"]), "How its replicas agree on which one of them acts."),
    component("voters", Shape::Whole(1), "Nodes that vote on who leads, a witness included."),
    component("observed_by", Shape::Names, "What it is watched by: `metrics`, `logs`, `traces`."),
    component("metric_labels", Shape::Names, "Labels of its metrics."),

    // Size.
    component("replicas", Shape::Whole(1), "Nodes in all; a replicated database counts its primary."),
    component("shards", Shape::Whole(1), "Parts over which keys are spread; each has its own replicas."),
    component("needs", Shape::Whole(1), "How many replicas must be up for it to work."),
    component("cores", Shape::Whole(1), "Processor cores of one replica."),
    component("concurrency", Shape::Whole(1), "Requests that one replica works on at once; its cores unless stated."),
    component("memory", BYTES, "Memory of one replica."),
    component("disk", BYTES, "Disk space of one replica."),
    component("threads", Shape::Whole(1), "Requests that one replica holds at once, those that wait for others included."),
    component("file_descriptors", Shape::Whole(1), "Files and sockets that one replica may have open."),
    component("iops", RATE, "Disk operations per second that one replica's volume does."),
    component("io_per_read", NUMBER, "Disk operations that a read takes; 1 unless stated."),
    component("io_per_write", NUMBER, "Disk operations that a write takes; 1 unless stated."),
    component("base_memory", BYTES, "Memory that one replica takes when idle."),
    component("request_memory", BYTES, "Memory that a request in progress takes."),
    component("standby.replicas", Shape::Whole(1), "Nodes that wait in another region and take over the whole load when its own regions are gone."),
    component("standby.region", Shape::Names, "Region or regions in which these nodes wait."),
    component("autoscale.min", Shape::Whole(1), "Fewest replicas."),
    component("autoscale.max", Shape::Whole(1), "Most replicas."),

    // Speed.
    component("service_time", TIME, "Busy time that a call takes of one core."),
    component("service_time.cv", VARIABILITY, "Standard deviation of the service time over its mean: 0 constant, 1 exponential (unless stated)."),
    component("service_time.p50", TIME, "Median of the service time; with `p99` it gives mean and variability (log-normal)."),
    component("service_time.p99", TIME, "99th percentile of the service time."),
    component("throughput", RATE, "Requests per second that one replica completes when saturated."),
    component("read_throughput", RATE, "Reads per second that one replica completes when saturated."),
    component("write_throughput", RATE, "Writes per second that one replica completes when saturated."),
    component("latency", TIME, "Response time of an idle replica, without network."),
    component("latency.cv", VARIABILITY, "Standard deviation over mean of this response time; 1 unless stated."),
    component("latency.p50", TIME, "Median of this response time."),
    component("latency.p99", TIME, "99th percentile of this response time."),
    component("read_latency", TIME, "Response time of a read when idle, without network."),
    component("read_latency.cv", VARIABILITY, "Standard deviation over mean of this response time; 1 unless stated."),
    component("read_latency.p50", TIME, "Median of this response time."),
    component("read_latency.p99", TIME, "99th percentile of this response time."),
    component("write_latency", TIME, "Response time of a write when idle, without network."),
    component("write_latency.cv", VARIABILITY, "Standard deviation over mean of this response time; 1 unless stated."),
    component("write_latency.p50", TIME, "Median of this response time."),
    component("write_latency.p99", TIME, "99th percentile of this response time."),
    component("serial_fraction", RATIO, "Share of the work that cannot run in parallel (Amdahl's law over all cores)."),
    component("measured", Shape::Measured, "Throughput measured with different numbers of nodes; the universal scalability law is fitted to it."),
    component("queue_limit", Shape::Whole(0), "Requests that may wait at one replica; further ones are refused. Unlimited unless stated."),
    component("target_utilization", RATIO, "Highest utilisation the team plans for at peak; 70 % unless stated."),
    component("max_rate", RATE, "Quota or limit on the whole component's requests per second."),
    component("bandwidth", BANDWIDTH, "Network bandwidth of one replica."),

    // Failure.
    component("availability", RATIO, "Share of time it works, as measured or promised for the whole component."),
    component("node_availability", RATIO, "Share of time one replica works, apart from its zone."),
    component("mtbf", TIME, "Mean time between failures of one replica."),
    component("mttr", TIME, "Mean time to repair one replica."),
    component("common_cause", RATIO, "Share of a replica's failures that take all replicas down together (beta factor): a bug, a deployment, a configuration."),
    component("depends_on", Shape::Names, "Components without which it doesn't work although it calls none of them: power, name resolution, a provider."),
    component("health_check.interval", TIME, "How often targets are probed."),
    component("health_check.threshold", Shape::Whole(1), "Failed probes after which a target is taken out."),
    component("health_check.mode", Shape::Choice(&["active", "passive", "both"]), "Probes, or watching real traffic."),

    // Clients.
    component("location", Shape::Choice(&["local", "regional", "continental", "global"]), "Where clients are, seen from the system."),
    component("platform", Shape::Choice(&["browser", "mobile", "server", "device"]), "What these clients run on."),
    component("rtt", TIME, "Round-trip time between these clients and the system."),
    component("connections", NUMBER, "Connections that clients hold open at the same time."),
    component("heartbeat", TIME, "Time between two signs of life on an open connection."),
    component("poll", TIME, "Time between two questions of a client that polls."),
    component("reconnect", TIME, "Time over which all clients connect again after a failure."),
    component("handshake_time", TIME, "Busy time that a new connection takes at the component that accepts it."),
    component("connection_memory", BYTES, "Memory that one connection takes at the component that accepts it."),

    // Caches and CDNs.
    component("hit", RATIO, "Share of reads that are answered here."),
    component("byte_hit", RATIO, "Share of bytes that are answered here; as `hit` unless stated."),
    component("items", NUMBER, "Different items or keys that are asked for."),
    component("item", BYTES, "Size of one item in memory, with what the cache adds."),
    component("popularity", Shape::Quantity { dimension: Dimension::NONE, min: 0.0, max: 10.0 }, "Exponent of Zipf's law over the items: 0 all alike, 1 the usual skew."),
    component("wanted_hit", RATIO, "Hit ratio for which the memory is to be found."),
    component("recompute", TIME, "Time to compute or fetch an entry again after it expired."),
    component("key_rate", RATE, "Requests per second that one key or partition takes."),
    component("ttl", TIME, "How long an entry lives; of `dns`, how long clients keep an address."),
    component("pattern", Shape::Choice(&["cache-aside", "read-through", "write-through", "write-back", "write-around"]), "How the cache and its store are kept together."),
    component("eviction", Shape::Choice(&["lru", "lfu", "fifo", "ttl", "random", "none"]), "What goes when memory is full."),
    component("invalidation", Shape::Choice(&["ttl", "event", "delete", "none"]), "How an entry learns of a change."),
    component("stampede", Shape::Choice(&["single-flight", "early-refresh", "background-refresh", "none"]), "What keeps an expired hot key from reaching the store many times."),
    component("flush", TIME, "How long a write-back cache may hold a write before the store has it."),
    component("persistence", Shape::Choice(&["none", "snapshot", "append-log"]), "What of it survives a restart."),
    component("cache_control", Shape::Choice(&["public", "private", "no-cache", "no-store"]), "What answers say about being cached by others."),
    component("versioned_names", Shape::Flag, "Whether changed content gets a new name, so that old entries do no harm."),

    // Balancers.
    component("algorithm", Shape::Choice(&["round-robin", "weighted", "least-connections", "ip-hash", "consistent-hash", "random", "two-choices", "least-response-time"]), "How a target is chosen."),
    component("layer", Shape::Whole(4), "4 for transport, 7 for HTTP."),
    component("routes_by", Shape::Choice(&["connection", "host", "path", "header"]), "What it looks at to choose where a request goes."),
    component("sticky", Shape::Flag, "Whether a client stays with the target that it had before."),
    component("idle_timeout", TIME, "How long a silent connection is kept open."),
    component("rate_limit", RATE, "Requests per second that it lets through from all clients together."),
    component("rate_limit.algorithm", Shape::Choice(&["token-bucket", "leaky-bucket", "fixed-window", "sliding-window"]), "How it counts; a token bucket unless stated."),
    component("rate_limit.burst", NUMBER, "Requests that may come at once: tokens of a full bucket, or room of a leaky one; a second's worth unless stated."),
    component("rate_limit.window", TIME, "Length of a fixed or sliding window; a second unless stated."),
    component("rate_limit.status", Shape::Whole(100), "Status code of what is refused."),
    component("rate_limit.retry_after", Shape::Flag, "Whether a refusal says when to come back."),
    component("rate_limit.on_failure", Shape::Choice(&["open", "closed"]), "What happens when the limiter can't count: let through or refuse."),

    // Stores.
    component("model", Shape::Choice(&["relational", "document", "key-value", "wide-column", "graph", "time-series", "search", "vector"]), "What sort of database it is."),
    component("consistency", CONSISTENCY, "What a read is promised."),
    component("cap", Shape::Choice(&["CP", "AP", "CA"]), "What a partition costs: availability (CP) or consistency (AP)."),
    component("pacelc", Shape::Choice(&["PA/EL", "PA/EC", "PC/EL", "PC/EC"]), "CAP during a partition, latency or consistency otherwise."),
    component("topology", Shape::Choice(&["single", "primary-replica", "multi-primary", "leaderless", "consensus", "managed"]), "Who takes writes and who has copies."),
    component("replication.mode", Shape::Choice(&["sync", "semi-sync", "async", "quorum", "none"]), "When a write counts as done."),
    component("replication.replicas", Shape::Whole(0), "Copies beside the primary."),
    component("replication.factor", Shape::Whole(1), "Copies in all."),
    component("replication.failover", Shape::Choice(&["automatic", "manual", "none"]), "What happens when the primary fails."),
    component("replication.failover_time", TIME, "How long until a replica has taken over."),
    component("replication.lag", TIME, "How far an asynchronous replica is behind."),
    component("replication.apply_rate", RATE, "Changes per second that a copy applies; often one thread."),
    component("replication.scope", Shape::Choice(&["zone", "region", "global"]), "How far apart the copies that a write waits for are."),
    component("quorum.read", READ_LEVELS, "Copies that a read asks (R), or a level: `LOCAL_QUORUM`, `majority`."),
    component("quorum.write", WRITE_LEVELS, "Copies that a write waits for (W), or a level: `QUORUM`, `majority`."),
    component("conflicts", Shape::Choice(&["none", "last-write-wins", "merge", "crdt", "partitioned"]), "What becomes of two writes of the same record at different nodes."),
    component("sharding", Shape::Choice(&["range", "hash", "modulo", "consistent-hash", "directory", "geo"]), "How a key finds its shard."),
    component("vnodes", Shape::Whole(1), "Points that each node has on the hash ring."),
    component("stored_on", Shape::Choice(&["local", "block", "file", "object"]), "What its files lie on."),
    component("refresh", TIME, "Time until what was written is found, as in search indexes."),
    component("link_expiry", TIME, "How long an address signed in advance works."),
    component("encrypted", Shape::Flag, "Whether what it keeps is encrypted."),
    component("reads_from", Shape::Choice(&["primary", "replicas", "any"]), "Which copies answer reads."),
    component("consistent_reads", Shape::Flag, "Whether reads ask for the latest value, where a product offers both (DynamoDB)."),
    component("backup.every", TIME, "Time between backups."),
    component("backup.duration", TIME, "How long a backup takes."),
    component("backup.restore", TIME, "Time until a restored store serves again."),
    component("backup.restore_rate", BANDWIDTH, "Speed of a restore, where its time follows from the size."),
    component("backup.keep", TIME, "How long backups are kept."),
    component("backup.continuous", Shape::Flag, "Whether every change is archived (WAL, binlog, point-in-time recovery)."),
    component("backup.lag", TIME, "How far a continuous archive is behind; 5 min unless stated."),
    component("backup.region", Shape::Names, "Where backups are kept."),
    component("backup.tested", Shape::Flag, "Whether restores are tried regularly."),
    component("max_connections", Shape::Whole(1), "Connections that one node of the store accepts."),
    component("max_item", BYTES, "Largest item, row, document or message."),
    component("durability", RATIO, "Chance that an object survives a year."),
    component("isolation", Shape::Choice(&["read-uncommitted", "read-committed", "repeatable-read", "snapshot", "serializable"]), "Isolation level of transactions."),

    // Connection pools of the component that calls.
    component("pool.size", Shape::Whole(1), "Most connections that one replica opens to each of its databases."),
    component("pool.timeout", TIME, "How long a request waits for a connection."),
    component("pooler", Shape::Flag, "Whether a pooler (PgBouncer, RDS Proxy) stands between."),

    // Messaging.
    component("partitions", Shape::Whole(1), "Partitions or shards of a stream."),
    component("partition_throughput", BANDWIDTH, "Bytes per second that one partition takes."),
    component("partition_rate", RATE, "Messages per second that one partition takes."),
    component("retention", TIME, "How long messages are kept."),
    component("max_retention", TIME, "Longest retention that the product allows."),
    component("dead_letter.to", Shape::Text, "Where messages go that fail again and again."),
    component("dead_letter.after", Shape::Whole(1), "Deliveries after which a message counts as failed."),
    component("dead_letter.watched", Shape::Flag, "Whether somebody hears of messages that end there."),
    component("delivery", Shape::Choice(&["at-most-once", "at-least-once", "exactly-once"]), "What a consumer is promised."),
    component("ordering", Shape::Choice(&["none", "key", "total"]), "Which order messages keep."),
    component("replay", Shape::Flag, "Whether consumed messages can be read again."),
    component("max_length", NUMBER, "Messages that the queue holds before it refuses or drops."),
    component("idempotent", Shape::Flag, "Whether doing the same work twice changes nothing."),
    component("acks", Shape::Choice(&["none", "leader", "all"]), "Copies that a producer waits for."),
    component("min_insync", Shape::Whole(1), "Copies that must be up to date for a write to be taken."),
    component("needs_order", Shape::Choice(&["none", "key", "total"]), "Order in which a consumer has to see messages."),
    component("dedupe", TIME, "How long it remembers which messages it has handled."),
    component("outbox", Shape::Flag, "Whether its messages are written in the transaction of its data and sent from there."),
    component("backpressure", Shape::Choice(&["none", "block", "drop", "refuse", "scale"]), "What happens when more comes than can be handled."),
    component("snapshots", Shape::Flag, "Whether state that is rebuilt from events is also kept as snapshots."),

    // Pipelines.
    component("schedule", TIME, "Time between two runs."),
    component("run_time", TIME, "How long a run takes."),
    component("window", TIME, "Length of the windows over which it computes."),
    component("slide", TIME, "Time between the beginnings of two windows, where they overlap."),
    component("event_time", Shape::Flag, "Whether windows go by when things happened rather than by when they arrived."),
    component("lateness", TIME, "How long a window waits for what comes late."),
    component("checkpoint.every", TIME, "Time between two saved states."),
    component("micro_batch", TIME, "Length of the small batches in which a stream is handled."),
    component("rebuilds", TIME, "How much history it has to be able to read again."),

    // Who may do what.
    component("auth", Shape::Choice(&["none", "basic", "api-key", "session-cookie", "jwt", "oauth2", "mtls"]), "How callers prove who they are."),
    component("authorization", Shape::Choice(&["none", "rbac", "abac", "acl", "ownership"]), "How it is decided what a caller may do."),
    component("password_hash", Shape::Choice(&["plain", "md5", "sha1", "sha256", "pbkdf2", "bcrypt", "scrypt", "argon2"]), "How passwords are kept."),
    component("csrf_protection", Shape::Flag, "Whether requests of other sites are told apart (token, SameSite)."),
    component("oauth_flow", Shape::Choice(&["authorization-code", "pkce", "implicit", "password", "client-credentials"]), "How a client gets its token."),
    component("token.ttl", TIME, "How long an access token is good for."),
    component("token.revocable", Shape::Flag, "Whether a token can be taken back before it expires."),
    component("token.storage", Shape::Choice(&["cookie", "local-storage", "memory"]), "Where a browser keeps it."),
    component("token.signing", Shape::Choice(&["hs256", "rs256", "es256", "eddsa"]), "How tokens are signed."),

    // Interfaces.
    component("api", Shape::Choice(&["rest", "graphql", "grpc", "soap"]), "Style of its interface."),
    component("query_limit", Shape::Flag, "Whether depth or cost of a query is limited."),

    // Timeouts that a product imposes.
    component("max_timeout", TIME, "Longest request that the product allows."),
    component("boot_time", TIME, "Time until a new replica serves."),

    // Money.
    component("price", MONEY_RATE, "Price of one node."),
    component("instance", Shape::Text, "Name of the node's size in the price file."),
    component("license", MONEY_RATE, "Licence or subscription for one node."),
    component("storage_price", quantity(Dimension::STORAGE_PRICE), "Price of what is stored, per size and time."),
    component("price_per_request", quantity(Dimension::MONEY), "Price of one request, as in `$0.20 / 1M`."),
    component("price_per_read", quantity(Dimension::MONEY), "Price of one read."),
    component("price_per_write", quantity(Dimension::MONEY), "Price of one write."),
    component("memory_price", quantity(Dimension::STORAGE_PRICE), "Price of memory while a call runs, as functions are billed."),
    component("logs.per_request", BYTES, "Logs and traces that one request leaves."),
    component("logs.sample", RATIO, "Share of requests that leave them."),
    component("logs.keep", TIME, "How long they are kept."),
    component("logs.format", Shape::Choice(&["json", "text"]), "How a line is written."),
    component("logs.personal", Shape::Flag, "Whether they hold personal data as it came."),

    // A call.
    step("description", Shape::Text, "What the call is for."),
    step("times", NUMBER, "How often it happens each time its line is reached."),
    step("probability", RATIO, "Share of requests in which it happens."),
    step("request", BYTES, "Bytes sent."),
    step("response", BYTES, "Bytes that come back."),
    step("timeout", TIME, "How long the caller waits for one attempt."),
    step("new_connections", RATIO, "Share of these calls for which a new connection is opened."),
    step("tls", Shape::Choice(&["1.2", "1.3", "none"]), "Version of TLS that a new connection negotiates."),
    step("resumed", RATIO, "Share of new connections that resume an earlier session."),
    step("retries", Shape::Whole(0), "Further attempts after a failure."),
    step("backoff", Shape::Choice(&["none", "fixed", "exponential", "exponential-jitter"]), "How the pause between attempts grows."),
    step("backoff_base", TIME, "The first pause."),
    step("hedge", TIME, "Delay after which a second, identical request is sent."),
    step("circuit_breaker", Shape::Flag, "Whether calls stop while the callee is failing."),
    step("circuit_breaker.failures", RATIO, "Share of the last calls that must fail for it to open; 50 % unless stated."),
    step("circuit_breaker.calls", Shape::Whole(1), "The last calls that it looks at; 100 unless stated."),
    step("circuit_breaker.open", TIME, "How long it stays open before it lets calls through as a test; 60 s unless stated."),
    step("circuit_breaker.probes", Shape::Whole(1), "Calls that it then lets through; 10 unless stated."),
    step("bulkhead", Shape::Whole(1), "Calls that one replica of the caller has open to this callee at most; further ones fail at once."),
    step("fallback", Shape::Text, "What is done instead when the call fails; the request then succeeds all the same."),
    step("optional", Shape::Flag, "Whether the request succeeds without it."),
    step("idempotent", Shape::Flag, "Whether repeating the call is safe."),
    step("transaction", Shape::Text, "The transaction that it belongs to."),
    step("compensation", Shape::Text, "What undoes it when a later step of its transaction fails."),
    step("atomic", Shape::Flag, "Whether reading and changing is one operation at the callee."),
    step("indexed", Shape::Flag, "Whether an index answers it."),
    step("match", Shape::Choice(&["key", "range", "prefix", "substring"]), "What is looked for."),
    step("shards_asked", Shape::Whole(1), "Shards that it has to ask, all of which have to answer."),
    step("part", BYTES, "Size of the parts in which a large body is sent."),
    step("early_data", Shape::Flag, "Whether it is sent with the first packet of a resumed connection (0-RTT)."),
    step("lock.ttl", TIME, "Time after which a lock is free again."),
    step("lock.hold", TIME, "How long its holder works, at the 99th percentile."),
    step("lock.keys", NUMBER, "Different things that are locked, all alike."),
    step("lock.owner_check", Shape::Flag, "Whether only its holder can release it."),
    step("lock.fencing", Shape::Flag, "Whether what it protects refuses a holder whose lock is over."),
    step("protocol", Shape::Choice(&["http1", "http2", "http3", "grpc", "websocket", "sse", "tcp", "udp", "amqp", "sql"]), "What is spoken on the wire."),
    step("static", Shape::Flag, "Whether what comes back is the same for everybody (files, images, video)."),

    // A flow.
    flow("description", Shape::Text, "What the user is doing."),
    flow("tags", Shape::Names, "Words that rules can select by."),
    flow("rate", RATE, "Requests per second on average."),
    flow("peak", FACTOR, "Rate at peak over the average rate."),
    flow("arrivals", Shape::Choice(&["poisson", "regular", "bursty"]), "How requests come in a simulation: independent of each other (unless stated), in even steps, or in bursts (coefficient of variation 3)."),
    flow("arrivals.cv", NUMBER, "Standard deviation of the time between two requests over its mean, in a simulation."),
    flow("ramp", TIME, "Time in which load grows from the average to its peak."),
    flow("slo.mean", TIME, "Objective for the mean latency."),
    flow("slo.p50", TIME, "Objective for the median latency."),
    flow("slo.p95", TIME, "Objective for the 95th percentile of latency."),
    flow("slo.p99", TIME, "Objective for the 99th percentile of latency."),
    flow("slo.p999", TIME, "Objective for the 99.9th percentile of latency."),
    flow("slo.availability", RATIO, "Objective for the share of requests that succeed."),
    flow("slo.period", TIME, "Period of the error budget; 30 days unless stated."),
    flow("timeout", TIME, "How long the client waits for the whole request."),
    flow("commit", Shape::Choice(&["local", "saga", "two-phase"]), "How its writes at several places become one."),
    flow("alert.on", Shape::Choice(&["burn-rate", "error-rate", "latency", "processor", "memory", "disk"]), "What wakes somebody."),
    flow("alert.windows", Shape::Whole(1), "Windows over which the burn rate has to be high at once."),
    flow("method", Shape::Choice(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]), "HTTP method of its first call."),
    flow("path", Shape::Text, "Path of its first call, as in `/v1/orders/{id}`."),
    flow("status", Shape::Whole(100), "Status code of success."),
    flow("versioned", Shape::Flag, "Whether clients say which version of the interface they mean, in the path or a header."),
    flow("pagination", Shape::Choice(&["none", "offset", "cursor"]), "How a list is handed out."),
    flow("rows", NUMBER, "Rows that the list has in all."),
    flow("sort_key", Shape::Choice(&["unique", "shared"]), "Whether two rows may have the same place in the order."),
    flow("total_count", Shape::Flag, "Whether each page says how many rows there are."),
    flow("idempotency_key", Shape::Flag, "Whether clients send a key by which a repeated request is recognised."),
    flow("idempotency_key.keep", TIME, "How long these keys are remembered."),

    // Data.
    data("description", Shape::Text, "What the records are."),
    data("tags", Shape::Names, "Words that rules can select by."),
    data("record", BYTES, "Size of one record, before indexes and copies."),
    data("added", RATE, "New records per second."),
    data("initial", NUMBER, "Records that exist today."),
    data("keep", TIME, "How long a record is kept."),
    data("index", quantity(Dimension::NONE), "Size of all indexes over the size of the records."),
    data("compression", FACTOR, "Size before compression over size after."),
    data("hot", RATIO, "Share of the records that gets most of the reads."),
    data("copies", FACTOR, "Copies kept, where the store's own replication doesn't say."),
    data("erasure.data", Shape::Whole(1), "Data shards of an erasure code."),
    data("erasure.parity", Shape::Whole(0), "Parity shards of an erasure code."),
    data("annual_failure_rate", RATIO, "Share of disks or nodes that fail in a year."),
    data("repair", TIME, "Time until a lost copy or shard is there again."),
    data("write_amplification", FACTOR, "Bytes written to disk for each byte of a record, compaction and logs included."),
    data("max_shard", BYTES, "Largest sensible size of a shard."),
    data("key.alphabet", Shape::Whole(2), "Different characters of a random key."),
    data("key.length", Shape::Whole(1), "Characters of a random key."),
    data("key.order", Shape::Choice(&["random", "time"]), "Whether keys grow with time."),
    data("cold_price", quantity(Dimension::STORAGE_PRICE), "Price of keeping what isn't hot, where it is kept on something cheaper."),
    data("consistency", CONSISTENCY, "What a reader of this data has to be promised."),
    data("staleness", TIME, "How old a read may be."),
    data("durable", Shape::Flag, "Whether losing an acknowledged write matters."),
    data("personal", Shape::Flag, "Whether it is about identifiable people."),
    data("residency", Shape::Names, "Regions that it must not leave."),
    data("guard", Shape::Choice(&["none", "lock", "conditional-write", "atomic", "transaction"]), "How a check and the write that relies on it stay one: stock, seats, balances."),

    // The system.
    system("rto", TIME, "Recovery time objective: longest outage after a disaster."),
    system("rpo", TIME, "Recovery point objective: most recent data that a disaster may lose."),
    system("reaction", TIME, "How long until somebody has seen an alarm and decided what to do, where that isn't automatic."),
    system("budget", MONEY_RATE, "Most that running it may cost."),
    system("availability", RATIO, "Objective for every flow that states none of its own."),
    system("p99", TIME, "Objective for the 99th percentile of every flow that states none of its own."),
    system("growth", FACTOR, "Load to be borne over today's, before anything is enlarged."),
    system("partition_behaviour", Shape::Choice(&["consistent", "available"]), "What the system should keep when its parts cannot reach each other."),
    system("recovery", Shape::Choice(&["backup-restore", "pilot-light", "warm-standby", "active-active"]), "The disaster recovery strategy."),
    system("teams", Shape::Whole(1), "Teams that build and run it."),
    system("zero_trust", Shape::Flag, "Whether its own network counts as hostile."),
    system("failure_tests", Shape::Flag, "Whether failures are caused on purpose, to see what happens."),
];

//! What a component can be, and what a call to it can do.

/// The kind of a component, as written after `is:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Users, browsers, devices: where traffic begins.
    Client,
    /// Name resolution.
    Dns,
    /// Content delivery network.
    Cdn,
    /// Web application firewall.
    Waf,
    /// Spreads requests over targets.
    LoadBalancer,
    /// Single entry for API clients.
    ApiGateway,
    /// Proxy in front of servers.
    ReverseProxy,
    /// A long-running process that answers requests.
    Service,
    /// Code run per request by a platform.
    Function,
    /// A process that takes work from a queue.
    Worker,
    /// Keeps copies of what is elsewhere.
    Cache,
    /// A store of record; `model:` says which sort.
    Database,
    /// Objects over HTTP.
    ObjectStore,
    /// Raw volumes.
    BlockStorage,
    /// Shared file systems.
    FileStorage,
    /// Each message to one consumer.
    Queue,
    /// A retained log of events.
    Stream,
    /// Each message to every subscriber.
    PubSub,
    /// Consensus store for locks, leaders, configuration.
    Coordinator,
    /// Where services find each other.
    Registry,
    /// Starts work at given times.
    Scheduler,
    /// Continuous computation over streams.
    StreamProcessor,
    /// Scheduled computation over stored data.
    Batch,
    /// Analytical store.
    Warehouse,
    /// Someone else's system.
    External,
}

impl Kind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Kind; 25] = [
        Kind::Client,
        Kind::Dns,
        Kind::Cdn,
        Kind::Waf,
        Kind::LoadBalancer,
        Kind::ApiGateway,
        Kind::ReverseProxy,
        Kind::Service,
        Kind::Function,
        Kind::Worker,
        Kind::Cache,
        Kind::Database,
        Kind::ObjectStore,
        Kind::BlockStorage,
        Kind::FileStorage,
        Kind::Queue,
        Kind::Stream,
        Kind::PubSub,
        Kind::Coordinator,
        Kind::Registry,
        Kind::Scheduler,
        Kind::StreamProcessor,
        Kind::Batch,
        Kind::Warehouse,
        Kind::External,
    ];

    /// The name in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Client => "client",
            Kind::Dns => "dns",
            Kind::Cdn => "cdn",
            Kind::Waf => "waf",
            Kind::LoadBalancer => "load-balancer",
            Kind::ApiGateway => "api-gateway",
            Kind::ReverseProxy => "reverse-proxy",
            Kind::Service => "service",
            Kind::Function => "function",
            Kind::Worker => "worker",
            Kind::Cache => "cache",
            Kind::Database => "database",
            Kind::ObjectStore => "object-store",
            Kind::BlockStorage => "block-storage",
            Kind::FileStorage => "file-storage",
            Kind::Queue => "queue",
            Kind::Stream => "stream",
            Kind::PubSub => "pub-sub",
            Kind::Coordinator => "coordinator",
            Kind::Registry => "registry",
            Kind::Scheduler => "scheduler",
            Kind::StreamProcessor => "stream-processor",
            Kind::Batch => "batch",
            Kind::Warehouse => "warehouse",
            Kind::External => "external",
        }
    }

    /// The kind that a word names.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it keeps data that somebody relies on.
    pub fn is_store(self) -> bool {
        matches!(
            self,
            Kind::Database
                | Kind::ObjectStore
                | Kind::BlockStorage
                | Kind::FileStorage
                | Kind::Coordinator
                | Kind::Warehouse
        )
    }

    /// Whether it stands outside of the regions that the team runs: clients, other companies' systems, names and edges.
    pub fn is_outside(self) -> bool {
        matches!(self, Kind::Client | Kind::External | Kind::Dns | Kind::Cdn)
    }

    /// Whether it carries messages between components.
    pub fn is_messaging(self) -> bool {
        matches!(self, Kind::Queue | Kind::Stream | Kind::PubSub)
    }

    /// Whether it passes requests on to one of several targets.
    pub fn is_balancer(self) -> bool {
        matches!(self, Kind::LoadBalancer | Kind::ApiGateway | Kind::ReverseProxy)
    }

    /// Whether it runs the team's own code.
    pub fn is_compute(self) -> bool {
        matches!(self, Kind::Service | Kind::Function | Kind::Worker | Kind::StreamProcessor | Kind::Batch)
    }

    /// Whether the distinction between reading and writing matters for its load.
    pub fn tells_reads_from_writes(self) -> bool {
        self.is_store() || self.is_messaging() || self == Kind::Cache || self == Kind::Registry
    }
}

/// What a call does at its target, derived from the word after the dot (`db.read`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Takes data out; a bare payload size is the response.
    Read,
    /// Puts data in; a bare payload size is the request.
    Write,
    /// Neither, or not said.
    Call,
}

const READS: [&str; 12] =
    ["read", "get", "query", "search", "consume", "list", "scan", "head", "lookup", "receive", "fetch", "find"];
const WRITES: [&str; 18] = [
    "write",
    "put",
    "set",
    "insert",
    "update",
    "delete",
    "produce",
    "publish",
    "send",
    "append",
    "index",
    "upsert",
    "add",
    "increment",
    "upload",
    "lock",
    "enqueue",
    "save",
];

impl Operation {
    /// The class of an operation's name.
    pub fn from_name(name: &str) -> Option<Operation> {
        if READS.contains(&name) {
            Some(Operation::Read)
        } else if WRITES.contains(&name) {
            Some(Operation::Write)
        } else if name == "call" {
            Some(Operation::Call)
        } else {
            None
        }
    }

    /// The word that rules and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Read => "read",
            Operation::Write => "write",
            Operation::Call => "call",
        }
    }

    /// Every name that a step may use after the dot.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        READS.into_iter().chain(WRITES).chain(["call"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(Operation::from_name("produce"), Some(Operation::Write));
        assert_eq!(Operation::from_name("get"), Some(Operation::Read));
        assert_eq!(Operation::from_name("fly"), None);
    }
}

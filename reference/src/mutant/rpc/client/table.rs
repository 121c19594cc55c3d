//! The mutants of an rpc client, apart from those that all clients share.

use crate::mutant::Mutant;

pub(super) const OPENING: &[Mutant] = &[
    Mutant::new("speaks-first", &["RPC-C1"], "sends another frame before `SessionStart`").starving(),
    Mutant::new("does-not-wait", &["RPC-C1"], "does not wait for the `Ack` of its `SessionStart`").starving(),
    Mutant::new("loses-patience", &["RPC-C1"], "sends more if its first `SessionStart` is acknowledged late")
        .causing(&["RPC-C5"]),
    Mutant::new("loses-patience-later", &["RPC-C1"], "sends more if a later `SessionStart` is acknowledged late")
        .causing(&["RPC-C6"]),
    Mutant::new("another-session", &["RPC-C1"], "starts another session on later connections"),
    Mutant::new("no-start-on-return", &["RPC-C1", "RPC-C6"], "sends no `SessionStart` after reconnecting").starving(),
    Mutant::new("same-time", &["RPC-C8"], "repeats the time of its first `SessionStart`"),
    Mutant::new("patient-with-acks", &["RPC-C6"], "waits forever for the `Ack` of its `SessionStart`")
        .causing(&["RECON-12", "RPC-C5"]),
    Mutant::new("stays-away", &["RPC-C6", "RECON-01"], "does not reconnect").starving(),
    Mutant::new("silent-failure", &["RPC-C7"], "does not report that its first connection failed"),
    Mutant::new("parallel", &["RECON-08"], "makes two attempts at once").starving(),
    Mutant::new("ignores-ends", &["RECON-01"], "does not notice a connection that ends").starving(),
    Mutant::new("clings-unregistered", &["RECON-13"], "ignores SIGTERM before its session is registered")
        .causing(&["RECON-08"]),
];

pub(super) const DRIVER: &[Mutant] = &[
    Mutant::new("returns-at-first", &["DRV-02"], "reports its first registration as a reconnection"),
    Mutant::new("leaves-at-the-nameless", &["DRV-03"], "ends the connection at a command without a name"),
];

pub(super) const CALLS: &[Mutant] = &[
    Mutant::new("spoils-one-of-many", &["RPC-C2"], "sends an unreadable frame as the fortieth call on a connection"),
    Mutant::new("one-id-for-all", &["RPC-C2"], "uses one request id for all calls")
        .causing(&["RPC-C1", "RPC-C3", "RPC-C4", "RPC-C5"]),
    Mutant::new("any-answer-will-do", &["RPC-C3"], "accepts any answer as that of its latest call")
        .causing(&["RPC-C1", "RPC-C2", "RPC-C6"]),
    Mutant::new("whole-reads", &["RPC-C3"], "drops the rest of what it has read").starving(),
    Mutant::new("fragile", &["RPC-C3"], "ends the connection at an undecodable frame"),
    Mutant::new("mute-after-pieces", &["RPC-C3"], "makes no more calls after an answer in pieces"),
    Mutant::new("takes-acks-alone", &["RPC-C3"], "does not accept a `Response` as an answer"),
    Mutant::new("ends-at-second-answers", &["RPC-C3"], "ends the connection at a second answer to a call"),
    Mutant::new("forgets-old-calls", &["RPC-C3"], "ignores the answer to a call if three others were made after it"),
    Mutant::new("hangs-on-failures", &["RPC-C4", "RPC-C5"], "does not report failed calls")
        .causing(&["RPC-C1", "RPC-C2", "RPC-C6"]),
    Mutant::new("repeats-calls", &["RPC-C4"], "repeats calls that were in flight when the connection was lost"),
    Mutant::new("waits-for-the-rest", &["RPC-C4"], "does not notice the end of the connection inside an answer"),
    Mutant::new("one-failure-twice", &["RPC-C4"], "reports one of many failures twice, and another not at all"),
    Mutant::new("keeps-calls-for-later", &["RPC-C5"], "makes a call later that failed for lack of a connection"),
    Mutant::new("loses-waiting-calls", &["RPC-C5"], "does not make the calls that waited for `Ack`")
        .causing(&["RPC-C1", "RPC-C3"]),
    Mutant::new("makes-one-waiting-call", &["RPC-C5"], "makes only one of the calls that waited for `Ack`"),
    Mutant::new("mute-on-return", &["RPC-C6"], "makes no calls after reconnecting"),
    Mutant::new("takes-any-length", &["RPC-C9"], "waits for frames of any length"),
    Mutant::new("small-limit", &["RPC-C9"], "rejects frames above 1 MiB"),
    Mutant::new("takes-memory", &["RPC-C9"], "allocates memory for a length that it refuses"),
];

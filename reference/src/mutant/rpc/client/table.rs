//! The mutants of an rpc client, but for those that clients of all families have.

use crate::mutant::Mutant;

pub(super) const OPENING: &[Mutant] = &[
    Mutant::new("speaks-first", &["RPC-C1"], "sends another frame before `SessionStart`").starving(),
    Mutant::new("does-not-wait", &["RPC-C1"], "does not wait for the `Ack` of its `SessionStart`").starving(),
    Mutant::new("loses-patience", &["RPC-C1"], "sends more when its first `SessionStart` is not answered at once")
        .causing(&["RPC-C5"]),
    Mutant::new("loses-patience-later", &["RPC-C1"], "sends more when a later `SessionStart` is not answered at once")
        .causing(&["RPC-C6"]),
    Mutant::new("another-session", &["RPC-C1"], "opens later connections for another session"),
    Mutant::new("no-start-on-return", &["RPC-C1", "RPC-C6"], "sends no `SessionStart` when it comes back").starving(),
    Mutant::new("same-time", &["RPC-C8"], "repeats the time of its first `SessionStart`"),
    Mutant::new("patient-with-acks", &["RPC-C6"], "waits for ever for the `Ack` of its `SessionStart`")
        .causing(&["RECON-12", "RPC-C5"]),
    Mutant::new("stays-away", &["RPC-C6", "RECON-01"], "does not come back").starving(),
    Mutant::new("silent-failure", &["RPC-C7"], "does not report that its first connection failed"),
    Mutant::new("parallel", &["RECON-08"], "makes two attempts at once").starving(),
    Mutant::new("ignores-ends", &["RECON-01"], "does not notice a connection that ends").starving(),
    Mutant::new("clings-unregistered", &["RECON-13"], "ignores SIGTERM before its session is registered")
        .causing(&["RECON-08"]),
];

/// In what the driver is told, and asks for.
pub(super) const DRIVER: &[Mutant] = &[
    Mutant::new("returns-at-first", &["DRV-02"], "calls the registration of its first session a return"),
    Mutant::new("leaves-at-the-nameless", &["DRV-03"], "ends the connection at a command without a name"),
];

pub(super) const CALLS: &[Mutant] = &[
    Mutant::new(
        "spoils-one-of-many",
        &["RPC-C2"],
        "sends a frame that nobody can read as the fortieth call on a connection",
    ),
    Mutant::new("one-id-for-all", &["RPC-C2"], "uses one request id for all calls")
        .causing(&["RPC-C1", "RPC-C3", "RPC-C4", "RPC-C5"]),
    Mutant::new("any-answer-will-do", &["RPC-C3"], "takes any answer for that of its latest call")
        .causing(&["RPC-C1", "RPC-C2", "RPC-C6"]),
    Mutant::new("whole-reads", &["RPC-C3"], "drops the rest of what it has read").starving(),
    Mutant::new("fragile", &["RPC-C3"], "ends the connection at an undecodable frame"),
    Mutant::new("mute-after-pieces", &["RPC-C3"], "makes no call after an answer that came in pieces"),
    Mutant::new("takes-acks-alone", &["RPC-C3"], "takes no `Response` for an answer"),
    Mutant::new("ends-at-second-answers", &["RPC-C3"], "ends the connection at a second answer to a call"),
    Mutant::new("forgets-old-calls", &["RPC-C3"], "ignores the answer to a call that three others were made after"),
    Mutant::new("hangs-on-failures", &["RPC-C4", "RPC-C5"], "does not tell of calls that failed")
        .causing(&["RPC-C1", "RPC-C2", "RPC-C6"]),
    Mutant::new("repeats-calls", &["RPC-C4"], "makes calls again that were under way when the connection was lost"),
    Mutant::new("waits-for-the-rest", &["RPC-C4"], "notices no end in the midst of an answer"),
    Mutant::new("one-failure-twice", &["RPC-C4"], "tells twice of one of many failures, and of another not at all"),
    Mutant::new("keeps-calls-for-later", &["RPC-C5"], "makes a call later that failed for want of a connection"),
    Mutant::new("loses-waiting-calls", &["RPC-C5"], "does not make the calls that waited for `Ack`")
        .causing(&["RPC-C1", "RPC-C3"]),
    Mutant::new("makes-one-waiting-call", &["RPC-C5"], "makes but one of the calls that waited for `Ack`"),
    Mutant::new("mute-on-return", &["RPC-C6"], "makes no calls on later connections"),
    Mutant::new("takes-any-length", &["RPC-C9"], "waits for frames of any length"),
    Mutant::new("small-limit", &["RPC-C9"], "takes no frame above 1 MiB"),
    Mutant::new("takes-memory", &["RPC-C9"], "takes memory for a length that it refuses"),
];

//! Which scenario finds which flaw, and the checks that are then to blame.

/// A flaw.
pub(super) struct Case {
    /// Its name, as the flawed program knows it.
    pub(super) flaw: &'static str,
    pub(super) scenario: &'static str,
    /// The checks that are to blame, in the order of the report.
    pub(super) blamed: &'static [&'static str],
}

const fn case(flaw: &'static str, scenario: &'static str, blamed: &'static [&'static str]) -> Case {
    Case { flaw, scenario, blamed }
}

/// Flaws of a daemon.
pub(super) const DAEMONS: &[Case] = &[
    case("no-answer-to-events", "rpc/answers", &["an-exit"]),
    case("acks-requests", "rpc/answers", &["lint", "the-sessions"]),
    case("another-id", "rpc/answers", &["lint", "a-session-start"]),
    case("answers-twice", "rpc/answers", &["lint", "bytes"]),
    case("one-by-one", "rpc/concurrent", &["all-are-answered"]),
    case("answers-twice", "rpc/concurrent", &["story", "lint"]),
    case("drops-coalesced", "rpc/pieces", &["a-hundred-in-one-write"]),
    case("whole-reads", "rpc/pieces", &["byte-by-byte"]),
    case("closes-at-undecodable", "rpc/undecodable", &["no-content"]),
    case("answers-undecodable", "rpc/undecodable", &["lint", "no-content"]),
    case("small-limit", "rpc/large", &["sixteen-mebibytes-are-accepted"]),
    case("takes-any-length", "rpc/too-long", &["a-mere-length-closes-the-connection"]),
    case("takes-memory", "rpc/too-long", &["nothing-is-taken-for-it"]),
    case("one-at-a-time", "rpc/stalled", &["a-new-connection-is-served"]),
    case("keeps-old-attrs", "rpc/session-again", &["one-active-session-with-its-commands-and-new-attrs"]),
    case("doubles-sessions", "rpc/session-again", &["one-active-session-with-its-commands-and-new-attrs"]),
    case("ended-for-good", "rpc/session-after-its-end", &["it-is-active-with-its-history"]),
    case("end-is-ignored", "rpc/session-after-its-end", &["it-has-ended"]),
    case("loss-ends", "rpc/session-outlives-its-connection", &["active-after-a-reset"]),
    case("end-is-ignored", "rpc/session-outlives-its-connection", &["ended-by-another-connection"]),
    case("forgets-all", "rpc/survives-being-killed", &["an-active-session-with-all-its-commands"]),
    case("never-comes-back", "rpc/survives-being-killed", &["comes-back"]),
    case("forgets-all", "rpc/survives-being-terminated", &["an-active-session-with-all-its-commands"]),
    case("open-to-all", "rpc/socket-file", &["private"]),
    case("takes-the-place", "rpc/socket-file", &["a-second-daemon-refuses-to-start"]),
    case("respects-stale-files", "rpc/socket-file", &["a-stale-file-is-replaced"]),
];

/// Flaws of a client.
pub(super) const CLIENTS: &[Case] = &[
    case("speaks-first", "rpc/client-opens", &["lint", "opens-with-session-start"]),
    case("does-not-wait", "rpc/client-waits-for-its-ack", &["lint", "sends-no-call-before-the-ack"]),
    case("any-answer-will-do", "rpc/client-waits-for-its-ack", &["lint", "another-ack-is-not-that-of-session-start"]),
    case("hangs", "rpc/client-unacknowledged", &["the-call-that-waited-fails"]),
    case("one-id-for-all", "rpc/client-answers", &["lint", "each-has-an-id-of-its-own"]),
    case("whole-reads", "rpc/client-answers", &["an-answer-comes-byte-by-byte"]),
    case("one-id-for-all", "rpc/client-many-calls", &["lint", "each-has-an-id-of-its-own"]),
    case("hangs", "rpc/client-many-calls", &["each-fails"]),
    case("hangs", "rpc/client-loss", &["a-call-fails-with-a-reset"]),
    case("stays-away", "rpc/client-loss", &["comes-back"]),
    case("hangs", "rpc/client-call-while-disconnected", &["fails-at-once"]),
    case("patient", "rpc/client-unacknowledged", &["is-given-up-without-a-call"]),
    case("silent-failure", "rpc/client-first-failure", &["is-reported-at-once"]),
    case("stays-away", "rpc/client-first-failure", &["is-tried-again"]),
    case("same-time", "rpc/client-opens-anew", &["the-time-is-taken-anew"]),
    case("fragile", "rpc/client-survives", &["keeps-its-connection"]),
    case("takes-any-length", "rpc/client-long-frames", &["a-longer-one-ends-the-connection"]),
    case("small-limit", "rpc/client-long-frames", &["sixteen-mebibytes-are-accepted"]),
];

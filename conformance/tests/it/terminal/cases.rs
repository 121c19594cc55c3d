//! Which scenario finds which flaw, and the checks that are then to blame.

/// A flaw.
pub(super) struct Case {
    /// Its name, as the middleman knows it.
    pub(super) flaw: &'static str,
    pub(super) scenario: &'static str,
    /// The checks that are to blame, in the order of the report.
    pub(super) blamed: &'static [&'static str],
}

const fn case(flaw: &'static str, scenario: &'static str, blamed: &'static [&'static str]) -> Case {
    Case { flaw, scenario, blamed }
}

/// Flaws of a relay.
pub(super) const RELAYS: &[Case] = &[
    case("no-registered", "terminal/registration", &["registered"]),
    case("small-code", "terminal/registration", &["lint", "the-code-has-the-form"]),
    case("same-code", "terminal/registration", &["the-same-client-id-gets-a-code-of-its-own"]),
    case("lets-nobody-in", "terminal/auth", &["in-capitals"]),
    case("capitals-only", "terminal/auth", &["in-small-letters"]),
    case("no-reason", "terminal/auth-unknown", &["lint", "the-code-of-a-lost-host"]),
    case("no-reason-at-all", "terminal/auth-unknown", &["the-code-of-a-lost-host"]),
    case("lets-anybody-in", "terminal/auth-unknown", &["the-code-of-a-lost-host"]),
    case("refused-otherwise", "terminal/auth-unknown", &["the-code-of-a-lost-host-and-closed"]),
    case("says-nothing-first", "terminal/first-message", &["a-session-list"]),
    case("says-nothing-first", "terminal/first-message-no-json", &["prose"]),
    case("says-nothing-first", "terminal/first-message-malformed", &["a-register-without-client-id"]),
    case("says-nothing-first", "terminal/first-message-binary", &["a-binary-message"]),
    case("pings-are-messages", "terminal/first-message-after-pings", &["a-ping-is-answered"]),
    case("waits-forever", "terminal/silence", &["silence-is-closed"]),
    case("hides-viewers", "terminal/browser-ids", &["each-is-told-to-the-host"]),
    case("one-id-for-all", "terminal/browser-ids", &["lint", "ids-of-viewers-that-are-there-differ"]),
    case("hides-losses", "terminal/viewer-lost-by-close", &["the-host-is-told"]),
    case("hides-losses", "terminal/viewer-lost-by-violation", &["the-host-is-told"]),
    case("another-id", "terminal/viewer-lost-by-close", &["lint", "the-host-is-told"]),
    case("ignores-losses", "terminal/viewer-lost-by-fin", &["the-host-is-told"]),
    case("ignores-losses", "terminal/viewer-lost-by-reset", &["the-host-is-told"]),
    case("one-viewer", "terminal/viewers", &["each-gets-the-list"]),
    case("twice", "terminal/bytes-to-viewers", &["an-empty-payload"]),
    case("twice", "terminal/bytes-order", &["in-order-to-the-viewers"]),
    case("loses-one", "terminal/bytes-order", &["in-order-to-the-viewers"]),
    case("swaps", "terminal/bytes-order", &["in-order-to-the-viewers"]),
    case("alters-bytes", "terminal/bytes-to-viewers", &["one-byte-of-id"]),
    case("alters-bytes-to-host", "terminal/bytes-to-host", &["one-byte-of-id"]),
    case("twice-to-host", "terminal/bytes-order", &["in-order-to-the-host"]),
    case("echoes", "terminal/bytes-to-host", &["nothing-is-echoed"]),
    case("leaks-bytes", "terminal/bytes-isolated", &["lint", "a-hosts-bytes-for-no-other-viewer"]),
    case("leaks-messages", "terminal/bytes-isolated", &["lint", "a-hosts-messages-for-no-other-viewer"]),
    case("alters-sizes", "terminal/control-to-viewers", &["a-session-resize"]),
    case("keeps-empty-lists", "terminal/control-to-viewers", &["an-empty-list"]),
    case("keeps-wishes", "terminal/create-session", &["reaches-the-host"]),
    case("spaced-close", "terminal/close-session", &["a-short-id"]),
    case("forwards-anything", "terminal/wrong-direction", &["lint", "nothing-of-the-viewer-for-the-host"]),
    case("no-scrollback", "terminal/scrollback", &["in-order-and-whole"]),
    case("scrollback-first", "terminal/scrollback", &["lint", "success-comes-first"]),
    case("cuts-oldest", "terminal/scrollback", &["in-order-and-whole"]),
    case("loses-one", "terminal/scrollback-joined-amid", &["each-once-without-a-gap"]),
    case("forgets-nothing", "terminal/scrollback-closed-session", &["nothing-of-the-closed-session"]),
    case("hides-the-loss", "terminal/host-lost-by-close", &["each-viewer-is-told"]),
    case("hides-the-loss", "terminal/host-lost-by-violation", &["each-viewer-is-told"]),
    case("ignores-losses", "terminal/host-lost-by-fin", &["each-viewer-is-told"]),
    case("ignores-losses", "terminal/host-lost-by-reset", &["each-viewer-is-told"]),
    case("host-lost-otherwise", "terminal/host-lost-by-close", &["and-closed-with-1000"]),
    case("lets-anybody-in", "terminal/host-lost-by-close", &["the-code-is-unknown"]),
    case("malformed-ends", "terminal/malformed-binary", &["from-the-host-empty"]),
    case("malformed-passes", "terminal/malformed-binary", &["lint", "from-the-host-empty"]),
    case("cuts-ids", "terminal/close-session-too-long", &["one-byte-too-many"]),
    case("silent-refusal", "terminal/close-session-too-long", &["one-byte-too-many"]),
    case("no-pings", "terminal/heartbeat", &["on-the-hosts-connection"]),
    case("forgives-silence", "terminal/heartbeat-silent-host", &["terminated-in-time"]),
    case("forgives-silence", "terminal/heartbeat-silent-viewer", &["terminated-in-time"]),
    case("strict-space", "terminal/control-to-viewers", &["white-space-order-and-escapes-are-free"]),
    case("strict-members", "terminal/create-session", &["unknown-members"]),
    case("drops-fragments", "terminal/fragments", &["a-fragmented-register"]),
    case("parrot", "terminal/pong", &["before-the-first-message"]),
    case("no-close-answer", "terminal/close", &["a-hosts-is-answered"]),
    case("invalid-ends", "terminal/invalid", &["the-viewer-sees-nothing-of-it"]),
    case("violations-pass", "terminal/violations", &["a-reserved-opcode"]),
    case("violations-pass", "terminal/violations-of-control", &["a-continuation-of-nothing"]),
    case("small-limit", "terminal/bytes-large", &["one-mebibyte-to-the-viewer"]),
    case("small-text-limit", "terminal/bytes-large", &["a-text-of-one-mebibyte"]),
    case("slow", "terminal/latency", &["bytes-to-the-viewer"]),
];

/// Flaws of a relay that the judge starts.
pub(super) const STARTED: &[Case] = &[
    case("stops-otherwise", "terminal/stop", &["the-host-is-closed-with-1001"]),
    case("slow-others", "terminal/stalled-viewer", &["other-sessions-go-on"]),
];

/// Flaws of a host or a viewer.
pub(super) const CLIENTS: &[Case] = &[
    case("speaks-first", "terminal/host-registers", &["lint", "opens-with-register"]),
    case("another-client-id", "terminal/host-registers", &["under-the-same-client-id"]),
    case("stays-away", "terminal/host-registers", &["comes-back-after-a-loss"]),
    case("registers-once", "terminal/host-registers", &["under-the-same-client-id"]),
    case("no-list", "terminal/host-lists-sessions", &["for-the-first-viewer"]),
    case("no-list", "terminal/host-lists-none", &["says-what-its-user-gives"]),
    case("fragile", "terminal/host-survives", &["keeps-its-connection"]),
    case("fragile-to-bytes", "terminal/host-survives", &["keeps-its-connection"]),
    case("keeps-its-code", "terminal/host-new-code", &["uses-the-new-code"]),
    case("alters-what-it-says", "terminal/host-bytes", &["text-of-a-session"]),
    case("alters-what-it-hears", "terminal/host-bytes", &["text-for-the-user"]),
    case("hears-twice", "terminal/host-bytes", &["every-byte-for-the-user"]),
    case("speaks-first", "terminal/viewer-opens", &["lint", "opens-with-auth"]),
    case("another-code", "terminal/viewer-opens", &["opens-with-auth"]),
    case("stays-away", "terminal/viewer-opens", &["comes-back-after-a-reset"]),
    case("tries-again", "terminal/viewer-refused", &["does-not-try-again"]),
    case("tries-again", "terminal/viewer-refused-says-so", &["reports-the-refusal"]),
    case("comes-back-anyhow", "terminal/viewer-host-lost", &["does-not-come-back"]),
    case("fragile", "terminal/viewer-survives", &["keeps-its-connection"]),
    case("fragile-to-bytes", "terminal/viewer-survives", &["keeps-its-connection"]),
    case("fragile", "terminal/viewer-goes-on", &["what-comes-behind-it-is-shown"]),
    case("alters-what-it-says", "terminal/viewer-bytes", &["text-of-a-session"]),
    case("alters-what-it-hears", "terminal/viewer-bytes", &["text-for-the-user"]),
    case("hears-twice", "terminal/viewer-bytes", &["every-byte-for-the-user"]),
];

//! What a relay can do wrong, how a scenario detects it, and which checks then fail.

/// A flaw.
pub(super) struct RelayCase {
    /// Its name, as the relay knows it.
    pub(super) flaw: &'static str,
    covers: &'static str,
    /// One step each; `FLAW` stands for the query that names the flaw, `SOON` for a deadline.
    steps: &'static [&'static str],
    /// The checks that fail or warn, in the order of the report.
    pub(super) failing: &'static [&'static str],
}

const fn case(
    flaw: &'static str,
    covers: &'static str,
    steps: &'static [&'static str],
    failing: &'static [&'static str],
) -> RelayCase {
    RelayCase { flaw, covers, steps, failing }
}

impl RelayCase {
    /// The scenario for a relay with this flaw.
    pub(super) fn script(&self, flaw: &str) -> String {
        // A message that never arrives need not be awaited for long, which leaves less room for disturbances. One that arrives has time.
        let soon = if flaw == "none" { "2s" } else { "60ms" };
        let steps = self.steps.iter().map(|step| format!("  - {}\n", step.replace("FLAW", flaw).replace("SOON", soon)));
        let Self { flaw: name, covers, .. } = self;
        let header =
            format!("summary: A relay with the flaw {name}, or without.\ncovers: [{covers}]\nunder_test: relay");
        format!("{header}\nsteps:\n{}", steps.collect::<String>())
    }
}

const HOST: &str = "connect: { as: host, to: /mac?FLAW }";
const REGISTERED: &str = "expect: { on: host, json: { type: registered } }";
const VIEWER: &str = "connect: { as: viewer, to: /browser?FLAW }";
const PING: &str = "send: { on: host, json: { type: ping, ts: 7 } }";
const JOIN: &str = "send: { on: viewer, json: { type: join, code: \"346789\" } }";
const REFUSED: &str = "expect: { on: viewer, json: { type: error, code: INVALID_CODE }, within: SOON, check: refused }";
const ANSWERED: &str = "expect: { on: host, json: { type: pong, ts: 7 }, within: SOON, check: answered }";
/// A surplus message is found at the end of a scenario, if it has arrived by then.
const A_WHILE: &str = "wait: { for: 300ms }";
const WS_PING: &str = "send: { on: viewer, ping: one }";
const WS_PONG: &str = "expect: { on: viewer, pong: one, within: SOON, check: ponged }";

const PINGED: &[&str] = &[HOST, REGISTERED, PING, ANSWERED];
const JOINED: &[&str] = &[VIEWER, JOIN, REFUSED];
/// A host whose `ping` gets any answer; what is wrong with it only lint detects.
const ANY_ANSWER: &[&str] =
    &[HOST, REGISTERED, PING, "expect: { on: host, json: { type: { is: text } }, check: answered }"];
const GREETED: &[&str] = &[HOST, "expect: { on: host, json: { type: registered }, check: greeted }"];
const LOST: &[&str] = &[
    "connect: { as: lost, to: /nowhere?FLAW }",
    "expect: { on: lost, close: { code: [4000], reason: Invalid path }, check: closed }",
];

pub(super) const CASES: &[RelayCase] = &[
    // The answer of the relay.
    case("wrong-code", "PAIR-21", JOINED, &["refused"]),
    case("silent", "PAIR-21", JOINED, &["refused"]),
    case("another-ts", "PAIR-50", PINGED, &["lint", "answered"]),
    case("talkative", "PAIR-50", &[HOST, REGISTERED, PING, ANSWERED, A_WHILE], &["story"]),
    case(
        "chatty",
        "PAIR-10",
        &[HOST, REGISTERED, "quiet: { on: host, for: 50ms, check: stays-quiet }"],
        &["stays-quiet"],
    ),
    case(
        "wrong-should",
        "PAIR-44, PAIR-43",
        &[
            VIEWER,
            "send: { on: viewer, json: { type: data, payload: x } }",
            "expect: { on: viewer, json: { type: error, code: NOT_FOUND }, check: refused }",
            "quiet: { on: viewer, for: 20ms, check: PAIR-43 stays-open }",
        ],
        &["refused"],
    ),
    case(
        "not-registered",
        "PAIR-10",
        &[HOST, REGISTERED, "quiet: { on: host, for: 20ms, check: stays-open }"],
        &["story", "lint"],
    ),
    // Values over several messages
    case(
        "same-code",
        "PAIR-13",
        &[
            "many: { as: i, count: 3, steps: [{ connect: { as: host, to: /mac?FLAW } }, { expect: { on: host, json: { type: registered, code: $codes } } }] }",
            "distinct: { values: $codes, check: all-different }",
        ],
        &["all-different"],
    ),
    case(
        "drifting",
        "PAIR-12",
        &[
            "mark: { as: now }",
            HOST,
            "expect: { on: host, json: { type: registered, expiresAt: $expiry } }",
            "near: { value: $expiry, to: $now, plus: code_lifetime, tolerance: 10s, check: in-time }",
        ],
        &["in-time"],
    ),
    case(
        "some-expired",
        "PAIR-25",
        &[
            "many: { as: i, count: 3, steps: [{ connect: { as: viewer, to: /browser?FLAW } }, { send: { on: viewer, json: { type: join, code: \"346789\" } } }, { expect: { on: viewer, any_of: [{ named: unknown, json: { code: INVALID_CODE } }, { named: expired, json: { code: EXPIRED_CODE } }], bind: outcomes } }] }",
            "tally: { values: $outcomes, to: { unknown: 3 }, check: all-unknown }",
        ],
        &["all-unknown"],
    ),
    case(
        "undecided",
        "PAIR-30",
        &[
            VIEWER,
            "poll: { send: { on: viewer, json: { type: join, code: \"346789\" } }, expect: { code: EXPIRED_CODE }, meanwhile: { code: INVALID_CODE }, every: 5ms, within: SOON, check: expires }",
        ],
        &["expires"],
    ),
    case(
        "no-heartbeat",
        "PAIR-80",
        &[HOST, REGISTERED, "expect: { on: host, ping: {}, within: SOON, check: pinged }"],
        &["pinged"],
    ),
    // Lint: schemas
    case("alphabet", "PAIR-10", GREETED, &["lint"]),
    case("short-code", "PAIR-10", GREETED, &["lint"]),
    case("text-expiry", "PAIR-10", GREETED, &["lint"]),
    case("no-expiry", "PAIR-10", GREETED, &["lint"]),
    case("unknown-type", "PAIR-50", ANY_ANSWER, &["lint"]),
    case("empty-reason", "PAIR-21", JOINED, &["lint"]),
    case("array", "PAIR-50", PINGED, &["lint", "answered"]),
    case("no-json", "PAIR-50", PINGED, &["lint", "answered"]),
    case("binary", "PAIR-50", PINGED, &["lint", "answered"]),
    // Lint: order
    case(
        "out-of-order",
        "PAIR-50",
        &[
            VIEWER,
            "send: { on: viewer, json: { type: ping, ts: 7 } }",
            "expect: { on: viewer, json: { type: { is: text } }, check: answered }",
        ],
        &["lint"],
    ),
    case("twice", "PAIR-50", &[HOST, REGISTERED, PING, ANSWERED, A_WHILE], &["story", "lint"]),
    // Lint: RFC 6455
    case("masked", "PAIR-50", ANY_ANSWER, &["lint"]),
    case("long-length", "PAIR-50", ANY_ANSWER, &["lint"]),
    case("reserved-bit", "PAIR-50", ANY_ANSWER, &["lint"]),
    case("reserved-opcode", "PAIR-50", ANY_ANSWER, &["lint"]),
    case("split-control", "PAIR-50", ANY_ANSWER, &["lint"]),
    case("no-utf-8", "PAIR-50", PINGED, &["lint", "answered"]),
    case(
        "late",
        "WIRE-05",
        &[
            HOST,
            REGISTERED,
            "close: { on: host, code: 1000 }",
            "expect: { on: host, close: { code: [1000] }, check: closed }",
            "expect: { on: host, end: {} }",
        ],
        &["story", "lint"],
    ),
    // Opening and closing
    case("refuses", "PAIR-01", &["connect: { as: viewer, to: /browser?FLAW, check: connects }"], &["connects"]),
    case("accepts", "WIRE-08", &["refused: { to: /closed?FLAW, check: refuses }"], &["refuses"]),
    case("no-close-frame", "PAIR-02", LOST, &["closed"]),
    case("another-close", "PAIR-02", LOST, &["closed"]),
    case(
        "forbidden-close",
        "PAIR-02",
        &["connect: { as: lost, to: /nowhere?FLAW }", "expect: { on: lost, close: {}, check: refused }"],
        &["lint"],
    ),
    case(
        "impolite",
        "WIRE-05",
        &[
            HOST,
            REGISTERED,
            "close: { on: host, code: 1000 }",
            "expect: { on: host, close: {}, within: SOON, check: closed }",
        ],
        &["closed"],
    ),
    case("deaf", "WIRE-04", &[VIEWER, WS_PING, WS_PONG], &["ponged"]),
    case("parrot", "WIRE-04", &[VIEWER, WS_PING, WS_PONG], &["ponged"]),
];

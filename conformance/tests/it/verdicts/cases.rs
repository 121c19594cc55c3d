//! What a relay can do wrong, how a scenario notices, and which checks are then to blame.

/// A flaw.
pub(super) struct Case {
    /// Its name, as the relay knows it.
    pub(super) flaw: &'static str,
    covers: &'static str,
    /// One step a line; `FLAW` stands for the query that names the flaw, `SOON` for a deadline.
    steps: &'static [&'static str],
    /// The checks that are to blame, in the order of the report.
    pub(super) blamed: &'static [&'static str],
}

impl Case {
    /// The scenario for a relay with a flaw.
    pub(super) fn script(&self, flaw: &str) -> String {
        // What never comes need not be waited for long: the shorter, the less disturbs it. What comes has time.
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
/// What is left over at the end of a story is found where it has come by then.
const A_WHILE: &str = "wait: { for: 300ms }";

/// A host whose `ping` is answered in whatever way; what is wrong with the answer only lint knows.
const ANYHOW: &[&str] =
    &[HOST, REGISTERED, PING, "expect: { on: host, json: { type: { is: text } }, check: answered }"];
const GREETED: &[&str] = &[HOST, "expect: { on: host, json: { type: registered }, check: greeted }"];
const STRANGER: &[&str] = &[
    "connect: { as: lost, to: /nowhere?FLAW }",
    "expect: { on: lost, close: { code: [4000], reason: Invalid path }, check: told }",
];

pub(super) const CASES: &[Case] = &[
    // The answer of the relay.
    Case { flaw: "wrong-code", covers: "PAIR-21", steps: &[VIEWER, JOIN, REFUSED], blamed: &["refused"] },
    Case { flaw: "silent", covers: "PAIR-21", steps: &[VIEWER, JOIN, REFUSED], blamed: &["refused"] },
    Case {
        flaw: "another-ts",
        covers: "PAIR-50",
        steps: &[HOST, REGISTERED, PING, ANSWERED],
        blamed: &["lint", "answered"],
    },
    Case {
        flaw: "talkative",
        covers: "PAIR-50",
        steps: &[HOST, REGISTERED, PING, ANSWERED, A_WHILE],
        blamed: &["story"],
    },
    Case {
        flaw: "chatty",
        covers: "PAIR-10",
        steps: &[HOST, REGISTERED, "quiet: { on: host, for: 50ms, check: stays-quiet }"],
        blamed: &["stays-quiet"],
    },
    Case {
        flaw: "wrong-should",
        covers: "PAIR-44, PAIR-43",
        steps: &[
            VIEWER,
            "send: { on: viewer, json: { type: data, payload: x } }",
            "expect: { on: viewer, json: { type: error, code: NOT_FOUND }, check: told }",
            "quiet: { on: viewer, for: 20ms, check: PAIR-43 stays-open }",
        ],
        blamed: &["told"],
    },
    Case {
        flaw: "not-registered",
        covers: "PAIR-10",
        steps: &[HOST, REGISTERED, "quiet: { on: host, for: 20ms, check: stays-open }"],
        blamed: &["story", "lint"],
    },
    // Values over several messages
    Case {
        flaw: "same-code",
        covers: "PAIR-13",
        steps: &[
            "many: { as: i, count: 3, steps: [{ connect: { as: host, to: /mac?FLAW } }, { expect: { on: host, json: { type: registered, code: $codes } } }] }",
            "distinct: { values: $codes, check: all-different }",
        ],
        blamed: &["all-different"],
    },
    Case {
        flaw: "drifting",
        covers: "PAIR-12",
        steps: &[
            "mark: { as: now }",
            HOST,
            "expect: { on: host, json: { type: registered, expiresAt: $expiry } }",
            "near: { value: $expiry, to: $now, plus: code_lifetime, tolerance: 10s, check: in-time }",
        ],
        blamed: &["in-time"],
    },
    Case {
        flaw: "some-expired",
        covers: "PAIR-25",
        steps: &[
            "many: { as: i, count: 3, steps: [{ connect: { as: viewer, to: /browser?FLAW } }, { send: { on: viewer, json: { type: join, code: \"346789\" } } }, { expect: { on: viewer, any_of: [{ named: unknown, json: { code: INVALID_CODE } }, { named: expired, json: { code: EXPIRED_CODE } }], bind: outcomes } }] }",
            "tally: { values: $outcomes, to: { unknown: 3 }, check: all-unknown }",
        ],
        blamed: &["all-unknown"],
    },
    Case {
        flaw: "undecided",
        covers: "PAIR-30",
        steps: &[
            VIEWER,
            "poll: { send: { on: viewer, json: { type: join, code: \"346789\" } }, expect: { code: EXPIRED_CODE }, meanwhile: { code: INVALID_CODE }, every: 5ms, within: SOON, check: expires }",
        ],
        blamed: &["expires"],
    },
    Case {
        flaw: "no-heartbeat",
        covers: "PAIR-80",
        steps: &[HOST, REGISTERED, "expect: { on: host, ping: {}, within: SOON, check: pinged }"],
        blamed: &["pinged"],
    },
    // Lint: schemas
    Case { flaw: "alphabet", covers: "PAIR-10", steps: GREETED, blamed: &["lint"] },
    Case { flaw: "short-code", covers: "PAIR-10", steps: GREETED, blamed: &["lint"] },
    Case { flaw: "text-expiry", covers: "PAIR-10", steps: GREETED, blamed: &["lint"] },
    Case { flaw: "no-expiry", covers: "PAIR-10", steps: GREETED, blamed: &["lint"] },
    Case { flaw: "unknown-type", covers: "PAIR-50", steps: ANYHOW, blamed: &["lint"] },
    Case { flaw: "empty-reason", covers: "PAIR-21", steps: &[VIEWER, JOIN, REFUSED], blamed: &["lint"] },
    Case {
        flaw: "array",
        covers: "PAIR-50",
        steps: &[HOST, REGISTERED, PING, ANSWERED],
        blamed: &["lint", "answered"],
    },
    Case {
        flaw: "no-json",
        covers: "PAIR-50",
        steps: &[HOST, REGISTERED, PING, ANSWERED],
        blamed: &["lint", "answered"],
    },
    Case {
        flaw: "binary",
        covers: "PAIR-50",
        steps: &[HOST, REGISTERED, PING, ANSWERED],
        blamed: &["lint", "answered"],
    },
    // Lint: order
    Case {
        flaw: "out-of-order",
        covers: "PAIR-50",
        steps: &[
            VIEWER,
            "send: { on: viewer, json: { type: ping, ts: 7 } }",
            "expect: { on: viewer, json: { type: { is: text } }, check: answered }",
        ],
        blamed: &["lint"],
    },
    Case {
        flaw: "twice",
        covers: "PAIR-50",
        steps: &[HOST, REGISTERED, PING, ANSWERED, A_WHILE],
        blamed: &["story", "lint"],
    },
    // Lint: RFC 6455
    Case { flaw: "masked", covers: "PAIR-50", steps: ANYHOW, blamed: &["lint"] },
    Case { flaw: "long-length", covers: "PAIR-50", steps: ANYHOW, blamed: &["lint"] },
    Case { flaw: "reserved-bit", covers: "PAIR-50", steps: ANYHOW, blamed: &["lint"] },
    Case { flaw: "reserved-opcode", covers: "PAIR-50", steps: ANYHOW, blamed: &["lint"] },
    Case { flaw: "split-control", covers: "PAIR-50", steps: ANYHOW, blamed: &["lint"] },
    Case {
        flaw: "no-utf-8",
        covers: "PAIR-50",
        steps: &[HOST, REGISTERED, PING, ANSWERED],
        blamed: &["lint", "answered"],
    },
    Case {
        flaw: "late",
        covers: "WIRE-05",
        steps: &[
            HOST,
            REGISTERED,
            "close: { on: host, code: 1000 }",
            "expect: { on: host, close: { code: [1000] }, check: closed }",
            "expect: { on: host, end: {} }",
        ],
        blamed: &["story", "lint"],
    },
    // Opening and closing
    Case {
        flaw: "refuses",
        covers: "PAIR-01",
        steps: &["connect: { as: viewer, to: /browser?FLAW, check: connects }"],
        blamed: &["connects"],
    },
    Case {
        flaw: "accepts",
        covers: "WIRE-08",
        steps: &["refused: { to: /closed?FLAW, check: refuses }"],
        blamed: &["refuses"],
    },
    Case { flaw: "no-close-frame", covers: "PAIR-02", steps: STRANGER, blamed: &["told"] },
    Case { flaw: "another-close", covers: "PAIR-02", steps: STRANGER, blamed: &["told"] },
    Case {
        flaw: "forbidden-close",
        covers: "PAIR-02",
        steps: &["connect: { as: lost, to: /nowhere?FLAW }", "expect: { on: lost, close: {}, check: told }"],
        blamed: &["lint"],
    },
    Case {
        flaw: "impolite",
        covers: "WIRE-05",
        steps: &[
            HOST,
            REGISTERED,
            "close: { on: host, code: 1000 }",
            "expect: { on: host, close: {}, within: SOON, check: closed }",
        ],
        blamed: &["closed"],
    },
    Case {
        flaw: "deaf",
        covers: "WIRE-04",
        steps: &[
            VIEWER,
            "send: { on: viewer, ping: one }",
            "expect: { on: viewer, pong: one, within: SOON, check: ponged }",
        ],
        blamed: &["ponged"],
    },
    Case {
        flaw: "parrot",
        covers: "WIRE-04",
        steps: &[
            VIEWER,
            "send: { on: viewer, ping: one }",
            "expect: { on: viewer, pong: one, within: SOON, check: ponged }",
        ],
        blamed: &["ponged"],
    },
];

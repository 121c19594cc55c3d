//! The mutants that clients of all families share.

use crate::mutant::Mutant;

/// Mutants of any client: in coming back, in stopping, in what its driver is told.
pub(crate) const SHARED: &[Mutant] = &[
    Mutant::shared("no-backoff", &["RECON-02", "RECON-03", "RECON-06"], "tries again at once, for ever")
        .causing(&["DRV-02", "PAIR-H6", "PAIR-V2", "PAIR-V6", "RECON-04", "RECON-05"]),
    Mutant::shared("constant-delay", &["RECON-03"], "waits as long before each attempt")
        .causing(&["PAIR-H6", "RECON-02", "RECON-04", "RECON-05"]),
    Mutant::shared("grows-by-1.5", &["RECON-03"], "lets its delays grow by 1.5")
        .causing(&["RECON-02", "RECON-04", "RECON-05", "RECON-10"]),
    Mutant::shared("cap-one-step-early", &["RECON-03"], "stops growing one step below the cap")
        .causing(&["RECON-02", "RECON-04", "RECON-05"]),
    Mutant::shared("no-cap", &["RECON-03"], "lets its delays grow for ever")
        .causing(&["RECON-01", "RECON-02", "RECON-04", "RECON-07"]),
    Mutant::shared("late-by-a-third", &["RECON-02", "RECON-03"], "waits for a third longer than it should")
        .causing(&["PAIR-H6", "RECON-01", "RECON-04", "RECON-05", "RECON-09", "RPC-C6", "RPC-C7"]),
    Mutant::shared(
        "first-too-early",
        &["RECON-02", "RECON-06"],
        "waits for too short before its first attempt after a loss",
    )
    .causing(&["PAIR-H6", "RECON-04"]),
    Mutant::shared("resets-on-connection", &["RECON-04", "RECON-05"], "takes a mere connection for success")
        .causing(&["RECON-02", "RECON-03", "RECON-09", "RPC-C2"]),
    Mutant::shared("never-resets", &["RECON-04"], "waits ever longer, success or not")
        .causing(&["PAIR-H6", "PAIR-V6", "RECON-02", "RECON-03", "WIRE-02", "WIRE-03", "WIRE-07"]),
    Mutant::shared("hangs", &["RECON-12"], "waits for ever for the answer to a handshake").causing(&["RPC-C6"]),
    Mutant::shared("patient", &["RECON-12"], "waits for longer than it says"),
    Mutant::shared("never-gives-up", &["RECON-09"], "never gives up").causing(&["RECON-11"]),
    Mutant::shared("gives-up-late", &["RECON-09"], "makes one attempt more than it should"),
    Mutant::shared("gives-up-early", &["RECON-09"], "makes one attempt less than it should"),
    Mutant::shared("gives-up-with-0", &["RECON-09"], "gives up with exit status 0").causing(&["RECON-11", "TUN-04"]),
    Mutant::shared("gives-up-silently", &["RECON-09", "RECON-11"], "does not say that it gives up")
        .causing(&["DRV-02", "PAIR-V6"]),
    Mutant::shared("counts-losses", &["RECON-09"], "takes the loss of a success for a failed attempt"),
    Mutant::shared("counts-for-ever", &["RECON-09"], "counts failed attempts over successes"),
    Mutant::shared("ignores-sigterm", &["RECON-13"], "ignores SIGTERM"),
    Mutant::shared("ignores-stop", &["RECON-13"], "ignores the driver's `stop`"),
    Mutant::shared("stops-with-1", &["RECON-13"], "ends with exit status 1 when it is told to stop"),
    Mutant::shared("stops-slowly", &["RECON-13"], "takes two seconds to stop"),
    Mutant::shared("attempt-after-stop", &["RECON-13"], "tries once more after it was told to stop")
        .causing(&["RECON-02", "RECON-06"]),
    Mutant::shared("never-flushes", &["DRV-02"], "writes no event").starving(),
    Mutant::shared("half-a-line", &["DRV-02"], "writes half of each event").starving(),
    Mutant::shared("silent-loss", &["DRV-02"], "does not tell of losses").causing(&["WIRE-09"]),
    Mutant::shared("silent-later-loss", &["DRV-02"], "tells of its first loss alone").causing(&["WIRE-09"]),
    Mutant::shared("hides-connections", &["DRV-02"], "does not tell of connections"),
    Mutant::shared("reconnected-at-first", &["DRV-02"], "calls its first connection a return"),
    Mutant::shared("never-reconnected", &["DRV-02"], "does not tell of its return").causing(&["TERM-H4"]),
    Mutant::shared("connected-at-once", &["DRV-02"], "tells of a connection before there is one"),
    Mutant::shared("lost-at-once", &["DRV-02"], "tells of a loss before there is a connection")
        .causing(&["PAIR-H4", "PAIR-H5", "PAIR-V4", "RECON-11", "RPC-C3", "SYNC-C6", "TERM-H3", "TERM-V3"]),
    Mutant::shared("tells-late", &["DRV-02"], "tells of a connection behind what came on it"),
    Mutant::shared("malformed-event", &["DRV-02"], "writes an event without its members").starving(),
    Mutant::shared("ignores-the-unknown", &["DRV-03"], "does not answer unknown commands"),
    Mutant::shared("another-command", &["DRV-03"], "refuses another command than it was given"),
];

/// What a client breaks that does not come back: each family says it of its clients anew.
const AWAY: &[&str] = &["RECON-01", "PAIR-H6", "PAIR-V6", "TERM-H4", "TERM-V2", "SYNC-C3"];

/// Mutants of a client at a WebSocket.
pub(crate) const WIRE: &[Mutant] = &[
    Mutant::shared("parallel", &["RECON-08"], "makes two attempts at once").starving(),
    Mutant::shared("ten-at-once", &["RECON-08"], "makes ten attempts at once").starving(),
    Mutant::shared("ignores-ends", &["RECON-01", "WIRE-09"], "does not notice a TCP connection that ends")
        .causing(&["PAIR-H4", "RECON-02", "RECON-03", "RECON-05", "RECON-09", "TERM-H4", "WIRE-05", "WIRE-09"]),
    Mutant::shared("ignores-resets", &["RECON-01", "WIRE-09"], "does not notice a TCP connection that is reset")
        .causing(&[
            "DRV-02", "PAIR-H4", "PAIR-H6", "PAIR-V6", "RECON-02", "RECON-03", "RECON-04", "RECON-09", "SYNC-C3",
            "TERM-H4", "TERM-V2", "WIRE-02", "WIRE-03", "WIRE-06", "WIRE-07", "WIRE-09",
        ]),
    Mutant::shared("away-after-close", AWAY, "stays away after a Close frame").causing(&["RECON-05", "WIRE-06"]),
    Mutant::shared("away-after-refusals", &["RECON-01"], "stays away after a handshake that is answered otherwise")
        .causing(&["PAIR-H6", "PAIR-V6", "RECON-02", "RECON-03", "RECON-05", "RECON-09"]),
    Mutant::shared("hangs-without-success", &["RECON-12"], "waits for ever for success"),
    Mutant::shared("stops-without-close", &["RECON-13"], "stops without a Close frame"),
    Mutant::shared("stops-with-1011", &["RECON-13"], "closes with 1011 when it is told to stop"),
    Mutant::shared("deaf", &["WIRE-04"], "answers no Ping").causing(&[
        "PAIR-H5", "PAIR-V4", "RECON-11", "SYNC-C6", "TERM-H3", "TERM-V3", "TUN-17", "TUN-31", "WIRE-03", "WIRE-06",
        "WIRE-07", "WIRE-12",
    ]),
    Mutant::shared("parrot", &["WIRE-04"], "answers a Ping with data of its own").causing(&[
        "PAIR-H5", "PAIR-V4", "RECON-11", "SYNC-C6", "TERM-H3", "TERM-V3", "TUN-17", "TUN-31", "WIRE-03", "WIRE-06",
        "WIRE-07", "WIRE-12",
    ]),
    Mutant::shared("slow", &["WIRE-12"], "takes 60 ms for everything that nothing came before"),
    Mutant::shared("impolite", &["WIRE-05"], "answers no Close frame").causing(&["WIRE-04", "WIRE-06"]),
    Mutant::shared("lingers", &["WIRE-05"], "keeps a connection that is closed").causing(&["RECON-13"]),
    Mutant::shared("unmasked", &["WIRE-01"], "sends frames without a mask").starving(),
    Mutant::shared("fragments-apart", &["WIRE-03"], "takes the first fragment for a message")
        .causing(&["RECON-02", "WIRE-06"]),
    Mutant::shared("strict-members", &["WIRE-02"], "drops messages with members that it does not know")
        .causing(&["RECON-02", "SYNC-C6", "TERM-H2", "WIRE-07"]),
    Mutant::shared("small-buffer", &["WIRE-07"], "closes for a message of 64 KiB").causing(&["WIRE-03", "WIRE-06"]),
    Mutant::shared("small-sum", &["WIRE-07", "WIRE-03"], "closes for fragments that add up to 512 KiB"),
    Mutant::shared(
        "too-large-fragments-1002",
        &["WIRE-07"],
        "closes for fragments that add up to too much as for a violation",
    ),
    Mutant::shared("away-after-too-much", &["WIRE-07"], "stays away after a message that was too large"),
    Mutant::shared("too-large-1002", &["WIRE-07"], "closes for a message that is too large as for a violation"),
    Mutant::shared(
        "ends-behind-long-messages",
        &["WIRE-06", "WIRE-07"],
        "ends the connection behind its answer to a Ping that follows a long message",
    ),
    Mutant::shared("takes-reserved-opcodes", &["WIRE-06"], "ignores frames of reserved opcodes"),
    Mutant::shared("takes-reserved-bits", &["WIRE-06"], "ignores reserved bits"),
    Mutant::shared("takes-masked", &["WIRE-06"], "takes masked frames of a server"),
    Mutant::shared("takes-bad-utf-8", &["WIRE-06"], "mends text that is no UTF-8"),
    Mutant::shared("violation-1000", &["WIRE-06"], "closes for a violation as if all were well"),
    Mutant::shared("violation-drops", &["WIRE-06"], "drops the connection for a violation without a Close frame"),
    Mutant::shared("violation-stays-away", &["WIRE-06", "RECON-01"], "stays away after a violation"),
    Mutant::shared("closes-on-json", &["WIRE-06"], "closes for text that is no JSON")
        .causing(&["PAIR-H5", "PAIR-V4", "SYNC-C6", "TERM-H3", "TERM-H5", "TERM-V3", "TUN-01", "TUN-17"]),
    Mutant::shared("shallow", &["WIRE-06"], "closes for deep nesting").causing(&["SYNC-C6", "TERM-H3", "TERM-V3"]),
    Mutant::shared("talks-nonsense", &["WIRE-01"], "says what is no message").starving(),
];

/// Mutants of a client that declares jitter.
pub(crate) const JITTER: &[Mutant] = &[
    Mutant::shared("no-jitter", &["RECON-10"], "varies no delay"),
    Mutant::shared("seeded-alike", &["RECON-10"], "draws the same jitter as every other"),
];

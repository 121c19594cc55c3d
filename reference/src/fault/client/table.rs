//! The faults that clients of all families share.

use crate::fault::Fault;

/// Faults of any client: in coming back, in stopping, in what its driver is told.
pub(crate) static SHARED: &[Fault] = &[
    Fault::new("no-backoff", &["RECON-02", "RECON-03", "RECON-06"], "tries again at once, for ever")
        .causing(&["RECON-04", "RECON-05"]),
    Fault::new("constant-delay", &["RECON-03"], "waits as long before each attempt").causing(&["RECON-02", "RECON-05"]),
    Fault::new("grows-by-1.5", &["RECON-03"], "lets its delays grow by 1.5").causing(&["RECON-02", "RECON-05"]),
    Fault::new("cap-one-step-early", &["RECON-03"], "stops growing one step below the cap").causing(&["RECON-02"]),
    Fault::new("no-cap", &["RECON-03"], "lets its delays grow for ever").causing(&["RECON-02", "RECON-07"]),
    Fault::new("late-by-a-third", &["RECON-02"], "waits for a third longer than it should")
        .causing(&["RECON-01", "RECON-03", "RECON-04"]),
    Fault::new("first-too-early", &["RECON-02"], "waits for too short before its first attempt after a loss")
        .causing(&["RECON-04", "RECON-06"]),
    Fault::new("resets-on-connection", &["RECON-04"], "takes a mere connection for success")
        .causing(&["RECON-02", "RECON-03", "RECON-05"]),
    Fault::new("never-resets", &["RECON-04"], "waits ever longer, success or not").causing(&["RECON-02"]),
    Fault::new("hangs", &["RECON-12"], "waits for ever for the answer to a handshake"),
    Fault::new("patient", &["RECON-12"], "waits for longer than it says"),
    Fault::new("never-gives-up", &["RECON-09"], "never gives up").causing(&["RECON-11"]),
    Fault::new("gives-up-late", &["RECON-09"], "makes one attempt more than it should"),
    Fault::new("gives-up-early", &["RECON-09"], "makes one attempt less than it should"),
    Fault::new("gives-up-with-0", &["RECON-09"], "gives up with exit status 0").causing(&["RECON-11"]),
    Fault::new("gives-up-silently", &["RECON-09"], "does not say that it gives up").causing(&["RECON-11", "DRV-02"]),
    Fault::new("counts-losses", &["RECON-09"], "takes the loss of a success for a failed attempt"),
    Fault::new("counts-for-ever", &["RECON-09"], "counts failed attempts over successes"),
    Fault::new("ignores-sigterm", &["RECON-13"], "ignores SIGTERM"),
    Fault::new("ignores-stop", &["RECON-13"], "ignores the driver's `stop`"),
    Fault::new("stops-with-1", &["RECON-13"], "ends with exit status 1 when it is told to stop"),
    Fault::new("stops-slowly", &["RECON-13"], "takes two seconds to stop"),
    Fault::new("attempt-after-stop", &["RECON-13"], "tries once more after it was told to stop"),
    Fault::new("never-flushes", &["DRV-02"], "writes no event").starving(),
    Fault::new("half-a-line", &["DRV-02"], "writes half of each event").starving(),
    Fault::new("silent-loss", &["DRV-02"], "does not tell of losses"),
    Fault::new("hides-connections", &["DRV-02"], "does not tell of connections"),
    Fault::new("reconnected-at-first", &["DRV-02"], "calls its first connection a return"),
    Fault::new("never-reconnected", &["DRV-02"], "does not tell of its return"),
    Fault::new("tells-late", &["DRV-02"], "tells of a connection behind what came on it"),
    Fault::new("malformed-event", &["DRV-02"], "writes an event without its members").starving(),
    Fault::new("ignores-the-unknown", &["DRV-03"], "does not answer unknown commands"),
    Fault::new("another-command", &["DRV-03"], "refuses another command than it was given"),
];

/// Faults of a client at a WebSocket.
pub(crate) static WIRE: &[Fault] = &[
    Fault::new("parallel", &["RECON-08"], "makes two attempts at once").causing(&["RECON-06"]),
    Fault::new("ten-at-once", &["RECON-08"], "makes ten attempts at once").causing(&["RECON-06"]),
    Fault::new("ignores-ends", &["RECON-01"], "does not notice a TCP connection that ends")
        .causing(&["WIRE-05", "WIRE-09"]),
    Fault::new("ignores-resets", &["RECON-01"], "does not notice a TCP connection that is reset").causing(&["WIRE-09"]),
    Fault::new("away-after-close", &["RECON-01"], "stays away after a Close frame"),
    Fault::new("away-after-refusals", &["RECON-01"], "stays away after a handshake that is answered otherwise")
        .causing(&["RECON-02", "RECON-03", "RECON-05"]),
    Fault::new("hangs-without-success", &["RECON-12"], "waits for ever for success"),
    Fault::new("stops-without-close", &["RECON-13"], "stops without a Close frame"),
    Fault::new("stops-with-1011", &["RECON-13"], "closes with 1011 when it is told to stop"),
    Fault::new("deaf", &["WIRE-04"], "answers no Ping").causing(&["WIRE-03", "WIRE-12"]),
    Fault::new("parrot", &["WIRE-04"], "answers a Ping with data of its own").causing(&["WIRE-03", "WIRE-12"]),
    Fault::new("slow", &["WIRE-12"], "takes 60 ms for everything"),
    Fault::new("impolite", &["WIRE-05"], "answers no Close frame"),
    Fault::new("lingers", &["WIRE-05"], "keeps a connection that is closed"),
    Fault::new("unmasked", &["WIRE-06"], "sends frames without a mask").starving(),
    Fault::new("fragments-apart", &["WIRE-03"], "takes the first fragment for a message"),
    Fault::new("strict-members", &["WIRE-02"], "drops messages with members that it does not know"),
    Fault::new("small-buffer", &["WIRE-07"], "closes for a message of 64 KiB"),
    Fault::new("too-large-1002", &["WIRE-07"], "closes for a message that is too large as for a violation"),
    Fault::new("takes-reserved-opcodes", &["WIRE-06"], "ignores frames of reserved opcodes"),
    Fault::new("takes-reserved-bits", &["WIRE-06"], "ignores reserved bits"),
    Fault::new("takes-masked", &["WIRE-06"], "takes masked frames of a server"),
    Fault::new("takes-bad-utf-8", &["WIRE-06"], "mends text that is no UTF-8"),
    Fault::new("violation-1000", &["WIRE-06"], "closes for a violation as if all were well"),
    Fault::new("violation-drops", &["WIRE-06"], "drops the connection for a violation without a Close frame"),
    Fault::new("violation-stays-away", &["WIRE-06", "RECON-01"], "stays away after a violation"),
    Fault::new("closes-on-json", &["WIRE-06"], "closes for text that is no JSON")
        .causing(&["PAIR-H5", "PAIR-V4", "TERM-H3", "TERM-V3", "SYNC-C6", "TUN-A9"]),
    Fault::new("shallow", &["WIRE-06"], "closes for deep nesting"),
    Fault::new("talks-nonsense", &["WIRE-01"], "says what is no message").starving(),
];

/// Faults of a client that declares jitter.
pub(crate) static JITTER: &[Fault] = &[
    Fault::new("no-jitter", &["RECON-10"], "varies no delay"),
    Fault::new("seeded-alike", &["RECON-10"], "draws the same jitter as every other"),
];

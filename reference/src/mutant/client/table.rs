//! Mutants that the clients of all families share.

use crate::mutant::Mutant;

/// Mutants of reconnection, stopping and the driver protocol.
pub(crate) const SHARED: &[Mutant] = &[
    Mutant::shared("no-backoff", &["RECON-02", "RECON-03", "RECON-06"], "retries at once, forever")
        .causing(&["DRV-02", "PAIR-H6", "PAIR-V2", "PAIR-V6", "RECON-04", "RECON-05"]),
    Mutant::shared("constant-delay", &["RECON-03"], "waits the same time before each attempt")
        .causing(&["PAIR-H6", "RECON-02", "RECON-04", "RECON-05"]),
    Mutant::shared("grows-by-1.5", &["RECON-03"], "increases its delays by a factor of 1.5")
        .causing(&["RECON-02", "RECON-04", "RECON-05", "RECON-10"]),
    Mutant::shared("cap-one-step-early", &["RECON-03"], "stops increasing its delays one step below the cap")
        .causing(&["RECON-02", "RECON-04", "RECON-05"]),
    Mutant::shared("no-cap", &["RECON-03"], "increases its delays without a cap")
        .causing(&["RECON-01", "RECON-02", "RECON-04", "RECON-07"]),
    Mutant::shared("late-by-a-third", &["RECON-02", "RECON-03"], "waits a third longer than it should")
        .causing(&["PAIR-H6", "RECON-01", "RECON-04", "RECON-05", "RECON-09", "RPC-C6", "RPC-C7"]),
    Mutant::shared("first-too-early", &["RECON-02", "RECON-06"], "waits too briefly before its first reconnection")
        .causing(&["PAIR-H6", "RECON-04"]),
    Mutant::shared("resets-on-connection", &["RECON-04", "RECON-05"], "counts a mere connection as success")
        .causing(&["RECON-02", "RECON-03", "RECON-09", "RPC-C2"]),
    Mutant::shared("never-resets", &["RECON-04"], "keeps increasing its delays, even after success")
        .causing(&["PAIR-H6", "PAIR-V6", "RECON-02", "RECON-03", "WIRE-02", "WIRE-03", "WIRE-07"]),
    Mutant::shared("hangs", &["RECON-12"], "waits forever for the answer to a handshake").causing(&["RPC-C6"]),
    Mutant::shared("patient", &["RECON-12"], "waits longer than it declares"),
    Mutant::shared("never-gives-up", &["RECON-09"], "never gives up").causing(&["RECON-11"]),
    Mutant::shared("gives-up-late", &["RECON-09"], "makes one attempt too many"),
    Mutant::shared("gives-up-early", &["RECON-09"], "makes one attempt too few"),
    Mutant::shared("gives-up-with-0", &["RECON-09"], "gives up with exit status 0").causing(&["RECON-11", "TUN-04"]),
    Mutant::shared("gives-up-silently", &["RECON-09", "RECON-11"], "does not report that it gives up")
        .causing(&["DRV-02", "PAIR-V6"]),
    Mutant::shared("counts-losses", &["RECON-09"], "counts the loss of a successful connection as a failed attempt"),
    Mutant::shared("counts-for-ever", &["RECON-09"], "does not reset its count of failed attempts on success"),
    Mutant::shared("ignores-sigterm", &["RECON-13"], "ignores SIGTERM"),
    Mutant::shared("ignores-stop", &["RECON-13"], "ignores the driver's `stop`"),
    Mutant::shared("stops-with-1", &["RECON-13"], "exits with status 1 when stopped"),
    Mutant::shared("stops-slowly", &["RECON-13"], "takes two seconds to stop"),
    Mutant::shared("attempt-after-stop", &["RECON-13"], "makes one more attempt after it was stopped")
        .causing(&["RECON-02", "RECON-06"]),
    Mutant::shared("never-flushes", &["DRV-02"], "writes no events").starving(),
    Mutant::shared("half-a-line", &["DRV-02"], "writes only half of each event").starving(),
    Mutant::shared("silent-loss", &["DRV-02"], "does not report losses").causing(&["WIRE-09"]),
    Mutant::shared("silent-later-loss", &["DRV-02"], "reports only its first loss").causing(&["WIRE-09"]),
    Mutant::shared("hides-connections", &["DRV-02"], "does not report connections"),
    Mutant::shared("reconnected-at-first", &["DRV-02"], "reports its first connection as a reconnection"),
    Mutant::shared("never-reconnected", &["DRV-02"], "does not report reconnections").causing(&["TERM-H4"]),
    Mutant::shared("connected-at-once", &["DRV-02"], "reports a connection before there is one"),
    Mutant::shared("lost-at-once", &["DRV-02"], "reports a loss before there is a connection")
        .causing(&["PAIR-H4", "PAIR-H5", "PAIR-V4", "RECON-11", "RPC-C3", "SYNC-C6", "TERM-H3", "TERM-V3"]),
    Mutant::shared("reports-late", &["DRV-02"], "reports a connection after the messages received on it"),
    Mutant::shared("malformed-event", &["DRV-02"], "writes an event without its members").starving(),
    Mutant::shared("ignores-the-unknown", &["DRV-03"], "does not answer unknown commands"),
    Mutant::shared("another-command", &["DRV-03"], "reports another command as unsupported than the one it received"),
];

/// What a client violates that does not reconnect, in each family.
const AWAY: &[&str] = &["RECON-01", "PAIR-H6", "PAIR-V6", "TERM-H4", "TERM-V2", "SYNC-C3"];

pub(crate) const WIRE: &[Mutant] = &[
    Mutant::shared("parallel", &["RECON-08"], "makes two attempts at once").starving(),
    Mutant::shared("ten-at-once", &["RECON-08"], "makes ten attempts at once").starving(),
    Mutant::shared("ignores-ends", &["RECON-01", "WIRE-09"], "does not notice the end of a TCP connection")
        .causing(&["PAIR-H4", "RECON-02", "RECON-03", "RECON-05", "RECON-09", "TERM-H4", "WIRE-05", "WIRE-09"]),
    Mutant::shared("ignores-resets", &["RECON-01", "WIRE-09"], "does not notice a TCP reset").causing(&[
        "DRV-02", "PAIR-H4", "PAIR-H6", "PAIR-V6", "RECON-02", "RECON-03", "RECON-04", "RECON-09", "SYNC-C3",
        "TERM-H4", "TERM-V2", "WIRE-02", "WIRE-03", "WIRE-06", "WIRE-07", "WIRE-09",
    ]),
    Mutant::shared("away-after-close", AWAY, "stays away after a Close frame").causing(&["RECON-05", "WIRE-06"]),
    Mutant::shared("away-after-refusals", &["RECON-01"], "does not reconnect after a refused handshake")
        .causing(&["PAIR-H6", "PAIR-V6", "RECON-02", "RECON-03", "RECON-05", "RECON-09"]),
    Mutant::shared("hangs-without-success", &["RECON-12"], "waits forever for success"),
    Mutant::shared("stops-without-close", &["RECON-13"], "stops without a Close frame"),
    Mutant::shared("stops-with-1011", &["RECON-13"], "closes with 1011 when stopped"),
    Mutant::shared("deaf", &["WIRE-04"], "answers no Ping").causing(&[
        "PAIR-H5", "PAIR-V4", "RECON-11", "SYNC-C6", "TERM-H3", "TERM-V3", "TUN-17", "TUN-31", "WIRE-03", "WIRE-06",
        "WIRE-07", "WIRE-12",
    ]),
    Mutant::shared("parrot", &["WIRE-04"], "answers a Ping with different data").causing(&[
        "PAIR-H5", "PAIR-V4", "RECON-11", "SYNC-C6", "TERM-H3", "TERM-V3", "TUN-17", "TUN-31", "WIRE-03", "WIRE-06",
        "WIRE-07", "WIRE-12",
    ]),
    Mutant::shared("slow", &["WIRE-12"], "delays everything after an idle period by 60 ms"),
    Mutant::shared("impolite", &["WIRE-05"], "answers no Close frame").causing(&["WIRE-04", "WIRE-06"]),
    Mutant::shared("lingers", &["WIRE-05"], "keeps a connection open that was closed").causing(&["RECON-13"]),
    Mutant::shared("unmasked", &["WIRE-01"], "sends frames without a mask").starving(),
    Mutant::shared("fragments-apart", &["WIRE-03"], "reads the first fragment as a whole message")
        .causing(&["RECON-02", "WIRE-06"]),
    Mutant::shared("strict-members", &["WIRE-02"], "drops messages with unknown members")
        .causing(&["RECON-02", "SYNC-C6", "TERM-H2", "WIRE-07"]),
    Mutant::shared("small-buffer", &["WIRE-07"], "disconnects on a message of 64 KiB").causing(&["WIRE-03", "WIRE-06"]),
    Mutant::shared("small-sum", &["WIRE-07", "WIRE-03"], "disconnects on fragments that add up to 512 KiB"),
    Mutant::shared("too-large-fragments-1002", &["WIRE-07"], "closes with 1002 for fragments too large in total"),
    Mutant::shared("away-after-too-much", &["WIRE-07"], "does not reconnect after a message that was too large"),
    Mutant::shared("too-large-1002", &["WIRE-07"], "closes with 1002 for a message that is too large"),
    Mutant::shared(
        "ends-behind-long-messages",
        &["WIRE-06", "WIRE-07"],
        "disconnects after a Ping behind a long message",
    ),
    Mutant::shared("takes-reserved-opcodes", &["WIRE-06"], "ignores frames of reserved opcodes"),
    Mutant::shared("takes-reserved-bits", &["WIRE-06"], "ignores reserved bits"),
    Mutant::shared("takes-masked", &["WIRE-06"], "accepts masked frames from a server"),
    Mutant::shared("takes-bad-utf-8", &["WIRE-06"], "repairs text that is not UTF-8"),
    Mutant::shared("violation-1000", &["WIRE-06"], "closes with 1000 for a violation"),
    Mutant::shared("violation-drops", &["WIRE-06"], "drops the connection for a violation without a Close frame"),
    Mutant::shared("violation-stays-away", &["WIRE-06", "RECON-01"], "does not reconnect after a violation"),
    Mutant::shared("closes-on-json", &["WIRE-06"], "disconnects on text that is not JSON")
        .causing(&["PAIR-H5", "PAIR-V4", "SYNC-C6", "TERM-H3", "TERM-H5", "TERM-V3", "TUN-01", "TUN-17"]),
    Mutant::shared("shallow", &["WIRE-06"], "disconnects on deep nesting").causing(&["SYNC-C6", "TERM-H3", "TERM-V3"]),
    Mutant::shared("talks-nonsense", &["WIRE-01"], "sends text that is not a message").starving(),
];

pub(crate) const JITTER: &[Mutant] = &[
    Mutant::shared("no-jitter", &["RECON-10"], "does not vary its delays"),
    Mutant::shared("seeded-alike", &["RECON-10"], "uses the same jitter in every process"),
];

//! Which scenario finds which flaw, and the checks that are then to blame.

/// A flaw.
pub(super) struct Case {
    /// Its name, as the middleman knows it.
    pub(super) flaw: &'static str,
    pub(super) scenario: &'static str,
    /// The checks that are to blame; `a|b` where it is a race which of the two is met first.
    pub(super) blamed: &'static [&'static str],
}

const fn case(flaw: &'static str, scenario: &'static str, blamed: &'static [&'static str]) -> Case {
    Case { flaw, scenario, blamed }
}

/// Flaws of a server.
pub(super) const SERVERS: &[Case] = &[
    case("lets-nobody-in", "sync/auth", &["the-right-pin"]),
    case("lets-anybody-in", "sync/auth-failed", &["one-digit-too-few"]),
    case("no-reason", "sync/auth-failed", &["lint", "one-digit-too-few"]),
    case("asks-for-no-pin", "sync/auth-required", &["lint", "subscribe-to-a-chat"]),
    case("closes-otherwise", "sync/guessing", &["the-tenth-closes"]),
    case("forgives-guesses", "sync/guessing", &["no-fresh-start-on-another-connection"]),
    case("forgives-guesses", "sync/guessing-slowly", &["the-count-goes-on"]),
    case("lets-nobody-in-again", "sync/auth-again", &["is-answered"]),
    case("another-resource", "sync/subscribe", &["lint", "a-project"]),
    case("another-answer", "sync/subscribe", &["lint", "a-project"]),
    case("obliging", "sync/subscribe-unknown", &["lint", "an-unknown-resource"]),
    case("pushes-twice", "sync/subscribe-twice", &["lint", "pushed-once"]),
    case("forgets-the-sender", "sync/messages", &["the-sender-too"]),
    case("pushes-twice", "sync/messages", &["lint", "the-sender-too"]),
    case("swaps", "sync/order", &["lint", "one-order-for-all"]),
    case("loses-one", "sync/fan-out-30", &["lint", "each-gets-all-in-order"]),
    case("keeps-new-chats", "sync/new-chat", &["every-subscriber"]),
    case("leaks", "sync/isolation", &["story|not-the-subscriber-of-another-chat", "lint"]),
    case("lacks-the-last", "sync/snapshot", &["the-snapshot-has-what-was-sent"]),
    case("loses-one", "sync/joined-amid", &["lint"]),
    case("says-nothing-of-it", "sync/messages", &["story"]),
    case("sends-anything", "sync/send-refused", &["an-unknown-chat"]),
    case("never-unsubscribes", "sync/unsubscribe", &["lint", "the-others-go-on"]),
    case("never-unsubscribes", "sync/unsubscribe-amid", &["lint", "nothing-follows-the-answer"]),
    case("others-end", "sync/lost-by-close", &["the-others-are-told"]),
    case("others-end", "sync/lost-by-fin", &["the-others-are-told"]),
    case("haunted", "sync/lost-by-reset", &["lint", "a-new-connection-has-no-subscriptions"]),
    case("slow-writers", "sync/stalled-reader", &["who-writes-goes-on"]),
    case("answers-twice", "sync/answers", &["lint", "each-id-once"]),
    case("silent-about-nonsense", "sync/answers-without-id", &["no-id"]),
    case("silent-about-the-unknown", "sync/answers", &["as-many-answers-as-requests"]),
    case("strict-space", "sync/auth", &["white-space-order-and-escapes-are-free"]),
    case("strict-members", "sync/auth", &["unknown-members"]),
    case("drops-fragments", "sync/fragments", &["a-fragmented-auth"]),
    case("parrot", "sync/pong", &["before-the-first-message"]),
    case("no-close-answer", "sync/close", &["is-answered"]),
    case("violations-pass", "sync/violations", &["a-reserved-opcode"]),
    case("violations-pass", "sync/violations-of-control", &["a-continuation-of-nothing"]),
    case("invalid-ends", "sync/hostile-json", &["the-connection-stays-open"]),
    case("small-limit", "sync/large", &["in-one-frame"]),
    case("stops-otherwise", "sync/stop", &["a-subscriber-is-closed-with-1001"]),
    case("slow", "sync/latency", &["an-answer"]),
];

/// Flaws of a client.
pub(super) const CLIENTS: &[Case] = &[
    case("speaks-first", "sync/client-opens", &["lint", "opens-with-auth"]),
    case("another-pin", "sync/client-opens", &["opens-with-auth"]),
    case("stays-away", "sync/client-opens", &["comes-back-after-a-reset"]),
    case("tries-again", "sync/client-refused", &["does-not-try-again"]),
    case("tries-again", "sync/client-refused-says-so", &["reports-the-refusal"]),
    case("same-id", "sync/client-ids", &["lint", "ids-differ"]),
    case("stays-away", "sync/client-comes-back", &["comes-back"]),
    case("forgets", "sync/client-comes-back", &["subscribes-to-all-that-was-subscribed"]),
    case("forgets", "sync/client-comes-back-twice", &["subscribes-again"]),
    case("forgets", "sync/client-unsubscribed-meanwhile", &["what-is-wanted-is-subscribed"]),
    case("sends-again", "sync/client-send-unanswered", &["is-not-sent-again"]),
    case("mixes-up", "sync/client-pushes", &["an-unknown-one-is-ignored"]),
    case("hears-nothing", "sync/client-pushes", &["to-its-subscription"]),
    case("waits-forever", "sync/client-unanswered", &["not-too-early"]),
    case("waits-forever", "sync/client-send-late", &["not-too-early"]),
    case("fragile", "sync/client-survives", &["keeps-its-connection"]),
    case("strict-members-of-a-client", "sync/client-goes-on", &["an-answer-with-unknown-members"]),
];

//! Scripts of every form that there is, right in form but rarely in sense.

use std::collections::BTreeMap;

use conformance::scenario::step::{
    Accept, Any, Attempts, Choice, Close, CloseIs, Collect, Connect, Cut, CutBy, Delay, Disjoint, Distinct, Encoding,
    EndBy, EventIs, EventStep, Exit, Expect, FailBy, FileMode, FrameStep, Heartbeat, Idle, Latency, Leave, Many, Mark,
    Meet, Memory, Mode, Near, NoEvent, On, Opcode, Poll, Pour, Quiet, Refused, Repeated, Restart, Rival, Rule, Send,
    Spread, Start, Status, Tally, Tell, Terminate, TurnAway, Unpredictable, Wait, Welcome,
};
use conformance::scenario::{At, Bytes, CheckName, Kind, Place, Script, Size, Span, Step, Term, Trait};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Value, json};

pub(super) fn script() -> impl Strategy<Value = Script> {
    let traits =
        vec(prop_oneof![Just(Trait::OwnProcess), Just(Trait::Heavy), Just(Trait::Driver), Just(Trait::Jitter)], 0..3);
    let params = vec(name(), 0..3);
    (text(), vec(text(), 0..3), text(), params, of(span()), traits, vec(at(any_step()), 0..6)).prop_map(
        |(summary, covers, under_test, params, longest_wait, traits, steps)| Script {
            summary,
            covers,
            under_test,
            params,
            longest_wait,
            traits,
            steps,
        },
    )
}

fn at<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = At<T>> {
    value.prop_map(|value| At { value, place: Place::default() })
}

fn any_step() -> impl Strategy<Value = Step> {
    step().prop_recursive(2, 8, 3, |inner| {
        (name(), of(name()), 1..9_usize, of(1..9_usize), vec(at(inner), 0..3))
            .prop_map(|(name, down, count, at_once, steps)| Step::Many(Many { name, down, count, at_once, steps }))
    })
}

/// A step of any kind but `many`.
pub(super) fn step() -> impl Strategy<Value = Step> {
    Union::new([
        (name(), text(), of(text()), of(size()), of(check()))
            .prop_map(|(name, to, role, receive_buffer, check)| {
                Step::Connect(Connect { name, to, role, receive_buffer, check })
            })
            .boxed(),
        (text(), of(check())).prop_map(|(to, check)| Step::Refused(Refused { to, check })).boxed(),
        send().prop_map(Step::Send).boxed(),
        frame().prop_map(Step::Frame).boxed(),
        (name(), of(any::<u16>()), text())
            .prop_map(|(on, code, reason)| Step::Close(Close { on, code, reason }))
            .boxed(),
        (name(), prop_oneof![Just(CutBy::Reset), Just(CutBy::Fin)])
            .prop_map(|(on, by)| Step::Cut(Cut { on, by }))
            .boxed(),
        on(Step::Mute),
        on(Step::Pong),
        on(Step::Ignore),
        on(Step::Stall),
        on(Step::Resume),
        expect().prop_map(Step::Expect).boxed(),
        (name(), span(), of(term()), of(bytes()), of(check()))
            .prop_map(|(on, span, skipping, skipping_binary, check)| {
                Step::Quiet(Quiet { on, span, skipping, skipping_binary, check })
            })
            .boxed(),
        (of(span()), of(term()), of(span()), of(span()))
            .prop_map(|(span, until, plus, minus)| Step::Wait(Wait { span, until, plus, minus }))
            .boxed(),
        name().prop_map(|name| Step::Mark(Mark { name })).boxed(),
        btree_map(name(), term(), 0..3).prop_map(Step::Let).boxed(),
        proptest::sample::select(&[Leave::AsTheyCame, Leave::LastFirst][..])
            .prop_map(|leave| Step::Meet(Meet { leave }))
            .boxed(),
        (term(), term(), of(span()), span(), check())
            .prop_map(|(value, to, plus, tolerance, check)| Step::Near(Near { value, to, plus, tolerance, check }))
            .boxed(),
        (term(), check()).prop_map(|(values, check)| Step::Distinct(Distinct { values, check })).boxed(),
        (term(), term(), check())
            .prop_map(|(values, from, check)| Step::Disjoint(Disjoint { values, from, check }))
            .boxed(),
        (term(), tallies(), tallies(), check())
            .prop_map(|(values, to, at_least, check)| Step::Tally(Tally { values, to, at_least, check }))
            .boxed(),
        (term(), text(), check())
            .prop_map(|(values, alphabet, check)| Step::Unpredictable(Unpredictable { values, alphabet, check }))
            .boxed(),
        (name(), 1..99_usize, span(), 0.0..1000.0, check())
            .prop_map(|(on, count, every, tolerance_percent, check)| {
                Step::Heartbeat(Heartbeat { on, count, every, tolerance_percent, check })
            })
            .boxed(),
        (send(), expect(), 1..99_usize, span(), span(), check())
            .prop_map(|(send, expect, rounds, apart, median_at_most, check)| {
                Step::Latency(Latency { send, expect, rounds, apart, median_at_most, check })
            })
            .boxed(),
        (send(), term(), term(), span(), span(), check())
            .prop_map(|(send, expect, meanwhile, every, within, check)| {
                Step::Poll(Poll { send, expect, meanwhile, every, within, check })
            })
            .boxed(),
        (name(), of(term()), of(bytes()), of(term()), of(term()), size(), span())
            .prop_map(|(on, json, binary, fragment, raw, total, until_blocked_for)| {
                Step::Pour(Pour { on, json, binary, fragment, raw, total, until_blocked_for })
            })
            .boxed(),
        (of(size()), of(check()))
            .prop_map(|(grows_at_most, check)| Step::Memory(Memory { grows_at_most, check }))
            .boxed(),
        of(name()).prop_map(|of| Step::Terminate(Terminate { of })).boxed(),
        (of(name()), span(), of(prop_oneof![Just(Status::Success), Just(Status::Failure)]), check())
            .prop_map(|(of, within, status, check)| Step::Exit(Exit { of, within, status, check }))
            .boxed(),
        clients(),
        super::any_http::step(),
    ])
}

/// Those that play the server to a client.
fn clients() -> BoxedStrategy<Step> {
    let rule = prop_oneof![
        Just(Rule::Envelope),
        Just(Rule::Growth),
        Just(Rule::Apart),
        Just(Rule::Bounded),
        Just(Rule::Alone),
        Just(Rule::Timely)
    ];
    let by = prop_oneof![
        Just(FailBy::Reset),
        Just(FailBy::Fin),
        Just(FailBy::Hang),
        Just(FailBy::Close),
        Just(FailBy::Drop),
        Just(FailBy::Silence)
    ];
    let counts = (of(0..9_u32), of(0..9_u32));
    Union::new([
        (name(), btree_map(name(), term(), 0..3), of(0..9_u32))
            .prop_map(|(name, params, max_attempts)| Step::Start(Start { name, params, max_attempts }))
            .boxed(),
        (name(), name(), of(term()), of(span()), of(check()))
            .prop_map(|(name, of, target, within, check)| Step::Accept(Accept { name, of, target, within, check }))
            .boxed(),
        (name(), name(), btree_map(name(), term(), 0..3), of(2..9_usize), of(span()), of(check()))
            .prop_map(|(name, of, members, fragments, within, check)| {
                Step::Welcome(Welcome { name, of, members, fragments, within, check })
            })
            .boxed(),
        (name(), of(any::<u16>()), of(by), counts, of(span()), of(check()))
            .prop_map(|(of, status, by, (times, past_cap), within, check)| {
                Step::TurnAway(TurnAway { of, status, by, times, past_cap, within, check })
            })
            .boxed(),
        (name(), span(), of(check())).prop_map(|(of, span, check)| Step::Idle(Idle { of, span, check })).boxed(),
        (name(), rule, check()).prop_map(|(of, rule, check)| Step::Attempts(Attempts { of, rule, check })).boxed(),
        (name(), name()).prop_map(|(of, name)| Step::Delay(Delay { of, name })).boxed(),
        (term(), 0..9_u32, 0.0..1.0_f64, check())
            .prop_map(|(values, attempt, at_least, check)| Step::Spread(Spread { values, attempt, at_least, check }))
            .boxed(),
        (name(), term()).prop_map(|(to, json)| Step::Tell(Tell { to, json })).boxed(),
        (name(), term(), any::<bool>(), of(span()), of(check()))
            .prop_map(|(of, json, next, within, check)| Step::Event(EventStep { of, json, next, within, check }))
            .boxed(),
        (name(), 1..99_usize, term(), of(term()), of(span()), of(check()))
            .prop_map(|(on, count, json, skipping, within, check)| {
                Step::Collect(Collect { on, count, json, skipping, within, check })
            })
            .boxed(),
        (prop_oneof![Just(EndBy::Terminate), Just(EndBy::Kill)], of(check()))
            .prop_map(|(by, check)| Step::Restart(Restart { by, check }))
            .boxed(),
        (span(), check()).prop_map(|(within, check)| Step::Rival(Rival { within, check })).boxed(),
        (0..0o10000_u32, check()).prop_map(|(is, check)| Step::FileMode(FileMode { is: Mode(is), check })).boxed(),
        (name(), vec(name(), 0..3), span(), of(check()))
            .prop_map(|(of, named, span, check)| Step::NoEvent(NoEvent { of, named, span, check }))
            .boxed(),
    ])
    .boxed()
}

fn on(act: fn(On) -> Step) -> BoxedStrategy<Step> {
    name().prop_map(move |on| act(On { on })).boxed()
}

fn tallies() -> impl Strategy<Value = BTreeMap<String, usize>> {
    btree_map(text(), 0..100_usize, 0..3)
}

fn send() -> impl Strategy<Value = Send> {
    let content = (of(term()), of(term()), of(bytes()), of(text()), of(text()), of(text()));
    let repeated = (1..99_usize, name()).prop_map(|(times, counter)| Repeated { times, counter });
    (name(), content, of(encoding()), of(2..9_usize), of(repeated), of(text())).prop_map(
        |(on, (json, text, binary, hex, ping, pong), encoding, fragments, repeated, invalid)| Send {
            on,
            json,
            encoding,
            text,
            binary,
            hex,
            ping,
            pong,
            fragments,
            repeated,
            invalid,
        },
    )
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![Just(Encoding::Text), Just(Encoding::Binary)]
}

fn frame() -> impl Strategy<Value = FrameStep> {
    let payload = (of(term()), of(text()), of(size()), of(text()));
    (name(), 0..16_u8, any::<bool>(), 0..8_u8, of(any::<bool>()), payload).prop_map(
        |(on, opcode, fin, rsv, masked, (text, hex, claim, invalid))| FrameStep {
            on,
            opcode: Opcode(opcode),
            fin,
            rsv,
            masked,
            text,
            hex,
            claim,
            invalid,
        },
    )
}

fn expect() -> impl Strategy<Value = Expect> {
    let content =
        (of(term()), of(bytes()), of(Just(Any {})), of(text()), of(close_is()), of(Just(Any {})), of(Just(Any {})));
    let rest = (of(encoding()), vec(choice(), 0..3), of(name()), of(term()), of(bytes()), of(span()), of(check()));
    (name(), content, rest).prop_map(
        |(
            on,
            (json, binary, ping, pong, close, end, loss),
            (encoding, any_of, bind, skipping, skipping_binary, within, check),
        )| Expect {
            on,
            json,
            encoding,
            binary,
            ping,
            pong,
            close,
            end,
            loss,
            any_of,
            bind,
            skipping,
            skipping_binary,
            within,
            check,
        },
    )
}

fn choice() -> impl Strategy<Value = Choice> {
    let event = (name(), term()).prop_map(|(of, json)| EventIs { of, json });
    (of(name()), of(term()), of(bytes()), of(close_is()), of(Just(Any {})), of(event))
        .prop_map(|(named, json, binary, close, loss, event)| Choice { named, json, binary, close, loss, event })
}

fn close_is() -> impl Strategy<Value = CloseIs> {
    (vec(any::<u16>(), 0..3), of(text())).prop_map(|(code, reason)| CloseIs { code, reason })
}

/// Names of variables and connections, among them words that YAML would rather read as something else.
pub(super) fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("yes".to_owned()), Just("null".to_owned()), Just("on".to_owned()), "[a-z][a-z0-9_]{0,8}"]
}

/// Any text, and more often than by chance such as looks like another kind of YAML.
pub(super) fn text() -> impl Strategy<Value = String> {
    const ODD: &str = "¦ ¦~¦null¦true¦no¦off¦1¦007¦0x10¦1_000¦1e3¦.inf¦.nan¦-¦--- ¦...¦- a¦a: b¦# c¦a #b¦[¦]¦{}¦&a¦*a¦!t¦|¦>¦'¦\
        \"¦%¦@¦`¦? ¦\\n¦\n¦a\n¦\n a\n\n¦\t¦\ta¦\r¦\r\n¦\0¦\u{7}¦\u{1b}[1m¦\u{7f}¦\u{85}¦\u{a0}¦\u{2028}¦\u{feff}¦\u{feff}a¦\
        \u{fffe}¦\u{ffff}¦🦀¦2026-11-20¦<<¦=¦a, b¦1:30";
    let odd: Vec<_> = ODD.split('¦').map(str::to_owned).collect();
    prop_oneof![3 => proptest::sample::select(odd), 2 => ".{0,12}", 1 => "[ -~\n]{0,90}"]
}

pub(super) fn check() -> impl Strategy<Value = CheckName> {
    let name = "[a-z][a-z0-9-]{0,12}".prop_filter("the runner's own", |name| name != "story" && name != "lint");
    (of("[A-Z]{2,5}-[A-Z0-9]{1,3}"), name).prop_map(|(requirement, name)| CheckName { requirement, name })
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![0..100_u64, (0..2048_u64).prop_map(|kib| kib << 10), 0..=1_u64 << 50].prop_map(Size)
}

pub(super) fn span() -> impl Strategy<Value = Span> {
    let literal = prop_oneof![
        (0..10_000_u32, proptest::sample::select(&["ms", "s", "m", "min", "h"][..]))
            .prop_map(|(number, unit)| format!("{number}{unit}")),
        (0.0..1e4).prop_map(|number: f64| format!("{number:.5} ms")),
    ];
    let parameter = proptest::sample::select(&relayspec::timing::Parameter::ALL[..]);
    let scaled = (of(0.0..1e3), parameter).prop_map(|(factor, parameter)| match factor {
        Some(factor) => format!("{factor} {}", parameter.name()),
        None => parameter.name().to_owned(),
    });
    let term = prop_oneof![literal, scaled].boxed();
    (term.clone(), vec((any::<bool>(), term), 0..3)).prop_map(|(first, rest)| {
        let rest = rest.into_iter().map(|(negative, term)| format!("{}{term}", if negative { " - " } else { "+" }));
        let text = first + &rest.collect::<String>();
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    })
}

/// Binary messages, by the JSON that they are written as.
pub(super) fn bytes() -> impl Strategy<Value = Bytes> {
    let part = prop_oneof![
        text().prop_map(|text| text.replace('$', "$$").into()),
        name().prop_map(|name| format!("${name}").into()),
        "([0-9a-fA-F]{2} ?){0,9}".prop_map(|digits| json!({ "hex": digits })),
        ("([0-9a-fA-F]{2} ?){0,9}", 0..99_usize).prop_map(|(digits, times)| json!({ "hex": digits, "times": times })),
        (text(), 0..99_usize).prop_map(|(text, times)| json!({ "repeat": text.replace('$', "$$"), "times": times })),
    ];
    (vec(part.clone(), 0..3), any::<bool>(), vec(part, 0..3)).prop_map(|(mut head, gap, tail)| {
        head.extend(gap.then(|| json!({ "is": "anything" })));
        head.extend(tail);
        Bytes::try_from(Value::from(head)).unwrap_or_else(|error| panic!("{error}"))
    })
}

/// Terms, by the JSON that they are written as: it decides alone what a term is.
pub(super) fn term() -> impl Strategy<Value = Term> {
    value().prop_map(|value| Term::try_from(value).unwrap_or_else(|error| panic!("{error}")))
}

fn value() -> impl Strategy<Value = Value> {
    const KINDS: &[Kind] = &[Kind::Text, Kind::String, Kind::Number, Kind::Anything, Kind::Nothing];
    const CHANGES: &[&str] = &["lower", "other_case", "shorter", "full_width"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has none", |number| number.is_finite()).prop_map(Value::from),
        proptest::sample::select(&[0.0, -0.0, 1.0, -1.0, 1e21, 1e-7, 5e-324, f64::MAX, 9007199254740993.0][..])
            .prop_map(Value::from),
        text().prop_map(|text| text.replace('$', "$$").into()),
        name().prop_map(|name| format!("${name}").into()),
        (text(), name()).prop_map(|(text, name)| format!("{}${{{name}}}", text.replace('$', "$$")).into()),
        (text(), 0..99_usize).prop_map(|(text, times)| json!({ "repeat": text.replace('$', "$$"), "times": times })),
        (proptest::sample::select(CHANGES), text())
            .prop_map(|(change, text)| json!({ "change": change, "of": text.replace('$', "$$") })),
        (text(), 0..99_usize).prop_map(|(text, length)| json!({ "made_of": text, "length": length })),
        proptest::sample::select(KINDS).prop_map(|kind| json!({ "is": kind })),
        text().prop_map(|text| json!({ "contains": text.replace('$', "$$") })),
        bytes().prop_map(|bytes| json!({ "base64": Value::from(bytes) })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            members(inner.clone()),
            inner.clone().prop_map(|value| json!({ "not": value })),
            inner.clone().prop_map(|value| json!({ "equals": value })),
            inner.clone().prop_map(|value| json!({ "json_text": value })),
            (inner.clone(), inner.clone()).prop_map(|(one, being)| json!({ "one": one, "being": being })),
            vec(inner, 0..3).prop_map(|values| json!({ "any_of": values })),
        ]
    })
}

/// The members of what is no mere object.
const MATCHERS: &[&str] = &[
    "is",
    "not",
    "equals",
    "any_of",
    "json_text",
    "one",
    "being",
    "repeat",
    "times",
    "change",
    "of",
    "made_of",
    "length",
    "contains",
    "base64",
];

/// Objects that are no matcher by chance.
fn members(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let key = text().prop_filter("a matcher", |key| !MATCHERS.contains(&&**key));
    btree_map(key, inner, 0..3).prop_map(|members: BTreeMap<String, Value>| members.into_iter().collect())
}

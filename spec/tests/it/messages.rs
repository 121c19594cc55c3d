//! Round trips of messages: every value survives, serde and schema agree about every change, nothing panics.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use relayspec::family::{Channel, FAMILIES, Family};
use relayspec::pairing::{
    ALPHABET, CODE_LENGTH, Data, EpochMillis, Error, ErrorCode, FromHost, FromViewer, Join, JoinCode, Joined, Ping,
    Pong, Register, Registered, SessionCode, ToHost, ToViewer,
};
use relayspec::requirement::CHAPTERS;
use relayspec::text::{Prose, Uuid};
use relayspec::wire::{DecodeError, Direction};
use serde_json::{Map, Number, Value, json};

use crate::fixtures;
use crate::schemas::Schemas;

pub(crate) fn for_all<S: Strategy>(strategy: &S, check: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if let Err(error) = TestRunner::new(config).run(strategy, check) {
        panic!("{error}");
    }
}

pub(crate) fn text(length: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = String> {
    vec(any::<char>(), length).prop_map(String::from_iter)
}

pub(crate) fn string() -> impl Strategy<Value = String> {
    text(0..20)
}

pub(crate) fn prose() -> impl Strategy<Value = Prose> {
    text(1..40).prop_map(|text| Prose::new(text).expect("a text"))
}

fn uuid() -> impl Strategy<Value = Uuid> {
    "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}".prop_map(|text| Uuid::new(text).expect("a UUID"))
}

fn session_code() -> impl Strategy<Value = SessionCode> {
    let character = any::<Index>().prop_map(|at| char::from(*at.get(ALPHABET.as_bytes())));
    vec(character, CODE_LENGTH).prop_map(|code| SessionCode::new(String::from_iter(code)).expect("a session code"))
}

fn expires_at() -> impl Strategy<Value = EpochMillis> {
    let whole = (0..=EpochMillis::MAX as u64).prop_map(|millis| millis as f64);
    prop_oneof![whole, 0.0..=EpochMillis::MAX].prop_map(|millis| EpochMillis::new(millis).expect("a moment in range"))
}

pub(crate) fn number() -> impl Strategy<Value = Number> {
    let double = any::<f64>().prop_filter_map("JSON has finite numbers only", Number::from_f64);
    prop_oneof![any::<i64>().prop_map(Number::from), any::<u64>().prop_map(Number::from), double]
}

fn error() -> impl Strategy<Value = Error> {
    let code = prop::sample::select(vec![
        ErrorCode::InvalidCode,
        ErrorCode::ExpiredCode,
        ErrorCode::AlreadyJoined,
        ErrorCode::NotFound,
        ErrorCode::MacDisconnected,
        ErrorCode::InvalidMessage,
    ]);
    (code, prose()).prop_map(|(code, message)| Error { code, message })
}

/// Every message survives encoding and decoding, is valid by the schemas, and tolerates unknown members and any order of members.
pub(crate) fn arrives<M: Debug + Clone + PartialEq>(
    family: &str,
    direction: Direction,
    messages: impl Strategy<Value = M>,
    encode: fn(&M) -> String,
    decode: fn(&str) -> Result<M, DecodeError>,
) {
    let family = Family::named(family).expect("a family");
    let channel = family.channel(direction.from, direction.to).expect("a channel");
    let schemas = Schemas::of(family, channel);
    for_all(&(messages, 0..3_usize), |(message, turn)| {
        let text = encode(&message);
        prop_assert_eq!(decode(&text), Ok(message.clone()));
        prop_assert_eq!((channel.canonical)(&text), Ok(text.clone()));
        let value: Value = serde_json::from_str(&text)?;
        prop_assert_eq!(schemas.check(&value), Ok(()));

        let mut members: Vec<_> = value.as_object().into_iter().flatten().map(|(k, v)| format!("{k:?}:{v}")).collect();
        members.insert(0, r#""zz":{"type":[null,{"ts":-1e9}]}"#.to_owned());
        let turns = turn % members.len();
        members.rotate_left(turns);
        prop_assert_eq!(decode(&format!("{{{}}}", members.join(" , "))), Ok(message));
        Ok(())
    });
}

/// Declares tests that the messages of a direction, drawn from strategies, survive.
macro_rules! round_trips {
    ($family:expr; $($test:ident: $direction:ident of $($strategy:expr),+;)+) => {
        $(#[test]
        fn $test() {
            let messages = prop_oneof![$($strategy.prop_map($direction::from)),+];
            let (encode, decode) = ($direction::encode, $direction::decode);
            crate::messages::arrives($family, $direction::DIRECTION, messages, encode, decode);
        })+
    };
}

pub(crate) use round_trips;

round_trips! {
    "pairing";
    messages_of_hosts_round_trip: FromHost of uuid().prop_map(|client_id| Register { client_id }), text(0..60).prop_map(|payload| Data { payload }), number().prop_map(|ts| Ping { ts });
    messages_of_viewers_round_trip: FromViewer of text(CODE_LENGTH).prop_map(|code| Join { code: JoinCode::new(code).expect("6 characters") }), text(0..60).prop_map(|payload| Data { payload }), number().prop_map(|ts| Ping { ts });
    messages_to_hosts_round_trip: ToHost of (session_code(), expires_at()).prop_map(|(code, expires_at)| Registered { code, expires_at }), text(0..60).prop_map(|payload| Data { payload }), number().prop_map(|ts| Pong { ts }), error();
    messages_to_viewers_round_trip: ToViewer of uuid().prop_map(|session_id| Joined { session_id }), text(0..60).prop_map(|payload| Data { payload }), number().prop_map(|ts| Pong { ts }), error();
}

fn accepted(of: &Channel) -> Vec<Value> {
    let files = fixtures::files().into_iter().filter(|file| file.channel.direction == of.direction);
    let messages = files.flat_map(|file| file.vectors).filter_map(|vector| vector.message());
    messages.filter(|message| message.to_string().len() < 1000).collect()
}

/// A value similar to another, and often invalid in its place.
fn altered(value: &Value, how: usize, character: char) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match how % 14 {
        0 => Value::Null,
        1 => json!([value]),
        2 => json!({ text: null }),
        3 => json!({ text: value }),
        4 => text.into(),
        5 => text.to_lowercase().into(),
        6 => text.to_uppercase().into(),
        7 => format!("{text}{character}").into(),
        8 => format!("{character}{text}").into(),
        9 => text.chars().skip(1).collect::<String>().into(),
        10 => text.chars().skip(1).chain([character]).collect::<String>().into(),
        11 => value.as_f64().map_or(json!(0), |number| json!(-number)),
        12 => value.as_f64().map_or(json!(1e300), |number| json!(number * 1e9 + 0.5)),
        _ => text.parse::<f64>().map_or(json!(true), |number| json!(number)),
    }
}

/// The message itself, or an object in it; if the members are in an object of their own, usually that.
fn some_object(message: &mut Value, which: Index) -> &mut Map<String, Value> {
    let inner = ["data", "message"].into_iter().find(|name| message[name].is_object());
    if let Some(name) = inner.filter(|_| which.index(8) > 0) {
        let members = message[name].as_object_mut().expect("an object");
        let deeper = members.keys().next().filter(|_| name == "message" && which.index(3) > 0).cloned();
        return match deeper.filter(|name| members[name].is_object()) {
            Some(name) => members[&name].as_object_mut().expect("an object"),
            None => members,
        };
    }
    message.as_object_mut().expect("an object")
}

#[test]
fn serde_and_schema_agree_about_every_change() {
    for (family, channel) in FAMILIES.iter().flat_map(|family| family.channels.iter().map(move |one| (family, one))) {
        let schemas = Schemas::of(family, channel);
        let change = (any::<Index>(), any::<Index>(), 0..16_usize, any::<char>());
        let changes = (prop::sample::select(accepted(channel)), vec(change, 1..3));
        for_all(&changes, |(mut message, changes)| {
            for (member, other, how, character) in changes {
                let members = some_object(&mut message, other);
                let Some(name) = members.keys().nth(member.index(members.len().max(1))).cloned() else { break };
                let value = members[&name].clone();
                match how {
                    14 => members.remove(&name),
                    15 => members.insert(format!("{name}{character}"), value),
                    _ if other.index(4) == 0 => members.insert("type".to_owned(), altered(&value, how, character)),
                    _ => members.insert(name, altered(&value, how, character)),
                };
            }
            let text = message.to_string();
            let (serde, schema) = ((channel.canonical)(&text), schemas.check(&message));
            prop_assert_eq!(serde.is_ok(), schema.is_ok(), "{}: serde {:?}, schema {:?}", text, serde, schema);
            Ok(())
        });
    }
}

#[test]
fn no_text_makes_a_decoder_panic() {
    for channel in FAMILIES.iter().flat_map(|family| family.channels) {
        let messages = prop::sample::select(accepted(channel)).prop_map(|message| message.to_string());
        let token = prop::sample::select(
            r#"{ } [ ] , : " \ \u \ud83d 0 -1 1e400 null true "type" "ping" // /* ' NaN"#.split(' ').collect::<Vec<_>>(),
        );
        let spliced = (messages, any::<Index>(), token.clone()).prop_map(|(message, at, token)| {
            let mut characters: Vec<char> = message.chars().collect();
            let at = at.index(characters.len());
            characters.splice(at..=at, token.chars());
            String::from_iter(characters)
        });
        let tokens = vec(token, 0..20).prop_map(|tokens| tokens.concat());
        for_all(&prop_oneof![text(0..60), tokens, spliced], |text| {
            if let Ok(canonical) = (channel.canonical)(&text) {
                prop_assert_eq!((channel.canonical)(&canonical), Ok(canonical));
            }
            Ok(())
        });
    }
}

#[test]
fn unspecified_input_is_decided_the_same_twice() {
    let deep = |count| format!("{}{}", "[".repeat(count), "]".repeat(count));
    for channel in FAMILIES.iter().flat_map(|family| family.channels) {
        for text in [
            "\u{feff}{}".to_owned(),
            r#"{"type":"data","type":"ping","payload":"","payload":1,"ts":1,"ts":2}"#.to_owned(),
            r#"{"type":"data","payload":"\ud800"}"#.to_owned(),
            r#"{"type":"ping","ts":1e400,"x":-1e400}"#.to_owned(),
            deep(10_000),
            format!(r#"{{"type":"ping","ts":1,"x":{}}}"#, deep(10_000)),
            format!(r#"{{"type":"ping","ts":{}}}"#, deep(10_000)),
        ] {
            let once = (channel.canonical)(&text);
            assert_eq!(once, (channel.canonical)(&text));
        }
    }
}

#[test]
fn examples_of_the_chapters_are_messages() {
    for chapter in CHAPTERS {
        // The chapter `wire` takes its examples from pairing; the other shared chapters have no messages.
        let name = if chapter.name == "wire" { "pairing" } else { chapter.name };
        let Some(family) = Family::named(name) else { continue };
        let mut count = 0;
        let mut in_json = false;
        for (line, number) in chapter.text.lines().zip(1..) {
            if let Some(fence) = line.strip_prefix("```") {
                in_json = fence == "json";
            } else if in_json {
                count += 1;
                let is_message = family.channels.iter().any(|channel| (channel.canonical)(line).is_ok());
                assert!(is_message, "{}.md, line {number}: not a message of the family {}", chapter.name, family.name);
            }
        }
        assert!(count > 0, "{}.md shows no message", chapter.name);
    }
}

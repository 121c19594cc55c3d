//! Tunnel: every message survives in both encodings with the same meaning, and no bytes do harm.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use relayspec::family::{Channel, Family, Packing};
use relayspec::requirement::{CHAPTERS, Chapter};
use relayspec::tunnel::{
    Auth, AuthError, AuthSuccess, Body, CLOSE_REFUSED, Error, FromAgent, HOP_BY_HOP, Headers, HttpRequest,
    HttpResponse, LEAST_BODY, LEAST_MESSAGE, PATH, Ping, Pong, Stats, ToAgent,
};
use relayspec::wire::{BinaryError, DecodeError, Direction};
use serde_json::{Value, json};

use crate::fixtures;
use crate::messages::{arrives, for_all, number, prose, string};
use crate::schemas::Schemas;

const FAMILY: &str = "tunnel";

fn headers() -> impl Strategy<Value = Headers> {
    let name = prop_oneof!["[A-Za-z][a-z-]{0,2}", string()];
    vec((name, string()), 0..6).prop_map(Headers::from_iter)
}

fn body() -> impl Strategy<Value = Body> {
    vec(any::<u8>(), 0..300).prop_map(Body)
}

fn error() -> impl Strategy<Value = Error> {
    let members = (prop::option::of(string()), prose(), prop::option::of(100..600_u16));
    members.prop_map(|(request_id, error, code)| Error { request_id, error, code })
}

fn request() -> impl Strategy<Value = HttpRequest> {
    let members = (string(), string(), string(), headers(), body());
    members.prop_map(|(id, method, url, headers, body)| HttpRequest { id, method, url, headers, body })
}

fn response() -> impl Strategy<Value = HttpResponse> {
    let members = (string(), 100..600_u16, string(), headers(), body());
    members.prop_map(|(id, status, status_text, headers, body)| HttpResponse { id, status, status_text, headers, body })
}

fn stats() -> impl Strategy<Value = Stats> {
    let count = || 0..1_u64 << 53;
    (count(), count(), 0.0..1e12).prop_map(|(requests_processed, bytes_transferred, uptime_seconds)| Stats {
        requests_processed,
        bytes_transferred,
        uptime_seconds,
    })
}

fn from_agent() -> impl Strategy<Value = FromAgent> {
    prop_oneof![
        string().prop_map(|token| Auth { token }.into()),
        response().prop_map(FromAgent::from),
        error().prop_map(FromAgent::from),
        number().prop_map(|timestamp| Ping { timestamp }.into()),
        number().prop_map(|timestamp| Pong { timestamp }.into()),
        stats().prop_map(FromAgent::from),
    ]
}

fn to_agent() -> impl Strategy<Value = ToAgent> {
    prop_oneof![
        prose().prop_map(|session_id| AuthSuccess { session_id }.into()),
        prose().prop_map(|error| AuthError { error }.into()),
        request().prop_map(ToAgent::from),
        error().prop_map(ToAgent::from),
        number().prop_map(|timestamp| Ping { timestamp }.into()),
        number().prop_map(|timestamp| Pong { timestamp }.into()),
    ]
}

#[test]
fn messages_of_agents_round_trip() {
    arrives(FAMILY, FromAgent::DIRECTION, from_agent(), FromAgent::encode, FromAgent::decode);
    arrives_packed(FromAgent::DIRECTION, from_agent(), (FromAgent::encode, FromAgent::decode), FromAgent::unpack);
}

#[test]
fn messages_of_clouds_round_trip() {
    arrives(FAMILY, ToAgent::DIRECTION, to_agent(), ToAgent::encode, ToAgent::decode);
    arrives_packed(ToAgent::DIRECTION, to_agent(), (ToAgent::encode, ToAgent::decode), ToAgent::unpack);
}

fn channel(direction: Direction) -> &'static Channel {
    let family = Family::named(FAMILY).expect("a family");
    family.channel(direction.from, direction.to).expect("a channel")
}

fn packing(channel: &Channel) -> Packing {
    channel.binary.and_then(|binary| binary.packing).expect("two encodings")
}

type TextCodec<M> = (fn(&M) -> String, fn(&str) -> Result<M, DecodeError>);

/// Every packed message survives, means the same as its text, and is rejected if truncated or followed by anything. Unknown members of `data`
/// are ignored in both encodings.
fn arrives_packed<M: Debug + Clone + PartialEq>(
    direction: Direction,
    messages: impl Strategy<Value = M>,
    (encode, decode): TextCodec<M>,
    unpack: fn(&[u8]) -> Result<M, BinaryError>,
) {
    let channel = channel(direction);
    let Packing { json, pack } = packing(channel);
    for_all(&(messages, any::<Index>(), any::<u8>(), 0..6_usize), |(message, cut, after, turn)| {
        let form: Value = serde_json::from_str(&encode(&message))?;
        let bytes = pack(&form);
        prop_assert_eq!(unpack(&bytes), Ok(message.clone()));
        prop_assert_eq!(json(&bytes), Ok(form.clone()));
        prop_assert_eq!(channel.binary.map(|binary| (binary.canonical)(&bytes)), Some(Ok(bytes.clone())));

        prop_assert!(unpack(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert!(unpack(&[&bytes[..], &[after]].concat()).is_err());

        // `data` is the last member of the message, so that a member appended to the bytes can belong to either.
        let unknown = b"\xa1z\x92\xc4\x01\xff\xc0";
        for count in [0, 1 + 5 + 1 + form["type"].as_str().map_or(0, str::len) + 5] {
            let mut more = [&bytes[..], unknown].concat();
            more[count] += 1;
            prop_assert_eq!(unpack(&more), Ok(message.clone()));
        }
        let mut members: Vec<_> = form["data"].as_object().into_iter().flatten().collect();
        let deep = json!([{ "token": [null, {}] }]);
        let name = "zz".to_owned();
        members.push((&name, &deep));
        let turns = turn % members.len();
        members.rotate_left(turns);
        let data: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        let text = format!(r#"{{"data":{{{}}},"type":{}}}"#, data.join(","), form["type"]);
        prop_assert_eq!(decode(&text), Ok(message));
        Ok(())
    });
}

#[test]
fn no_bytes_do_harm_and_accepted_ones_are_valid() {
    for (direction, messages) in [
        (FromAgent::DIRECTION, from_agent().prop_map(|message| message.pack()).boxed()),
        (ToAgent::DIRECTION, to_agent().prop_map(|message| message.pack()).boxed()),
    ] {
        let channel = channel(direction);
        let (binary, packing) = (channel.binary.expect("binary messages"), packing(channel));
        let schemas = Schemas::of(Family::named(FAMILY).expect("a family"), channel);
        let changed = (messages, any::<Index>(), any::<u8>()).prop_map(|(mut bytes, at, byte)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        });
        for_all(&prop_oneof![changed, vec(any::<u8>(), 0..100)], |bytes| {
            let form = (packing.json)(&bytes);
            if let Ok(canonical) = (binary.canonical)(&bytes) {
                prop_assert_eq!((binary.canonical)(&canonical), Ok(canonical));
                prop_assert_eq!(form.map(|form| schemas.check(&form)), Ok(Ok(())));
            }
            Ok(())
        });
    }
}

#[test]
fn twin_vectors_mean_the_same() {
    let mut count = 0;
    for file in fixtures::files().into_iter().filter(|file| file.family.name == FAMILY) {
        let vectors: BTreeMap<_, _> = file.vectors.iter().map(|vector| (vector.id(), vector)).collect();
        for (id, packed) in &vectors {
            let Some(text) = id.strip_suffix("-packed").and_then(|id| vectors.get(id)) else { continue };
            count += 1;
            assert!(packed.binary().is_some() && text.binary().is_none(), "{} `{id}`", file.path);
            assert_eq!(packed.message(), text.message(), "{} `{id}`", file.path);
        }
    }
    assert!(count > 150, "only {count} vectors in both encodings");
}

fn chapter() -> &'static Chapter {
    CHAPTERS.iter().find(|chapter| chapter.name == FAMILY).expect("the chapter")
}

#[test]
fn bytes_of_the_chapter_are_the_ping_beside_them() {
    let block = chapter().text.split("```").find(|block| block.starts_with("\n82 ")).expect("a block of bytes");
    let digits = block.lines().flat_map(|line| line.split("  ").next().unwrap_or_default().split_whitespace());
    let bytes: Vec<u8> = digits.map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect();
    let shown = r#"{"type":"Ping","data":{"timestamp":5}}"#;
    assert!(chapter().text.contains(&format!("`{shown}`")));
    assert_eq!(FromAgent::unpack(&bytes), Ok(FromAgent::decode(shown).expect("a ping")));
    assert_eq!(FromAgent::unpack(&bytes).map(|ping| ping.pack()), Ok(bytes));
}

#[test]
fn examples_of_the_chapter_mean_the_same_in_bytes() {
    let mut count = 0;
    for line in chapter().text.lines().filter(|line| line.starts_with(r#"{"type""#)) {
        let value: Value = serde_json::from_str(line).expect("JSON");
        for channel in Family::named(FAMILY).expect("a family").channels {
            let Ok(canonical) = (channel.canonical)(line) else { continue };
            count += 1;
            assert_eq!(canonical, line, "an example has all members, in order");
            let Packing { json, pack } = packing(channel);
            assert_eq!(json(&pack(&value)), Ok(value.clone()), "{line}");
        }
    }
    assert_eq!(count, 12, "six messages of each direction");
}

#[test]
fn chapter_states_the_constants() {
    let text = chapter().text;
    let grouped = |number: usize| {
        let digits = number.to_string();
        let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group));
        groups.collect::<Vec<_>>().join(",")
    };
    for stated in [PATH.to_owned(), CLOSE_REFUSED.to_string(), grouped(LEAST_BODY), grouped(LEAST_MESSAGE)] {
        assert!(text.contains(&stated), "tunnel.md does not say {stated}");
    }
    for name in HOP_BY_HOP {
        assert!(text.contains(&format!("`{name}`")), "tunnel.md does not name {name}");
    }
}

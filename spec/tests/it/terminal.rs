//! Terminal: every message and every binary message survives, and no bytes do harm.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use relayspec::family::Family;
use relayspec::requirement::CHAPTERS;
use relayspec::terminal::{
    ALPHABET, Auth, AuthFailed, AuthSuccess, BrowserConnected, BrowserDisconnected, CODE_LENGTH, CloseSession,
    CreateSession, Error, FromHost, FromViewer, MAX_SESSION_ID, Register, Registered, Session, SessionCode,
    SessionConnected, SessionDisconnected, SessionId, SessionList, SessionResize, TerminalFrame, TerminalFrameError,
    ToHost, ToViewer, ViewerCode,
};
use serde_json::json;

use crate::fixtures;
use crate::messages::{for_all, prose, round_trips, string, text};

const FAMILY: &str = "terminal";

fn session_code() -> impl Strategy<Value = SessionCode> {
    let character = any::<Index>().prop_map(|at| char::from(*at.get(ALPHABET.as_bytes())));
    vec(character, CODE_LENGTH).prop_map(|code| SessionCode::new(String::from_iter(code)).expect("a session code"))
}

fn session_list() -> impl Strategy<Value = SessionList> {
    let session = (string(), string()).prop_map(|(id, name)| Session { id, name });
    vec(session, 0..4).prop_map(|sessions| SessionList { sessions })
}

fn session_connected() -> impl Strategy<Value = SessionConnected> {
    (string(), string()).prop_map(|(session_id, name)| SessionConnected { session_id, name })
}

fn session_disconnected() -> impl Strategy<Value = SessionDisconnected> {
    string().prop_map(|session_id| SessionDisconnected { session_id })
}

fn session_resize() -> impl Strategy<Value = SessionResize> {
    let size = (string(), any::<u16>(), any::<u16>());
    size.prop_map(|(session_id, cols, rows)| SessionResize { session_id, cols, rows })
}

fn error() -> impl Strategy<Value = Error> {
    prose().prop_map(|message| Error { message })
}

fn auth() -> impl Strategy<Value = Auth> {
    string().prop_map(|code| Auth { session_code: ViewerCode::new(code).expect("any string") })
}

round_trips! {
    FAMILY;
    messages_of_hosts_round_trip: FromHost of string().prop_map(|client_id| Register { client_id }), session_list(),
        session_connected(), session_disconnected(), session_resize();
    messages_of_viewers_round_trip: FromViewer of auth(), string().prop_map(|session_id| CloseSession { session_id }),
        Just(CreateSession {});
    messages_to_hosts_round_trip: ToHost of session_code().prop_map(|code| Registered { code }),
        string().prop_map(|browser_id| BrowserConnected { browser_id }),
        string().prop_map(|browser_id| BrowserDisconnected { browser_id }), Just(CreateSession {}), error();
    messages_to_viewers_round_trip: ToViewer of Just(AuthSuccess {}), prose().prop_map(|reason| AuthFailed { reason }),
        session_list(), session_connected(), session_disconnected(), session_resize(), error();
}

#[test]
fn binary_messages_round_trip() {
    let id = text(1..80).prop_filter_map("it fits", SessionId::new);
    for_all(&(id, vec(any::<u8>(), 0..200)), |(session_id, payload)| {
        let frame = TerminalFrame { session_id, payload };
        let bytes = frame.encode();
        prop_assert_eq!(usize::from(bytes[0]), frame.session_id.as_str().len());
        prop_assert_eq!(TerminalFrame::decode(&bytes), Ok(frame));
        Ok(())
    });
}

#[test]
fn bytes_are_read_as_they_are_or_rejected() {
    // Short lengths, so that ids are often complete.
    let bytes = (0..6_u8, vec(any::<u8>(), 0..12)).prop_map(|(length, rest)| [vec![length], rest].concat());
    let anything = vec(any::<u8>(), 0..300);
    for_all(&prop_oneof![bytes, anything], |bytes| {
        match TerminalFrame::decode(&bytes) {
            Ok(frame) => {
                prop_assert!((1..=MAX_SESSION_ID).contains(&frame.session_id.as_str().len()));
                prop_assert_eq!(frame.encode(), bytes);
            }
            Err(TerminalFrameError::Empty) => prop_assert!(bytes.is_empty()),
            Err(TerminalFrameError::NoId) => prop_assert_eq!(bytes[0], 0),
            Err(TerminalFrameError::Short { wanted, present }) => {
                prop_assert_eq!((usize::from(bytes[0]), bytes.len() - 1), (wanted, present));
                prop_assert!(present < wanted);
            }
            Err(TerminalFrameError::NotUtf8 { valid }) => {
                let id = &bytes[1..][..usize::from(bytes[0])];
                prop_assert!(std::str::from_utf8(&id[..valid]).is_ok() && std::str::from_utf8(id).is_err());
            }
        }
        Ok(())
    });
}

#[test]
fn binary_vectors_decode_to_their_frames() {
    let mut count = 0;
    for file in fixtures::files().into_iter().filter(|file| file.family.name == FAMILY) {
        for (bytes, frame) in file.vectors.iter().filter_map(fixtures::Vector::binary) {
            count += 1;
            let decoded = TerminalFrame::decode(&bytes).ok().map(|TerminalFrame { session_id, payload }| {
                let payload: String = payload.iter().map(|byte| format!("{byte:02x}")).collect();
                json!({ "session_id": session_id.as_str(), "payload": payload })
            });
            assert_eq!(decoded, frame, "{}: {bytes:?}", file.path);
        }
    }
    assert!(count > 30, "only {count} vectors in bytes");
}

#[test]
fn chapter_shows_the_bytes_that_the_codec_writes() {
    let chapter = CHAPTERS.iter().find(|chapter| chapter.name == FAMILY).expect("the chapter");
    let shown = |frame: &TerminalFrame| {
        let (head, payload) = (1 + frame.session_id.as_str().len(), frame.encode());
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        (hex(&payload[..head]), payload[head..].chunks(12).map(hex).collect::<Vec<_>>())
    };
    let id = |id: &str| SessionId::new(id).expect("an id");
    for frame in [
        TerminalFrame { session_id: id("build"), payload: b"ls\n".to_vec() },
        TerminalFrame { session_id: id("1"), payload: Vec::new() },
        TerminalFrame::close_session(id("2")),
    ] {
        let (head, payload) = shown(&frame);
        assert!(chapter.text.contains(&format!("\n{head} ")), "terminal.md does not show {head}");
        for line in payload {
            assert!(chapter.text.contains(&line), "terminal.md does not show {line}");
        }
    }
    for limit in ["1,048,576", "65,535", "255", ALPHABET] {
        assert!(chapter.text.contains(limit), "terminal.md does not say {limit}");
    }
    assert_eq!(Family::named(FAMILY).map(|family| family.endpoints.len()), Some(2));
}

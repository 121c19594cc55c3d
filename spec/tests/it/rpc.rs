//! Rpc: every frame survives in both forms, in any pieces, and no bytes do harm.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use relayspec::family::{Channel, Family, Packing};
use relayspec::requirement::CHAPTERS;
use relayspec::rpc::{
    CommandBoundary, CommandComplete, CommandRecord, Event, EventType, Frame, FrameTooLong, Frames, HEADER, IoData,
    IoDirection, Message, Request, Response, SMALLEST_LIMIT, Scope, SessionEnd, SessionStart,
};

use crate::fixtures;
use crate::messages::{for_all, string};
use crate::schemas::Schemas;

const FAMILY: &str = "rpc";

fn family() -> &'static Family {
    Family::named(FAMILY).expect("a family")
}

fn packing(channel: &Channel) -> Packing {
    channel.binary.and_then(|binary| binary.packing).expect("a JSON form")
}

fn record() -> impl Strategy<Value = CommandRecord> {
    let texts = (string(), string(), option::of(string()), option::of(string()), string());
    let numbers = (any::<u64>(), option::of(any::<u64>()), any::<u64>(), any::<u64>(), option::of(any::<i32>()));
    (texts, numbers).prop_map(|(texts, numbers)| {
        let (command_id, session_id, command_line, cwd, output_summary) = texts;
        let (started_at, ended_at, stream_offset, stream_length, exit_code) = numbers;
        CommandRecord {
            command_id,
            session_id,
            command_line,
            cwd,
            started_at,
            ended_at,
            output_summary,
            stream_offset,
            stream_length,
            exit_code,
        }
    })
}

fn event_type() -> impl Strategy<Value = EventType> {
    prop_oneof![
        any::<i32>().prop_map(EventType::NonZeroExit),
        string().prop_map(EventType::PatternMatch),
        string().prop_map(|command| EventType::CommandBoundary(CommandBoundary { command })),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![Just(Scope::CurrentSession), Just(Scope::AllSessions), vec(string(), 0..4).prop_map(Scope::Sessions),]
}

fn message() -> impl Strategy<Value = Message> {
    let attrs = btree_map(string(), string(), 0..4);
    let start = (string(), option::of(string()), any::<u64>(), attrs);
    let direction = prop_oneof![Just(IoDirection::Input), Just(IoDirection::Output)];
    let data = (string(), direction, any::<u64>(), vec(any::<u8>(), 0..100));
    prop_oneof![
        start.prop_map(|(session_id, parent_session_id, timestamp_ms, attrs)| {
            Message::SessionStart(SessionStart { session_id, parent_session_id, timestamp_ms, attrs })
        }),
        (string(), any::<u64>(), option::of(any::<i32>())).prop_map(|(session_id, timestamp_ms, exit_code)| {
            Message::SessionEnd(SessionEnd { session_id, timestamp_ms, exit_code })
        }),
        data.prop_map(|(session_id, direction, timestamp_ms, data)| {
            Message::IoData(IoData { session_id, direction, timestamp_ms, data })
        }),
        (string(), any::<u64>(), event_type()).prop_map(|(session_id, timestamp_ms, event_type)| {
            Message::Event(Event { session_id, timestamp_ms, event_type })
        }),
        (string(), string(), string(), scope()).prop_map(|(request_id, session_id, query, scope)| {
            Message::Request(Request { request_id, session_id, query, scope })
        }),
        (string(), string(), any::<bool>(), any::<bool>()).prop_map(|(request_id, content, is_streaming, is_final)| {
            Message::Response(Response { request_id, content, is_streaming, is_final })
        }),
        (string(), record())
            .prop_map(|(session_id, record)| { Message::CommandComplete(CommandComplete { session_id, record }) }),
        Just(Message::Ack),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    (any::<u64>(), message()).prop_map(|(id, message)| Frame { id, message })
}

#[test]
fn every_frame_round_trips_in_both_forms() {
    let schemas: Vec<_> = family().channels.iter().map(|channel| Schemas::of(family(), channel)).collect();
    for_all(&frame(), |frame| {
        let bytes = frame.encode();
        prop_assert_eq!(Frame::decode(&bytes), Ok(frame.clone()));
        let json = serde_json::to_value(&frame).expect("JSON");
        prop_assert_eq!((family().naming.name)(&json), Some(frame.message.name()));
        let read = serde_json::from_value::<Frame>(json.clone()).ok();
        prop_assert_eq!(read.as_ref(), Some(&frame));
        let mut fits = 0;
        for (channel, schemas) in family().channels.iter().zip(&schemas) {
            prop_assert_eq!((packing(channel).pack)(&json), bytes.clone());
            prop_assert_eq!((packing(channel).json)(&bytes), Ok(json.clone()));
            let (text, binary) = (channel.canonical, channel.binary.expect("bytes").canonical);
            prop_assert_eq!(text(&json.to_string()).is_ok(), binary(&bytes).is_ok());
            prop_assert_eq!(schemas.check(&json).is_ok(), binary(&bytes).is_ok());
            fits += usize::from(binary(&bytes).is_ok());
        }
        prop_assert_eq!(fits, 1, "a message has one direction");
        Ok(())
    });
}

#[test]
fn streams_split_into_the_frames_that_were_written() {
    let pieces = vec(1..50_usize, 1..20);
    for_all(&(vec(frame(), 0..6), pieces), |(written, pieces)| {
        let mut stream = Vec::new();
        written.iter().for_each(|frame| frame.encode_to(&mut stream));
        let (mut frames, mut read) = (Frames::new(SMALLEST_LIMIT), Vec::new());
        let mut rest = &stream[..];
        for size in pieces.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            frames.buffer().extend_from_slice(piece);
            while let Some(frame) = frames.next_frame().expect("a short frame") {
                read.push(Frame::decode(frame).expect("a frame"));
            }
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read, written);
        Ok(())
    });
}

#[test]
fn bytes_are_read_as_they_are_or_rejected() {
    let corrupted = (frame(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(frame, at, byte)| {
        let mut bytes = frame.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    // Small numbers, so that lengths and variants are often valid.
    let payload = vec(prop_oneof![0..9_u8, any::<u8>()], 0..60);
    let likely = payload.prop_map(|payload| {
        let lengths = [(payload.len() + 14) as u32, payload.len() as u32].map(u32::to_be_bytes);
        [&lengths[0][..], &[0; 8], b"OS", &lengths[1], &payload].concat()
    });
    for_all(&prop_oneof![corrupted, likely, vec(any::<u8>(), 0..100)], |bytes| {
        if let Ok(frame) = Frame::decode(&bytes) {
            let again = frame.encode();
            prop_assert_eq!(again.len(), bytes.len(), "the same, apart from the order of a map");
            prop_assert_eq!(Frame::decode(&again), Ok(frame));
        }
        let mut frames = Frames::new(1000);
        frames.buffer().extend_from_slice(&bytes);
        loop {
            match frames.next_frame() {
                Ok(Some(frame)) => prop_assert!(frame.len() <= 1004),
                Ok(None) => break,
                Err(FrameTooLong { claimed }) => {
                    prop_assert!(claimed > 1000);
                    break;
                }
            }
        }
        Ok(())
    });
}

#[test]
fn accepts_sixteen_mebibytes() {
    let fill = |length| {
        Message::IoData(IoData {
            session_id: String::new(),
            direction: IoDirection::Output,
            timestamp_ms: 0,
            data: vec![7; length],
        })
    };
    let around = Frame { id: 1, message: fill(0) }.encode().len() - 4;
    let frame = Frame { id: 1, message: fill(SMALLEST_LIMIT - around) };
    let mut frames = Frames::new(SMALLEST_LIMIT);
    frames.buffer().extend(frame.encode());
    let read = frames.next_frame().expect("not too long").map(Frame::decode);
    assert!(read == Some(Ok(frame)), "a frame of exactly the limit");

    let ids = Scope::Sessions(vec![String::new(); (SMALLEST_LIMIT - 1000) / 8]);
    let request = Request { request_id: String::new(), session_id: String::new(), query: String::new(), scope: ids };
    let frame = Frame { id: 1, message: Message::Request(request) };
    assert!(Frame::decode(&frame.encode()) == Ok(frame), "items may take more room than their bytes");
}

#[test]
fn codec_writes_the_golden_bytes() {
    let mut count = 0;
    for file in fixtures::files().into_iter().filter(|file| file.family.name == FAMILY) {
        for vector in &file.vectors {
            let (Some((bytes, _)), Some(message)) = (vector.binary(), vector.message()) else { continue };
            count += 1;
            let form = packing(file.channel);
            assert_eq!((form.json)(&bytes), Ok(message.clone()), "{}: `{}`", file.path, vector.id());
            assert_eq!(Some((form.pack)(&message)), vector.canonical(), "{}: `{}`", file.path, vector.id());
        }
    }
    assert!(count > 40, "only {count} vectors in bytes");
}

#[test]
fn chapter_shows_the_bytes_that_the_codec_writes() {
    let chapter = CHAPTERS.iter().find(|chapter| chapter.name == FAMILY).expect("the chapter");
    let bytes = Frame { id: 7, message: Message::Ack }.encode();
    for part in [&bytes[..4], &bytes[4..12], &bytes[12..14], &bytes[14..HEADER], &bytes[HEADER..]] {
        let line = part.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        assert!(chapter.text.contains(&format!("\n{line}")), "rpc.md does not show {line}");
    }
    for limit in ["16,777,216", "1,195,725,856", "0600", "notify_deadline"] {
        assert!(chapter.text.contains(limit), "rpc.md does not say {limit}");
    }
    assert_eq!(u32::from_be_bytes(*b"GET "), 1_195_725_856);
}

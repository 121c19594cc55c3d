//! A connection over memory: what it does automatically, and what it stops doing on command.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::arrival::{Arrival, End, Observer, StampedArrival};
use super::command::Act;
use super::connection::Connection;
use super::decode::Decoder;
use super::encode::{CONTINUATION, OutFrame, PING, Side, TEXT};
use super::handshake::Opened;
use super::link::Link;
use crate::clock::{Clock, Moment};

/// EventLog what passed, in order: `>` sent, `<` received.
#[derive(Clone, Default)]
struct EventLog(Arc<Mutex<Vec<String>>>);

impl Observer for EventLog {
    fn sent(&mut self, _: Moment, frame: &OutFrame) {
        self.0.lock().expect("the log").push(format!("> {}", frame.opcode));
    }

    fn received(&mut self, _: Moment, arrival: &Arrival) {
        self.0.lock().expect("the log").push(format!("< {arrival:?}"));
    }
}

/// The server's end of a connection over memory.
struct MemoryPeer {
    stream: DuplexStream,
    decoder: Decoder,
    seen: Vec<Arrival>,
}

impl MemoryPeer {
    async fn send(&mut self, frame: OutFrame) {
        let bytes = frame.encode(Side::Server);
        self.stream.write_all(&bytes).await.expect("a stream that takes bytes");
    }

    /// What the client sent next. That its frames are masked is correct here.
    async fn next(&mut self) -> Arrival {
        loop {
            let unmasked = |arrival: &Arrival| !matches!(arrival, Arrival::Breach { section: "5.1", .. });
            if let Some(at) = self.seen.iter().position(unmasked) {
                return self.seen.remove(at);
            }
            let mut buffer = [0; 1024];
            let count = self.stream.read(&mut buffer).await.expect("a stream that can be read");
            if count == 0 {
                return Arrival::End(End::Fin);
            }
            let Self { decoder, seen, .. } = self;
            decoder.feed(&buffer[..count], &mut |arrival| seen.push(arrival));
        }
    }
}

fn connected() -> (Connection, MemoryPeer, EventLog) {
    let (ours, theirs) = tokio::io::duplex(64);
    let notes = EventLog::default();
    let opened = Opened { link: Link::Memory(ours), rest: bytes::BytesMut::default(), side: Side::Client };
    let connection = Connection::start(opened, Clock::start(), Box::new(notes.clone()));
    (connection, MemoryPeer { stream: theirs, decoder: Decoder::new(Side::Server), seen: Vec::new() }, notes)
}

async fn what(connection: &mut Connection) -> Option<Arrival> {
    connection.next().await.map(|StampedArrival { what, .. }| what)
}

fn text(text: &str) -> Arrival {
    Arrival::Text(text.to_owned())
}

#[tokio::test]
async fn answers_pings_until_it_is_muted() {
    let (mut connection, mut server, _) = connected();
    server.send(OutFrame::new(PING, "one")).await;
    assert_eq!(server.next().await, Arrival::Pong("one".into()));
    assert_eq!(what(&mut connection).await, Some(Arrival::Ping("one".into())));
    connection.writer().act(Act::Mute);
    connection.writer().send(OutFrame::new(TEXT, "muted"));
    assert_eq!(server.next().await, text("muted"));
    server.send(OutFrame::new(PING, "two")).await;
    assert_eq!(what(&mut connection).await, Some(Arrival::Ping("two".into())));
    connection.writer().send(OutFrame::new(TEXT, "no Pong before this"));
    assert_eq!(server.next().await, text("no Pong before this"));
}

#[tokio::test]
async fn answers_a_close_frame_with_its_code() {
    let (mut connection, mut server, notes) = connected();
    server.send(OutFrame::close(Some(4000), "Invalid path")).await;
    assert_eq!(server.next().await, Arrival::Close { code: Some(4000), reason: String::new() });
    drop(server);
    let close = Arrival::Close { code: Some(4000), reason: "Invalid path".to_owned() };
    assert_eq!(what(&mut connection).await, Some(close.clone()));
    assert_eq!(what(&mut connection).await, Some(Arrival::End(End::Fin)));
    let seen = notes.0.lock().expect("the log").clone();
    assert_eq!(seen, [format!("< {close:?}"), "> 8".to_owned(), "< End(Fin)".to_owned()]);
}

#[tokio::test]
async fn a_stalled_connection_reads_nothing_until_it_resumes() {
    let (mut connection, mut server, _) = connected();
    connection.writer().act(Act::Stall);
    connection.writer().send(OutFrame::new(TEXT, "stalled"));
    assert_eq!(server.next().await, text("stalled"));
    // 64 bytes fit into the stream; the rest waits for a reader.
    let long = "x".repeat(200);
    let mut sending = Box::pin(server.send(OutFrame::new(TEXT, long.clone())));
    let blocked = tokio::select! {
        biased;
        () = &mut sending => false,
        () = async { for _ in 0..1000 { tokio::task::yield_now().await } } => true,
    };
    assert!(blocked, "a stalled connection was read");
    assert_eq!(connection.try_next(), None);
    connection.writer().act(Act::Resume);
    sending.await;
    assert_eq!(what(&mut connection).await, Some(Arrival::Text(long)));
}

#[tokio::test]
async fn send_through_waits_for_the_stream() {
    let (connection, mut server, _) = connected();
    let mut frames = OutFrame::fragments(TEXT, &[b'y'; 300], 2).into_iter();
    let (first, last) = (frames.next().expect("a frame"), frames.next().expect("another"));
    assert_eq!((first.opcode, last.opcode), (TEXT, CONTINUATION));
    let (sent, read) = tokio::join!(
        async { connection.writer().send_through(first).await && connection.writer().send_through(last).await },
        server.next()
    );
    assert_eq!((sent, read), (true, text(&"y".repeat(300))));
    drop(server);
    while connection.writer().send_through(OutFrame::new(TEXT, "unread")).await {}
}

#[tokio::test]
async fn a_dropped_connection_is_closed() {
    let (connection, mut server, _) = connected();
    drop(connection);
    assert_eq!(server.next().await, Arrival::Close { code: Some(1000), reason: String::new() });
}

/// Reports how much has reached the peer when a large frame is observed.
struct LargeFrameObserver {
    peer: DuplexStream,
    seen: Option<tokio::sync::oneshot::Sender<usize>>,
}

impl Observer for LargeFrameObserver {
    fn sent(&mut self, _: Moment, frame: &OutFrame) {
        if let Some(seen) = self.seen.take_if(|_| frame.payload.len() > 1000) {
            let read = self.peer.read(&mut [0; 64]).now_or_never().transpose().expect("a stream that can be read");
            seen.send(read.unwrap_or_default()).expect("a waiting test");
        }
    }

    fn received(&mut self, _: Moment, _: &Arrival) {}
}

#[tokio::test]
async fn ready_bytes_do_not_wait_for_a_large_frame() {
    let (ours, peer) = tokio::io::duplex(64);
    let (seen, looked) = tokio::sync::oneshot::channel();
    let opened = Opened { link: Link::Memory(ours), rest: bytes::BytesMut::default(), side: Side::Server };
    let connection = Connection::start(opened, Clock::start(), Box::new(LargeFrameObserver { peer, seen: Some(seen) }));
    let small = OutFrame::new(TEXT, "answer");
    let length = small.encode(Side::Server).len();
    connection.writer().send(small);
    connection.writer().send(OutFrame::new(TEXT, "x".repeat(100_000)));
    assert_eq!(looked.await, Ok(length));
}

//! One connection through the proxy: bytes go on at once, and a copy of them to the watcher.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::watch::{Peer, Violation, Watch, kind, role_of};
use super::{Happening, Line, Seen, Setup};
use crate::clock::Moment;
use crate::transport::decode::Decoder;
use crate::transport::handshake::connect;
use crate::transport::{Arrival, End, Link, Side};

/// What is read at a time at most.
const READ_BUFFER: usize = 64 << 10;
/// While so much waits for the watcher, nothing more is shown to it.
const LARGEST_BACKLOG: usize = 64 << 20;
/// The longest head of a handshake that is looked at.
const LONGEST_HEAD: usize = 64 << 10;
/// How much waits at most to be passed on later.
const MOST_DELAYED: usize = 1024;

/// Bytes that passed, or the end of a side.
struct Passed {
    at: Moment,
    from: Peer,
    what: Result<Bytes, End>,
}

/// What the two directions and the watcher share.
struct Shared {
    watcher: mpsc::UnboundedSender<Passed>,
    backlog: Arc<AtomicUsize>,
    setup: Arc<Setup>,
    cut: Arc<Notify>,
}

/// Carries a connection until it ends, or a fault ends it.
pub(super) async fn carry(
    client: TcpStream,
    number: usize,
    setup: Arc<Setup>,
    happenings: mpsc::UnboundedSender<Happening>,
) {
    let note = |text: String| drop(happenings.send(Happening::Note { connection: number, text }));
    let server = match connect(&setup.upstream, None).await {
        Ok(server) => server,
        Err(error) => {
            note(format!("{} cannot be reached: {error}", setup.upstream.address));
            return;
        }
    };
    let (watcher, passed) = mpsc::unbounded_channel();
    let (backlog, cut) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let watching = Watcher::new(number, Arc::clone(&setup), happenings, Arc::clone(&cut), Arc::clone(&backlog));
    let watching = tokio::spawn(watching.run(passed));
    let shared = Shared { watcher, backlog, setup: Arc::clone(&setup), cut: Arc::clone(&cut) };
    let (client_reads, client_writes) = tokio::io::split(Link::Tcp(client));
    let (server_reads, server_writes) = tokio::io::split(server);
    let mut client_half = Half { reads: client_reads, writes: server_writes, from: Peer::Client };
    let mut server_half = Half { reads: server_reads, writes: client_writes, from: Peer::Server };
    let is_cut = {
        let both = async { tokio::join!(client_half.pass(&shared), server_half.pass(&shared)) };
        let clock = &setup.clock;
        let begin = clock.now();
        let faults = &setup.faults;
        let drop_after = async {
            match faults.drop_after {
                Some(after) => clock.sleep_until(begin + after).await,
                None => std::future::pending().await,
            }
        };
        let half_open = async {
            match faults.half_open_after {
                Some(after) => clock.sleep_until(begin + after).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            (one, other) = both => one == End::Reset || other == End::Reset,
            () = drop_after => true,
            () = shared.cut.notified() => true,
            // Both sockets stay open, and nobody reads them any more.
            () = half_open => std::future::pending().await,
        }
    };
    drop(shared);
    let _ = watching.await;
    if is_cut {
        client_half.reads.unsplit(server_half.writes).reset();
        server_half.reads.unsplit(client_half.writes).reset();
    }
}

/// One direction.
struct Half<R, W> {
    reads: R,
    writes: W,
    from: Peer,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Half<R, W> {
    /// Passes on all that comes; how it ended.
    async fn pass(&mut self, shared: &Shared) -> End {
        match shared.setup.faults.delay {
            None => self.at_once(shared).await,
            Some(delay) => self.later(shared, delay).await,
        }
    }

    async fn at_once(&mut self, shared: &Shared) -> End {
        loop {
            let mut chunk = BytesMut::with_capacity(READ_BUFFER);
            let end = match self.reads.read_buf(&mut chunk).await {
                Ok(count) if count > 0 => {
                    let chunk = chunk.freeze();
                    shared.show(self.from, Ok(chunk.clone()));
                    if self.writes.write_all(&chunk).await.is_ok() && self.writes.flush().await.is_ok() {
                        continue;
                    }
                    End::Reset
                }
                Ok(_) => End::Fin,
                Err(_) => End::Reset,
            };
            return self.end(shared, end).await;
        }
    }

    async fn later(&mut self, shared: &Shared, delay: std::time::Duration) -> End {
        let clock = &shared.setup.clock;
        let (sender, mut waiting) = mpsc::channel::<(Moment, Bytes)>(MOST_DELAYED);
        let (reads, writes, from) = (&mut self.reads, &mut self.writes, self.from);
        let reading = async move {
            loop {
                let mut chunk = BytesMut::with_capacity(READ_BUFFER);
                match reads.read_buf(&mut chunk).await {
                    Ok(count) if count > 0 => {
                        let _ = sender.send((clock.now() + delay, chunk.freeze())).await;
                    }
                    Ok(_) => break End::Fin,
                    Err(_) => break End::Reset,
                }
            }
        };
        let writing = async {
            while let Some((due, chunk)) = waiting.recv().await {
                clock.sleep_until(due).await;
                shared.show(from, Ok(chunk.clone()));
                if writes.write_all(&chunk).await.is_err() || writes.flush().await.is_err() {
                    return End::Reset;
                }
            }
            End::Fin
        };
        let (read, written) = tokio::join!(reading, writing);
        let end = if written == End::Reset { End::Reset } else { read };
        self.end(shared, end).await
    }

    async fn end(&mut self, shared: &Shared, end: End) -> End {
        shared.show(self.from, Err(end));
        if end == End::Reset {
            // The other direction ends with this one.
            shared.cut.notify_one();
        } else {
            let _: io::Result<()> = self.writes.shutdown().await;
        }
        end
    }
}

impl Shared {
    /// Shows the watcher what passes, unless it cannot keep up.
    fn show(&self, from: Peer, what: Result<Bytes, End>) {
        let size = what.as_ref().map_or(0, Bytes::len);
        if self.backlog.fetch_add(size, Ordering::Relaxed) > LARGEST_BACKLOG {
            self.backlog.fetch_sub(size, Ordering::Relaxed);
            let gap = Ok(Bytes::new());
            let _ = self.watcher.send(Passed { at: self.setup.clock.now(), from, what: gap });
            return;
        }
        let _ = self.watcher.send(Passed { at: self.setup.clock.now(), from, what });
    }
}

/// Reads what passed on one connection, and judges it.
struct Watcher {
    number: usize,
    setup: Arc<Setup>,
    happenings: mpsc::UnboundedSender<Happening>,
    cut: Arc<Notify>,
    backlog: Arc<AtomicUsize>,
    request: Head,
    answer: Head,
    of_client: Decoder,
    of_server: Decoder,
    watch: Option<Watch>,
    messages: usize,
    /// Whether nothing can be read here any more.
    is_blind: bool,
}

/// The head of a request or an answer.
#[derive(Default)]
struct Head {
    bytes: BytesMut,
    text: Option<String>,
}

impl Head {
    /// Takes bytes in; those that stand behind the head.
    fn take(&mut self, bytes: &[u8]) -> Option<Bytes> {
        self.bytes.extend_from_slice(bytes);
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let rest = self.bytes.split_off(end + 4).freeze();
        self.text = Some(String::from_utf8_lossy(&self.bytes).into_owned());
        Some(rest)
    }

    fn has(&self, name: &str) -> bool {
        let mut lines = self.text.as_deref().unwrap_or_default().lines().skip(1);
        lines.any(|line| line.split_once(':').is_some_and(|(found, _)| found.trim().eq_ignore_ascii_case(name)))
    }
}

impl Watcher {
    fn new(
        number: usize,
        setup: Arc<Setup>,
        happenings: mpsc::UnboundedSender<Happening>,
        cut: Arc<Notify>,
        backlog: Arc<AtomicUsize>,
    ) -> Self {
        let (request, answer) = (Head::default(), Head::default());
        let (of_client, of_server) = (Decoder::new(Side::Server), Decoder::new(Side::Client));
        let (watch, messages, is_blind) = (None, 0, false);
        Self {
            number,
            setup,
            happenings,
            cut,
            backlog,
            request,
            answer,
            of_client,
            of_server,
            watch,
            messages,
            is_blind,
        }
    }

    async fn run(mut self, mut passed: mpsc::UnboundedReceiver<Passed>) {
        while let Some(Passed { at, from, what }) = passed.recv().await {
            match what {
                Ok(bytes) => {
                    self.backlog.fetch_sub(bytes.len(), Ordering::Relaxed);
                    if bytes.is_empty() {
                        self.blind(at, "more passed than could be looked at");
                    }
                    self.bytes(at, from, &bytes);
                }
                Err(end) if !self.is_blind && self.answer.text.is_some() => self.saw(at, from, &Arrival::End(end)),
                Err(_) => {}
            }
        }
    }

    fn bytes(&mut self, at: Moment, from: Peer, bytes: &[u8]) {
        if self.is_blind {
            return;
        }
        let head = if from == Peer::Client { &mut self.request } else { &mut self.answer };
        let rest = match &head.text {
            Some(_) => Bytes::copy_from_slice(bytes),
            None => match head.take(bytes) {
                Some(rest) => {
                    self.opened(at, from);
                    rest
                }
                None if head.bytes.len() > LONGEST_HEAD => return self.blind(at, "no handshake of a WebSocket"),
                None => return,
            },
        };
        if self.is_blind || rest.is_empty() {
            return;
        }
        let mut arrivals = Vec::new();
        let decoder = if from == Peer::Client { &mut self.of_client } else { &mut self.of_server };
        decoder.feed(&rest, &mut |arrival| arrivals.push(arrival));
        arrivals.iter().for_each(|arrival| self.saw(at, from, arrival));
    }

    fn opened(&mut self, at: Moment, from: Peer) {
        if from == Peer::Client {
            return;
        }
        let answer = self.answer.text.as_deref().unwrap_or_default();
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        if status != "101" {
            return self.blind(at, &format!("the handshake was answered with HTTP {status}"));
        }
        if self.answer.has("sec-websocket-extensions") {
            return self.blind(at, "the peers agreed on an extension, so that messages cannot be read");
        }
        let target = self.target().to_owned();
        self.line(at, Seen::Opened(target.clone()));
        if let Some(role) = role_of(self.setup.family, &target, None) {
            self.watch = Some(Watch::new(self.setup.family, role, &self.setup.schemas));
        }
    }

    /// The request target, without what stands in the upstream's URL before the endpoint's path.
    fn target(&self) -> &str {
        let request = self.request.text.as_deref().unwrap_or_default();
        let target = request.split(' ').nth(1).unwrap_or_default();
        target.strip_prefix(self.setup.upstream.address.prefix()).unwrap_or(target)
    }

    fn saw(&mut self, at: Moment, from: Peer, arrival: &Arrival) {
        self.line(at, Seen::of(from, arrival));
        let is_message = matches!(arrival, Arrival::Text(_) | Arrival::Binary(_));
        if self.watch.is_none() && is_message && from == Peer::Client {
            let family = self.setup.family;
            let role = role_of(family, self.target(), kind(family, arrival).as_deref());
            self.watch = role.map(|role| Watch::new(family, role, &self.setup.schemas));
        }
        let violations = self.watch.as_mut().map(|watch| watch.saw(from, arrival)).unwrap_or_default();
        violations.into_iter().for_each(|violation| self.violation(at, violation));
        if is_message {
            self.messages += 1;
            if self.setup.faults.reset_every.is_some_and(|every| self.messages.is_multiple_of(every)) {
                self.cut.notify_one();
            }
        }
    }

    fn violation(&self, at: Moment, violation: Violation) {
        let _ = self.happenings.send(Happening::Violation { connection: self.number, at_ms: self.ms(at), violation });
    }

    fn blind(&mut self, at: Moment, why: &str) {
        if !std::mem::replace(&mut self.is_blind, true) {
            self.line(at, Seen::Gap(why.to_owned()));
            let _ = self.happenings.send(Happening::Note { connection: self.number, text: why.to_owned() });
        }
    }

    fn line(&self, at: Moment, seen: Seen) {
        let line = Line { at_ms: self.ms(at), connection: self.number, seen };
        let _ = self.happenings.send(Happening::Line(line));
    }

    fn ms(&self, at: Moment) -> f64 {
        crate::clock::millis(at - self.setup.clock.zero())
    }
}

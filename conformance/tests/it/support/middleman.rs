//! Somebody in the middle: passes on every frame between the judge and a reference as it came, but for one flaw.
//!
//! The path of a connection's target names the flaw, the run and where to go: `/FLAW.RUN/ws` to the server that the test has started,
//! `/FLAW.RUN/4711/ws` to a port, `/FLAW.RUN/ws://127.0.0.1:4711/ws` to an address. What a flaw does is for a [`Link`] to say.

use std::collections::HashMap;
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::Server;

/// A frame as it went over the wire, its payload unmasked.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub(crate) head: u8,
    pub(crate) masked: bool,
    pub(crate) payload: Vec<u8>,
}

/// Longer payloads are passed on as they come, and so is all that follows.
const LONGEST: u64 = 4 << 20;

/// Of one connection, in bytes, from who has connected.
const MOST_HEARD: usize = 64 << 20;

/// What all connections of one run share.
#[derive(Debug, Default)]
pub(crate) struct House {
    /// How many connections there were, and how many of them were viewers'.
    pub(crate) connections: usize,
    pub(crate) viewers: usize,
    /// How many bytes have gone through, in all.
    pub(crate) bytes: usize,
    /// Whether a connection has ended, other than the first one, which only looks whether anybody is there.
    pub(crate) has_lost: bool,
    /// What was kept for later.
    pub(crate) kept: Option<Frame>,
    /// Who can be written to on the side that has connected.
    guests: Vec<(usize, UnboundedSender<Vec<u8>>)>,
}

/// By target: a client that is started anew goes to another.
type Houses = HashMap<String, Arc<Mutex<House>>>;

/// Which way something goes: in, from who has connected, or out to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

/// What comes of a frame.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) onward: Vec<Frame>,
    pub(crate) back: Vec<Frame>,
    /// For everybody else who has connected.
    pub(crate) others: Vec<Frame>,
    pub(crate) ends: bool,
    pub(crate) delay: Duration,
}

/// One connection with a flaw.
pub(crate) trait Link: Send {
    /// The path that the server is asked for.
    const PATH: &'static str;

    /// The flaw, and how many connections of the run there are.
    fn new(flaw: &str, number: usize) -> Self;

    /// Whether nobody is told of an end.
    fn hides_end(&self, way: Way) -> bool;

    /// A frame goes by.
    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said;
}

/// Starts a middleman in front of a server at this address, as `127.0.0.1:4711`; empty where the target says where to go.
pub(crate) async fn start<L: Link + 'static>(relay: &str) -> Server {
    let (relay, houses) = (relay.to_owned(), Arc::<Mutex<Houses>>::default());
    Server::tcp(move |stream| {
        let (relay, houses) = (relay.clone(), Arc::clone(&houses));
        async move {
            // Whoever goes away in the midst of it is no fault of ours.
            let _ = serve::<L>(stream, &relay, &houses).await;
        }
    })
    .await
}

async fn serve<L: Link>(guest: TcpStream, relay: &str, houses: &Mutex<Houses>) -> Result<()> {
    guest.set_nodelay(true)?;
    let from = guest.peer_addr()?.ip();
    let (reader, mut guest_writer) = guest.into_split();
    let mut guest = BufReader::new(reader);
    let head = head(&mut guest).await?;
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (run, to) = target.trim_start_matches('/').split_once('/').unwrap_or((target, ""));
    let flaw = run.split('.').next().unwrap_or_default();
    let house = Arc::clone(houses.lock().expect("no panic").entry(target.to_owned()).or_default());
    let address = match to.strip_prefix("ws://").unwrap_or(to).split_once('/') {
        Some((port, _)) if port.parse::<u16>().is_ok() => format!("127.0.0.1:{port}"),
        Some((address, _)) => address.to_owned(),
        None => relay.to_owned(),
    };
    let number = {
        let mut house = house.lock().expect("no panic");
        house.connections += 1;
        house.connections
    };
    if flaw == "stays-away" && number > 1 {
        return Ok(());
    }
    let host = connect(&address, from).await;
    let (reader, mut host_writer) = match host {
        // A relay that was started a moment ago may not listen yet.
        Err(_) if relay.is_empty() && !to.starts_with("ws://") => {
            sleep(Duration::from_millis(300)).await;
            connect(&address, from).await?
        }
        other => other?,
    }
    .into_split();
    let mut host = BufReader::new(reader);
    host_writer.write_all(head.replacen(target, L::PATH, 1).as_bytes()).await?;
    let answer = self::head(&mut host).await?;
    guest_writer.write_all(answer.as_bytes()).await?;
    let (to_guest, mut for_guest) = unbounded_channel::<Vec<u8>>();
    let (to_host, mut for_host) = unbounded_channel::<Vec<u8>>();
    house.lock().expect("no panic").guests.push((number, to_guest.clone()));
    let (said, mut heard) = unbounded_channel();
    let listening = async {
        tokio::join!(listen(guest, Way::In, said.clone()), listen(host, Way::Out, said));
    };
    let writing = async {
        let guest = async {
            while let Some(bytes) = for_guest.recv().await.filter(|bytes| !bytes.is_empty()) {
                if guest_writer.write_all(&bytes).await.is_err() {
                    break;
                }
            }
            let _ = guest_writer.shutdown().await;
        };
        let host = async {
            while let Some(bytes) = for_host.recv().await.filter(|bytes| !bytes.is_empty()) {
                if host_writer.write_all(&bytes).await.is_err() {
                    break;
                }
            }
            let _ = host_writer.shutdown().await;
        };
        tokio::join!(guest, host);
    };
    let passing = async {
        let mut link = L::new(flaw, number);
        let mut open = 2;
        while let Some((way, part)) = heard.recv().await {
            let (onward, back) = if way == Way::In { (&to_host, &to_guest) } else { (&to_guest, &to_host) };
            let frame = match part {
                Part::Frame(frame) => frame,
                Part::Raw(bytes) => {
                    let _ = onward.send(bytes);
                    continue;
                }
                Part::End if link.hides_end(way) => continue,
                Part::End => {
                    house.lock().expect("no panic").has_lost |= way == Way::In && number > 1;
                    open -= 1;
                    // Nothing more is written that way; who listens there ends as well.
                    let _ = onward.send(Vec::new());
                    if open == 0 || way == Way::Out {
                        break;
                    }
                    continue;
                }
            };
            let Said { onward: frames, back: answers, others, ends, delay } =
                link.says(way, frame, &mut house.lock().expect("no panic"));
            if !delay.is_zero() {
                sleep(delay).await;
            }
            frames.iter().for_each(|frame| drop(onward.send(frame.bytes())));
            answers.iter().for_each(|frame| drop(back.send(frame.bytes())));
            let guests = house.lock().expect("no panic").guests.clone();
            for (_, guest) in guests.iter().filter(|(other, _)| *other != number) {
                others.iter().for_each(|frame| drop(guest.send(frame.bytes())));
            }
            if ends {
                let _ = (to_guest.send(Vec::new()), to_host.send(Vec::new()));
                break;
            }
        }
        sleep(Duration::from_millis(50)).await;
    };
    tokio::select! {
        () = async { tokio::join!(listening, writing); } => {}
        () = passing => {}
    }
    house.lock().expect("no panic").guests.retain(|(other, _)| *other != number);
    Ok(())
}

/// Connects from the same address as the guest, which may have one of its own.
async fn connect(address: &str, from: IpAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(address.parse().map_err(|_| Error::from(ErrorKind::InvalidInput))?).await
}

/// What is read from one side.
enum Part {
    Frame(Frame),
    Raw(Vec<u8>),
    End,
}

async fn listen(mut from: BufReader<OwnedReadHalf>, way: Way, said: UnboundedSender<(Way, Part)>) {
    let mut heard = 0;
    while let Ok(part) = read(&mut from).await {
        let is_raw = matches!(part, Part::Raw(_));
        heard += if let Part::Frame(frame) = &part { frame.payload.len() } else { 0 };
        if way == Way::In && heard > MOST_HEARD {
            // As a server that stops reading: what is kept here has no other bound.
            std::future::pending::<()>().await;
        }
        let _ = said.send((way, part));
        if is_raw {
            let mut bytes = vec![0; 64 << 10];
            while let Ok(count @ 1..) = from.read(&mut bytes).await {
                let _ = said.send((way, Part::Raw(bytes[..count].to_vec())));
            }
        }
    }
    let _ = said.send((way, Part::End));
    // The other side may have more to say.
    std::future::pending::<()>().await;
}

async fn read(from: &mut BufReader<OwnedReadHalf>) -> Result<Part> {
    let head = from.read_u8().await?;
    let second = from.read_u8().await?;
    let mut raw = vec![head, second];
    let length = match second & 0x7F {
        126 => {
            let length = from.read_u16().await?;
            raw.extend(length.to_be_bytes());
            u64::from(length)
        }
        127 => {
            let length = from.read_u64().await?;
            raw.extend(length.to_be_bytes());
            length
        }
        short => u64::from(short),
    };
    if length > LONGEST {
        return Ok(Part::Raw(raw));
    }
    let masked = second & 0x80 != 0;
    let mut key = [0; 4];
    if masked {
        from.read_exact(&mut key).await?;
    }
    let mut payload = vec![0; usize::try_from(length).map_err(|_| Error::from(ErrorKind::InvalidData))?];
    from.read_exact(&mut payload).await?;
    payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    Ok(Part::Frame(Frame { head, masked, payload }))
}

/// The head of a request or an answer.
async fn head(from: &mut BufReader<OwnedReadHalf>) -> Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

impl Frame {
    /// The frame as it goes over the wire; where it is masked, by a key of zeros.
    fn bytes(&self) -> Vec<u8> {
        let mask = if self.masked { 0x80 } else { 0 };
        let length = self.payload.len();
        let mut bytes = vec![self.head];
        match u16::try_from(length) {
            Ok(short @ 0..=125) => bytes.push(mask | short as u8),
            Ok(length) => {
                bytes.push(mask | 126);
                bytes.extend(length.to_be_bytes());
            }
            Err(_) => {
                bytes.push(mask | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        if self.masked {
            bytes.extend([0; 4]);
        }
        bytes.extend_from_slice(&self.payload);
        bytes
    }
}

//! Mutants of an rpc client.

mod connection;
mod lines;
mod table;

use std::future::pending;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use relayspec::rpc::Message;
use relayspec::timing::Parameter;

use super::daemon::NoDoor;
use super::pass::{self, Talk, Talks, locked};
use super::socket::{beside, listen};
use crate::client::Ending;
use crate::mutant::client::{Worn, adjust, driver, place};
use crate::mutant::link::Way;
use crate::mutant::{Chosen, Mutant};
use crate::net::client::rpc::RpcClientOptions;

pub(crate) const MUTANTS: &[&[Mutant]] = &[table::OPENING, table::CALLS, table::DRIVER];

/// What stands between an rpc client with a mutant and its daemon, its user and the system.
#[derive(Debug)]
pub struct RpcDisguise(Worn, Option<Middle>);

#[derive(Debug)]
struct Middle {
    mutant: &'static str,
    listener: UnixListener,
    /// Where the client connects, beside the daemon's.
    socket: PathBuf,
    daemon: PathBuf,
    house: Arc<Mutex<House>>,
}

/// How the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Up {
    /// There is none.
    #[default]
    Away,
    /// `SessionStart` is not answered yet.
    Opening,
    /// The session is registered.
    Open,
}

/// What all connections share.
#[derive(Debug, Default)]
struct House {
    up: Up,
    /// Calls that were made while there was no connection, and those that a lost one took with it.
    missed: Vec<Message>,
    lost: Vec<Message>,
    /// How many calls wait for `Ack`.
    waiting: usize,
    /// Whether the client was told to stop, and did not.
    clings: bool,
    /// Whether the connection is to end.
    leaves: bool,
    /// Where the client's user is told of things.
    voice: Option<lines::Voice>,
}

impl House {
    fn tell(&mut self, line: &str) {
        // A driver that is gone is told nothing.
        _ = self.voice.as_mut().map(|voice| voice.write_all(line.as_bytes()).and_then(|()| voice.flush()));
    }
}

impl RpcDisguise {
    /// Has a client connect to who stands in the middle, and live by the habits that the mutant has.
    ///
    /// # Errors
    /// Where there is no place for a socket.
    pub fn new(chosen: Option<Chosen>, options: &mut RpcClientOptions) -> Result<Self, NoDoor> {
        let Some(mutant) = chosen.map(|chosen| chosen.mutant.name) else { return Ok(Self(Worn(None), None)) };
        // Whoever made a folder for the daemon removes it with all that is in it, also where this process is killed.
        let socket = beside(&options.socket, &format!(".{}", std::process::id()));
        let listener = listen(mutant, &socket).map_err(|source| NoDoor { path: socket.clone(), source })?;
        let daemon = std::mem::replace(&mut options.socket, socket.clone());
        adjust(mutant, &mut options.policy, &mut options.timing, &mut options.deviation);
        if mutant == "patient-with-acks" {
            options.timing.declare(Parameter::ConnectTimeout, std::time::Duration::from_secs(3600));
        }
        Ok(Self(Worn(chosen), Some(Middle { mutant, listener, socket, daemon, house: Arc::default() })))
    }

    /// What the client's user gives, as the client hears it.
    pub fn input(&self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        match &self.1 {
            Some(Middle { mutant, house, .. }) => {
                let (mutant, house) = (*mutant, Arc::clone(house));
                let hears = move |line: Vec<u8>| {
                    lines::note(mutant, &house, &line);
                    line
                };
                self.0.input(driver::Input::new(input, hears))
            }
            None => self.0.input(input),
        }
    }

    /// What the client's user is told, of what the client says.
    pub fn output(&self, output: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        match &self.1 {
            Some(Middle { mutant: "returns-at-first", house, .. }) => {
                let voice = lines::Voice::new(output);
                locked(house).voice = Some(voice.clone());
                self.0.output(voice)
            }
            Some(Middle { mutant: "one-failure-twice", .. }) => self.0.output(lines::Output::new(output)),
            _ => self.0.output(output),
        }
    }

    /// When the client hears that it has to stop.
    pub fn stop<F: Future<Output = ()>>(&self, told: F) -> impl Future<Output = ()> + use<F> {
        let clinging = match &self.1 {
            Some(Middle { mutant: "clings-unregistered", house, .. }) => Some(Arc::clone(house)),
            _ => None,
        };
        let told = self.0.stop(told);
        async move {
            told.await;
            let Some(house) = clinging else { return };
            let is_unregistered = {
                let mut house = locked(&house);
                house.clings = house.up != Up::Open;
                house.clings
            };
            if is_unregistered {
                pending::<()>().await;
            }
        }
    }

    /// Runs a client; how it ends, as the system is told.
    pub async fn wear(self, client: impl Future<Output = Ending>) -> Ending {
        let Self(worn, middle) = self;
        let Some(Middle { mutant, listener, socket, daemon, house }) = middle else { return client.await };
        let ending = pass::serve(listener, daemon.clone(), Client { mutant, house }, client).await;
        _ = std::fs::remove_file(socket);
        worn.ending(ending, || dial(&daemon))
    }
}

fn dial(daemon: &Path) {
    _ = std::os::unix::net::UnixStream::connect(daemon);
}

struct Client {
    mutant: &'static str,
    house: Arc<Mutex<House>>,
}

impl Talks for Client {
    fn talk(&self, number: usize) -> Option<Box<dyn Talk>> {
        let is_absent = matches!(place::read(self.mutant), ("absent-from-connection", from) if number >= from);
        if is_absent || self.mutant == "stays-away" && number > 1 {
            return None;
        }
        Some(Box::new(connection::Connection::new(self.mutant, Arc::clone(&self.house), number > 1)))
    }

    fn limit(&self, way: Way) -> usize {
        match (self.mutant, way) {
            (_, Way::In) | ("takes-any-length", _) => usize::MAX,
            ("small-limit", _) => 1 << 20,
            _ => 16 << 20,
        }
    }

    fn beside(&self, number: usize) -> usize {
        let is_doubled = place::read(self.mutant) == ("doubles-connection", number);
        usize::from(is_doubled || self.mutant == "parallel")
    }
}

//! Mutants of a server: each theme has a list of its own, and says what its mutants make of a frame.

mod answers;
mod auth;
mod loss;
mod pushes;
mod snapshots;
mod wire;

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use crate::mutant::Mutant;
use crate::mutant::framing::{self, Framing};
use crate::mutant::link::{self, Admission, House, Link, Loss, Said, Way};
use crate::mutant::seen::Seen;
use crate::mutant::wire::{CLOSE, Frame};

pub(crate) const MUTANTS: &[&[Mutant]] = &[
    auth::MUTANTS,
    answers::MUTANTS,
    snapshots::MUTANTS,
    pushes::MUTANTS,
    loss::MUTANTS,
    wire::MUTANTS,
    framing::MUTANTS,
];

/// Requests of this size are not kept, in bytes.
const LARGE: usize = 128 << 10;

/// What is known of all clients.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// Those that are connected, by their numbers.
    here: BTreeMap<usize, Known>,
    /// The last that has left and had subscribed, and whether it was reset.
    lost: Option<usize>,
    has_reset: bool,
    /// Whether one has unsubscribed.
    has_unsubscribed: bool,
    /// Whether one has sent more than it reads.
    is_flooded: bool,
    /// The chats that were made anew.
    made: Vec<String>,
    /// The number of the last that was closed for its guesses.
    guesser: usize,
    /// The number of one that means harm.
    hostile: usize,
    /// A request that goes on with the next one.
    late: Option<Frame>,
}

/// What is known of a client.
#[derive(Debug, Default)]
struct Known {
    is_in: bool,
    has_sent: bool,
    /// What it has subscribed to, and how often.
    topics: BTreeMap<String, usize>,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Server {
    mutant: &'static str,
    number: usize,
    /// Its requests by their ids.
    requests: BTreeMap<String, Value>,
    framing: Framing,
    held: Option<Frame>,
    /// How many pushes went out.
    pushes: usize,
    /// How often it has authenticated, and failed to.
    successes: usize,
    failures: usize,
    /// How many snapshots went out.
    snapshots: usize,
    has_sent: bool,
    /// What it has unsubscribed from.
    unsubscribed: Vec<String>,
    fragments: usize,
    last_out: Option<Instant>,
    /// How much has come in, in bytes.
    poured: usize,
    /// Whether something has come to pass that the mutant waits for.
    marked: bool,
}

impl Seen<'_> {
    fn is_push(&self) -> bool {
        self.way == Way::Out && self.kind == "data" && self.message["id"].is_null()
    }

    /// Another message in its place.
    fn instead(&self, message: &Value) -> Said {
        Said::text(message, self.frame)
    }

    /// An answer to it, which nobody else hears of.
    fn answered(&self, message: &Value) -> Said {
        Said::nothing().answered(link::unmasked(&link::text(message, self.frame)))
    }
}

/// What is subscribed to, as a word.
fn topic(message: &Value) -> String {
    format!(
        "{}/{}",
        message["resource"].as_str().unwrap_or_default(),
        message["resourceId"].as_str().unwrap_or_default()
    )
}

impl Server {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self {
            mutant,
            number,
            requests: BTreeMap::new(),
            framing: Framing::default(),
            held: None,
            pushes: 0,
            successes: 0,
            failures: 0,
            snapshots: 0,
            has_sent: false,
            unsubscribed: Vec::new(),
            fragments: 0,
            last_out: None,
            poured: 0,
            marked: false,
        }
    }

    /// The request that something answers.
    fn request(&self, answer: &Value) -> &Value {
        answer["id"].as_str().and_then(|id| self.requests.get(id)).unwrap_or(&Value::Null)
    }

    fn known<'a>(&self, house: &'a mut House) -> &'a mut Known {
        house.clients.here.entry(self.number).or_default()
    }

    fn learn(&mut self, seen: &Seen<'_>, house: &mut House) {
        match (seen.way, seen.kind) {
            (Way::In, _) if seen.frame.head == CLOSE => self.leave(false, house),
            (Way::In, kind) if seen.message.is_object() => {
                self.has_sent |= kind == "send";
                self.known(house).has_sent |= kind == "send";
                // What is large is kept by nobody.
                if let Some(id) = seen.message["id"].as_str().filter(|_| seen.frame.payload.len() < LARGE) {
                    self.requests.insert(id.to_owned(), seen.message.clone());
                }
            }
            (Way::Out, "auth_success") => {
                self.successes += 1;
                self.known(house).is_in = true;
            }
            (Way::Out, "auth_failed") => self.failures += 1,
            (Way::Out, "subscribed") => {
                self.snapshots += 1;
                *self.known(house).topics.entry(topic(seen.message)).or_default() += 1;
            }
            (Way::Out, "data") if seen.message["data"]["unsubscribed"] == true => {
                let topic = topic(self.request(seen.message));
                house.clients.has_unsubscribed |= self.known(house).topics.remove(&topic).is_some();
            }
            (Way::Out, _) if seen.is_push() => {
                self.pushes += 1;
                if let Some(id) = seen.message["data"]["chat"]["id"].as_str() {
                    house.clients.made.push(id.to_owned());
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, by_reset: bool, house: &mut House) {
        if let Some(known) = house.clients.here.remove(&self.number) {
            let had_subscribed = known.topics.keys().any(|topic| topic.starts_with("chat/"));
            let is_next = |known: &Known| known.topics.keys().any(|topic| topic.starts_with("chat/"));
            if had_subscribed && house.clients.here.get(&(self.number + 1)).is_some_and(is_next) {
                (house.clients.lost, house.clients.has_reset) = (Some(self.number), by_reset);
            }
        }
    }

    /// What the theme of the mutant makes of it.
    fn alters(&mut self, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
        None.or_else(|| auth::alters(self, seen, house))
            .or_else(|| answers::alters(self, seen, house))
            .or_else(|| snapshots::alters(self, seen, house))
            .or_else(|| pushes::alters(self, seen, house))
            .or_else(|| loss::alters(self, seen, house))
            .or_else(|| wire::alters(self, seen, house))
            .or_else(|| self.framing.alters(self.mutant, self.number, seen.way, seen.frame, house))
    }
}

impl Link for Server {
    fn asks(&mut self, _: &mut Vec<u8>, house: &mut House) -> Admission {
        self.known(house);
        let is_barred =
            framing::bars(self.mutant, self.number, house) || auth::bars(self, house) || wire::bars(self, house);
        if is_barred { Admission::Answered(framing::UNAVAILABLE) } else { Admission::Onward }
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let seen = Seen { way, kind, message: &message, frame: &frame };
        self.learn(&seen, house);
        let said = self.alters(&seen, house).unwrap_or_else(|| Said::whole(&frame));
        let mail = if way == Way::Out { house.mail(self.number) } else { Vec::new() };
        Said { onward: [mail, said.onward].concat(), ..said }
    }

    fn ends(&mut self, way: Way, loss: Loss, house: &mut House) -> bool {
        let is_told = way == Way::In || !self.framing.lingers(self.mutant) && !wire::lingers(self);
        if is_told {
            self.leave(loss == Loss::Reset, house);
        }
        is_told
    }

    fn hoards(&self) -> bool {
        self.mutant == "hoards"
    }
}

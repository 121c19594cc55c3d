//! Follows one connection by the order rules of its protocol.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::exchange::{Answered, Ledger};
use super::observed::{MOST, Observed, OrderViolation, is_like, key, shown};
use super::{Conversation, Lifetime, Order, Rule};
use crate::protocol::names::{ANY, BINARY};

/// A rule that is part of the runner because data cannot say it well.
pub trait BuiltIn: Send {
    /// A message was sent; `answered` is the request that it answers, if `exchanges` pair it with one.
    ///
    /// # Errors
    /// If no conforming peer sends it at this point.
    fn observe(&mut self, message: &Observed<'_>, answered: Option<&Value>) -> Result<(), OrderViolation>;
}

/// The observer of one connection. It checks both sides.
pub struct Observer {
    order: Arc<Order>,
    built_in: fn(&str) -> Option<Box<dyn BuiltIn>>,
    conversation: Option<Followed>,
}

/// What is known of a connection by the rules of one role.
struct Followed {
    role: String,
    state: String,
    /// How often each message was sent that a rule counts.
    sent: HashMap<usize, usize>,
    ledgers: Vec<Ledger>,
    alive: Vec<BTreeSet<String>>,
    counts: Vec<Vec<f64>>,
    built_in: Vec<Box<dyn BuiltIn>>,
}

impl Observer {
    /// An observer of a new connection of a client in this role; in no known role for any other name. `built_in` finds rules by name.
    #[must_use]
    pub fn new(order: Arc<Order>, role: &str, built_in: fn(&str) -> Option<Box<dyn BuiltIn>>) -> Self {
        let role = if order.contains_key(role) { role } else { ANY };
        let conversation = order.get(role).map(|rules| Followed::new(role, rules, built_in));
        Self { order, built_in, conversation }
    }

    /// A message was sent.
    ///
    /// # Errors
    /// If no conforming peer sends it at this point. What follows is observed as if it were allowed.
    pub fn observe(&mut self, message: &Observed<'_>) -> Result<(), OrderViolation> {
        let order = Arc::clone(&self.order);
        let Some(followed) = &mut self.conversation else { return Ok(()) };
        let Some(rules) = order.get(&followed.role) else { return Ok(()) };
        let (becomes, result) = followed.observe(rules, message);
        let Some((role, rules)) = becomes.and_then(|role| order.get_key_value(role)) else { return result };
        let mut followed = Followed::new(role, rules, self.built_in);
        let again = followed.observe(rules, message).1;
        self.conversation = Some(followed);
        result.and(again)
    }
}

impl Followed {
    fn new(role: &str, rules: &Conversation, built_in: fn(&str) -> Option<Box<dyn BuiltIn>>) -> Self {
        Self {
            role: role.to_owned(),
            state: rules.start.clone(),
            sent: HashMap::new(),
            ledgers: rules.exchanges.iter().map(|_| Ledger::default()).collect(),
            alive: rules.lifetimes.iter().map(|_| BTreeSet::new()).collect(),
            counts: rules.counters.iter().map(|_| Vec::new()).collect(),
            built_in: rules.built_in.iter().filter_map(|name| built_in(name)).collect(),
        }
    }

    /// The role whose rules hold from here on, if another's do, and what the message violates.
    fn observe<'r>(
        &mut self,
        rules: &'r Conversation,
        message: &Observed<'_>,
    ) -> (Option<&'r str>, Result<(), OrderViolation>) {
        // Exchanges first: rules ask which request was answered. All see the message; of several violations that of a rule counts.
        let mut answered: Option<Answered> = None;
        let mut exchanged = Ok(());
        for (exchange, ledger) in rules.exchanges.iter().zip(&mut self.ledgers) {
            let (found, result) = ledger.observe(exchange, &self.state, message);
            answered = answered.or(found);
            exchanged = exchanged.and(result);
        }
        let (becomes, mut result) = self.apply(&rules.rules, message, answered.as_ref());
        for rule in &mut self.built_in {
            result = result.and(rule.observe(message, answered.as_ref().map(|answered| &answered.request)));
        }
        result = result.and(exchanged);
        for (lifetime, alive) in rules.lifetimes.iter().zip(&mut self.alive) {
            result = result.and(live(lifetime, alive, message));
        }
        for (counter, before) in rules.counters.iter().zip(&mut self.counts) {
            if counter.on.has(message) {
                result = result.and(count(&counter.at, &counter.violates, before, message));
            }
        }
        (becomes, result)
    }

    fn apply<'r>(
        &mut self,
        rules: &'r [Rule],
        message: &Observed<'_>,
        answered: Option<&Answered>,
    ) -> (Option<&'r str>, Result<(), OrderViolation>) {
        for (number, rule) in rules.iter().enumerate() {
            let matches = rule.on.has(message)
                && (rule.states.is_empty() || rule.states.has(&self.state))
                && is_like(rule.like.as_ref(), message.json)
                && (rule.answers.is_empty() || answered.is_some_and(|answered| rule.answers.has(&answered.name)))
                && !self.ledgers.iter().any(|ledger| ledger.is_waiting_for(&rule.settled));
            if !matches {
                continue;
            }
            if rule.again {
                let times = self.sent.entry(number).or_default();
                *times += 1;
                if *times == 1 {
                    continue;
                }
            }
            let violated = rule.violates.as_ref().and_then(|violated| violated.of(message.name.unwrap_or(BINARY)));
            let result = match violated {
                Some(requirement) => Err(OrderViolation::new(requirement, self.why(rule, message))),
                None => Ok(()),
            };
            if let Some(to) = &rule.to {
                self.state.clone_from(to);
            }
            return (rule.becomes.as_deref(), result);
        }
        (None, Ok(()))
    }

    fn why(&self, rule: &Rule, message: &Observed<'_>) -> String {
        let name = shown(message);
        match &rule.because {
            Some(because) => because.replace("{name}", &name),
            None => format!("{name} in the state `{}`", self.state),
        }
    }
}

fn live(lifetime: &Lifetime, alive: &mut BTreeSet<String>, message: &Observed<'_>) -> Result<(), OrderViolation> {
    let Some(value) = message.json.and_then(|json| json.pointer(&lifetime.value)).and_then(key) else { return Ok(()) };
    let is_full = alive.len() == MOST;
    if lifetime.begins.has(message) && !is_full && !alive.insert(value.clone()) {
        let why = format!("{} with the {} of another that has not ended", shown(message), lifetime.value);
        return Err(OrderViolation::new(&lifetime.twice, why));
    }
    if lifetime.ends.has(message) && !alive.remove(&value) && !is_full {
        let why = format!("{} with a {} that none has", shown(message), lifetime.value);
        return Err(OrderViolation::new(&lifetime.unknown, why));
    }
    Ok(())
}

fn count(at: &[String], violates: &str, before: &mut Vec<f64>, message: &Observed<'_>) -> Result<(), OrderViolation> {
    let number = |pointer: &String| message.json?.pointer(pointer)?.as_f64();
    // What has no number is for the schema.
    let now: Vec<_> = at.iter().map(|pointer| number(pointer).unwrap_or(f64::INFINITY)).collect();
    let before = std::mem::replace(before, now.clone());
    let fallen = at.iter().zip(before.iter().zip(&now)).find(|(_, (before, now))| now < before);
    match fallen {
        Some((pointer, (before, now))) => {
            let why = format!("{pointer} of {} fell from {before} to {now}", shown(message));
            Err(OrderViolation::new(violates, why))
        }
        None => Ok(()),
    }
}

//! Each step by itself, in the sight of those before it.

use super::Problem;
use super::scope::{Scope, named};
use crate::scenario::at::Place;
use crate::scenario::step::{
    Choice, Exit, Expect, MOST_AT_ONCE, MOST_FRAGMENTS, MOST_ITERATIONS, MOST_MESSAGES, MOST_POURED, MOST_ROUNDS, Send,
    Step, Terminate,
};
use crate::scenario::{At, hex};

/// Checks steps in their order.
pub(super) fn steps(steps: &[At<Step>], scope: &mut Scope, in_many: bool) -> Result<(), Problem> {
    steps.iter().try_for_each(|step| self::step(&step.value, scope, in_many).map_err(|problem| problem.at(step.place)))
}

/// A problem of this step, or of one inside it.
enum Inner {
    Here(String),
    There(Problem),
}

impl Inner {
    fn at(self, place: Place) -> Problem {
        match self {
            Self::Here(why) => (place, why),
            Self::There(problem) => problem,
        }
    }
}

impl From<String> for Inner {
    fn from(why: String) -> Self {
        Self::Here(why)
    }
}

fn step(step: &Step, scope: &mut Scope, in_many: bool) -> Result<(), Inner> {
    match step {
        Step::Connect(connect) => {
            named(&connect.name)?;
            path(&connect.to, scope)?;
            if let Some(role) = connect.role.as_deref().filter(|role| !scope.clients.contains(role)) {
                return Err(format!("no client has the role `{role}`; there are {}", scope.clients.join(", ")).into());
            }
            from(connect.from.as_ref(), scope)?;
            scope.connections.insert(connect.name.clone());
        }
        Step::Refused(refused) => {
            path(&refused.to, scope)?;
            from(refused.from.as_ref(), scope)?;
            refused.after.iter().try_for_each(|term| scope.knows(term))?;
            if refused.skipping.is_some() && refused.after.is_none() {
                return Err("`skipping` goes with `after`".to_owned().into());
            }
        }
        Step::Send(send) => self::send(send, scope)?,
        Step::Frame(frame) => {
            scope.has(&frame.on)?;
            one_of(&[("text", frame.text.is_some()), ("hex", frame.hex.is_some())])?;
            frame.text.iter().try_for_each(|term| scope.knows(term))?;
            frame.hex.iter().try_for_each(|text| hex(text).map(drop))?;
            if frame.rsv > 7 {
                return Err("`rsv` has three bits, 0 to 7".to_owned().into());
            }
        }
        Step::Close(close) => scope.has(&close.on)?,
        Step::Cut(cut) if scope.exchanges.contains(&cut.on) => {}
        Step::Cut(cut) => scope.has(&cut.on)?,
        Step::Mute(on) | Step::Pong(on) | Step::Ignore(on) | Step::Stall(on) | Step::Resume(on) => scope.has(&on.on)?,
        Step::Expect(expect) => self::expect(expect, scope)?,
        Step::Collect(collect) => {
            scope.has(&collect.on)?;
            within("count", collect.count, 1, MOST_MESSAGES)?;
            scope.binds(&collect.json);
        }
        Step::Quiet(quiet) => {
            scope.has(&quiet.on)?;
            quiet.skipping_binary.iter().try_for_each(|bytes| scope.knows_of(bytes))?;
        }
        Step::Wait(wait) => {
            one_of(&[("for", wait.span.is_some()), ("until", wait.until.is_some())])?;
            if wait.span.is_some() && (wait.plus.is_some() || wait.minus.is_some()) {
                return Err("`plus` and `minus` go with `until`".to_owned().into());
            }
            wait.until.iter().try_for_each(|term| scope.knows(term))?;
        }
        Step::Mark(mark) => scope.variable(&mark.name)?,
        Step::Let(values) => values.iter().try_for_each(|(name, term)| {
            scope.knows(term)?;
            scope.variable(name)
        })?,
        Step::Many(many) => {
            if many.count == 0 || many.at_once == Some(0) {
                return Err("`count` and `at_once` are at least 1".to_owned().into());
            }
            let mut inner = scope.clone();
            inner.iterations = scope.iterations.saturating_mul(many.count);
            inner.at_once = scope.at_once.saturating_mul(many.width());
            if inner.iterations > MOST_ITERATIONS {
                let around = if in_many { ", times those of the `many` around it" } else { "" };
                return Err(format!("`count` is at most {MOST_ITERATIONS}{around}").into());
            }
            if inner.at_once > MOST_AT_ONCE {
                let remedy = if many.meets() { "those that `meet` all do" } else { "say so with `at_once`" };
                return Err(format!("at most {MOST_AT_ONCE} iterations run at once: {remedy}").into());
            }
            inner.variable(&many.name)?;
            many.down.iter().try_for_each(|name| inner.variable(name))?;
            steps(&many.steps, &mut inner, true).map_err(Inner::There)?;
            scope.variables.extend(inner.variables);
        }
        Step::Meet(_) if !in_many => return Err("`meet` stands inside `many`".to_owned().into()),
        // What one of them does gives the others no names.
        Step::Meet(meet) => steps(&meet.one, &mut scope.clone(), true).map_err(Inner::There)?,
        Step::Near(near) => {
            scope.knows(&near.value)?;
            scope.knows(&near.to)?;
        }
        Step::Distinct(step) => scope.knows(&step.values)?,
        Step::Disjoint(step) => {
            scope.knows(&step.values)?;
            scope.knows(&step.from)?;
        }
        Step::Tally(step) => {
            scope.knows(&step.values)?;
            one_of(&[("to", !step.to.is_empty()), ("at_least", !step.at_least.is_empty())])?;
        }
        Step::Same(step) => scope.knows(&step.values)?,
        Step::Unpredictable(step) => {
            scope.knows(&step.values)?;
            if step.alphabet.chars().count() < 2 {
                return Err("`alphabet` has at least two characters".to_owned().into());
            }
        }
        Step::Heartbeat(step) => {
            scope.has(&step.on)?;
            within("count", step.count, 1, MOST_ROUNDS)?;
            if !(0.0..=100.0).contains(&step.tolerance_percent) {
                return Err("`tolerance_percent` lies between 0 and 100".to_owned().into());
            }
        }
        Step::Latency(latency) => {
            self::send(&latency.send, scope)?;
            self::expect(&latency.expect, scope)?;
            within("rounds", latency.rounds, 1, MOST_ROUNDS)?;
        }
        Step::Poll(poll) => {
            self::send(&poll.send, scope)?;
            [&poll.expect, &poll.meanwhile].into_iter().for_each(|term| scope.binds(term));
        }
        Step::Pour(pour) => {
            scope.has(&pour.on)?;
            one_of(&[
                ("json", pour.json.is_some()),
                ("binary", pour.binary.is_some()),
                ("fragment", pour.fragment.is_some()),
                ("raw", pour.raw.is_some()),
            ])?;
            if pour.total > MOST_POURED {
                return Err(format!("`total` is at most {MOST_POURED}").into());
            }
            let terms = [&pour.json, &pour.fragment, &pour.raw];
            terms.into_iter().flatten().try_for_each(|term| scope.knows(term))?;
            pour.binary.iter().try_for_each(|bytes| scope.can_send(bytes))?;
        }
        Step::Memory(memory) if memory.grows_at_most.is_some() != memory.check.is_some() => {
            return Err("`grows_at_most` and `check` go together".to_owned().into());
        }
        Step::Terminate(Terminate { of }) | Step::Exit(Exit { of, .. }) => {
            of.iter().try_for_each(|client| scope.is_started(client))?;
        }
        Step::Memory(_) | Step::Restart(_) | Step::Rival(_) | Step::FileMode(_) => {}
        http @ (Step::Serve(_)
        | Step::Request(_)
        | Step::Respond(_)
        | Step::Fetch(_)
        | Step::Answer(_)
        | Step::Unvisited(_)
        | Step::Output(_)) => super::http::step(http, scope)?,
        client => super::client::step(client, scope)?,
    }
    Ok(())
}

fn send(send: &Send, scope: &Scope) -> Result<(), String> {
    scope.has(&send.on)?;
    one_of(&[
        ("json", send.json.is_some()),
        ("text", send.text.is_some()),
        ("binary", send.binary.is_some()),
        ("hex", send.hex.is_some()),
        ("ping", send.ping.is_some()),
        ("pong", send.pong.is_some()),
    ])?;
    send.fragments.map_or(Ok(()), |fragments| within("fragments", fragments, 2, MOST_FRAGMENTS))?;
    let mut counted = scope.clone();
    if let Some(repeated) = &send.repeated {
        if send.json.is_none() {
            return Err("`repeated` goes with `json`".to_owned());
        }
        within("times", repeated.times, 1, MOST_MESSAGES)?;
        counted.variable(&repeated.counter)?;
    }
    send.hex.iter().try_for_each(|text| hex(text).map(drop))?;
    send.binary.iter().try_for_each(|bytes| scope.can_send(bytes))?;
    [&send.json, &send.text].into_iter().flatten().try_for_each(|term| counted.knows(term))
}

fn expect(expect: &Expect, scope: &mut Scope) -> Result<(), String> {
    scope.has(&expect.on)?;
    one_of(&[
        ("json", expect.json.is_some()),
        ("binary", expect.binary.is_some()),
        ("ping", expect.ping.is_some()),
        ("pong", expect.pong.is_some()),
        ("close", expect.close.is_some()),
        ("end", expect.end.is_some()),
        ("loss", expect.loss.is_some()),
        ("any_of", !expect.any_of.is_empty()),
    ])?;
    for Choice { json, binary, close, loss, event, .. } in &expect.any_of {
        one_of(&[
            ("json", json.is_some()),
            ("binary", binary.is_some()),
            ("close", close.is_some()),
            ("loss", loss.is_some()),
            ("event", event.is_some()),
        ])?;
        event.iter().try_for_each(|event| scope.is_started(&event.of))?;
    }
    if let Some(name) = &expect.bind {
        if expect.any_of.is_empty() || expect.any_of.iter().any(|choice| choice.named.is_none()) {
            return Err("`bind` takes the name of a choice: every choice of `any_of` needs `named`".to_owned());
        }
        scope.variable(name)?;
    }
    let choices = expect.any_of.iter().filter_map(|choice| choice.binary.as_ref());
    let mut binary = expect.binary.iter().chain(&expect.skipping_binary).chain(choices);
    binary.try_for_each(|bytes| scope.knows_of(bytes))?;
    let term = |choice: &'_ Choice| choice.json.clone().or(choice.event.as_ref().map(|event| event.json.clone()));
    let choices: Vec<_> = expect.any_of.iter().filter_map(term).collect();
    expect.json.iter().chain(&choices).for_each(|term| scope.binds(term));
    Ok(())
}

pub(super) fn within(key: &str, count: usize, least: usize, most: usize) -> Result<(), String> {
    if count < least {
        Err(format!("`{key}` is at least {least}"))
    } else if count > most {
        Err(format!("`{key}` is at most {most}"))
    } else {
        Ok(())
    }
}

/// A name for an address that a connection comes from.
fn from(name: Option<&String>, scope: &mut Scope) -> Result<(), String> {
    name.map_or(Ok(()), |name| scope.variable(name))
}

fn path(target: &str, scope: &Scope) -> Result<(), String> {
    match (scope.has_paths, target) {
        (false, "") => return Ok(()),
        (false, _) => return Err("there are no paths here: leave `to` out".to_owned()),
        (true, "") => return Err("say where `to`: the path of an endpoint".to_owned()),
        (true, _) => {}
    }
    let plain = target.starts_with('/') && target.chars().all(|c| c.is_ascii_graphic());
    if plain { Ok(()) } else { Err(format!("`{target}` is no request target: it begins with `/` and has no spaces")) }
}

pub(super) fn one_of(choices: &[(&str, bool)]) -> Result<(), String> {
    if choices.iter().filter(|(_, given)| *given).count() == 1 {
        return Ok(());
    }
    let names: Vec<_> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
    Err(format!("give exactly one of {}", names.join(", ")))
}

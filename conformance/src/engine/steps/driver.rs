//! Speaking with the voice of a client's user, and hearing what the user is told (chapter `driver`).

use std::sync::atomic::Ordering;

use super::shown;
use crate::engine::player::{Fault, Player};
use crate::engine::puppet::{Heard, Puppet};
use crate::engine::recorder::Stop;
use crate::lint::shorten;
use crate::outcome::{By, Finding};
use crate::scenario::step::{EventStep, NoEvent, Tell};

/// The event behind which a client may end.
const GAVE_UP: &str = "gave_up";
/// The event by which a client says that it does not know a command (DRV-03).
const UNSUPPORTED: &str = "unsupported";

impl Player {
    pub(in crate::engine) async fn tell(&mut self, step: &Tell) -> Result<(), Fault> {
        let puppet = self.puppet(&step.to)?;
        let puppet = puppet.lock().await;
        let command = step.json.fill(&self.variables).map_err(Stop::Harness)?.to_string();
        self.story.transcript.add(self.clock().now(), &puppet.name, By::Runner, shorten(&command));
        if puppet.client.tell(command) {
            return Ok(());
        }
        Err(self.ended_instead(&puppet, "reading a command").into())
    }

    /// Hears one more line, or none until a moment.
    pub(super) async fn hear(&self, puppet: &mut Puppet, until: crate::clock::Moment) -> bool {
        match puppet.listen(self.clock(), until).await {
            None => false,
            Some(Heard::Log) => true,
            Some(Heard::Event(told)) => {
                let what = shorten(&told.event.to_string());
                self.story.transcript.add(told.at, &puppet.name, By::Subject, what);
                true
            }
            Some(Heard::Wrong(line, problem)) => {
                self.story.recorder.lint(Finding {
                    requirement: Some("DRV-02".to_owned()),
                    what: format!("an event of the driver that is none: {problem}"),
                    expected: Some("an event as its chapter has it".to_owned()),
                    got: line.text.ok().map(|text| shorten(&text)),
                    connection: Some(puppet.name.clone()),
                    at_ms: Some(self.story.transcript.ms(line.at)),
                    ..Finding::default()
                });
                true
            }
        }
    }

    pub(in crate::engine) async fn event(&mut self, step: &EventStep) -> Result<(), Fault> {
        let puppet = self.puppet(&step.of)?;
        let mut puppet = puppet.lock().await;
        let name = step.name().unwrap_or_default();
        let clock = self.clock().clone();
        let start = clock.now();
        let within = self.within(step.within.as_ref());
        let told = loop {
            if let Some(told) = puppet.take((!step.next).then_some(name)) {
                break told;
            }
            if name != UNSUPPORTED
                && let Some(told) = puppet.take(Some(UNSUPPORTED))
            {
                let what = format!("the client's driver does not know the command `{}`", told.event["do"]);
                return Err(Stop::Skip(what).into());
            }
            let until = start + within + clock.noise(start, clock.now());
            if !self.hear(&mut puppet, until).await {
                if clock.now() < start + within + clock.noise(start, clock.now()) {
                    // Its standard output is at its end.
                    let ended = puppet.ended().is_some();
                    if ended && puppet.waiting().is_empty() {
                        return Err(self.ended_instead(&puppet, &format!("telling `{name}`")).into());
                    }
                    continue;
                }
                let waiting = puppet.waiting();
                return Err(Finding {
                    what: format!("the event `{name}` did not come within {}", shown(within)),
                    expected: Some(shorten(&step.json.shown(&self.variables))),
                    got: (!waiting.is_empty()).then(|| format!("only {}", waiting.join(", "))),
                    connection: Some(puppet.name.clone()),
                    excused_from_ms: Finding::excuse_for(within),
                    ..Finding::default()
                }
                .into());
            }
        };
        match step.json.matches(&told.event, &self.variables) {
            Ok(bindings) => {
                if told.name == GAVE_UP {
                    self.story.may_end.store(true, Ordering::Relaxed);
                }
                self.variables.extend(bindings);
                Ok(())
            }
            Err(mismatch) => Err(Finding {
                what: format!("the event differs at {}", if mismatch.path.is_empty() { "/" } else { &mismatch.path }),
                expected: Some(shorten(&step.json.shown(&self.variables))),
                got: Some(shorten(&told.event.to_string())),
                connection: Some(puppet.name.clone()),
                at_ms: Some(self.story.transcript.ms(told.at)),
                ..Finding::default()
            }
            .into()),
        }
    }

    pub(in crate::engine) async fn no_event(&mut self, step: &NoEvent) -> Result<(), Fault> {
        let puppet = self.puppet(&step.of)?;
        let mut puppet = puppet.lock().await;
        let span = self.span(&step.span);
        let until = self.clock().now() + span;
        loop {
            if let Some(told) = puppet.unseen(&step.named) {
                return Err(Finding {
                    what: "an event came where it may not".to_owned(),
                    expected: Some(format!("no {} for {}", step.named.join(", "), shown(span))),
                    got: Some(shorten(&told.event.to_string())),
                    connection: Some(puppet.name.clone()),
                    at_ms: Some(self.story.transcript.ms(told.at)),
                    ..Finding::default()
                }
                .into());
            }
            if !self.hear(&mut puppet, until).await && self.clock().now() >= until {
                return Ok(());
            }
        }
    }
}

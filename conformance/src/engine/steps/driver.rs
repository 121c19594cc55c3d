//! Steps of the driver protocol: commands to a client, and its events (chapter `driver`).

use std::sync::atomic::Ordering;

use super::{Execute, Executor, StepFailure, Stop, shown};
use crate::engine::client::{ClientUnderTest, DriverOutput};
use crate::lint::shorten;
use crate::outcome::{By, Finding};
use crate::scenario::step::{EventStep, NoEvent, Tell};

/// The event after which a client may exit.
const GAVE_UP: &str = "gave_up";
/// The event for a command that the client does not support (DRV-03).
const UNSUPPORTED: &str = "unsupported";

impl Execute for Tell {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let client = executor.client(&self.to)?;
        let client = client.lock().await;
        let command = self.json.fill(&executor.variables)?.to_string();
        executor.log(&client.name, shorten(&command));
        if client.process.send_command(command) {
            return Ok(());
        }
        Err(executor.ended_instead(&client, "reading a command").into())
    }
}

impl Execute for EventStep {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let client = executor.client(&self.of)?;
        let mut client = client.lock().await;
        let name = self.name().unwrap_or_default();
        let clock = executor.clock().clone();
        let start = clock.now();
        let within = executor.within(self.within.as_ref());
        let event = loop {
            if let Some(event) = client.take((!self.next).then_some(name)) {
                break event;
            }
            if name != UNSUPPORTED
                && let Some(event) = client.take(Some(UNSUPPORTED))
            {
                let what = format!("the client's driver does not support the command `{}`", event.value["do"]);
                return Err(Stop::Skip(what).into());
            }
            let until = start + within + clock.noise(start, clock.now());
            if !executor.next_event(&mut client, until).await {
                if clock.now() < start + within + clock.noise(start, clock.now()) {
                    // Its standard output has ended.
                    let ended = client.ended().is_some();
                    if ended && client.pending_names().is_empty() {
                        return Err(executor.ended_instead(&client, &format!("reporting `{name}`")).into());
                    }
                    continue;
                }
                let waiting = client.pending_names();
                return Err(Finding {
                    what: format!("the event `{name}` did not come within {}", shown(within)),
                    expected: Some(shorten(&self.json.shown(&executor.variables))),
                    got: (!waiting.is_empty()).then(|| format!("only {}", waiting.join(", "))),
                    connection: Some(client.name.clone()),
                    excused_from_ms: Finding::excuse_for(within),
                    ..Finding::default()
                }
                .into());
            }
        };
        match self.json.matches(&event.value, &executor.variables) {
            Ok(bindings) => {
                if event.name == GAVE_UP {
                    executor.run.may_end.store(true, Ordering::Relaxed);
                }
                executor.variables.extend(bindings);
                Ok(())
            }
            Err(mismatch) => Err(Finding::new(format!(
                "the event differs at {}",
                if mismatch.path.is_empty() { "/" } else { &mismatch.path }
            ))
            .expected(shorten(&self.json.shown(&executor.variables)))
            .got(shorten(&event.value.to_string()))
            .on(&client.name)
            .at(executor.run.transcript.ms(event.at))
            .into()),
        }
    }
}

impl Execute for NoEvent {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let client = executor.client(&self.of)?;
        let mut client = client.lock().await;
        let span = executor.span(&self.span);
        let until = executor.clock().now() + span;
        loop {
            if let Some(event) = client.pending(&self.named) {
                return Err(Finding::new("an event came that must not come")
                    .expected(format!("no {} for {}", self.named.join(", "), shown(span)))
                    .got(shorten(&event.value.to_string()))
                    .on(&client.name)
                    .at(executor.run.transcript.ms(event.at))
                    .into());
            }
            if !executor.next_event(&mut client, until).await && executor.clock().now() >= until {
                return Ok(());
            }
        }
    }
}

impl Executor {
    /// Takes one more line of a client's output until a moment; false if none came.
    pub(super) async fn next_event(&self, client: &mut ClientUnderTest, until: crate::clock::Moment) -> bool {
        match client.next_output(self.clock(), until).await {
            None => false,
            Some(DriverOutput::Log) => true,
            Some(DriverOutput::Event(event)) => {
                let what = shorten(&event.value.to_string());
                self.run.transcript.add(event.at, &client.name, By::Subject, what);
                true
            }
            Some(DriverOutput::Invalid(line, problem)) => {
                self.run.recorder.lint(Finding {
                    requirement: Some("DRV-02".to_owned()),
                    what: format!("an invalid driver event: {problem}"),
                    expected: Some("an event as defined in its chapter".to_owned()),
                    got: line.text.ok().map(|text| shorten(&text)),
                    connection: Some(client.name.clone()),
                    at_ms: Some(self.run.transcript.ms(line.at)),
                    ..Finding::default()
                });
                true
            }
        }
    }
}

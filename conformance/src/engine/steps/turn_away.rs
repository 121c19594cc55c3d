//! Letting a client's attempts to connect fail, in every way there is.

use std::sync::Arc;

use super::client::REQUEST;
use crate::engine::player::{Fault, Player};
use crate::engine::puppet::Puppet;
use crate::engine::recorder::Stop;
use crate::outcome::By;
use crate::scenario::step::{FailBy, TurnAway};
use crate::scenario::to_the_cap;
use crate::transport::{Act, Attempt, OutFrame};

/// The HTTP status of a server that refuses for now (RFC 9110, section 15.6.4).
const UNAVAILABLE: u16 = 503;
/// The close code of a server that has a problem of its own (RFC 6455, section 7.4.1).
const INTERNAL_ERROR: u16 = 1011;

impl Player {
    pub(in crate::engine) async fn turn_away(&mut self, step: &TurnAway) -> Result<(), Fault> {
        let puppet = self.puppet(&step.of)?;
        let mut puppet = puppet.lock().await;
        let within = step.within.as_ref().map(|span| self.span(span));
        let past_cap = step.past_cap.map(|more| to_the_cap(&self.story.stage.policy) + 1 + more);
        for _ in 0..past_cap.or(step.times).unwrap_or(1) {
            let (attempt, index) = self.next_attempt(&mut puppet, within).await?;
            match (step.status, step.by) {
                (Some(status), _) => self.refuse(&puppet, attempt, index, status).await?,
                (None, Some(FailBy::Refusal)) if !self.is_framed() => {
                    self.refuse(&puppet, attempt, index, UNAVAILABLE).await?;
                }
                (None, Some(by)) => self.fail(&mut puppet, attempt, index, by).await?,
                (None, None) => return Err(Stop::Harness("`turn_away` says not how".to_owned()).into()),
            }
        }
        Ok(())
    }

    async fn refuse(&self, puppet: &Puppet, mut attempt: Attempt, index: usize, status: u16) -> Result<(), Fault> {
        let clock = self.clock();
        let _ = clock.within(clock.now() + clock.real(REQUEST), attempt.request()).await;
        let fate = format!("HTTP {status}");
        let at = clock.now();
        self.story.transcript.add(at, &puppet.name, By::Runner, fate.clone());
        puppet.record.with(|attempts| attempts.end(index, at, &fate));
        attempt.reject(status).await;
        Ok(())
    }

    async fn fail(&self, puppet: &mut Puppet, mut attempt: Attempt, index: usize, by: FailBy) -> Result<(), Fault> {
        let clock = self.clock().clone();
        let name = format!("attempt_{}", index + 1);
        let end = |fate: &str| {
            self.story.transcript.add(clock.now(), &puppet.name, By::Runner, fate.to_owned());
            puppet.record.with(|attempts| attempts.end(index, clock.now(), fate));
        };
        match by {
            FailBy::Reset | FailBy::Fin | FailBy::Refusal => {
                let _ = clock.within(clock.now() + clock.real(REQUEST), attempt.request()).await;
                if by == FailBy::Reset {
                    end("reset instead of an answer");
                    attempt.reset();
                } else {
                    end("ended instead of an answer");
                    drop(attempt);
                }
            }
            FailBy::Hang => {
                self.story.transcript.add(clock.now(), &puppet.name, By::Runner, "no answer".to_owned());
                let (record, transcript) = (puppet.record.clone(), Arc::clone(&self.story.transcript));
                let name = puppet.name.clone();
                tokio::spawn(async move {
                    attempt.hang().await;
                    let now = clock.now();
                    transcript.add(now, &name, By::Subject, format!("gives attempt {} up", index + 1));
                    record.with(|attempts| attempts.end(index, now, "given up without an answer"));
                });
            }
            FailBy::Close if !self.is_framed() => {
                let (connection, _) = self.open_for(puppet, attempt, index, &name).await?;
                connection.pen().send_through(OutFrame::close(Some(INTERNAL_ERROR), "")).await;
                puppet.kept.push(connection);
            }
            FailBy::Close | FailBy::Drop => {
                let (connection, _) = self.open_for(puppet, attempt, index, &name).await?;
                end("accepted and dropped");
                connection.pen().act(Act::Fin);
                puppet.kept.push(connection);
            }
            FailBy::Silence => puppet.kept.push(self.open_for(puppet, attempt, index, &name).await?.0),
        }
        Ok(())
    }
}

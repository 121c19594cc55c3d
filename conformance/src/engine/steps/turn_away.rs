//! Makes a client's connection attempts fail, in every possible way.

use std::sync::Arc;

use super::client::REQUEST;
use super::{Execute, Executor, StepFailure, Stop};
use crate::engine::client::ClientUnderTest;
use crate::outcome::By;
use crate::scenario::step::{FailBy, TurnAway};
use crate::scenario::to_the_cap;
use crate::transport::{Act, ConnectionAttempt, OutFrame};

/// The HTTP status of a server that is temporarily unavailable (RFC 9110, section 15.6.4).
const UNAVAILABLE: u16 = 503;
/// The close code of a server with an internal error (RFC 6455, section 7.4.1).
const INTERNAL_ERROR: u16 = 1011;

impl Execute for TurnAway {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let client = executor.client(&self.of)?;
        let mut client = client.lock().await;
        let within = self.within.as_ref().map(|span| executor.span(span));
        let past_cap = self.past_cap.map(|more| to_the_cap(&executor.run.context.policy) + 1 + more);
        for _ in 0..past_cap.or(self.times).unwrap_or(1) {
            let (attempt, index) = executor.next_attempt(&mut client, within).await?;
            match (self.status, self.by) {
                (Some(status), _) => executor.refuse(&client, attempt, index, status).await?,
                (None, Some(FailBy::Refusal)) if !executor.is_framed() => {
                    executor.refuse(&client, attempt, index, UNAVAILABLE).await?;
                }
                (None, Some(by)) => executor.fail(&mut client, attempt, index, by).await?,
                (None, None) => return Err(Stop::Internal("`turn_away` without `status` or `by`".to_owned()).into()),
            }
        }
        Ok(())
    }
}

impl Executor {
    async fn refuse(
        &self,
        client: &ClientUnderTest,
        mut attempt: ConnectionAttempt,
        index: usize,
        status: u16,
    ) -> Result<(), StepFailure> {
        let clock = self.clock();
        let _ = clock.within(clock.now() + clock.real(REQUEST), attempt.request()).await;
        let how = format!("HTTP {status}");
        let at = clock.now();
        self.run.transcript.add(at, &client.name, By::Runner, how.clone());
        client.attempts.with(|attempts| attempts.end(index, at, &how));
        attempt.reject(status).await;
        Ok(())
    }

    async fn fail(
        &self,
        client: &mut ClientUnderTest,
        mut attempt: ConnectionAttempt,
        index: usize,
        by: FailBy,
    ) -> Result<(), StepFailure> {
        let clock = self.clock().clone();
        let name = format!("attempt_{}", index + 1);
        let end = |how: &str| {
            self.run.transcript.add(clock.now(), &client.name, By::Runner, how.to_owned());
            client.attempts.with(|attempts| attempts.end(index, clock.now(), how));
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
                self.run.transcript.add(clock.now(), &client.name, By::Runner, "no answer".to_owned());
                let (attempts, transcript) = (client.attempts.clone(), Arc::clone(&self.run.transcript));
                let name = client.name.clone();
                tokio::spawn(async move {
                    attempt.hang().await;
                    let now = clock.now();
                    transcript.add(now, &name, By::Subject, format!("abandons attempt {}", index + 1));
                    attempts.with(|attempts| attempts.end(index, now, "abandoned without an answer"));
                });
            }
            FailBy::Close if !self.is_framed() => {
                let (connection, _) = self.open_for(client, attempt, index, &name).await?;
                connection.writer().send_through(OutFrame::close(Some(INTERNAL_ERROR), "")).await;
                client.kept.push(connection);
            }
            FailBy::Close | FailBy::Drop => {
                let (connection, _) = self.open_for(client, attempt, index, &name).await?;
                end("accepted and dropped");
                connection.writer().act(Act::Fin);
                client.kept.push(connection);
            }
            FailBy::Silence => client.kept.push(self.open_for(client, attempt, index, &name).await?.0),
        }
        Ok(())
    }
}

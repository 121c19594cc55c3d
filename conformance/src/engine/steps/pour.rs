//! The step that floods a connection.

use super::{Execute, Executor, StepFailure, Stop, shown};
use crate::scenario::step::{Encoding, Pour};
use crate::transport::OutFrame;
use crate::transport::encode::{BINARY, CONTINUATION, TEXT};

/// How many bytes of small messages are written at once.
const BATCH: usize = 1 << 10;

impl Execute for Pour {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let connection = executor.connection(&self.on)?;
        let mut connection = connection.lock().await;
        let patience = executor.span(&self.until_blocked_for);
        let (opcode, payload) = match self {
            Pour { json: Some(term), .. } => {
                let message = term.fill(&executor.variables)?;
                let (opcode, payload) = connection.encoded(&message, Some(Encoding::Text));
                (Some(opcode), payload)
            }
            Pour { binary: Some(bytes), .. } => (Some(BINARY), bytes.fill(&executor.variables)?),
            Pour { fragment: Some(term), .. } => (Some(CONTINUATION), executor.joined(term)?.into_bytes()),
            Pour { raw: Some(term), .. } => (None, executor.joined(term)?.into_bytes()),
            _ => return Err(Stop::Internal("nothing to send".to_owned()).into()),
        };
        if payload.is_empty() {
            return Err(Stop::Internal("nothing to send".to_owned()).into());
        }
        if let Some(limit) = executor.run.context.max_message
            && !matches!(opcode, Some(TEXT | BINARY))
            && limit >= self.total
        {
            return Err(
                Stop::Skip(format!("the subject accepts messages of {limit}, more than this scenario sends")).into()
            );
        }
        let mut sent = 0;
        let ended = loop {
            if sent >= self.total.0 {
                break "all of it".to_owned();
            }
            if connection.has_significant() {
                break "until the subject sent something".to_owned();
            }
            let first = sent == 0;
            let writer = connection.wire.writer().clone();
            if let Some(opcode @ (TEXT | BINARY)) = opcode {
                // Small messages are sent in batches, which is faster than waiting for each.
                let batch = ((self.total.0 - sent) / payload.len() as u64).min((BATCH / payload.len()) as u64);
                (1..batch).for_each(|_| writer.send(OutFrame::new(opcode, payload.clone())));
                sent += batch.saturating_sub(1) * payload.len() as u64;
            }
            sent += payload.len() as u64;
            let writing = async {
                match opcode {
                    None => writer.send_raw_through(payload.clone()).await,
                    Some(CONTINUATION) => {
                        let opcode = if first { TEXT } else { CONTINUATION };
                        writer.send_through(OutFrame { fin: false, ..OutFrame::new(opcode, payload.clone()) }).await
                    }
                    Some(opcode) => writer.send_through(OutFrame::new(opcode, payload.clone())).await,
                }
            };
            let until = executor.clock().now() + patience;
            tokio::select! {
                written = executor.patiently(patience, writing) => match written {
                    Some(true) => {}
                    Some(false) => break "until the connection broke".to_owned(),
                    None => break format!("until nothing could be written for {}", shown(patience)),
                },
                // A subject that reacts need not read the rest.
                () = connection.next_significant(executor.clock(), until) => break "until the subject sent something".to_owned(),
            }
        };
        let what = format!("poured {:.1} MiB, {ended}", sent as f64 / f64::from(1 << 20));
        executor.log(&connection.name, what);
        Ok(())
    }
}

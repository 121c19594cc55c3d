//! Steps that open, change and end connections.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::{Execute, Executor, StepFailure, Stop, describe, shown};
use crate::engine::connection_state::ConnectionState;
use crate::engine::observer::ConnectionObserver;
use crate::lint::ConnectionLint;
use crate::outcome::{By, Finding};
use crate::scenario::step::{Close, CloseIs, Connect, Cut, CutBy, Expect, Ignore, Mute, Refused, Resume, Stall};
use crate::transport::encode::TEXT;
use crate::transport::{Act, Arrival, Connection, Dial, OpenError, Opened, OutFrame, Side, StampedArrival, open};

/// The name of a connection that is opened although it should be refused.
const REFUSED: &str = "refused";
/// The close code of a server that refuses (RFC 6455, section 7.4.1).
const POLICY_VIOLATION: u16 = 1008;
/// How long to wait for messages at the end of a scenario.
const LAST_MESSAGES: Duration = Duration::from_millis(50);
/// The same on a framed stream.
const LAST_FRAMES: Duration = Duration::from_millis(10);

impl Execute for Connect {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let run = Arc::clone(&executor.run);
        let family = run.scenario.family;
        let name = executor.full_name(&self.name);
        let role = match &self.role {
            Some(role) => family.clients.iter().copied().find(|known| known == role),
            None => family.role_at(&self.to),
        };
        let from = executor.address(self.from.as_ref())?;
        let shown = from.map(|from| format!(" from {from}")).unwrap_or_default();
        run.transcript.add(executor.clock().now(), &name, By::Runner, format!("connect {}{shown}", self.to));
        let receive_buffer = self.receive_buffer.map(|size| u32::try_from(size.0).unwrap_or(u32::MAX));
        let opened = match executor.open(&self.to, Dial { receive_buffer, from }).await? {
            Ok(opened) => opened,
            Err(error) => {
                run.transcript.add(executor.clock().now(), &name, By::Subject, error.to_string());
                if !error.reached() {
                    return Err(executor.unreachable(&error).into());
                }
                return Err(Finding::new(format!("the WebSocket handshake at {} failed", self.to))
                    .expected("HTTP 101 Switching Protocols")
                    .got(error.to_string())
                    .on(name)
                    .into());
            }
        };
        executor.add_connection(&self.name, opened, role);
        Ok(())
    }
}

impl Execute for Refused {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let from = executor.address(self.from.as_ref())?;
        match (executor.open(&self.to, Dial { receive_buffer: None, from }).await?, &self.after) {
            (Err(_), _) => Ok(()),
            (Ok(opened), Some(after)) => {
                let role = executor.run.scenario.family.role_at(&self.to);
                executor.add_connection(REFUSED, opened, role);
                let message = after.fill(&executor.variables)?.to_string();
                let connection = executor.connection(REFUSED)?;
                executor.write(&*connection.lock().await, OutFrame::new(TEXT, message)).await;
                let close = Some(CloseIs { code: vec![POLICY_VIOLATION], reason: None });
                let skipping = self.skipping.clone();
                Expect { on: REFUSED.to_owned(), close, skipping, ..Expect::default() }.execute(executor).await
            }
            (Ok(_), None) => Err(Finding::new(format!("a connection to {} was accepted", self.to))
                .expected("a refusal, by TCP or by HTTP")
                .got("HTTP 101 Switching Protocols")
                .into()),
        }
    }
}

impl Execute for Close {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        if executor.is_framed() {
            return Cut { on: self.on.clone(), by: CutBy::Fin }.execute(executor).await;
        }
        let connection = executor.connection(&self.on)?;
        let mut connection = connection.lock().await;
        connection.over = true;
        executor.write(&connection, OutFrame::close(self.code, &self.reason)).await;
        Ok(())
    }
}

impl Execute for Cut {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let (act, what) = match self.by {
            CutBy::Reset => (Act::Reset, "cut by RST"),
            CutBy::Fin => (Act::Fin, "cut by FIN"),
        };
        if executor.cut_exchange(&self.on, self.by).await {
            return Ok(());
        }
        let connection = executor.connection(&self.on)?;
        let mut connection = connection.lock().await;
        connection.over = true;
        executor.log(&connection.name, what.to_owned());
        if let Some((record, index)) = &connection.attempt {
            record.with(|attempts| attempts.end(*index, executor.clock().now(), what));
        }
        connection.wire.writer().act(act);
        Ok(())
    }
}

impl Execute for Mute {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        executor.act(&self.0.on, Act::Mute).await
    }
}

impl Execute for Stall {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        executor.act(&self.0.on, Act::Stall).await
    }
}

impl Execute for Resume {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        executor.act(&self.0.on, Act::Resume).await
    }
}

impl Execute for Ignore {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let connection = executor.connection(&self.0.on)?;
        let mut connection = connection.lock().await;
        connection.drain();
        connection.ignored = true;
        Ok(())
    }
}

impl Executor {
    /// Names a connection that was opened.
    fn add_connection(&mut self, name: &str, opened: Opened, role: Option<&'static str>) {
        let (run, family) = (&self.run, self.run.scenario.family);
        let (at, full_name) = (self.clock().now(), self.full_name(name));
        let schemas = Arc::clone(&run.context.schemas);
        let observer = ConnectionObserver {
            name: full_name.clone(),
            transcript: Arc::clone(&run.transcript),
            recorder: Arc::clone(&run.recorder),
            lint: ConnectionLint::new(family, role.unwrap_or_default(), Side::Client, schemas),
            attempt: None,
        };
        let connection = Connection::start(opened, self.clock().clone(), Box::new(observer));
        let connection = ConnectionState::new(full_name, connection, at, family, Side::Client, role);
        self.connections.insert(name.to_owned(), Arc::new(Mutex::new(connection)));
        self.own_connections.push(name.to_owned());
    }

    /// The loopback address that a variable holds; it is set to a random one if it is unset.
    fn address(&mut self, name: Option<&String>) -> Result<Option<IpAddr>, Stop> {
        let Some(name) = name else { return Ok(None) };
        // Neither the first, which other connections use, nor the last.
        let draw = || Ipv4Addr::from(fastrand::u32(0x7F00_0002..0x7FFF_FFFE)).to_string();
        let value = self.variables.entry(name.clone()).or_insert_with(|| draw().into());
        let address = value.as_str().and_then(|text| text.parse().ok());
        address.map(Some).ok_or_else(|| Stop::Internal(format!("`${name}` is not an address")))
    }

    async fn open(&self, path: &str, dial: Dial) -> Result<Result<Opened, OpenError>, StepFailure> {
        let context = &self.run.context;
        let Ok(_permit) = context.handshakes.acquire().await else {
            return Err(Stop::Internal("the run is over".to_owned()).into());
        };
        let deadline = self.clock().now() + context.handshake_deadline;
        let target = self.run.target()?;
        let opened = self.clock().within(deadline, open(target.route(), path, dial)).await;
        if let (Some(Err(OpenError::Tcp(error))), Some(from)) = (&opened, dial.from)
            && error.kind() == io::ErrorKind::AddrNotAvailable
        {
            return Err(Stop::Skip(format!("nothing can be reached from {from} here: {error}")).into());
        }
        opened.ok_or_else(|| {
            Finding::new(format!(
                "the WebSocket handshake at {path} was not answered within {}",
                shown(context.handshake_deadline)
            ))
            .expected("HTTP 101 Switching Protocols")
            .excused_for(context.handshake_deadline)
            .into()
        })
    }

    /// Why a subject cannot be reached: if its process has ended, that is a violation; otherwise there is no verdict.
    fn unreachable(&self, error: &OpenError) -> Stop {
        Stop::Inconclusive(match self.run.ended() {
            Some(exit) => format!("the subject's process has ended ({})", exit.description),
            None => format!("the subject could not be reached: {error}"),
        })
    }

    async fn act(&mut self, on: &str, act: Act) -> Result<(), StepFailure> {
        let what = match act {
            Act::Mute => "stops answering",
            Act::Stall => "stops reading",
            Act::Resume => "reads again",
            Act::Reset | Act::Fin => "ends",
        };
        let connection = self.connection(on)?;
        let mut connection = connection.lock().await;
        connection.over |= act == Act::Stall;
        connection.mute |= act == Act::Mute;
        self.log(&connection.name, what);
        connection.wire.writer().act(act);
        Ok(())
    }

    /// Checks that no message is left that no step expected.
    pub(in crate::engine) async fn check_leftovers(&mut self) -> Result<(), Stop> {
        self.check_unexpected_requests()?;
        for name in &self.own_connections {
            let connection = self.connection(name)?;
            let mut connection = connection.lock().await;
            connection.drain();
            if self.is_framed() {
                // There is no Ping whose answer would come last.
                connection.pull_all(self.clock(), self.clock().now() + self.clock().real(LAST_FRAMES)).await;
            } else {
                connection.settle(self.clock(), self.clock().now() + self.clock().real(LAST_MESSAGES)).await;
            }
            // What a client's user types, or a program behind it prints, is not up to the script.
            let is_left = |arrived: &&StampedArrival| match arrived.what {
                Arrival::Text(_) => true,
                Arrival::Binary(_) => {
                    self.side() == Side::Client || connection.incoming_packing.is_some() && !self.is_framed()
                }
                _ => false,
            };
            let left = connection.queue.iter().find(is_left);
            if let Some(arrived) = left {
                let finding = Finding::new("an unexpected message")
                    .expected("no further message")
                    .got(describe(&arrived.what, connection.incoming_packing))
                    .on(&connection.name)
                    .at(self.run.transcript.ms(arrived.at));
                return Err(Stop::Violation {
                    check: crate::scenario::SCENARIO_CHECK.to_owned(),
                    finding: Box::new(finding),
                });
            }
        }
        Ok(())
    }
}

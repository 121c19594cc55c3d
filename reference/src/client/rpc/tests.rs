//! The rpc client against its chapter, with a simulated connection and clock.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use relayspec::reconnect::Policy;
use relayspec::rpc::{Frame, Frames, Message, Response, SMALLEST_LIMIT, SessionEnd, SessionStart};
use relayspec::timing::{Parameter, Timing};

use super::{CallError, CallResult, Caller};
use crate::client::backoff::FixedJitter;
use crate::client::{ClientAction, ClientCore, Ending};

struct RpcFixture {
    client: ClientCore<Caller<u32>, FixedJitter>,
    now: Instant,
}

fn call() -> Message {
    Message::SessionEnd(SessionEnd { session_id: "s".to_owned(), timestamp_ms: 1, exit_code: None })
}

impl RpcFixture {
    fn new() -> Self {
        let (now, mut timing, mut count) = (Instant::now(), Timing::default(), 0);
        timing.declare(Parameter::ConnectTimeout, Duration::from_secs(5));
        timing.declare(Parameter::HeartbeatInterval, Duration::from_secs(1 << 30));
        let opening = move || {
            count += 1;
            let attrs = BTreeMap::from([("count".to_owned(), count.to_string())]);
            SessionStart { session_id: "s".to_owned(), parent_session_id: None, timestamp_ms: count, attrs }
        };
        let client = ClientCore::new(Caller::new(opening), Policy::RPC, timing, FixedJitter(0.0), now);
        Self { client, now }
    }

    fn pass(&mut self, seconds: u64) -> Vec<ClientAction> {
        self.now += Duration::from_secs(seconds);
        self.client.tick(self.now)
    }

    /// Opens a connection; the request id of its `SessionStart`.
    fn open(&mut self) -> u64 {
        assert!(self.pass(0).contains(&ClientAction::Connect));
        self.client.opened(self.now);
        let frames = self.frames();
        let [Frame { id, message: Message::SessionStart(_) }] = &frames[..] else { panic!("{frames:?}") };
        *id
    }

    fn up() -> Self {
        let mut fixture = Self::new();
        let id = fixture.open();
        fixture.receive(id, Message::Ack);
        fixture
    }

    fn call(&mut self, key: u32) {
        self.client.ask(|role, ctx| role.call(call(), key, ctx), self.now);
    }

    fn receive(&mut self, id: u64, message: Message) -> Vec<ClientAction> {
        self.client.binary(&Frame { id, message }.encode(), self.now)
    }

    fn frames(&mut self) -> Vec<Frame> {
        let mut frames = Frames::new(SMALLEST_LIMIT);
        let (bytes, _) = self.client.ask(|role, _| role.take_frames(), self.now);
        frames.buffer().extend(bytes);
        let mut read = Vec::new();
        while let Some(frame) = frames.next_frame().expect("short") {
            read.push(Frame::decode(frame).expect("a frame"));
        }
        read
    }

    fn outcomes(&mut self) -> Vec<(u32, CallResult)> {
        let (mut outcomes, _) = self.client.ask(|role, _| role.take_outcomes(), self.now);
        outcomes.sort_by_key(|(key, _)| *key);
        outcomes
    }
}

fn events(actions: &[ClientAction]) -> Vec<&str> {
    let name =
        |action: &'_ ClientAction| if let ClientAction::Report(event) = action { Some(event.name()) } else { None };
    actions.iter().filter_map(name).collect()
}

#[test]
fn session_start_is_sent_first_and_calls_wait_for_its_answer() {
    let mut fixture = RpcFixture::new();
    fixture.call(1);
    assert_eq!(fixture.outcomes(), [(1, Err(CallError::NotConnected))]);
    let id = fixture.open();
    (2..5).for_each(|key| fixture.call(key));
    assert_eq!((fixture.frames(), fixture.outcomes()), (vec![], vec![]));
    fixture.receive(id + 1, Message::Ack);
    assert_eq!(fixture.frames(), [], "another id does not answer `SessionStart`");
    fixture.receive(id, Message::Ack);
    let ids: Vec<_> = fixture.frames().into_iter().map(|frame| frame.id).collect();
    assert_eq!(ids, [2, 3, 4]);
}

#[test]
fn matches_answers_by_id_and_ignores_others() {
    let mut fixture = RpcFixture::up();
    (0..3).for_each(|key| fixture.call(key));
    let ids: Vec<_> = fixture.frames().into_iter().map(|frame| frame.id).collect();
    let response = Response { request_id: String::new(), content: "x".to_owned(), is_streaming: false, is_final: true };
    let response = Message::Response(response);
    fixture.client.binary(b"\0\0\0\x01x", fixture.now);
    fixture.receive(ids[2] + 1, Message::Ack);
    fixture.receive(ids[0], call());
    fixture.receive(ids[2], Message::Ack);
    fixture.receive(ids[0], response.clone());
    fixture.receive(ids[0], Message::Ack);
    assert_eq!(fixture.outcomes(), [(0, Ok(response)), (2, Ok(Message::Ack))]);
    fixture.receive(ids[1], Message::Ack);
    assert_eq!(fixture.outcomes(), [(1, Ok(Message::Ack))]);
}

#[test]
fn fails_every_call_on_a_loss_and_reconnects() {
    let mut fixture = RpcFixture::up();
    fixture.call(1);
    fixture.frames();
    fixture.call(2);
    let actions = fixture.client.lost(None, fixture.now);
    assert_eq!(events(&actions), ["disconnected"]);
    assert_eq!(fixture.outcomes(), [(1, Err(CallError::Lost)), (2, Err(CallError::Lost))]);
    assert_eq!(fixture.frames(), [], "nothing is resent");
    assert_eq!(fixture.pass(0), []);
    fixture.now += Duration::from_secs(1);
    let id = fixture.open();
    fixture.call(3);
    let actions = fixture.client.lost(None, fixture.now);
    assert_eq!(events(&actions), ["disconnected"]);
    assert_eq!(fixture.outcomes(), [(3, Err(CallError::Lost))]);
    fixture.now += Duration::from_secs(2);
    assert!(fixture.open() > id);
    assert_eq!(events(&fixture.pass(5)), ["disconnected"], "`SessionStart` was never acknowledged");
    fixture.now += Duration::from_secs(4);
    let id = fixture.open();
    assert_eq!(events(&fixture.receive(id, Message::Ack)), ["reconnected"]);
}

#[test]
fn reports_an_error_for_the_first_failure_only() {
    let mut fixture = RpcFixture::new();
    fixture.pass(0);
    assert_eq!(events(&fixture.client.lost(None, fixture.now)), ["error"]);
    fixture.pass(1);
    assert_eq!(events(&fixture.client.lost(None, fixture.now)), [""; 0]);
    let mut fixture = RpcFixture::up();
    assert_eq!(events(&fixture.client.lost(None, fixture.now)), ["disconnected"]);
}

#[test]
fn opens_each_connection_with_a_new_session_start() {
    let mut fixture = RpcFixture::new();
    let mut seen = Vec::new();
    for _ in 0..2 {
        fixture.pass(0);
        fixture.client.opened(fixture.now);
        let Some(Frame { message: Message::SessionStart(start), .. }) = fixture.frames().pop() else {
            panic!("no start")
        };
        seen.push((start.timestamp_ms, start.attrs["count"].clone()));
        fixture.client.lost(None, fixture.now);
        fixture.now += Duration::from_secs(1);
    }
    assert_eq!(seen, [(1, "1".to_owned()), (2, "2".to_owned())]);
}

#[test]
fn refuses_invalid_calls_and_fails_the_rest_when_stopped() {
    let mut fixture = RpcFixture::up();
    let ask = |fixture: &mut RpcFixture, message: Message, key| {
        fixture.client.ask(|role, ctx| role.call(message, key, ctx), fixture.now);
    };
    ask(&mut fixture, Message::Ack, 1);
    let long = SessionEnd { session_id: "x".repeat(SMALLEST_LIMIT), timestamp_ms: 0, exit_code: None };
    ask(&mut fixture, Message::SessionEnd(long), 2);
    assert_eq!(fixture.outcomes(), [(1, Err(CallError::NotACall)), (2, Err(CallError::TooLarge))]);
    assert_eq!(fixture.frames(), []);
    fixture.call(3);
    assert!(fixture.client.stop().contains(&ClientAction::End(Ending::Stopped)));
    fixture.client.closed();
    assert_eq!(fixture.outcomes(), [(3, Err(CallError::Stopped))]);
    assert!(!events(&fixture.client.closed()).contains(&"gave_up"));
}

#[test]
fn bounds_waiting_calls() {
    let mut fixture = RpcFixture::new();
    fixture.open();
    let big = |length| {
        let data = vec![0; length];
        let direction = relayspec::rpc::IoDirection::Input;
        Message::IoData(relayspec::rpc::IoData { session_id: String::new(), direction, timestamp_ms: 0, data })
    };
    for key in 0..20 {
        fixture.client.ask(|role, ctx| role.call(big(10 << 20), key, ctx), fixture.now);
    }
    let outcomes = fixture.outcomes();
    assert!((10..15).contains(&outcomes.len()), "{}", outcomes.len());
    assert!(outcomes.iter().all(|(_, outcome)| *outcome == Err(CallError::TooMuch)));
}

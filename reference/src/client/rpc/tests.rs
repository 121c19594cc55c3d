//! The client against its chapter, without sockets and without waiting.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use relayspec::reconnect::Policy;
use relayspec::rpc::{Frame, Frames, Message, Response, SMALLEST_LIMIT, SessionEnd, SessionStart};
use relayspec::timing::{Parameter, Timing};

use super::{CallError, Caller, Outcome};
use crate::client::backoff::Dice;
use crate::client::{Action, Client, Ending};

struct NoJitter;

impl Dice for NoJitter {
    fn swing(&mut self) -> f64 {
        0.0
    }
}

/// A client, and the time.
struct Scene {
    client: Client<Caller<u32>, NoJitter>,
    now: Instant,
}

fn call() -> Message {
    Message::SessionEnd(SessionEnd { session_id: "s".to_owned(), timestamp_ms: 1, exit_code: None })
}

impl Scene {
    fn new() -> Self {
        let (now, mut timing, mut count) = (Instant::now(), Timing::default(), 0);
        timing.declare(Parameter::ConnectTimeout, Duration::from_secs(5));
        timing.declare(Parameter::HeartbeatInterval, Duration::from_secs(1 << 30));
        let opening = move || {
            count += 1;
            let attrs = BTreeMap::from([("count".to_owned(), count.to_string())]);
            SessionStart { session_id: "s".to_owned(), parent_session_id: None, timestamp_ms: count, attrs }
        };
        let client = Client::new(Caller::new(opening), Policy::RPC, timing, NoJitter, now);
        Self { client, now }
    }

    fn pass(&mut self, seconds: u64) -> Vec<Action> {
        self.now += Duration::from_secs(seconds);
        self.client.tick(self.now)
    }

    /// A connection whose `SessionStart` has this request id.
    fn open(&mut self) -> u64 {
        assert!(self.pass(0).contains(&Action::Connect));
        self.client.opened(self.now);
        let frames = self.frames();
        let [Frame { id, message: Message::SessionStart(_) }] = &frames[..] else { panic!("{frames:?}") };
        *id
    }

    fn up() -> Self {
        let mut scene = Self::new();
        let id = scene.open();
        scene.hear(id, Message::Ack);
        scene
    }

    fn call(&mut self, key: u32) {
        self.client.ask(|role, desk| role.call(call(), key, desk), self.now);
    }

    fn hear(&mut self, id: u64, message: Message) -> Vec<Action> {
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

    fn outcomes(&mut self) -> Vec<(u32, Outcome)> {
        let (mut outcomes, _) = self.client.ask(|role, _| role.take_outcomes(), self.now);
        outcomes.sort_by_key(|(key, _)| *key);
        outcomes
    }
}

fn events(actions: &[Action]) -> Vec<&str> {
    let name = |action: &'_ Action| if let Action::Report(event) = action { Some(event.name()) } else { None };
    actions.iter().filter_map(name).collect()
}

#[test]
fn session_start_comes_first_and_calls_wait_for_its_answer() {
    let mut scene = Scene::new();
    scene.call(1);
    assert_eq!(scene.outcomes(), [(1, Err(CallError::NotConnected))]);
    let id = scene.open();
    (2..5).for_each(|key| scene.call(key));
    assert_eq!((scene.frames(), scene.outcomes()), (vec![], vec![]));
    scene.hear(id + 1, Message::Ack);
    assert_eq!(scene.frames(), [], "another answer is none to `SessionStart`");
    scene.hear(id, Message::Ack);
    let ids: Vec<_> = scene.frames().into_iter().map(|frame| frame.id).collect();
    assert_eq!(ids, [2, 3, 4]);
}

#[test]
fn answers_are_matched_by_id_and_others_ignored() {
    let mut scene = Scene::up();
    (0..3).for_each(|key| scene.call(key));
    let ids: Vec<_> = scene.frames().into_iter().map(|frame| frame.id).collect();
    let response = Response { request_id: String::new(), content: "x".to_owned(), is_streaming: false, is_final: true };
    let response = Message::Response(response);
    scene.client.binary(b"\0\0\0\x01x", scene.now);
    scene.hear(ids[2] + 1, Message::Ack);
    scene.hear(ids[0], call());
    scene.hear(ids[2], Message::Ack);
    scene.hear(ids[0], response.clone());
    scene.hear(ids[0], Message::Ack);
    assert_eq!(scene.outcomes(), [(0, Ok(response)), (2, Ok(Message::Ack))]);
    scene.hear(ids[1], Message::Ack);
    assert_eq!(scene.outcomes(), [(1, Ok(Message::Ack))]);
}

#[test]
fn a_loss_fails_every_call_and_the_client_comes_back() {
    let mut scene = Scene::up();
    scene.call(1);
    scene.frames();
    scene.call(2);
    let actions = scene.client.lost(None, scene.now);
    assert_eq!(events(&actions), ["disconnected"]);
    assert_eq!(scene.outcomes(), [(1, Err(CallError::Lost)), (2, Err(CallError::Lost))]);
    assert_eq!(scene.frames(), [], "nothing is sent again");
    assert_eq!(scene.pass(0), []);
    scene.now += Duration::from_secs(1);
    let id = scene.open();
    scene.call(3);
    let actions = scene.client.lost(None, scene.now);
    assert_eq!(events(&actions), ["disconnected"]);
    assert_eq!(scene.outcomes(), [(3, Err(CallError::Lost))]);
    scene.now += Duration::from_secs(2);
    assert!(scene.open() > id);
    assert_eq!(events(&scene.pass(5)), ["disconnected"], "`SessionStart` was never acknowledged");
    scene.now += Duration::from_secs(4);
    let id = scene.open();
    assert_eq!(events(&scene.hear(id, Message::Ack)), ["reconnected"]);
}

#[test]
fn the_first_failure_alone_is_an_error() {
    let mut scene = Scene::new();
    scene.pass(0);
    assert_eq!(events(&scene.client.lost(None, scene.now)), ["error"]);
    scene.pass(1);
    assert_eq!(events(&scene.client.lost(None, scene.now)), [""; 0]);
    let mut scene = Scene::up();
    assert_eq!(events(&scene.client.lost(None, scene.now)), ["disconnected"]);
}

#[test]
fn each_opening_is_taken_anew() {
    let mut scene = Scene::new();
    let mut seen = Vec::new();
    for _ in 0..2 {
        scene.pass(0);
        scene.client.opened(scene.now);
        let Some(Frame { message: Message::SessionStart(start), .. }) = scene.frames().pop() else {
            panic!("no start")
        };
        seen.push((start.timestamp_ms, start.attrs["count"].clone()));
        scene.client.lost(None, scene.now);
        scene.now += Duration::from_secs(1);
    }
    assert_eq!(seen, [(1, "1".to_owned()), (2, "2".to_owned())]);
}

#[test]
fn what_cannot_be_called_is_refused_and_stopping_fails_the_rest() {
    let mut scene = Scene::up();
    let ask = |scene: &mut Scene, message: Message, key| {
        scene.client.ask(|role, desk| role.call(message, key, desk), scene.now);
    };
    ask(&mut scene, Message::Ack, 1);
    let long = SessionEnd { session_id: "x".repeat(SMALLEST_LIMIT), timestamp_ms: 0, exit_code: None };
    ask(&mut scene, Message::SessionEnd(long), 2);
    assert_eq!(scene.outcomes(), [(1, Err(CallError::NotACall)), (2, Err(CallError::TooLarge))]);
    assert_eq!(scene.frames(), []);
    scene.call(3);
    assert!(scene.client.stop().contains(&Action::End(Ending::Stopped)));
    scene.client.closed();
    assert_eq!(scene.outcomes(), [(3, Err(CallError::Stopped))]);
    assert!(!events(&scene.client.closed()).contains(&"gave_up"));
}

#[test]
fn what_waits_is_bounded() {
    let mut scene = Scene::new();
    scene.open();
    let big = |length| {
        let data = vec![0; length];
        let direction = relayspec::rpc::Direction::Input;
        Message::IoData(relayspec::rpc::IoData { session_id: String::new(), direction, timestamp_ms: 0, data })
    };
    for key in 0..20 {
        scene.client.ask(|role, desk| role.call(big(10 << 20), key, desk), scene.now);
    }
    let outcomes = scene.outcomes();
    assert!((10..15).contains(&outcomes.len()), "{}", outcomes.len());
    assert!(outcomes.iter().all(|(_, outcome)| *outcome == Err(CallError::TooMuch)));
}

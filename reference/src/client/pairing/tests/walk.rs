//! Random walks: whatever server, user and time do in whatever order, the invariants hold.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    /// The handshake is done, if an attempt is under way.
    Open,
    /// What the server says, if the connection is open: `registered` or `joined`, or an error.
    Welcome,
    Refuse(&'static str),
    Lose,
    /// The user gives something.
    Give,
    /// The network takes so many messages.
    Take(usize),
    /// Time passes, in ms.
    Pass(u64),
    Join,
}

fn step() -> impl Strategy<Value = Step> {
    let refusals = ["INVALID_CODE", "ALREADY_JOINED", "MAC_DISCONNECTED", "NOT_FOUND", "INVALID_MESSAGE"];
    prop_oneof![
        6 => Just(Step::Open),
        6 => Just(Step::Welcome),
        2 => prop::sample::select(refusals.to_vec()).prop_map(Step::Refuse),
        3 => Just(Step::Lose),
        6 => Just(Step::Give),
        4 => (0..5_usize).prop_map(Step::Take),
        6 => (0..6000_u64).prop_map(Step::Pass),
        1 => Just(Step::Join),
    ]
}

/// What an observer knows of a client.
#[derive(Debug, Default)]
struct Observer {
    is_open: bool,
    given: usize,
    /// The numbers of the messages that the network took.
    taken: Vec<usize>,
    welcomed: bool,
}

impl Observer {
    fn take<R: Role>(&mut self, world: &mut World<R>, step: Step, welcome: &Value) {
        if world.ended.is_some() {
            return;
        }
        let is_opening = world.client.is_opening();
        match step {
            Step::Open if is_opening => {
                (self.is_open, self.welcomed) = (true, false);
                world.open();
            }
            Step::Lose if is_opening || self.is_open => {
                self.is_open = false;
                world.lose();
            }
            Step::Welcome if self.is_open => {
                self.welcomed = true;
                world.receive(welcome.clone());
            }
            Step::Refuse(code) if self.is_open => world.refuse(code),
            Step::Give => {
                world.give(&self.given.to_string());
                self.given += 1;
            }
            Step::Take(count) => self.fetch(world, count),
            Step::Pass(millis) => {
                let abandoned = world.abandoned;
                world.pass(Duration::from_millis(millis));
                self.is_open &= world.abandoned == abandoned;
            }
            Step::Join => world.say(json!({ "do": "join", "code": "ABCDEF" })),
            Step::Open | Step::Lose | Step::Welcome | Step::Refuse(_) => {}
        }
    }

    fn fetch<R: Role>(&mut self, world: &mut World<R>, count: usize) {
        for _ in 0..count {
            match world.client.next_message() {
                Some(Outgoing::Text(text)) => {
                    assert!(self.is_open, "something is sent without a connection");
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] == "data" {
                        assert!(self.welcomed, "PAIR-H4, PAIR-V3: data before success");
                        let number = message["payload"].as_str().expect("text").parse().expect("a number");
                        assert!(self.taken.last().is_none_or(|last| *last < number), "PAIR-H3: {:?}", self.taken);
                        self.taken.push(number);
                    }
                }
                Some(_) => assert!(self.is_open),
                None => return,
            }
        }
    }
}

fn walk<R: Role>(world: &mut World<R>, steps: Vec<Step>, welcome: &Value) -> Observer {
    let mut observer = Observer::default();
    for step in steps {
        observer.take(world, step, welcome);
    }
    // RECON-06: half of `base` apart, without jitter even all of it.
    let gaps: Vec<_> = world.attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= 1000), "RECON-06: {gaps:?}");
    observer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_host_sends_all_in_order_and_never_gives_up(steps in prop::collection::vec(step(), 1..150)) {
        let mut host = host();
        let mut observer = walk(&mut host, steps, &registered(CODE));
        prop_assert_eq!(host.ended, None);
        // Sooner or later it is there, and all that was given is sent.
        observer.take(&mut host, Step::Lose, &registered(CODE));
        while !host.client.is_opening() {
            host.pass(Duration::from_secs(1));
        }
        for step in [Step::Open, Step::Welcome, Step::Take(usize::MAX)] {
            observer.take(&mut host, step, &registered(CODE));
        }
        prop_assert_eq!(observer.taken, (0..observer.given).collect::<Vec<_>>());
    }

    #[test]
    fn a_viewer_drops_nothing_silently(steps in prop::collection::vec(step(), 1..150)) {
        let mut viewer = viewer();
        let observer = walk(&mut viewer, steps, &joined());
        if viewer.ended.is_some() {
            prop_assert!(viewer.told().ends_with("gave_up"), "PAIR-V6");
        } else {
            viewer.say(json!({ "do": "stop" }));
        }
        let rest = viewer.client.closed().into_iter().map(|action| match action {
            Action::Report(Event::Error { code, message }) => number_of(&code, &message),
            other => panic!("{other:?} after the end"),
        });
        let sent_back = viewer.sent_back + rest.sum::<usize>();
        prop_assert_eq!(observer.taken.len() + sent_back, observer.given);
    }
}

//! Random walks: the invariants hold for any order of server, user and time.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum ClientStep {
    /// Complete the handshake, if one is in progress.
    Open,
    /// `registered` or `joined`, if the connection is open.
    Welcome,
    Refuse(&'static str),
    Lose,
    /// The user gives a message.
    Give,
    /// The network takes up to this many messages.
    Take(usize),
    /// In ms.
    Pass(u64),
    Join,
}

fn step() -> impl Strategy<Value = ClientStep> {
    let refusals = ["INVALID_CODE", "ALREADY_JOINED", "MAC_DISCONNECTED", "NOT_FOUND", "INVALID_MESSAGE"];
    prop_oneof![
        6 => Just(ClientStep::Open),
        6 => Just(ClientStep::Welcome),
        2 => prop::sample::select(refusals.to_vec()).prop_map(ClientStep::Refuse),
        3 => Just(ClientStep::Lose),
        6 => Just(ClientStep::Give),
        4 => (0..5_usize).prop_map(ClientStep::Take),
        6 => (0..6000_u64).prop_map(ClientStep::Pass),
        1 => Just(ClientStep::Join),
    ]
}

#[derive(Debug, Default)]
struct ClientObserver {
    is_open: bool,
    given: usize,
    /// The numbers of the messages that the network has taken.
    taken: Vec<usize>,
    welcomed: bool,
}

impl ClientObserver {
    fn take<R: ClientRole>(&mut self, fixture: &mut ClientFixture<R>, step: ClientStep, welcome: &Value) {
        if fixture.ended.is_some() {
            return;
        }
        let is_opening = fixture.client.is_opening();
        match step {
            ClientStep::Open if is_opening => {
                (self.is_open, self.welcomed) = (true, false);
                fixture.open();
            }
            ClientStep::Lose if is_opening || self.is_open => {
                self.is_open = false;
                fixture.lose();
            }
            ClientStep::Welcome if self.is_open => {
                self.welcomed = true;
                fixture.receive(welcome.clone());
            }
            ClientStep::Refuse(code) if self.is_open => fixture.refuse(code),
            ClientStep::Give => {
                fixture.give(self.given.to_string());
                self.given += 1;
            }
            ClientStep::Take(count) => self.fetch(fixture, count),
            ClientStep::Pass(millis) => {
                let abandoned = fixture.abandoned;
                fixture.pass(Duration::from_millis(millis));
                self.is_open &= fixture.abandoned == abandoned;
            }
            ClientStep::Join => fixture.command(json!({ "do": "join", "code": "ABCDEF" })),
            ClientStep::Open | ClientStep::Lose | ClientStep::Welcome | ClientStep::Refuse(_) => {}
        }
    }

    fn fetch<R: ClientRole>(&mut self, fixture: &mut ClientFixture<R>, count: usize) {
        for _ in 0..count {
            match fixture.client.next_message() {
                Some(Outgoing::Text(text)) => {
                    assert!(self.is_open, "sent without a connection");
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

fn walk<R: ClientRole>(fixture: &mut ClientFixture<R>, steps: Vec<ClientStep>, welcome: &Value) -> ClientObserver {
    let mut observer = ClientObserver::default();
    for step in steps {
        observer.take(fixture, step, welcome);
    }
    // Without jitter attempts are at least `base` apart.
    let gaps: Vec<_> = fixture.attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= 1000), "RECON-06: {gaps:?}");
    observer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_host_sends_everything_in_order_and_never_gives_up(steps in prop::collection::vec(step(), 1..150)) {
        let mut host = host();
        let mut observer = walk(&mut host, steps, &registered(CODE));
        prop_assert_eq!(host.ended, None);
        // Once connected it sends everything.
        observer.take(&mut host, ClientStep::Lose, &registered(CODE));
        while !host.client.is_opening() {
            host.pass(Duration::from_secs(1));
        }
        for step in [ClientStep::Open, ClientStep::Welcome, ClientStep::Take(usize::MAX)] {
            observer.take(&mut host, step, &registered(CODE));
        }
        prop_assert_eq!(observer.taken, (0..observer.given).collect::<Vec<_>>());
    }

    #[test]
    fn a_viewer_reports_every_unsent_message(steps in prop::collection::vec(step(), 1..150)) {
        let mut viewer = viewer();
        let observer = walk(&mut viewer, steps, &joined());
        if viewer.ended.is_some() {
            prop_assert!(viewer.reported().ends_with("gave_up"), "PAIR-V6");
        } else {
            viewer.command(json!({ "do": "stop" }));
        }
        let rest = viewer.client.closed().into_iter().map(|action| match action {
            ClientAction::Report(Event::Error { code, message }) => returned(&code, &message),
            other => panic!("{other:?} after the end"),
        });
        let sent_back = viewer.sent_back + rest.sum::<usize>();
        prop_assert_eq!(observer.taken.len() + sent_back, observer.given);
    }
}

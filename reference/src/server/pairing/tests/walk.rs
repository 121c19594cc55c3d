//! Random walks: the invariants hold for any order of events.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum RelayStep {
    OpenHost,
    OpenViewer,
    /// Each number picks one of the current peers or codes.
    Lose(usize),
    Register(usize),
    Join(usize, usize),
    Data(usize),
    Garbage(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = RelayStep> {
    let pick = 0..1000_usize;
    prop_oneof![
        2 => Just(RelayStep::OpenHost),
        3 => Just(RelayStep::OpenViewer),
        2 => pick.clone().prop_map(RelayStep::Lose),
        2 => pick.clone().prop_map(RelayStep::Register),
        8 => (pick.clone(), pick.clone()).prop_map(|(viewer, code)| RelayStep::Join(viewer, code)),
        8 => pick.clone().prop_map(RelayStep::Data),
        1 => pick.prop_map(RelayStep::Garbage),
        2 => (0..400_000_u64).prop_map(RelayStep::Pass),
    ]
}

#[derive(Default)]
struct RelayObserver {
    /// All codes of open hosts; the last of a host is its current one.
    codes: Vec<(String, PeerId)>,
    sessions: HashSet<String>,
    sent: usize,
}

impl RelayObserver {
    fn take(&mut self, fixture: &mut PairingFixture, step: RelayStep) {
        let mut everyone: Vec<PeerId> = fixture.roles.keys().copied().collect();
        everyone.sort();
        let pick = |number: usize| (!everyone.is_empty()).then(|| everyone[number % everyone.len()]);
        match step {
            RelayStep::OpenHost => _ = fixture.open(PairingRole::Host),
            RelayStep::OpenViewer => _ = fixture.open(PairingRole::Viewer),
            RelayStep::Pass(millis) => fixture.pass(Duration::from_millis(millis)),
            RelayStep::Lose(peer) => _ = pick(peer).map(|peer| fixture.lose(peer)),
            RelayStep::Register(peer) => {
                let register = r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#;
                _ = pick(peer).map(|peer| fixture.send(peer, register));
            }
            RelayStep::Garbage(peer) => _ = pick(peer).map(|peer| fixture.send(peer, "{")),
            RelayStep::Join(peer, code) if !self.codes.is_empty() => {
                let code = &self.codes[code % self.codes.len()].0;
                let join = json!({ "type": "join", "code": code }).to_string();
                _ = pick(peer).map(|peer| fixture.send(peer, &join));
            }
            RelayStep::Join(..) => {}
            RelayStep::Data(peer) => self.check_data(fixture, pick(peer)),
        }
    }

    fn check_data(&mut self, fixture: &mut PairingFixture, sender: Option<PeerId>) {
        let Some(sender) = sender else { return };
        self.sent += 1;
        let payload = self.sent.to_string();
        fixture.send_data(sender, &payload);
        for (peer, inbox) in &fixture.inboxes {
            let copies = inbox.iter().filter(|message| message["payload"] == payload.as_str()).count();
            let expected = usize::from(fixture.partners.get(&sender) == Some(peer));
            assert_eq!(copies, expected, "PAIR-41 to PAIR-43: {copies} copies for {peer:?} of a message of {sender:?}");
        }
    }

    fn look(&mut self, fixture: &mut PairingFixture) {
        let everyone: Vec<PeerId> = fixture.roles.keys().copied().collect();
        for peer in everyone {
            for message in fixture.received(peer) {
                if message["type"] == "registered" {
                    let code = text(&message["code"]);
                    if self.codes.iter().rfind(|(_, host)| *host == peer).is_none_or(|(last, _)| *last != code) {
                        self.codes.push((code, peer));
                    }
                }
                if message["type"] == "joined" {
                    assert!(self.sessions.insert(text(&message["sessionId"])), "PAIR-20: a repeated session id");
                }
            }
        }
        self.codes.retain(|(_, host)| fixture.roles.contains_key(host));
        let distinct: HashSet<_> = self.codes.iter().map(|(code, _)| code).collect();
        assert_eq!(distinct.len(), self.codes.len(), "PAIR-13: a repeated code");
        assert_eq!(fixture.relay.peers.len(), fixture.roles.len());
        assert!(fixture.relay.codes.len() <= self.codes.len(), "more codes than were issued");
        assert!(
            fixture.relay.codes.values().all(|host| fixture.roles.get(host) == Some(&PairingRole::Host)),
            "PAIR-71"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariants_hold_on_any_walk(steps in prop::collection::vec(step(), 1..120)) {
        let (mut fixture, mut observer) = (PairingFixture::new(), RelayObserver::default());
        for step in steps {
            observer.take(&mut fixture, step);
            observer.look(&mut fixture);
        }
        let everyone: Vec<PeerId> = fixture.roles.keys().copied().collect();
        for peer in everyone {
            fixture.lose(peer);
        }
        prop_assert!(fixture.relay.peers.is_empty() && fixture.relay.codes.is_empty(), "something is left over");
        prop_assert!(fixture.partners.is_empty());
    }
}

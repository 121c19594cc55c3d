//! Random walks: whatever connections do in whatever order, the invariants hold.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    OpenHost,
    OpenViewer,
    /// Each number picks one of what there is at that moment.
    Lose(usize),
    Register(usize),
    Join(usize, usize),
    Data(usize),
    Garbage(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let pick = 0..1000_usize;
    prop_oneof![
        2 => Just(Step::OpenHost),
        3 => Just(Step::OpenViewer),
        2 => pick.clone().prop_map(Step::Lose),
        2 => pick.clone().prop_map(Step::Register),
        8 => (pick.clone(), pick.clone()).prop_map(|(viewer, code)| Step::Join(viewer, code)),
        8 => pick.clone().prop_map(Step::Data),
        1 => pick.prop_map(Step::Garbage),
        2 => (0..400_000_u64).prop_map(Step::Pass),
    ]
}

/// What an observer of all connections knows.
#[derive(Default)]
struct Observer {
    /// Every code that was ever handed out, with its host; the last one of a host is its current one.
    codes: Vec<(String, PeerId)>,
    sessions: HashSet<String>,
    sent: usize,
}

impl Observer {
    fn take(&mut self, world: &mut World, step: Step) {
        let mut everyone: Vec<PeerId> = world.roles.keys().copied().collect();
        everyone.sort();
        let pick = |number: usize| (!everyone.is_empty()).then(|| everyone[number % everyone.len()]);
        match step {
            Step::OpenHost => _ = world.open(Role::Host),
            Step::OpenViewer => _ = world.open(Role::Viewer),
            Step::Pass(millis) => world.pass(Duration::from_millis(millis)),
            Step::Lose(peer) => _ = pick(peer).map(|peer| world.lose(peer)),
            Step::Register(peer) => {
                let register = r#"{"type":"register","clientId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}"#;
                _ = pick(peer).map(|peer| world.send(peer, register));
            }
            Step::Garbage(peer) => _ = pick(peer).map(|peer| world.send(peer, "{")),
            Step::Join(peer, code) if !self.codes.is_empty() => {
                let code = &self.codes[code % self.codes.len()].0;
                let join = json!({ "type": "join", "code": code }).to_string();
                _ = pick(peer).map(|peer| world.send(peer, &join));
            }
            Step::Join(..) => {}
            Step::Data(peer) => self.check_data(world, pick(peer)),
        }
    }

    fn check_data(&mut self, world: &mut World, sender: Option<PeerId>) {
        let Some(sender) = sender else { return };
        self.sent += 1;
        let payload = self.sent.to_string();
        world.send_data(sender, &payload);
        for (peer, inbox) in &world.inboxes {
            let copies = inbox.iter().filter(|message| message["payload"] == payload.as_str()).count();
            let expected = usize::from(world.partners.get(&sender) == Some(peer));
            assert_eq!(copies, expected, "PAIR-41 to PAIR-43: {copies} copies for {peer:?} of what {sender:?} sent");
        }
    }

    fn look(&mut self, world: &mut World) {
        let everyone: Vec<PeerId> = world.roles.keys().copied().collect();
        for peer in everyone {
            for message in world.seen(peer) {
                if message["type"] == "registered" {
                    let code = text(&message["code"]);
                    if self.codes.iter().rfind(|(_, host)| *host == peer).is_none_or(|(last, _)| *last != code) {
                        self.codes.push((code, peer));
                    }
                }
                if message["type"] == "joined" {
                    assert!(self.sessions.insert(text(&message["sessionId"])), "PAIR-20: a session id twice");
                }
            }
        }
        self.codes.retain(|(_, host)| world.roles.contains_key(host));
        let distinct: HashSet<_> = self.codes.iter().map(|(code, _)| code).collect();
        assert_eq!(distinct.len(), self.codes.len(), "PAIR-13: a code twice");
        assert_eq!(world.relay.peers.len(), world.roles.len());
        assert!(world.relay.codes.len() <= self.codes.len(), "more codes than were handed out");
        assert!(world.relay.codes.values().all(|host| world.roles.get(host) == Some(&Role::Host)), "PAIR-71");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariants_hold_on_any_walk(steps in prop::collection::vec(step(), 1..120)) {
        let (mut world, mut observer) = (World::new(), Observer::default());
        for step in steps {
            observer.take(&mut world, step);
            observer.look(&mut world);
        }
        let everyone: Vec<PeerId> = world.roles.keys().copied().collect();
        for peer in everyone {
            world.lose(peer);
        }
        prop_assert!(world.relay.peers.is_empty() && world.relay.codes.is_empty(), "something is kept for nobody");
        prop_assert!(world.partners.is_empty());
    }
}

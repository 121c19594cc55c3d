//! Whether order rules name messages, states, roles and requirements that exist.

use std::collections::BTreeSet;

use relayspec::protocol::BUILT_IN_RULES;
use relayspec::protocol::names::{ANY, Names};
use relayspec::protocol::order::Conversation;

use super::{Checker, Found};
use crate::protocol::error::Problem;
use crate::protocol::located::escaped;

impl Checker<'_> {
    pub(super) fn order(&self) -> Result<(), Found> {
        for (role, rules) in &self.definition.order {
            let path = format!("/order/{}", escaped(role));
            if role != ANY {
                self.client(role, &path)?;
            }
            self.conversation(role, rules, &path)?;
        }
        Ok(())
    }

    fn conversation(&self, role: &str, rules: &Conversation, path: &str) -> Result<(), Found> {
        let led_to = rules.rules.iter().filter_map(|rule| rule.to.as_deref());
        let states: BTreeSet<_> = led_to.chain([rules.start.as_str()]).collect();
        let in_states = |names: &Names, path: &str| {
            let unknown = names.0.iter().find(|state| !states.contains(state.as_str()));
            unknown.map_or(Ok(()), |state| {
                let known = states.iter().copied().collect::<Vec<_>>().join(", ");
                Err((path.to_owned(), Problem::UnknownState { state: state.clone(), known }))
            })
        };
        for (rule, number) in rules.rules.iter().zip(0..) {
            let path = format!("{path}/rules/{number}");
            // A first message may be any client's.
            let who = if rule.becomes.is_some() { ANY } else { role };
            self.names(who, &rule.on, &format!("{path}/on"))?;
            in_states(&rule.states, &format!("{path}/in"))?;
            self.violated(rule.violates.as_ref(), &format!("{path}/violates"))?;
            if let Some(other) = rule.becomes.as_deref().filter(|other| !self.definition.order.contains_key(*other)) {
                let known = self.definition.order.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err((format!("{path}/becomes"), Problem::UnknownRole { role: other.to_owned(), known }));
            }
        }
        for (exchange, number) in rules.exchanges.iter().zip(0..) {
            let path = format!("{path}/exchanges/{number}");
            self.names(role, &exchange.requests, &format!("{path}/requests"))?;
            in_states(&exchange.states, &format!("{path}/in"))?;
            let is_client = exchange.requests.client.is_empty();
            for answer in exchange.answers.keys() {
                self.known(role, is_client, answer, &format!("{path}/answers/{}", escaped(answer)))?;
            }
            for (key, violated) in
                [("stray", &exchange.stray), ("pending_id", &exchange.pending_id), ("used_id", &exchange.used_id)]
            {
                self.violated(violated.as_ref(), &format!("{path}/{key}"))?;
            }
            for (due, number) in exchange.due.iter().zip(0..) {
                let path = format!("{path}/due/{number}");
                in_states(&due.asked_in, &format!("{path}/asked_in"))?;
                self.violated(Some(&due.otherwise), &format!("{path}/otherwise"))?;
            }
        }
        for (lifetime, number) in rules.lifetimes.iter().zip(0..) {
            let path = format!("{path}/lifetimes/{number}");
            self.names(role, &lifetime.begins, &format!("{path}/begins"))?;
            self.names(role, &lifetime.ends, &format!("{path}/ends"))?;
            self.requirement(&lifetime.twice, &format!("{path}/twice"))?;
            self.requirement(&lifetime.unknown, &format!("{path}/unknown"))?;
        }
        for (counter, number) in rules.counters.iter().zip(0..) {
            let path = format!("{path}/counters/{number}");
            self.names(role, &counter.on, &format!("{path}/on"))?;
            self.requirement(&counter.violates, &format!("{path}/violates"))?;
        }
        for (name, number) in rules.built_in.iter().zip(0..) {
            if !BUILT_IN_RULES.contains(&name.as_str()) {
                let problem = Problem::UnknownRule { name: name.clone(), known: BUILT_IN_RULES.join(", ") };
                return Err((format!("{path}/built_in/{number}"), problem));
            }
        }
        Ok(())
    }
}

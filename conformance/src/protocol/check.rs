//! Whether the parts of a definition fit together: names that exist, requirements that are stated, openings that end.

mod order;

use std::collections::BTreeSet;

use relayspec::protocol::Definition;
use relayspec::protocol::names::{ANY, BINARY, Violated};
use relayspec::protocol::opening::{Success, Turn};
use relayspec::protocol::order::Sent;
use relayspec::timing::{HumanDuration, Parameter};
use serde_json::Value;

use super::error::Problem;
use super::located::escaped;
use super::requirements::Statement;

/// A problem, and the path of the part that has it.
type Found = (String, Problem);

/// Checks a definition.
///
/// # Errors
/// At the first part that does not fit.
pub(super) fn check(definition: &Definition, requirements: &[Statement]) -> Result<(), Found> {
    let checker = Checker { definition, requirements };
    checker.name()?;
    checker.directions()?;
    checker.timing()?;
    checker.openings()?;
    checker.asks()?;
    checker.order()?;
    checker.absent()
}

struct Checker<'d> {
    definition: &'d Definition,
    requirements: &'d [Statement],
}

impl Checker<'_> {
    fn name(&self) -> Result<(), Found> {
        let name = &self.definition.name;
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_name) {
            let problem = format!("invalid name `{name}`: small letters, digits and hyphens");
            return Err(("/name".to_owned(), Problem::Other(problem)));
        }
        if self.definition.roles.clients.is_empty() {
            let problem = "no client role: at least one role connects to the server".to_owned();
            return Err(("/roles/clients".to_owned(), Problem::Other(problem)));
        }
        if self.definition.roles.clients.contains_key(&self.definition.roles.server) {
            let problem =
                format!("`{}` is the server and a client: roles have different names", self.definition.roles.server);
            return Err(("/roles/server".to_owned(), Problem::Other(problem)));
        }
        Ok(())
    }

    fn client(&self, role: &str, path: &str) -> Result<(), Found> {
        let clients = &self.definition.roles.clients;
        if clients.contains_key(role) {
            return Ok(());
        }
        let known = clients.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        Err((path.to_owned(), Problem::UnknownRole { role: role.to_owned(), known }))
    }

    fn requirement(&self, id: &str, path: &str) -> Result<(), Found> {
        let is_own = self.requirements.iter().any(|own| own.id == id);
        // Ids of the shared chapters are known everywhere; those of a protocol without requirements stand for themselves.
        if is_own || self.requirements.is_empty() || relayspec::requirement::find(id).is_some() {
            return Ok(());
        }
        let similar = self.requirements.iter().find(|own| own.id.eq_ignore_ascii_case(id));
        let remedy = match similar {
            Some(own) => format!("did you mean `{}`?", own.id),
            None => "state it in a line of the requirements".to_owned(),
        };
        Err((path.to_owned(), Problem::UnknownRequirement { id: id.to_owned(), remedy }))
    }

    fn violated(&self, violated: Option<&Violated>, path: &str) -> Result<(), Found> {
        let ids = violated.iter().flat_map(|violated| violated.0.values());
        ids.into_iter().try_for_each(|id| self.requirement(id, path))
    }

    fn directions(&self) -> Result<(), Found> {
        let server = &self.definition.roles.server;
        let clients = self.definition.roles.clients.keys();
        let known: Vec<_> =
            clients.flat_map(|client| [format!("{client}-to-{server}"), format!("{server}-to-{client}")]).collect();
        for (name, direction) in &self.definition.messages.directions {
            let path = format!("/messages/directions/{}", escaped(name));
            if !known.contains(name) {
                let problem = Problem::UnknownDirection { direction: name.clone(), known: known.join(", ") };
                return Err((path, problem));
            }
            if let Some(id) = &direction.violates {
                self.requirement(id, &format!("{path}/violates"))?;
            }
            for (message, form) in &direction.messages {
                let what = match (&form.schema, &form.inline) {
                    (None, None) => "no schema",
                    (Some(_), Some(_)) => "two schemas",
                    _ => continue,
                };
                let path = format!("{path}/messages/{}", escaped(message));
                return Err((path, Problem::MessageForm { message: message.clone(), what }));
            }
        }
        Ok(())
    }

    /// The names of the messages from one side on connections of a client role; of all roles for `"*"`.
    fn sent(&self, role: &str, is_client: bool) -> BTreeSet<&str> {
        let server = &self.definition.roles.server;
        let directions =
            self.definition.messages.directions.iter().filter(|(name, _)| {
                let roles = self.definition.roles.clients.keys().filter(|client| role == ANY || *client == role);
                let mut names = roles.map(|client| {
                    if is_client { format!("{client}-to-{server}") } else { format!("{server}-to-{client}") }
                });
                names.any(|wanted| wanted == **name)
            });
        directions.flat_map(|(_, direction)| direction.messages.keys().map(String::as_str)).collect()
    }

    fn known(&self, role: &str, is_client: bool, message: &str, path: &str) -> Result<(), Found> {
        let sent = self.sent(role, is_client);
        if message == ANY || message == BINARY || sent.contains(message) {
            return Ok(());
        }
        let sender = match (is_client, role) {
            (true, ANY) => "no client",
            (true, role) => role,
            (false, _) => &self.definition.roles.server,
        };
        let known =
            if sent.is_empty() { "nothing".to_owned() } else { sent.into_iter().collect::<Vec<_>>().join(", ") };
        Err((
            path.to_owned(),
            Problem::UnknownMessage { message: message.to_owned(), sender: sender.to_owned(), known },
        ))
    }

    fn names(&self, role: &str, sent: &Sent, path: &str) -> Result<(), Found> {
        for (names, side, is_client) in [(&sent.client, "client", true), (&sent.server, "server", false)] {
            for name in &names.0 {
                self.known(role, is_client, name, &format!("{path}/{side}"))?;
            }
        }
        if sent.client.is_empty() && sent.server.is_empty() {
            let problem = "no message: write `{ client: NAME }` or `{ server: NAME }`".to_owned();
            return Err((path.to_owned(), Problem::Other(problem)));
        }
        Ok(())
    }

    fn timing(&self) -> Result<(), Found> {
        let timing = &self.definition.timing;
        for (name, default) in timing {
            let path = format!("/timing/{}", escaped(name));
            let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            if name.is_empty() || !is_name {
                let problem = format!("invalid name `{name}` of a timing parameter: small letters, digits and `_`");
                return Err((path, Problem::Other(problem)));
            }
            if !timing.contains_key(default) && Parameter::named(default).is_none() {
                default.parse::<HumanDuration>().map_err(|error| (path, Problem::Duration(error.to_string())))?;
            }
        }
        if let Some(heartbeat) = &self.definition.heartbeat {
            for (key, name) in [("interval", &heartbeat.interval), ("timeout", &heartbeat.timeout)] {
                self.parameter(name, &format!("/heartbeat/{key}"))?;
            }
        }
        Ok(())
    }

    fn parameter(&self, name: &str, path: &str) -> Result<(), Found> {
        let own = self.definition.timing.keys().map(String::as_str);
        let shared = Parameter::ALL.into_iter().map(|parameter| parameter.name());
        let all: Vec<&str> = own.chain(shared).collect();
        if all.contains(&name) {
            return Ok(());
        }
        Err((path.to_owned(), Problem::UnknownParameter { name: name.to_owned(), known: all.join(", ") }))
    }

    fn openings(&self) -> Result<(), Found> {
        for (role, opening) in &self.definition.opening {
            let path = format!("/opening/{}", escaped(role));
            self.client(role, &path)?;
            let endless = |why: String| Problem::EndlessOpening { role: role.clone(), why };
            let mut chain = vec![role.as_str()];
            let mut next = opening.after.as_deref();
            while let Some(after) = next {
                self.client(after, &format!("{path}/after"))?;
                if chain.contains(&after) {
                    chain.push(after);
                    return Err((
                        format!("{path}/after"),
                        endless(format!("{} wait for each other", chain.join(", "))),
                    ));
                }
                chain.push(after);
                next = self.definition.opening.get(after).and_then(|opening| opening.after.as_deref());
            }
            if opening.turns.is_empty() && opening.success == Some(Success::LastTurn) {
                let why = "it has no turns: add `turns`, or write `success: handshake`".to_owned();
                return Err((format!("{path}/success"), endless(why)));
            }
            if let Some(Success::OpenFor(span)) = &opening.success
                && self.parameter(span, "").is_err()
            {
                let path = format!("{path}/success/open_for");
                span.parse::<HumanDuration>().map_err(|error| (path, Problem::Duration(error.to_string())))?;
            }
            for (turn, number) in opening.turns.iter().zip(0..) {
                let (side, is_client, message) = match turn {
                    Turn::Client(message) => ("client", true, message),
                    Turn::Server(message) => ("server", false, message),
                };
                self.message(role, is_client, message, &format!("{path}/turns/{number}/{side}"))?;
            }
        }
        Ok(())
    }

    /// A message that is written out has a name that its sender knows.
    fn message(&self, role: &str, is_client: bool, message: &Value, path: &str) -> Result<(), Found> {
        match self.definition.messages.name.name(message) {
            Some(name) if !name.contains('$') => self.known(role, is_client, name, path),
            _ => Ok(()),
        }
    }

    fn asks(&self) -> Result<(), Found> {
        for (role, ask) in &self.definition.ask {
            let path = format!("/ask/{}", escaped(role));
            self.client(role, &path)?;
            self.message(role, true, &ask.send, &format!("{path}/send"))?;
            self.message(role, false, &ask.answer, &format!("{path}/answer"))?;
        }
        for (aside, number) in self.definition.asides.iter().zip(0..) {
            let path = format!("/asides/{number}");
            aside.roles.0.iter().try_for_each(|role| self.client(role, &format!("{path}/roles")))?;
            let forms = [("client", &aside.client), ("server", &aside.server), ("either", &aside.either)];
            let given: Vec<_> = forms.iter().filter_map(|(key, form)| Some((*key, form.as_ref()?))).collect();
            let [(key, form)] = given[..] else {
                let problem = "expected one of `client`, `server` and `either`".to_owned();
                return Err((path, Problem::Other(problem)));
            };
            for is_client in [true, false] {
                if key == "either" || (key == "client") == is_client {
                    self.message(ANY, is_client, form, &format!("{path}/{key}"))?;
                }
            }
        }
        Ok(())
    }

    fn absent(&self) -> Result<(), Found> {
        let ids = self.definition.absent.keys();
        ids.into_iter().try_for_each(|id| self.requirement(id, &format!("/absent/{}", escaped(id))))
    }
}

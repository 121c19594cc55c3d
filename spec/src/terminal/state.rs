//! The order of one terminal connection, as an observer on its wire can know it.
//!
//! The first message makes the connection a host's or a viewer's, whatever it was opened as.

use std::collections::BTreeSet;

use super::ViewerCode;
use crate::order::{Breach, Order, Said};

/// The order rules of a new connection of a host or a viewer; a client of another role may open it as it likes.
#[must_use]
pub fn order(role: &str) -> Box<dyn Order> {
    let opening = match role {
        "host" => Some(("register", "TERM-H1")),
        "viewer" => Some(("auth", "TERM-V1")),
        _ => None,
    };
    Box::new(Connection { opening, place: Place::Opening })
}

/// Viewers of one host are remembered up to this many.
const MAX_BROWSERS: usize = 10_000;

struct Connection {
    /// How the client has to open it, and the requirement that says so.
    opening: Option<(&'static str, &'static str)>,
    place: Place,
}

enum Place {
    /// The client has said nothing.
    Opening,
    /// The client has opened with something else.
    Refused,
    Host(Host),
    Viewer(Viewer),
}

#[derive(Default)]
struct Host {
    /// How many `register` are not answered.
    asked: usize,
    has_code: bool,
    browsers: BTreeSet<String>,
}

#[derive(Default)]
struct Viewer {
    /// How many `auth` are not answered.
    asked: usize,
    code: Option<ViewerCode>,
    is_connected: bool,
    is_refused: bool,
}

fn breach(requirement: &'static str, why: impl Into<String>) -> Result<(), Breach> {
    Err(Breach { requirement, why: why.into() })
}

impl Order for Connection {
    fn client_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let name = said.name();
        let is_first = matches!(self.place, Place::Opening);
        if is_first {
            self.place = match name {
                "register" => Place::Host(Host::default()),
                "auth" => Place::Viewer(Viewer::default()),
                _ => Place::Refused,
            };
        }
        match (&mut self.place, name) {
            (Place::Host(host), "register") => host.asked += 1,
            (Place::Viewer(viewer), "auth") => viewer.asks(said)?,
            _ => {}
        }
        match self.opening {
            Some((wanted, requirement)) if is_first && name != wanted => {
                breach(requirement, format!("the first message on the connection is not `{wanted}`"))
            }
            _ => Ok(()),
        }
    }

    fn server_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let name = said.name();
        match &mut self.place {
            Place::Opening if name == "error" => Ok(()),
            Place::Opening => breach(rule(said, "TERM-20"), format!("{} before the first message", shown(said))),
            Place::Refused if name == "error" => Ok(()),
            Place::Refused => breach(
                "TERM-04",
                format!("{} on a connection that opened with neither `register` nor `auth`", shown(said)),
            ),
            Place::Host(host) => host.is_told(said),
            Place::Viewer(viewer) => viewer.is_told(said),
        }
    }
}

impl Host {
    fn is_told(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let name = said.name();
        match name {
            "error" => return Ok(()),
            "registered" if self.asked == 0 => return breach("TERM-01", "`registered` without a `register`"),
            "registered" => {
                self.asked -= 1;
                self.has_code = true;
                return Ok(());
            }
            _ if !self.has_code => {
                return breach(rule(said, "TERM-21"), format!("{} before `registered`", shown(said)));
            }
            _ => {}
        }
        let Said::Message(message) = said else { return Ok(()) };
        let Some(id) = message["browser_id"].as_str() else { return Ok(()) };
        let is_full = self.browsers.len() == MAX_BROWSERS;
        match name {
            "browser_connected" if !is_full && !self.browsers.insert(id.to_owned()) => {
                breach("TERM-10", "`browser_connected` with the `browser_id` of a viewer that is connected")
            }
            "browser_disconnected" if !self.browsers.remove(id) && !is_full => {
                breach("TERM-11", "`browser_disconnected` with a `browser_id` that no connected viewer has")
            }
            _ => Ok(()),
        }
    }
}

impl Viewer {
    fn asks(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Said::Message(message) = said else { return Ok(()) };
        self.asked += 1;
        let code = message["session_code"].as_str().and_then(ViewerCode::new);
        let is_same = code.iter().zip(&self.code).any(|(new, old)| new.is_same(old));
        self.code = code;
        if self.is_refused && is_same {
            return breach("TERM-V1", "`auth` again with the code that was refused");
        }
        Ok(())
    }

    fn is_told(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        if self.is_refused {
            return breach("TERM-03", format!("{} after `auth_failed`, where only the close is due", shown(said)));
        }
        match said.name() {
            "error" => Ok(()),
            name @ ("auth_success" | "auth_failed") if self.asked == 0 => {
                breach(rule(said, "TERM-20"), format!("`{name}` without an `auth`"))
            }
            "auth_success" => {
                self.asked -= 1;
                self.is_connected = true;
                Ok(())
            }
            "auth_failed" => {
                self.asked -= 1;
                self.is_refused = true;
                Ok(())
            }
            _ if !self.is_connected => breach(rule(said, "TERM-20"), format!("{} before `auth_success`", shown(said))),
            _ => Ok(()),
        }
    }
}

/// The requirement that says when a relay sends this, or `binary`.
fn rule(said: &Said<'_>, binary: &'static str) -> &'static str {
    match (said, said.name()) {
        (Said::Binary(_), _) => binary,
        (_, "registered") => "TERM-01",
        (_, "auth_success") => "TERM-02",
        (_, "auth_failed") => "TERM-03",
        (_, "browser_connected") => "TERM-10",
        (_, "browser_disconnected") => "TERM-11",
        (_, "create_session") => "TERM-23",
        _ => "TERM-22",
    }
}

fn shown(said: &Said<'_>) -> String {
    match said {
        Said::Binary(_) => "a binary message".to_owned(),
        Said::Message(_) => format!("`{}`", said.name()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Plays what client (`>`) and server (`<`) said, null for a binary message; the requirement that the last of it breaks, if any. What
    /// comes before must break none, but for what the client (`!`) does wrong on purpose.
    fn play(role: &str, story: &[(char, Value)]) -> Option<&'static str> {
        let mut order = order(role);
        let mut broken = None;
        for (who, message) in story {
            assert_eq!(broken, None, "{role}: before {message} in {story:?}");
            let said = if message.is_null() { Said::Binary(b"\x011x") } else { Said::Message(message) };
            let verdict = if *who == '<' { order.server_said(&said) } else { order.client_said(&said) };
            broken = verdict.err().map(|breach| breach.requirement).filter(|_| *who != '!');
        }
        broken
    }

    #[test]
    fn each_rule_of_a_host_is_broken_and_kept() {
        let register = || ('>', json!({ "type": "register" }));
        let registered = || ('<', json!({ "type": "registered" }));
        let list = || ('>', json!({ "type": "session_list" }));
        let error = || ('<', json!({ "type": "error" }));
        let came = |id: &str| ('<', json!({ "type": "browser_connected", "browser_id": id }));
        let left = |id: &str| ('<', json!({ "type": "browser_disconnected", "browser_id": id }));
        let bytes = |who| (who, Value::Null);
        for (story, broken) in [
            (vec![register(), registered(), came("1"), list(), bytes('>'), bytes('<'), came("2"), left("1")], None),
            (vec![register(), registered(), came("1"), left("1"), came("1")], None),
            (vec![register(), error()], None),
            (vec![list()], Some("TERM-H1")),
            (vec![bytes('>')], Some("TERM-H1")),
            (vec![('>', json!({ "type": "auth" }))], Some("TERM-H1")),
            (vec![registered()], Some("TERM-01")),
            (vec![register(), registered(), registered()], Some("TERM-01")),
            (vec![register(), came("1")], Some("TERM-10")),
            (vec![register(), bytes('<')], Some("TERM-21")),
            (vec![register(), registered(), came("1"), came("1")], Some("TERM-10")),
            (vec![register(), registered(), came("1"), left("2")], Some("TERM-11")),
            (vec![register(), registered(), came("1"), left("1"), left("1")], Some("TERM-11")),
            (vec![error()], None),
            (vec![('!', Value::Null), error()], None),
            (vec![('!', Value::Null), registered()], Some("TERM-04")),
        ] {
            assert_eq!(play("host", &story), broken, "{story:?}");
        }
    }

    #[test]
    fn each_rule_of_a_viewer_is_broken_and_kept() {
        let auth = |code: &str| ('>', json!({ "type": "auth", "session_code": code }));
        let success = || ('<', json!({ "type": "auth_success" }));
        let failed = || ('<', json!({ "type": "auth_failed" }));
        let error = || ('<', json!({ "type": "error" }));
        let list = || ('<', json!({ "type": "session_list" }));
        let create = || ('>', json!({ "type": "create_session" }));
        let bytes = |who| (who, Value::Null);
        for (story, broken) in [
            (vec![auth("A"), success(), bytes('<'), list(), bytes('>'), create(), error()], None),
            (vec![auth("A"), error()], None),
            (vec![auth("A"), success(), auth("A")], None),
            (vec![auth("A"), failed(), auth("B")], None),
            (vec![auth("A"), failed(), auth("a")], Some("TERM-V1")),
            (vec![create()], Some("TERM-V1")),
            (vec![bytes('>')], Some("TERM-V1")),
            (vec![success()], Some("TERM-02")),
            (vec![failed()], Some("TERM-03")),
            (vec![bytes('<')], Some("TERM-20")),
            (vec![auth("A"), success(), success()], Some("TERM-02")),
            (vec![auth("A"), success(), failed()], Some("TERM-03")),
            (vec![auth("A"), bytes('<')], Some("TERM-20")),
            (vec![auth("A"), list()], Some("TERM-22")),
            (vec![auth("A"), failed(), error()], Some("TERM-03")),
            (vec![auth("A"), failed(), success()], Some("TERM-03")),
            (vec![('!', json!({ "type": "create_session" })), error()], None),
            (vec![('!', json!({ "type": "create_session" })), success()], Some("TERM-04")),
        ] {
            assert_eq!(play("viewer", &story), broken, "{story:?}");
        }
    }

    #[test]
    fn the_first_message_decides_the_role() {
        let auth = ('>', json!({ "type": "auth", "session_code": "A" }));
        let success = ('<', json!({ "type": "auth_success" }));
        assert_eq!(play("", &[auth.clone(), success.clone()]), None);
        assert_eq!(play("host", &[('!', auth.1), success]), None);
    }
}

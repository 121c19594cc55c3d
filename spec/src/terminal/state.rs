//! The order rules of a terminal connection. The first message makes it a host's or a viewer's.

use std::collections::BTreeSet;

use super::ViewerCode;
use crate::order::{Observed, Order, RuleViolation, violation};

/// The order rules of a new connection of a host or a viewer; a client of another role may open it in any way.
pub fn order(role: &str) -> Box<dyn Order> {
    let opening = match role {
        "host" => Some(("register", "TERM-H1")),
        "viewer" => Some(("auth", "TERM-V1")),
        _ => None,
    };
    Box::new(TerminalOrder { opening, state: TerminalState::Opening })
}

/// The number of a host's viewers that are remembered.
const MAX_BROWSERS: usize = 10_000;

struct TerminalOrder {
    /// The required first message, and the requirement behind it.
    opening: Option<(&'static str, &'static str)>,
    state: TerminalState,
}

enum TerminalState {
    Opening,
    /// The client opened with an invalid message.
    Refused,
    Host(HostProgress),
    Viewer(ViewerProgress),
}

#[derive(Default)]
struct HostProgress {
    unanswered: usize,
    has_code: bool,
    browsers: BTreeSet<String>,
}

#[derive(Default)]
struct ViewerProgress {
    unanswered: usize,
    code: Option<ViewerCode>,
    is_connected: bool,
    is_refused: bool,
}

impl Order for TerminalOrder {
    fn client_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let name = observed.name();
        let is_first = matches!(self.state, TerminalState::Opening);
        if is_first {
            self.state = match name {
                "register" => TerminalState::Host(HostProgress::default()),
                "auth" => TerminalState::Viewer(ViewerProgress::default()),
                _ => TerminalState::Refused,
            };
        }
        match (&mut self.state, name) {
            (TerminalState::Host(host), "register") => host.unanswered += 1,
            (TerminalState::Viewer(viewer), "auth") => viewer.send_auth(observed)?,
            _ => {}
        }
        match self.opening {
            Some((wanted, requirement)) if is_first && name != wanted => {
                violation(requirement, format!("the first message on the connection is not `{wanted}`"))
            }
            _ => Ok(()),
        }
    }

    fn server_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let name = observed.name();
        match &mut self.state {
            TerminalState::Opening if name == "error" => Ok(()),
            TerminalState::Opening => {
                violation(rule(observed, "TERM-20"), format!("{} before the first message", shown(observed)))
            }
            TerminalState::Refused if name == "error" => Ok(()),
            TerminalState::Refused => violation(
                "TERM-04",
                format!("{} on a connection that opened with neither `register` nor `auth`", shown(observed)),
            ),
            TerminalState::Host(host) => host.receive(observed),
            TerminalState::Viewer(viewer) => viewer.receive(observed),
        }
    }
}

impl HostProgress {
    fn receive(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let name = observed.name();
        match name {
            "error" => return Ok(()),
            "registered" if self.unanswered == 0 => return violation("TERM-01", "`registered` without a `register`"),
            "registered" => {
                self.unanswered -= 1;
                self.has_code = true;
                return Ok(());
            }
            _ if !self.has_code => {
                return violation(rule(observed, "TERM-21"), format!("{} before `registered`", shown(observed)));
            }
            _ => {}
        }
        let Observed::Message(message) = observed else { return Ok(()) };
        let Some(id) = message["browser_id"].as_str() else { return Ok(()) };
        let is_full = self.browsers.len() == MAX_BROWSERS;
        match name {
            "browser_connected" if !is_full && !self.browsers.insert(id.to_owned()) => {
                violation("TERM-10", "`browser_connected` with the `browser_id` of a viewer that is connected")
            }
            "browser_disconnected" if !self.browsers.remove(id) && !is_full => {
                violation("TERM-11", "`browser_disconnected` with a `browser_id` that no connected viewer has")
            }
            _ => Ok(()),
        }
    }
}

impl ViewerProgress {
    fn send_auth(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Observed::Message(message) = observed else { return Ok(()) };
        self.unanswered += 1;
        let code = message["session_code"].as_str().and_then(ViewerCode::new);
        let is_same = code.iter().zip(&self.code).any(|(new, old)| new.is_same(old));
        self.code = code;
        if self.is_refused && is_same {
            return violation("TERM-V1", "`auth` again with the code that was refused");
        }
        Ok(())
    }

    fn receive(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        if self.is_refused {
            return violation("TERM-03", format!("{} after `auth_failed`, instead of the close", shown(observed)));
        }
        match observed.name() {
            "error" => Ok(()),
            name @ ("auth_success" | "auth_failed") if self.unanswered == 0 => {
                violation(rule(observed, "TERM-20"), format!("`{name}` without an `auth`"))
            }
            "auth_success" => {
                self.unanswered -= 1;
                self.is_connected = true;
                Ok(())
            }
            "auth_failed" => {
                self.unanswered -= 1;
                self.is_refused = true;
                Ok(())
            }
            _ if !self.is_connected => {
                violation(rule(observed, "TERM-20"), format!("{} before `auth_success`", shown(observed)))
            }
            _ => Ok(()),
        }
    }
}

/// The requirement about the moment when a relay sends this message, or `binary`.
fn rule(observed: &Observed<'_>, binary: &'static str) -> &'static str {
    match (observed, observed.name()) {
        (Observed::Binary(_), _) => binary,
        (_, "registered") => "TERM-01",
        (_, "auth_success") => "TERM-02",
        (_, "auth_failed") => "TERM-03",
        (_, "browser_connected") => "TERM-10",
        (_, "browser_disconnected") => "TERM-11",
        (_, "create_session") => "TERM-23",
        _ => "TERM-22",
    }
}

fn shown(observed: &Observed<'_>) -> String {
    match observed {
        Observed::Binary(_) => "a binary message".to_owned(),
        Observed::Message(_) => format!("`{}`", observed.name()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::order::violated_by;

    #[test]
    fn each_rule_of_a_host_is_violated_and_kept() {
        let register = || ('>', json!({ "type": "register" }));
        let registered = || ('<', json!({ "type": "registered" }));
        let list = || ('>', json!({ "type": "session_list" }));
        let error = || ('<', json!({ "type": "error" }));
        let came = |id: &str| ('<', json!({ "type": "browser_connected", "browser_id": id }));
        let left = |id: &str| ('<', json!({ "type": "browser_disconnected", "browser_id": id }));
        let bytes = |who| (who, Value::Null);
        for (messages, violated) in [
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
            assert_eq!(violated_by(order("host"), &messages), violated, "{messages:?}");
        }
    }

    #[test]
    fn each_rule_of_a_viewer_is_violated_and_kept() {
        let auth = |code: &str| ('>', json!({ "type": "auth", "session_code": code }));
        let success = || ('<', json!({ "type": "auth_success" }));
        let failed = || ('<', json!({ "type": "auth_failed" }));
        let error = || ('<', json!({ "type": "error" }));
        let list = || ('<', json!({ "type": "session_list" }));
        let create = || ('>', json!({ "type": "create_session" }));
        let bytes = |who| (who, Value::Null);
        for (messages, violated) in [
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
            assert_eq!(violated_by(order("viewer"), &messages), violated, "{messages:?}");
        }
    }

    #[test]
    fn first_message_decides_the_role() {
        let auth = ('>', json!({ "type": "auth", "session_code": "A" }));
        let success = ('<', json!({ "type": "auth_success" }));
        assert_eq!(violated_by(order(""), &[auth.clone(), success.clone()]), None);
        assert_eq!(violated_by(order("host"), &[('!', auth.1), success]), None);
    }
}

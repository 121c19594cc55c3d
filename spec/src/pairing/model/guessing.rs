//! Joins with wrong codes.

use serde_json::json;

use super::PairingModel;
use super::forms::error;
use crate::model::{Op, Script};
use crate::pairing::MAX_FAILED_JOINS;

/// A code that no host has, except with a probability of 1 in 482 million.
const UNKNOWN: &str = "346789";

impl PairingModel {
    pub(super) fn wrong_code(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), Some(viewer)) = (self.name(op.on), self.viewers.get(&op.on).cloned()) else { return false };
        let code = self.hosts.get(&op.with).map(|host| host.code.clone());
        let (wrong, is_short) = match (op.how % 8, code) {
            (1, Some(code)) => (json!({ "change": "lower", "of": format!("${{{code}}}") }), false),
            (2, Some(code)) => (json!({ "change": "shorter", "of": format!("${{{code}}}") }), true),
            (3, Some(code)) => (json!({ "change": "full_width", "of": format!("${{{code}}}") }), false),
            (4, Some(code)) => (json!(format!(" ${{{code}}}")), true),
            (5, Some(code)) => (json!(format!("${{{code}}}\n")), true),
            (6, _) => (json!(""), true),
            (7, _) => (json!("ABCDE0"), false),
            _ => (json!(UNKNOWN), false),
        };
        let is_plain = wrong == UNKNOWN;
        if viewer.host.is_none() && !(self.may_fail(op.on) && (is_plain || viewer.failed.1 + 1 < MAX_FAILED_JOINS)) {
            return false;
        }
        self.ready(&name, script);
        let join = json!({ "type": "join", "code": wrong });
        if is_short {
            script.send_invalid(&name, join);
        } else {
            script.send(&name, join);
        }
        let of_form = error("INVALID_MESSAGE");
        match (viewer.host.is_some(), is_plain, is_short) {
            (true, _, false) => script.expect(&name, error("ALREADY_JOINED"), "PAIR-23 joins-once"),
            (true, _, true) => {
                script.expect_one(&name, &[error("ALREADY_JOINED"), of_form], "PAIR-23 joins-once-whatever-the-code");
            }
            (false, true, _) => script.expect(&name, error("INVALID_CODE"), "PAIR-21 unknown-code"),
            (false, false, _) => {
                script.expect_one(&name, &[error("INVALID_CODE"), of_form], "PAIR-24 malformed-code");
            }
        }
        if viewer.host.is_none() && is_plain {
            self.failed(op.on, script);
        } else if viewer.host.is_none()
            && let Some(viewer) = self.viewers.get_mut(&op.on)
        {
            viewer.failed.1 += 1;
        }
        true
    }

    pub(super) fn guess(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.profile.holds("PAIR-91") {
            return false;
        }
        let name = format!("g{}", self.tick());
        let send = |script: &mut Script| script.send(&name, json!({ "type": "join", "code": UNKNOWN }));
        script.connect(&name, "/browser", "PAIR-01 viewers-connect");
        let round = Script::inner(|script| {
            send(script);
            script.expect(&name, error("INVALID_CODE"), "PAIR-21 unknown-code");
        });
        script.in_turn("guess", MAX_FAILED_JOINS - 1, round);
        if op.how % 2 == 1 {
            self.ask(&name, "PAIR-21 guesser-stays-open", script);
        }
        send(script);
        script.expect(&name, error("INVALID_CODE"), "PAIR-21 unknown-code");
        script.expect_close(&name, &[1008], "PAIR-91 guessing-is-bounded");
        true
    }
}

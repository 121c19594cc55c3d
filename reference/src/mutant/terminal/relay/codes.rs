//! Mutants of codes: TERM-02, TERM-03.

use serde_json::json;

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("admits-no-one", &["TERM-02"], "does not answer a viewer with a valid code").starving(),
    Mutant::new("capitals-only", &["TERM-02"], "rejects a code in lower case"),
    Mutant::new("used-up-by-close", &["TERM-02"], "rejects a code after a viewer has left with a Close frame"),
    Mutant::new("used-up-by-fin", &["TERM-02"], "rejects a code after a viewer has left with FIN"),
    Mutant::new("used-up-by-reset", &["TERM-02"], "rejects a code after a viewer has left with a reset"),
    Mutant::new("used-up-by-violation", &["TERM-02"], "rejects a code after a viewer has left with a violation"),
    Mutant::new("no-reason", &["TERM-03"], "refuses without a reason"),
    Mutant::new("no-reason-at-all", &["TERM-03"], "closes the connection without `auth_failed` for an unknown code")
        .causing(&["TERM-40", "TERM-50"]),
    Mutant::new("lets-anybody-in", &["TERM-03"], "accepts viewers with an unknown code")
        .causing(&["TERM-40", "TERM-50"]),
    Mutant::new("refused-otherwise", &["TERM-03"], "closes with 1000 after a refusal"),
    Mutant::new("no-code-is-any", &["TERM-03"], "accepts an empty code as that of any host"),
    Mutant::new("codes-need-an-end", &["TERM-03"], "accepts a code without its last character"),
    Mutant::new("codes-are-cut", &["TERM-03"], "accepts a code with additional characters"),
    Mutant::new("codes-are-trimmed", &["TERM-03"], "accepts a code with a leading space"),
    Mutant::new("hosts-hear-of-slips", &["TERM-03"], "notifies a host of a viewer with a too long code")
        .causing(&["TERM-10"]),
    Mutant::new("codes-are-folded", &["TERM-03"], "accepts a code in full-width letters"),
    Mutant::new("odd-letters-are-malformed", &["TERM-03"], "answers a code with other letters with `error`"),
    Mutant::new("huge-codes-end", &["TERM-03"], "disconnects on a code of a hundred thousand letters"),
    Mutant::new("an-empty-code-closed-otherwise", &["TERM-03"], "closes with 1000 for an empty code"),
    Mutant::new("a-short-code-closed-otherwise", &["TERM-03"], "closes with 1000 for a code that is too short"),
    Mutant::new("a-long-code-closed-otherwise", &["TERM-03"], "closes with 1000 for a code that is too long"),
    Mutant::new("a-blank-closed-otherwise", &["TERM-03"], "closes with 1000 for a code with a leading space"),
    Mutant::new("wide-letters-closed-otherwise", &["TERM-03"], "closes with 1000 for full-width letters"),
    Mutant::new("odd-letters-closed-otherwise", &["TERM-03"], "closes with 1000 for letters that no code has"),
    Mutant::new("a-huge-code-closed-otherwise", &["TERM-03"], "closes with 1000 for a code that is huge"),
];

const ALPHABET: &str = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// The name that mutants use for an unusual code.
fn case(code: &str) -> &'static str {
    match code.len() {
        _ if !code.is_ascii() => "wide-letters",
        _ if code.starts_with(' ') => "a-blank",
        0 => "an-empty-code",
        1..6 => "a-short-code",
        6 if code.to_uppercase().chars().any(|it| !ALPHABET.contains(it)) => "odd-letters",
        6 => "",
        7..1000 => "a-long-code",
        _ => "a-huge-code",
    }
}

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, relay.mutant, observed.kind) {
        (Flow::In, _, "auth") if relay.side.is_none() => asked(relay, observed, state),
        (Flow::Out, "admits-no-one", "auth_success") | (Flow::Out, "no-reason-at-all", "auth_failed") => {
            Some(Effect::nothing())
        }
        (Flow::Out, "no-reason", "auth_failed") => Some(observed.with("reason", "")),
        (Flow::Out, "lets-anybody-in", "auth_failed") => {
            Some(Effect::text(&json!({ "type": "auth_success" }), observed.frame))
        }
        (Flow::Out, "odd-letters-are-malformed", "auth_failed") if case(&relay.asked) == "odd-letters" => {
            Some(Effect::text(&json!({ "type": "error", "message": "This is no code." }), observed.frame))
        }
        (Flow::Out, "hosts-hear-of-slips", "auth_failed") => {
            let host = state.terminals.within(&relay.asked)?;
            Some(Effect::notifying(host, &json!({ "type": "browser_connected", "browser_id": "slip" }), observed.frame))
        }
        (Flow::Out, mutant, _) if observed.frame.close_code() == 1008 => {
            let odd = mutant.strip_suffix("-closed-otherwise");
            let is_odd = relay.words == 1 && relay.case.is_none() && odd == Some(case(&relay.asked));
            (is_odd || mutant == "refused-otherwise").then(|| Effect::closed(1000))
        }
        _ => None,
    }
}

fn asked(relay: &TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let asked = &*relay.asked;
    let known = match (relay.mutant, case(asked)) {
        ("no-code-is-any", "an-empty-code") if observed.message["session_code"].is_string() => {
            state.terminals.beginning("")?.to_owned()
        }
        ("codes-need-an-end", "a-short-code") => state.terminals.beginning(asked)?.to_owned(),
        ("codes-are-cut", "a-long-code") => asked.get(..6)?.to_owned(),
        ("codes-are-trimmed", "a-blank") => asked.trim().to_owned(),
        ("codes-are-folded", "wide-letters") => {
            let folded = asked.chars().map(|it| match it {
                '！'..='～' => char::from_u32(u32::from(it) - 0xFEE0).unwrap_or(it),
                _ => it,
            });
            folded.collect()
        }
        ("huge-codes-end", "a-huge-code") => return Some(Effect::ended(observed.frame, 1009)),
        ("capitals-only", _) if asked.contains(char::is_lowercase) => "-".to_owned(),
        (mutant, _) if mutant.starts_with("used-up-") => {
            let session = relay.session(state)?;
            let is_used_up = session.partings.iter().any(|parting| parting.is_of(mutant));
            return is_used_up.then(|| observed.with("session_code", "-"));
        }
        _ => return None,
    };
    Some(observed.with("session_code", known))
}

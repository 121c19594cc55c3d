//! Mutants of codes: TERM-02, TERM-03.

use serde_json::json;

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{House, Said, Way};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("lets-nobody-in", &["TERM-02"], "answers no viewer that knows the code").starving(),
    Mutant::new("capitals-only", &["TERM-02"], "does not know a code in small letters"),
    Mutant::new("used-up-by-close", &["TERM-02"], "does not know a code that a viewer has left by a Close frame"),
    Mutant::new("used-up-by-fin", &["TERM-02"], "does not know a code that a viewer has left by a FIN"),
    Mutant::new("used-up-by-reset", &["TERM-02"], "does not know a code that a viewer has left by a reset"),
    Mutant::new("used-up-by-violation", &["TERM-02"], "does not know a code that a viewer has left by a violation"),
    Mutant::new("no-reason", &["TERM-03"], "refuses without a reason"),
    Mutant::new("no-reason-at-all", &["TERM-03"], "closes instead of saying that a code is unknown")
        .causing(&["TERM-40", "TERM-50"]),
    Mutant::new("lets-anybody-in", &["TERM-03"], "lets viewers in that know no code").causing(&["TERM-40", "TERM-50"]),
    Mutant::new("refused-otherwise", &["TERM-03"], "closes with 1000 after a refusal"),
    Mutant::new("no-code-is-any", &["TERM-03"], "takes an empty code for that of some host"),
    Mutant::new("codes-need-an-end", &["TERM-03"], "takes a code that lacks its last character"),
    Mutant::new("codes-are-cut", &["TERM-03"], "takes a code with more characters behind it"),
    Mutant::new("codes-are-trimmed", &["TERM-03"], "takes a code with a blank in front"),
    Mutant::new("hosts-hear-of-slips", &["TERM-03"], "tells a host of a viewer that is refused for more than its code")
        .causing(&["TERM-10"]),
    Mutant::new("codes-are-folded", &["TERM-03"], "takes a code in full-width letters"),
    Mutant::new("odd-letters-are-malformed", &["TERM-03"], "answers a code of other letters with `error`"),
    Mutant::new("huge-codes-end", &["TERM-03"], "closes the connection for a code of a hundred thousand letters"),
    Mutant::new("an-empty-code-closed-otherwise", &["TERM-03"], "closes with 1000 for an empty code"),
    Mutant::new("a-short-code-closed-otherwise", &["TERM-03"], "closes with 1000 for a code that is too short"),
    Mutant::new("a-long-code-closed-otherwise", &["TERM-03"], "closes with 1000 for a code that is too long"),
    Mutant::new("a-blank-closed-otherwise", &["TERM-03"], "closes with 1000 for a code with a blank in front"),
    Mutant::new("wide-letters-closed-otherwise", &["TERM-03"], "closes with 1000 for full-width letters"),
    Mutant::new("odd-letters-closed-otherwise", &["TERM-03"], "closes with 1000 for letters that no code has"),
    Mutant::new("a-huge-code-closed-otherwise", &["TERM-03"], "closes with 1000 for a code that is huge"),
];

/// Of which codes are.
const ALPHABET: &str = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// What is odd about a code.
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

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    match (seen.way, relay.mutant, seen.kind) {
        (Way::In, _, "auth") if relay.side.is_none() => asked(relay, seen, house),
        (Way::Out, "lets-nobody-in", "auth_success") | (Way::Out, "no-reason-at-all", "auth_failed") => {
            Some(Said::nothing())
        }
        (Way::Out, "no-reason", "auth_failed") => Some(seen.with("reason", "")),
        (Way::Out, "lets-anybody-in", "auth_failed") => {
            Some(Said::text(&json!({ "type": "auth_success" }), seen.frame))
        }
        (Way::Out, "odd-letters-are-malformed", "auth_failed") if case(&relay.asked) == "odd-letters" => {
            Some(Said::text(&json!({ "type": "error", "message": "This is no code." }), seen.frame))
        }
        (Way::Out, "hosts-hear-of-slips", "auth_failed") => {
            let host = house.terminals.within(&relay.asked)?;
            Some(Said::telling(host, &json!({ "type": "browser_connected", "browser_id": "slip" }), seen.frame))
        }
        (Way::Out, mutant, _) if seen.frame.close_code() == 1008 => {
            let odd = mutant.strip_suffix("-closed-otherwise");
            let is_odd = relay.words == 1 && relay.case.is_none() && odd == Some(case(&relay.asked));
            (is_odd || mutant == "refused-otherwise").then(|| Said::closed(1000))
        }
        _ => None,
    }
}

fn asked(relay: &Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let asked = &*relay.asked;
    let known = match (relay.mutant, case(asked)) {
        ("no-code-is-any", "an-empty-code") if seen.message["session_code"].is_string() => {
            house.terminals.beginning("")?.to_owned()
        }
        ("codes-need-an-end", "a-short-code") => house.terminals.beginning(asked)?.to_owned(),
        ("codes-are-cut", "a-long-code") => asked.get(..6)?.to_owned(),
        ("codes-are-trimmed", "a-blank") => asked.trim().to_owned(),
        ("codes-are-folded", "wide-letters") => {
            let folded = asked.chars().map(|it| match it {
                '！'..='～' => char::from_u32(u32::from(it) - 0xFEE0).unwrap_or(it),
                _ => it,
            });
            folded.collect()
        }
        ("huge-codes-end", "a-huge-code") => return Some(Said::ended(seen.frame, 1009)),
        ("capitals-only", _) if asked.contains(char::is_lowercase) => "-".to_owned(),
        (mutant, _) if mutant.starts_with("used-up-") => {
            let session = relay.session(house)?;
            let is_used_up = session.partings.iter().any(|parting| parting.is_of(mutant));
            return is_used_up.then(|| seen.with("session_code", "-"));
        }
        _ => return None,
    };
    Some(seen.with("session_code", known))
}

//! Mutants of endpoints: PAIR-01 to PAIR-03.

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Admission, Effect, Flow};
use crate::mutant::wire::{CLOSE, Frame};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-hosts", &["PAIR-01"], "answers hosts with 404").starving(),
    Mutant::new("no-viewers", &["PAIR-01"], "answers viewers with 404").starving(),
    Mutant::new("unknown-paths-404", &["PAIR-02"], "answers unknown paths with 404"),
    Mutant::new("path-closed-otherwise", &["PAIR-02"], "closes unknown paths with 1008"),
    Mutant::new("path-closed-unsaid", &["PAIR-02"], "closes unknown paths without a reason"),
    Mutant::new("root-is-mac", &["PAIR-02"], "accepts the root as an endpoint"),
    Mutant::new("viewers-have-two-paths", &["PAIR-02"], "accepts viewers at /viewer too"),
    Mutant::new("longer-paths", &["PAIR-02"], "accepts hosts at paths below /mac"),
    Mutant::new("paths-of-any-case", &["PAIR-02"], "accepts hosts at /MAC"),
    Mutant::new("slash-behind", &["PAIR-02"], "accepts hosts at /mac/"),
    Mutant::new("beginnings-of-paths", &["PAIR-02"], "accepts viewers at every path that starts with /browser"),
    Mutant::new("paths-in-queries", &["PAIR-02"], "reads the path from a query"),
    Mutant::new("no-queries-of-hosts", &["PAIR-03"], "rejects /mac with a query"),
    Mutant::new("no-queries-of-viewers", &["PAIR-03"], "rejects /browser with a query"),
];

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

pub(super) fn asks(relay: &mut PairingLink, head: &mut Vec<u8>) -> Admission {
    let (path, query) =
        relay.target.split_once('?').map_or((&*relay.target, None), |(path, query)| (path, Some(query)));
    let taken = match (relay.mutant, path) {
        ("no-hosts", "/mac") | ("no-viewers", "/browser") => return Admission::Answered(NOT_FOUND),
        ("unknown-paths-404", path) if path != "/mac" && path != "/browser" => return Admission::Answered(NOT_FOUND),
        ("root-is-mac", "/") if query.is_none() => "/mac",
        ("viewers-have-two-paths", "/viewer") => "/browser",
        ("longer-paths", path) if path.starts_with("/mac/") && path != "/mac/" => "/mac",
        ("paths-of-any-case", "/MAC") | ("slash-behind", "/mac/") => "/mac",
        ("beginnings-of-paths", path) if path.starts_with("/browser") => "/browser",
        ("paths-in-queries", _) if query == Some("path=/mac") => "/mac",
        ("no-queries-of-hosts", "/mac") | ("no-queries-of-viewers", "/browser") if query.is_some() => "/nowhere",
        _ => return Admission::Onward,
    };
    let rest = head.iter().skip_while(|byte| **byte != b' ').skip(1).skip_while(|byte| **byte != b' ');
    *head = [b"GET ", taken.as_bytes(), &rest.copied().collect::<Vec<_>>()].concat();
    Admission::Onward
}

pub(super) fn alters(relay: &PairingLink, observed: &Observed<'_>) -> Option<Effect> {
    let is_path = observed.flow == Flow::Out && observed.frame.close_code() == 4000;
    Some(match relay.mutant {
        "path-closed-otherwise" if is_path => {
            let payload = [&1008_u16.to_be_bytes(), &observed.frame.payload[2..]].concat();
            Effect { onward: vec![Frame { head: CLOSE, masked: false, payload }], ..Effect::default() }
        }
        "path-closed-unsaid" if is_path => Effect { onward: vec![link::closing(4000, false)], ..Effect::default() },
        _ => return None,
    })
}

//! Faults that tolerate what RFC 6455 forbids, or have others suffer for it: WIRE-06.

use super::{Relay, Seen};
use crate::fault::Fault;
use crate::fault::link::{self, House, Said, Way};
use crate::fault::wire::{CLOSE, Frame, PING, TEXT};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new("violations-pass", &["WIRE-06"], "closes for a violation of RFC 6455 as if all were well"),
    Fault::new("tolerates-opcode-3", &["WIRE-06"], "passes over messages with a reserved opcode"),
    Fault::new("tolerates-opcode-11", &["WIRE-06"], "passes over control frames with a reserved opcode"),
    Fault::new("tolerates-first-bit", &["WIRE-06"], "passes over the first reserved bit"),
    Fault::new("tolerates-last-bit", &["WIRE-06"], "passes over the last reserved bit"),
    Fault::new("tolerates-no-mask", &["WIRE-06"], "reads frames of a client without mask").causing(&["PAIR-70"]),
    Fault::new("tolerates-no-utf-8", &["WIRE-06"], "replaces what is no UTF-8").causing(&["PAIR-73"]),
    Fault::new("tolerates-surrogates", &["WIRE-06"], "replaces surrogates that are encoded as UTF-8"),
    Fault::new("tolerates-late-no-utf-8", &["WIRE-06"], "replaces what is no UTF-8 in a later fragment"),
    Fault::new("tolerates-orphans", &["WIRE-06"], "takes a fragment that continues nothing for a message"),
    Fault::new("tolerates-interleaving", &["WIRE-06"], "passes over a message inside another"),
    Fault::new("tolerates-long-pings", &["WIRE-06"], "cuts a Ping that is too long"),
    Fault::new("tolerates-split-pings", &["WIRE-06"], "takes a fragment of a Ping for a whole one"),
    Fault::new("tolerates-half-a-code", &["WIRE-06"], "takes half a close code for none"),
    Fault::new("tolerates-1005", &["WIRE-06"], "takes a close code that is never sent"),
    Fault::new("tolerates-any-reason", &["WIRE-06"], "takes a close reason that is no UTF-8"),
    Fault::new("violations-deafen", &["WIRE-06"], "loses data of others after seven violations").causing(&["PAIR-73"]),
    Fault::new("seven-strikes", &["WIRE-06"], "takes nobody after seven violations in a row"),
    Fault::new("eight-strikes", &["WIRE-06"], "takes nobody after eight violations in a row"),
];

/// Whoever has connected so shortly before is in the same row.
const ROW: usize = 12;

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let code = seen.frame.close_code();
    if seen.way == Way::Out {
        if !matches!(code, 1002 | 1007) {
            return None;
        }
        house.sessions.violators.push(relay.number);
        return (relay.fault == "violations-pass").then(|| Said::closed(1000));
    }
    if relay.fault == "violations-deafen" && seen.kind == "data" && house.sessions.violators(relay.number + ROW) >= 7 {
        return Some(Said::nothing());
    }
    // What the last frame but for this one has left open.
    let is_amid = std::mem::replace(&mut relay.was_amid, relay.is_amid);
    let (frame, payload) = (seen.frame, &*seen.frame.payload);
    let (opcode, is_valid) = (frame.head & 0x0F, str::from_utf8(payload).is_ok());
    let is_surrogate = payload.windows(2).any(|two| two[0] == 0xED && two[1] >= 0xA0);
    let lossy = || String::from_utf8_lossy(payload).into_owned().into_bytes();
    let tolerated = match relay.fault {
        "tolerates-opcode-3" if opcode == 3 => return Some(Said::nothing()),
        "tolerates-opcode-11" if opcode == 11 => return Some(Said::nothing()),
        "tolerates-interleaving" if is_amid && opcode == 1 => return Some(Said::nothing()),
        "tolerates-first-bit" if frame.head & 0x40 != 0 => Frame { head: frame.head & !0x40, ..frame.clone() },
        "tolerates-last-bit" if frame.head & 0x10 != 0 => Frame { head: frame.head & !0x10, ..frame.clone() },
        "tolerates-no-mask" if !frame.masked => link::masked(frame),
        "tolerates-no-utf-8" if frame.head == TEXT && !is_valid && !is_surrogate => {
            Frame { payload: lossy(), ..frame.clone() }
        }
        "tolerates-surrogates" if frame.head == TEXT && is_surrogate => Frame { payload: lossy(), ..frame.clone() },
        "tolerates-late-no-utf-8" if opcode == 0 && !is_valid => Frame { payload: lossy(), ..frame.clone() },
        "tolerates-orphans" if opcode == 0 && !is_amid => Frame { head: TEXT, ..frame.clone() },
        "tolerates-long-pings" if frame.head == PING && payload.len() > 125 => {
            Frame { payload: payload[..125].to_vec(), ..frame.clone() }
        }
        "tolerates-split-pings" if frame.head == PING & 0x0F => Frame { head: PING, ..frame.clone() },
        "tolerates-half-a-code" if frame.head == CLOSE && payload.len() == 1 => {
            Frame { payload: Vec::new(), ..frame.clone() }
        }
        "tolerates-1005" if code == 1005 && payload.len() > 1 => link::closing(1000, frame.masked),
        "tolerates-any-reason" if frame.head == CLOSE && !is_valid && payload.len() > 2 => {
            Frame { payload: payload[..2].to_vec(), ..frame.clone() }
        }
        _ => return None,
    };
    Some(Said { onward: vec![tolerated], ..Said::default() })
}

/// Whether nobody may connect.
pub(super) fn bars(relay: &Relay, house: &House) -> bool {
    let most = match relay.fault {
        "seven-strikes" => 7,
        "eight-strikes" => 8,
        _ => return false,
    };
    let row = relay.number.saturating_sub(most)..relay.number;
    row.into_iter().all(|number| house.sessions.violators.contains(&number))
}

impl super::Sessions {
    /// How many violators there were shortly before a connection.
    fn violators(&self, number: usize) -> usize {
        self.violators.iter().filter(|one| (number.saturating_sub(ROW)..=number).contains(*one)).count()
    }
}

//! The daemon's sessions and commands, in bounded memory: everything fits the content of one `Response`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use relayspec::rpc::{CommandComplete, CommandRecord, Message, Scope, SessionEnd, SessionStart};
use serde::Serialize;

/// The memory limit, in bytes of JSON. The oldest commands are dropped first, then ended sessions, then the oldest sessions.
const MOST_BYTES: usize = 12 << 20;
/// What a session, a command or an attribute costs besides its texts.
const OVERHEAD: usize = 128;

#[derive(Debug, Default)]
pub(super) struct SessionTable {
    /// In order of their first `SessionStart`.
    all: BTreeMap<u64, SessionRecord>,
    numbers: HashMap<String, u64>,
    ended: BTreeSet<u64>,
    /// The session of each command, oldest first.
    history: VecDeque<u64>,
    last: u64,
    bytes: usize,
}

#[derive(Debug)]
struct SessionRecord {
    start: SessionStart,
    commands: VecDeque<CommandRecord>,
    command_ids: HashSet<String>,
}

#[derive(Serialize)]
struct SessionSummary<'a> {
    session_id: &'a str,
    parent_session_id: Option<&'a str>,
    active: bool,
    attrs: &'a BTreeMap<String, String>,
    commands: Vec<&'a str>,
}

impl SessionTable {
    /// Processes a message; returns whether anything changed.
    pub(super) fn take(&mut self, message: &Message) -> bool {
        let is_new = match message {
            Message::SessionStart(start) => self.start(start),
            Message::SessionEnd(end) => self.end(end),
            Message::CommandComplete(complete) => self.complete(complete),
            _ => false,
        };
        while self.bytes > MOST_BYTES && self.forget() {}
        is_new
    }

    fn start(&mut self, start: &SessionStart) -> bool {
        let known = self.numbers.get(&start.session_id).copied();
        if let Some((number, session)) = known.and_then(|number| Some((number, self.all.get_mut(&number)?))) {
            let was_active = !self.ended.remove(&number);
            let is_same = was_active && session.start.attrs == start.attrs;
            self.bytes -= of_attrs(&session.start.attrs);
            self.bytes += of_attrs(&start.attrs);
            // RPC-10, RPC-11: everything else stays.
            session.start.attrs.clone_from(&start.attrs);
            return !is_same;
        }
        if of_start(start) > MOST_BYTES {
            return false;
        }
        self.last += 1;
        self.bytes += of_start(start);
        self.numbers.insert(start.session_id.clone(), self.last);
        let session = SessionRecord { start: start.clone(), commands: VecDeque::new(), command_ids: HashSet::new() };
        self.all.insert(self.last, session);
        true
    }

    fn end(&mut self, end: &SessionEnd) -> bool {
        self.numbers.get(&end.session_id).is_some_and(|number| self.ended.insert(*number))
    }

    fn complete(&mut self, complete: &CommandComplete) -> bool {
        let Some(number) = self.numbers.get(&complete.session_id).copied() else { return false };
        let Some(session) = self.all.get_mut(&number) else { return false };
        let cost = of_record(&complete.record);
        // A client that saw no `Ack` may repeat a command.
        if cost > MOST_BYTES || !session.command_ids.insert(complete.record.command_id.clone()) {
            return false;
        }
        session.commands.push_back(complete.record.clone());
        self.history.push_back(number);
        self.bytes += cost;
        true
    }

    /// Drops the oldest entry; false if there is none.
    fn forget(&mut self) -> bool {
        if let Some(session) = self.history.pop_front().and_then(|number| self.all.get_mut(&number)) {
            if let Some(record) = session.commands.pop_front() {
                session.command_ids.remove(&record.command_id);
                self.bytes -= of_record(&record);
            }
            return true;
        }
        let Some(number) = self.ended.pop_first().or(self.all.keys().next().copied()) else { return false };
        if let Some(session) = self.all.remove(&number) {
            self.numbers.remove(&session.start.session_id);
            self.bytes -= of_start(&session.start);
        }
        true
    }

    pub(super) fn summaries(&self, asking: &str, scope: &Scope) -> String {
        let is_asked_for = |id: &str| match scope {
            Scope::AllSessions => true,
            Scope::CurrentSession => id == asking,
            Scope::Sessions(ids) => ids.iter().any(|wanted| wanted == id),
        };
        let asked_for = self.all.iter().filter(|(_, session)| is_asked_for(&session.start.session_id));
        let summaries = asked_for.map(|(number, session)| SessionSummary {
            session_id: &session.start.session_id,
            parent_session_id: session.start.parent_session_id.as_deref(),
            active: !self.ended.contains(number),
            attrs: &session.start.attrs,
            commands: session.commands.iter().filter_map(|record| record.command_line.as_deref()).collect(),
        });
        serde_json::to_string(&summaries.collect::<Vec<_>>()).unwrap_or_default()
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = Message> + '_ {
        let starts = self.all.values().map(|session| Message::SessionStart(session.start.clone()));
        let mut read: HashMap<u64, usize> = HashMap::new();
        let commands = self.history.iter().filter_map(move |number| {
            let session = self.all.get(number)?;
            let at = read.entry(*number).or_default();
            *at += 1;
            let record = session.commands.get(*at - 1)?.clone();
            Some(Message::CommandComplete(CommandComplete { session_id: session.start.session_id.clone(), record }))
        });
        let ended = self.ended.iter().filter_map(|number| self.all.get(number));
        let ends = ended.map(|session| {
            let session_id = session.start.session_id.clone();
            Message::SessionEnd(SessionEnd { session_id, timestamp_ms: session.start.timestamp_ms, exit_code: None })
        });
        starts.chain(commands).chain(ends)
    }
}

fn of_text(text: &str) -> usize {
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    });
    escaped.sum()
}

fn of_attrs(attrs: &BTreeMap<String, String>) -> usize {
    attrs.iter().map(|(name, value)| of_text(name) + of_text(value) + OVERHEAD).sum()
}

fn of_start(start: &SessionStart) -> usize {
    let parent = start.parent_session_id.as_deref().map(of_text).unwrap_or_default();
    of_text(&start.session_id) + parent + of_attrs(&start.attrs) + OVERHEAD
}

fn of_record(record: &CommandRecord) -> usize {
    let optional = |text: &Option<String>| text.as_deref().map(of_text).unwrap_or_default();
    let ids = 2 * of_text(&record.command_id) + of_text(&record.session_id);
    ids + optional(&record.command_line) + optional(&record.cwd) + of_text(&record.output_summary) + OVERHEAD
}

//! Invalid scenario files: one message each, with position and remedy.

use std::fmt::Write as _;

use conformance::scenario::{load, load_file};

const FILE: &str = "scenarios/pairing/wrong.yaml";

/// A script with these steps from line 6 on.
fn script(steps: &str) -> String {
    format!(
        "summary: A host gets a code.\ncovers: [PAIR-10]\nunder_test: relay\nsteps:\n  - connect: {{ as: host, to: /mac }}\n{steps}  - expect: {{ on: host, json: {{ type: registered }}, check: registers }}\n"
    )
}

/// A script with an invalid line 6.
fn step(step: &str) -> String {
    script(&format!("  - {step}\n"))
}

/// A script with one line of its header replaced.
fn header(line: &str, other: &str) -> String {
    let valid = script("");
    assert!(valid.contains(line), "{line}");
    valid.replace(line, other)
}

/// Loads each text; their errors, under the names of the cases.
fn errors(cases: &[(&str, String)]) -> String {
    let (mut all, mut wrong) = (String::new(), Vec::new());
    for (name, text) in cases {
        let Err(error) = load(FILE, text) else {
            wrong.push(format!("{name}: it loads"));
            continue;
        };
        let shown = error.to_string();
        let place = format!("{FILE}:{}:{}: ", error.place.line, error.place.column);
        // What is missing may be missing at the end of the file.
        let inside = error.place.line > 0 && error.place.line as usize <= text.lines().count() + 1;
        if shown.contains('\n') || !inside || error.place.column == 0 || !shown.starts_with(&place) {
            wrong.push(format!("{name}: `{shown}` is not one line with a position in the file"));
        }
        let _ = writeln!(all, "# {name}\n{shown}\n");
    }
    assert!(wrong.is_empty(), "{}\n\n{all}", wrong.join("\n"));
    all
}

macro_rules! cases {
    ($($name:literal => $text:expr,)*) => { &[$(($name, $text.to_string())),*] };
}

#[test]
fn valid_scripts_load() {
    for text in [
        script(""),
        step("send: { on: host, json: { type: ping, ts: 1 } }"),
        step("many: { as: i, count: 2, steps: [{ meet: {} }] }"),
    ] {
        load(FILE, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[test]
fn of_form() {
    let shown = errors(cases! {
        "empty" => "",
        "a comment alone" => "# nothing yet\n",
        "prose" => "Dear relay, please register a host.",
        "not YAML: a flow map left open" => script("  - send: { on: host, json: { type: ping\n"),
        "not YAML: a quote left open" => step("send: { on: host, text: 'ping }"),
        "not YAML: indented by a tab" => script("\t- mute: { on: host }\n"),
        "not YAML: a tab inside the indentation" => script("  - many:\n\t  as: i\n"),
        "not YAML: less indented than its list" => script(" - mute: { on: host }\n"),
        "JSON that is a list" => "[1, 2]",
        "two documents" => format!("{}---\n{}", script(""), script("")),
        "no `steps`" => "summary: A host gets a code.\ncovers: [PAIR-10]\nunder_test: relay\n",
        "no `summary`" => header("summary: A host gets a code.\n", ""),
        "an unknown key in the header" => header("under_test: relay", "undertest: relay"),
        "a key twice in the header" => header("under_test: relay", "under_test: relay\nunder_test: relay"),
        "steps that are no list" => "summary: A.\ncovers: [PAIR-10]\nunder_test: relay\nsteps: none\n",
        "a step that is only a word" => step("mute"),
        "a step inside `many` that is only a word" => step("many: { as: i, count: 2, steps: [meet] }"),
        "a step that is a number" => step("5"),
        "an argument of a step without arguments" => step("meet: { with: host }"),
        "a step without its name" => step("{ on: host, json: { type: registered } }"),
        "an unknown step" => step("transmit: { on: host, text: ping }"),
        "two steps in one" => step("mute: { on: host }\n    stall: { on: host }"),
        "a step with nothing in it" => step("mute:"),
        "an unknown key in a step" => step("send: { on: host, jsn: { type: ping, ts: 1 } }"),
        "a key twice in a step" => step("send: { on: host, on: host, text: ping }"),
        "a key that is missing in a step" => step("quiet: { on: host }"),
        "a text instead of a number" => step("close: { on: host, code: normal }"),
        "a number that is too great" => step("close: { on: host, code: 65536 }"),
        "a negative number" => step("many: { as: i, count: -1, steps: [] }"),
        "one code instead of a list" => step("expect: { on: host, close: { code: 1000 } }"),
        "an unknown trait" => header("steps:", "traits: [light]\nsteps:"),
        "an unknown way to cut" => step("cut: { on: host, by: axe }"),
        "an unknown opcode" => step("frame: { on: host, opcode: pong!, text: x }"),
        "an opcode out of range" => step("frame: { on: host, opcode: 16, text: x }"),
        "an alias of nothing" => step("send: *ping"),
    });
    insta::assert_snapshot!(shown);
}

#[test]
fn of_values() {
    let shown = errors(cases! {
        "a span without unit" => step("quiet: { on: host, for: 5 }"),
        "a span of an unknown parameter" => step("quiet: { on: host, for: code_lifespan }"),
        "a span that ends with its sign" => step("wait: { for: code_lifetime + }"),
        "a span with an unknown unit" => step("wait: { for: 3 days }"),
        "a span in the header" => header("steps:", "longest_wait: forever\nsteps:"),
        "a size with an unknown unit" => step("connect: { as: other, to: /mac, receive_buffer: 4 KB }"),
        "a size that is no number" => step("connect: { as: other, to: /mac, receive_buffer: small }"),
        "a check with capitals" => step("quiet: { on: host, for: 1ms, check: Stays-Quiet }"),
        "a check with spaces" => step("quiet: { on: host, for: 1ms, check: it stays quiet }"),
        "a check with a requirement and no name" => step("quiet: { on: host, for: 1ms, check: PAIR-10 }"),
        "a check with the runner's own name" => step("quiet: { on: host, for: 1ms, check: lint }"),
        "`is` with an unknown kind" => step("expect: { on: host, json: { code: { is: texts } } }"),
        "`repeat` without an end" => step("send: { on: host, text: { repeat: x, times: 1000000000 }, invalid: too long }"),
        "`repeat` of a negative number" => step("send: { on: host, text: { repeat: x, times: -1 } }"),
        "`repeat` of a list" => step("send: { on: host, text: { repeat: [x], times: 2 } }"),
        "a number in a binary message" => step("send: { on: host, binary: [{ hex: '01' }, 1] }"),
        "half a byte in a binary message" => step("send: { on: host, binary: [{ hex: '0ff' }] }"),
        "a list in a binary message" => step("send: { on: host, binary: [[a]] }"),
        "two gaps in a binary message" => step("expect: { on: host, binary: [{ is: anything }, a, { is: anything }] }"),
        "a dollar alone" => step("send: { on: host, text: 5 $ each }"),
        "a variable with capitals" => step("send: { on: host, text: 'a ${Code}' }"),
        "a variable that is left open" => step("send: { on: host, text: 'a ${code' }"),
    });
    insta::assert_snapshot!(shown);
}

#[test]
fn of_sense() {
    let shown = errors(cases! {
        "an empty summary" => header("A host gets a code.", "''"),
        "no step" => "summary: A.\ncovers: [PAIR-10]\nunder_test: relay\nsteps: []\n",
        "an unknown role" => header("under_test: relay", "under_test: relais"),
        "an unknown requirement" => header("PAIR-10", "PAIR-999"),
        "a second requirement that is unknown" => header("[PAIR-10]", "\n  - PAIR-10\n  - PAIR-9"),
        "a requirement in small letters" => header("PAIR-10", "pair-10"),
        "a requirement that binds another role" => header("PAIR-10", "PAIR-H1"),
        "a requirement twice" => header("[PAIR-10]", "[PAIR-10, PAIR-10]"),
        "no requirement" => header("[PAIR-10]", "[]"),
        "covers without a check" => header("[PAIR-10]", "[PAIR-10, PAIR-30]"),
        "a check that `covers` lacks" => step("quiet: { on: host, for: 1ms, check: PAIR-30 stays-quiet }"),
        "a check of an unknown requirement" => step("quiet: { on: host, for: 1ms, check: PAIR-999 stays-quiet }"),
        "a check of two requirements" => header("[PAIR-10]", "[PAIR-10, PAIR-30]")
            .replace("  - expect:", "  - quiet: { on: host, for: 1ms, check: PAIR-30 registers }\n  - expect:"),
        "a send with nothing" => step("send: { on: host }"),
        "a send with two contents" => step("send: { on: host, json: { type: ping, ts: 1 }, text: ping }"),
        "a binary message with a gap that is sent" => step("send: { on: host, binary: [a, { is: anything }], invalid: binary }"),
        "a binary message with an unknown variable" => step("expect: { on: host, binary: [a, $b] }"),
        "an expect with nothing" => step("expect: { on: host }"),
        "an expect with two" => step("expect: { on: host, ping: {}, json: { type: pong } }"),
        "a choice with nothing" => step("expect: { on: host, any_of: [{ named: a }, { named: b, loss: {} }] }"),
        "`bind` without names" => step("expect: { on: host, bind: which, any_of: [{ close: {} }, { loss: {} }] }"),
        "a wait for nothing" => step("wait: {}"),
        "a wait with `plus` and no moment" => step("wait: { for: 1s, plus: 1s }"),
        "a connection before any is open" => script("").replace("connect: { as: host, to: /mac }", "mute: { on: host }"),
        "a connection that is not opened" => step("mute: { on: viewer }"),
        "a connection that was opened inside `many`" =>
            script("  - many: { as: i, count: 2, steps: [{ connect: { as: viewer, to: /browser } }] }\n  - mute: { on: viewer }\n"),
        "a connection with a hyphen" => step("connect: { as: second-host, to: /mac }"),
        "a connection of an unknown role" => step("connect: { as: other, to: /mac, role: guest }"),
        "a path without its slash" => step("connect: { as: other, to: mac }"),
        "a path with a space" => step("refused: { to: '/mac 2' }"),
        "a variable without a value" => step("send: { on: host, json: { type: join, code: $code } }"),
        "a variable that gets its value later" => script("  - wait: { until: $expiry }\n  - expect: { on: host, json: { expiresAt: $expiry } }\n"),
        "a variable with a hyphen" => step("mark: { as: at-last }"),
        "a matcher that is sent" => step("send: { on: host, json: { type: { is: text } } }"),
        "a matcher inside a list that is sent" => step("send: { on: host, text: [a, { not: b }] }"),
        "a matcher that is waited for" => step("wait: { until: { any_of: [1, 2] } }"),
        "hex of an odd length" => step("send: { on: host, hex: 0ff }"),
        "hex with other letters" => step("frame: { on: host, opcode: text, hex: '0x0f' }"),
        "reserved bits out of range" => step("frame: { on: host, opcode: text, text: x, rsv: 8 }"),
        "a frame with two payloads" => step("frame: { on: host, opcode: text, text: x, hex: '78' }"),
        "one fragment" => step("send: { on: host, json: { type: ping, ts: 1 }, fragments: 1 }"),
        "`meet` outside `many`" => step("meet: {}"),
        "`meet` of too many" => step("many: { as: i, count: 10001, at_once: 2, steps: [{ meet: {} }] }"),
        "`many` of none" => step("many: { as: i, count: 0, steps: [{ mute: { on: host } }] }"),
        "`many` of too many" => step("many: { as: i, count: 100001, steps: [{ mute: { on: host } }] }"),
        "`many` of too many at once" => step("many: { as: i, count: 10001, steps: [{ mute: { on: host } }] }"),
        "`many` of too many inside `many`" => script("  - many:\n      as: i\n      count: 400\n      at_once: 1\n      steps:\n        - many: { as: j, count: 400, at_once: 1, steps: [{ mute: { on: host } }] }\n"),
        "too many rounds" => step("latency: { send: { on: host, ping: x }, expect: { on: host, pong: x }, rounds: 10001, apart: 1s, median_at_most: 1s, check: registers }"),
        "a heartbeat of too many" => step("heartbeat: { on: host, count: 10001, every: 1s, tolerance_percent: 10, check: registers }"),
        "too many fragments" => step("send: { on: host, json: { type: ping, ts: 1 }, fragments: 10001 }"),
        "a flood without end" => step("pour: { on: host, json: { type: ping, ts: 1 }, total: 17 GiB, until_blocked_for: 1s }"),
        "a wrong step inside `many`" => script("  - many:\n      as: i\n      count: 2\n      steps:\n        - mute: { on: host }\n        - mute: { on: guest }\n"),
        "an alphabet of one" => step("unpredictable: { values: [a, b], alphabet: a, check: registers }"),
        "a heartbeat of none" => step("heartbeat: { on: host, count: 0, every: 1s, tolerance_percent: 10, check: registers }"),
        "a tolerance below zero" => step("heartbeat: { on: host, count: 1, every: 1s, tolerance_percent: -1, check: registers }"),
        "no round" => step("latency: { send: { on: host, ping: x }, expect: { on: host, pong: x }, rounds: 0, apart: 1s, median_at_most: 1s, check: registers }"),
        "a check of memory without a bound" => step("memory: { check: registers }"),
        "a process that is ended without the trait" => step("terminate: {}"),
    });
    insta::assert_snapshot!(shown);
}

#[test]
fn the_id_of_a_file_does_not_depend_on_the_spelling_of_its_path() {
    let folder = crate::support::folder("loader-ids/mine");
    std::fs::write(folder.join("late.yaml"), script("")).expect("written");
    std::os::unix::fs::symlink(&folder, folder.with_file_name("link")).expect("a link");
    let parent = folder.parent().expect("a folder");
    for path in ["mine/late.yaml", "mine/./late.yaml", "mine/../mine/late.yaml", "link/late.yaml"] {
        let scenario = load_file(&parent.join(path)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scenario[0].id.as_str(), "mine/late", "{path}");
    }
}

#[test]
fn of_files() {
    let folder = crate::support::folder("loader-errors");
    std::fs::write(folder.join("latin-1.yaml"), b"summary: Gr\xfc\xdfe\n").expect("written");
    let mut shown = String::new();
    for name in ["none.yaml", ".", "latin-1.yaml"] {
        let error = load_file(&folder.join(name)).expect_err("an error").to_string();
        let _ = writeln!(shown, "{}", error.replace(&folder.display().to_string(), "FOLDER"));
    }
    let _ = writeln!(shown, "{}", load("scenarios/pairings/a.yaml", &script("")).expect_err("an error"));
    insta::assert_snapshot!(shown);
}

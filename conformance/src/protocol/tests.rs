//! Protocols that load, and the errors of those that do not.

use std::fs;
use std::path::PathBuf;

use super::{BUILT_IN, Protocol, all_built_in};

const CHAT: &str = "name: chat
roles:
  server: server
  clients: { member: { path: /chat } }
messages:
  directions:
    member-to-server:
      messages:
        hi: { inline: { type: object } }
        say: { schema: say.json }
    server-to-member:
      messages:
        welcome: { inline: { type: object } }
opening:
  member:
    turns:
      - client: { type: hi }
      - server: { type: welcome }
order:
  member:
    start: fresh
    rules:
      - on: { client: hi }
        in: fresh
        to: ready
      - on: { client: say }
        in: fresh
        violates: CHAT-01
";
const SAY: &str = r##"{ "type": "object", "properties": { "text": { "$ref": "#/$defs/text" } }, "$defs": { "text": { "type": "string" } } }"##;
const REQUIREMENTS: &str = "**CHAT-01** MUST · member · The first message is `hi`.\n";

/// A folder with a protocol, changed by replacing texts, and more files.
fn folder(name: &str, changes: &[(&str, &str)], files: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("relayspec-protocol-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let mut text = CHAT.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "`{old}` is not in the text");
        text = text.replace(old, new);
    }
    for (file, content) in [("protocol.yaml", text.as_str()), ("say.json", SAY), ("requirements.md", REQUIREMENTS)] {
        fs::write(folder.join(file), content).expect("a file");
    }
    for (file, content) in files {
        fs::write(folder.join(file), content).expect("a file");
    }
    folder
}

#[test]
fn all_built_in_protocols_load() {
    let all = all_built_in().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(all.iter().map(|protocol| protocol.name()).collect::<Vec<_>>(), BUILT_IN);
    for protocol in all {
        for channel in &protocol.channels {
            for (name, schema) in &channel.messages {
                schema.validator().unwrap_or_else(|error| panic!("{} {name}: {error}", protocol.name()));
            }
        }
    }
}

#[test]
fn a_folder_loads_with_its_schemas_and_requirements() {
    let folder = folder("sound", &[], &[]);
    let protocol = Protocol::load(&folder.display().to_string()).unwrap_or_else(|error| panic!("{error}"));
    let channel = protocol.channel("member", "server").expect("a channel");
    let say = channel.messages["say"].validator().expect("a validator");
    assert!(say.is_valid(&serde_json::json!({ "text": "hi" })));
    assert!(!say.is_valid(&serde_json::json!({ "text": 1 })));
    assert!(protocol.requirements_of("member").any(|id| id == "CHAT-01"));
    assert!(protocol.requirements_of("member").any(|id| id == "RECON-01"));
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn errors_have_place_and_remedy() {
    let remote = r#"{ "$ref": "https://example.com/x.json" }"#;
    let dangling = r##"{ "$ref": "#/$defs/nothing" }"##;
    let mut report = String::new();
    for (name, changes, files) in [
        ("unknown-key", vec![("roles:", "rules: 1\nroles:")], vec![]),
        ("missing-schema", vec![("say.json", "none.json")], vec![]),
        ("no-schema", vec![("{ schema: say.json }", "{}")], vec![]),
        ("outside", vec![("say.json", "../say.json")], vec![]),
        ("invalid-schema", vec![], vec![("say.json", r#"{ "type": "words" }"#)]),
        ("invalid-inline", vec![("hi: { inline: { type: object } }", "hi: { inline: { type: 7 } }")], vec![]),
        ("remote", vec![], vec![("say.json", remote)]),
        ("dangling", vec![], vec![("say.json", dangling)]),
        ("no-json", vec![], vec![("say.json", "{ \"type\": ")]),
        ("not-utf8-name", vec![("name: chat", "name: Chat")], vec![]),
        ("requirement-line", vec![], vec![("requirements.md", "**CHAT-01** MUSTN'T · member · Never.")]),
        ("duplicate-id", vec![], vec![("requirements.md", "**A-1** MUST · member · A.\n**A-1** MUST · member · B.")]),
        ("unknown-role", vec![], vec![("requirements.md", "**A-1** MUST · peer · A.")]),
        ("unknown-requirement", vec![("violates: CHAT-01", "violates: CHAT-02")], vec![]),
        ("without-direction", vec![("member-to-server", "member-to-member")], vec![]),
        ("order-message", vec![("- on: { client: say }", "- on: { client: shout }")], vec![]),
        ("order-side", vec![("- on: { client: say }", "- on: { server: say }")], vec![]),
        ("order-state", vec![("to: ready", "to: open")], vec![]),
        (
            "order-state-2",
            vec![("        in: fresh\n        violates", "        in: ready2\n        violates")],
            vec![],
        ),
        ("opening-message", vec![("- server: { type: welcome }", "- server: { type: hello }")], vec![]),
        ("opening-circle", vec![("  member:\n    turns:", "  member:\n    after: member\n    turns:")], vec![]),
        (
            "opening-empty",
            vec![(
                "    turns:\n      - client: { type: hi }\n      - server: { type: welcome }",
                "    success: last_turn",
            )],
            vec![],
        ),
        ("extends-itself", vec![("name: chat", "extends: .\nname: chat")], vec![]),
        ("extends-nothing", vec![("name: chat", "extends: chatter\nname: chat")], vec![]),
        ("twice", vec![("name: chat", "name: chat\nname: chat")], vec![]),
        ("duration", vec![("name: chat", "name: chat\ntiming: { beat: 5 seconds }")], vec![]),
        ("empty", vec![(CHAT, "")], vec![]),
    ] {
        let folder = folder(name, &changes, &files);
        let result = Protocol::load(&folder.display().to_string());
        let text = match result {
            Ok(_) => "LOADED".to_owned(),
            Err(error) => error.to_string().replace(&folder.display().to_string(), "chat"),
        };
        report.push_str(&format!("{name}\n  {text}\n"));
        let _ = fs::remove_dir_all(folder);
    }
    insta::assert_snapshot!(report);
}

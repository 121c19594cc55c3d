//! Checks the page on the scenario language against the types: it is complete, invents nothing, and every example loads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use conformance::scenario::step::STEPS;
use conformance::scenario::{Script, Term, load};
use relayspec::schema;
use serde_json::Value;

use super::{names, yaml};

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    std::fs::read_to_string(path).expect("a page")
}

/// The cells of each row of each table, without separators; for each table the heading above it.
fn tables(page: &str) -> Vec<(String, Vec<Vec<String>>)> {
    let (mut tables, mut heading, mut is_inside) = (Vec::new(), String::new(), false);
    for line in page.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text.to_owned();
        }
        let cells = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |"));
        let Some(cells) = cells else {
            is_inside = false;
            continue;
        };
        if !is_inside {
            tables.push((heading.clone(), Vec::new()));
            is_inside = true;
        } else if !cells.starts_with("---") {
            let (_, rows) = tables.last_mut().expect("a table");
            rows.push(cells.split(" | ").map(str::to_owned).collect());
        }
    }
    tables
}

/// The text between backticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The words between backticks, of `by: reset` the first.
fn keys(text: &str) -> BTreeSet<String> {
    let word = |code: &str| code.split(':').next().unwrap_or_default().to_owned();
    code(text).into_iter().map(word).filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).collect()
}

/// The keys in brackets.
fn optional(text: &str) -> BTreeSet<String> {
    text.split('[').skip(1).flat_map(|part| keys(part.split(']').next().unwrap_or_default())).collect()
}

fn target<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    name.map_or(schema, |name| &document["$defs"][name])
}

#[test]
fn has_every_step_with_its_keys_and_no_others() {
    let (document, page) = (schema::document::<Script>(), page("scenarios.md"));
    let rows: Vec<_> = tables(&page).into_iter().filter(|(heading, _)| heading.starts_with("Steps: ")).collect();
    let mut documented: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    // The steps have three columns; the table of what `expect` waits for has three too.
    for row in rows.iter().flat_map(|(_, rows)| rows).filter(|row| row.len() == 3) {
        for name in keys(&row[0]) {
            documented.entry(name).or_insert_with(|| (keys(&row[1]), optional(&row[1])));
        }
    }
    let steps = document["$defs"]["Step"]["oneOf"].as_array().expect("the steps");
    let mut problems = Vec::new();
    for (name, step) in steps.iter().flat_map(|step| step["properties"].as_object()).flatten() {
        let step = target(&document, step);
        let keys: BTreeSet<_> = names(&step["properties"]).into_iter().collect();
        let Some((listed, bracketed)) = documented.get(name) else {
            problems.push(format!("`{name}` has no row"));
            continue;
        };
        problems.extend(keys.difference(listed).map(|key| format!("`{name}` has the key `{key}`, the page does not")));
        problems.extend(listed.difference(&keys).map(|key| format!("`{name}` has no key `{key}`, the page has")));
        let required: BTreeSet<_> =
            step["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let wrong = bracketed.iter().filter(|key| required.contains(key.as_str()));
        problems.extend(wrong.map(|key| format!("`{name}` needs `{key}`, and the page has it in brackets")));
        // The page describes choices in words.
        let free: Vec<_> =
            keys.iter().filter(|key| !required.contains(key.as_str()) && !bracketed.contains(*key)).collect();
        if let [key] = &*free {
            problems.push(format!("`{name}` may do without `{key}`, and the page has it without brackets"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn mentions_every_key_that_there_is() {
    let (document, page) = (schema::document::<Script>(), page("scenarios.md"));
    let mentioned: BTreeSet<_> = code(&page.replace("```", "")).into_iter().flat_map(words).collect();
    let definitions = document["$defs"].as_object().expect("definitions").values();
    let all = definitions.chain([&document]).flat_map(|definition| names(&definition["properties"]));
    let missing: BTreeSet<_> = all.filter(|key| !mentioned.contains(key)).collect();
    assert_eq!(missing, BTreeSet::new(), "keys that the page does not mention");
}

fn words(code: &str) -> Vec<String> {
    code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map(str::to_owned).collect()
}

#[test]
fn has_no_duplicate_rows() {
    for (heading, rows) in tables(&page("scenarios.md")) {
        let mut seen = BTreeSet::new();
        for row in &rows {
            let form = code(&row[0]).first().map_or_else(|| row[0].clone(), |code| shape(code));
            let subject = if row[0].starts_with('`') && row[0].ends_with('`') { form } else { row[0].clone() };
            assert!(seen.insert(subject), "under `{heading}` there are two rows on {}", row[0]);
        }
    }
}

/// The keys of a value, if it has any.
fn shape(code: &str) -> String {
    match yaml::<Value>(code) {
        Ok(Value::Object(members)) => members.keys().cloned().collect::<Vec<_>>().join(" "),
        _ => code.to_owned(),
    }
}

#[test]
fn values_and_patterns_parse_as_described() {
    let page = page("scenarios.md");
    let rows =
        tables(&page).into_iter().filter(|(heading, _)| heading == "Values and patterns").flat_map(|(_, rows)| rows);
    let mut forms = 0;
    for row in rows {
        for code in code(&row[0]) {
            let term = yaml::<Term>(code).unwrap_or_else(|error| panic!("`{code}`: {error}"));
            assert!(!matches!(term, Term::Object(_)), "`{code}` is read as a plain object");
            forms += 1;
        }
    }
    assert!(forms > 8, "the tables of values and patterns were not found");
}

/// The blocks of YAML, which are scenarios.
fn examples(page: &str) -> Vec<String> {
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned());
    blocks.collect()
}

#[test]
fn every_example_loads() {
    let (language, guide) = (examples(&page("scenarios.md")), examples(&page("own-scenarios.md")));
    let mut loaded = 0;
    for text in language.into_iter().chain(guide) {
        load("pairing/example.yaml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        loaded += 1;
    }
    assert!(loaded >= 2, "the examples were not found");
}

#[test]
fn lists_every_step_with_its_example() {
    let rows = STEPS.iter().map(|step| {
        let example = format!("{}: {}", step.keyword, step.example).replace('|', "\\|");
        format!("| `{example}` | {} |\n", step.summary)
    });
    let expected = format!("## Every step\n\n| example | what it does |\n| --- | --- |\n{}", rows.collect::<String>());
    assert!(page("scenarios.md").contains(&expected), "docs/scenarios.md must contain this section:\n\n{expected}");
}

//! Random scripts: valid in form, but rarely in sense. Steps are generated from the schema, so a new kind of step needs nothing here.

use std::collections::BTreeMap;

use conformance::scenario::step::{STEPS, StepKind};
use conformance::scenario::{At, Bytes, CheckName, Kind, Place, Script, Size, Span, Step, Trait};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use relayspec::schema;
use serde_json::{Value, json};

pub(super) fn script() -> impl Strategy<Value = Script> {
    let traits =
        vec(prop_oneof![Just(Trait::OwnProcess), Just(Trait::Heavy), Just(Trait::Driver), Just(Trait::Jitter)], 0..3);
    let params = vec(name(), 0..3);
    let steps = vec(step().prop_map(|value| At { value, place: Place::default() }), 0..6);
    (text(), vec(text(), 0..3), text(), params, of(span()), traits, steps).prop_map(
        |(summary, covers, under_test, params, longest_wait, traits, steps)| Script {
            summary,
            covers,
            under_test,
            params,
            longest_wait,
            traits,
            steps,
        },
    )
}

/// The example of a kind of step, as JSON.
pub(super) fn example(kind: &StepKind) -> Value {
    let text = format!("{{ {}: {} }}", kind.keyword, kind.example);
    super::yaml(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A step of any kind: its example, or one of the form that the schema allows.
pub(super) fn step() -> BoxedStrategy<Step> {
    let forms = Forms::new();
    let kinds = STEPS.iter().map(|kind| {
        let generated = forms.step(kind.keyword, 1);
        prop_oneof![1 => Just(example(kind)), 4 => generated].boxed()
    });
    let read = |value: Value| serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
    Union::new(kinds).prop_map(read).boxed()
}

/// Generates values from the schema of scenarios. Strategies are expensive to make and cheap to clone.
struct Forms {
    document: Value,
    name: BoxedStrategy<String>,
    text: BoxedStrategy<Value>,
    definitions: BTreeMap<&'static str, BoxedStrategy<Value>>,
}

impl Forms {
    fn new() -> Self {
        let definitions = BTreeMap::from([
            ("Term", term().boxed()),
            ("Bytes", bytes().boxed()),
            ("Span", span().prop_map(|span| span.to_string().into()).boxed()),
            ("Size", size().prop_map(|size| size.to_string().into()).boxed()),
            ("CheckName", check().prop_map(|check| check.to_string().into()).boxed()),
            ("Mode", (0..0o10000_u32).prop_map(|mode| format!("{mode:04o}").into()).boxed()),
        ]);
        let text = prop_oneof![name(), text()].prop_map(Value::from).boxed();
        Self { document: schema::document::<Script>(), name: name().boxed(), text, definitions }
    }

    /// A step of a kind; other steps are nested in it up to a depth.
    fn step(&self, keyword: &str, depth: usize) -> BoxedStrategy<Value> {
        let variants = self.document["$defs"]["Step"]["oneOf"].as_array().expect("the steps");
        let step = variants.iter().find_map(|variant| variant["properties"].get(keyword)).expect("a step's schema");
        let keyword = keyword.to_owned();
        self.value(step, &keyword, depth).prop_map(move |keys| json!({ keyword.as_str(): keys })).boxed()
    }

    /// A value of a schema, for the key of this name.
    fn value(&self, schema: &Value, key: &str, depth: usize) -> BoxedStrategy<Value> {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            return match self.definitions.get(name) {
                Some(known) => known.clone(),
                None if name == "Step" => {
                    Union::new(STEPS.iter().map(|kind| self.step(kind.keyword, depth - 1))).boxed()
                }
                None => self.value(&self.document["$defs"][name], key, depth),
            };
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            let choices = choices.iter().filter(|choice| choice["type"] != "null");
            return Union::new(choices.map(|choice| self.value(choice, key, depth))).boxed();
        }
        if let Some(constants) = schema["oneOf"].as_array() {
            return select(constants.iter().map(|one| one["const"].clone()).collect::<Vec<_>>()).boxed();
        }
        match schema["type"].as_str().or_else(|| schema["type"].as_array()?.first()?.as_str()) {
            Some("object") if schema["properties"].is_object() => self.object(schema, depth),
            Some("object") if schema["additionalProperties"].is_object() => {
                let value = self.value(&schema["additionalProperties"], key, depth);
                btree_map(self.name.clone(), value, 0..3).prop_map(|members| members.into_iter().collect()).boxed()
            }
            Some("object") => Just(json!({})).boxed(),
            Some("array") if schema["items"]["$ref"] == "#/$defs/Step" && depth == 0 => Just(json!([])).boxed(),
            Some("array") => vec(self.value(&schema["items"], key, depth), 0..3).prop_map(Value::from).boxed(),
            Some("string") => self.text.clone(),
            Some("integer") => {
                let bound = |name: &str, default| schema[name].as_u64().unwrap_or(default);
                (bound("minimum", 0)..=bound("maximum", 99).min(9_999)).prop_map(Value::from).boxed()
            }
            Some("number") => (0.0..1e3_f64).prop_map(Value::from).boxed(),
            Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
            _ if key == "opcode" => (0..16_u64).prop_map(Value::from).boxed(),
            other => panic!("no generator for `{key}` of type {other:?}: {schema}"),
        }
    }

    /// An object with all required members, and any of the others.
    fn object(&self, schema: &Value, depth: usize) -> BoxedStrategy<Value> {
        let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        let members = properties.map(|(name, property)| {
            let value = self.value(property, name, depth);
            let value =
                if required.contains(&name.as_str()) { value.prop_map(Some).boxed() } else { of(value).boxed() };
            let name = name.clone();
            value.prop_map(move |value| value.map(|value| (name.clone(), value))).boxed()
        });
        members.collect::<Vec<_>>().prop_map(|members| members.into_iter().flatten().collect()).boxed()
    }
}

/// Names of variables and connections, including words that YAML does not read as strings.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("yes".to_owned()), Just("null".to_owned()), Just("on".to_owned()), "[a-z][a-z0-9_]{0,8}"]
}

/// Any text, often one that looks like other YAML.
fn text() -> impl Strategy<Value = String> {
    const ODD: &str = "¦ ¦~¦null¦true¦no¦off¦1¦007¦0x10¦1_000¦1e3¦.inf¦.nan¦-¦--- ¦...¦- a¦a: b¦# c¦a #b¦[¦]¦{}¦&a¦*a¦!t¦|¦>¦'¦\
        \"¦%¦@¦`¦? ¦\\n¦\n¦a\n¦\n a\n\n¦\t¦\ta¦\r¦\r\n¦\0¦\u{7}¦\u{1b}[1m¦\u{7f}¦\u{85}¦\u{a0}¦\u{2028}¦\u{feff}¦\u{feff}a¦\
        \u{fffe}¦\u{ffff}¦🦀¦2026-11-20¦<<¦=¦a, b¦1:30";
    let odd: Vec<_> = ODD.split('¦').map(str::to_owned).collect();
    prop_oneof![3 => proptest::sample::select(odd), 2 => ".{0,12}", 1 => "[ -~\n]{0,90}"]
}

fn check() -> impl Strategy<Value = CheckName> {
    let name = "[a-z][a-z0-9-]{0,12}".prop_filter("the runner's own", |name| name != "story" && name != "lint");
    (of("[A-Z]{2,5}-[A-Z0-9]{1,3}"), name).prop_map(|(requirement, name)| CheckName { requirement, name })
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![0..100_u64, (0..2048_u64).prop_map(|kib| kib << 10), 0..=1_u64 << 50].prop_map(Size)
}

fn span() -> impl Strategy<Value = Span> {
    let literal = prop_oneof![
        (0..10_000_u32, proptest::sample::select(&["ms", "s", "m", "min", "h"][..]))
            .prop_map(|(number, unit)| format!("{number}{unit}")),
        (0.0..1e4).prop_map(|number: f64| format!("{number:.5} ms")),
    ];
    let parameter = proptest::sample::select(&relayspec::timing::Parameter::ALL[..]);
    let scaled = (of(0.0..1e3), parameter).prop_map(|(factor, parameter)| match factor {
        Some(factor) => format!("{factor} {}", parameter.name()),
        None => parameter.name().to_owned(),
    });
    let term = prop_oneof![literal, scaled].boxed();
    (term.clone(), vec((any::<bool>(), term), 0..3)).prop_map(|(first, rest)| {
        let rest = rest.into_iter().map(|(negative, term)| format!("{}{term}", if negative { " - " } else { "+" }));
        let text = first + &rest.collect::<String>();
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    })
}

/// Binary messages, as the JSON of a scenario.
fn bytes() -> impl Strategy<Value = Value> {
    let part = prop_oneof![
        text().prop_map(|text| text.replace('$', "$$").into()),
        name().prop_map(|name| format!("${name}").into()),
        "([0-9a-fA-F]{2} ?){0,9}".prop_map(|digits| json!({ "hex": digits })),
        ("([0-9a-fA-F]{2} ?){0,9}", 0..99_usize).prop_map(|(digits, times)| json!({ "hex": digits, "times": times })),
        (text(), 0..99_usize).prop_map(|(text, times)| json!({ "repeat": text.replace('$', "$$"), "times": times })),
    ];
    (vec(part.clone(), 0..3), any::<bool>(), vec(part, 0..3)).prop_map(|(mut head, gap, tail)| {
        head.extend(gap.then(|| json!({ "is": "anything" })));
        head.extend(tail);
        Value::from(Bytes::try_from(Value::from(head)).unwrap_or_else(|error| panic!("{error}")))
    })
}

/// Terms, as the JSON of a scenario.
fn term() -> impl Strategy<Value = Value> {
    const KINDS: &[Kind] = &[Kind::Text, Kind::String, Kind::Number, Kind::Anything, Kind::Nothing];
    const CHANGES: &[&str] = &["lower", "other_case", "shorter", "full_width"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has none", |number| number.is_finite()).prop_map(Value::from),
        proptest::sample::select(&[0.0, -0.0, 1.0, -1.0, 1e21, 1e-7, 5e-324, f64::MAX, 9007199254740993.0][..])
            .prop_map(Value::from),
        text().prop_map(|text| text.replace('$', "$$").into()),
        name().prop_map(|name| format!("${name}").into()),
        (text(), name()).prop_map(|(text, name)| format!("{}${{{name}}}", text.replace('$', "$$")).into()),
        (text(), 0..99_usize).prop_map(|(text, times)| json!({ "repeat": text.replace('$', "$$"), "times": times })),
        (proptest::sample::select(CHANGES), text())
            .prop_map(|(change, text)| json!({ "change": change, "of": text.replace('$', "$$") })),
        (text(), 0..99_usize).prop_map(|(text, length)| json!({ "made_of": text, "length": length })),
        proptest::sample::select(KINDS).prop_map(|kind| json!({ "is": kind })),
        text().prop_map(|text| json!({ "contains": text.replace('$', "$$") })),
        bytes().prop_map(|bytes| json!({ "base64": bytes })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            members(inner.clone()),
            inner.clone().prop_map(|value| json!({ "not": value })),
            inner.clone().prop_map(|value| json!({ "equals": value })),
            inner.clone().prop_map(|value| json!({ "json_text": value })),
            (inner.clone(), inner.clone()).prop_map(|(one, being)| json!({ "one": one, "being": being })),
            vec(inner.clone(), 0..3).prop_map(|values| json!({ "any_of": values })),
            vec(inner.clone(), 0..3).prop_map(|values| json!({ "begins_with": values })),
            vec(inner, 0..3).prop_map(|values| json!({ "ends_with": values })),
        ]
    })
}

/// The keys of matchers.
const MATCHERS: &[&str] = &[
    "is",
    "not",
    "equals",
    "any_of",
    "json_text",
    "one",
    "being",
    "begins_with",
    "ends_with",
    "repeat",
    "times",
    "change",
    "of",
    "made_of",
    "length",
    "contains",
    "base64",
];

/// Objects that are not matchers.
fn members(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let key = text().prop_filter("a matcher", |key| !MATCHERS.contains(&&**key));
    btree_map(key, inner, 0..3).prop_map(|members: BTreeMap<String, Value>| members.into_iter().collect())
}

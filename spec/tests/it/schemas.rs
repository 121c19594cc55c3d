//! The schemas: valid in their dialect, described, uniquely named, and reviewed as snapshots.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use jsonschema::draft202012;
use relayspec::family::{Channel, FAMILIES, Family};
use relayspec::requirement;
use relayspec::schema::{self, DIALECT};
use serde_json::Value;

pub(crate) struct Schemas {
    tag: fn(&Value) -> Option<&str>,
    direction: Validator,
    /// Without assertion of `format`, which is only an annotation by default.
    lenient: Validator,
    messages: BTreeMap<&'static str, Validator>,
}

impl Schemas {
    pub(crate) fn of(family: &Family, channel: &Channel) -> Self {
        let messages = (channel.schemas)().into_iter().map(|message| (message.name, compiled(&message.schema)));
        let direction = schema::direction(family, channel);
        let lenient = draft202012::options().should_validate_formats(false).build(&direction).expect("a schema");
        Self { tag: family.naming.name, direction: compiled(&direction), lenient, messages: messages.collect() }
    }

    /// Checks a value against the schema of the direction, and against that of the message named by its tag.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        let of_direction = self.direction.validate(value).map_err(|error| described(&error));
        assert_eq!(of_direction.is_ok(), self.lenient.is_valid(value), "only `format` decides about {value}");
        let Some(message) = (self.tag)(value).and_then(|tag| self.messages.get(tag)) else {
            assert!(of_direction.is_err(), "the direction's schema accepts an unknown type");
            return of_direction;
        };
        let of_message = message.validate(value).map_err(|error| described(&error));
        assert_eq!(
            of_direction.is_ok(),
            of_message.is_ok(),
            "the schemas of direction and message differ about {value}"
        );
        of_message
    }
}

fn compiled(schema: &Value) -> Validator {
    draft202012::options().should_validate_formats(true).build(schema).expect("a schema")
}

fn described(error: &jsonschema::ValidationError<'_>) -> String {
    let problem: String = error.to_string().chars().take(200).collect();
    format!("{problem} (at `{}`)", error.instance_path())
}

/// Visits a schema and all schemas within it.
fn walk<'a>(schema: &'a Value, visit: &mut dyn FnMut(&'a Value)) {
    visit(schema);
    for keyword in ["properties", "patternProperties", "$defs", "dependentSchemas"] {
        for inner in schema[keyword].as_object().into_iter().flat_map(|map| map.values()) {
            walk(inner, visit);
        }
    }
    for keyword in ["oneOf", "anyOf", "allOf", "prefixItems"] {
        for inner in schema[keyword].as_array().into_iter().flatten() {
            walk(inner, visit);
        }
    }
    for keyword in ["items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"] {
        if let Some(inner) = schema.get(keyword) {
            walk(inner, visit);
        }
    }
}

/// Visits all schemas within all files, with the path of the file.
fn walk_files(visit: impl Fn(&str, &Value)) {
    for file in FAMILIES.iter().flat_map(schema::files) {
        walk(&file.schema, &mut |schema| visit(&file.path, schema));
    }
}

#[test]
fn schemas_are_valid_in_their_dialect() {
    for file in FAMILIES.iter().flat_map(schema::files) {
        assert_eq!(file.schema["$schema"], DIALECT, "{}", file.path);
        if let Err(error) = draft202012::meta::validate(&file.schema) {
            panic!("{}: {error} (at `{}`)", file.path, error.instance_path());
        }
    }
}

#[test]
fn schemas_are_titled_and_described() {
    for file in FAMILIES.iter().flat_map(schema::files) {
        let text = |schema: &Value, keyword: &str| schema[keyword].as_str().is_some_and(|text| !text.trim().is_empty());
        assert!(text(&file.schema, "title") && text(&file.schema, "description"), "{}", file.path);
        walk(&file.schema, &mut |schema| {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                let is_tag = name == "type" && property.get("const").is_some();
                // A variant is described as a whole.
                let is_variant = schema["additionalProperties"] == false && text(schema, "description");
                let has_description = is_tag || is_variant || text(property, "description");
                assert!(has_description, "{}: `{name}` has no description", file.path);
            }
            let description = schema["description"].as_str().unwrap_or_default();
            assert!(!description.contains("[`"), "{}: a rustdoc link in `{description}`", file.path);
        });
    }
}

#[test]
fn cited_requirements_exist() {
    walk_files(|path, schema| {
        if let Some(cited) = schema.get("x-requirement") {
            let found = cited.as_str().and_then(requirement::find);
            assert!(found.is_some(), "{path}: there is no requirement {cited}");
        }
    });
}

#[test]
fn required_members_exist() {
    walk_files(|path, schema| {
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            let is_property = schema["properties"].get(name).is_some();
            assert!(is_property, "{path}: `{name}` is required and not a property");
        }
    });
}

#[test]
fn no_name_has_a_number() {
    // schemars names a second type of the same name `Meta2`.
    let numbered = |name: &str| name.ends_with(|c: char| c.is_ascii_digit());
    walk_files(|path, schema| {
        let definitions = schema["$defs"].as_object().into_iter().flat_map(|map| map.keys().map(String::as_str));
        let own = [&schema["title"], &schema["$ref"]].into_iter().filter_map(Value::as_str);
        for name in definitions.chain(own) {
            assert!(!numbered(name), "{path}: two types have the name `{name}` without its number");
        }
    });
}

#[test]
fn paths_and_ids_are_unique() {
    let mut seen = BTreeSet::new();
    for file in FAMILIES.iter().flat_map(schema::files) {
        let id = file.schema["$id"].as_str().expect("an `$id`").to_owned();
        assert!(seen.insert(id), "{}: its `$id` occurs twice", file.path);
        assert!(seen.insert(file.path.clone()), "{} is written twice", file.path);
    }
}

#[test]
fn directions_match_the_snapshots() {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, sort_maps => true }, {
        for family in FAMILIES {
            for channel in family.channels {
                let name = format!("{}__{}", family.name, channel.direction);
                insta::assert_json_snapshot!(name, schema::direction(family, channel));
            }
        }
    });
}

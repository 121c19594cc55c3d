//! Order rules that are code, by name, because data cannot express them well.

use super::order::BuiltIn;
use crate::sync::SyncRules;

/// The names of these rules.
pub const BUILT_IN_RULES: &[&str] = &["sync-subscriptions"];

/// A new instance of a rule, for one connection.
pub fn built_in_rule(name: &str) -> Option<Box<dyn BuiltIn>> {
    (name == "sync-subscriptions").then(|| Box::new(SyncRules::default()) as Box<dyn BuiltIn>)
}

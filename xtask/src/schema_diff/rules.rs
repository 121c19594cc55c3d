//! The kinds of changes, with stable ids. A rule names what has changed; whether the change breaks a peer is decided for each change anew.

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChangeRule {
    /// The id, such as `member-added`.
    pub(super) id: &'static str,
    /// What has changed, as a clause.
    pub(super) about: &'static str,
}

macro_rules! rules {
    ($($name:ident $id:literal $about:literal;)*) => {
        $(pub(super) const $name: ChangeRule = ChangeRule { id: $id, about: $about };)*
        /// All rules, in the order of docs/compatibility.md.
        #[cfg(test)]
        pub(super) const ALL: &[ChangeRule] = &[$($name),*];
    };
}

rules! {
    MESSAGES_ADDED "schema-added" "a direction or format is new";
    MESSAGES_REMOVED "schema-removed" "a direction or format is gone";
    MEMBER_ADDED "member-added" "an optional member is new";
    MEMBER_ADDED_REQUIRED "member-added-required" "a required member is new";
    MEMBER_REMOVED "member-removed" "an optional member is gone";
    MEMBER_REMOVED_REQUIRED "member-removed-required" "a required member is gone";
    MEMBER_REQUIRED "member-required" "an optional member becomes required";
    MEMBER_OPTIONAL "member-optional" "a required member becomes optional";
    VARIANT_ADDED "variant-added" "a union gains an alternative, such as a new message type";
    VARIANT_REMOVED "variant-removed" "a union loses an alternative";
    UNION "union-changed" "a union is built with another keyword";
    TYPE "type-changed" "a value has another JSON type";
    VALUE_ADDED "value-added" "an enumeration gains a value";
    VALUE_REMOVED "value-removed" "an enumeration loses a value";
    CONSTANT "constant-changed" "a constant has another value, is new or is gone";
    RANGE "range-changed" "the range of a number, or what it must be a multiple of";
    PATTERN "pattern-changed" "the pattern of a string";
    FORMAT "format-changed" "the format of a string";
    LENGTH "length-changed" "the length of a string";
    ITEMS "items-changed" "the number of items in an array, or whether they are unique";
    COUNT "members-changed" "the number of members in an object";
    REST "unknown-members" "which members are allowed beyond those that the schema names";
    DEFAULT "default-changed" "what an absent member stands for";
    REFERENCE "reference-changed" "a definition is replaced by another";
    CONDITION "condition-changed" "how members depend on each other, or what is excluded";
    SCHEMA "schema-changed" "a schema is replaced as a whole, or in a way that no other rule names";
    TOGETHER "combined" "changes that are harmless by themselves but not together";
    ENDPOINT_ADDED "endpoint-added" "a server gains an endpoint";
    ENDPOINT_REMOVED "endpoint-removed" "a server loses an endpoint";
    TRAVEL "transport-changed" "how messages are transported";
    TIMING "timing-changed" "the default of a timing parameter";
    POLICY "policy-changed" "how clients reconnect";
    CLOSE_CODE "close-code-changed" "the close codes of a requirement";
    ERROR_CODE_ADDED "error-code-added" "a family gains an error code";
    ERROR_CODE_REMOVED "error-code-removed" "a family loses an error code";
    RAISED "requirement-raised" "a requirement is new, has a stronger level, or binds another role";
    LOWERED "requirement-lowered" "a requirement is gone, has a weaker level, or binds fewer roles";
    BEHAVIOUR "behaviour-changed" "behaviour that no other rule names";
}

//! The rules: what kinds of changes are told apart, by ids that stay. A rule names what changed; whether it breaks anyone is decided anew
//! each time.

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    /// The id, as `member-added`.
    pub(super) id: &'static str,
    /// What it means, as half a sentence.
    pub(super) about: &'static str,
}

macro_rules! rules {
    ($($name:ident $id:literal $about:literal;)*) => {
        $(pub(super) const $name: Rule = Rule { id: $id, about: $about };)*
        /// All rules, as the page on compatibility lists them.
        #[cfg(test)]
        pub(super) const ALL: &[Rule] = &[$($name),*];
    };
}

rules! {
    MESSAGES_ADDED "schema-added" "a direction or format is new";
    MESSAGES_REMOVED "schema-removed" "a direction or format is gone";
    MEMBER_ADDED "member-added" "a member that may be absent is new";
    MEMBER_ADDED_REQUIRED "member-added-required" "a member that must be there is new";
    MEMBER_REMOVED "member-removed" "a member that could be absent is gone";
    MEMBER_REMOVED_REQUIRED "member-removed-required" "a member that had to be there is gone";
    MEMBER_REQUIRED "member-required" "a member that could be absent must be there";
    MEMBER_OPTIONAL "member-optional" "a member that had to be there may be absent";
    VARIANT_ADDED "variant-added" "a union has another alternative, as a new message type";
    VARIANT_REMOVED "variant-removed" "a union has lost an alternative";
    UNION "union-changed" "a union is made in another way";
    TYPE "type-changed" "a value has another JSON type";
    VALUE_ADDED "value-added" "an enumeration has another value";
    VALUE_REMOVED "value-removed" "an enumeration has lost a value";
    CONSTANT "constant-changed" "a constant has another value, is new or is gone";
    RANGE "range-changed" "the range of a number, or what it is a multiple of";
    PATTERN "pattern-changed" "the pattern of a string";
    FORMAT "format-changed" "the format of a string";
    LENGTH "length-changed" "the length of a string";
    ITEMS "items-changed" "how many items an array has, or whether they are unique";
    COUNT "members-changed" "how many members an object has";
    REST "unknown-members" "what holds for members that the schema does not name";
    DEFAULT "default-changed" "what an absent member stands for";
    REFERENCE "reference-changed" "a definition is replaced by another";
    CONDITION "condition-changed" "how members depend on each other, or what is excluded";
    SCHEMA "schema-changed" "a schema is replaced as a whole, or in a way that no other rule names";
    TOGETHER "combined" "changes that are harmless alone and not together";
    ENDPOINT_ADDED "endpoint-added" "a server has another endpoint";
    ENDPOINT_REMOVED "endpoint-removed" "a server has lost an endpoint";
    TRAVEL "transport-changed" "how messages travel";
    TIMING "timing-changed" "the default of a timing parameter";
    POLICY "policy-changed" "how clients come back";
    CLOSE_CODE "close-code-changed" "the close codes of a requirement";
    ERROR_CODE_ADDED "error-code-added" "a family has another error code";
    ERROR_CODE_REMOVED "error-code-removed" "a family has lost an error code";
    RAISED "requirement-raised" "a requirement is new, binds more strongly, or binds another role";
    LOWERED "requirement-lowered" "a requirement is gone, binds less strongly, or binds fewer roles";
    BEHAVIOUR "behaviour-changed" "behaviour that no other rule names";
}

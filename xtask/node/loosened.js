// A schema without restrictions that types cannot express: lengths, bounds, patterns, conditions, and the exclusion of other members.

const BEYOND_TYPES = ["allOf", "else", "if", "maxLength", "maximum", "minLength", "minimum", "not", "pattern", "then"];

/** The part of a schema that types can express. A compiler has to refuse what this schema refuses. */
export function loosened(schema) {
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([keyword, value]) => !BEYOND_TYPES.includes(keyword) && value !== false);
  return Object.fromEntries(kept.map(([keyword, value]) => rule(keyword, value)));
}

function rule(keyword, value) {
  switch (keyword) {
    case "type":
      return [keyword, [value].flat().map((kind) => (kind === "integer" ? "number" : kind))];
    case "properties":
    case "$defs":
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, member]) => [name, loosened(member)]))];
    case "oneOf":
    case "anyOf":
      // Without the removed restrictions, several alternatives may match.
      return ["anyOf", value.map(loosened)];
    case "items":
    case "additionalProperties":
      return [keyword, loosened(value)];
    default:
      return [keyword, value];
  }
}

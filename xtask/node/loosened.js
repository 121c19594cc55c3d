// A schema without what no type can say: lengths, bounds, forms, conditions, and that no other member may be there.

const BEYOND_TYPES = ["allOf", "else", "if", "maxLength", "maximum", "minLength", "minimum", "not", "pattern", "then"];

/** What is left of a schema where only types count. What it refuses, a compiler has to refuse too. */
export function loosened(schema) {
  if (typeof schema !== "object" || schema === null) return schema;
  const said = Object.entries(schema).filter(([keyword, value]) => !BEYOND_TYPES.includes(keyword) && value !== false);
  return Object.fromEntries(said.map(([keyword, value]) => rule(keyword, value)));
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
      // Without what was left out, several may match.
      return ["anyOf", value.map(loosened)];
    case "items":
    case "additionalProperties":
      return [keyword, loosened(value)];
    default:
      return [keyword, value];
  }
}

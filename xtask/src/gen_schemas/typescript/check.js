// A validator for the part of JSON Schema 2020-12 that the guards use.

/** Whether a value returned by `JSON.parse` meets a schema. `root` is the schema with the definitions. */
export function matches(schema, value, root = schema) {
  if (typeof schema === "boolean") return schema;
  return Object.entries(schema).every(([keyword, wanted]) => {
    const rule = RULES[keyword];
    return rule === undefined || rule(wanted, value, schema, root);
  });
}

const RULES = {
  $ref: (path, value, _, root) => matches(root.$defs[path.slice("#/$defs/".length)], value, root),
  type: (kinds, value) => [kinds].flat().some((kind) => is(kind, value)),
  const: (wanted, value) => same(wanted, value),
  enum: (wanted, value) => wanted.some((one) => same(one, value)),
  minimum: (least, value) => typeof value !== "number" || value >= least,
  maximum: (most, value) => typeof value !== "number" || value <= most,
  minLength: (least, value) => typeof value !== "string" || characters(value) >= least,
  maxLength: (most, value) => typeof value !== "string" || characters(value) <= most,
  pattern: (pattern, value) => typeof value !== "string" || new RegExp(pattern, "u").test(value),
  required: (names, value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (members, value, _, root) =>
    !isObject(value) ||
    Object.entries(members).every(([name, schema]) => !Object.hasOwn(value, name) || matches(schema, value[name], root)),
  additionalProperties: (wanted, value, schema, root) =>
    !isObject(value) ||
    Object.keys(value).every(
      (name) => Object.hasOwn(schema.properties ?? {}, name) || matches(wanted, value[name], root),
    ),
  items: (wanted, value, _, root) => !Array.isArray(value) || value.every((item) => matches(wanted, item, root)),
  allOf: (schemas, value, _, root) => schemas.every((schema) => matches(schema, value, root)),
  anyOf: (schemas, value, _, root) => schemas.some((schema) => matches(schema, value, root)),
  oneOf: (schemas, value, _, root) => schemas.filter((schema) => matches(schema, value, root)).length === 1,
  not: (schema, value, _, root) => !matches(schema, value, root),
  if: (condition, value, schema, root) =>
    matches((matches(condition, value, root) ? schema.then : schema.else) ?? true, value, root),
};

function is(kind, value) {
  switch (kind) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      // JSON.parse returns Infinity for numbers that no double can hold.
      return Number.isFinite(value);
    default:
      return typeof value === kind;
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Equality of JSON scalars; constants of messages are never objects or arrays. */
function same(a, b) {
  return a === b;
}

/** The length of a string in code points. */
function characters(text) {
  return [...text].length;
}

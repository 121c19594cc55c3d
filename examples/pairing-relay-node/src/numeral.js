// Finds a number in a JSON text as it was written. JSON.parse turns every number into a double, which changes
// 12345678901234567890 and loses 1e999; a relay that repeats a number needs it as it came.

/**
 * The value of the last member `name` of the outermost object, as it is written, or undefined when that value is no number.
 * @param {string} text a JSON object that JSON.parse has accepted: nothing is checked here again
 * @param {string} name
 */
export function numeralOf(text, name) {
  /** @type {string | undefined} */
  let found;
  let member = '';
  let depth = 0;
  let keyIsNext = false;
  for (let at = 0; at < text.length; ) {
    const end = endOfToken(text, at);
    const first = text[at];
    if (first === '{' || first === '[') {
      depth += 1;
      keyIsNext = depth === 1;
    } else if (first === '}' || first === ']') {
      depth -= 1;
    } else if (first === ',') {
      keyIsNext = depth === 1;
    } else if (first === '"' && keyIsNext) {
      // Parsed, since a name may be written with escapes.
      member = JSON.parse(text.slice(at, end));
      keyIsNext = false;
      if (member === name) found = undefined;
    } else if (depth === 1 && member === name && /[-0-9]/.test(first)) {
      found = text.slice(at, end);
    }
    at = end;
  }
  return found;
}

/**
 * @param {string} text
 * @param {number} start
 */
function endOfToken(text, start) {
  let end = start + 1;
  if (text[start] === '"') {
    while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    return end + 1;
  }
  if (isNumeral(text.charCodeAt(start))) {
    while (isNumeral(text.charCodeAt(end))) end += 1;
  }
  return end;
}

/** @param {number} unit a UTF-16 code unit, or NaN after the end: one of 0-9 + - . e E? */
function isNumeral(unit) {
  return (unit >= 48 && unit <= 57) || unit === 43 || unit === 45 || unit === 46 || unit === 69 || unit === 101;
}

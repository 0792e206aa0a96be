/** Takes a large JSON list apart without parsing it, for the same reason as `DocumentSplitter`. Pure. */

/** The text of one item, and how many line breaks come before it. */
export interface JsonItem {
  readonly text: string;
  readonly linesBefore: number;
}

/** A list whose items are cut out; `rest` has line breaks in their place, so that its lines keep their numbers. */
export interface JsonList {
  readonly items: readonly JsonItem[];
  readonly rest: string;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]|\n/gs;

/** The items of the array under "items" of an object; undefined when the text is not such an object, or broken before it. */
export function splitJsonList(text: string): JsonList | undefined {
  const array = /^[\s\ufeff]*\{/.test(text) ? findArray(text) : undefined;
  if (array === undefined) return undefined;
  const items: JsonItem[] = [];
  let { line } = array;
  let [depth, start] = [0, array.start];
  let startLine = line;
  TOKEN.lastIndex = array.start;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match;
    if (token === '\n') line += 1;
    else if (token === '{' || token === '[') depth += 1;
    else if (depth > 0) depth -= token === '}' || token === ']' ? 1 : 0;
    else if (token === ',' || token === ']') {
      const item = text.slice(start, match.index);
      if (item.trim() !== '') items.push({ text: item, linesBefore: startLine });
      start = match.index + 1;
      startLine = line;
      if (token === ']') {
        const breaks = '\n'.repeat(line - array.line);
        return { items, rest: text.slice(0, array.start) + breaks + text.slice(match.index) };
      }
    }
  }
  return undefined;
}

/** Where the array under "items" begins, behind its bracket. */
function findArray(text: string): { readonly start: number; readonly line: number } | undefined {
  let [depth, line] = [0, 0];
  let isItems = false;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match;
    if (token === '\n') line += 1;
    else if (token === '[' && depth === 1 && isItems) return { start: TOKEN.lastIndex, line };
    else if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else isItems = depth === 1 && token === '"items"';
  }
  return undefined;
}

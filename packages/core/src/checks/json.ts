/** Checks of JSON texts that `JSON.parse` does not make. */

/** A key that stands twice in one object of a valid JSON text. `JSON.parse` keeps the last one only. */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    if (json[at] === '{') open.push(new Set());
    else if (json[at] === '}') open.pop();
    else if (json[at] === '"') {
      const end = endOfText(json, at);
      if (isKey(json, end)) {
        const key: string = JSON.parse(json.slice(at, end));
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** The end of the quoted text at `start`. A quote after an odd number of backslashes does not end it. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let before = end;
    while (json[before - 1] === '\\') before--;
    if ((end - before) % 2 === 0) return end + 1;
  }
}

/** Whether a colon follows. */
function isKey(json: string, end: number): boolean {
  let at = end;
  while (json[at]! <= ' ') at++;
  return json[at] === ':';
}

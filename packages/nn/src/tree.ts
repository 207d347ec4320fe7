/** A line of text, and the lines that hang below it. */
export interface Branch {
  readonly text: string;
  readonly branches: readonly Branch[];
}

/** A tree drawn with lines, as the `tree` command draws folders. */
export function drawTree({ text, branches }: Branch): string {
  const below = branches.flatMap((branch, i) => {
    const isLast = i === branches.length - 1;
    const [first, ...rest] = drawTree(branch).split('\n');
    return [`${isLast ? '└─' : '├─'} ${first}`, ...rest.map((line) => `${isLast ? '  ' : '│ '} ${line}`)];
  });
  return [text, ...below].join('\n');
}

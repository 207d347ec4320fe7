/** Contour lines of a function of two variables, with paths drawn over them, as SVG. Used by descent.ts. */

export type Point = readonly [x: number, y: number];

/** A path over the surface, from its first point to its last. */
export interface Path {
  readonly name: string;
  readonly points: readonly Point[];
}

/** One surface with its paths. */
export interface Panel {
  readonly title: string;
  /** Heights at many points at once. */
  readonly heights: (points: readonly Point[]) => ArrayLike<number>;
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
  /** Heights of the contour lines, in ascending order. */
  readonly levels: readonly number[];
  readonly minimum: Point;
  readonly paths: readonly Path[];
}

/** Colours that colour-blind readers can distinguish (Okabe & Ito 2008). */
const COLORS = ['#d55e00', '#0072b2', '#009e73', '#cc79a7'];
/** Number of grid squares along each side; heights are computed at their corners. */
const CELLS = 90;
const SIDE = 300;
const GAP = 24;
const TOP = 44;
const LEGEND = 44;

const rounded = (x: number): string => String(Math.round(x * 10) / 10);

/** Draws panels side by side. Equal names have equal colours, and one legend below the panels lists them. */
export function contourPicture(panels: readonly Panel[]): string {
  const [width, height] = [GAP + panels.length * (SIDE + GAP), TOP + SIDE + LEGEND];
  const names = [...new Set(panels.flatMap((panel) => panel.paths.map((path) => path.name)))];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="14" fill="#212529">`,
    `<title>Paths of ${names.join(', ')} over contour lines</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<clipPath id="panel"><rect width="${SIDE}" height="${SIDE}"/></clipPath>`,
    ...panels.map((panel, i) => drawPanel(panel, GAP + i * (SIDE + GAP), names)),
    ...names.map((name, i) => legendEntry(name, i, GAP + i * 220, TOP + SIDE + 26)),
    '</svg>\n',
  ].join('\n');
}

function legendEntry(name: string, i: number, x: number, y: number): string {
  const line = `<line x1="${x}" y1="${y - 5}" x2="${x + 24}" y2="${y - 5}" stroke="${COLORS[i]}" stroke-width="3"/>`;
  return `${line}<text x="${x + 32}" y="${y}">${name}</text>`;
}

function drawPanel(panel: Panel, left: number, names: readonly string[]): string {
  const xAt = (x: number): number => (SIDE * (x - panel.x[0])) / (panel.x[1] - panel.x[0]);
  const yAt = (y: number): number => SIDE - (SIDE * (y - panel.y[0])) / (panel.y[1] - panel.y[0]);
  const place = ([x, y]: Point): string => `${rounded(xAt(x))} ${rounded(yAt(y))}`;
  const polyline = (points: readonly Point[]): string => `M${points.map(place).join('L')}`;
  const [mx, my] = place(panel.minimum).split(' ');
  return [
    `<g transform="translate(${left} ${TOP})">`,
    `<text y="-14" font-size="15" font-weight="600">${panel.title}</text>`,
    '<g clip-path="url(#panel)">',
    ...contours(panel).map((lines, i) => {
      const shade = Math.round(150 + (80 * i) / panel.levels.length); // lower is darker
      const d = lines.map(polyline).join('');
      return `<path d="${d}" fill="none" stroke="rgb(${shade} ${shade} ${shade})"/>`;
    }),
    ...panel.paths.map(({ name, points }) => {
      const color = COLORS[names.indexOf(name)];
      const dots = points.map((p) => `M${place(p)}h0`).join(''); // zero-length lines with round ends
      return (
        `<path d="${polyline(points)}" fill="none" stroke="${color}" stroke-width="1.5"/>` +
        `<path d="${dots}" stroke="${color}" stroke-width="4" stroke-linecap="round"/>`
      );
    }),
    ...panel.paths.slice(0, 1).flatMap(({ points }) => points.slice(0, 1).map((start) => ring(place(start)))),
    `<path d="M${mx} ${my}m-6 -6l12 12m0 -12l-12 12" stroke="#212529" stroke-width="2"/>`,
    '</g>',
    `<rect width="${SIDE}" height="${SIDE}" fill="none" stroke="#adb5bd"/>`,
    '</g>',
  ].join('\n');
}

/** Marks the start of the paths. */
function ring(place: string): string {
  const [x, y] = place.split(' ');
  return `<circle cx="${x}" cy="${y}" r="6" fill="none" stroke="#212529" stroke-width="2"/>`;
}

/** The contour lines of each level. */
export function contours({
  heights,
  x,
  y,
  levels,
}: Pick<Panel, 'heights' | 'x' | 'y' | 'levels'>): Point[][][] {
  const side = CELLS + 1;
  const corner = (at: number): Point => [
    x[0] + ((x[1] - x[0]) * (at % side)) / CELLS,
    y[0] + ((y[1] - y[0]) * Math.floor(at / side)) / CELLS,
  ];
  const values = heights(Array.from({ length: side * side }, (_, at) => corner(at)));
  return levels.map((level) => {
    const links = new Map<string, string[]>();
    const points = new Map<string, Point>();
    const crossing = (a: number, b: number): string[] => {
      const [low, high] = [values[a]!, values[b]!];
      if (low < level === high < level) return [];
      const t = (level - low) / (high - low);
      const [[ax, ay], [bx, by]] = [corner(a), corner(b)];
      points.set(`${a}-${b}`, [ax + t * (bx - ax), ay + t * (by - ay)]);
      return [`${a}-${b}`];
    };
    for (let row = 0; row < CELLS; row++) {
      for (let column = 0; column < CELLS; column++) {
        const a = row * side + column;
        const [b, c, d] = [a + 1, a + side, a + side + 1];
        // A line that enters a square also leaves it: 0, 2 or 4 edges are crossed.
        const ends = [...crossing(a, b), ...crossing(a, c), ...crossing(b, d), ...crossing(c, d)];
        for (let i = 0; i + 1 < ends.length; i += 2) link(links, ends[i] as string, ends[i + 1] as string);
      }
    }
    return chains(links).map((chain) => chain.map((key) => points.get(key) as Point));
  });
}

function link(links: Map<string, string[]>, a: string, b: string): void {
  links.set(a, [...(links.get(a) ?? []), b]);
  links.set(b, [...(links.get(b) ?? []), a]);
}

/** Joins single links to lines: open lines from end to end, closed lines back to their start. */
function chains(links: Map<string, string[]>): string[][] {
  const used = new Set<string>();
  const walk = (start: string): string[] => {
    const chain = [start];
    used.add(start);
    for (;;) {
      const next = links.get(chain.at(-1) as string)?.find((key) => !used.has(key));
      if (next === undefined) break;
      used.add(next);
      chain.push(next);
    }
    const isClosed = chain.length > 2 && links.get(start)?.includes(chain.at(-1) as string);
    return isClosed ? [...chain, start] : chain;
  };
  const ends = [...links.keys()].filter((key) => links.get(key)?.length === 1);
  return [...ends, ...links.keys()].flatMap((key) => (used.has(key) ? [] : [walk(key)]));
}

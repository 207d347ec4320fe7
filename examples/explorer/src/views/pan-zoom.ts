/** Moving and scaling a picture with mouse, fingers or keys. */
import { svgElement } from '../dom.js';

/** Of a picture, in its own units. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of the picture. */
export interface Area extends Size {
  readonly x: number;
  readonly y: number;
}

const LARGEST_FIT = 1.35;
const LIMITS = [0.15, 4] as const;
const MARGIN = 24;
/** What is left around an area that is to be seen, for its neighbours. */
const AROUND = 90;
const CLICK_WAY = 6;

/** An `svg` that fills its parent, and in it a layer that can be moved and scaled. */
export class PanZoom {
  readonly svg: SVGSVGElement;
  readonly layer: SVGGElement = svgElement('g');
  #x = 0;
  #y = 0;
  #scale = 1;
  #size: Size = { width: 0, height: 0 };
  /** Fingers or the mouse, while pressed. */
  readonly #pointers: Map<number, { x: number; y: number }> = new Map();
  /** How far they have come since one was put down: what ends a long way off is no click. */
  #way = 0;

  constructor(svg: SVGSVGElement) {
    this.svg = svg;
    svg.append(this.layer);
    svg.addEventListener('pointerdown', (event) => {
      this.#way = 0;
      this.#pointers.set(event.pointerId, at(event));
    });
    svg.addEventListener('pointermove', (event) => this.#moved(event));
    for (const end of ['pointerup', 'pointercancel', 'pointerleave'] as const) {
      svg.addEventListener(end, (event) => this.#pointers.delete(event.pointerId));
    }
    const suppress = (event: MouseEvent): void => {
      if (this.#way > CLICK_WAY) event.stopPropagation();
    };
    svg.addEventListener('click', suppress, { capture: true });
    svg.addEventListener('wheel', (event) => this.#turned(event), { passive: false });
  }

  /** Shows a whole picture; at `smallest` scale, as much of it as there is room for from the top. */
  fit(picture: Size, smallest: number = LIMITS[0]): void {
    this.#size = picture;
    const { clientWidth: width, clientHeight: height } = this.svg;
    const across = (width - 2 * MARGIN) / picture.width;
    const down = (height - 2 * MARGIN) / picture.height;
    this.#scale = Math.max(smallest, Math.min(across, down, LARGEST_FIT));
    this.#x = (width - this.#scale * picture.width) / 2;
    this.#y = Math.max(MARGIN, (height - this.#scale * picture.height) / 2);
    this.#apply();
  }

  /** Scales around a point of the window, by default the middle. */
  zoom(factor: number, around?: { x: number; y: number }): void {
    const { clientWidth, clientHeight } = this.svg;
    const { x, y } = around ?? { x: clientWidth / 2, y: clientHeight / 2 };
    const scale = Math.min(LIMITS[1], Math.max(LIMITS[0], this.#scale * factor));
    this.#x = x - ((x - this.#x) * scale) / this.#scale;
    this.#y = y - ((y - this.#y) * scale) / this.#scale;
    this.#scale = scale;
    this.#apply();
  }

  /** Moves the picture just as far as is needed to see an area of it, with some of what is around it. */
  reveal(area: Area): void {
    const { clientWidth, clientHeight } = this.svg;
    const shift = (offset: number, from: number, length: number, whole: number, room: number): number => {
      const start = offset + this.#scale * from;
      const end = start + this.#scale * length;
      const margin = Math.min(AROUND, Math.max(0, (room - (end - start)) / 2));
      const first = Math.max(start - margin, offset - MARGIN);
      const last = Math.min(end + margin, offset + this.#scale * whole + MARGIN);
      if (first < 0) return -first;
      return Math.min(0, room - last);
    };
    this.#x += shift(this.#x, area.x, area.width, this.#size.width, clientWidth);
    this.#y += shift(this.#y, area.y, area.height, this.#size.height, clientHeight);
    this.#apply();
  }

  #apply(): void {
    this.layer.setAttribute('transform', `translate(${this.#x} ${this.#y}) scale(${this.#scale})`);
  }

  #moved(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = at(event);
    const [other] = [...this.#pointers].flatMap(([id, point]) => (id === event.pointerId ? [] : [point]));
    this.#pointers.set(event.pointerId, now);
    this.#way += distance(now, before);
    if (other === undefined) {
      this.#x += now.x - before.x;
      this.#y += now.y - before.y;
      this.#apply();
      return;
    }
    const { left, top } = this.svg.getBoundingClientRect();
    const middle = { x: (now.x + other.x) / 2 - left, y: (now.y + other.y) / 2 - top };
    this.zoom(distance(now, other) / Math.max(1, distance(before, other)), middle);
  }

  #turned(event: WheelEvent): void {
    event.preventDefault();
    const { left, top } = this.svg.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY / 500), { x: event.clientX - left, y: event.clientY - top });
  }
}

const at = ({ clientX, clientY }: PointerEvent): { x: number; y: number } => ({ x: clientX, y: clientY });

const distance = (a: { x: number; y: number }, b: { x: number; y: number }): number =>
  Math.hypot(a.x - b.x, a.y - b.y);

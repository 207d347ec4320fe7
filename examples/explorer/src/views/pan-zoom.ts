/** Moving and scaling a picture with mouse, fingers or keys. */
import { type Selection, select } from 'd3-selection';
import { type D3ZoomEvent, type ZoomBehavior, ZoomTransform, zoom, zoomTransform } from 'd3-zoom';
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
const LIMITS: [smallest: number, largest: number] = [0.15, 4];
const MARGIN = 24;
/** Space kept visible around a revealed area, for its neighbours. */
const AROUND = 90;
/** Pixels; a press that moves farther is not a click. */
const CLICK_DISTANCE = 6;

/** An `svg` that fills its parent, and in it a layer that can be moved and scaled. */
export class PanZoom {
  readonly layer: SVGGElement = svgElement('g');
  readonly #svg: SVGSVGElement;
  readonly #selection: Selection<SVGSVGElement, unknown, null, undefined>;
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  #size: Size = { width: 0, height: 0 };

  constructor(svg: SVGSVGElement) {
    this.#svg = svg;
    svg.append(this.layer);
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent(LIMITS)
      .clickDistance(CLICK_DISTANCE)
      .on('zoom', ({ transform }: D3ZoomEvent<SVGSVGElement, unknown>) => {
        this.layer.setAttribute('transform', String(transform));
      });
    this.#selection = select(svg).call(this.#zoom);
    this.#selection.on('dblclick.zoom', null); // a double click opens a module
    // At the limits of the scale d3-zoom leaves the wheel to the page, which would scroll.
    svg.addEventListener('wheel', (event) => event.preventDefault(), { passive: false });
  }

  /** Shows a whole picture; at `smallest` scale, as much of it as fits, from the top. */
  fit(picture: Size, smallest: number = LIMITS[0]): void {
    this.#size = picture;
    const { clientWidth: width, clientHeight: height } = this.#svg;
    const across = (width - 2 * MARGIN) / picture.width;
    const down = (height - 2 * MARGIN) / picture.height;
    const scale = Math.max(smallest, Math.min(across, down, LARGEST_FIT));
    const x = (width - scale * picture.width) / 2;
    const y = Math.max(MARGIN, (height - scale * picture.height) / 2);
    this.#zoom.transform(this.#selection, new ZoomTransform(scale, x, y));
  }

  /** Scales around the middle of the window. */
  zoom(factor: number): void {
    const { clientWidth, clientHeight } = this.#svg;
    this.#zoom.scaleBy(this.#selection, factor, [clientWidth / 2, clientHeight / 2]);
  }

  /** Moves the picture no farther than needed to show an area of it, with some space around it. */
  reveal(area: Area): void {
    const { k: scale, x, y } = zoomTransform(this.#svg);
    const { clientWidth, clientHeight } = this.#svg;
    const shift = (offset: number, from: number, length: number, whole: number, room: number): number => {
      const start = offset + scale * from;
      const end = start + scale * length;
      const margin = Math.min(AROUND, Math.max(0, (room - (end - start)) / 2));
      const spare = room - scale * whole;
      const edge = spare < 0 ? MARGIN : Math.min(MARGIN, spare / 2);
      const first = Math.max(start - margin, offset - edge);
      const last = Math.min(end + margin, offset + scale * whole + edge);
      if (first < 0) return -first;
      return Math.min(0, room - last);
    };
    const moved = new ZoomTransform(
      scale,
      x + shift(x, area.x, area.width, this.#size.width, clientWidth),
      y + shift(y, area.y, area.height, this.#size.height, clientHeight),
    );
    this.#zoom.transform(this.#selection, moved);
  }
}

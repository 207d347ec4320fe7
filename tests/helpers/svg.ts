/** Reading of SVG text, for the tests of figures. */
import { PNG } from 'pngjs';
import * as assert from 'uvu/assert';

/** A text element. */
export interface Text {
  x: number;
  y: number;
  anchor: string;
  text: string;
}

/** The value of a numeric attribute, or NaN. */
export const number = (attributes: string, name: string): number =>
  Number(new RegExp(` ${name}="(-?[\\d.]+)"`).exec(attributes)?.[1] ?? Number.NaN);

/** All texts, unescaped. */
export function textsOf(svg: string): Text[] {
  return [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', text = '']) => ({
    x: number(attributes, 'x'),
    y: number(attributes, 'y'),
    anchor: /text-anchor="(\w+)"/.exec(attributes)?.[1] ?? 'start',
    text: text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&'),
  }));
}

/** Whether all tags are closed in order, and &, < and > are escaped. */
export function isWellFormed(svg: string): boolean {
  const open: string[] = [];
  let inOrder = true;
  const rest = svg.replace(
    /<(\/?)(\w+)((?: [\w:-]+="(?:[^"<&]|&(?:amp|lt|gt|quot|#39);)*")*)(\/?)>/g,
    (_, end, name, _attributes, empty) => {
      if (end !== '') inOrder &&= open.pop() === name;
      else if (empty === '') open.push(name);
      return '';
    },
  );
  return inOrder && open.length === 0 && !/[<>&]/.test(rest.replaceAll(/&(amp|lt|gt|quot|#39);/g, ''));
}

/** The decoded PNG of an embedded image, as RGB bytes, and where it is drawn. */
export function embeddedImage(svg: string): {
  x: number;
  y: number;
  drawnWidth: number;
  drawnHeight: number;
  width: number;
  height: number;
  pixels: Uint8Array;
} {
  const [, attributes = '', base64 = ''] =
    /<image([^>]*) href="data:image\/png;base64,([^"]*)"\/>/.exec(svg) ?? [];
  assert.is(svg.split('<image').length - 1, 1, 'one image');
  const { width, height, data } = PNG.sync.read(Buffer.from(base64, 'base64'));
  const [x, y] = [number(attributes, 'x'), number(attributes, 'y')];
  const [drawnWidth, drawnHeight] = [number(attributes, 'width'), number(attributes, 'height')];
  return { x, y, drawnWidth, drawnHeight, width, height, pixels: rgbOf(data) };
}

/** RGBA bytes without alpha. */
export const rgbOf = (data: Uint8Array): Uint8Array => Uint8Array.from(data).filter((_, i) => i % 4 !== 3);

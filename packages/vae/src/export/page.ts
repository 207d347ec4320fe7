/** The decoder of a model as a page that opens from disk. */
import { ArgumentError, formatShape, type Tensor } from '@varigrad/core';
import { checkOptions, checkTensor, checkText, type OptionNames } from '@varigrad/core/checks';
import { escapeXML } from '@varigrad/core/trace';
import { drawnShape, type ImageShape } from '../data/image-shape.js';
import type { GenerativeModel } from '../models/model.js';
import { inEvaluationMode } from '../over-batches.js';
import { type Controls, controlsOf } from './controls.js';
import { DECODE, decoderScript, factsOf } from './decoder-script.js';
import { PAGE_SCRIPT } from './page-script.js';
import { PAGE_STYLE } from './page-style.js';

/** Options of `exportPage`. */
export interface PageOptions {
  /** Height and width of an image, or channels, height and width. Three channels are drawn in colour. */
  imageShape: ImageShape;
  /** The heading. Default: the kind of the model. */
  title?: string;
  /**
   * Codes from which the button chooses, and which define the ranges of the sliders, `[count, latent]`: for an autoencoder, the codes
   * of some images. Default: samples of the prior.
   */
  codes?: Tensor;
}

const PAGE_OPTIONS: OptionNames<PageOptions> = { imageShape: true, title: true, codes: true };

/**
 * A page with the decoder, in one HTML file: sliders for z, a plane if z has two numbers, buttons for the classes, random codes. The file
 * needs no server and no other file. Its policy forbids every request and every script but its own. Its pictures have the bits of the
 * reference backend.
 * @throws ArgumentError if imageShape is not that of the model, or codes are not finite numbers `[count, latent]`
 */
export async function exportPage(model: GenerativeModel, options: PageOptions): Promise<string> {
  checkOptions('exportPage', options, PAGE_OPTIONS, 'model, ');
  const facts = factsOf('exportPage', model, options.imageShape);
  const { title = facts.kind, codes } = options;
  checkText('exportPage', 'title', title);
  if (codes !== undefined) checkCodes(codes, facts.latent);
  const controls = inEvaluationMode(model, () => controlsOf(model, codes));
  const { latent, classes, imageShape } = facts;
  const [channels, height, width] = drawnShape(imageShape);
  const script = `
const latent = ${latent};
const classes = ${classes};
const [channels, height, width] = [${channels}, ${height}, ${width}];
const controls = ${JSON.stringify(controls)};
${DECODE}
${decoderScript(model)}${PAGE_SCRIPT}`;
  const policy = `default-src 'none'; img-src data:; script-src '${await digest(script)}'; style-src '${await digest(PAGE_STYLE)}'`;
  return pageText({
    title,
    about: aboutText(model, controls, imageShape),
    policy,
    script,
    size: [width, height],
    classes,
  });
}

/** The kind of the model and its sizes. */
function aboutText(model: GenerativeModel, controls: Controls, imageShape: ImageShape): string {
  const { kind, classes, latent, likelihood } = model;
  const size =
    controls.kind === 'numbers'
      ? `z of length ${latent}`
      : `z of ${controls.groups} choices among ${controls.table.length}`;
  const about = [
    kind,
    `${likelihood.kind} likelihood`,
    size,
    ...(classes > 0 ? [`${classes} classes`] : []),
    `${imageShape.join(' × ')} pixels`,
  ];
  return about.join(' · ');
}

interface PageParts {
  readonly title: string;
  readonly about: string;
  readonly policy: string;
  readonly script: string;
  /** Width and height of the picture. */
  readonly size: readonly [number, number];
  readonly classes: number;
}

function pageText({ title, about, policy, script, size, classes }: PageParts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXML(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeXML(title)}</h1>
<p>${escapeXML(about)}</p>
</header>
<main>
<section id="view" aria-label="Picture">
<canvas id="picture" width="${size[0]}" height="${size[1]}" role="img" aria-label="Decoded picture"></canvas>
<div class="buttons">
<button id="random" type="button" title="Key R">Random</button>
<button id="middle" type="button" title="Key M">Middle</button>
<button id="save" type="button" title="Key S">Save</button>
</div>
<fieldset id="labels" hidden><legend>Class</legend></fieldset>
</section>
<section id="code" aria-label="Code">
<div id="plane" tabindex="0" role="application" aria-label="Plane of the two numbers of z: arrow keys move the point" hidden><canvas></canvas><div id="point"></div></div>
<div id="sliders"></div>
</section>
</main>
<footer>Keys: R random, M middle, S save${classes > 0 ? ', digits choose the class' : ''}. The decoder runs in this page, which sends nothing. Made with varigrad.</footer>
<script type="module">${script}</script>
</body>
</html>
`;
}

function checkCodes(codes: Tensor, latent: number): void {
  checkTensor('exportPage', codes, 'codes');
  if (codes.rank === 2 && codes.shape[0]! > 0 && codes.shape[1] === latent) return;
  throw new ArgumentError(
    'exportPage',
    `codes must be [count, ${latent}], with at least one row, found ${formatShape(codes.shape)}`,
  );
}

/** The digest by which a policy allows a text. */
async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}

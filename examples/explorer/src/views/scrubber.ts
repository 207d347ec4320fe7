/** Buttons, slider and text for moving through the steps. */
import type { GraphNode } from '@varigrad/core/trace';
import { byId } from '../dom.js';
import { shortTitleOf, titleOf } from '../search.js';
import type { Scene, State } from '../state.js';
import { firstBackward, type Step } from '../steps.js';

/** Shows the current step. */
export function showScrubber({ step: at }: State, scene: Scene, playing: boolean): void {
  const { steps } = scene;
  const last = steps.length - 1;
  const slider = byId<HTMLInputElement>('step');
  slider.max = String(last);
  slider.value = String(at);
  const says = stepText(scene, at);
  slider.setAttribute('aria-valuetext', `step ${at} of ${last}: ${says}`);
  const turning = Math.min(last, firstBackward(steps) - 1);
  slider.style.setProperty('--turn', `${last === 0 ? 100 : (100 * turning) / last}%`);
  byId('step-number').textContent = `${at} / ${last}`;
  const text = byId('step-text');
  text.textContent = says;
  text.dataset.kind = steps[at]?.kind ?? 'start';
  for (const id of ['first', 'back']) byId<HTMLButtonElement>(id).disabled = at === 0;
  for (const id of ['forward', 'last']) byId<HTMLButtonElement>(id).disabled = at === last;
  byId<HTMLButtonElement>('first-backward').disabled = firstBackward(steps) >= steps.length;
  byId('play').setAttribute('aria-pressed', String(playing));
}

/** A step in one sentence. */
export function stepText({ graph, steps }: Scene, at: number): string {
  const step = steps[at] as Step;
  if (step.kind === 'start') return 'start: the leaves have their values';
  const node = graph.nodes[step.node] as GraphNode;
  if (step.kind === 'forward') return `forward: ${node.op} computes ${node.name || 'its value'}`;
  const receivers = node.inputs.flatMap((input, i) =>
    step.turn.inputGradients[i] === null ? [] : [shortTitleOf(graph.nodes[input] as GraphNode)],
  );
  if (receivers.length === 0) return `backward: ${titleOf(node)} sends no gradients`;
  return `backward: ${titleOf(node)} sends gradients to ${receivers.join(' and ')}`;
}

/** The measurement as text and as charts. */
import { lineChart } from '@varigrad/vae';
import { table } from '../measure.js';
import { isProduct } from './cases.js';
import type { KernelResult, Measurement, ModeResult, StepResult } from './measure-all.js';

function milliseconds(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 0.001 ? '< 0.001' : ms < 10 ? ms.toPrecision(2) : ms.toFixed(0);
}

function rate({ flops, bytes, group, times }: KernelResult): number {
  if (times === undefined || times.kernel === 0) return Number.NaN; // shorter than the noise of the clock
  return (isProduct(group) ? flops : bytes) / times.kernel / 1e6;
}

const unitOf = (group: string): string => (isProduct(group) ? 'GFLOP/s' : 'GB/s');

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** Rates of all contestants in a group: one row per size, one column per contestant. */
function rateTable(results: readonly KernelResult[]): string {
  const group = results[0]?.group ?? '';
  const names = unique(results.map(({ name }) => name));
  const rows = unique(results.map(({ label }) => label)).map((label) => {
    const cells = names.map((name) => {
      const result = results.find((r) => r.label === label && r.name === name);
      if (result === undefined) return '';
      if (result.times === undefined) return '(skipped)';
      return result.times.kernel === 0 ? '(too short)' : rate(result).toPrecision(3);
    });
    return [label, ...cells];
  });
  return table([[`${group}, ${unitOf(group)}`, ...names], ...rows]);
}

/** The parts of the time in one mode. */
function partsTable(results: readonly KernelResult[], mode: string): string {
  const own = results.filter(({ name }) => [mode, `${mode}, compiled`].includes(name));
  const rows = own.map(({ group, label, name, times, skipped }) => {
    const head = [group, label, name === mode ? 'eager' : 'compiled'];
    if (times === undefined) return [...head, '', '', '', '', '', `skipped: ${skipped}`];
    const { compile, upload, kernel, submit, readback } = times;
    return [...head, ...[compile, upload, kernel, submit, readback].map(milliseconds)];
  });
  return table([
    ['', 'size', '', 'first run, extra', 'upload', 'kernel', 'launch (part of kernel)', 'readback', ''],
    ...rows,
  ]);
}

/** The size from which the mode is faster than the rival, there and at all larger sizes that both ran. */
function crossover(
  results: readonly KernelResult[],
  mode: string,
  rival: string,
  withTransfer: boolean,
): string {
  const cost = ({ times }: KernelResult): number => {
    if (times === undefined) return Number.NaN;
    const transfer = withTransfer ? (times.upload ?? 0) + (times.readback ?? 0) : 0;
    return times.kernel + transfer;
  };
  const pairs = results
    .filter(({ name, times }) => name === mode && times !== undefined)
    .flatMap((own) => {
      const other = results.find(
        (r) => r.name === rival && r.group === own.group && r.label === own.label && r.times !== undefined,
      );
      // A CPU backend needs no upload or readback.
      return other === undefined ? [] : [{ label: own.label, won: cost(own) < (other.times?.kernel ?? 0) }];
    });
  const lastLost = pairs.map(({ won }) => won).lastIndexOf(false);
  const first = pairs[lastLost + 1];
  if (pairs.length === 0) return 'not measured';
  return first === undefined ? `never up to ${pairs.at(-1)?.label}` : `from ${first.label}`;
}

/** The speed of the mode in this group, relative to compiled calls and to programs without this library. */
function yardsticks(results: readonly KernelResult[], mode: string): string | null {
  const others = unique(results.map(({ name }) => name)).filter((name) => name.startsWith(`${mode}, `));
  if (others.length === 0) return null;
  const rows = results
    .filter(({ name, times }) => name === mode && times !== undefined)
    .map((own) => {
      const cells = others.map((name) => {
        const other = results.find((r) => r.name === name && r.label === own.label);
        const ratio = other === undefined ? Number.NaN : rate(own) / rate(other);
        return Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)}×`;
      });
      return [own.label, ...cells];
    });
  return table([
    [`${results[0]?.group} in mode ${mode}: speed against`, ...others.map((o) => o.slice(mode.length + 2))],
    ...rows,
  ]);
}

function stepTable(results: readonly StepResult[]): string {
  const rows = results.map(({ step, name, times, skipped }) => {
    if (times === undefined) return [step, name, '', '', '', '', `skipped: ${skipped}`];
    const { compile, submit, read } = times;
    return [step, name, ...[times.step, submit, read, compile].map(milliseconds)];
  });
  const head = [
    'VAE step',
    '',
    'ms per step',
    'launches (part of it)',
    'loss read each step',
    'first step, extra',
    '',
  ];
  return table([head, ...rows]);
}

/** A chart of rates over sizes, both as powers of two or ten. Plain gpu.js is left out, because it is much slower. */
export function rateChart(results: readonly KernelResult[], title: string): string {
  const group = results[0]?.group ?? '';
  return lineChart({
    title,
    xLabel: isProduct(group) ? 'cube root of m·n·k, as a power of two' : 'elements, as a power of ten',
    yLabel: `${unitOf(group)}, as a power of ten`,
    height: 520,
    series: unique(results.map(({ name }) => name).filter((name) => !name.includes('plain'))).map((name) => ({
      name,
      points: results
        .filter((r) => r.name === name && !Number.isNaN(rate(r)))
        .map((r) => [(isProduct(group) ? Math.log2 : Math.log10)(r.size), Math.log10(rate(r))] as const),
    })),
  });
}

function groupReport(results: readonly KernelResult[], { modes, rival }: Measurement): string[] {
  const group = results[0]?.group ?? '';
  const against = modes.flatMap(({ mode }) => yardsticks(results, mode) ?? []);
  const skipped = results
    .filter((result) => result.skipped !== undefined)
    .map(({ name, label, skipped }) => `skipped: ${name} at ${label}: ${skipped}`);
  const rows = modes.map(({ mode }) => [
    mode,
    ...[false, true].map((withTransfer) => crossover(results, mode, rival, withTransfer)),
  ]);
  const wins = table([
    [`${group}: faster than ${rival}`, 'operands resident', 'with upload and readback'],
    ...rows,
  ]);
  return [rateTable(results), ...against, ...(rows.length > 0 ? [wins] : []), skipped.join('\n')];
}

/** Groups in the order in which they were measured. */
export function groupsOf({ kernels }: Measurement): KernelResult[][] {
  return unique(kernels.map(({ group }) => group)).map((group) => kernels.filter((r) => r.group === group));
}

/** The whole report as text. */
export function reportOf(measurement: Measurement): string {
  const { host, cpu, modes, absent, kernels, steps } = measurement;
  const counts = modes.map(({ mode, programs, launches, pooledBytes }: ModeResult) => {
    return [mode, String(programs), String(launches), (pooledBytes / 2 ** 20).toFixed(0)];
  });
  const head = [
    host,
    cpu.join(' · '),
    ...modes.map(({ description }) => description),
    ...absent.map((reason) => `absent: ${reason}`),
    ...(modes.some(({ software }) => software)
      ? ['A software adapter emulates a GPU on the CPU. Its times do not predict those of a GPU.']
      : []),
    'Rates are medians over many consecutive runs, with resident operands and results. GB/s count one read per operand and one write.',
  ];
  const parts = [
    head.join('\n'),
    ...groupsOf(measurement).flatMap((results) => groupReport(results, measurement)),
    ...modes.map(({ mode }) => `Milliseconds in mode ${mode}\n${partsTable(kernels, mode)}`),
    stepTable(steps),
    ...(counts.length > 0 ? [table([['', 'programs compiled', 'launches', 'MiB pooled'], ...counts])] : []),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

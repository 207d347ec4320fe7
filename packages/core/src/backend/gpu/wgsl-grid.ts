/** Threads of a workgroup of one-dimensional shaders. */
export const THREADS = 64;
/** Maximum number of workgroups along an axis of a dispatch. */
export const MOST_GROUPS = 65_535;

/** Workgroups in rows for at least `count` threads. Thread (x, y) has the number y · rowLength + x. */
export function gridOfThreads(
  count: number,
  threads: number = THREADS,
): { groups: [number, number, number]; rowLength: number } {
  const groups = Math.ceil(count / threads);
  const width = Math.min(groups, MOST_GROUPS);
  return { groups: [width, Math.ceil(groups / width), 1], rowLength: width * threads };
}

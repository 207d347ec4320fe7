/** Kernels that only move elements. */

/**
 * Copies a strided view to contiguous memory. `dims` holds the lengths of the axes, then their strides in elements (as
 * signed words). The caller has merged neighbouring axes where possible.
 */
export function strided(out: usize, x: usize, rank: i32, dims: usize): void {
  if (rank == 0) {
    store<f32>(out, load<f32>(x));
    return;
  }
  const length = load<u32>(dims);
  const stride = <isize>load<i32>(dims + (<usize>rank << 2)) << 2;
  if (rank == 1) {
    stridedRow(out, x, length, stride);
    return;
  }
  if (rank == 2) {
    const columns = load<u32>(dims + 4);
    const step = <isize>load<i32>(dims + 12) << 2;
    if (stride == 4 && step != 4) {
      transposed(out, x, length, columns, step);
      return;
    }
  }
  stridedAxis(out, x, rank, 0, dims);
}

/** Copies blocks `from` to `to` of the first two axes, counted as one axis. A block has all axes below; there are at least three axes. */
export function stridedBlocks(out: usize, x: usize, rank: i32, dims: usize, from: usize, to: usize): void {
  const columns = <usize>load<u32>(dims + 4);
  const down = <isize>load<i32>(dims + (<usize>rank << 2)) << 2;
  const across = <isize>load<i32>(dims + (<usize>(rank + 1) << 2)) << 2;
  out += (from * blockLength(rank, dims)) << 2;
  for (let i = from; i < to; i++) {
    out = stridedAxis(out, x + (i / columns) * down + (i % columns) * across, rank, 2, dims);
  }
}

/** Elements of all axes below the first two. */
export function blockLength(rank: i32, dims: usize): usize {
  let length: usize = 1;
  for (let axis = 2; axis < rank; axis++) length *= load<u32>(dims + (<usize>axis << 2));
  return length;
}

/** Copies one axis and all axes below it. @returns the address after the output */
function stridedAxis(out: usize, x: usize, rank: i32, axis: i32, dims: usize): usize {
  const length = load<u32>(dims + (<usize>axis << 2));
  const stride = <isize>load<i32>(dims + (<usize>(rank + axis) << 2)) << 2;
  if (axis == rank - 1) {
    stridedRow(out, x, length, stride);
    return out + (<usize>length << 2);
  }
  for (let i: u32 = 0; i < length; i++) {
    out = stridedAxis(out, x, rank, axis + 1, dims);
    x += stride;
  }
  return out;
}

@inline
function stridedRow(out: usize, x: usize, length: usize, stride: isize): void {
  if (stride == 4) {
    memory.copy(out, x, length << 2);
    return;
  }
  let i: usize = 0;
  if (stride == 0) {
    const value = v128.load32_splat(x);
    for (; i + 4 <= length; i += 4) v128.store(out + (i << 2), value);
  }
  if (stride == 8) {
    // Eight floats are read for four, so one more element must follow for the last read to be in bounds.
    for (; i + 4 < length; i += 4) {
      const at = x + (i << 3);
      v128.store(out + (i << 2), v128.shuffle<f32>(v128.load(at), v128.load(at, 16), 0, 2, 4, 6));
    }
  }
  for (; i < length; i++) store<f32>(out + (i << 2), load<f32>(x + i * stride));
}

/** out[i, j] = x[j, i] in blocks of 16 × 16, so that each cache line is fully used. The rows of x are `step` bytes apart. */
function transposed(out: usize, x: usize, rows: usize, columns: usize, step: isize): void {
  for (let i0: usize = 0; i0 < rows; i0 += 16) {
    const i1 = min(rows, i0 + 16);
    for (let j0: usize = 0; j0 < columns; j0 += 16) {
      const j1 = min(columns, j0 + 16);
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) {
          store<f32>(out + ((i * columns + j) << 2), load<f32>(x + (i << 2) + j * step));
        }
      }
    }
  }
}

/** Copies `rows` rows of `bytes` bytes. The rows are `fromPitch` bytes apart in the source and `toPitch` in the target. */
export function copyRows(to: usize, toPitch: usize, from: usize, fromPitch: usize, bytes: usize, rows: usize): void {
  for (let row: usize = 0; row < rows; row++) memory.copy(to + row * toPitch, from + row * fromPitch, bytes);
}

/**
 * The index at an address; `length` if it is outside of the axis. Operations check their indices, but a recorded program may compute
 * others, which must not reach memory outside of the array.
 */
@inline
function indexAt(address: usize, length: usize): usize {
  const index = load<f32>(address);
  return index >= 0 && index < <f32>length ? <usize>index : length;
}

/** out[o, j, i] = x[o, index[j], i]; NaN for an index outside of the axis (also in `gather`) */
export function indexSelect(
  out: usize, x: usize, index: usize, outer: usize, length: usize, inner: usize, count: usize,
): void {
  const bytes = inner << 2;
  for (let o: usize = 0; o < outer; o++) {
    for (let j: usize = 0; j < count; j++) {
      const place = indexAt(index + (j << 2), length);
      const to = out + (o * count + j) * bytes;
      if (place < length) memory.copy(to, x + (o * length + place) * bytes, bytes);
      else for (let i: usize = 0; i < bytes; i += 4) store<f32>(to + i, NaN);
    }
  }
}

/** out[o, index[j], i] += source[o, j, i]; an index outside of the axis adds nothing (also in `scatterAdd`) */
export function indexAdd(
  out: usize, source: usize, index: usize, outer: usize, length: usize, inner: usize, count: usize,
): void {
  memory.fill(out, 0, (outer * length * inner) << 2);
  for (let o: usize = 0; o < outer; o++) {
    for (let j: usize = 0; j < count; j++) {
      const place = indexAt(index + (j << 2), length);
      if (place == length) continue;
      const to = out + (((o * length + place) * inner) << 2);
      const from = source + (((o * count + j) * inner) << 2);
      for (let i: usize = 0; i < inner; i++) {
        store<f32>(to + (i << 2), load<f32>(to + (i << 2)) + load<f32>(from + (i << 2)));
      }
    }
  }
}

/** out[o, j, i] = x[o, index[o, j, i], i] */
export function gather(
  out: usize, x: usize, index: usize, outer: usize, length: usize, inner: usize, count: usize,
): void {
  for (let o: usize = 0; o < outer; o++) {
    for (let e: usize = 0; e < count * inner; e++) {
      const at = (o * count * inner + e) << 2;
      const place = indexAt(index + at, length);
      store<f32>(out + at, place < length ? load<f32>(x + (((o * length + place) * inner + (e % inner)) << 2)) : NaN);
    }
  }
}

/** out[o, index[o, j, i], i] += source[o, j, i] */
export function scatterAdd(
  out: usize, source: usize, index: usize, outer: usize, length: usize, inner: usize, count: usize,
): void {
  memory.fill(out, 0, (outer * length * inner) << 2);
  for (let o: usize = 0; o < outer; o++) {
    for (let e: usize = 0; e < count * inner; e++) {
      const at = (o * count * inner + e) << 2;
      const place = indexAt(index + at, length);
      if (place == length) continue;
      const to = out + (((o * length + place) * inner + (e % inner)) << 2);
      store<f32>(to, load<f32>(to) + load<f32>(source + at));
    }
  }
}

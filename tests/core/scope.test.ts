/** Memory: what scopes free and what they keep, measured with a counting backend. */
import {
  type Backend,
  createReference,
  grad,
  type HostArray,
  parameter,
  scope,
  setBackend,
  type Tensor,
  tensor,
  type Values,
} from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** The reference backend with counted memory: `live` holds the values that were neither released nor kept. */
class CountingBackend {
  readonly live = new Set<Values>();
  readonly released: Values[] = [];
  depth = 0;
  readonly backend: Backend;

  constructor() {
    const plain = createReference();
    const counted = <T>(values: T): T => {
      if (ArrayBuffer.isView(values) && this.depth > 0) this.live.add(values as unknown as Values);
      return values;
    };
    const kernels = Object.fromEntries(
      Object.entries(plain.kernels).map(([name, kernel]) => [
        name,
        (...args: never[]) => counted((kernel as (...args: never[]) => unknown)(...args)),
      ]),
    );
    this.backend = {
      ...plain,
      name: 'counting',
      kernels: kernels as unknown as Backend['kernels'],
      upload: (values) => counted(plain.upload(values)),
      openScope: () => {
        this.depth++;
      },
      closeScope: () => {
        this.depth--;
      },
      keep: (values) => {
        this.live.delete(values);
        return values;
      },
      persist: (values) => {
        this.live.delete(values);
        return values;
      },
      release: (values) => {
        assert.not(this.released.includes(values), 'no values are released twice');
        this.released.push(values);
        this.live.delete(values);
      },
    } as Backend;
  }
}

let counting = new CountingBackend();

test.before.each(() => {
  counting = new CountingBackend();
  setBackend(counting.backend);
});

test.after.each(() => setBackend(createReference()));

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

test('a scope frees the tensors made inside it, and no others', () => {
  const outside = tensor([1, 2]);
  let inside: Tensor | undefined;
  const result = scope(() => {
    inside = outside.mul(3);
    return inside.add(1);
  });
  assert.equal(numbers(result), [4, 7]);
  assert.equal(numbers(outside), [1, 2]);
  assert.throws(() => inside!.dataSync(), /was released/);
  assert.is(counting.live.size, 0);
  assert.is(counting.depth, 0);
});

test('tensors returned in arrays and plain objects are kept', () => {
  const result = scope(() => ({
    one: tensor([1]),
    more: [tensor([2]), { three: tensor([3]) }],
    n: 4,
    none: null,
  }));
  assert.equal(numbers(result.one), [1]);
  assert.equal(numbers(result.more[0] as Tensor), [2]);
  assert.equal(numbers((result.more[1] as { three: Tensor }).three), [3]);
  assert.is(result.n, 4);
});

test('a returned view keeps the memory that it shares', () => {
  const view = scope(() => tensor([1, 2, 3, 4]).reshape([2, 2]).detach());
  assert.equal(numbers(view), [1, 2, 3, 4]);
});

test('returning an argument neither keeps nor frees it', () => {
  const x = tensor([1]);
  assert.is(
    scope(() => x),
    x,
  );
  assert.equal(numbers(x), [1]);
});

test('nested scopes: the outer scope frees what the inner one returned', () => {
  let middle: Tensor | undefined;
  const last = scope(() => {
    middle = scope(() => tensor([1, 2]).mul(2));
    assert.equal(numbers(middle), [2, 4]);
    return middle.sum();
  });
  assert.is(last.itemSync(), 6);
  assert.throws(() => middle!.dataSync(), /was released/);
  assert.is(counting.live.size, 0);
});

test('parameters and their gradients outlive the scope', () => {
  const weight = scope(() => {
    const w = parameter(tensor([2, 3]));
    w.square().sum().backward();
    return { kept: w };
  }).kept;
  assert.equal(numbers(weight), [2, 3]);
  assert.equal(numbers(weight.grad as Tensor), [4, 6]);

  let hidden: Tensor | undefined;
  scope(() => {
    hidden = parameter(tensor([5]));
  });
  assert.equal(numbers(hidden!), [5]);
});

test('backward frees every intermediate gradient', () => {
  const x = tensor([1, 2]).requiresGrad_();
  const y = x.exp().log().square().sum();
  const before = counting.released.length;
  y.backward();
  assert.ok(counting.released.length > before + 3);
  assert.is(counting.live.size, 0);
  assert.equal(numbers(x.grad as Tensor).map(Math.round), [2, 4]);
});

test('backward inside a scope: the gradient survives, accumulates and is freed by zeroGrad', () => {
  const w = parameter(tensor([1, 2]));
  const step = (): void => {
    scope(() => {
      w.square().sum().backward();
    });
  };
  step();
  step();
  const before = counting.released.length;
  w.zeroGrad();
  assert.is(counting.released.length, before + 1);
  step();
  assert.equal(numbers(w.grad as Tensor), [2, 4]);
  w.zeroGrad();
  assert.is(counting.live.size, 0);
});

test('gradients that are set, or that have a graph, survive scopes, and are freed in one after they are gone', () => {
  const [a, b] = [parameter(tensor([1, 2])), parameter(tensor([3, 4]))];
  scope(() => {
    scope(() => {
      a.square().sum().backward();
      a.grad = a.grad!.mul(10);
      b.square().sum().backward(undefined, { createGraph: true });
    });
  });
  assert.equal(numbers(a.grad as Tensor), [20, 40]);
  assert.equal(numbers(b.grad as Tensor), [6, 8]);
  const live = counting.live.size;
  scope(() => {
    a.grad = a.mul(3).detach();
    a.grad = null;
  });
  assert.is(counting.live.size, live);
});

test('grad and gradients keep only their results', () => {
  const result = grad((x) => (x as Tensor).sin().square().sum())(tensor([0, 0]));
  assert.equal(numbers(result), [0, 0]);
  assert.is(counting.live.size, 0);
});

test('an error inside a scope frees its tensors and closes it', () => {
  let inside: Tensor | undefined;
  assert.throws(
    () =>
      scope(() => {
        inside = tensor([1]);
        throw new Error('inside');
      }),
    'inside',
  );
  assert.throws(() => inside!.dataSync(), /was released/);
  assert.is(counting.depth, 0);
  const after = tensor([1]);
  assert.equal(numbers(after), [1]);
});

test('dispose releases memory once, and Symbol.dispose exists for `using`', () => {
  const x = tensor([1]);
  x.dispose();
  x.dispose();
  assert.is(counting.released.length, 1);
  assert.is(String(x), 'tensor([1] on disposed)');
  const y = tensor([1]);
  const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  (y as unknown as Record<symbol, () => void>)[dispose]!();
  assert.ok(y.storage.disposed);
});

test('tensors of another device are refused; those of another host backend are accepted', () => {
  const elsewhere = {
    ...createReference(),
    name: 'elsewhere',
    memory: 'device',
  } as Backend<HostArray> as Backend;
  const host = tensor([1]);
  setBackend(createReference());
  assert.equal(numbers(host.add(1)), [2]);
  setBackend(elsewhere);
  assert.throws(() => host.add(1), /operands must be on backend 'elsewhere', found one on 'counting'/);
});

test('printing a device tensor does not read its values', () => {
  setBackend({ ...createReference(), name: 'elsewhere', memory: 'device' } as Backend);
  assert.is(String(tensor([1, 2]).requiresGrad_()), 'tensor([2] on elsewhere, requiresGrad)');
});

test.run();

/** The module whose method is running, for traces and error messages. */

/** Modules by their dotted paths: a model's `namedModules()`. */
export type Modules = Iterable<readonly [path: string, module: object]>;

/**
 * Tracks the module whose method is running. During `run`, methods are wrapped on the module objects; afterwards the
 * wrappers are removed, so that calls outside have no overhead.
 */
export class ModuleWatch {
  readonly #running: string[] = [];

  /** Path of the innermost module with a running method; '' without one. */
  get current(): string {
    return this.#running.at(-1) ?? '';
  }

  /** Runs `f` with the modules watched. A module with two paths is reported under the first. */
  run<T>(modules: Modules, f: () => T): T {
    const undo: (() => void)[] = [];
    try {
      for (const [path, module] of modules) {
        if (path !== '' && Object.isExtensible(module)) undo.push(...this.#wrap(path, module));
      }
      return f();
    } finally {
      for (const restore of undo) restore();
    }
  }

  /** Shadows each inherited method with a wrapper. @returns functions that remove the wrappers */
  #wrap(path: string, module: object): (() => void)[] {
    const running = this.#running;
    return [...inheritedMethods(module)].map(([name, method]) => {
      const value = function (this: unknown, ...args: unknown[]): unknown {
        running.push(path);
        try {
          return method.apply(this, args);
        } finally {
          running.pop();
        }
      };
      Object.defineProperty(module, name, { value, configurable: true, writable: true, enumerable: false });
      return () => Reflect.deleteProperty(module, name);
    });
  }
}

type Method = (...args: unknown[]) => unknown;

/** Methods of the module's classes, the most derived ones, without those defined on the module object. */
function inheritedMethods(module: object): Map<string, Method> {
  const methods = new Map<string, Method>();
  let prototype: object | null = Object.getPrototypeOf(module);
  while (prototype !== null && prototype !== Object.prototype) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const own = name === 'constructor' || methods.has(name) || Object.hasOwn(module, name);
      if (typeof value === 'function' && !own) methods.set(name, value as Method);
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return methods;
}

/** A typedoc plugin: names the modules as they are imported, and warns of exported functions without a docstring. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, Converter, ReflectionKind } from 'typedoc';

const PACKAGES = ['core', 'nn', 'vae'].map((name) => `packages/${name}`);

/** `packages/core/src/trace` to `@varigrad/core/trace`. @returns {Map<string, string>} */
function importNames() {
  const names = new Map();
  for (const folder of PACKAGES) {
    const root = join(import.meta.dirname, '../..', folder, 'package.json');
    const { name, exports } = JSON.parse(readFileSync(root, 'utf8'));
    for (const [entry, targets] of Object.entries(exports)) {
      const source = targets['@varigrad/source']?.replace(/(\/index)?\.ts$/, '');
      if (source !== undefined) names.set(join(folder, source), join(name, entry));
    }
  }
  return names;
}

/** @param {Application} app */
export function load(app) {
  const names = importNames();
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      module.name = names.get(module.name) ?? module.name;
    }
  });
  // typedoc's own check of functions includes all methods
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const exported of project.getReflectionsByKind(ReflectionKind.Function)) {
      const isDocumented = exported.signatures?.some((signature) => signature.hasComment());
      if (!isDocumented)
        app.logger.validationWarning(`${exported.getFullName()} (Function) has no docstring`);
    }
  });
}

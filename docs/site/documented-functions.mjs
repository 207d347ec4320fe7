/** A typedoc plugin: warns of an exported function without a docstring. typedoc's own check of functions includes all methods. */
import { Application, ReflectionKind } from 'typedoc';

/** @param {Application} app */
export function load(app) {
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const exported of project.getReflectionsByKind(ReflectionKind.Function)) {
      const isDocumented = exported.signatures?.some((signature) => signature.hasComment());
      if (!isDocumented)
        app.logger.validationWarning(`${exported.getFullName()} (Function) has no docstring`);
    }
  });
}

/** `varigrad schema`. */
import { RUN_OPTIONS } from '../run/run-config.js';
import { jsonSchemaOf } from '../run/schema/json-schema.js';
import { refuseExtraWords } from '../run/usage-error.js';
import type { Command } from './command.js';

export const schema: Command = {
  summary: 'print the JSON Schema of configuration files, for editors',
  usage: '',
  options: {},
  notes: [
    'Save it as varigrad.schema.json, and name it in a configuration file:',
    '',
    '  {"$schema": "./varigrad.schema.json", "model": "vae"}',
  ].join('\n'),
  async run({ words }, { out }) {
    refuseExtraWords(words, 0);
    const contents = jsonSchemaOf(RUN_OPTIONS, 'Configuration of varigrad train');
    out.write(`${JSON.stringify(contents, null, 2)}\n`);
    return contents;
  },
};

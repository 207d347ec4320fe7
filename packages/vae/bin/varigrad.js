#!/usr/bin/env node
const { runCommandLine } = await import('@varigrad/vae/cli').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error(`varigrad: ${error.message} — in a clone of the repository, npm run build makes it`);
  process.exit(1);
});

process.exitCode = await runCommandLine(process.argv.slice(2));

/** `npm run test:programs`: checks 10,000 random programs, or the number given; a second number is the first seed. */
import { checkProgram } from './helpers/program-checks.js';
import { randomProgram } from './helpers/random-programs.js';

const [count = 10_000, first = 0] = process.argv.slice(2).map(Number);
let [wrong, decided] = [0, 0];
for (let seed = first; seed < first + count; seed++) {
  const program = randomProgram(seed);
  const found = checkProgram(program);
  decided += found.decided;
  if (found.problems.length === 0) continue;
  wrong++;
  console.log(`${program.text}\n  ${found.problems.join('\n  ')}\n`);
}
console.log(
  `${count} programs, ${decided} derivatives decided by differences, ${wrong} programs with problems`,
);
process.exit(wrong === 0 ? 0 : 1);

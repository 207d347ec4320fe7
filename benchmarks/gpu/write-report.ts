import { writeFileAtomic } from '@varigrad/vae/node';
import type { Measurement } from './measure-all.js';
import { groupsOf, rateChart, reportOf } from './report.js';

const FOLDER = 'runs/bench';

/** Writes the report and a chart of each group to runs/bench. @returns the report, and the paths of the files */
export async function writeReport(measurement: Measurement, name: string): Promise<string> {
  const report = reportOf(measurement);
  await writeFileAtomic(`${FOLDER}/${name}.txt`, `${report}\n`);
  await writeFileAtomic(`${FOLDER}/${name}.json`, JSON.stringify(measurement, null, 1));
  for (const results of groupsOf(measurement)) {
    const group = results[0]?.group ?? '';
    const chart = rateChart(results, `${group}, operands resident`);
    await writeFileAtomic(`${FOLDER}/${name}-${group.replaceAll(/[ ,]+/g, '-')}.svg`, chart);
  }
  return `${report}\n\nReport, figures and charts: ${FOLDER}/${name}.txt, ${name}.json, ${name}-*.svg`;
}

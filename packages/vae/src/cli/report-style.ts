/** The style of the page of a comparison, light and dark. Rules on the fill and stroke attributes recolour the charts. */
export const REPORT_STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #212529; --soft: #5c636a; --line: #dee2e6; --panel: #f8f9fa; --alert: #8a4b00;
}
@media (prefers-color-scheme: dark) {
  :root { --page: #15181b; --ink: #e6e8ea; --soft: #a3abb2; --line: #343a40; --panel: #1e2226; --alert: #f0b35e; }
  .chart [stroke="#0072b2"] { stroke: #3a86e0; } .chart [fill="#0072b2"] { fill: #3a86e0; }
  .chart [stroke="#000000"] { stroke: #e6e8ea; } .chart [fill="#000000"] { fill: #e6e8ea; }
  .chart [stroke="#6a3d9a"] { stroke: #b08ae0; } .chart [fill="#6a3d9a"] { fill: #b08ae0; }
}
body { margin: 2rem auto; max-width: 92rem; padding: 0 1.25rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; }
.note, figcaption { color: var(--soft); font-size: .9rem; }
.warning { color: var(--alert); border-left: 4px solid currentColor; padding-left: .75rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .9rem .35rem 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; font-size: .9rem; }
figure { margin: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); gap: 1rem; }
.chart svg { width: 100%; height: auto; fill: var(--ink); }
.chart [stroke="#dee2e6"] { stroke: var(--line); } .chart [stroke="#212529"] { stroke: var(--soft); }
.chart .hit { stroke: currentColor; stroke-width: 2; }
.chart [fill="#ffffff"] { fill: var(--panel); }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 1.25rem; align-items: start; }
.sheet svg { display: block; width: 100%; max-width: 45rem; height: auto; }
.sheet { border: 1px solid var(--line); }
figcaption { padding: .25rem .5rem; }
figure { cursor: zoom-in; }
dialog { box-sizing: border-box; width: 96vw; height: 94vh; max-width: none; max-height: none; padding: 1rem; border: 1px solid var(--line);
  background: var(--page); color: var(--ink); overflow: hidden; }
dialog::backdrop { background: rgb(0 0 0 / .5); }
dialog figure { user-select: none; height: 100%; border: 0; cursor: grab; display: flex; flex-direction: column; }
dialog[open] figure svg { flex: 1; min-height: 0; width: 100%; max-width: none; touch-action: pinch-zoom; }
#tip { position: fixed; z-index: 1; padding: .2rem .5rem; border-radius: 4px; background: var(--ink); color: var(--page);
  font-size: .85rem; pointer-events: none; white-space: nowrap; font-variant-numeric: tabular-nums; }
`;

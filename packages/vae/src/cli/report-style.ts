/** How the page of a comparison looks, in light and in dark. Charts are recoloured through the attributes that they are drawn with. */
export const REPORT_STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #212529; --soft: #5c636a; --line: #dee2e6; --panel: #f8f9fa; --alert: #8a4b00;
}
@media (prefers-color-scheme: dark) {
  :root { --page: #15181b; --ink: #e6e8ea; --soft: #a3abb2; --line: #343a40; --panel: #1e2226; --alert: #f0b35e; }
  .chart [stroke="#0072b2"] { stroke: #4da3dc; } .chart [fill="#0072b2"] { fill: #4da3dc; }
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
.chart svg > rect:first-child { fill: var(--panel); }
.chart [stroke="#dee2e6"] { stroke: var(--line); } .chart [stroke="#212529"] { stroke: var(--soft); }
.sheets { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.25rem; align-items: start; }
.sheets img { display: block; width: 100%; max-width: 45rem; height: auto; border: 1px solid var(--line); }
`;

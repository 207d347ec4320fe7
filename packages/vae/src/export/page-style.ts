/** The style of an exported page, light and dark, for wide and narrow windows. */
export const PAGE_STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #212529; --soft: #5c636a; --line: #ced4da; --panel: #f4f6f8; --accent: #0072b2; --on-accent: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root { --page: #15181b; --ink: #e6e8ea; --soft: #a3abb2; --line: #3b4249; --panel: #1e2226; --accent: #5aa9e6; --on-accent: #10151a; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 68rem; min-height: 100vh; padding: 1.5rem 1.25rem; display: flex; flex-direction: column;
  background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
header p { margin: .25rem 0 0; }
header p, footer, legend, output { color: var(--soft); font-size: .9rem; }
main { display: grid; grid-template-columns: minmax(0, 20rem) minmax(0, 1fr); gap: 2rem; margin: 1.5rem 0; align-items: start; }
footer { margin-top: auto; border-top: 1px solid var(--line); padding-top: .75rem; }
#view { position: sticky; top: 1.5rem; display: grid; gap: 1rem; }
canvas { display: block; width: 100%; height: auto; image-rendering: pixelated; background: #000; }
#picture { border: 1px solid var(--line); border-radius: .5rem; }
.buttons { display: grid; grid-template-columns: repeat(3, 1fr); gap: .5rem; }
button { padding: .5rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--panel); color: var(--ink);
  font: inherit; cursor: pointer; }
button:hover { border-color: var(--accent); }
#random { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
:focus-visible, label:has(:focus-visible) > span { outline: 2px solid var(--accent); outline-offset: 2px; }
fieldset { display: grid; grid-template-columns: repeat(5, 1fr); gap: .4rem; margin: 0; padding: 0; border: 0; }
legend { padding: 0 0 .25rem; }
fieldset label { position: relative; }
fieldset input { position: absolute; opacity: 0; inset: 0; width: 100%; height: 100%; margin: 0; cursor: pointer; }
fieldset span { display: block; padding: .45rem 0; text-align: center; border: 1px solid var(--line); border-radius: .4rem; background: var(--panel);
  font-variant-numeric: tabular-nums; }
fieldset input:checked + span { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
#code { display: grid; gap: 1.25rem; }
#plane { position: relative; width: 100%; max-width: 30rem; border-radius: .5rem; overflow: hidden; cursor: crosshair; touch-action: none; border: 1px solid var(--line); }
#point { position: absolute; width: 1.1rem; height: 1.1rem; margin: -.55rem; border-radius: 50%; border: 3px solid #fff; background: var(--accent);
  box-shadow: 0 0 0 1px #000; pointer-events: none; }
#sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); gap: .35rem 2rem; }
#sliders label { display: grid; grid-template-columns: auto 1fr 3.2rem; gap: .75rem; align-items: center; min-height: 2rem; }
#sliders label > span { min-width: 2.2rem; white-space: nowrap; }
#sliders[data-kind=choices] label > span { min-width: 5.4rem; }
#sliders sub { font-size: .75em; }
#sliders input { width: 100%; min-width: 0; margin: 0; accent-color: var(--accent); }
output { text-align: right; font-variant-numeric: tabular-nums; }
@media (max-width: 44rem) {
  body { padding: 1rem; }
  main { grid-template-columns: minmax(0, 1fr); gap: 1.25rem; margin: 1rem 0; }
  #view { top: 0; z-index: 1; padding: .75rem 0; background: var(--page); grid-template-columns: 9rem minmax(0, 1fr); gap: .75rem; align-items: start; }
  .buttons { grid-template-columns: 1fr; }
  fieldset { grid-column: 1 / -1; grid-template-columns: repeat(10, 1fr); gap: .25rem; }
  legend { display: none; }
  #sliders label { min-height: 2.6rem; }
}
`;

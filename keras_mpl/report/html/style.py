"""The looks of the pages: on screens of any width, in the dark, on paper."""

CSS = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5d5d5d;
  --line: #dcdcdc; --paper: #ffffff; --band: #f4f6f8; --link: #00578a;
  --wrong: #b84a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --soft: #a9a9a9;
  --line: #3a3f44; --paper: #16191c; --band: #20252a; --link: #7cc4f0;
  --wrong: #ff9c57; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 78rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .6rem; padding-top: .8rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
p { max-width: 46rem; margin: .5rem 0; }
a { color: var(--link); }
code, pre { font: .9em/1.4 ui-monospace, monospace; background: var(--band);
  border-radius: 4px; padding: .1em .3em; overflow-wrap: anywhere; }
pre { padding: .7em 1em; overflow-x: auto; white-space: pre-wrap; }
.soft { color: var(--soft); }
.verdict { background: var(--band); border-left: 4px solid var(--link);
  padding: .4rem 1rem; margin: 1rem 0; max-width: 50rem; }
nav { font-size: .92rem; }
nav ul { margin: .3rem 0; padding-left: 1.2rem; }
.scroll { overflow: auto; max-height: 60rem; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .92rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .65rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: var(--paper); min-width: 4rem;
  max-width: 11rem; white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
table.texts th, table.texts td { text-align: left; white-space: normal;
  overflow-wrap: anywhere; }
table.matrix td { text-align: center; min-width: 2.4rem; }
table.matrix td:first-child { text-align: left; }
table.matrix th:not(:first-child) { min-width: 0; text-align: center; }
table.matrix th span { writing-mode: vertical-rl; transform: rotate(180deg);
  max-height: 10rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
table.texts th:first-child, table.texts td:first-child { white-space: nowrap; }
.keep { white-space: nowrap; }
td.dark { color: #ffffff; }
img { background: #ffffff; border-radius: 4px; }
img.wide { max-width: 100%; height: auto; display: block; margin: .6rem 0; }
.pictures { display: grid; gap: .9rem .7rem; margin: .8rem 0;
  grid-template-columns: repeat(auto-fill, minmax(8.4rem, 1fr)); }
figure { margin: 0; font-size: .82rem; line-height: 1.35; }
figure img { width: 6rem; height: 6rem; object-fit: contain; display: block;
  border: 1px solid var(--line); margin-bottom: .25rem; }
img.tiny { image-rendering: pixelated; }
figcaption { overflow-wrap: anywhere; }
.wrong { color: var(--wrong); font-weight: 600; }
@media screen and (min-width: 62rem) {
  body { display: grid; grid-template-columns: 13rem minmax(0, 1fr);
    column-gap: 2.5rem; align-items: start; }
  header { grid-column: 1 / -1; }
  nav { position: sticky; top: 1rem; padding-top: 2.4rem; }
}
@media print {
  :root { --ink: #000000; --soft: #444444; --paper: #ffffff; --band: #f4f6f8;
    --line: #cccccc; --link: #000000; --wrong: #b84a00; }
  body { padding: 0; max-width: none; font-size: 11pt; }
  .scroll { overflow: visible; max-height: none; }
  th { position: static; }
  tr, figure, img, .verdict { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

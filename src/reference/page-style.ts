/** How the page of the reference looks, by day and by night, and the script that filters its list of routes. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fff, #14161a);
  --side: light-dark(#f6f7f9, #191c21);
  --ink: light-dark(#1c2128, #e3e6ea);
  --faint: light-dark(#626b78, #949eab);
  --line: light-dark(#e4e7ec, #2a2f37);
  --link: light-dark(#0b62c4, #78b4ff);
  --code: light-dark(#f3f5f8, #1e2229);
  --get: light-dark(#0b62c4, #78b4ff);
  --post: light-dark(#177a3e, #6fcf97);
  --put: light-dark(#9a5b00, #f0b35a);
  --delete: light-dark(#b3261e, #ff8f87);
}
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 20rem minmax(0, 1fr); font: 15px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre, nav a span { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.87em; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.25rem 1rem 3rem; background: var(--side); border-right: 1px solid var(--line); }
nav h1 { font-size: 1.1rem; margin: 0 0.4rem 0.9rem; }
nav h2 { font-size: 0.72rem; letter-spacing: 0.06em; text-transform: uppercase; color: var(--faint); margin: 1.2rem 0.4rem 0.3rem; }
nav a { display: flex; gap: 0.5rem; align-items: baseline; padding: 0.16rem 0.4rem; border-radius: 5px; color: var(--ink); }
nav a:hover { background: var(--code); text-decoration: none; }
nav a span { font-size: 0.78rem; overflow-wrap: anywhere; }
nav a .method { flex: 0 0 3.1rem; }
#filter { width: 100%; padding: 0.45rem 0.6rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; }
main { padding: 2rem 3rem 6rem; max-width: 90rem; }
main > header { max-width: 46rem; }
dl { display: grid; grid-template-columns: 7rem 1fr; gap: 0.3rem 1rem; margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; }
.tag { margin-top: 4rem; }
.tag > h2 { font-size: 1.5rem; margin: 0; }
.tag > h2 + p { color: var(--faint); margin-top: 0.25rem; }
article { padding: 1.75rem 0; border-top: 1px solid var(--line); }
article h3 { margin: 0; font-size: 1.02rem; overflow-wrap: anywhere; }
article:target > h3 { box-shadow: -0.75rem 0 0 var(--paper), -1rem 0 0 var(--link); }
h4 { margin: 1.4rem 0 0.4rem; font-size: 0.85rem; font-weight: 600; }
h4 a { font-weight: 500; }
.summary { margin: 0.4rem 0 0; }
.who { margin: 0.2rem 0 0; color: var(--faint); font-size: 0.85rem; }
.columns { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: 2.5rem; }
.method { font: 700 0.68rem/1 ui-monospace, Menlo, Consolas, monospace; letter-spacing: 0.02em; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch { color: var(--put); } .delete { color: var(--delete); }
.status { font-family: ui-monospace, Menlo, Consolas, monospace; color: var(--post); }
.status.refused { color: var(--delete); font-weight: 500; }
.type { color: var(--faint); font-size: 0.85em; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: 0.88rem; }
td { padding: 0.32rem 0.6rem 0.32rem 0; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
td:first-child { width: 14rem; }
.within > td { padding: 0 0 0.4rem 1.25rem; border-top: 0; }
.within table { border-left: 2px solid var(--line); }
.within table td:first-child { padding-left: 0.9rem; }
tr:first-child > td { border-top: 0; }
td:has(> .status) { width: 3.5rem !important; }
td small { display: block; color: var(--faint); font-size: 0.72rem; }
pre { margin: 0; padding: 0.85rem 1rem; max-height: 30rem; overflow: auto; background: var(--code); border-radius: 8px; font-size: 0.78rem; line-height: 1.5; }
.examples { padding-top: 1.4rem; }
.examples h4:first-child { margin-top: 0; }
[hidden] { display: none !important; }
@media (max-width: 75rem) { .columns { grid-template-columns: minmax(0, 1fr); gap: 0; } main { padding: 1.5rem; } }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line); } }
`;

export const FILTER_SCRIPT = `
const filter = document.getElementById('filter');
filter.addEventListener('input', () => {
  const wanted = filter.value.trim().toLowerCase();
  for (const section of document.querySelectorAll('nav section')) {
    let shown = 0;
    for (const link of section.querySelectorAll('a')) {
      link.hidden = !(link.textContent + ' ' + link.title).toLowerCase().includes(wanted);
      if (!link.hidden) shown += 1;
    }
    section.hidden = shown === 0;
  }
});
`;

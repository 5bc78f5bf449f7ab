// The look of the HTML report: inline, because the page must open from a mail or an artifact store.
#pragma once

namespace tidelab::report {

inline constexpr const char* page_style = R"css(
:root { --ink: #1c2430; --paper: #fff; --faint: #6b7686; --line: #dde3ea; --pass: #1a7f45; --fail: #c0272d; --warn: #a86400; --box: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e8ef; --paper: #14181e; --faint: #93a0b1; --line: #303843; --pass: #4cc07e; --fail: #ff7b78; --warn: #e3ab4a; --box: #1d232b; }
}
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 70rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.faint { color: var(--faint); } .pass { color: var(--pass); } .fail { color: var(--fail); }
.broken, .unknown { color: var(--warn); } .blocked { color: var(--faint); }
.sentence { margin: 1rem 0; padding: .8rem 1rem; border-left: 4px solid; background: var(--box); font-size: 1.1rem; }
.chain { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; margin: .6rem 0; }
.box { border: 2px solid; border-radius: .4rem; padding: .25rem .7rem; background: var(--box); text-align: center; }
.box small { display: block; color: var(--faint); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; font-weight: 400; } thead th { color: var(--faint); font-weight: 500; }
a { color: inherit; } :target { outline: 2px solid var(--warn); } td.word, th.word { white-space: nowrap; }
.time { display: block; width: 100%; margin: .6rem 0; font-size: 13px; } .time .grid { stroke: var(--line); }
.time text { fill: var(--ink); } .time .label { text-anchor: end; } .time .tick { text-anchor: middle; fill: var(--faint); }
.time rect { fill: var(--warn); } .time rect.pass { fill: var(--pass); } .time rect.fail { fill: var(--fail); }
td.time { display: table-cell; width: auto; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
pre { background: var(--box); padding: .7rem; overflow-x: auto; font-size: 13px; } details { margin: .3rem 0; } summary { cursor: pointer; }
)css";

}  // namespace tidelab::report

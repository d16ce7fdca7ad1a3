// SPDX-License-Identifier: Apache-2.0
#include "report/style.h"

namespace ringmq::report {

const std::string_view kStyle = R"css(
:root {
  --paper: #ffffff; --card: #f5f7f9; --ink: #1b2128; --soft: #5b6773; --rule: #d5dbe1;
  --good: #00724f; --warning: #8a5a00; --bad: #b3261e; --shade: #00000010;
  --s0: #0138ce; --s1: #c4861d; --s2: #03a774; --s3: #b10490; --s4: #654a01; --s5: #1b2128;
  --h1: #e3eef9; --h2: #c2dbf0; --h3: #96c3e4; --h4: #64a5d4; --h5: #3a85c0; --h6: #1c66a5;
  --h7: #0a4880; --h8: #052c56;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --card: #1d232a; --ink: #e6eaee; --soft: #9aa7b4; --rule: #343d47;
    --good: #3ecf9b; --warning: #f0b429; --bad: #ff7b6e; --shade: #ffffff12;
    --s0: #3685df; --s1: #dc582c; --s2: #31eb92; --s3: #b76895; --s4: #ecce2f; --s5: #e6eaee;
    --h1: #14283c; --h2: #173a5a; --h3: #1a507e; --h4: #2069a1; --h5: #3786c2; --h6: #62a6da;
    --h7: #9cc9ec; --h8: #e2f1fd;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 20px 20px 60px; }
h1 { font-size: 1.3em; margin: 14px 0 2px; overflow-wrap: anywhere; white-space: pre-wrap; }
h2 { font-size: 1.15em; margin: 36px 0 10px; padding-bottom: 4px;
  border-bottom: 1px solid var(--rule); }
p { margin: 6px 0; }
a { color: var(--s0); }
.verdict { font-size: 1.35em; font-weight: 600; margin: 0 0 10px; padding: 12px 16px;
  border-left: 6px solid currentColor; background: var(--card); overflow-wrap: anywhere; }
.good { color: var(--good); } .warning { color: var(--warning); } .bad { color: var(--bad); }
.unknown { color: var(--soft); }
.about, .note { color: var(--soft); overflow-wrap: anywhere; }
.note { font-size: .87em; }
ul.says { list-style: none; margin: 8px 0; padding: 0; }
ul.says li { overflow-wrap: anywhere; padding: 2px 0; }
ul.says b { display: inline-block; width: 1.4em; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 10px;
  margin: 16px 0; }
.tiles div { display: flex; flex-direction: column; justify-content: space-between;
  background: var(--card); padding: 8px 12px; border-radius: 4px; }
.tiles dt { color: var(--soft); font-size: .87em; }
.tiles dd { margin: 0; font-size: 1.3em; font-weight: 600; font-variant-numeric: tabular-nums; }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 360px), 1fr));
  gap: 4px 40px; align-items: start; }
.beside > * { min-width: 0; }
.table { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 4px 0; }
th, td { padding: 4px 14px 4px 0; text-align: left; vertical-align: top; font-weight: 400;
  border-top: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); border-top: 0; vertical-align: bottom; }
tbody th { color: var(--soft); }
table:not(.numbers) tbody th { width: 1%; min-width: 8em; }
summary { cursor: pointer; }
td { overflow-wrap: anywhere; }
.numbers td, .numbers thead th:not(:first-child) { text-align: right; }
.numbers td { white-space: nowrap; overflow-wrap: normal; }
.numbers td:nth-child(6) { white-space: normal; }
figure { display: flow-root; margin: 22px 0 0; }
figcaption { font-weight: 600; }
.key { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 4px 0; padding: 0;
  font-size: .9em; }
.swatch { margin-right: 6px; vertical-align: middle; }
pre { background: var(--card); padding: 12px 14px; margin: 8px 0; border-radius: 4px;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92em; }

svg { overflow: visible; }
.plot { display: block; width: calc(100% - 84px); margin: 34px 24px 48px 60px; }
.plot.bare { margin-bottom: 12px; }
.plot text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.plot .mark-text { fill: var(--ink); font-weight: 600; }
.grid { stroke: var(--rule); stroke-width: 1; } .grid.faint { opacity: .5; }
.shade { fill: var(--shade); }
.mark { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 4; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.line.faint { stroke-width: 1; opacity: .45; }
.band { opacity: .25; } .area { opacity: .7; } .bar { opacity: .85; } .bar:hover { opacity: 1; }
.dot { stroke: var(--paper); stroke-width: 1; }
a .dot:hover, a:focus .dot { stroke: var(--ink); stroke-width: 2; }
.hover { fill: var(--ink); opacity: 0; } .hover:hover { opacity: .12; }
.line.s0 { stroke: var(--s0); } .dot.s0, .bar.s0, .area.s0, .band.s0 { fill: var(--s0); }
.line.s1 { stroke: var(--s1); stroke-dasharray: 8 4; }
.dot.s1, .bar.s1, .area.s1, .band.s1 { fill: var(--s1); }
.line.s2 { stroke: var(--s2); stroke-dasharray: 2 3; }
.dot.s2, .bar.s2, .area.s2, .band.s2 { fill: var(--s2); }
.line.s3 { stroke: var(--s3); stroke-dasharray: 9 3 2 3; }
.dot.s3, .bar.s3, .area.s3, .band.s3 { fill: var(--s3); }
.line.s4 { stroke: var(--s4); stroke-dasharray: 14 4; }
.dot.s4, .bar.s4, .area.s4, .band.s4 { fill: var(--s4); }
.line.s5 { stroke: var(--s5); stroke-dasharray: 4 4; }
.dot.s5, .bar.s5, .area.s5, .band.s5 { fill: var(--s5); }
.cells { shape-rendering: crispEdges; }
.h1 { fill: var(--h1); } .h2 { fill: var(--h2); } .h3 { fill: var(--h3); } .h4 { fill: var(--h4); }
.h5 { fill: var(--h5); } .h6 { fill: var(--h6); } .h7 { fill: var(--h7); } .h8 { fill: var(--h8); }
.ramp { display: flex; flex-wrap: wrap; align-items: center; gap: 0 8px; white-space: nowrap;
  font-size: .9em; margin: 4px 0; }
.ramp svg { vertical-align: middle; }
td.value { white-space: nowrap; }
.whisker { width: 26%; min-width: 130px; }
th.whisker { text-align: center; }
.whisker svg { display: block; width: 100%; }
.equal { fill: var(--shade); } .zero { stroke: var(--soft); }
.interval { stroke: currentColor; stroke-width: 2; } .estimate { fill: currentColor; }
@media (max-width: 560px) {
  main { padding: 12px 12px 40px; }
  .spare { display: none; }
  .plot { width: calc(100% - 70px); margin-left: 54px; margin-right: 16px; }
  th, td { padding-right: 7px; font-size: .93em; }
  .numbers th, .numbers td { font-size: .86em; }
  .delta, .delta tbody { display: block; } .delta thead { display: none; }
  .delta tr { display: grid; grid-template-columns: 1fr 1fr 1fr; padding: 6px 0;
    border-top: 1px solid var(--rule); }
  .delta th, .delta td { border: 0; padding: 1px 0; }
  .delta caption { display: block; }
  table.delta tbody th, .delta td:last-child { grid-column: 1 / -1; width: auto; }
  table.delta tbody th { color: var(--ink); font-weight: 600; }
  .delta .a::before { content: "A "; color: var(--soft); }
  .delta .b::before { content: "B "; color: var(--soft); }
  .delta .whisker { width: auto; min-width: 0; }
}
@media print {
  main { max-width: none; }
  figure, table { break-inside: avoid; }
}
)css";

}  // namespace ringmq::report

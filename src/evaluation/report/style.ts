/**
 * The page's style. Colours are those of Okabe and Ito (2008), told apart with any colour vision;
 * lines differ by dash too. Light and dark follow the reader's system.
 */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--ink:#1c2126;--soft:#5b6570;--rule:#dfe3e7;--panel:#f6f7f8;
--actual:#1c2126;--walk:#7c8791;--m0:#0072b2;--m1:#c14f00;--m2:#00805c;--m3:#a64d82;--warn:#8a4b00;--warnbg:#fff3df}
@media (prefers-color-scheme:dark){:root{--bg:#14181c;--ink:#e6e9ec;--soft:#9aa5af;--rule:#2c343b;--panel:#1b2126;
--actual:#e6e9ec;--walk:#8d98a3;--m0:#56b4e9;--m1:#e69f00;--m2:#2cc295;--m3:#dd9cc4;--warn:#ffc97a;--warnbg:#33270f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:1.55rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.2rem;margin:44px 0 10px;padding-top:18px;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:22px 0 6px}
p{margin:8px 0;max-width:80ch}
.soft{color:var(--soft)}.small{font-size:.87rem}
.lead{font-size:1.08rem;max-width:none}time{white-space:nowrap}
nav{margin:12px 0 0;display:flex;flex-wrap:wrap;gap:4px 16px}
a{color:var(--m0)}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums;margin:8px 0}
caption{text-align:left;color:var(--soft);font-size:.87rem;padding:0 0 6px}
th,td{padding:6px 10px;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap;vertical-align:baseline}
thead th{color:var(--soft);font-weight:600;font-size:.82rem}
th:first-child,td:first-child{padding-left:0}
.scroll th:first-child{position:sticky;left:0;background:var(--bg)}
.text{text-align:left}.wrap{white-space:normal;min-width:11em}
tbody th{font-weight:600;text-align:left}
tr.champion td,tr.champion th,.scroll tr.champion th:first-child{background:var(--panel)}
tr.baseline td,tr.baseline th{color:var(--soft);font-weight:400}
.bar .axis{stroke:var(--soft)}.bar .gain{fill:var(--m0)}.bar .loss{fill:var(--m1)}
.flag{background:var(--warnbg);color:var(--warn);padding:8px 12px;border-radius:6px;max-width:72ch}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:8px 28px;margin:12px 0}
.chart{margin:0;min-width:0}
.unit{margin:6px 0 2px 4px;color:var(--soft);font-size:.85rem}
svg{display:block;width:100%;height:auto}
.bar{display:inline-block;width:84px;height:12px;margin-left:10px;vertical-align:-1px}
svg text{fill:var(--soft);font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.value{text-anchor:end;dominant-baseline:central}
.grid{stroke:var(--rule);fill:none}.zero{stroke:var(--soft);stroke-width:1.2;fill:none}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round}
.dot{stroke:var(--bg);stroke-width:1}
.band{opacity:.18}
.line.actual{stroke:var(--actual);stroke-width:1.3}.line.walk{stroke:var(--walk);stroke-dasharray:2 3}
.line.model0{stroke:var(--m0)}.line.model1{stroke:var(--m1);stroke-dasharray:7 3}
.line.model2{stroke:var(--m2);stroke-dasharray:10 3 2 3}.line.model3{stroke:var(--m3);stroke-dasharray:4 2}
.band.model0,.dot.model0{fill:var(--m0)}.band.model1,.dot.model1{fill:var(--m1)}.band.model2,.dot.model2{fill:var(--m2)}
.band.model3,.dot.model3{fill:var(--m3)}.band.walk,.dot.walk{fill:var(--walk)}.band.actual,.dot.actual{fill:var(--actual)}
figcaption{font-size:.85rem;color:var(--soft);display:flex;flex-wrap:wrap;gap:2px 16px;padding-left:4px}
.key i{display:inline-block;width:22px;height:0;border-top:2.5px solid;vertical-align:4px;margin-right:6px}
.key.area i{height:10px;border:0;opacity:.3;vertical-align:-1px}.key.area.model0 i{background:var(--m0)}.key.area.walk i{background:var(--walk)}
.key.actual i{border-color:var(--actual)}.key.walk i{border-color:var(--walk);border-top-style:dotted}.key.model0 i{border-color:var(--m0)}
.key.model1 i{border-color:var(--m1);border-top-style:dashed}.key.model2 i{border-color:var(--m2);border-top-style:dashed}.key.model3 i{border-color:var(--m3);border-top-style:dotted}
ul{padding-left:1.2em;max-width:80ch;margin:6px 0}
dl{max-width:76ch}dt{font-weight:600;margin-top:10px}dd{margin:0;color:var(--soft)}
@media (max-width:640px){main{padding:20px 14px 40px}body{font-size:15px}svg text{font-size:17px}
.cards thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}
.cards tbody tr{display:block;padding:10px 0;border-bottom:1px solid var(--rule)}
.cards th,.cards td{display:flex;justify-content:space-between;gap:16px;border:0;padding:2px 0;white-space:normal;text-align:right}
.cards tbody th{font-size:1.05rem}
.cards td::before{content:attr(data-label);color:var(--soft);text-align:left}}
@media print{body{font-size:11pt}h2{break-after:avoid}.chart,table{break-inside:avoid}}
`;

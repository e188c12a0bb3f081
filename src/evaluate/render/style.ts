/** The report's style sheet. Colours are from the Okabe-Ito set, which colour-blind readers can tell apart; dark mode has its own. */
export const STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--rule:#e4e8ee;--axis:#9aa4b2;--edge:#dde2e9;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#a4508b;--s4:#b07800;--s5:#2f9fd0;--s6:#5b6675;--s7:#7a5c3e;
--correct:#009e73;--wrong:#d55e00;--unparsed:#8a94a3;--timeout:#b07800;--error:#a4508b}
@media (prefers-color-scheme:dark){:root{--page:#11151b;--card:#1a2029;--ink:#e8ecf2;--soft:#9faab9;--rule:#2a323e;--axis:#5f6b7b;--edge:#2a323e;
--s0:#4fb3ea;--s1:#ff8b45;--s2:#36cfa0;--s3:#dd93c6;--s4:#e8b444;--s5:#8fd3f5;--s6:#a9b4c2;--s7:#c9a27c;
--correct:#23a37e;--wrong:#d9692a;--unparsed:#6d7889;--timeout:#b98a22;--error:#b06a9b}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:28px 20px 48px}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:1.02rem;margin:0 0 4px}
p{margin:0}
.soft,figcaption,.remark{color:var(--soft)}
.remark{font-size:.86rem;margin-bottom:10px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,210px),1fr));gap:12px;margin:20px 0 12px}
.card,.tile{background:var(--card);border:1px solid var(--edge);border-radius:12px;min-width:0}
.tile{padding:14px 16px}
.tile b{display:block;font-size:1.75rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
.tile span{display:block;font-size:.86rem;color:var(--soft);overflow-wrap:anywhere}
.plots{columns:2 440px;column-gap:12px}
.plots .card{display:inline-block;width:100%;break-inside:avoid;margin-bottom:12px}
.card{padding:16px 18px;margin:0}
.wide{margin-bottom:12px}
svg{display:block;width:100%;height:auto;overflow:visible;font-size:12px;font-variant-numeric:tabular-nums}
svg text{fill:var(--ink)}
svg text.soft{fill:var(--soft)}
svg text.strong{font-weight:600}
svg text.inside{fill:#fff;font-weight:600}
svg text.halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.rule{stroke:var(--rule)}.axis{stroke:var(--axis)}
.stroke{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}
.band{fill:var(--c);fill-opacity:.08;stroke:var(--c);stroke-opacity:.3}
.stroke.s6{stroke-dasharray:5 4}.mark.hollow{fill:var(--card);stroke:var(--c);stroke-width:2}
.whisker{stroke:var(--c);stroke-width:2.5;stroke-linecap:round}
.mark{fill:var(--c);stroke:var(--card);stroke-width:1.2}
.bar{fill:var(--c)}
.expected{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 3}
.s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}.s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}.ink{--c:var(--ink)}
.recovered{fill:var(--correct)}.lost{fill:var(--wrong)}
.v-correct{fill:var(--correct);background:var(--correct)}.v-wrong{fill:var(--wrong);background:var(--wrong)}.v-unparsed{fill:var(--unparsed);background:var(--unparsed)}.v-timeout{fill:var(--timeout);background:var(--timeout)}.v-error{fill:var(--error);background:var(--error)}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:10px 0 0;padding:0;list-style:none;font-size:.86rem}
.legend li{display:flex;align-items:center;gap:6px;overflow-wrap:anywhere;min-width:0}
.legend svg{width:14px;height:14px;flex:none}
.swatch{width:12px;height:12px;border-radius:3px;flex:none}
.scroll{overflow-x:auto;margin:0 -18px;padding:0 18px}
.scroll:focus-visible{outline:2px solid var(--s0)}
table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px 6px 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
th:last-child,td:last-child{padding-right:0}
th:first-child,td:first-child{text-align:left}
thead th{color:var(--soft);font-weight:500}
tbody th{font-weight:500}
tbody tr:last-child>*{border-bottom:0}
.wide summary{cursor:pointer;padding:6px 0;font-size:.92rem;color:var(--soft)}
.wide summary:focus-visible{outline:2px solid var(--s0)}
.notes{margin:6px 0 0;padding-left:18px;font-size:.92rem}
.notes li{margin:4px 0;overflow-wrap:anywhere}
footer{margin-top:20px;font-size:.82rem;color:var(--soft);overflow-wrap:anywhere}
@media (max-width:480px){main{padding:20px 12px 40px}.card{padding:14px}.scroll{margin:0 -14px;padding:0 14px}.tiles{grid-template-columns:1fr 1fr;gap:8px}.tile{padding:12px}.tile b{font-size:1.35rem}svg{font-size:14px}}
@media print{body{background:#fff}.card,.tile{break-inside:avoid}}
`;

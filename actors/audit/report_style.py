"""The style sheet of every page: one quiet look, by day and by night."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;
--paper:#faf9f6;--card:#fff;--ink:#1d1c1a;--soft:#6b6861;--faint:#928e85;--line:#e5e2da;
--wash:#f3f1eb;--ours:#0a7350;--ours-wash:#e2f2ea;--bid:#2b66ad;--bid-wash:#dde9f7;
--ask:#b9531b;--ask-wash:#f9e6d9;--bad:#b3261e;--bad-wash:#fae4e1;--warn:#8f5a00;
--warn-wash:#faeed4}
@media (prefers-color-scheme:dark){:root{
--paper:#131412;--card:#1b1c1a;--ink:#eae8e2;--soft:#a19e95;--faint:#7d7a72;--line:#2e2f2b;
--wash:#232421;--ours:#52c795;--ours-wash:#17352a;--bid:#78aeea;--bid-wash:#1b2f45;
--ask:#e79a62;--ask-wash:#432a1a;--bad:#ff8f85;--bad-wash:#472220;--warn:#e3b04b;
--warn-wash:#3d2f12}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums;font-feature-settings:"tnum","lnum"}
main{max-width:1120px;margin:0 auto;padding:20px 24px 64px}
a{color:inherit;text-decoration-color:var(--faint);text-underline-offset:3px}
a:hover{text-decoration-color:var(--ink)}
h1,h2,h3,p{margin:0}
code,pre,.mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:.87em}
.soft{color:var(--soft)}.nowrap{white-space:nowrap}
.up{color:var(--ours)}.down{color:var(--bad)}
.side-bid{color:var(--bid)}.side-ask{color:var(--ask)}

nav{display:flex;gap:18px;align-items:baseline;font-size:13px;color:var(--soft);
padding-bottom:12px;border-bottom:1px solid var(--line);flex-wrap:wrap}
nav .name{font-weight:650;color:var(--ink);letter-spacing:.01em;text-decoration:none}
nav .right{margin-left:auto;display:flex;gap:16px}

.hero{display:grid;grid-template-columns:1fr auto;gap:8px 32px;padding:34px 0 26px;
align-items:end}
.hero h1{font-size:clamp(26px,4.4vw,42px);line-height:1.12;font-weight:680;
letter-spacing:-.018em;text-wrap:balance}
.hero h1 .was{color:var(--faint);font-weight:450}
.hero .when{grid-column:1/-1;color:var(--soft);font-size:14px}
.hero .worth{text-align:right}
.hero .worth b{display:block;font-size:clamp(22px,3.2vw,32px);line-height:1.15;font-weight:650;
letter-spacing:-.01em}
.hero .worth>span{font-size:12.5px;color:var(--soft)}
.chips{display:flex;gap:8px;flex-wrap:wrap;margin-bottom:12px}
.chip{display:inline-block;padding:2px 10px 3px;border-radius:99px;font-size:12.5px;font-weight:600;
background:var(--wash);color:var(--soft);white-space:nowrap}
.chip.good{background:var(--ours-wash);color:var(--ours)}
.chip.bad{background:var(--bad-wash);color:var(--bad)}
.chip.warn{background:var(--warn-wash);color:var(--warn)}
.lede{font-size:17px;line-height:1.55;max-width:72ch;text-wrap:pretty}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(138px,1fr));gap:1px;
background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden;
margin-top:24px}
.tile{box-shadow:0 0 0 1px var(--line);padding:12px 16px 13px}
.tile dt{font-size:12px;color:var(--soft);margin:0}
.tile dd{margin:2px 0 0;font-size:20px;font-weight:620;letter-spacing:-.01em;white-space:nowrap}
.tile dd small{display:block;font-size:12px;font-weight:400;color:var(--soft);letter-spacing:0;
white-space:normal;line-height:1.35}
dl.tiles{margin-bottom:0}

section{margin-top:44px}
h2{font-size:19px;font-weight:660;letter-spacing:-.008em;line-height:1.3}
h2+.note{margin:2px 0 14px}
h3{font-size:15.5px;font-weight:640;line-height:1.35}
.note{color:var(--soft);font-size:13.5px;max-width:104ch;text-wrap:pretty}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px 20px;
margin-top:14px}
.card>header{display:flex;gap:4px 14px;flex-wrap:wrap;align-items:baseline;margin-bottom:4px}
.card>header .chip{margin-left:auto}
.card .ids{font-size:12.5px;color:var(--soft);overflow-wrap:anywhere}
.card h4{margin:22px 0 6px;font-size:12.5px;font-weight:600;color:var(--soft);
letter-spacing:.01em}
.said{margin:12px 0 0;padding:9px 13px;background:var(--warn-wash);border-radius:7px;
font-size:14px;max-width:90ch}
.said p+p{margin-top:2px}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:0 36px}

.scroll{overflow-x:auto;margin:0 -4px;padding:0 4px}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th{font-weight:550;font-size:12px;color:var(--soft);text-align:left;vertical-align:bottom;
padding:5px 12px 5px 0;border-bottom:1px solid var(--line);white-space:nowrap}
td{padding:5px 12px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
td.n,th.n{text-align:right;white-space:nowrap}
tr.total td{font-weight:640;border-top:1px solid var(--faint);border-bottom:0}
tr.ours td{background:var(--ours-wash)}
tr.first td{font-weight:600}
td .ref{font-weight:400}
.ref{font:11px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;
color:var(--faint);text-decoration:none;white-space:nowrap}
.ref:hover{color:var(--ink);text-decoration:underline}

.track{position:relative;min-width:120px;height:10px;border-radius:2px;background:var(--wash);
margin-top:6px}
.track i{position:absolute;top:0;height:100%;min-width:2px;border-radius:2px;
background:var(--faint)}
.track i.ours{background:var(--ours)}
.fall{display:grid;grid-template-columns:max-content 1fr max-content max-content;gap:1px 12px;
font-size:13px;align-items:center}
.fall .bar{position:relative;height:19px;background-image:linear-gradient(to right,
var(--line) 1px,transparent 1px);background-size:25% 100%;border-right:1px solid var(--line)}
.fall .bar i{position:absolute;top:4px;height:11px;min-width:2px;border-radius:2px;
background:var(--ours)}
.fall.venue .bar i{background:var(--bid)}
.fall .v{text-align:right;white-space:nowrap}
.fall .at{text-align:right;color:var(--faint);white-space:nowrap;font-size:12px}
.fall .axis{grid-column:2;display:flex;justify-content:space-between;font-size:11px;
color:var(--faint);padding-top:2px}
.fall .axis span{width:0;display:flex;justify-content:center;white-space:nowrap}
.fall .axis span:first-child{justify-content:flex-start}

.ladders{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,205px),1fr));
gap:16px 22px;margin-top:6px}
.ladder{font-size:12.5px;min-width:0}
.ladder .head{display:flex;justify-content:space-between;align-items:baseline;
border-bottom:1px solid var(--line);padding-bottom:3px;margin-bottom:3px}
.ladder .head b{font-weight:620}
.ladder .head span{color:var(--soft);font-size:11.5px}
.rung{display:grid;grid-template-columns:52px 1fr;gap:8px;line-height:19px;height:19px}
.rung .p{text-align:right}
.rung .q{position:relative;padding-left:5px;white-space:nowrap}
.rung .q i{position:absolute;left:0;top:2px;bottom:2px;border-radius:2px}
.rung .q span{position:relative}
.rung.ask .p{color:var(--ask)}.rung.ask .q i{background:var(--ask-wash)}
.rung.bid .p{color:var(--bid)}.rung.bid .q i{background:var(--bid-wash)}
.rung.reach .q i{background:var(--ours);opacity:.34}
.rung.reach .p{font-weight:680}
.rung.more{color:var(--faint);font-size:11.5px}
.gap{height:5px}
.limit{display:flex;align-items:center;gap:6px;height:17px;font-size:11px;font-weight:620;
color:var(--ours);white-space:nowrap}
.limit:after{content:"";flex:1;border-top:1.5px dashed var(--ours)}
.ladder .none{color:var(--faint);line-height:19px;padding-left:60px}

.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));
gap:14px}
.chart{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:13px 14px 8px;min-width:0;max-width:600px}
.chart.wide{max-width:none;overflow-x:auto}.chart.wide svg{min-width:620px}
.chart h3{display:flex;justify-content:space-between;gap:10px;font-size:14px}
.chart h3 span{font-weight:400;color:var(--soft);font-size:12.5px}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:10.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--faint);
font-variant-numeric:tabular-nums}
svg .grid{stroke:var(--line);stroke-width:1}
svg .bid{fill:none;stroke:var(--bid);stroke-width:1.6}
svg .ask{fill:none;stroke:var(--ask);stroke-width:1.6}
svg .blind{fill:var(--wash)}
svg .mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}
svg .frame{stroke:var(--ink);stroke-width:1.2}
svg text.on{fill:var(--soft)}svg text.strong{fill:var(--ink);font-weight:600}
svg .limitline{stroke:var(--ours);stroke-width:1.6;stroke-dasharray:5 3}
svg .fill{fill:var(--ours);stroke:var(--card);stroke-width:1.2}
svg .print{fill:var(--faint);fill-opacity:.5}
svg .curve{fill:none;stroke:var(--ours);stroke-width:1.8;stroke-linejoin:round}
svg .area{fill:var(--ours);fill-opacity:.09}
svg .zero{stroke:var(--faint);stroke-width:1}
.key{display:flex;gap:5px 18px;flex-wrap:wrap;font-size:12.5px;color:var(--soft);margin:10px 0 0}
.key b{display:inline-block;width:16px;height:0;border-top:2px solid;vertical-align:middle;
margin-right:6px}
.key b.dot{width:8px;height:8px;border:0;border-radius:50%;background:currentColor}

details.card>summary{display:flex;gap:4px 12px;flex-wrap:wrap;align-items:baseline;
color:var(--ink);list-style:none}
details.card>summary::-webkit-details-marker{display:none}
details.card>summary:before{content:"\\25B8";color:var(--faint)}
details.card[open]>summary:before{content:"\\25BE"}
details.card>summary .chip{margin-left:auto}
details.card{padding-top:12px;padding-bottom:12px}
details{margin-top:14px;font-size:13.5px}
summary{cursor:pointer;color:var(--soft);font-size:13px}
summary:hover{color:var(--ink)}
details[open]>summary{margin-bottom:8px}
pre{margin:6px 0 0;padding:10px 12px;background:var(--wash);border-radius:7px;overflow-x:auto;
white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.45;font-size:12px;
unicode-bidi:plaintext}
tr:target td{background:var(--warn-wash)}
.facts td:nth-child(3){overflow-wrap:anywhere;min-width:260px}
footer{margin-top:56px;padding-top:14px;border-top:1px solid var(--line);font-size:12.5px;
color:var(--soft)}
footer code{overflow-wrap:anywhere}
@media (max-width:640px){.scroll table{min-width:600px}
main{padding:14px 16px 48px}.hero{grid-template-columns:1fr}
.hero .worth{text-align:left}nav .right{margin-left:0}.card{padding:14px 14px 16px}
.fall .at{display:none}.fall{grid-template-columns:max-content 1fr max-content}}
@media print{body{background:#fff}.card,.chart,.tile{break-inside:avoid}}
"""

// In: nothing. Out: the style and the script of the HTML page. No text from input is ever part of the script.

/** What `<`, `>`, `&` and quotes become; control bytes are gone before (see `cleanText`). */
const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text for an element or a quoted attribute; it must have been cleaned. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => ENTITIES[character]!);
}

/** JSON for a script element: cannot close it, cannot open a comment. */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2128;--dim:#667080;--line:#d8dee6;--panel:#f6f8fa;--curve:#0b7285;--fill:#0b728522;--goal:#98a2b0;
--growth:#d0342c;--slower:#b7791f;--calm:#2b8a3e;--shift:#9c36b5;--info:#1c6fd1;--flame:#f2c188;--flame2:#eeb06c;--flametext:#2a1c08}
@media(prefers-color-scheme:dark){:root{--bg:#10141a;--fg:#e3e8ee;--dim:#8d98a6;--line:#2b333d;--panel:#181e26;--curve:#3bc9db;--fill:#3bc9db22;
--goal:#6b7684;--growth:#ff6b60;--slower:#e5b454;--calm:#69db7c;--shift:#da77f2;--info:#74b0ff;--flame:#8a5a24;--flame2:#764a1a;--flametext:#fbe9d3}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:24px 20px 60px;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
h1{font-size:20px;margin:0}h2{font-size:17px;margin:36px 0 8px}h3{font-size:15px;margin:22px 0 6px}
p{margin:6px 0}.dim{color:var(--dim)}.headline{font-size:18px;font-weight:600;margin:14px 0;padding-left:12px;border-left:4px solid var(--c)}
.note{padding:8px 12px;border-left:4px solid var(--c);background:var(--panel)}
.growth{--c:var(--growth)}.slower{--c:var(--slower)}.calm{--c:var(--calm)}.shift{--c:var(--shift)}.info{--c:var(--info)}.critical{--c:var(--growth)}
.warning{--c:var(--slower)}.curve,.plain,.dim,.strong{--c:var(--curve)}
code{font:13px ui-monospace,monospace;background:var(--panel);padding:1px 4px;border-radius:4px;overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
th{color:var(--dim);font-weight:500;text-align:left}th,td{padding:3px 14px 3px 0;border-bottom:1px solid var(--line);vertical-align:top}
.r{text-align:right;white-space:nowrap}td.mono{font:13px/1.6 ui-monospace,monospace;overflow-wrap:anywhere}td.kind{color:var(--c);font-weight:600;white-space:nowrap}
.course{display:block;width:160px;height:22px;overflow:visible}
.timeline{position:relative;margin:10px 0 0;padding:0 0 0 58px;touch-action:pan-y}
.panel{position:relative;border-bottom:1px solid var(--line);margin-top:30px}
.panel svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.panel .name{position:absolute;left:0;top:-24px;font-size:12px;color:var(--dim);z-index:1;pointer-events:none}
.y{position:absolute;right:100%;margin-right:8px;font-size:11px;color:var(--dim);white-space:nowrap;transform:translateY(-50%)}
.grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.live{fill:none;stroke:var(--c);stroke-width:1.8;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.area{fill:var(--fill);stroke:none}.goal{fill:none;stroke:var(--goal);stroke-width:1.2;stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
.x{position:relative;height:22px;font-size:11px;color:var(--dim)}.x span{position:absolute;top:4px;transform:translateX(-50%);white-space:nowrap}
.marks{position:absolute;left:58px;right:0;top:0;bottom:22px;pointer-events:none}
.mark{position:absolute;top:0;bottom:0;border-left:1px dashed var(--c)}
.mark a{pointer-events:auto;position:absolute;z-index:1;top:-6px;left:-10px;min-width:20px;height:20px;padding:0 4px;border-radius:10px;background:var(--c);color:var(--bg);
font:600 12px/20px system-ui,sans-serif;text-align:center;text-decoration:none}
.mark.found{border-left-style:solid;opacity:.85}.mark.found a{top:17px;border-radius:4px}
.cross{position:absolute;top:0;bottom:22px;border-left:1px solid var(--fg);opacity:.5;pointer-events:none;display:none}
.tip{position:absolute;top:8px;z-index:3;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:6px 10px;font-size:12px;line-height:1.45;
pointer-events:none;display:none;box-shadow:0 2px 10px #0003;white-space:nowrap;font-variant-numeric:tabular-nums}
.finding{border-left:4px solid var(--c);background:var(--panel);padding:10px 14px;margin:10px 0;border-radius:0 6px 6px 0}
.finding h3{margin:0}.finding .tag{color:var(--c);text-transform:uppercase;font-size:12px;font-weight:700;margin-right:8px}
.finding dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 14px;margin:8px 0 0}.finding dt{color:var(--dim)}.finding dd{margin:0;overflow-wrap:anywhere}
.flame{position:relative;font:11px/17px ui-monospace,monospace;overflow:hidden;--x0:0;--s:1;margin-top:8px}
.flame div{position:absolute;height:17px;left:calc((var(--l) - var(--x0))*var(--s)*100%);width:calc(var(--w)*var(--s)*100%);background:var(--flame);color:var(--flametext);
border:1px solid var(--bg);border-width:0 1px 1px 0;padding:0 3px;overflow:hidden;white-space:nowrap;cursor:pointer;border-radius:2px}
.flame div:nth-child(3n){background:var(--flame2)}.flame div:hover{outline:1px solid var(--fg);z-index:1}
.bar{display:inline-block;height:9px;background:var(--curve);border-radius:2px;min-width:1px}
.beside{display:grid;grid-template-columns:minmax(0,1fr);gap:0 28px}@media(min-width:900px){.beside.two{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media(max-width:600px){body{padding:16px 12px 40px}th,td{padding-right:9px}table{font-size:13px}td.mono{min-width:16em}
.finding dl{grid-template-columns:minmax(0,1fr)}.finding dt:not(:empty){margin-top:6px}}
`;

/** Crosshair with the values of all signals at one time; zoom of the flame graph. */
export const SCRIPT = `
for (const figure of document.querySelectorAll('.timeline')) {
  const data = JSON.parse(figure.querySelector('script').textContent);
  const cross = figure.querySelector('.cross'), tip = figure.querySelector('.tip');
  figure.addEventListener('pointermove', (event) => {
    const box = figure.getBoundingClientRect(), left = 58, width = box.width - left;
    const share = Math.min(1, Math.max(0, (event.clientX - box.left - left) / width));
    const column = Math.round(share * (data.columns - 1));
    const rows = [data.labels[column]];
    for (const signal of data.signals) {
      const value = signal.values[column];
      if (value !== null && value !== undefined) rows.push(signal.name + ': ' + value + ' ' + signal.unit);
    }
    tip.replaceChildren(...rows.map((row) => Object.assign(document.createElement('div'), { textContent: row })));
    cross.style.display = tip.style.display = 'block';
    const x = left + share * width;
    cross.style.left = x + 'px';
    tip.style.left = (share > 0.6 ? x - 12 - tip.offsetWidth : x + 12) + 'px';
  });
  figure.addEventListener('pointerleave', () => { cross.style.display = tip.style.display = 'none'; });
}
for (const flame of document.querySelectorAll('.flame')) {
  flame.addEventListener('click', (event) => {
    const frame = event.target.closest('.flame > div');
    if (!frame) return;
    const width = Number(frame.style.getPropertyValue('--w'));
    flame.style.setProperty('--x0', frame.style.getPropertyValue('--l'));
    flame.style.setProperty('--s', String(1 / width));
  });
}
`;

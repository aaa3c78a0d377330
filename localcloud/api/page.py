"""The page of the side door, `/__local__/`: what exists, the last calls, the failures that wait, for a person with a browser.

The page itself holds nothing and needs no token; its script asks the side door with the token that the person types in (or that follows
`#` in the address, which no server sees). What it shows is set as text, never as markup; secrets among the resources are left out.
The browser is told to run and fetch nothing else (a content security policy with the digests of this script and style).
"""

from __future__ import annotations

import base64
import hashlib
import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from localcloud.api.journal import SECRET_FIELDS

PATH = "/__local__/"
SHOWN_CALLS = 60
HIDDEN = sorted(SECRET_FIELDS | {"uri", "private_connection", "destination_conf"})

STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #1b1b1b; background: #fff; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 1.5rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .15rem .6rem .15rem 0; vertical-align: top; }
pre { background: #f4f4f4; padding: .6rem; overflow-x: auto; } summary { cursor: pointer; } .failed { color: #a30000; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8e8; background: #161616; } pre { background: #242424; } .failed { color: #ff9b9b; }
}
"""

SCRIPT = """
"use strict";
const HIDDEN = new Set(HIDDEN_NAMES), CALLS = SHOWN_CALLS;
const at = (id) => document.getElementById(id);
const made = (tag, text) => { const element = document.createElement(tag); element.textContent = text; return element; };
const open = new Set();

function shown(name, value) { return HIDDEN.has(name) && value ? "[secret]" : value; }

async function ask(path, token) {
  const answer = await fetch("/__local__/" + path, { headers: { Authorization: "Bearer " + token } });
  if (answer.status === 401) throw new Error("this token is not the local cloud's");
  if (!answer.ok) throw new Error("the local cloud answered " + answer.status);
  return answer.json();
}

function resources(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.collection, [...(groups.get(row.collection) || []), row]);
  const list = [...groups].sort().map(([collection, members]) => {
    const group = document.createElement("details");
    group.open = open.has(collection);
    group.addEventListener("toggle", () => (group.open ? open.add(collection) : open.delete(collection)));
    group.append(made("summary", collection + " (" + members.length + ")"));
    for (const member of members) group.append(made("pre", member.id + " " + JSON.stringify(member.resource, shown, 2)));
    return group;
  });
  at("resources").replaceChildren(...(list.length ? list : [made("p", "nothing yet")]));
}

function calls(rows) {
  const lines = rows.slice(-CALLS).reverse().map((call) => {
    const line = document.createElement("tr");
    const where = call.path + (call.query ? "?" + call.query : "");
    line.append(...[call.at, call.method, where, call.status].map((text) => made("td", text)));
    if (call.status >= 400) line.lastChild.className = "failed";
    return line;
  });
  at("calls").replaceChildren(...lines);
}

async function refresh() {
  const token = at("token").value;
  if (!token) return;
  try {
    resources((await ask("resources", token)).resources);
    calls((await ask("calls", token)).calls);
    at("faults").textContent = JSON.stringify((await ask("faults", token)).faults);
    at("state").textContent = "";
  } catch (error) {
    at("state").textContent = error.message;
  }
}

at("token").value = new URLSearchParams(location.hash.slice(1)).get("token") || sessionStorage.getItem("token") || "";
at("token").addEventListener("change", () => { sessionStorage.setItem("token", at("token").value); refresh(); });
refresh();
setInterval(refresh, 2000);
""".replace("HIDDEN_NAMES", json.dumps(HIDDEN)).replace("SHOWN_CALLS", str(SHOWN_CALLS))

HTML = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>The local cloud</title><meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>
<body>
<h1>The local cloud</h1>
<p><label>Token <input id="token" type="password" autocomplete="off" size="44"></label> <span id="state" role="status"></span></p>
<p>DigitalOcean answers at <code>/v2/</code>, Cloudflare at <code>/client/v4/</code>. What can be changed behind everyone's back is written
in docs/local-cloud.md.</p>
<h2>What exists</h2>
<div id="resources"><p>nothing is shown before the token is given: it lies in the folder of the local run, secrets/clouds_token</p></div>
<h2>The last calls</h2>
<table><thead><tr><th>when<th>method<th>path<th>answered</tr></thead><tbody id="calls"></tbody></table>
<h2>Failures that wait</h2>
<pre id="faults"></pre>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; connect-src 'self'; script-src '{_digest(SCRIPT)}'; style-src '{_digest(STYLE)}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


async def _page(_: Request) -> Response:
    return HTMLResponse(HTML, headers=HEADERS)


ROUTE = Route(PATH, _page, methods=["GET"])

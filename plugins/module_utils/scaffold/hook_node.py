# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The text of `goldenpath_hooks.cjs` and of the nginx configuration: health and metrics for Node and static apps."""

from __future__ import annotations

from typing import Final

HOOKS: Final = r"""// Made by goldenpath.microapps. Edit it freely: your lines survive an update.
// Health and metrics around every HTTP server of the process, with the names of OpenTelemetry's semantic conventions.
// Loaded before the app: NODE_OPTIONS=--require=/app/goldenpath_hooks.cjs (the Dockerfile says so). Needs no package.
"use strict";
const http = require("node:http");

const HEALTH = @@health@@;
const METRICS = @@metrics@@;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
// Says that this app is measured, also before its first visitor.
const TARGET = ["# TYPE target_info gauge", `target_info{service_name=${JSON.stringify(@@service@@)}} 1`];
const NAME = "http_server_request_duration_seconds";
const series = new Map();

function answered(method, status, seconds) {
  const labels = `http_request_method="${METHODS.has(method) ? method : "_OTHER"}",http_response_status_code="${status}"`;
  const one = series.get(labels) || { counts: new Array(BUCKETS.length + 1).fill(0), sum: 0 };
  const place = BUCKETS.findIndex((edge) => seconds <= edge);
  one.counts[place < 0 ? BUCKETS.length : place] += 1;
  one.sum += seconds;
  series.set(labels, one);
}

function metrics() {
  const lines = [...TARGET, `# TYPE ${NAME} histogram`];
  for (const [labels, one] of series) {
    let running = 0;
    one.counts.forEach((count, at) => {
      running += count;
      lines.push(`${NAME}_bucket{${labels},le="${at < BUCKETS.length ? BUCKETS[at] : "+Inf"}"} ${running}`);
    });
    lines.push(`${NAME}_sum{${labels}} ${one.sum}`, `${NAME}_count{${labels}} ${running}`);
  }
  return lines.join("\n") + "\n";
}

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, request, response) {
  if (event !== "request") return emit.apply(this, arguments);
  const path = (request.url || "").split("?")[0];
  if (path === HEALTH || path === METRICS) {
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    response.end(path === HEALTH ? "ok\n" : metrics());
    return true;
  }
  const start = process.hrtime.bigint();
  response.once("close", () => {
    const status = response.writableFinished || response.headersSent ? response.statusCode : 499;
    answered(request.method, status, Number(process.hrtime.bigint() - start) / 1e9);
  });
  return emit.apply(this, arguments);
};
"""

NGINX: Final = """\
# Made by goldenpath.microapps. Edit it freely: your lines survive an update.
server {
    listen @@port@@;
    server_tokens off;
    root /usr/share/nginx/html;
    index index.html;
    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;

    location = @@health@@ {
        access_log off;
        default_type text/plain;
        return 200 "ok\\n";
    }

    # nginx counts no requests by itself; this says at least that the app answers whoever measures it.
    location = @@metrics@@ {
        access_log off;
        default_type text/plain;
        return 200 "# TYPE target_info gauge\\ntarget_info{service_name=\\"@@service@@\\"} 1\\n";
    }

    # What belongs to the repository and not to the page.
    location ~ /(\\.|deploy/|infrastructure/|tests/|Dockerfile) {
        return 404;
    }
}
"""

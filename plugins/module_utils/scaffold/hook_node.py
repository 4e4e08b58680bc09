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
const Module = require("node:module");

const HEALTH = @@health@@;
const METRICS = @@metrics@@;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const OPERATIONS = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]);
// Says that this app is measured, also before its first visitor.
const TARGET = ["# TYPE target_info gauge", `target_info{service_name=${JSON.stringify(@@service@@)}} 1`];

class Histogram {
  constructor(name) {
    this.name = name;
    this.series = new Map();
  }

  observe(labels, seconds) {
    const one = this.series.get(labels) || { counts: new Array(BUCKETS.length + 1).fill(0), sum: 0 };
    const place = BUCKETS.findIndex((edge) => seconds <= edge);
    one.counts[place < 0 ? BUCKETS.length : place] += 1;
    one.sum += seconds;
    this.series.set(labels, one);
  }

  lines() {
    const lines = [`# TYPE ${this.name} histogram`];
    for (const [labels, one] of this.series) {
      let running = 0;
      one.counts.forEach((count, at) => {
        running += count;
        lines.push(`${this.name}_bucket{${labels},le="${at < BUCKETS.length ? BUCKETS[at] : "+Inf"}"} ${running}`);
      });
      lines.push(`${this.name}_sum{${labels}} ${one.sum}`, `${this.name}_count{${labels}} ${running}`);
    }
    return lines;
  }
}

const REQUESTS = new Histogram("http_server_request_duration_seconds");
const QUERIES = new Histogram("db_client_operation_duration_seconds");

function since(start) {
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function queried(system, operation, error, seconds) {
  const name = error ? String(error.code || error.name).replace(/\W/g, "_").slice(0, 40) : "";
  QUERIES.observe(`db_system_name="${system}",db_operation_name="${operation}",error_type="${name}"`, seconds);
}

function metrics() {
  return [...TARGET, ...REQUESTS.lines(), ...QUERIES.lines()].join("\n") + "\n";
}

// Drivers that are written in JavaScript: the file that holds their connection, what they talk to, and what asks it.
const DRIVERS = [
  [/[\\/]node_modules[\\/]pg[\\/]lib[\\/]client\.js$/, "postgresql", ["query"]],
  [/[\\/]node_modules[\\/]mysql2[\\/]lib[\\/](base[\\/])?connection\.js$/, "mysql", ["query", "execute"]],
  [/[\\/]node_modules[\\/]mysql[\\/]lib[\\/]Connection\.js$/, "mysql", ["query"]],
];

function timed(ask, system) {
  return function (query) {
    const start = process.hrtime.bigint();
    const text = typeof query === "string" ? query : (query && (query.text || query.sql)) || "";
    const word = String(text).trimStart().split(/\s/, 1)[0].toUpperCase();
    let isOpen = true;
    const done = (error) => {
      if (!isOpen) return;
      isOpen = false;
      queried(system, OPERATIONS.has(word) ? word : "OTHER", error, since(start));
    };
    const given = Array.from(arguments);
    const callback = given[given.length - 1];
    if (typeof callback === "function") {
      given[given.length - 1] = function (error) {
        done(error);
        return callback.apply(this, arguments);
      };
      return ask.apply(this, given);
    }
    const asked = ask.apply(this, given);
    if (asked instanceof Promise) {
      // What comes of it goes on to whoever asked; a failure that nobody takes up still ends the process.
      const failed = (error) => {
        done(error);
        throw error;
      };
      return asked.then((answer) => (done(), answer), failed);
    }
    if (asked && typeof asked.once === "function") asked.once("end", done);
    return asked;
  };
}

// MongoDB's driver tells of its commands by itself, when it is asked to; mongoose brings one of its own.
const MONGODB = /[\\/]node_modules[\\/]mongodb[\\/]lib[\\/]mongo_client\.js$/;
const TOLD = new Set(["commandStarted", "commandSucceeded", "commandFailed"]);
const COMMANDS = new Set(["find", "getMore", "aggregate", "count", "distinct", "insert", "update", "delete", "findAndModify"]);
// What the driver says to greet, keep and leave a server is no query of the app.
const GREETINGS = /^(hello|ismaster|ping|saslstart|saslcontinue|authenticate|getnonce|endsessions)$/i;

function tried(act) {
  try {
    act();
  } catch {
    // A release that is built otherwise: the app goes on, not measured.
  }
}

function commanded(event, told) {
  // A duration that the driver does not know is told as less than nothing.
  if (event === "commandStarted" || !(told.duration >= 0) || GREETINGS.test(told.commandName)) return;
  // What could not be written is told in an answer that is a success otherwise. Of an answer nothing but such a code is kept.
  const wrong = told.reply && Array.isArray(told.reply.writeErrors) ? told.reply.writeErrors[0] : undefined;
  const operation = COMMANDS.has(told.commandName) ? told.commandName : "OTHER";
  queried("mongodb", operation, told.failure || wrong, told.duration / 1000);
}

function listen(client) {
  let isAsked = client.monitorCommands;
  const emit = client.emit;
  client.monitorCommands = true;
  const asked = { get: () => isAsked, set: (value) => (isAsked = value), configurable: true };
  Object.defineProperty(client, "monitorCommands", asked);
  client.emit = function (event, told) {
    if (!TOLD.has(event)) return emit.apply(this, arguments);
    tried(() => commanded(event, told));
    // An app that left this off hears nothing of it: its listener may print whole commands.
    return isAsked ? emit.apply(this, arguments) : false;
  };
}

function timeCommands(loaded) {
  const made = loaded.MongoClient;
  if (!made || made.isTimedByPlatform) return;
  made.isTimedByPlatform = true;
  loaded.MongoClient = new Proxy(made, {
    construct(target, given, asked) {
      const client = Reflect.construct(target, given, asked);
      tried(() => listen(client));
      return client;
    },
  });
}

const load = Module._load;
Module._load = function (request, parent, isMain) {
  const loaded = load.apply(this, arguments);
  if (!/(^|[\\/])((mongo_)?client|connection)(\.js)?$/i.test(request)) return loaded;
  const file = Module._resolveFilename(request, parent, isMain);
  if (MONGODB.test(file)) tried(() => timeCommands(loaded));
  for (const [place, system, names] of DRIVERS) {
    const owner = place.test(file) && loaded && loaded.prototype;
    for (const name of owner ? names : []) {
      const ask = Object.hasOwn(owner, name) && owner[name];
      if (typeof ask !== "function" || ask.isTimedByPlatform) continue;
      owner[name] = timed(ask, system);
      owner[name].isTimedByPlatform = true;
    }
  }
  return loaded;
};

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
    const method = METHODS.has(request.method) ? request.method : "_OTHER";
    REQUESTS.observe(`http_request_method="${method}",http_response_status_code="${status}"`, since(start));
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

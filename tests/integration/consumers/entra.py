# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Microsoft Entra's token endpoint under its own name: External Secrets logs in there and nowhere else, and by TLS only.

So the controller gets a proxy, which takes its connections to that name and to no other, and answers them from the stand-in with
a certificate that the controller is told to trust. Its vault and its API server are on this machine, which no proxy is asked for.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import pathlib
import ssl
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

import certificates
from cryptography import x509

HOST = "login.microsoftonline.com"
FOUND = "/v2.0/.well-known/openid-configuration"


@contextlib.contextmanager
def proxied(manager: Any, answering: Any, folder: pathlib.Path) -> Iterator[dict[str, str]]:
    """The variables that lead a program there, as long as the block lasts. `answering` is the stand-in's own handler; names that
    were asked for and are not there are added to `manager.strangers`."""
    authority, _unused, signer = certificates.certificate("an authority")
    own, key, _pair = certificates.certificate(HOST, signer, x509.DNSName(HOST))
    (folder / "ca.pem").write_bytes(authority)
    (folder / "host.pem").write_bytes(own + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "host.pem")
    manager.strangers = []

    class Handler(answering):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            if self.path != f"{HOST}:443":
                manager.strangers.append(self.path)
                self.send_error(403)
                return
            self.send_response(200)
            self.end_headers()
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            self.close_connection = False

        def do_GET(self) -> None:
            tenant, _slash, rest = urllib.parse.urlsplit(self.path).path[1:].partition("/")
            if f"/{rest}" != FOUND:
                self.send_error(404)
                return
            base = f"https://{HOST}/{tenant}"
            told = {"issuer": f"{base}/v2.0", "authorization_endpoint": f"{base}/oauth2/v2.0/authorize"}
            text = json.dumps({**told, "token_endpoint": f"{base}/oauth2/v2.0/token"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {"HTTPS_PROXY": f"http://127.0.0.1:{server.server_port}", "SSL_CERT_FILE": str(folder / "ca.pem")}
    finally:
        server.shutdown()
        server.server_close()

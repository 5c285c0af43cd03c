#!/usr/bin/env python3
"""A loopback API with any number of service tokens, for measuring.

    server.py [TOKENS] [--port N] [--certificate PEM --key PEM]

Bodies are built once, for every page size up to 1,000 that is asked for, so that what is measured
is the client. Prints its base URL on the first line, and serves until it is stopped. Any account,
any zone and any credential are accepted.
"""
import argparse
import datetime
import json
import re
import socket
import socketserver
import ssl
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROUTE = re.compile(r"^/client/v4/(?:accounts|zones)/[0-9a-f]{32}/access/service_tokens(?:/([^/]+))?$")
# One token in each list is about to expire, so that a check has something to report.
LIFE_DAYS = (3, 20, 90, 200, 330)


def stamp(days):
    instant = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def token(number):
    left = LIFE_DAYS[number % len(LIFE_DAYS)]
    return {
        "id": f"{number:08x}-0000-4000-8000-{number:012x}",
        "name": f"service {number:05}",
        "client_id": f"{number:032x}.access",
        "duration": "8760h",
        "enabled": True,
        "created_at": stamp(left - 365),
        "updated_at": stamp(left - 365),
        "expires_at": stamp(left),
        "last_seen_at": stamp(-1),
        "client_secret_version": 1,
    }


class World:
    def __init__(self, count):
        self.tokens = [json.dumps(token(number), separators=(",", ":")) for number in range(count)]
        self.by_id = {json.loads(text)["id"]: text for text in self.tokens}
        self.pages = {}
        self.lock = threading.Lock()

    def page(self, number, size):
        with self.lock:
            if (number, size) not in self.pages:
                self.pages[number, size] = self.build(number, size)
            return self.pages[number, size]

    def build(self, number, size):
        items = self.tokens[(number - 1) * size : number * size]
        total = len(self.tokens)
        note = {
            "page": number,
            "per_page": size,
            "count": len(items),
            "total_count": total,
            "total_pages": -(-total // size),
        }
        return (
            '{"success":true,"errors":[],"messages":[],"result":[%s],"result_info":%s}'
            % (",".join(items), json.dumps(note))
        ).encode()

    def one(self, identity):
        text = self.by_id.get(identity)
        if text is None:
            return 404, b'{"success":false,"errors":[{"code":12135,"message":"not found"}],"result":null}'
        return 200, ('{"success":true,"errors":[],"messages":[],"result":%s}' % text).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are sent together, or the second would wait for the first one's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    world = None

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        route = ROUTE.match(url.path)
        if route is None:
            status, body = 404, b'{"success":false,"errors":[{"code":7003,"message":"no route"}]}'
        elif route[1]:
            status, body = self.world.one(route[1])
        else:
            query = urllib.parse.parse_qs(url.query)
            size = max(1, min(1000, int(query.get("per_page", ["1000"])[0])))
            status, body = 200, self.world.page(max(1, int(query.get("page", ["1"])[0])), size)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):
        # Inherited by each connection, whose handshake would wait for acknowledgements too.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The library's version would resolve the host name.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokens", nargs="?", type=int, default=10_000)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", help="serves over TLS")
    parser.add_argument("--key")
    wanted = parser.parse_args()
    Handler.world = World(wanted.tokens)
    for number in range(1, -(-wanted.tokens // 1000) + 1):
        Handler.world.page(number, 1000)
    server = Server(("127.0.0.1", wanted.port), Handler)
    scheme = "http"
    if wanted.certificate:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(wanted.certificate, wanted.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"{scheme}://127.0.0.1:{server.server_port}/client/v4", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()

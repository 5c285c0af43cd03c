#!/usr/bin/env python3
"""The cost of an answer of 16 MiB in various shapes.

    large.py [PATH_OF_TOKENSCOPE] [--mib N]

For each shape, on screen: the slowest of some keys while the token is shown, the time from SIGTERM to
the end, whether the terminal's modes were restored, and the peak of memory. For commands: how long
`--timeout 2` takes to be over. Prints one table and asserts nothing.
"""
import argparse
import http.server
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import termios
import threading
import time

from terminal import Terminal

HERE = pathlib.Path(__file__).parent
ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353"
ID = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415"
# The text on screen once the answer or its error has arrived.
ANSWERED = (b"just", b"NEVER", b"ACTIVE", b"API")
TOKEN = f'"id":"{ID}","name":"large","duration":"8760h","expires_at":"2099-01-01T00:00:00Z"'


def envelope(result, errors="", messages=""):
    success = "false" if errors else "true"
    return f'{{"success":{success},"errors":[{errors}],"messages":[{messages}],"result":{result}}}'


def repeated(make, size):
    """Pieces separated by commas, up to a total size."""
    pieces, length, number = [], 0, 0
    while length < size:
        piece = make(number)
        pieces.append(piece)
        length += len(piece) + 1
        number += 1
    return ",".join(pieces)


def nested(size):
    """Repeated nested lists, as deep as parsers go."""
    deep = "[" * 100 + "]" * 100
    return repeated(lambda _: deep, size)


def shapes(size):
    size -= 1024
    keys = repeated(lambda number: f'"key{number}":{number}', size)
    yield "keys", 200, envelope(f"{{{TOKEN},{keys}}}")
    yield "one string", 200, envelope(f'{{{TOKEN},"text":"{"x" * size}"}}')
    yield "one string, escaped", 200, envelope(f'{{{TOKEN},"text":"{chr(92) + "u0301"}{(chr(92) + "u0301") * (size // 6)}"}}')
    yield "nested lists", 200, envelope(f'{{{TOKEN},"lists":[{nested(size)}]}}')
    yield "a name", 200, envelope(f'{{"id":"{ID}","name":"{"n" * size}","expires_at":"2099-01-01T00:00:00Z"}}')
    error = '{"code":%d,"message":"error %d"}'
    errors = repeated(lambda number: error % (number, number), size)
    yield "errors", 400, envelope("null", errors=errors)
    yield "messages", 200, envelope(f"{{{TOKEN}}}", messages=errors)
    yield "empty objects", 200, envelope(f"[{repeated(lambda _: '{}', size)}]")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    answer = (200, b"")

    def do_GET(self):
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            pass

    def log_message(self, *_):
        pass


def screen(binary, environment, keys):
    terminal = Terminal([binary, ID], environment)
    written, end = b"", time.perf_counter() + 20
    while not any(word in written for word in ANSWERED) and time.perf_counter() < end:
        written += terminal.read(0.5)[0]
    slowest = 0.0
    for key in keys:
        terminal.read(0.3)
        begun = time.perf_counter()
        os.write(terminal.master, key)
        bytes_written, last = terminal.read(5, 0.02)
        if bytes_written:
            slowest = max(slowest, (last - begun) * 1000)
    memory = terminal.memory()[1]
    begun = time.perf_counter()
    os.kill(terminal.pid, signal.SIGTERM)
    code = None
    while time.perf_counter() - begun < 30:
        terminal.read(0.02, 0.01)
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            break
    took = (time.perf_counter() - begun) * 1000
    if code is None:
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)
    is_canonical = bool(termios.tcgetattr(terminal.master)[3] & termios.ICANON)
    os.close(terminal.master)
    return slowest, took, code, is_canonical, memory


def command(binary, environment, words):
    begun = time.perf_counter()
    done = subprocess.run(
        [binary, *words, "--timeout", "2"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return f"{time.perf_counter() - begun:.2f} s, exit {done.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default=str(HERE.parents[1] / "target/release/tokenscope"))
    parser.add_argument("--mib", type=int, default=16)
    wanted = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = tempfile.mkdtemp()
    environment = {
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "TOKENSCOPE_HOME": home,
        "CLOUDFLARE_BASE_URL": f"http://127.0.0.1:{server.server_port}",
        "CLOUDFLARE_API_TOKEN": "bench-token-0123456789",
        "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
    }
    keys = [b"j", b"j", b"G", b"k", b"v", b"j", b"G", b"v", b"e", b"j", b"\x1b"]
    try:
        for name, status, body in shapes(wanted.mib * 1024 * 1024):
            Handler.answer = (status, body.encode())
            slowest, took, code, restored, memory = screen(wanted.binary, environment, keys)
            state = "restored" if restored else "RAW"
            print(f"{name:22} key {slowest:7.1f} ms · SIGTERM {took:7.1f} ms, exit {code}, {state} · peak {memory:5.0f} MiB", flush=True)
            for words in (["get", ID], ["get", ID, "-o", "json"], ["list", "-o", "json"], ["check"]):
                print(f"{'':22} {' '.join(words):56} {command(wanted.binary, environment, words)}", flush=True)
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()

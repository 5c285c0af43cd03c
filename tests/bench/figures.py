#!/usr/bin/env python3
"""The costs of tokenscope, compared with its budgets and with usual alternatives.

    figures.py [PATH_OF_TOKENSCOPE] [--tokens N] [--idle SECONDS] [--runs N] [--bare PATH]

The screens run on a pseudo-terminal; the commands run in turns with curl, jq and Cloudflare's own
Python and Node libraries, if those are installed, against a loopback API. `cargo build --release
--bench bare` builds the program that shows what the HTTP library alone costs; without it those rows
are left out. Prints one table. Asserts nothing, since the machine may be busy.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from terminal import Terminal

HERE = pathlib.Path(__file__).parent
ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353"
SECRET = "bench-token-0123456789"
CI_CD = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415"
ONE = "00000001-0000-4000-8000-000000000001"
# The length of the list that the commands read.
LISTED = 10_000

PYTHON_GET = f"""from cloudflare import Cloudflare
print(Cloudflare().zero_trust.access.service_tokens.get("{ONE}", account_id="{ACCOUNT}").to_json())"""
PYTHON_LIST = f"""from cloudflare import Cloudflare
for token in Cloudflare().zero_trust.access.service_tokens.list(account_id="{ACCOUNT}", per_page=1000):
    print(token.id, token.name, token.expires_at)"""
NODE_GET = f"""const Cloudflare = require("cloudflare").default;
new Cloudflare().zeroTrust.access.serviceTokens.get("{ONE}", {{account_id: "{ACCOUNT}"}})
    .then(token => console.log(JSON.stringify(token)))"""
NODE_LIST = f"""const Cloudflare = require("cloudflare").default;
(async () => {{
    const pages = new Cloudflare().zeroTrust.access.serviceTokens.list({{account_id: "{ACCOUNT}", per_page: 1000}});
    for await (const token of pages) console.log(token.id, token.name, token.expires_at);
}})()"""


class Api:
    """The loopback API with a number of tokens, over TLS if a certificate is given."""

    def __init__(self, tokens, tls=()):
        command = [sys.executable, HERE / "server.py", str(tokens), *tls]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.base = self.process.stdout.readline().strip()
        self.route = f"{self.base}/accounts/{ACCOUNT}/access/service_tokens"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()

    def environment(self):
        return {
            "CLOUDFLARE_BASE_URL": self.base,
            "CLOUDFLARE_API_TOKEN": SECRET,
            "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
        }


def spread(values):
    if not values:
        return "none"
    return f"{statistics.median(values):.2f} ms median, {max(values):.2f} worst of {len(values)}"


def mib(memory):
    return "%.1f MiB (peak %.1f)" % tuple(memory)


def first_frames(binary, environment, rounds):
    took = []
    for _ in range(rounds):
        terminal = Terminal([binary, "--demo"], environment)
        terminal.until(b"F1")
        took.append((time.perf_counter() - terminal.started) * 1000)
        terminal.end()
    return took


def detail_rows(binary, environment, idle):
    yield "start to first frame", spread(first_frames(binary, environment, 15)), "10 ms"
    detail = Terminal([binary, "--demo", CI_CD], environment)
    detail.until(b"Facts")
    yield "key to frame, Detail", spread(detail.keys_to_frames([b"j", b"k"], 60)), "1 ms, 5 worst"
    share, wake_ups, frames = detail.idle(idle)
    yield "idle, countdown: CPU", f"{share:.2f} % of a core", "0.1 %"
    yield "idle: wake-ups", f"{wake_ups:.1f} a second", "2 a second"
    yield "idle: frames", f"{frames:.2f} a second", "1 a second"
    yield "memory, Detail", mib(detail.memory()), "10 MiB"
    detail.end()


def browse_rows(binary, environment, tokens):
    name = f"{tokens:,} tokens"
    with Api(tokens) as api:
        browse = Terminal([binary], environment | api.environment())
        # The age appears once the list is complete.
        browse.until(b"just", 120)
        yield f"{name}: listed in", f"{time.perf_counter() - browse.started:.2f} s", ""
        os.write(browse.master, b"\x1bOQ")
        browse.until(b"urgency")
        browse.read(0.5)
        moves = browse.keys_to_frames([b"j", b"j", b"k"], 60)
        yield f"{name}: key to frame", spread(moves), "1 ms, 5 worst"
        yield f"{name}: sort", spread(browse.keys_to_frames([b"s"], 5)), ""
        browse.keys_to_frames([b"/"], 1)
        letters = [bytes([letter]) for letter in b"service 42"]
        yield f"{name}: filter letter", spread(browse.keys_to_frames(letters, len(letters))), "16 ms"
        deleted = browse.keys_to_frames([b"\x7f"], len(letters))
        yield f"{name}: filter letter deleted", spread(deleted), "16 ms"
        yield f"{name}: memory", mib(browse.memory()), "100 MiB"
        browse.end()


def in_turns(commands, environment, runs):
    """The median of each command in milliseconds; one that fails is left out."""
    took = {name: [] for name in commands}
    for _ in range(runs):
        for name in list(took):
            begun = time.perf_counter()
            done = subprocess.run(
                commands[name], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            if done.returncode == 0 and done.stdout:
                took[name].append((time.perf_counter() - begun) * 1000)
            else:
                del took[name]
    return {name: statistics.median(times) for name, times in took.items()}


def command_rows(what, commands, reference, most, environment, runs):
    """One row for each command; the first is tokenscope's, relative to the reference."""
    medians = in_turns(commands, environment, runs)
    ours = next(iter(commands))
    for name, median in medians.items():
        budget = ""
        if name == ours and reference in medians:
            budget = f"{most} of {reference}: it is {median / medians[reference]:.2f}"
        yield f"{what}: {name}", f"{median:.1f} ms median of {runs}", budget


def timed(command, environment):
    """The duration of a command with its output in /dev/null, in milliseconds; None if it fails."""
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - begun) * 1000 if done.returncode == 0 else None


def bare_rows(what, ours, bare, most, environment, runs):
    """One row for each command of tokenscope, relative to the bare program's time."""
    commands = {"bare reqwest": bare, **ours}
    took = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            took[name].append(timed(command, environment))
    # The server builds its pages over the first run.
    medians = {
        name: statistics.median(times[1:]) if None not in times else float("nan")
        for name, times in took.items()
    }
    for name, median in medians.items():
        share = median / medians["bare reqwest"]
        budget = f"{most} of bare reqwest: it is {share:.2f}" if name in ours else ""
        yield f"{what}, to /dev/null: {name}", f"{median:.1f} ms median of {runs}", budget


def curl(*words):
    return ["curl", "-fsS", "-H", f"Authorization: Bearer {SECRET}", *words]


def get_rows(binary, bare, environment, runs):
    with Api(LISTED) as api:
        commands = {
            "tokenscope get": [binary, "get", ONE, "-o", "json"],
            "curl": curl(f"{api.route}/{ONE}"),
            "curl and jq": ["sh", "-c", '"$@" | jq -c .result', "sh", *curl(f"{api.route}/{ONE}")],
            "Python library": [sys.executable, "-c", PYTHON_GET],
            "Node library": ["node", "-e", NODE_GET],
        }
        environment = environment | api.environment()
        yield from command_rows("HTTP", commands, "curl", 0.7, environment, runs)
        if bare:
            ours = {"tokenscope get": commands["tokenscope get"]}
            yield from bare_rows("HTTP", ours, [bare, f"{api.route}/{ONE}"], 1.15, environment, runs)


def tls_rows(binary, bare, environment, runs, home):
    certificate, key = f"{home}/cert.pem", f"{home}/key.pem"
    # Self-signed, but not an authority: such a certificate is refused for servers.
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    made = subprocess.run(
        ["openssl", *words.split(), *names, "-out", certificate, "-keyout", key],
        stderr=subprocess.DEVNULL,
    )
    if made.returncode != 0:
        return
    with Api(1, ["--certificate", certificate, "--key", key]) as api:
        one = ONE.replace("1", "0")
        commands = {
            "tokenscope get": [binary, "get", one, "-o", "json", "--ca-file", certificate],
            "curl": curl("--cacert", certificate, f"{api.route}/{one}"),
        }
        environment = environment | api.environment()
        yield from command_rows("HTTPS", commands, "curl", 0.7, environment, runs)
        if bare:
            ours = {"tokenscope get": commands["tokenscope get"]}
            reference = [bare, f"{api.route}/{one}", certificate]
            yield from bare_rows("HTTPS", ours, reference, 1.2, environment, runs)


def list_rows(binary, bare, environment, runs):
    with Api(LISTED) as api:
        pages = curl(f"{api.route}?per_page=1000&page=[1-{LISTED // 1000}]")
        columns = '"$@" | jq -c ".result[] | {id, name, expires_at}"'
        commands = {
            "tokenscope list": [binary, "list", "-o", "json"],
            "tokenscope list, CSV": [binary, "list", "-o", "csv"],
            "curl": pages,
            "curl and jq": ["sh", "-c", columns, "sh", *pages],
            "Python library": [sys.executable, "-c", PYTHON_LIST],
            "Node library": ["node", "-e", NODE_LIST],
        }
        name = f"{LISTED:,} tokens"
        environment = environment | api.environment()
        yield from command_rows(name, commands, "curl and jq", 0.5, environment, runs)
        if bare:
            ours = {
                "tokenscope list": [binary, "list"],
                "tokenscope list, JSON": commands["tokenscope list"],
                "tokenscope list, CSV": commands["tokenscope list, CSV"],
            }
            reference = [bare, f"{api.route}?per_page=1000&page="]
            yield from bare_rows(name, ours, reference, 1.25, environment, runs)


def newest_bare(directory):
    """The bare program beside a release binary, whose file name ends in a hash."""
    built = [path for path in directory.glob("deps/bare-*") if not path.suffix]
    return str(max(built, key=os.path.getmtime)) if built else None


def is_installed(*words):
    try:
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def rows(wanted, home):
    environment = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TOKENSCOPE_HOME": home}
    yield "binary", f"{os.path.getsize(wanted.binary):,} B", "10,485,760 B"
    yield from detail_rows(wanted.binary, environment, wanted.idle)
    yield from browse_rows(wanted.binary, environment, wanted.tokens)
    if not is_installed("curl", "--version"):
        return
    for name in ("PATH", "NODE_PATH", "HOME"):
        if name in os.environ:
            environment[name] = os.environ[name]
    bare = wanted.bare or newest_bare(pathlib.Path(wanted.binary).parent)
    yield from get_rows(wanted.binary, bare, environment, wanted.runs)
    if is_installed("openssl", "version"):
        yield from tls_rows(wanted.binary, bare, environment, wanted.runs, home)
    yield from list_rows(wanted.binary, bare, environment, wanted.runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default=str(HERE.parents[1] / "target/release/tokenscope"))
    parser.add_argument("--tokens", type=int, default=50_000, help="in the list on screen")
    parser.add_argument("--idle", type=int, default=20, help="seconds without a key")
    parser.add_argument("--runs", type=int, default=30, help="of each command")
    parser.add_argument("--bare", help="the program to compare with; else the newest beside the binary")
    wanted = parser.parse_args()
    home = tempfile.mkdtemp()
    try:
        for what, figure, budget in rows(wanted, home):
            print(f"{what:36} {figure:40} {budget}".rstrip(), flush=True)
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()

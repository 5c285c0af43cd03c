#!/usr/bin/env python3
"""The costs of `tokenscope uses`, compared with its budgets.

    uses.py [PATH_OF_TOKENSCOPE] [--runs N]

For one token of a small account: its time beside that of the same ten requests by one curl, four at a
time, with jq reading what came. For all tokens of a large account: how long it takes from the last byte
of the last answer to the end of the program, and the peak of its memory. Prints one table and asserts
nothing, since the machine may be busy.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from access import ACCOUNT, AccessApi, Account

HERE = pathlib.Path(__file__).parent
SECRET = "bench-token-0123456789"
PAGE = "?per_page=1000&page=1"


def requests(api, one):
    """The ten requests of `uses TOKEN`."""
    paths = [
        f"access/service_tokens/{one}",
        f"access/apps{PAGE}",
        f"access/policies{PAGE}",
        f"access/groups{PAGE}",
        "access/organizations",
        "access/organizations/doh",
        "devices/policies",
        "devices/policy",
        "hyperdrive/configs?per_page=100&page=1",
        "alerting/v3/policies",
    ]
    return [f"{api.route}/{path}" for path in paths]


def curl_and_jq(api, one, home):
    words = ["curl", "-fsS", "--parallel", "--parallel-max", "4", "-H", f"Authorization: Bearer {SECRET}"]
    for at, url in enumerate(requests(api, one)):
        words += ["-o", f"{home}/{at}.json", url]
    script = f'"$@" && exec jq -c ".result | length" {home}/?.json'
    return ["sh", "-c", script, "sh", *words]


def timed(command, environment):
    """The duration of a command in milliseconds, its peak memory in MiB, and when it ended."""
    begun = time.monotonic()
    with open(os.devnull, "wb") as nothing:
        process = subprocess.Popen(command, env=environment, stdout=nothing, stderr=subprocess.PIPE)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    ended = time.monotonic()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} exits {process.returncode}: {said.decode()}")
    return (ended - begun) * 1000, usage.ru_maxrss / 1024, ended


def small_rows(binary, environment, runs, home):
    account = Account(tokens=300, apps=200, policies=100, groups=50, any_token_apps=5)
    with AccessApi(account) as api:
        one = account.tokens[0]["id"]
        environment = environment | {"CLOUDFLARE_BASE_URL": api.base}
        commands = {
            "curl and jq": curl_and_jq(api, one, home),
            "tokenscope uses, JSON": [binary, "uses", one, "-o", "json"],
            "tokenscope uses": [binary, "uses", one],
        }
        took = {name: [] for name in commands}
        for _ in range(runs + 1):
            for name, command in commands.items():
                took[name].append(timed(command, environment)[0])
        medians = {name: statistics.median(times[1:]) for name, times in took.items()}
        for name, median in medians.items():
            share = median / medians["curl and jq"]
            budget = "" if name.startswith("curl") else f"0.5 of curl and jq: it is {share:.2f}"
            yield f"200 apps: {name}", f"{median:.1f} ms median of {runs}", budget


def large_rows(binary, environment, runs):
    account = Account(tokens=10_000, apps=2_000, policies=500, groups=300, any_token_apps=100)
    with AccessApi(account) as api:
        environment = environment | {"CLOUDFLARE_BASE_URL": api.base}
        for name, words in {
            "uses, JSON": ["-o", "json"],
            "uses": [],
            "uses --unreferenced": ["--unreferenced"],
        }.items():
            after, memory = [], []
            for _ in range(runs):
                _, peak, ended = timed([binary, "uses", *words], environment)
                after.append((ended - api.last_byte()) * 1000)
                memory.append(peak)
            figure = f"{statistics.median(after):.0f} ms median, {max(after):.0f} worst of {runs}"
            yield f"10,000 tokens: {name}, after the last byte", figure, "150 ms"
            yield f"10,000 tokens: {name}, memory", f"{max(memory):.0f} MiB peak", "150 MiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default=str(HERE.parents[1] / "target/release/tokenscope"))
    parser.add_argument("--runs", type=int, default=15, help="of each command")
    wanted = parser.parse_args()
    home = tempfile.mkdtemp()
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "TOKENSCOPE_HOME": home,
        "CLOUDFLARE_API_TOKEN": SECRET,
        "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
    }
    try:
        for row in [
            *small_rows(wanted.binary, environment, wanted.runs, home),
            *large_rows(wanted.binary, environment, min(wanted.runs, 7)),
        ]:
            print("{:56} {:36} {}".format(*row).rstrip(), flush=True)
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()

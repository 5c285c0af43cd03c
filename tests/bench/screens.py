#!/usr/bin/env python3
"""What the screens cost: start, keys, idling, memory, and a list of 50,000 tokens.

    screens.py [PATH_OF_TOKENSCOPE] [--tokens N] [--idle SECONDS]

Drives the real program on a pseudo-terminal and prints one table of figures and budgets. Nothing is
asserted: a busy machine is no fault of the program.
"""
import argparse
import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = pathlib.Path(__file__).parent
CI_CD = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415"
# Each frame ends by hiding the cursor, or by showing it in a field.
FRAME = b"\x1b[?25"


class Terminal:
    """A program on a pseudo-terminal of 80 by 24 cells."""

    def __init__(self, command, environment):
        self.started = time.perf_counter()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, environment)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read(self, patience, quiet=0.05):
        """What is written until nothing comes for a while, and when the last of it came."""
        written, last = b"", time.perf_counter()
        while select.select([self.master], [], [], patience)[0]:
            try:
                written += os.read(self.master, 1 << 16)
            except OSError:
                break
            last = time.perf_counter()
            patience = min(patience, quiet)
        return written, last

    def until(self, text, patience=60):
        """Everything that is written until some text is there."""
        written, end = b"", time.perf_counter() + patience
        while text not in written:
            left = end - time.perf_counter()
            if left < 0 or not select.select([self.master], [], [], left)[0]:
                sys.exit(f"never saw {text!r} in {written[-2000:]!r}")
            written += os.read(self.master, 1 << 16)
        return written

    def keys_to_frames(self, keys, rounds):
        """Milliseconds from each key to the whole of the frame it changes."""
        took = []
        for at in range(rounds):
            self.read(0.05)
            begun = time.perf_counter()
            os.write(self.master, keys[at % len(keys)])
            # Not long enough for the next second's frame to be taken for this one.
            written, last = self.read(1, 0.004)
            if FRAME in written:
                took.append((last - begun) * 1000)
        return took

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.master)

    def ticks(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def switches(self):
        """How often any of its threads went to sleep and was woken up."""
        count = 0
        for status in pathlib.Path(f"/proc/{self.pid}/task").glob("*/status"):
            count += int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", status.read_text())[1])
        return count

    def memory(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return [int(re.search(rf"{key}:\s*(\d+)", status)[1]) / 1024 for key in ("VmRSS", "VmHWM")]


def spread(values, unit="ms"):
    if not values:
        return "none"
    return f"{statistics.median(values):.2f} {unit} median, {max(values):.2f} worst of {len(values)}"


def first_frames(binary, environment, rounds):
    took = []
    for _ in range(rounds):
        terminal = Terminal([binary, "--demo"], environment)
        terminal.until(b"F1")
        took.append((time.perf_counter() - terminal.started) * 1000)
        terminal.end()
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default=str(HERE.parents[1] / "target/release/tokenscope"))
    parser.add_argument("--tokens", type=int, default=50_000)
    parser.add_argument("--idle", type=int, default=20)
    wanted = parser.parse_args()
    home = tempfile.mkdtemp()
    environment = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TOKENSCOPE_HOME": home}
    rows = [("binary", f"{os.path.getsize(wanted.binary):,} B", "10,485,760 B")]

    rows.append(("start to first frame", spread(first_frames(wanted.binary, environment, 15)), "10 ms"))

    detail = Terminal([wanted.binary, "--demo", CI_CD], environment)
    detail.until(b"fetched")
    rows.append(("key to frame, Detail", spread(detail.keys_to_frames([b"j", b"k"], 60)), "1 ms, 5 worst"))
    detail.read(0.2)
    ticks, switches, begun = detail.ticks(), detail.switches(), time.perf_counter()
    frames = 0
    while (left := begun + wanted.idle - time.perf_counter()) > 0:
        if select.select([detail.master], [], [], left)[0]:
            frames += os.read(detail.master, 1 << 16).count(FRAME)
    seconds = time.perf_counter() - begun
    share = (detail.ticks() - ticks) / os.sysconf("SC_CLK_TCK") / seconds * 100
    rows.append(("idle, countdown: CPU", f"{share:.2f} % of a core", "0.1 %"))
    rows.append(("idle: wake-ups", f"{(detail.switches() - switches) / seconds:.1f} a second", "2 a second"))
    rows.append(("idle: frames", f"{frames / seconds:.2f} a second", "1 a second"))
    rows.append(("memory, Detail", "%.1f MiB (peak %.1f)" % tuple(detail.memory()), "10 MiB"))
    detail.end()

    server = subprocess.Popen(
        [sys.executable, HERE / "server.py", str(wanted.tokens)], stdout=subprocess.PIPE, text=True
    )
    environment |= {
        "CLOUDFLARE_BASE_URL": server.stdout.readline().strip(),
        "CLOUDFLARE_API_TOKEN": "bench-token-0123456789",
        "CLOUDFLARE_ACCOUNT_ID": "023e105f4ecef8ad9ca31a8372d0c353",
    }
    browse = Terminal([wanted.binary], environment)
    browse.until(b"F1")
    begun = time.perf_counter()
    os.write(browse.master, b"\x1bOQ")
    browse.until(b"fetched", 120)
    name = f"{wanted.tokens:,} tokens"
    rows.append((f"{name}: listed in", f"{time.perf_counter() - begun:.2f} s", ""))
    rows.append((f"{name}: key to frame", spread(browse.keys_to_frames([b"j", b"j", b"k"], 60)), "1 ms, 5 worst"))
    rows.append((f"{name}: sort", spread(browse.keys_to_frames([b"s"], 5)), ""))
    browse.keys_to_frames([b"/"], 1)
    letters = [bytes([letter]) for letter in b"service 42"]
    rows.append((f"{name}: filter letter", spread(browse.keys_to_frames(letters, len(letters))), "16 ms"))
    rows.append((f"{name}: filter letter deleted", spread(browse.keys_to_frames([b"\x7f"], len(letters))), "16 ms"))
    rows.append((f"{name}: memory", "%.1f MiB (peak %.1f)" % tuple(browse.memory()), "100 MiB"))
    browse.end()
    server.terminate()
    shutil.rmtree(home)

    for what, figure, budget in rows:
        print(f"{what:34} {figure:42} {budget}")


if __name__ == "__main__":
    main()

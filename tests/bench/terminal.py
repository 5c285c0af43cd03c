"""A program on a pseudo-terminal, and its costs: time to frames, memory, wake-ups."""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

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
            # Shorter than a second, so that the next second's frame is not taken for this one.
            written, last = self.read(1, 0.004)
            if FRAME in written:
                took.append((last - begun) * 1000)
        return took

    def idle(self, seconds):
        """Share of a core in percent, wake-ups and frames a second, while nobody presses a key."""
        self.read(0.2)
        ticks, switches, begun = self.ticks(), self.switches(), time.perf_counter()
        frames = 0
        while (left := begun + seconds - time.perf_counter()) > 0:
            if select.select([self.master], [], [], left)[0]:
                frames += os.read(self.master, 1 << 16).count(FRAME)
        took = time.perf_counter() - begun
        share = (self.ticks() - ticks) / os.sysconf("SC_CLK_TCK") / took * 100
        return share, (self.switches() - switches) / took, frames / took

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
        """Resident memory now and at its peak, in MiB."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return [int(re.search(rf"{key}:\s*(\d+)", status)[1]) / 1024 for key in ("VmRSS", "VmHWM")]

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.master)

"""The black box: starts the `pomona` binary, talks to it over loopback, and counts what holds.

Only the standard library is used, and nothing here knows how the binary works inside: a check that trusted the
product's own counters would be a product praising itself. Every loop is bounded.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import math
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

STARTS_WITHIN = 180.0
STOPS_WITHIN = 60.0
IDLE_AT_MOST = 2.0


class Checks:
    """Counts what holds; `finish` prints the plain closing line and exits."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.passed = self.failed = self.skipped = 0
        print(f"== {title}", flush=True)

    def that(self, name: str, holds: bool, detail: object = "") -> bool:
        if holds:
            self.passed += 1
        else:
            self.failed += 1
        suffix = f": {detail}" if detail != "" else ""
        print(f"{'ok    ' if holds else 'FAILED'} {name}{suffix}", flush=True)
        return holds

    def equal(self, name: str, left: object, right: object) -> bool:
        return self.that(name, left == right, f"{left!r}" if left == right else f"{left!r} is not {right!r}")

    def skip(self, name: str, why: str) -> None:
        self.skipped += 1
        print(f"SKIPPED {name}: {why}", flush=True)

    def finish(self) -> None:
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        sys.exit(1 if self.failed else 0)


class Binary:
    """One binary and one home folder; at most one server of it at a time."""

    def __init__(self, path: str, home: Path) -> None:
        self.path = os.path.abspath(path)
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None
        self.log = open(home.parent / f"{home.name}.log", "ab")

    def start(self, *arguments: str, within: float = STARTS_WITHIN) -> dict:
        """Starts a server and returns the JSON of its ready line."""
        command = [self.path, *arguments, "--home", str(self.home), "--ready-json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL)
        line = read_line(self.process, within)
        if not line:
            raise RuntimeError(f"{' '.join(command)} did not become ready; its log ends:\n{self.log_tail()}")
        return json.loads(line)

    def demo(self, accounts: int = 60, *arguments: str) -> dict:
        return self.start("demo", "--accounts", str(accounts), "--listen", "127.0.0.1:0", *arguments)

    def serve(self, *arguments: str, listen: str = "127.0.0.1:0", within: float = STARTS_WITHIN) -> dict:
        return self.start("serve", "--listen", listen, *arguments, within=within)

    def stop(self) -> int:
        """Asks the server to stop and returns its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        assert self.process is not None, "no server is running"
        self.process.send_signal(how)
        try:
            code = self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None
        return code

    def run(self, *arguments: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return subprocess.run(
            [self.path, *arguments], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL
        )

    def query(self, sql: str) -> list[dict]:
        """`pomona query`, as rows by column name."""
        done = self.run("query", sql, "--most", "50000000", "--home", str(self.home), "--json")
        if done.returncode != 0:
            raise RuntimeError(f"pomona query failed: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def database(self) -> Path:
        """The SQLite file of the home: the one with the catalogue of parts."""
        for path in sorted(self.home.rglob("*")):
            if path.is_file() and path.open("rb").read(15) == b"SQLite format 3":
                with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                    names = {name for (name,) in connection.execute("select name from sqlite_master")}
                if "ducklake_data_file" in names:
                    return path
        raise RuntimeError(f"no database with a catalogue below {self.home}")

    def log_tail(self, lines: int = 20) -> str:
        self.log.flush()
        text = Path(self.log.name).read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def on_reference(doc: str, title: str, needed: str, check: Callable[[Checks, Binary, Path, Path], None]) -> None:
    """A check on data that is not part of the repository: `check(checks, binary, data, scratch)`, or a note that it was
    skipped. `needed` is a file by its folder of the reference, which is also the name of the option for that folder."""
    folder, file = needed.split("/")
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument(f"--{folder}", default=f"../shared/reference/{folder}", type=Path, dest="data")
    options = parser.parse_args()
    checks = Checks(title)
    if not (options.data / file).exists():
        checks.skip(title, f"there is no {file} in {options.data}")
        checks.finish()
    with tempfile.TemporaryDirectory(prefix="pomona-reference-") as scratch:
        check(checks, Binary(options.binary, Path(scratch) / "home"), options.data, Path(scratch))
    checks.finish()


def read_line(process: subprocess.Popen[bytes], within: float) -> bytes:
    """The first line of a process's output, or nothing when it ends or the time is over."""
    assert process.stdout is not None
    descriptor, deadline, line = process.stdout.fileno(), time.monotonic() + within, b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return b""
        piece = os.read(descriptor, 65536)
        if not piece:
            return b""
        line += piece
    return line


class Client:
    """One keep-alive connection to a server, reopened when it breaks or has been idle."""

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        self.address = urllib.parse.urlsplit(url).netloc
        self.timeout = timeout
        self.connection: http.client.HTTPConnection | None = None
        self.used = 0.0

    def request(self, method: str, path: str, sent: bytes | None = None, headers: dict | None = None):
        """Returns status, headers and body; raises `OSError` or `HTTPException` when nothing answers."""
        if time.monotonic() - self.used > IDLE_AT_MOST:
            self.close()
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
        try:
            self.connection.request(method, path, sent, headers or {})
            answer = self.connection.getresponse()
            body = answer.read()
            self.used = time.monotonic()
            return answer.status, answer.headers, body
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def write_key_header(write_key: str) -> dict:
    """Segment's credentials: the write key as the user of a basic authorization."""
    return {
        "authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode(),
        "content-type": "application/json",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * share - 1e-9) - 1)] if ranked else math.nan

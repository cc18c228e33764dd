#!/usr/bin/env python3
"""A full disk and failing writes: nothing acknowledged is lost, the server goes on reading, and it recovers by itself.

First the home lies on a small file system that a filler makes full while clients post: they get 503 with `Retry-After`,
pages are still answered, and within 5 s after space returns posts are taken again, without a restart. Then single calls of
fsync and write fail (EIO, ENOSPC, planted by strace) at several points. After each, a restart finds all that was acknowledged.

    sudo e2e/disk_full.py --binary target/debug/pomona --faults 40
    sudo e2e/disk_full.py --binary target/debug/pomona --faults 4 --mutant swallow-errors

With `--mutant` the server acknowledges what it could not store (debug builds only), and the check succeeds only if it goes
red. The first half needs root, the second strace; each says SKIPPED without.
"""

from __future__ import annotations

import argparse
import errno
import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import BinaryIO

from crash import Poster, stored_facts
from pomona import Binary, Checks, Client, free_port

SIZE_MIB = 128
# What the filler takes before anybody posts, so that removing it makes room whoever filled the rest.
BALLAST_MIB = 32
RECOVERS_WITHIN = 5.0


class PatientPoster(Poster):
    """A poster that notes how it was told to wait."""

    def __init__(self, number: int, url: str, write_key: str, stop: threading.Event) -> None:
        super().__init__(number, url, write_key, stop)
        self.told_to_wait = self.told_nothing = 0
        self.acknowledged_at = 0.0

    def deliver(self, client: Client, batch: bytes) -> bool:
        while not self.stop.is_set():
            try:
                status, headers, answer = client.request("POST", "/v1/batch", batch, self.headers)
            except (OSError, http.client.HTTPException):
                self.retries += 1
                time.sleep(0.05)
                continue
            if 200 <= status < 300:
                self.acknowledged_at = time.monotonic()
                return True
            if status in (429, 503):
                self.told_to_wait += headers.get("retry-after") is not None
                self.told_nothing += headers.get("retry-after") is None
            else:
                self.refusal = f"{status} {answer[:200]!r}"
                return False
            self.retries += 1
            time.sleep(0.05)
        return False


def start_posters(listen: str, write_key: str, stop: threading.Event) -> list[PatientPoster]:
    posters = [PatientPoster(number, f"http://{listen}", write_key, stop) for number in range(4)]
    for poster in posters:
        poster.start()
    return posters


def collect(posters: list[PatientPoster], stop: threading.Event) -> tuple[set[str], set[str]]:
    stop.set()
    for poster in posters:
        poster.join(60)
    sent = set().union(*(poster.sent for poster in posters))
    return sent, set().union(*(poster.acknowledged for poster in posters))


def compare(checks: Checks, name: str, binary: Binary, sent: set[str], acknowledged: set[str], mutant: str | None) -> int:
    """The oracle; returns how many acknowledged facts are missing."""
    stored = stored_facts(binary)
    lost = acknowledged - set(stored)
    if mutant is None:
        checks.equal(f"{name}: acknowledged and not stored", len(lost), 0)
        checks.that(f"{name}: stored once, and sent", len(stored) == len(set(stored)) and set(stored) <= sent, len(stored))
    return len(lost)


def full_disk(checks: Checks, options: argparse.Namespace, serve: list[str]) -> int:
    """Fills the file system under a running server and empties it again; returns what was lost."""
    if os.geteuid() != 0:
        checks.skip("a full disk", "file systems are mounted by root only")
        return 0
    with tempfile.TemporaryDirectory(prefix="pomona-full-") as folder:
        mounted = Path(folder) / "disk"
        mounted.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(mounted)], capture_output=True)
        if done.returncode != 0:
            checks.skip("a full disk", done.stderr.decode().strip())
            return 0
        try:
            return fill_and_empty(checks, options, serve, mounted)
        finally:
            subprocess.run(["umount", "-l", str(mounted)], check=False)


def fill_and_empty(checks: Checks, options: argparse.Namespace, serve: list[str], mounted: Path) -> int:
    binary = Binary(options.binary, mounted / "home")
    binary.log.close()
    binary.log = open(mounted.parent / "log", "ab")
    write_key = binary.demo(20)["write_key"]
    binary.stop()
    listen, stop = f"127.0.0.1:{free_port()}", threading.Event()
    filler = mounted / "filler"
    with open(filler, "wb", buffering=0) as hungry:
        hungry.write(bytes(BALLAST_MIB << 20))
        binary.serve(*serve, listen=listen)
        posters = start_posters(listen, write_key, stop)
        time.sleep(1)
        room = shutil.disk_usage(mounted).free
        fill(hungry)
    print(f"filled the last {room >> 20} MiB of {SIZE_MIB}")
    time.sleep(2.5)
    health = Client(f"http://{listen}").request("GET", "/login")[0]
    refused_before = sum(poster.told_to_wait for poster in posters)
    filler.unlink()
    emptied = time.monotonic()
    while time.monotonic() - emptied < 3 * RECOVERS_WITHIN and max(p.acknowledged_at for p in posters) < emptied:
        time.sleep(0.05)
    recovered = max(poster.acknowledged_at for poster in posters) - emptied
    sent, acknowledged = collect(posters, stop)
    binary.kill()
    if not options.mutant:
        checks.that("a full disk: senders were told to wait, and how long", refused_before > 0, f"{refused_before} answers")
        checks.equal("a full disk: nobody was left without a time", sum(p.told_nothing for p in posters), 0)
        checks.equal("a full disk: nothing was refused for good", [p.refusal for p in posters if p.refusal], [])
        checks.equal("a full disk: pages are answered", health, 200)
        checks.that("a full disk: taken again without a restart", 0 < recovered <= RECOVERS_WITHIN, f"{recovered:.2f} s")
    return compare(checks, "a full disk", binary, sent, acknowledged, options.mutant)


def fill(hungry: BinaryIO) -> None:
    """Writes until the file system has no room left."""
    try:
        while True:
            hungry.write(bytes(1 << 16))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def failing_calls(checks: Checks, options: argparse.Namespace, serve: list[str]) -> int:
    """Lets single system calls fail under a running server; returns what was lost."""
    if shutil.which("strace") is None:
        checks.skip("failing calls", "there is no strace on this machine")
        return 0
    lost = planted = 0
    with tempfile.TemporaryDirectory(prefix="pomona-eio-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        write_key = binary.demo(20)["write_key"]
        binary.stop()
        sent: set[str] = set()
        acknowledged: set[str] = set()
        for number in range(options.faults):
            calls, error = ("fsync,fdatasync", "EIO") if number % 2 == 0 else ("pwrite64", "ENOSPC")
            first = 20 + 7 * number
            listen, stop = f"127.0.0.1:{free_port()}", threading.Event()
            started = serve_with_fault(binary, calls, error, first, serve, listen)
            if not started:
                continue
            planted += 1
            posters = start_posters(listen, write_key, stop)
            for poster in posters:
                poster.number += 10 * (number + 1)
            time.sleep(1.2)
            some_sent, some_acknowledged = collect(posters, stop)
            sent, acknowledged = sent | some_sent, acknowledged | some_acknowledged
            kill_traced(binary)
        binary.serve()
        binary.stop()
        if not options.mutant:
            checks.that("failing calls: the server ran under strace", planted > options.faults / 2, f"{planted} of {options.faults}")
            checks.that("failing calls: facts were acknowledged between them", len(acknowledged) > 0, len(acknowledged))
        lost = compare(checks, "failing calls", binary, sent, acknowledged, options.mutant)
    return lost


def kill_traced(binary: Binary) -> None:
    """Kills the server and then strace, its parent, which would otherwise let it live on."""
    strace = binary.process.pid
    for child in Path(f"/proc/{strace}/task/{strace}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    binary.kill()


def serve_with_fault(binary: Binary, calls: str, error: str, first: int, serve: list[str], listen: str) -> int:
    """Starts a server of which some calls will fail: three in a row, from the `first` of a thread on."""
    plain = binary.path
    wrapper = binary.home.parent / "faulty"
    wrapper.write_text(
        "#!/bin/sh\n"
        f"exec strace -f -qq -o /dev/null -e trace={calls} -e inject={calls}:error={error}:when={first}..{first + 2} {plain} \"$@\"\n"
    )
    wrapper.chmod(0o755)
    binary.path = str(wrapper)
    try:
        binary.serve(*serve, listen=listen, within=60)
        return 1
    except RuntimeError:
        # The fault hit the start: refusing to start is as good as refusing to acknowledge.
        return 0
    finally:
        binary.path = plain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--faults", type=int, default=40)
    parser.add_argument("--mutant", help="a planted fault that this check has to catch")
    options = parser.parse_args()
    checks = Checks(f"disk full and failing calls: {options.faults} faults, mutant {options.mutant or 'none'}")
    serve = ["--seal-age-ms", "150"] + (["--mutant", options.mutant] if options.mutant else [])
    lost = full_disk(checks, options, serve)
    if not options.mutant:
        failing_calls(checks, options, serve)
    elif checks.skipped == 0:
        checks.that(f"the mutant `{options.mutant}` is caught", lost > 0, f"{lost} facts lost")
    checks.finish()


if __name__ == "__main__":
    main()

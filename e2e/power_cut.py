#!/usr/bin/env python3
"""Power cuts during ingest, sealing and merging: nothing acknowledged is lost, nothing is stored twice.

The home lies on an ext4 file system in a file. Eight clients post batches until they are acknowledged; meanwhile the
file system is shut down without flushing its journal (what a power cut leaves), the server is killed, the file system is
mounted again, which replays its journal, and the server starts on what is there. At the end the clients' own sets are compared with
what is stored, and every part that the catalogue names must be whole.

    sudo e2e/power_cut.py --binary target/debug/pomona --cuts 40
    sudo e2e/power_cut.py --binary target/debug/pomona --cuts 5 --mutant sync-normal

With `--mutant` commits are not flushed (debug builds only), and the check succeeds only if it goes red. Needs root and loop
devices; says SKIPPED without them.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from crash import CLIENTS, Poster, judge, parts
from pomona import Binary, Checks, free_port

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
SIZE_MIB = 512


class Disk:
    """An ext4 file system in a file that can lose its power."""

    def __init__(self, folder: Path) -> None:
        self.image, self.mounted = folder / "disk.img", folder / "disk"
        self.mounted.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(SIZE_MIB << 20)
        run("mkfs.ext4", "-q", "-F", str(self.image))

    def mount(self) -> None:
        run("mount", "-o", "loop", str(self.image), str(self.mounted))

    def cut(self) -> None:
        """From here on nothing reaches the disk, and what was only in the journal's buffers is gone."""
        descriptor = os.open(self.mounted, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        for _ in range(50):
            if subprocess.run(["umount", str(self.mounted)], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("the file system cannot be unmounted: somebody still uses it")


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def possible(checks: Checks) -> None:
    """Ends with a loud SKIPPED where file systems cannot be mounted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        checks.skip("everything", "file systems are mounted by root on Linux only")
        checks.finish()
    with tempfile.TemporaryDirectory(prefix="pomona-probe-") as folder:
        try:
            disk = Disk(Path(folder))
            disk.mount()
            disk.cut()
            disk.unmount()
        except (OSError, RuntimeError) as reason:
            checks.skip("everything", str(reason))
            checks.finish()


def storm(disk: Disk, binary: Binary, posters: list[Poster], cuts: int, seed: int, serve: list[str], listen: str) -> None:
    chance = random.Random(seed)
    for _ in range(cuts):
        time.sleep(chance.uniform(0.3, 1.2))
        disk.cut()
        binary.kill()
        disk.unmount()
        disk.mount()
        binary.serve(*serve, listen=listen, within=60)
        if any(poster.refusal for poster in posters):
            break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutant", help="a planted fault that this check has to catch")
    options = parser.parse_args()
    checks = Checks(f"power cut: {options.cuts} cuts, seed {options.seed}, mutant {options.mutant or 'none'}")
    possible(checks)
    serve = ["--seal-age-ms", "150"] + (["--mutant", options.mutant] if options.mutant else [])

    with tempfile.TemporaryDirectory(prefix="pomona-power-") as folder:
        disk = Disk(Path(folder))
        disk.mount()
        try:
            cut_and_compare(checks, disk, options, serve)
        finally:
            disk.unmount()
    checks.finish()


def cut_and_compare(checks: Checks, disk: Disk, options: argparse.Namespace, serve: list[str]) -> None:
    binary = Binary(options.binary, disk.mounted / "home")
    # The log stays outside: whoever keeps it open would keep the file system mounted.
    binary.log.close()
    binary.log = open(disk.mounted.parent / "log", "ab")
    keys = binary.demo(20)
    binary.stop()
    parts_before = parts(binary)
    listen = f"127.0.0.1:{free_port()}"
    binary.serve(*serve, listen=listen)
    stop = threading.Event()
    posters = [Poster(number, f"http://{listen}", keys["write_key"], stop) for number in range(CLIENTS)]
    for poster in posters:
        poster.start()
    storm(disk, binary, posters, options.cuts, options.seed, serve, listen)
    stop.set()
    for poster in posters:
        poster.join(60)
    binary.kill()
    judge(checks, binary, posters, parts_before, options.mutant)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The official test suite for Singer targets, of the Python package singer-sdk, against `pomona singer-target`.

The suite wants a Python `Target`; a thin proxy pipes what it is given into the binary, prints what the binary prints, and turns the
binary's exit code and the stable word of its error into the exceptions the suite expects. Beyond the suite: states are printed letter
by letter and only for what is stored, BATCH is refused loudly, a repeated file changes nothing, and a server stores what is sent by `--url`, behind TLS too.

    e2e/singer_target.py --binary target/debug/pomona
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from faults import FaultProxy
from pomona import Binary, Checks

RECORDS = 40
LONG = 2_500  # more than the command sends in one request


if os.environ.get("POMONA_SINGER_BINARY"):
    from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
    from singer_sdk.sinks import RecordSink
    from singer_sdk.target_base import Target
    from singer_sdk.testing import get_target_test_class

    EXPECTED = {"no_schema": RecordsWithoutSchemaException, "missing_key": MissingKeyPropertiesError}

    class NoSink(RecordSink):
        """Never used: the binary stores."""

        def process_record(self, record: dict, context: dict) -> None:
            raise NotImplementedError

    class TargetPomona(Target):
        """A proxy for the binary."""

        name = "target-pomona"
        config_jsonschema = {"type": "object", "properties": {}}
        default_sink_class = NoSink

        def process_lines(self, file_input):
            command = [os.environ["POMONA_SINGER_BINARY"], "singer-target", "--home", os.environ["POMONA_SINGER_HOME"]]
            done = subprocess.run(command, input=file_input.read(), capture_output=True, text=True, timeout=120)
            sys.stdout.write(done.stdout)
            if done.returncode != 0:
                # error: CODE: line 3: …
                said = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
                word = said.split()[1].rstrip(":")
                raise EXPECTED.get(word, RuntimeError)(done.stderr)

        def process_endofpipe(self) -> None:
            """Everything was stored by process_lines."""

    TestTargetPomona = get_target_test_class(target_class=TargetPomona, config={})


def messages(records: int, state_every: int) -> list[str]:
    schema = {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    lines = [json.dumps({"type": "SCHEMA", "stream": "accounts", "schema": schema, "key_properties": ["id"]})]
    for number in range(1, records + 1):
        lines.append(json.dumps({"type": "RECORD", "stream": "accounts", "record": {"id": number, "name": f"Singer {number}"}}))
        if number % state_every == 0:
            lines.append('{"type": "STATE", "value": {"at" : %d}}' % number)
    return lines


def target(binary: Binary, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [binary.path, "singer-target", "--home", str(binary.home), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)


def stored(binary: Binary) -> int:
    return binary.query("select count(*) as n from account where name like 'Singer %'")[0]["n"]


def states(checks: Checks, binary: Binary) -> None:
    lines = messages(RECORDS, 10)
    done = target(binary, "\n".join(lines) + "\n")
    checks.equal("the whole file: exit code", done.returncode, 0)
    checks.equal("the last state, letter by letter", done.stdout.splitlines()[-1:], ['{"at" : 40}'])
    checks.equal("stored", stored(binary), RECORDS)
    again = target(binary, "\n".join(lines) + "\n")
    report = json.loads(again.stderr.splitlines()[-1])
    checks.equal("the same file again changes nothing", (report["created"], report["updated"], report["unchanged"]), (0, 0, RECORDS))


def cut(checks: Checks, binary: Binary) -> None:
    """A file that ends within a line: what came before is stored, and no state is printed for anything else."""
    lines = messages(RECORDS, 10)
    text = "\n".join(lines).replace("Singer ", "Singer Cut ")
    at = text.index("Singer Cut 25") + 5
    done = target(binary, text[:at], "--source", "cut")
    kept = binary.query("select count(*) as n from account where name like 'Singer Cut %'")[0]["n"]
    printed = [json.loads(line)["at"] for line in done.stdout.splitlines()]
    checks.that("a cut file fails in words", done.returncode != 0 and "broken_json" in done.stderr, done.stderr.strip().splitlines()[-1])
    checks.that("no state beyond what is stored", max(printed, default=0) <= kept == 24, f"states {printed}, stored {kept}")


def refusals(checks: Checks, binary: Binary) -> None:
    batch = '{"type":"BATCH","stream":"accounts","encoding":{"format":"jsonl"},"manifest":[]}'
    done = target(binary, messages(1, 1)[0] + "\n" + batch + '\n{"type":"STATE","value":{"at":9}}\n')
    checks.that("BATCH is refused loudly", done.returncode != 0 and "batch_unsupported" in done.stderr, done.stderr.strip().splitlines()[-1])
    checks.equal("and no state is printed for it", done.stdout, "")


def remote(checks: Checks, binary: Binary, folder: Path) -> None:
    ready = binary.demo(20)
    lines = messages(RECORDS, 10)
    text = "\n".join(lines).replace("Singer ", "Singer Remote ")
    done = target(binary, text, "--url", ready["url"], "--token", ready["write_key"])
    checks.equal("a server: exit code and last state", (done.returncode, done.stdout.splitlines()[-1:]), (0, ['{"at" : 40}']))
    airbyte(checks, binary, ready["url"], ready["write_key"])
    encrypted(checks, binary, folder, ready["url"], ready["write_key"])
    wrong = target(binary, text, "--url", ready["url"], "--token", "wk_unknown")
    checks.that("a wrong key prints no state", wrong.returncode != 0 and wrong.stdout == "", wrong.stderr.strip())
    checks.equal("a clean stop ends with 0", binary.stop(), 0)
    # Whoever was believed last has named them last.
    kept = binary.query("select count(*) as n from account where name like 'Singer Remote %' or name like 'Singer TLS0 %'")[0]["n"]
    checks.equal("a server: stored", kept, RECORDS)
    refused = binary.query("select count(*) as n from account where name like 'Singer TLS%' and name not like 'Singer TLS0 %'")[0]["n"]
    checks.equal("a server: stored of what was sent to somebody else", refused, 0)


def airbyte(checks: Checks, binary: Binary, url: str, key: str) -> None:
    """A run between two states that is longer than one request: its records are counted over all of them."""
    record = '{"type":"RECORD","record":{"stream":"accounts","data":{"id":"ab-%d","name":"Airbyte %d"},"emitted_at":1}}'
    state = '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"accounts"}},"sourceStats":{"recordCount":%d.0}}}'
    records = "".join(record % (number, number) + "\n" for number in range(LONG))
    done = target(binary, records + state % LONG + "\n", "--url", url, "--token", key)
    checks.equal("Airbyte in parts: the state, whole", (done.returncode, done.stdout.strip()), (0, state % LONG))
    short = target(binary, records + state % (LONG + 1) + "\n", "--url", url, "--token", key)
    refused = short.returncode != 0 and short.stdout == "" and "records_missing" in short.stderr
    checks.that("Airbyte in parts: one record is missing", refused, short.stderr.strip())


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server that an authority of its own says is `name`; the authority's certificate is `authority-of-NAME.pem`."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    new, authority = ["-newkey", "rsa:2048", "-nodes"], f"authority-of-{name}"
    openssl("req", "-x509", *new, "-days", "2", "-subj", f"/CN={authority}", "-keyout", f"{authority}.key", "-out", f"{authority}.pem")
    openssl("req", *new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (folder / "names").write_text(f"subjectAltName=DNS:{name}\n")
    signed = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
    openssl("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def encrypted(checks: Checks, binary: Binary, folder: Path, url: str, key: str) -> None:
    """A server behind TLS is believed by its certificate or not at all, and then at once and before anything is sent."""
    if shutil.which("openssl") is None:
        checks.skip("a server behind TLS", "there is no openssl to make a certificate with")
        return
    for number, (name, trusted, believed) in enumerate([
        ("localhost", True, True),
        ("localhost", False, False),
        ("elsewhere.example", True, False),
    ]):
        text = "\n".join(messages(RECORDS, 10)).replace("Singer ", f"Singer TLS{number} ") + "\n"
        proxy = FaultProxy(certificate(folder, name))
        proxy.aim(url)
        trust = ["--ca-file", str(folder / f"authority-of-{name}.pem")] if trusted else []
        begun = time.monotonic()
        done = target(binary, text, "--url", f"https://localhost:{proxy.port}", "--token", key, *trust)
        took = time.monotonic() - begun
        case = f"TLS, a certificate of {name}{'' if trusted else ' that nobody vouches for'}"
        if believed:
            checks.equal(case, (done.returncode, done.stdout.splitlines()[-1:]), (0, ['{"at" : 40}']))
        else:
            refused = done.returncode != 0 and "certificate" in done.stderr and (done.stdout, proxy.passed) == ("", 0)
            checks.that(f"{case} is refused at once, and nothing is sent", refused and took < 10, done.stderr.strip())
        proxy.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    options = parser.parse_args()
    checks = Checks("singer-target: the official suite, states, a cut file, a server")
    with tempfile.TemporaryDirectory(prefix="pomona-singer-") as folder:
        binary = Binary(options.binary, Path(folder) / "home")
        states(checks, binary)
        cut(checks, binary)
        refusals(checks, binary)
        remote(checks, Binary(options.binary, Path(folder) / "server"), Path(folder))
        try:
            import singer_sdk.testing  # noqa: F401
        except ImportError as reason:
            checks.skip("the suite of singer-sdk", f"{reason}; pip install -r e2e/requirements.txt")
            checks.finish()
        environment = {**os.environ, "POMONA_SINGER_BINARY": binary.path, "POMONA_SINGER_HOME": str(Path(folder) / "suite")}
        ran = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__], env=environment, cwd=folder)
        checks.equal("the suite of singer-sdk", ran.returncode, 0)
    checks.finish()


if __name__ == "__main__":
    main()

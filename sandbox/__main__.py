"""Start the sandbox, or run one recipe against a sandbox of its own.

python -m sandbox                           serve until Ctrl-C; prints the lines for .env
python -m sandbox run SCRIPT [ARGS...]      run a recipe, and stop
"""

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

try:
    from sandbox import demo
    from sandbox.faults import Fault
    from sandbox.organization import Options
    from sandbox.server import Server
except ModuleNotFoundError as missing:
    if missing.name == "sandbox":
        sys.exit("Error: start it in the folder above this file: python -m sandbox")
    sys.exit(
        f"Error: the sandbox needs the package {missing.name}."
        " Install it: python -m pip install -r requirements.txt -r sandbox/requirements.txt"
    )

ENV_SANDBOX = demo.ROOT / ".env.sandbox"
CONNECTION = ("CLIENT_ID", "SECRET", "authURL", "baseURL")


def number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return an argparse type: a whole number from lowest to highest."""

    def parse(text: str) -> int:
        value = int(text)
        if not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(f"must be from {lowest} to {highest}")
        return value

    parse.__name__ = "number"  # argparse shows it: "invalid number value"
    return parse


def fault(text: str) -> Fault:
    """Read a fault from the command line."""
    try:
        return Fault.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def command_line() -> argparse.ArgumentParser:
    """Return the options of python -m sandbox. They may stand before run, or right after it."""
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    add = options.add_argument
    add("--port", type=number(0, 65535), help="8765 (run: a free one); 0 takes a free one")
    add("--members", type=number(10, 1_000_000), metavar="N", help="120 unless given; at least 10")
    add("--workbooks", type=number(1, 1_000_000), metavar="N", help="260 unless given")
    tables = "one workbook in N has an input table (10)"
    add("--input-tables", type=number(1, 1_000_000), metavar="N", help=tables)
    add("--latency", type=number(0, 600_000), metavar="MS", help="from a request to its answer")
    add("--polls", type=number(0, 1000), metavar="N", help="polls until a job is ready: 2")
    add("--token-ttl", type=number(1, 86_400), metavar="S", help="life of a token: 3599 seconds")
    add("--bare-lists", action="store_true", help="answer lists in the form before June 2026")
    add("--export-mb", type=number(1, 100_000), metavar="N", help="megabytes of a CSV export")
    rule = 'such as "503 GET /v2/members times=2": see sandbox/README.md'
    add("--fault", type=fault, action="append", metavar="RULE", help=rule)

    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[options],
    )
    parser.add_argument("--write-env", action="store_true", help="write .env.sandbox, too")
    commands = parser.add_subparsers(dest="command", metavar="")
    run = commands.add_parser("run", help="run a recipe against a sandbox", parents=[options])
    run.add_argument("script", type=Path)
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def serve(server: Server, write_env: bool) -> None:
    """Print the settings and the address, and serve until Ctrl-C."""
    for name, value in demo.demo_settings(server.address).items():
        print(f"{name}={value}")
    if write_env:
        ENV_SANDBOX.write_text(demo.env_file(server.address), encoding="utf-8")
        print(f"# The same lines are in {ENV_SANDBOX}")
    print(
        f"# Sandbox listening on {server.address} (open it in a browser; Ctrl-C stops it)",
        flush=True,
    )
    server.wait()


def run_script(server: Server, script: Path, arguments: list[str]) -> int:
    """Run a recipe with the demo settings, and return its exit code. No .env is read."""
    settings = demo.demo_settings(server.address)
    own = [n for n in demo.names() if n not in CONNECTION and os.environ.get(n)]
    if own:
        print(f"Set in the environment, in place of the demo: {', '.join(own)}", file=sys.stderr)
    environment = {**os.environ, "SIGMA_ENV_FILE": str(demo.DEMO_FILES / "empty.env")}
    for name in demo.names():
        if name not in own:
            environment[name] = settings.get(name, "")
    command = [sys.executable, str(script), *arguments]
    with subprocess.Popen(command, env=environment) as recipe:
        while True:
            try:
                return recipe.wait()
            except KeyboardInterrupt:
                continue  # Ctrl-C reaches the recipe, too, and it knows how to end


def main() -> int:
    """Read the command line, and do what it says."""
    arguments = command_line().parse_args()
    options = Options(
        members=getattr(arguments, "members", Options.members),
        workbooks=getattr(arguments, "workbooks", Options.workbooks),
        polls=getattr(arguments, "polls", Options.polls),
        token_seconds=getattr(arguments, "token_ttl", Options.token_seconds),
        bare_lists=getattr(arguments, "bare_lists", False),
        export_mb=getattr(arguments, "export_mb", 0),
        latency=getattr(arguments, "latency", 0) / 1000,
        input_tables=getattr(arguments, "input_tables", Options.input_tables),
    )
    is_run = arguments.command == "run"
    if is_run and not arguments.script.is_file():
        sys.exit(f"Error: there is no file {arguments.script}")
    if is_run and arguments.write_env:
        sys.exit("Error: --write-env is for a sandbox that keeps running: leave out run")
    port = getattr(arguments, "port", 0 if is_run else 8765)
    try:
        server = Server(options, getattr(arguments, "fault", []), port)
    except OSError as error:
        sys.exit(
            f"Error: port {port} cannot be used ({error.strerror}). Is a sandbox running already?"
            " --port 0 takes a free port"
        )
    with server:
        if is_run:
            return run_script(server, arguments.script, arguments.arguments)
        with contextlib.suppress(KeyboardInterrupt):
            serve(server, arguments.write_env)
    return 0


if __name__ == "__main__":
    sys.exit(main())

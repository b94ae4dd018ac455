"""Start the sandbox, or run one recipe against a sandbox of its own.

python -m sandbox                           serve until Ctrl-C; prints the lines for .env
python -m sandbox run SCRIPT [ARGS...]      run a recipe, and stop
"""

import argparse
import contextlib
import difflib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

try:
    from sandbox import demo
    from sandbox.faults import Fault
    from sandbox.organization import Options
    from sandbox.server import Server
except ImportError as error:  # a package is missing or too old
    if error.name == "sandbox":
        sys.exit("Error: in the folder of the project, run: python -m sandbox")
    fix = f"{sys.executable} -m pip install -U -r requirements.txt -r sandbox/requirements.txt"
    sys.exit(f"Error: {error}. Activate .venv (VSCode: Python: Select Interpreter), or run: {fix}")

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
    """Return the parser of the command line. Options can come before or right after run."""
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    add = options.add_argument
    million = number(1, 1_000_000)
    add("--port", type=number(0, 65535), help="8765 (run: a free one); 0 picks a free one")
    add("--members", type=number(10, 1_000_000), metavar="N", help="at least 10 (default: 120)")
    add("--workbooks", type=million, metavar="N", help="default: 260")
    tables = "one workbook in N has an input table (default: 10)"
    add("--input-tables", type=million, metavar="N", help=tables)
    add("--latency", type=number(0, 600_000), metavar="MS", help="delay of each response")
    add("--polls", type=number(0, 1000), metavar="N", help="until a job is ready (default: 2)")
    add("--token-ttl", type=number(1, 86_400), metavar="S", help="lifetime of tokens (3599)")
    add("--bare-lists", action="store_true", help="send lists in the form before June 2026")
    forms = ["offset", "opaque"]
    add("--cursors", choices=forms, help="nextPage: a number (default), or an opaque text")
    add("--export-mb", type=number(1, 100_000), metavar="N", help="megabytes of a CSV export")
    rule = 'such as "503 GET /v2/members times=2": see sandbox/README.md'
    add("--fault", type=fault, action="append", metavar="RULE", help=rule)

    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        usage="%(prog)s [OPTIONS] [run SCRIPT [ARGS...]]    (--help lists the options)",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[options],
    )
    parser.add_argument("--write-env", action="store_true", help="also write .env.sandbox")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog=parser.prog)
    about, usage = "run a recipe against a sandbox", "%(prog)s [OPTIONS] SCRIPT [ARGS...]"
    run = commands.add_parser("run", help=about, usage=usage, parents=[options])
    run.add_argument("script", type=Path, help="such as members/list_all.py")
    run.add_argument("arguments", nargs=argparse.REMAINDER).required = False
    return parser


def similar_recipes(script: Path) -> str:
    """Return which recipes could be meant by a script that doesn't exist."""
    paths = [path.relative_to(demo.ROOT) for path in sorted(demo.ROOT.glob("[!.]*/*.py"))]
    recipes = [p.as_posix() for p in paths if p.parts[0] not in ("docs", "sandbox", "tests")]
    recipes.append("get_access_token.py")
    wanted = PureWindowsPath(script).as_posix().removesuffix(".py") + ".py"  # it may contain \
    same = [recipe for recipe in recipes if f"/{recipe}".endswith(f"/{wanted}")]
    if found := same or difflib.get_close_matches(wanted, recipes):
        return f"Did you mean {' or '.join(found)}?"
    return "README.md lists the recipes"


def serve(server: Server, write_env: bool) -> None:
    """Print the settings and the URL, and serve until Ctrl-C."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")  # in a Windows pipe, a path can't be printed
    for name, value in demo.demo_settings(server.address).items():
        print(f"{name}={value}")
    if write_env:
        ENV_SANDBOX.write_text(demo.env_file(server.address), encoding="utf-8")
        print(f"# The same lines are in {ENV_SANDBOX}")
    ready = f"# Sandbox listening on {server.address} (open it in a browser; Ctrl-C stops it)"
    print(ready, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.wait()


def run_script(server: Server, script: Path, arguments: list[str]) -> int:
    """Run a recipe with the demo settings, and return its exit code. No .env is read."""
    settings = demo.demo_settings(server.address, script.name)
    own = [n for n in demo.names() if n not in CONNECTION and os.environ.get(n)]
    if own:
        print(f"From the environment, not the demo values: {', '.join(own)}", file=sys.stderr)
    ours = {name: settings.get(name, "") for name in demo.names() if name not in own}
    upper = {name.upper() for name in ours}  # Windows has AUTHURL for authURL
    environment = {name: value for name, value in os.environ.items() if name.upper() not in upper}
    environment |= {**ours, "SIGMA_ENV_FILE": str(demo.DEMO_FILES / "empty.env")}
    environment["SIGMA_RUN"] = "python -m sandbox run"  # for the command that a dry run prints
    command = [sys.executable, str(script), *arguments]
    with subprocess.Popen(command, env=environment) as recipe:
        while True:
            try:
                return recipe.wait()
            except KeyboardInterrupt:
                continue  # Ctrl-C also reaches the recipe, which knows how to end


def main() -> int:
    """Read the command line, and do what it says."""
    arguments = command_line().parse_args()
    given = vars(arguments)
    names = {"token_ttl": "token_seconds", **{name: name for name in vars(Options())}}
    options = Options(**{names[name]: value for name, value in given.items() if name in names})
    options.latency /= 1000
    is_run = arguments.command == "run"
    if is_run and not (arguments.script.is_file() and arguments.script.suffix == ".py"):
        sys.exit(f"Error: no recipe {arguments.script}. {similar_recipes(arguments.script)}")
    if is_run and arguments.write_env:
        sys.exit("Error: --write-env can't be combined with run")
    port = given.get("port", 0 if is_run else 8765)
    try:
        server = Server(options, given.get("fault", []), port)
    except OSError as error:
        fix = "If a sandbox is already running, stop it. Or use a free port: --port 0"
        sys.exit(f"Error: port {port} can't be used ({error.strerror}). {fix}")
    with server:
        if is_run:
            return run_script(server, arguments.script, arguments.arguments)
        serve(server, arguments.write_env)
    return 0


if __name__ == "__main__":
    sys.exit(main())

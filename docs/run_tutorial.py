"""Run the commands of docs/tutorial.md in order, and write what they print into the document.

python docs/run_tutorial.py          updates the blocks with output and code
python docs/run_tutorial.py --check  changes nothing; shows what differs, with exit code 1

The commands run in a temporary copy of the project, against a sandbox on a free port. Your own
settings and files are neither read nor changed. The parts of the document:

    ```dotenv              settings, which go into .env.sandbox. Each must be a change
    ```bash                commands, also with settings: LIMIT=7 python members/pagination.py.
                           Those that set up Python and its packages aren't run
    <!-- output -->        with ```text, right after ```bash: what the commands printed. Options:
                           exit=1 (the expected exit code), and how many lines to keep:
                           rows=3 (of a table), urls=3 (sent one after another), head=4, tail=2.
                           All of them: <!-- output: exit=1 rows=3 urls=3 head=4 tail=2 -->
    ```python FILE FUNCTION "FIRST" .. "LAST"
                           lines of a recipe: in a function, from the line that contains FIRST to
                           the next one that contains LAST. "FIRST" alone is one line; without it,
                           the whole function. You can name several parts
    <!-- content: NAME --> with ```text: the contents of a file that a command saved
    <!-- file: NAME -->    with ```text: a file that the reader creates in the project folder
    <!-- fault -->         with a table: the fields of the form on the console's page Faults
    ```powershell          the same commands for Windows; not run
"""

import argparse
import ast
import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs" / "tutorial.md"
START = "python -m sandbox --write-env"
READERS_FOLDER = "/home/ada/sigma-api-recipes"
READERS_URL = "http://127.0.0.1:8765"
PART = re.compile(
    r"^```bash\n(?P<bash>.*?)^```$"
    r"(?:\n\n<!-- output(?:: (?P<options>[^\n]+))? -->\n```text\n(?P<output>.*?)^```$)?"
    r"|^```dotenv\n(?P<dotenv>.*?)^```$"
    r"|^```python (?P<code>[^\n]+)\n(?P<lines>.*?)^```$"
    r"|^<!-- content: (?P<saved>\S+) -->\n```text\n(?P<content>.*?)^```$"
    r"|^<!-- file: (?P<file>\S+) -->\n```text\n(?P<text>.*?)^```$"
    r"|^<!-- fault -->\n(?P<fault>(?:\|[^\n]+\n)+)"
    r"|^```powershell\n.*?^```$",
    re.MULTILINE | re.DOTALL,
)


class Reader:
    """Does what the tutorial says, in a copy of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        others = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs")
        shutil.copytree(ROOT, folder, ignore=others, dirs_exist_ok=True)
        shutil.copy(ROOT / ".env.example", folder)
        # Only what Python needs: a setting in your environment would win over .env.sandbox
        kept = ("PATH", "HOME", "LANG", "TEMP", "SYSTEMROOT", "USERPROFILE", "APPDATA")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment = {**environment, "PYTHONUTF8": "1"}
        self.process: dict[str, Any] = {"cwd": folder, "env": self.environment, "stdin": DEVNULL}
        self.process |= {"stdout": PIPE, "encoding": "utf-8"}
        self.sandbox: subprocess.Popen[str] | None = None
        self.url = ""

    def follow(self, part: re.Match[str]) -> str:
        """Do what a part of the document says, and return the part with its current output."""
        old, new = part["output"] or part["content"] or "", ""
        if part["bash"]:
            numbers = re.findall(r"(\w+)=(\d+)", part["options"] or "")
            options = {name: int(number) for name, number in numbers}
            printed = self.run(part["bash"], expected=options.pop("exit", 0))
            new = shorten(self.steady(printed), **options)
        elif part["code"]:
            return f"```python {part['code']}\n{excerpt(part['code'])}```"
        elif part["dotenv"]:
            self.set(part["dotenv"])
        elif part["file"]:
            (self.folder / part["file"]).write_text(part["text"], encoding="utf-8")
        elif part["saved"]:
            new = (self.folder / part["saved"]).read_text(encoding="utf-8")
        elif part["fault"]:
            form = dict(re.findall(r"^\| (\w+) \| `(.+)` \|$", part["fault"], re.MULTILINE))
            rule = {"kind": form["Fault"], "match": form["Requests"], "times": int(form["Times"])}
            requests.post(f"{self.url}/sandbox/faults", json=rule, timeout=9).raise_for_status()
        return part[0].replace(f"```text\n{old}```", f"```text\n{new}```")

    def run(self, block: str, expected: int) -> str:
        """Run the commands of a block, and return what they printed."""
        printed, code = "", 0
        for line in block.splitlines():
            if line == START:
                command = [sys.executable, *shlex.split(line)[1:], "--port", "0"]
                printed = self.start_sandbox(command)
            elif line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                self.environment[name] = value
            elif line == "echo $?":
                printed += f"{code}\n"
            elif recipe := re.fullmatch(r"((?:\w+=\S+ )*)python (\S+\.py.*)", line):
                command = [sys.executable, *shlex.split(recipe[2])]
                settings = dict(re.findall(r"(\w+)=(\S+) ", recipe[1]))
                process = self.process | {"env": self.environment | settings}
                done = subprocess.run(command, stderr=STDOUT, timeout=120, **process)
                printed, code = printed + done.stdout, code or done.returncode
            elif not re.match("python3 |source |python -m pip ", line):  # the setup
                sys.exit(f"Error: can't run {line}")
        if code != expected:
            sys.exit(f"Error: exit code {code}, not {expected}, from\n{block}{printed}")
        return printed

    def start_sandbox(self, command: list[str]) -> str:
        """Start the sandbox, and return what it printed."""
        self.sandbox = subprocess.Popen(command, **self.process)
        printed = ""
        for line in self.sandbox.stdout or ():
            printed += line
            if ready := re.search(r"listening on (\S+)", line):
                self.url = ready[1]
                # From here on, recipes don't pause. Python imports sitecustomize when it starts
                no_pause = "import time\ntime.sleep = lambda seconds: None\n"
                (self.folder / "sitecustomize.py").write_text(no_pause, encoding="utf-8")
                self.environment["PYTHONPATH"] = str(self.folder)
                return printed
        sys.exit(f"Error: the sandbox didn't start\n{printed}")

    def set(self, lines: str) -> None:
        """Change settings in .env.sandbox, which contains every name."""
        path = self.folder / ".env.sandbox"
        text = path.read_text(encoding="utf-8")
        for line in re.findall(r"^\w+=.*$", lines, re.MULTILINE):
            name = line.partition("=")[0]
            if re.search(rf"(?m)^{re.escape(line)}$", text):
                sys.exit(f"Error: {line} is already in .env.sandbox")
            text, found = re.subn(rf"(?m)^{name}=.*$", line.replace("\\", r"\\"), text)
            if not found:
                sys.exit(f"Error: {name} isn't a setting in .env.sandbox")
        path.write_text(text, encoding="utf-8")

    def steady(self, text: str) -> str:
        """Replace what differs from run to run: URL, folder, times, today, and request IDs."""
        text = text.replace(self.url or READERS_URL, READERS_URL)
        text = text.replace(f"{self.folder}{os.sep}", f"{READERS_FOLDER}/")
        text = re.sub(r"\+\d{13}@", "+1714640040000@", text)
        text = text.replace(str(datetime.now(timezone.utc).date()), "2024-05-02")
        request_id = "requestId 2da86966-9666-48e6-b100-ea47a8d9fdbe"
        return re.sub(r"requestId [0-9a-f-]{36}", request_id, text)


def shorten(text: str, urls: int = 9999, rows: int = 9999, head: int = 0, tail: int = 0) -> str:
    """Replace lines with "...", as the options say."""
    lines = [""]
    url = row = 0
    for line in text.splitlines():
        url = url + 1 if line.startswith("URL sent to Sigma: ") else 0
        if re.fullmatch(r"-+(  +-+)+", line):  # the line below the header of a table
            row = 1
        elif row:
            row = row + 1 if line and not url else 0
        line = "..." if url > urls or row > rows + 1 else line
        if line != "..." or lines[-1] != "...":
            lines.append(line)
    if 0 < head + tail < len(lines) - 1:
        lines[head + 1 : len(lines) - tail] = ["..."]
    return "\n".join(lines[1:]) + "\n"


def excerpt(place: str) -> str:
    """Return lines of a recipe. place is what follows ```python in the document."""
    file, function, *texts = shlex.split(place)
    source = (ROOT / file).read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    try:
        node = next(node for node in nodes if node.name == function)
        body = source.splitlines()[node.lineno - 1 : node.end_lineno]
        lines, end = ([], -1) if texts else (body, 0)
        while texts:
            first = last = texts.pop(0)
            if texts[:1] == [".."]:
                _, last = texts.pop(0), texts.pop(0)
            begin = next(n for n in range(end + 1, len(body)) if first in body[n])
            end = next(n for n in range(begin, len(body)) if last in body[n])
            indent = body[begin][: -len(body[begin].lstrip())]
            lines += [f"{indent}..."] * bool(lines) + body[begin : end + 1]
    except StopIteration:
        sys.exit(f"Error: these lines don't exist: {place}")
    return textwrap.dedent("\n".join(lines)) + "\n"


@contextmanager
def new_reader() -> Iterator[Reader]:
    """Make a copy of the project for a reader. At the end, stop the reader's sandbox."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        reader = Reader(Path(name).resolve())
        try:
            yield reader
        finally:
            if reader.sandbox:
                reader.sandbox.terminate()
                reader.sandbox.communicate()


def update(document: str) -> str:
    """Return the document with the current output and code in every block."""
    if unknown := re.search(r"^ *(<!--|```).*", PART.sub("", document), re.MULTILINE):
        sys.exit(f"Error: can't understand this part of the document: {unknown[0]}")
    with new_reader() as reader:
        return PART.sub(reader.follow, document)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, show what differs")
    check = parser.parse_args().check
    written = TUTORIAL.read_text(encoding="utf-8")
    current = update(written)
    if not check:
        TUTORIAL.write_text(current, encoding="utf-8", newline="\n")
    elif current != written:
        lines = difflib.unified_diff(written.splitlines(), current.splitlines(), lineterm="")
        print("\n".join(lines))
        sys.exit("Error: the tutorial is out of date. To update it: python docs/run_tutorial.py")


if __name__ == "__main__":
    main()

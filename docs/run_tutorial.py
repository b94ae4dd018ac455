"""Run every command of docs/tutorial.md, in order, and write what it prints into the document.

python docs/run_tutorial.py            brings the output blocks up to date
python docs/run_tutorial.py --check    changes nothing; shows what differs, with exit code 1
python docs/run_tutorial.py --pictures takes the pictures of the console anew, too (Chromium)

The commands run in a temporary copy of the project, against one sandbox on a free port, so no file
of yours is read or changed. This is how the document is read, from top to bottom:

    ```dotenv                   lines that the reader sets in .env.sandbox; so does this program
    ```bash                     commands: those that begin with "python ", "export " and "echo $?"
                                are run, but not "python -m pip"
    ```powershell               the same for Windows: not run, tests/test_tutorial.py compares them
    <!-- output -->             before ```text: what the last command printed, written here. With
                                options, as in <!-- output: rows=3 exit=1 -->:
        urls=N                  of the lines "URL sent to Sigma" that follow each other, N are kept
        rows=N                  of each table, N rows are kept
        head=N, tail=N          of all lines, the first N and the last N are kept
        exit=N                  the command ends with this exit code (0 unless given)
                                A line "..." stands for what was left out
    <!-- content: NAME -->      before ```text: what a file holds that a command has saved
    <!-- file: NAME -->         before ```text: a file that the reader makes in the project's folder
    <!-- fault -->              before a table: the fields of the console's form for faults
    <!-- picture: PATH -->      before ![text](file): a page of the console, as it is at this point

What differs from run to run is printed as it was in one of them: see steady().
"""

import argparse
import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs" / "tutorial.md"
FOLDERS = ("members", "workbooks", "teams", "connections", "embedding", "sandbox")
START = "python -m sandbox --write-env"
READERS_FOLDER = "/home/ada/sigma-api-recipes"
ADDRESS = "http://127.0.0.1:8765"
PART = re.compile(
    r"(?:^<!-- (?P<marker>\w+)(?:: (?P<options>[^\n]+?))? -->\n)?"  # above a block or a table
    r"(?:^```(?P<language>\w+)\n(?P<body>.*?)^```$|(?P<table>(?:^\|[^\n]+\|\n)+)"
    r"|^!\[[^\n]+\]\((?P<picture>[^\n]+)\)$)",
    re.MULTILINE | re.DOTALL,
)


def find_chromium() -> str | None:
    """Return the path of the browser, by the name that it has on this system."""
    names = "chromium", "chromium-browser", "google-chrome"
    return next(filter(None, map(shutil.which, names)), None)


class Reader:
    """Somebody who does what the document says: in a folder, with a sandbox in another terminal."""

    def __init__(self, folder: Path, takes_pictures: bool = False) -> None:
        self.folder, self.takes_pictures = folder, takes_pictures
        for name in FOLDERS:
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        for path in (*ROOT.glob("*.py"), ROOT / ".env.example"):
            shutil.copy(path, folder)
        example = (folder / ".env.example").read_text(encoding="utf-8")
        ours = {*re.findall(r"^(\w+)=", example, re.MULTILINE), "PYTHON_DOTENV_DISABLED"}
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ours and name != "SIGMA_ENV_FILE"
        }
        self.environment["PYTHONUTF8"] = "1"  # on Windows, too
        self.sandbox: subprocess.Popen[str] | None = None
        self.address = ""
        self.printed, self.code = "", 0

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        if self.sandbox:
            self.sandbox.terminate()
            self.sandbox.communicate()

    def command(self, line: str) -> None:
        """Do what a line of a bash block says."""
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            self.environment[name] = value
        elif line == "echo $?":
            self.printed += f"{self.code}\n"
        elif line == START:
            self.start_sandbox()
        elif line.startswith("python ") and not line.startswith("python -m pip "):
            done = subprocess.run(
                [sys.executable, *shlex.split(line)[1:]],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=120,
            )
            self.printed, self.code = done.stdout, done.returncode

    def start_sandbox(self) -> None:
        """Start the sandbox of the first terminal, on a free port."""
        self.sandbox = subprocess.Popen(
            [sys.executable, *shlex.split(START)[1:], "--port", "0"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self.sandbox.stdout
        self.printed, line = "", ""
        while "listening on" not in line:
            line = self.sandbox.stdout.readline()
            if not line:
                raise SystemExit(f"Error: the sandbox did not start\n{self.printed}")
            self.printed += line
        self.address = line.split()[4]
        self.settings("SIGMA_BACKOFF=0")  # nobody has to wait here

    def settings(self, lines: str) -> None:
        """Set lines of .env.sandbox, which has one for every name."""
        path = self.folder / ".env.sandbox"
        text = path.read_text(encoding="utf-8")
        for line in lines.splitlines():
            if line.startswith("#"):
                continue
            name, _, _ = line.partition("=")
            old = re.search(rf"^{re.escape(name)}=.*$", text, re.MULTILINE)
            if not old:
                raise SystemExit(f"Error: {line!r} is no setting of .env.sandbox")
            text = text[: old.start()] + line + text[old.end() :]
        path.write_text(text, encoding="utf-8")

    def fault(self, table: str) -> None:
        """Add a fault, as the console's form does."""
        fields = dict(re.findall(r"^\| (\w+) \| `([^`]*)` \|$", table, re.MULTILINE))
        rule = {"kind": fields["Fault"], "match": fields["Requests"], "times": int(fields["Times"])}
        request = urllib.request.Request(
            f"{self.address}/sandbox/faults",
            json.dumps(rule).encode(),
            {"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(request, timeout=10).close()

    def picture(self, path: str, target: Path) -> None:
        """Save a picture of a page of the console, without what fades."""
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 1050})
            page.goto(self.address + path)
            page.screenshot(path=target, animations="disabled")
            browser.close()

    def steady(self, text: str) -> str:
        """Return what was printed, with that replaced which differs from run to run."""
        text = text.replace(self.address, ADDRESS)
        text = re.sub(  # on Windows, the rest of a path has backslashes
            re.escape(str(self.folder)) + r"[\w\\/.-]*",
            lambda path: READERS_FOLDER + path[0][len(str(self.folder)) :].replace("\\", "/"),
            text,
        )
        text = re.sub(r"\+\d{13}@", "+1714640040000@", text)  # when a member was created
        return re.sub(
            r"requestId [0-9a-f-]{36}", "requestId 2da86966-9666-48e6-b100-ea47a8d9fdbe", text
        )


def shorten(text: str, options: dict[str, int]) -> str:
    """Leave out what the options of a marker say, and put ... in its place."""
    lines: list[str] = []
    urls = rows = 0  # how many such lines there were in a row
    in_table = False
    for line in text.splitlines():
        is_url = line.startswith("URL sent to Sigma: ")
        is_rule = bool(re.fullmatch(r"-+(  +-+)+", line))
        urls = urls + 1 if is_url else 0
        in_table = is_rule or (in_table and line != "" and not is_url)
        rows = rows + 1 if in_table and not is_rule else 0
        if urls > options.get("urls", urls) or rows > options.get("rows", rows):
            line = "..."
        if line != "..." or lines[-1] != "...":
            lines.append(line)
    head, tail = options.get("head", len(lines)), options.get("tail", 0)
    if head + tail < len(lines):
        lines[head : len(lines) - tail] = ["..."]
    return "\n".join(lines) + "\n"


def run(document: str, takes_pictures: bool = False) -> str:
    """Return the document with every output block as it is now.

    Raises SystemExit when something is not understood, or a command ends with another exit code
    than the document says.
    """
    for part in PART.finditer(document):
        check_form(part)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        Reader(Path(name).resolve(), takes_pictures) as reader,
    ):
        fresh = PART.sub(lambda part: follow(part, reader), document)
        expect(reader, 0)
        return fresh


def check_form(part: re.Match[str]) -> None:
    """Stop at a block or a table that is not what the top of this file says."""
    names = {name for name, _ in read_options(part)}
    fits = {
        "output": part["language"] == "text" and names <= {"urls", "rows", "head", "tail", "exit"},
        "content": part["language"] == "text" and part["options"],
        "file": part["language"] == "text" and part["options"],
        "fault": part["table"],
        "picture": part["picture"] and part["options"],
        None: part["language"] in ("dotenv", "bash", "powershell", None),
    }
    if not fits.get(part["marker"]):
        raise SystemExit(f"Error: this is not understood\n{part[0]}")


def read_options(part: re.Match[str]) -> list[tuple[str, int]]:
    """Return the options of a marker such as <!-- output: rows=3 exit=1 -->."""
    pairs = [word.partition("=") for word in (part["options"] or "").split()]
    return [(name, int(value)) for name, _, value in pairs if value.isdecimal()]


def follow(part: re.Match[str], reader: Reader) -> str:
    """Do what a block or a table says, and return it: an output block with the new output."""
    body = part["body"] or ""
    if part["marker"] == "fault":
        reader.fault(part["table"])
    elif part["marker"] == "picture" and reader.takes_pictures:
        reader.picture(part["options"], TUTORIAL.parent / part["picture"])
    elif part["marker"] == "file":
        (reader.folder / part["options"]).write_text(body, encoding="utf-8")
    elif part["language"] == "dotenv":
        reader.settings(body)
    elif part["language"] == "bash":
        expect(reader, 0)
        for line in body.splitlines():
            reader.command(line)
    elif part["marker"] == "output":
        options = dict(read_options(part))
        expect(reader, options.pop("exit", 0))
        body = shorten(reader.steady(reader.printed), options)
    elif part["marker"] == "content":
        body = (reader.folder / part["options"]).read_text(encoding="utf-8")
    if part["language"] == "text":
        return part[0].replace(f"```text\n{part['body']}```", f"```text\n{body}```")
    return part[0]


def expect(reader: Reader, code: int) -> None:
    """Stop if the last command did not end as the document says."""
    if reader.code != code:
        printed = reader.steady(reader.printed)
        raise SystemExit(f"Error: exit code {reader.code}, not {code}, after\n{printed}")
    reader.code = 0


def main() -> None:
    """Read the command line, run the document, and write or compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing, show what differs")
    parser.add_argument("--pictures", action="store_true", help="take the pictures anew, too")
    arguments = parser.parse_args()
    written = TUTORIAL.read_text(encoding="utf-8")
    fresh = run(written, arguments.pictures)
    if not arguments.check:
        TUTORIAL.write_text(fresh, encoding="utf-8", newline="\n")
    elif fresh != written:
        names = ("docs/tutorial.md, as written", "docs/tutorial.md, as printed now")
        lines = difflib.unified_diff(written.splitlines(), fresh.splitlines(), *names, lineterm="")
        print("\n".join(lines))
        sys.exit("Error: the output has changed. To write it: python docs/run_tutorial.py")


if __name__ == "__main__":
    main()

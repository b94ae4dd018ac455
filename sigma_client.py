"""What every recipe shares: settings, requests to Sigma, printing, and how a recipe ends.

Recipes import this file together with get_access_token.py. It hides how a request is sent (token,
retries, pages, errors), but never which request is sent: that is in the recipe.

.env:      CLIENT_ID, SECRET, authURL, baseURL. Optional for every recipe:
           OUTPUT_FORMAT=table (or json, csv), SHOW_REQUESTS=true (false: don't print the URLs),
           SIGMA_TIMEOUT=120 (seconds), SIGMA_BACKOFF=1 (factor for the pauses between retries).
           SIGMA_ENV_FILE, in the environment only, names a file to read instead of .env
"""

import sys

if sys.version_info < (3, 10):  # checked before any line that an older Python can't run
    fix = "Activate .venv, or create it again with Python 3.10 or newer"
    sys.exit(f"Error: {sys.executable} is Python {sys.version.split()[0]}. {fix}")
try:
    import requests
    from dotenv.parser import parse_stream
    from requests.adapters import HTTPAdapter
    from requests.exceptions import InvalidJSONError, ProxyError, SSLError
    from tabulate import tabulate
    from urllib3.exceptions import ConnectTimeoutError, HTTPError
    from urllib3.util import Retry
except ImportError as error:  # also if another package provides dotenv
    fix = f'{sys.executable} -m pip install -U requests python-dotenv "tabulate[widechars]"'
    sys.exit(f"Error: {error}. Activate .venv (VSCode: Python: Select Interpreter), or run: {fix}")
if __name__ == "__main__":
    sys.exit("Error: sigma_client.py isn't a recipe. Run one, such as members/list_all.py")

import argparse
import contextlib
import csv
import errno
import functools
import io
import itertools
import json
import os
import random
import re
import shlex
import stat
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

FOLDER = Path(__file__).resolve().parent
OTHER_NAMES = {"MEMBERID": "MEMBER_ID", "WORKBOOK_ID": "WORKBOOKID"}  # the QuickStart has both
PAGE_SIZE = 1000  # the maximum. By default, Sigma sends 50 entries per page
REQUESTS_AT_ONCE = 5  # more can lead to 429 from Cloudflare, which is in front of Sigma
CREDENTIALS = ("CLIENT_ID", "SECRET", "authURL", "baseURL")
MAY_BE_DONE = ". The change may have been carried out: check in Sigma before you run this again"
THIS_MACHINE = r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?=/)"
HTTPS = r"https://(?!(?i:app\.sigma))[A-Za-z0-9.-]+(?::[0-9]+)?"  # app. is Sigma's UI
START_SANDBOX = ". To start the sandbox: python -m sandbox --write-env"
OUTPUT_FORMATS = ("table", "json", "csv")
FILE_BEGINS = {"csv": b"(?!<html|<!doc)", "json": rb"\[", "jsonl": b"{"}
FILE_BEGINS |= {"pdf": b"%PDF", "png": b"\x89PNG", "xlsx": b"PK"}
ERROR_FIELDS = {*"status statusCode code error errors message requestId details".split()}
_secrets: set[str] = set()
_names: dict[str, None] = {}  # of the settings that were read, in order
_env_lines = functools.cache(lambda text: [*parse_stream(io.StringIO(text))])  # for every setting


class SigmaError(Exception):
    """A failure, explained in one line: a bad setting, no response, or an error from Sigma.

    status is the HTTP status of Sigma's response, if there is one. stops_the_run is True if other
    requests would fail as well: no usable response, bad credentials (401), too many requests (429).
    """

    def __init__(self, message: str, status: int | None = None, stops_the_run: bool = False):
        super().__init__(one_line(message))
        self.status, self.stops_the_run = status, stops_the_run


def keep_secret(text: str) -> str:
    """Return the text. From now on, errors show *** instead of it."""
    if len(text) > 3:  # a shorter text could be part of ordinary words
        _secrets.add(text)
    return text


def one_line(text: object) -> str:
    """Return a text as one printable line without secrets."""
    line = re.sub(r"//[^/@\s]+@", "//***@", str(text))  # the password in a proxy's URL
    line = re.sub(r"\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]*", "***", line)  # a JWT, as in a signed URL
    for secret in sorted(_secrets, key=len, reverse=True):
        line = line.replace(secret, "***")
    return " ".join(printable(line).split())


def printable(text: str) -> str:
    """Return a text with spaces instead of line breaks and other unprintable characters."""
    return "".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in text)  # joiners


def say(line: str) -> None:
    """Print a line on stderr in one piece, so that lines from several threads don't mix."""
    print(line + "\n", end="", file=sys.stderr)


# 1: Settings. The environment comes first, then the .env file next to this file
def env_path(env_file: str = "") -> Path:
    """Return the path of .env, or of the file to read instead."""
    return FOLDER / Path(env_file or os.environ.get("SIGMA_ENV_FILE") or ".env").expanduser()


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark."""
    text = "\0"
    with contextlib.suppress(ValueError):
        text = path.read_text(encoding="utf-8-sig")
    if "\0" in text:  # PowerShell's ">" writes UTF-16, Excel's plain "CSV" an older encoding
        raise SigmaError(f"{path} isn't UTF-8. Save it as UTF-8 (in Excel: CSV UTF-8)")
    return text


def read_env_file(env_file: str = "") -> dict[str, str]:
    """Return the settings in .env, or in the file to read instead."""
    path, settings = env_path(env_file), dict[str, str]()
    if not path.exists() and path != FOLDER / ".env":
        raise SigmaError(f"{path} doesn't exist" + START_SANDBOX * (path.name == ".env.sandbox"))
    for line in _env_lines(read_text(path) if path.exists() else ""):
        # python-dotenv skips what it can't parse. Line breaks come from a missing quote, or C:\new
        name, value = line.key or "_", "\n" if line.value is None else line.value
        if line.error or not name.isidentifier() or (line.key and re.search(r"[\0-\x1f]", value)):
            fix = "Write NAME=value, close all quotes, and put single quotes around backslashes"
            raise SigmaError(f"{path}, line {line.original.line}: can't parse this. {fix}")
        settings |= {name: value} if line.key else {}
    return settings


def read_env(name: str, default: str = "", choices: Iterable[str] = (), env_file: str = "") -> str:
    """Return an optional setting. Empty means not set. With env_file, read only that file."""
    settings, names = read_env_file(env_file), (name, OTHER_NAMES.get(name, name))
    _names.update(dict.fromkeys(names))
    values = [] if env_file else [os.environ.get(known, "").strip() for known in names]
    values = [re.sub(r"""^(["'])(.*)\1$""", r"\2", text) for text in values]  # docker keeps quotes
    value = next(filter(None, [*values, *(settings.get(known) for known in names)]), default)
    if choices and value not in choices:
        raise SigmaError(f"{name} is {value!r}, but must be one of: {', '.join(choices)}")
    return value


def read_flag(name: str, default: bool) -> bool:
    """Return a setting that is true or false. A typo is an error, so it never counts as true."""
    return read_env(name, str(default).lower(), choices=("true", "false")) == "true"


def read_dry_run() -> bool:
    """Return DRY_RUN, by default true. Warn if it's false in .env: many recipes share it."""
    dry_run = read_flag("DRY_RUN", default=True)
    if not dry_run and read_env_file().get("DRY_RUN") == "false":
        say(f"DRY_RUN=false in {env_path()} applies to every recipe. Remove it when you're done")
    return dry_run


def this_command(*options: str, setting: str = "") -> str:
    """Return the command that runs this recipe again, with the same settings."""
    script = sys.argv[0].replace(os.sep, "/")  # on Windows, shlex would quote a backslash
    words = [*os.environ.get("SIGMA_RUN", "python").split(), script, *options]
    command = setting + shlex.join(words)
    # PowerShell keeps the environment. SIGMA_RUN is "python -m sandbox run", which sets it
    if os.name == "nt" or "SIGMA_RUN" in os.environ:
        return command
    here, written = os.environ, read_env_file()
    names = [n for n in _names if here.get(n) not in (None, "", written.get(n), *_secrets)]
    names = ["SIGMA_ENV_FILE"] * bool(here.get("SIGMA_ENV_FILE")) + names
    given = [f"{n}={shlex.quote(here[n])} " for n in names if n not in (*CREDENTIALS, "DRY_RUN")]
    return "".join(given) + command


def dry_run_note() -> str:
    """Return the last line of a dry run. It shows the command that applies the plan once."""
    windows = f"$env:DRY_RUN='false'; {this_command()}; $env:DRY_RUN=''"
    command = windows if os.name == "nt" else this_command(setting="DRY_RUN=false ")
    return f"Dry run: nothing was changed. To apply the plan once: {command}"


def read_number(name: str, default: float, lowest: float, highest: float) -> Any:
    """Return a number from a setting: an int if the default is an int, or else a float."""
    text = read_env(name, str(default))
    with contextlib.suppress(ValueError):
        if lowest <= (number := type(default)(text)) <= highest:
            return number
    kind = "a whole number" if isinstance(default, int) else "a number"
    raise SigmaError(f"{name} is {text!r}, but must be {kind} from {lowest:g} to {highest:g}")


def read_path(name: str, default: str = "", is_folder: bool = False) -> Path:
    """Return the full path of a file or folder. Relative paths start at the current folder."""
    path = Path(read_env(name, default) or require_env(name)).expanduser().resolve()
    if not path.exists() or path.is_dir() != is_folder:
        wanted = "folder" if is_folder else "file"
        problem = f"isn't a {wanted}" if path.exists() else "doesn't exist"
        raise SigmaError(f"{name} is '{path}', which {problem}")
    return path


def require_all(*names: str, env_file: str = "") -> list[str]:
    """Return several settings, or raise SigmaError that names all missing ones.

    IDs and emails are recognized by the name of the setting. IDs can be URLs of pages in Sigma.
    """
    values = [read_env(name, env_file=env_file) for name in names]
    if all(values):
        return [*map(check_setting, names, values)]
    if hasattr(sys.modules["__main__"], "get_bearer_token") and not env_file:
        names = (*CREDENTIALS, *names)  # it's going to send requests
    missing = [n for n in dict.fromkeys(names) if not read_env(n, env_file=env_file)]
    path, recipe = env_path(env_file), Path(sys.argv[0]).resolve()
    error = f"Add to {path}: " if path.exists() else f"Copy .env.example to {path}, and fill in: "
    error += ", ".join(f"{n} (from {ID_KINDS[n][0]})" if n in ID_KINDS else n for n in missing)
    if path == FOLDER / ".env" and (FOLDER / ".env.sandbox").exists():
        name = "export SIGMA_ENV_FILE=" if os.name != "nt" else "$env:SIGMA_ENV_FILE = "
        error += f'. To use the sandbox: {name}".env.sandbox"'
    elif (FOLDER / "sandbox").is_dir() and recipe.is_file() and FOLDER in recipe.parents[:2]:
        error += f". Without an account: python -m sandbox run {recipe.relative_to(FOLDER)}"
    raise SigmaError(error)


def require_env(name: str) -> str:
    """Return a setting, checked as in require_all. Raise SigmaError if it's missing."""
    return require_all(name)[0]


require_id = require_email = require_env  # for readers: they say what the setting is
SAFE_ID = r"(?!(?i:undefined|null|none|nan|true|false)(?:[/:]|$))[\w-]+"
LONG_ID = "[0-9A-Za-z]{8}(?:-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}"
SHORT_ID, BEFORE, AFTER = "[0-9A-Za-z]+", "(?:[^/?#]*?-)??", "(?=[/?#]|$)"  # /Sales-7sYWojYnccxJqd
ID_KINDS = {  # the recipe that prints the IDs, and where a URL has one
    "MEMBERID": ("members/list_all.py", ""),
    "TEAMID": ("teams/list_all.py", r"/admin/teams/([\w-]+)"),
    "WORKSPACEID": ("members/list_workspaces.py", f"/s/{BEFORE}({LONG_ID}|{SHORT_ID}){AFTER}"),
    "CONNECTIONID": ("connections/list_all_connections.py", f"/s/{BEFORE}({LONG_ID}){AFTER}"),
    "WORKBOOK_ID": ("workbooks/list_all.py", f"/workbook/{BEFORE}({LONG_ID}|{SHORT_ID}){AFTER}"),
    "PAGE_ID": ("workbooks/get_column_names_all_pages.py", ""),
    "ELEMENT_ID": ("workbooks/get_column_names_all_pages.py", r"nodeId=([\w-]+)"),
}


def check_setting(name: str, value: str) -> str:
    """Return the value of a setting, and only the ID if it's a URL. See require_all."""
    if name.endswith("EMAIL") and not is_email(value):
        raise SigmaError(f"{name} is {value!r}, which isn't an email")
    kinds = [kind for known, kind in ID_KINDS.items() if name.endswith(known)]
    if not kinds:
        return value
    recipe, pattern = kinds[0]
    found = re.search(pattern, value) if pattern else None
    if re.fullmatch(SAFE_ID, wanted := found[1] if found else value, re.ASCII):
        return wanted
    expected = "an ID or the URL of a page with one" if pattern else "an ID"
    raise SigmaError(f"{name} is {value!r}, which isn't {expected}. To find it, run {recipe}")


def read_table_path(name: str) -> list[str]:
    """Return a setting that is the path of a table, schema or database. Empty means []."""
    text = read_env(name, "[]")
    with contextlib.suppress(ValueError, RecursionError):
        path = json.loads(text)  # not split at dots, which names can contain
        if isinstance(path, list) and len(path) <= 3 and all(n and str(n) == n for n in path):
            return path
    raise SigmaError(f'{name} is {text!r}. Write a JSON list: ["DATABASE","SCHEMA","TABLE"]')


def is_email(text: str) -> bool:
    """Return True if a text looks like an email."""
    return bool(re.fullmatch(r"(?!')[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)*", text))


def parse_emails(text: str, source: str) -> list[str]:
    """Return the emails in a text, each once. source is for errors."""
    text = re.sub(r'("[^"]*"\s*|[^",;<>@]{0,99})<([^<>]*)>', r" \2 ", text)  # Name <email>
    unique: dict[str, str] = {}
    for part in filter(None, re.split(r'[\s,;"]+', text)):
        email = re.sub("(?i)^mailto:", "", part.strip("'"))
        if not is_email(email):
            raise SigmaError(f"{source}: {part!r:.80} isn't an email")
        unique.setdefault(email.lower(), email)
    return list(unique.values())


def read_emails(name: str, default: str) -> list[str]:
    """Return the emails in the file that a setting names, without duplicates and # comments."""
    path = read_path(name, default)
    emails: list[str] = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        text = re.sub(r"(^|\s)#.*", "", line)  # not every #: the email of a guest can contain #EXT#
        emails += parse_emails(text, f"{path}, line {number}")
    if not emails:
        raise SigmaError(f"{name}: there are no emails in {path}")
    return parse_emails(" ".join(emails), str(path))


def read_csv(path: Path, columns: list[str], more: bool = False) -> list[Any]:
    """Return (line, {column: cell}) for each row of a CSV file. more: allow other columns."""
    text, rows, begin = read_text(path), [], 1
    declared = re.match('(?i)"?sep=(.)', text)  # a first line that sets the separator for Excel
    separator = declared[1] if declared else max(",;\t", key=text.lstrip().partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            cells = [" ".join(cell.split()) for cell in cells]
            rows += [(begin, cells)] if any(cells) and (begin > 1 or not declared) else []
            begin = reader.line_num + 1
    except csv.Error as error:
        raise SigmaError(f"{path}, line {begin}: {error}. Check the quotes") from error
    line, header = rows.pop(0) if rows else (1, [])
    names = [*filter(None, header)]  # Excel adds columns without a name
    if sorted(names) != sorted({*columns, *names} if more else columns):
        wanted = ", ".join(columns) + " and others, each once" * more
        raise SigmaError(f"{path}, line {line}: the columns must be {wanted}")
    named = []
    for line, cells in rows:  # Excel omits blank cells at the end of a row
        pairs = [p for p in itertools.zip_longest(header, cells, fillvalue="") if any(p)]
        if not all(name for name, _ in pairs):
            raise SigmaError(f"{path}, line {line}: more values than columns")
        named.append((line, dict(pairs)))
    return named


# 2: Credentials. A client reads them once, so two organizations in one process don't mix
@dataclass(frozen=True)
class Credentials:
    """The URLs and the API credentials of an organization."""

    base_url: str
    auth_url: str
    client_id: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        keep_secret(self.secret)
        if not re.fullmatch(rf"({THIS_MACHINE}|{HTTPS})(/(?!v2/)[\w.-]+)*/v2", self.base_url):
            error = "baseURL must be https://HOST/v2"
            raise SigmaError(f"{error}. Administration > Developer Access in Sigma shows the host")
        if self.auth_url != (right := f"{self.base_url}/auth/token"):
            error = f"authURL must be {right} to match baseURL"
            raise SigmaError(f"{error}. Use the host of your region in both")


def read_credentials(env_file: str = "") -> Credentials:
    """Return the credentials in .env, or in another file: read_credentials(".env.staging")."""
    client_id, secret, auth_url, base_url = require_all(*CREDENTIALS, env_file=env_file)
    base_url = base_url.strip(" /").removesuffix("/v2") + "/v2"
    return Credentials(base_url, auth_url.strip(" /"), client_id, secret)


# 3: Requests
class SigmaRetry(Retry):
    """Retries any request after 429, but after 5xx only requests that change nothing."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return status_code == 429 or super().is_retry(method, status_code, has_retry_after)

    def sleep(self, response: Any = None) -> None:
        """Wait 1, 2, 4, 8 seconds plus up to 50%, or as long as Retry-After says."""
        last = self.history[-1]
        first = 4 if last.status == 429 else 1  # rate limits are per minute
        pause = first * 2 ** (len(self.history) - 1) * random.uniform(1, 1.5) * self.backoff_factor
        with contextlib.suppress(HTTPError, ValueError, OverflowError):  # a malformed header
            pause = max(pause, self.get_retry_after(response) or 0) if response else pause
        pause = min(pause, 60)
        if pause >= 5:
            why = f"{last.status or 'No response'} from {last.method} {last.url}"
            say(f"{why}: retrying in {pause:.0f} seconds")
        time.sleep(pause)


class SigmaObject(dict[str, Any]):
    """A JSON object from Sigma. ["name"] raises SigmaError if the field is missing or null."""

    def __init__(self, fields: dict[str, Any], source: str, note: str) -> None:
        super().__init__(fields)
        self.source, self.note = source, note

    def __getitem__(self, name: str) -> Any:
        if (value := self.get(name)) is None:
            error = f"The response from {self.source} has no {name!r}{self.note}"
            raise SigmaError(error, stops_the_run=bool(self.note))
        return value


def decode(response: requests.Response, note: str) -> Any:
    """Return the JSON in a response: a SigmaObject, or a list of them."""
    source, body = f"{response.request.method} {response.url}", None
    text = b"{}" if response.status_code == 204 else response.content
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(text, object_hook=lambda fields: SigmaObject(fields, source, note))
    if not isinstance(body, dict if note else (dict, list)):
        raise InvalidJSONError("it isn't JSON. Check baseURL and authURL")  # a GET is repeated
    if is_error(body):
        raise SigmaError(f"{source}: {one_line(body)}", response.status_code)
    return body


def is_error(body: Any) -> bool:
    """Return True if a JSON body is an error, which can come with any status."""
    fields = {*body} if isinstance(body, dict) else {"status"}
    return {"code", "message"} <= fields or (fields <= ERROR_FIELDS and not fields <= {"status"})


class SigmaClient:
    """Sends requests to Sigma, and returns the data in the responses. Threads can share a client.

    Paths such as "/members" are added to baseURL. Every failure raises SigmaError. So does the end
    of the "with" block, if an entry of a list couldn't be read.
    """

    def __init__(
        self, get_token: Callable[..., str] | None = None, credentials: Credentials | None = None
    ) -> None:
        self.get_token = get_token  # None only to request a token
        self.credentials = credentials or read_credentials()
        self.unreadable = 0
        self.show_requests = read_flag("SHOW_REQUESTS", True)
        self.timeout = (10, read_number("SIGMA_TIMEOUT", 120.0, 0.001, 86_400.0))
        self.backoff = read_number("SIGMA_BACKOFF", 1.0, 0.0, 60.0)
        retry = SigmaRetry(
            total=4,
            connect=2,  # for any method: the request was never sent
            read=2,
            other=0,  # waiting doesn't make a certificate valid
            allowed_methods=["GET"] if get_token else ["GET", "POST"],  # a second token is harmless
            status_forcelist=[408, 429, 500, 502, 503, 504, *range(520, 528), 530],  # Cloudflare
            backoff_factor=self.backoff,
            raise_on_status=False,  # the last response explains the error
        )
        self.http = requests.Session()
        self.http.mount("https://", HTTPAdapter(max_retries=retry))
        self.http.mount("http://", HTTPAdapter(max_retries=retry))
        self.http.verify = read_env("REQUESTS_CA_BUNDLE") or True
        self.http.trust_env = False  # otherwise, requests might send a password from ~/.netrc
        if not re.match(THIS_MACHINE, self.credentials.base_url):
            self.http.proxies = requests.utils.get_environ_proxies(self.credentials.base_url)

    def __enter__(self) -> "SigmaClient":
        return self

    def __exit__(self, error_type: object, *_: object) -> None:
        self.http.close()
        if error_type is None:
            self.require_complete_lists()

    def require_complete_lists(self) -> None:
        """Raise SigmaError if something couldn't be read: it may be what you need."""
        if self.unreadable:
            raise SigmaError(f"Not complete. Couldn't be read: {self.unreadable}")

    def request(self, method: str, path: str, read: Any = decode, **options: Any) -> Any:
        """Send a request, and return the data. json is the body, other options are the query."""
        url = path if path == self.credentials.auth_url else self.credentials.base_url + path
        if url != path and not re.fullmatch(rf"(/{SAFE_ID}(:\w+)?)+", path, re.ASCII):
            raise SigmaError(f"{path!r}: an ID in this path is missing or malformed")
        # No redirects: another host must never get the token
        how: dict[str, Any] = {"timeout": self.timeout, "stream": True, "allow_redirects": False}
        how |= {name: options.pop(name, None) for name in ("json", "data")}
        headers = {**options.pop("headers", {})}
        # Sigma expects true, but requests would send True
        params = {k: str(v).lower() if isinstance(v, bool) else v for k, v in options.items()}
        url = str(requests.Request(method, url, params=params).prepare().url)
        only_reads = method == "GET" or path.endswith("/lookup") or not self.get_token
        note = "" if only_reads else MAY_BE_DONE
        tries = 1 if note else 3  # if a body is cut off: urllib3 doesn't retry that
        token, rejected = self.get_token(self.credentials) if self.get_token else "", ""
        if self.show_requests:
            say(f"URL sent to Sigma: {one_line(url)}")
        while True:
            headers |= {"Authorization": f"Bearer {token}"} if token else {}
            response = None
            try:
                response = self.http.request(method, url, headers=headers, **how)
                response.raw.enforce_content_length = True  # urllib3 1.26 doesn't by default
                with response:
                    if response.status_code == 401 and self.get_token and not rejected:
                        rejected = token  # it has expired, or was revoked
                        token = self.get_token(self.credentials, rejected=rejected)
                        continue
                    if not 200 <= response.status_code < 300:
                        raise self._refusal(response, note)
                    return read(response, note)
            except (requests.RequestException, HTTPError) as error:
                tries -= 1
                if response is None or not tries:
                    why = f"No usable response to {method} {url}: {explain(error, note)}"
                    raise SigmaError(why, None, response is None or bool(note)) from error
            time.sleep(self.backoff * random.uniform(1, 1.5))

    get = functools.partialmethod(request, "GET")
    post = functools.partialmethod(request, "POST")
    patch = functools.partialmethod(request, "PATCH")
    delete = functools.partialmethod(request, "DELETE")

    def get_all(self, path: str, **params: Any) -> list[Any]:
        """Return all entries of a list, from all pages, without those that Sigma couldn't read.

        A few lists use pageSize and pageToken instead of limit and page: pass pageSize=1000.
        """
        for _ in range(2):
            pages = list(self._pages(path, params))
            by_id = [{entry_id(path, entry): entry for entry in page["entries"]} for page in pages]
            entries = {key: entry for page in by_id for key, entry in page.items()}
            moved = sum(map(len, by_id)) > len(entries)
            count, total = sum(len(page["entries"]) for page in pages), pages[-1].get("total")
            if not moved and not (isinstance(total, int) and count < total):
                break
        else:  # both times
            if moved:  # an entry was on two pages, so another may be missing
                raise SigmaError(f"The list {path} changed while it was read. Try again later")
            say(f"Warning: {path} returned {count} entries, but reports a total of {total}")
        for entry in filter(is_error, entries.values()):
            say(f"Sigma couldn't read an entry of {path}: {one_line(entry)}")
            self.unreadable += 1
        return [entry for entry in entries.values() if not is_error(entry)]

    def _pages(self, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        query = params if "pageSize" in params else {"limit": PAGE_SIZE, **params}
        seen: set[str] = set()
        while len(seen) < 2000:
            page = self.get(path, **query)  # until June 2026 some lists came without pages
            page = {"entries": page} if isinstance(page, list) else page
            if path == "/tenants" and None in page["entries"]:  # the only list that may have null
                say(f"Warning: {path} has entries without data")
                page["entries"] = [entry for entry in page["entries"] if entry is not None]
            if not all(isinstance(entry, dict) for entry in page["entries"]):
                raise SigmaError(f"The response from GET {path} isn't a list of objects")
            yield page
            cursor = page.get("nextPageToken") or page.get("nextPage")
            if not cursor and ("nextPage" in page or str(page.get("hasMore")).lower() != "true"):
                return
            if not cursor or str(cursor) in seen:
                break
            seen.add(str(cursor))  # opaque: send it back unchanged
            query = {**query, "pageToken" if page.get("nextPageToken") else "page": cursor}
        raise SigmaError(f"The list {path} isn't complete: its pages don't end")

    def read_each(
        self, items: list[Any], read: Callable[[Any], Any], name: Callable[[Any], str], unit: str
    ) -> Iterator[tuple[Any, Any]]:
        """Yield (item, read(item)) for many items, 5 at a time and in order.

        If an item can't be read, its name is printed, and the end of the "with" block raises.
        """
        missing = len(items)
        for item, result in in_parallel(items, read, unit):
            if isinstance(result, SigmaError):
                say(f"Failed: {printable(name(item))}: {result}")
            else:
                missing -= 1
                yield item, result
        self.unreadable += missing

    def save(self, path: str, target: Path, file_format: str, wait: float = 0.0) -> None:
        """Wait up to wait seconds for an export, and save it. A failure leaves target unchanged."""
        read = functools.partial(save_file, target=target, file_format=file_format)
        begin, pause = time.monotonic(), 1.0
        while True:
            time.sleep(pause)
            waited = time.monotonic() - begin
            try:
                # No compression: half of a compressed file can look like a complete one
                if self.get(path, read=read, headers={"Accept-Encoding": "identity"}):
                    return
            except SigmaError as error:  # 404: Sigma may not know a new export yet
                if error.status != 404 or waited > 30 or "expired" in str(error).lower():
                    raise
            if waited > wait:
                raise SigmaError(f"{target.name} wasn't ready after {wait:g} s (EXPORT_MAX_WAIT)")
            pause = min(pause * 1.5, 10)

    def _refusal(self, response: requests.Response, note: str) -> SigmaError:
        """Return the error for a response that isn't a success."""
        status = response.status_code
        try:
            body = json.loads(response.content)
            why = body.get("message") or body.get("error_description") or body["error"]
            why = f"{why} (requestId {body.get('requestId')})"  # Sigma Support asks for it
        except (AttributeError, KeyError, TypeError, ValueError):
            why = "an HTML page" if b"<html" in response.content.lower() else "no explanation"
        if status == 401 or status < 400 or not self.get_token:
            why += ". Check CLIENT_ID, SECRET, the region (authURL, baseURL) and the IP allowlist"
        error = f"{status} from {response.request.method} {response.url}: {why}"
        stops = status in (401, 429) or not self.get_token
        return SigmaError(error + note * (status >= 500), status if self.get_token else None, stops)


def entry_id(path: str, entry: dict[str, Any]) -> str:
    """Return what identifies an entry: its IDs (a column can be in several elements), or all."""
    kind = path.rsplit("/", 1)[-1].replace("-", "").removesuffix("s").lower()  # member for /members
    names = ("id", f"{kind}id", "elementid", "sheetid")
    own_ids = {name: value for name, value in entry.items() if name.lower() in names}
    return json.dumps(own_ids or (id(entry) if is_error(entry) else entry), sort_keys=True)


def explain(error: Exception, note: str) -> str:
    """Return why there was no response, with note if the request may have reached Sigma."""
    cause = getattr(error.args[0] if error.args else None, "reason", None) or error
    if isinstance(error, SSLError):
        note = ". You can set REQUESTS_CA_BUNDLE to a file with your company's certificates"
    elif isinstance(error, ProxyError) or isinstance(cause, ConnectTimeoutError):
        note = ". Check baseURL, authURL, HTTPS_PROXY and your network"  # it was never sent
        url = getattr(getattr(error, "request", None), "url", "")
        note = START_SANDBOX if re.match(THIS_MACHINE, url) else note
    return f"{str(cause).partition('>: ')[2] or cause}{note}"


def save_file(response: requests.Response, _: str, target: Path, file_format: str) -> bool:
    """Save the body of a response as target. Return False if the file isn't ready yet."""
    chunks, begin, state = response.iter_content(1024 * 1024), b"", None
    while len(begin) < 10_000 and (more := next(chunks, b"")):
        begin += more
    if response.status_code != 200 or not (begin or file_format == "jsonl"):  # 202, 204
        return False
    with contextlib.suppress(ValueError, RecursionError):  # the body may be a status or an error
        state = json.loads(begin) if len(begin) < 10_000 else None
    is_jsonl = file_format == "jsonl"  # it can also be a single object: its only row
    if isinstance(state, dict) and not (is_jsonl and (not state or state.keys() - ERROR_FIELDS)):
        if state.get("status") in (202, 204):
            return False
        raise SigmaError(f"No file from GET {response.url}: {one_line(state)}", 200)
    if begin and not re.match(FILE_BEGINS[file_format], begin.lstrip(), re.IGNORECASE):
        raise SigmaError(f"The response from GET {response.url} isn't a {file_format} file", 200)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.writelines(itertools.chain([begin], chunks))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return True


def count_rows(path: Path, file_format: str) -> int:
    """Return the number of rows in a csv or jsonl file, without the header of csv."""
    rows, quotes, is_csv = 0, 0, file_format == "csv"
    with path.open("rb") as file:
        for line in file:  # a CSV row continues after a line break in quotes
            quotes += is_csv and line.count(b'"')
            rows += quotes % 2 == 0
    return rows - is_csv


# 4: Many items
def in_parallel(items: Iterable[Any], work: Callable[[Any], Any], unit: str = "") -> Iterator[Any]:
    """Call work(item) for many items, 5 at a time. Yield (item, result), in the order of items.

    If work raises SigmaError, the error is the result. After an error that affects all items, or 5
    server errors in a row, the remaining items are left out. unit labels the progress bar.
    """
    items, stop, server_errors = list(items), threading.Event(), 0
    queue: SimpleQueue[Any] = SimpleQueue()

    def attempt_all() -> None:
        nonlocal server_errors
        for item, job in iter(queue.get, None):
            try:
                job.set_result(None if stop.is_set() else (item, work(item)))
                server_errors = 0
            except (SigmaError, OSError) as error:  # OSError: such as a file that is open in Excel
                result = error if isinstance(error, SigmaError) else SigmaError(str(error))
                server_errors = server_errors + 1 if (result.status or 0) >= 500 else 0
                if result.stops_the_run or server_errors == 5:
                    stop.set()
                job.set_result((item, result))
            except BaseException as error:  # a bug: raised where the result is read
                job.set_exception(error)

    def results() -> Iterator[Any]:
        jobs: list[Future[Any]] = []
        for index in range(len(items)):
            for item in items[len(jobs) : index + 100]:
                jobs.append(Future())
                queue.put((item, jobs[-1]))
            try:
                yield jobs[index].result()
            except KeyboardInterrupt:  # first tell what is done
                yield from (j.result() for j in jobs[index:] if j.done() and not j.exception())
                raise

    # Not ThreadPoolExecutor: after Ctrl-C, Python would wait for its threads. Not multiprocessing's
    # ThreadPool: it needs semaphores, which AWS Lambda doesn't have
    with contextlib.ExitStack() as stack:
        for _ in range(REQUESTS_AT_ONCE):
            threading.Thread(target=attempt_all, daemon=True).start()
            stack.callback(queue.put, None)  # ends one of them
        stack.callback(stop.set)  # called first
        show: Any = iter
        if unit and getattr(sys.stderr, "isatty", bool)():
            with contextlib.suppress(ImportError):  # tqdm is optional
                from tqdm import contrib, tqdm

                show = functools.partial(tqdm, total=len(items), unit=f" {unit}", file=sys.stderr)
                above: Any = contrib.DummyTqdmFile(sys.stderr)  # prints lines above the bar
                stack.enter_context(contextlib.redirect_stderr(above))
        yield from filter(None, show(results()))


# 5: Printing, and the end of a recipe
def member_label(member: dict[str, Any]) -> str:
    """Return "First Last <email>". Any part may be missing."""
    email = f"<{member['email']}>" if member.get("email") else ""
    names = member.get("firstName"), member.get("lastName"), email
    return printable(" ".join(filter(None, names)))


def print_rows(rows: list[dict[str, Any]], columns: dict[str, str], empty: str) -> None:
    """Print a table or CSV with a column for each {heading: field}, or JSON with all fields."""
    output_format = read_env("OUTPUT_FORMAT", "table", choices=OUTPUT_FORMATS)
    cells = [[row.get(name) for name in columns.values()] for row in rows]
    if output_format == "json":
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif output_format == "csv":
        with contextlib.suppress(OSError, AttributeError):  # stdout may not be a file
            # Excel needs a byte order mark in a file. In a pipe it would end up in the first name
            to = os.fstat(sys.stdout.fileno())
            sys.stdout.write("\ufeff" if stat.S_ISREG(to.st_mode) and not to.st_size else "")
        csv.writer(sys.stdout, lineterminator="\n").writerows([list(columns), *cells])
    elif rows:
        texts = [["" if cell is None else printable(str(cell)) for cell in row] for row in cells]
        print(tabulate(texts, headers=list(columns), disable_numparse=True))
    else:
        print(empty)


def print_summary(line: str) -> None:
    """Print the last line of a report: on stdout after a table, or else on stderr."""
    is_table = read_env("OUTPUT_FORMAT", "table") == "table"
    print(printable(line), file=sys.stdout if is_table else sys.stderr)


class SafeStream:
    """stdout or stderr. A closed pipe or full disk doesn't stop a recipe between two changes."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.failure: Any = None  # the first one: run() reports it at the end

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        try:
            if self.stream and not self.failure:  # None if closed before the start
                self.stream.write(text)
                getattr(self.stream, "flush", bool)()
        except (OSError, ValueError) as failure:
            self.failure = failure
        return len(text)


def run(main: Callable[..., object], parser: argparse.ArgumentParser | None = None) -> None:
    """Run a recipe. If it fails, print one line on stderr and exit with code 1.

    Ctrl-C exits with 130, wrong arguments with 2. A recipe without a parser takes no arguments.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Windows pipes use cp1252: no Polish letters
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="replace")
    about, layout = sys.modules["__main__"].__doc__, argparse.RawDescriptionHelpFormatter
    usage = "%(prog)s [--help]    Settings come from .env: --help lists them"
    known = parser or argparse.ArgumentParser(None, usage, about, formatter_class=layout)
    arguments = known.parse_args([] if "ipykernel" in sys.modules else None)  # a notebook's kernel
    out, err = SafeStream(sys.stdout), SafeStream(sys.stderr)
    code, problem = 0, None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            for secret in ("SECRET", "EMBED_SECRET", "SNOWFLAKE_PASSWORD"):  # no error shows them
                keep_secret(read_env(secret))
            _names.clear()  # a command to copy has none of them
            read_env("OUTPUT_FORMAT", "table", choices=OUTPUT_FORMATS)  # before anything is sent
            written = read_env_file().items()
            hidden = [n for n, v in written if v and os.environ.get(n, v).strip() not in ("", v)]
            if hidden and read_flag("SHOW_REQUESTS", True):  # LIMIT and EMAIL are common names
                say(f"From the environment, not from {env_path().name}: {', '.join(hidden)}")
            main(arguments) if parser else main()
        except KeyboardInterrupt:
            code = 130
        except (SigmaError, OSError) as error:
            code, problem = 1, error
        except Exception as error:  # an unexpected response, or a bug
            *_, place = traceback.extract_tb(error.__traceback__)
            where = f"{Path(place.filename).name}, line {place.lineno}"
            code, problem = 1, SigmaError(f"{type(error).__name__} in {where}: {error}")
        if out.failure and not code:
            code, problem = 1, out.failure
        closed = isinstance(problem, BrokenPipeError)  # "| head" has read enough
        if os.name == "nt":
            closed = getattr(problem, "errno", 0) in (errno.EPIPE, errno.EINVAL)
        if problem and not closed:
            say(f"Error: {one_line(problem)}")
    for failed in (stream for stream in (out, err) if stream.failure):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            # Otherwise Python would try to write the rest when it exits
            os.dup2(os.open(os.devnull, os.O_WRONLY), failed.stream.fileno())
    debugger = sys.modules.get("debugpy")
    if code and debugger and debugger.is_client_connected():
        os._exit(code)  # at sys.exit, VSCode would stop in this file
    if code:
        sys.exit(code)

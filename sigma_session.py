"""How every request of this collection is sent: settings, session, and the end of a recipe.

Recipes import this file beside get_access_token.py. It hides how a request is sent (base URL,
token, waiting, repeating, errors), never which request: that stands in the recipe. In six parts:
settings, the session, entries that Sigma could not read, failures in one line, what is printed, and
the end of a recipe.

.env:      baseURL, and the settings that a recipe names. Optional for every recipe:
           OUTPUT_FORMAT=table (json, csv), SIGMA_TIMEOUT=120 (seconds to wait for an answer),
           SIGMA_BACKOFF=1 (factor on the pauses before a request is repeated).
           SIGMA_ENV_FILE, in the environment only, names another file in place of .env
"""

import argparse
import contextlib
import csv
import functools
import html
import io
import ipaddress
import json
import os
import random
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar
from urllib.parse import quote, quote_plus, unquote, urlsplit


def lacks_package(missing: ModuleNotFoundError) -> str:
    """Say how to install a package that this Python does not have."""
    command = 'python -m pip install requests "urllib3>=2.6.3" python-dotenv tabulate tqdm'
    return f"{sys.executable} lacks the package {missing.name}. Install it: {command}"


try:
    from urllib.request import getproxies  # loads http.client and ssl

    import requests
    from dotenv import dotenv_values, load_dotenv
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import (
        ConnectTimeoutError,
        HTTPError,
        InvalidHeader,
        MaxRetryError,
        NameResolutionError,
        NewConnectionError,
        ProtocolError,
        ReadTimeoutError,
    )
    from urllib3.util import Retry
except ModuleNotFoundError as missing:  # most often the wrong Python was started
    sys.exit(f"Error: {lacks_package(missing)}")
except KeyboardInterrupt:  # these imports take most of the start
    sys.exit(130)

FOLDER = Path(__file__).resolve().parent
PAGE_SIZE = 1000  # entries per page: Sigma sends 50 unless asked, and at most 1000
CONNECT_SECONDS = 10  # how long to wait for a connection; SIGMA_TIMEOUT is for the answer
OLDER_NAMES = {"MEMBERID": "MEMBER_ID", "WORKBOOK_ID": "WORKBOOKID"}  # both stand in the QuickStart
OUTPUT_FORMATS = ("table", "json", "csv")
LONG_ID = "[0-9A-Za-z]{8}(?:-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}"
URL_PATTERNS = {  # the settings whose ID is in a URL of the Sigma UI, what that shows, and where
    "CONNECTIONID": ("connection", f"/s/(?:[^/]*?-)??({LONG_ID})$"),
    "WORKSPACEID": ("workspace", f"/s/(?:[^/]*?-)??({LONG_ID}|[0-9A-Za-z]+)$"),
    "WORKBOOK_ID": ("workbook", f"/workbook/(?:[^/]*?-)??({LONG_ID}|[0-9A-Za-z]+)(?:/|$)"),
    "ELEMENT_ID": ("workbook with an element selected", r"(?:^|[?&])(?::|%3A)nodeId=([\w-]+)"),
    "TEAMID": ("team", r"/admin/teams/([\w-]+)/?$"),
}
FILE_STARTS = {"pdf": b"%PDF", "png": b"\x89PNG", "xlsx": b"PK"}  # how a file of a format begins
# What moves the cursor, or turns the direction of writing, and so hides what a line says
CONTROLS = "".join(
    chr(c) for c in (*range(32), *range(127, 160), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
)
CHUNK = 1024 * 1024  # bytes that a download holds in memory
Number = TypeVar("Number", int, float)


class SigmaError(Exception):
    """A failure that one line explains: a missing setting, no answer, or a refusal by Sigma.

    status is the HTTP status, or None when there was no answer, or none that tells whether a change
    was carried out. So None is what the next request would most likely meet, too.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(hide_secrets(message))
        self.status = status

    @property
    def concerns_all(self) -> bool:
        """Say whether the next of many items would meet the same, so that a recipe stops here.

        No answer, credentials that are refused (401), too many requests (429).
        """
        return self.status in (None, 401, 429)


# 1: Settings. They come from the .env file that lies next to this file, or from the environment,
#    which wins. The path is spelled out because a bare load_dotenv() searches the current folder
#    instead while a debugger is attached.
def env_file() -> Path:
    """Return the path of .env, or of the file that SIGMA_ENV_FILE names in its place."""
    return FOLDER / home_path(os.environ.get("SIGMA_ENV_FILE", "").strip() or ".env")


@functools.cache  # at the first setting, not at import: importing a recipe must do nothing
def load_settings() -> None:
    """Read .env once, and say which of its settings the environment overrides."""
    path = env_file()
    if path != FOLDER / ".env" and not path.is_file():  # without .env, the environment has it all
        raise SigmaError(f"SIGMA_ENV_FILE: there is no file {path}")
    # utf-8-sig: Notepad begins a file with a byte order mark. No interpolation: a secret may
    # hold a "$".
    how: dict[str, Any] = {"interpolate": False, "encoding": "utf-8-sig"}
    try:
        if not load_dotenv(path, **how):
            return
        written = dotenv_values(path, **how)
    except ValueError as error:  # PowerShell 5's ">" writes UTF-16
        advice = "Save it as UTF-8, with a line NAME=value for each setting"
        raise SigmaError(f"{path} cannot be read. {advice}") from error
    other = [name for name, text in written.items() if text != os.environ.get(name, text)]
    if other:  # EMAIL, LIMIT and SECRET are names that other programs use, too
        names = ", ".join(other)
        print(f"Set in the environment, so not read from {path.name}: {names}", file=sys.stderr)


def read_env(name: str, default: str = "", choices: tuple[str, ...] = ()) -> str:
    """Return an optional setting, without blanks and quotes around it.

    Raises SigmaError when it is none of the choices.
    """
    load_settings()
    value = ""
    for known in (name, OLDER_NAMES.get(name, name)):
        value = value or os.environ.get(known, "").strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    value = value or default
    if value != value.encode(errors="replace").decode():
        raise SigmaError(f"{name} is not a text in UTF-8")  # it may be a secret
    if value and choices and value not in choices:
        raise SigmaError(f"{name} is {value!r}. It can be {', '.join(choices)}")
    return value


def read_flag(name: str, default: bool) -> bool:
    """Return a yes-or-no setting, which is true or false: a typo never counts as a yes."""
    return read_env(name, str(default).lower(), choices=("true", "false")) == "true"


def read_number(name: str, default: Number, lowest: Number, highest: Number) -> Number:
    """Return a setting that is a number from lowest to highest, and whole if the default is."""
    text = read_env(name, str(default))
    try:
        number = type(default)(text)
        if lowest <= number <= highest:
            return number
    except ValueError:
        pass
    kind = "a whole number" if isinstance(default, int) else "a number"
    raise SigmaError(f"{name} is {text!r}. It must be {kind} from {lowest:g} to {highest:g}")


def read_folder(name: str, default: str) -> Path:
    """Return a setting that is a folder, with its full path."""
    folder = home_path(read_env(name, default))
    try:
        folder = folder.resolve()
        if folder.is_dir():
            return folder
    except (OSError, RuntimeError):  # a name that is too long, links that lead in a circle
        pass
    raise SigmaError(f"{name} is {folder}, which is not a folder")


def home_path(text: str) -> Path:
    """Return a path. ~ at its beginning is the home folder, unless the system knows none."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def require_env(name: str) -> str:
    """Return a setting, or raise SigmaError that names what is missing and where to add it."""
    value = read_env(name)
    if value:
        return value
    advice = f"Add it to {env_file()}"
    recipe = Path(sys.argv[0]).resolve()
    if (FOLDER / "sandbox").is_dir() and recipe.suffix == ".py" and FOLDER in recipe.parents:
        command = f"python -m sandbox run {recipe.relative_to(FOLDER).as_posix()}"
        advice += f", or try this recipe without an account, in {FOLDER}: {command}"
    raise SigmaError(f"{name} is not set. {advice}")


def require_email(name: str) -> str:
    """Return a setting that is one email address."""
    value = require_env(name)
    if not is_email(value):
        raise SigmaError(f"{name} is {value!r}, which is not an email address")
    return value


def read_emails(name: str, default: str) -> list[str]:
    """Return the addresses in the file that a setting names, each once, in the order of the file.

    Commas, semicolons, blanks and lines separate them; # begins a comment. The path counts from
    this file's folder. Raises SigmaError that names the line of a malformed address.
    """
    path = FOLDER / home_path(read_env(name, default))
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SigmaError(f"{name}: {path} cannot be read: {why}") from error
    emails: dict[str, str] = {}  # the same address in upper and lower case is one
    for number, line in enumerate(lines, start=1):
        for text in re.split(r"[\s,;]+", line.partition("#")[0].strip()):
            if text and not is_email(text):
                raise SigmaError(f"{path}, line {number}: {text!r} is not an email address")
            if text:
                emails.setdefault(text.lower(), text)
    if not emails:
        raise SigmaError(f"{name}: there is no email address in {path}")
    return list(emails.values())


def is_email(text: str) -> bool:
    """Say whether a text has the form of one email address."""
    # isprintable: a mark that nobody sees may come along when an address is copied
    form = r"[^@\s,;<>]+@[^@\s,;<>]+"
    return len(text) <= 254 and text.isprintable() and bool(re.fullmatch(form, text))


def require_id(name: str) -> str:
    """Return a setting that becomes part of an address: see checked_id.

    In its place it may be the URL of the thing, copied from the browser.
    """
    value = require_env(name)
    return checked_id(id_in_url(value, name) if "://" in value else value, name)


def id_in_url(url: str, name: str) -> str:
    """Return the ID in a URL of the Sigma UI, or raise SigmaError if name has no ID in such a URL.

    Source: Sigma API Integration Guide, "Identifying Sigma IDs".
    """
    try:
        address = urlsplit(url)
    except ValueError:
        address = urlsplit("")
    if re.match("/[^/]+/b/", address.path):
        raise SigmaError(f"{name} is the URL of a dataset. Sigma retired datasets on 2026-09-15")
    kind, pattern = URL_PATTERNS.get(name, ("", "(?!)"))  # which matches nothing
    found = re.search(pattern, address.query if name == "ELEMENT_ID" else address.path)
    if found:
        return found[1]
    expected = f"not the URL of a {kind}" if kind else "a URL, but this ID is in none"
    raise SigmaError(f"{name} is {url!r}, which is {expected}. Copy the ID from Sigma")


def checked_id(value: object, name: str) -> str:
    """Return value if it is an ID: letters, digits, - and _ only, so it cannot change an address.

    Raises SigmaError with the name of the setting, option or field that it came from.
    """
    shape = r"(?!(undefined|null|none|nan|true|false)$)[\w-]{1,100}"
    if isinstance(value, str) and re.fullmatch(shape, value, re.ASCII | re.IGNORECASE):
        return value
    raise SigmaError(f"{name} is {value!r}, which is not an ID. Copy the ID from Sigma")


# 2: A requests.Session with the habits that every recipe needs
class TokenSource(Protocol):
    """What get_bearer_token is: it returns a token, a new one if the last was rejected."""

    def __call__(self, rejected: str | None = None) -> str: ...


class SigmaSession(requests.Session):
    """A requests.Session that sends the token, waits its turn, and raises SigmaError.

    A path such as "/members" is added to baseURL. The token goes to baseURL's host, nowhere else.
    One session may serve many threads: it keeps nothing that belongs to a single request.
    """

    def __init__(self, get_token: TokenSource | None = None) -> None:
        super().__init__()
        self.get_token = get_token
        self.answer_seconds = read_number("SIGMA_TIMEOUT", 120.0, 0.001, 86_400.0)
        patience = SigmaRetry(
            total=4,
            connect=2,
            allowed_methods=("GET", "HEAD"),
            other=0,  # a certificate does not become valid by waiting
            retry_after_max=60,
            status_forcelist=(429, 500, 502, 503, 504),
            backoff_factor=read_number("SIGMA_BACKOFF", 1.0, 0.0, 60.0),
            raise_on_status=False,  # hand back the last answer: it holds Sigma's explanation
        )
        self.mount("https://", HTTPAdapter(max_retries=patience))
        self.mount("http://", HTTPAdapter(max_retries=patience))
        for proxy in getproxies().values():
            with contextlib.suppress(ValueError):  # not an address: requests will say so
                keep_secret(unquote(urlsplit(proxy).password or ""))

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> "SigmaResponse":
        """Send one request and return Sigma's answer; raise SigmaError unless it is a success."""
        if url.startswith("/"):
            url = base_url() + url
        host = self._checked_host(url)
        if is_loopback(host):  # a proxy would read the credentials, and cannot reach this machine
            kwargs.setdefault("proxies", {"no_proxy": host})
        kwargs["allow_redirects"] = False  # a 307 would hand the secret to another host
        kwargs.setdefault("timeout", (CONNECT_SECONDS, self.answer_seconds))
        whole = not kwargs.pop("stream", False)
        token = self._token()
        try:
            shown = requests.Request(method, url, params=kwargs.get("params")).prepare().url
            # The end of the line is in the text: print() would write it apart, and threads mix up
            print(f"URL sent to Sigma: {shown}\n", end="", file=sys.stderr)
            answer = self._send(method, url, token, *args, **kwargs)
            if answer.status_code == 401 and self.get_token:  # expired: renew, ask once more
                answer.close()
                token = self._token(rejected=token)
                answer = self._send(method, url, token, *args, **kwargs)
        except (OSError, ValueError, HTTPError) as error:  # requests lets some pass unwrapped
            why = reason(error, caution(method, bool(token)))
            raise SigmaError(f"No answer to {method} {url}: {why}") from error
        if answer.status_code < 200:  # an early hint: the answer itself is still to come
            self.close()
            what = f"No answer to {method} {url}, only a status {answer.status_code} before it"
            raise SigmaError(what + caution(method, bool(token)))
        if not 200 <= answer.status_code < 300:
            raise SigmaError(explain(answer), answer.status_code)
        if whole:
            read_body(answer)
        return answer

    def get_entries(self, url: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Yield every entry of a list endpoint, page after page, or raise SigmaError.

        Most lists take limit and page and answer with nextPage. A few take pageSize and pageToken
        and answer with nextPageToken: pass pageSize to ask in that way. An entry that Sigma could
        not read arrives as an error message. It is named on stderr and left out, and the recipe
        ends with exit code 1.
        """
        query, seen = {**({} if "pageSize" in params else {"limit": PAGE_SIZE}), **params}, set()
        while True:
            answer = self.get(url, params=query)
            page = answer.json()
            # A bare list is the form before June 2026: everything at once, no pages
            entries = page if isinstance(page, list) else page["entries"]
            if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
                what = f"The answer from GET {url} is not a list. Check baseURL"
                raise SigmaError(what, answer.status_code)
            for entry in entries:
                if is_unreadable(entry):
                    report_unreadable(url, entry)
                else:
                    yield entry
            following = {} if isinstance(page, list) else page
            parameter = "pageToken" if following.get("nextPageToken") else "page"
            cursor = following.get("nextPageToken") or following.get("nextPage")
            problem = ""
            if cursor is None or cursor == "":
                is_told = "nextPage" in following or "nextPageToken" in following
                if is_told or str(following.get("hasMore")).lower() != "true":
                    return
                problem = "has more, and names no next page"
            elif not isinstance(cursor, (str, int)) or isinstance(cursor, bool):
                problem = f"named no page but {cursor!r}"
            elif str(cursor) in seen:
                problem = f"named the page {cursor} twice"
            if problem:
                line = f"The list is not whole: GET {url} {problem}"
                raise SigmaError(line, answer.status_code)
            seen.add(str(cursor))
            query[parameter] = cursor  # opaque: send it back as it came

    def save(self, url: str, target: Path, file_format: str) -> bool:
        """Download a file, and return True; return False if it is not ready yet (status 204).

        file_format is csv, json, jsonl, xlsx, pdf or png. The file streams to disk in constant
        memory, under another name beside the target, and takes the target's name at the end: a
        download that fails or is interrupted leaves nothing. Raises SigmaError if the answer is
        not of that format, OSError if the file cannot be written.
        """
        plain = {"Accept-Encoding": "identity"}  # half of a compressed file can look like the whole
        with self.request("GET", url, stream=True, headers=plain) as answer:
            if answer.status_code == 204:
                return False
            if answer.status_code != 200:
                what = f"{answer.status_code} from {answer.asked}, which is not the whole file"
                raise SigmaError(what, answer.status_code)
            chunks = body_chunks(answer)
            begin = next(chunks, b"")
            check_format(answer, begin, file_format)
            part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
            try:
                with part.open("xb") as file:
                    file.write(begin)
                    for chunk in chunks:
                        file.write(chunk)
                part.replace(target)
            except BaseException:  # Ctrl-C, too
                part.unlink(missing_ok=True)
                raise
        return True

    def _token(self, rejected: str = "") -> str:
        """Return the token, or a new one in place of one that Sigma rejected."""
        if self.get_token is None:
            return ""
        try:
            return self.get_token(rejected) if rejected else self.get_token()
        except SigmaError as error:
            raise SigmaError(str(error)) from error  # its status is no answer to the request

    def _send(
        self, method: Any, url: Any, token: str, *args: Any, **kwargs: Any
    ) -> "SigmaResponse":
        """Send one request as it stands, with the token."""

        def add_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
            if token:
                request.headers["Authorization"] = f"Bearer {token}"
            return request

        # auth instead of a plain header: requests lets a ~/.netrc overwrite those
        kwargs.update(auth=add_token, stream=True)
        answer = SigmaResponse(super().request(method, url, *args, **kwargs))
        answer.most_seconds = 2 * self.answer_seconds
        return answer

    def _checked_host(self, url: str) -> str:
        """Return the host of an address, if credentials may go there."""
        refuse_password(url)
        try:
            address = urlsplit(url)
        except ValueError as error:
            raise SigmaError(f"{url} is not an address. Check baseURL and authURL") from error
        host = address.hostname or ""
        if address.scheme != "https" and not (address.scheme == "http" and is_loopback(host)):
            raise SigmaError(f"{url} does not begin with https://. Check baseURL and authURL")
        if self.get_token and address[:2] != urlsplit(base_url())[:2]:
            raise SigmaError(f"{url} is not below baseURL, so it does not get the token")
        return host


class SigmaResponse(requests.Response):
    """An answer of Sigma, whose json() explains what is wrong with it instead of failing later."""

    most_seconds = 240.0  # for the body as a whole, once it begins; a download may take longer

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.__dict__.update(answer.__dict__)

    @property
    def asked(self) -> str:
        """The method and address that this answers."""
        return f"{self.request.method} {self.url}"

    def json(self, **kwargs: Any) -> Any:
        """Return the body: an Answer, or a list of them where a list was asked for.

        Raises SigmaError if it is anything else.
        """
        # Once, not for each of the many objects in a list
        asked, warning, status = self.asked, caution_for(self), known_status(self)

        def answer(fields: dict[str, Any]) -> Answer:
            return Answer(fields, asked, warning, status)

        if self.status_code == 204:  # done, and nothing to say
            return answer({})
        try:
            # From the bytes: JSON is UTF-8 whatever the header says
            body = json.loads(self.content, object_hook=answer, **kwargs)
        except (ValueError, RecursionError):
            body = None
        is_list = isinstance(body, list) and re.search(r"[?&](limit|pageSize)=", self.url)
        if not isinstance(body, dict) and not is_list:
            advice = warning or ". Check baseURL"
            raise SigmaError(f"The answer from {asked} is {describe_body(self)}{advice}", status)
        return body


class Answer(dict[str, Any]):
    """A JSON object that Sigma sent. answer["name"] is a field that a recipe cannot do without.

    Raises SigmaError where that is missing or null. get() returns None for both.
    """

    def __init__(
        self, fields: dict[str, Any], asked: str, warning: str, status: int | None
    ) -> None:
        super().__init__(fields)
        self.asked, self.warning, self.status = asked, warning, status

    def __getitem__(self, field: str) -> Any:
        value = self.get(field)
        if value is None:
            line = f"The answer from {self.asked} has no {field!r}{self.warning}"
            raise SigmaError(line, self.status)
        return value


class SigmaRetry(Retry):
    """Repeat any request that Sigma refused with 429, but only harmless ones after a 5xx.

    A refused POST was not carried out, so sending it again is safe. A POST that ended in 500, or
    lost its connection, may have been: urllib3 leaves it alone, or a member could be made twice.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return status_code == 429 or super().is_retry(method, status_code, has_retry_after)

    def increment(self, *args: Any, **kwargs: Any) -> Any:
        """Ask a server that stays silent twice, not five times: each time takes two minutes."""
        error = kwargs.get("error")
        silent_before = any(isinstance(past.error, ReadTimeoutError) for past in self.history)
        if isinstance(error, ReadTimeoutError) and silent_before:
            raise error
        retry = super().increment(*args, **kwargs)
        if kwargs.get("response") is not None:  # urllib3 would read what is left of it, for ever
            kwargs["response"].close()
        return retry

    def parse_retry_after(self, retry_after: str) -> float:
        """Return the seconds to wait; an unreadable header counts as none."""
        try:
            return announced(super().parse_retry_after(retry_after))
        except (InvalidHeader, ValueError, OverflowError):
            return 0

    def get_backoff_time(self) -> float:
        """Pause before the first repeat too (urllib3 sends it at once): 1 s, 2 s, 4 s, 8 s.

        Up to a half is added by chance, so that programs refused together come back apart.
        """
        pause = super().get_backoff_time() or self.backoff_factor
        return announced(pause * random.uniform(1, 1.5))


def announced(seconds: float) -> float:
    """Return the seconds; a pause in which a user would wonder is said on stderr."""
    if seconds >= 5:
        print(f"No success yet: the next try is in {seconds:.0f} seconds", file=sys.stderr)
    return seconds


def refuse_password(url: str) -> None:
    """Raise SigmaError, without showing the address, if it holds a user name or a password."""
    if "@" in url:
        raise SigmaError("An address must not hold a password. Check baseURL and authURL")


def base_url() -> str:
    """Return baseURL in the form https://host/v2, however it is written in .env."""
    base = require_env("baseURL").rstrip("/")
    refuse_password(base)
    if re.search(r"[?#\s]", base):
        raise SigmaError(f"baseURL is {base!r}, which is not an address to add a path to")
    return base if base.endswith("/v2") else base + "/v2"


def is_loopback(host: str) -> bool:
    """Say whether a host name is this machine."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    # ::ffff:127.0.0.1 is loopback for some versions of Python only
    return address.is_loopback and not getattr(address, "ipv4_mapped", None)


# 3: Entries that Sigma could not read
_unreadable: list[str] = []


def is_unreadable(entry: dict[str, Any]) -> bool:
    """Say whether an entry of a list is an error object: {code, message, requestId}."""
    return {"code", "message"} <= entry.keys() or entry.keys() <= {"code", "message", "requestId"}


def report_unreadable(url: str, entry: dict[str, Any]) -> None:
    """Name an entry that Sigma could not read; run() ends with exit code 1 then."""
    _unreadable.append(url)
    what = one_line(entry.get("message") or entry.get("code") or "no explanation")
    request_id = one_line(entry.get("requestId", "none"))
    print(f"An entry of {url} is missing: {what} (requestId {request_id})", file=sys.stderr)


def require_whole_lists() -> None:
    """Raise SigmaError if an entry could not be read: what a recipe would make may be there."""
    if _unreadable:
        number = len(_unreadable)
        raise SigmaError(f"not complete, Sigma could not read this many entries: {number}")


# 4: One line for every failure, without a secret in it
_secrets: tuple[str, ...] = ()  # never changed but replaced: other threads may be reading it


def keep_secret(text: str) -> str:
    """Return the text, and replace it by *** in every line that is printed from now on."""
    global _secrets
    if len(text) > 3:
        # Twice, because a page may quote the JSON that it was sent
        forms = {form for once in written(text) for form in written(once)}
        # The longest first: one secret may lie in another
        _secrets = tuple(sorted({*_secrets, *forms}, key=len, reverse=True))
    return text


def written(text: str) -> set[str]:
    """Return the ways in which an answer may write a text: JSON, HTML, CSV, in an address."""
    page = html.escape(text)
    return {
        *(text, repr(text)[1:-1], text.replace('"', '""'), page),
        page.replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        *(json.dumps(text, ensure_ascii=ascii)[1:-1] for ascii in (True, False)),
        *(quote(text, safe, errors="replace") for safe in ("/", "")),
        quote_plus(text, errors="replace"),
    }


def hide_secrets(text: str) -> str:
    """Return the text with *** in place of every secret: an answer may echo what it was sent."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    return text


def one_line(text: object, most: int = 300) -> str:
    """Return a text as one line without control characters and secrets, cut after most of them."""
    shown = hide_secrets(str(text))[: 4 * most]
    shown = "".join(c if c.isprintable() else " " for c in shown)
    return " ".join(shown.split())[:most]


def read_body(answer: SigmaResponse) -> bytes:
    """Return the whole body; raise SigmaError when it was cut off, or takes too long."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # it has just ended
            answer.raw.shutdown()

    # A time-out counts from byte to byte: a body that drips would keep a nightly job for ever
    timer = threading.Timer(answer.most_seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        body = answer.content
    except (OSError, ValueError, HTTPError) as error:
        raise damaged(answer, error, late.is_set()) from error
    finally:
        timer.cancel()
    if late.is_set():  # it may look whole where the server does not announce the length
        raise damaged(answer, TimeoutError(), True)
    return body


def body_chunks(answer: SigmaResponse) -> Iterator[bytes]:
    """Yield the body in pieces; raise SigmaError when it was cut off."""
    try:
        yield from answer.iter_content(CHUNK)
    except (OSError, ValueError, HTTPError) as error:
        raise damaged(answer, error) from error


def damaged(answer: SigmaResponse, error: Exception, late: bool = False) -> SigmaError:
    """Return the error for a body that did not arrive whole."""
    problem = "was cut off in the middle"
    if late:
        problem = f"did not end in {answer.most_seconds:g} seconds (twice SIGMA_TIMEOUT)"
    elif isinstance(error, requests.exceptions.ContentDecodingError):
        problem = "is compressed in a way that cannot be read"
    elif any(isinstance(cause, ReadTimeoutError) for cause in error.args):
        problem = "stopped in the middle"
    line = f"{answer.status_code} from {answer.asked}, but the answer {problem}"
    return SigmaError(line + caution_for(answer), known_status(answer))


def check_format(answer: requests.Response, begin: bytes, file_format: str) -> None:
    """Raise SigmaError unless a body begins like a file of a format: Sigma may send a page."""
    kind = answer.headers.get("Content-Type", "").lower()
    start = begin[:1000].lstrip(b"\xef\xbb\xbf \r\n\t")
    good = start.startswith(FILE_STARTS.get(file_format, b""))
    good = good and not start.lower().startswith((b"<html", b"<!doctype"))
    good = good and "html" not in kind and bool(start or file_format == "jsonl")
    if file_format in ("json", "jsonl"):
        good = good and start[:1] in (b"[", b"{", b"")
    elif "json" in kind:
        good = False
    if not good:
        shown = begin.decode("utf-8", errors="replace")  # whole: half a secret is not recognized
        what = f"{kind or 'of no type'}, beginning with {one_line(shown, 40)!r}"
        line = f"The answer from GET {answer.url} is not a {file_format} file but {what}"
        raise SigmaError(line, answer.status_code)


def explain(answer: SigmaResponse) -> str:
    """Put a refusal into one line, with the request ID that Sigma Support asks for."""
    try:
        body = json.loads(read_body(answer))
        problem = body.get("message") or body.get("error_description") or body["error"]
        request_id = one_line(body.get("requestId", "none"))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        problem, request_id = f"the answer is {describe_body(answer)}", "none"
    problem = one_line(problem, 600)  # two addresses and an ID must fit in
    line = f"{answer.status_code} from {answer.asked}: {problem} (requestId {request_id})"
    if answer.is_redirect:
        line += ". It redirects elsewhere, and the token does not follow. Check baseURL and authURL"
    elif answer.status_code == 401:
        line += (
            ". Check CLIENT_ID and SECRET, that authURL and baseURL are those of your region,"
            " and the IP allowlist of your organization"
        )
    elif answer.status_code >= 500:
        line += caution_for(answer)
    return line


def caution(method: str, with_token: bool) -> str:
    """Return a warning if Sigma may have carried out a request whose answer is lost."""
    if method in ("POST", "PATCH", "DELETE") and with_token:  # a second token does no harm
        return ". It may have been carried out: look in Sigma before you run this again"
    return ""


def caution_for(answer: SigmaResponse) -> str:
    """Return the warning for an answer that cannot be used."""
    return caution(answer.request.method or "", "Authorization" in answer.request.headers)


def known_status(answer: SigmaResponse) -> int | None:
    """Return the status of an answer that cannot be used; None if a change may be carried out."""
    return None if answer.ok and caution_for(answer) else answer.status_code


def describe_body(answer: SigmaResponse) -> str:
    """Say what an answer is when it is not the JSON that it should be."""
    text = read_body(answer).decode("utf-8", errors="replace").strip()
    if not text:
        return "empty"
    # Nothing is quoted from the answer to the request for a token, which may hold one
    may_be_shown = "Authorization" in answer.request.headers
    if "<html" in text[:1000].lower():  # Sigma's edge (Cloudflare) refuses with a page
        title = re.search(r"<title[^>]*>(.*?)</title>", text[:5000], re.DOTALL | re.IGNORECASE)
        return f"an HTML page ({one_line(title[1])})" if title and may_be_shown else "an HTML page"
    return "not the expected JSON" + (f" but {one_line(text, 60)!r}" if may_be_shown else "")


def reason(error: Exception, warning: str) -> str:
    """Say why there was no answer, with the warning if the request may have been carried out."""
    cause = error  # what requests and urllib3 wrap several times over
    while cause.args and isinstance(cause.args[0], Exception):
        cause = cause.args[0]
        if isinstance(cause, MaxRetryError) and cause.reason:
            cause = cause.reason
            break
    request = getattr(error, "request", None)
    host = urlsplit(request.url or "").hostname if request else None
    if isinstance(cause, NameResolutionError):
        return f"the host {host} is not known. Check baseURL and authURL, and your network"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no trusted connection ({one_line(cause)}). REQUESTS_CA_BUNDLE can name your CA"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy failed ({one_line(cause)}). Check HTTPS_PROXY"
    if isinstance(cause, NewConnectionError):
        if host and is_loopback(host):
            return "nothing listens there. To start the sandbox: python -m sandbox"
        return "the connection was refused. Check baseURL and authURL, and your network"
    if isinstance(cause, ConnectTimeoutError):
        return f"no connection within {CONNECT_SECONDS} seconds. Check your network"
    if "CA certificate bundle" in str(error):  # an OSError of no class of its own
        return f"{one_line(error)}. Check REQUESTS_CA_BUNDLE"
    if isinstance(error, requests.exceptions.InvalidURL):
        return f"{one_line(error)}. Check baseURL and authURL"
    if isinstance(cause, ReadTimeoutError):
        return f"Sigma stayed silent too long (SIGMA_TIMEOUT seconds){warning}"
    if isinstance(cause, (ProtocolError, requests.ConnectionError)):
        return f"the connection was lost{warning}"
    return f"{one_line(error) or type(error).__name__}{warning}"


# 5: What a recipe prints
def print_rows(rows: Iterable[dict[str, Any]], columns: dict[str, str], empty: str) -> None:
    """Print a table on stdout, or the text of empty when there are no rows.

    columns maps a heading to the field that stands below it. OUTPUT_FORMAT=csv prints the same
    columns for a spreadsheet; OUTPUT_FORMAT=json prints the rows as they are, with every field,
    and [] when there are none.
    """
    output_format = read_env("OUTPUT_FORMAT", "table", choices=OUTPUT_FORMATS)
    rows = list(rows)
    if output_format == "json":
        text = json.dumps(rows, indent=2, ensure_ascii=False)
        escapes = {ord(c): f"\\u{ord(c):04x}" for c in CONTROLS if c != "\n"}
        print(text.translate(escapes))  # or Output would put a blank in their place
        return
    cells = [[row.get(field) for field in columns.values()] for row in rows]
    if output_format == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows([list(columns), *cells])
    elif not rows:
        print(empty)
    else:
        from tabulate import tabulate  # late: a recipe without a table starts faster

        texts = [["" if cell is None else one_line(cell) for cell in row] for row in cells]
        print(tabulate(texts, headers=list(columns), disable_numparse=True))


class Output(io.TextIOBase):
    """stdout or stderr while a recipe runs: no secret passes, nor what would move the cursor.

    A reader who went away ("| head -1") or a full disk must not stop a recipe between two steps, so
    a failure is kept for the end.
    """

    def __init__(self, stream: TextIO | None, kept: str = "\t\n") -> None:
        self.stream = stream  # None when it was closed before the start
        self.failure: OSError | None = None
        self.controls = {ord(c): " " for c in CONTROLS if c not in kept}

    def write(self, text: str) -> int:
        """Pass a text on."""
        self._try(lambda stream: stream.write(hide_secrets(text).translate(self.controls)))
        return len(text)

    def flush(self) -> None:
        """Pass on what is still kept back."""
        self._try(lambda stream: stream.flush())

    def isatty(self) -> bool:
        """Say whether this is a terminal."""
        return self.stream is not None and self.stream.isatty()

    def _try(self, action: Callable[[TextIO], object]) -> None:
        if self.stream is not None and not self.stream.closed and self.failure is None:
            try:
                action(self.stream)
            except OSError as failure:
                self.failure = failure


# 6: The end of a recipe: one line and an exit code instead of a traceback
def run(main: Callable[..., object], command_line: argparse.ArgumentParser | None = None) -> None:
    """Start a recipe, and end with exit code 0, or with one line on stderr and exit code 1.

    Wrong arguments end in 2, Ctrl-C in 130, SIGTERM in 143. main gets the parsed arguments when
    the recipe has a command line; without one any argument is refused (--help must not create a
    member).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A Windows pipe is cp1252, which has no Polish names; whole lines keep both streams
            # in order where they are shown together
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="replace", line_buffering=True)
    about = sys.modules["__main__"].__doc__
    layout = argparse.RawDescriptionHelpFormatter
    parser = command_line or argparse.ArgumentParser(description=about, formatter_class=layout)
    arguments = parser.parse_args()
    output = Output(sys.stdout)
    errors = Output(sys.stderr, kept="\t\n\r")  # a progress bar goes back to the start of its line
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors), stoppable() as by:
        problem = failure_of(lambda: main(arguments) if command_line else main())
        output.flush()
    for ended in (output, errors):
        if ended.failure and isinstance(ended.stream, io.TextIOWrapper):
            # What is left in the buffer goes nowhere, or Python would try it once more at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), ended.stream.fileno())
    if isinstance(problem, KeyboardInterrupt):
        threads = [thread for thread in threading.enumerate() if not thread.daemon]
        if len(threads) > 1:  # Python would wait for the answers that they are waiting for
            sys.stderr.flush()
            os._exit(128 + by[0])
        sys.exit(128 + by[0])
    problem = problem or output.failure
    if isinstance(problem, BrokenPipeError):  # "| head -1" has read enough
        sys.exit(1)
    if problem:
        sys.exit(f"Error: {one_line(problem, 4000)}")


@contextlib.contextmanager
def stoppable() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP stop a recipe as Ctrl-C does, so it leaves nothing half-done.

    The value holds the number of the signal. Only the main thread may do this.
    """
    by = [int(signal.SIGINT)]

    def stop(number: int, frame: object) -> None:
        by[0] = number
        raise KeyboardInterrupt

    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    in_main = threading.current_thread() is threading.main_thread()
    # nohup lets SIGHUP be ignored, and that must stay
    changed = [s for s in signals if in_main and signal.getsignal(s) is signal.SIG_DFL]
    for number in changed:
        signal.signal(number, stop)
    try:
        yield by
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def failure_of(main: Callable[[], object]) -> BaseException | None:
    """Call main, and return what went wrong in words for the person who started it, or None."""
    try:
        read_env("OUTPUT_FORMAT", choices=OUTPUT_FORMATS)  # now, not when the work is done
        main()
        require_whole_lists()
    except ModuleNotFoundError as missing:  # print_rows imports late
        return SigmaError(lacks_package(missing))
    except (SigmaError, OSError, KeyboardInterrupt) as error:
        return error
    except Exception as error:  # an answer of another shape, or a mistake of ours
        *_, place = traceback.extract_tb(error.__traceback__)
        where = f"{Path(place.filename).name} line {place.lineno}"
        return SigmaError(f"unexpected {type(error).__name__} in {where}: {error}")
    return None

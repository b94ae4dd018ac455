"""To whom the credentials go: redirects, ~/.netrc, proxies, certificates, and plain http."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading

import pytest
import trustme
import uvicorn

from get_access_token import get_bearer_token
from sandbox import demo, seed
from sandbox.organization import Options
from sandbox.server import Server, create_app
from sigma_session import SigmaError, SigmaSession, is_loopback
from tests.changed_answers import changing_sandbox
from tests.conftest import ROOT
from tests.test_every_recipe import FOLDERS, RECIPES

PROXIES = [
    written
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for written in (name, name.upper())
]


@pytest.fixture
def use(monkeypatch):
    """Take the demo settings, with an address."""

    def use(address, **more):
        for name, value in {**demo.demo_settings(address), **more}.items():
            monkeypatch.setenv(name, value)

    return use


@pytest.fixture(autouse=True)
def no_proxy_and_no_bundle(monkeypatch):
    """Forget what this machine has set up for itself."""
    for name in (*PROXIES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


# --- Redirects: two servers ---


@pytest.fixture(scope="module")
def redirecting():
    """A sandbox whose answers can be redirects."""
    with changing_sandbox() as server:
        yield server


@pytest.fixture(scope="module")
def elsewhere():
    """Another host, as far as a client can tell."""
    with Server() as server:
        yield server


@pytest.mark.parametrize("target", ["elsewhere", "localhost", "//", "same"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_nobody_else_is_asked(
    status, target, redirecting, elsewhere, use, tmp_path
):
    use(redirecting.address)
    elsewhere.state.log.clear()
    start = {
        "elsewhere": elsewhere.address,
        "localhost": elsewhere.address.replace("127.0.0.1", "localhost"),
        "//": elsewhere.address.removeprefix("http:"),
        "same": redirecting.address,
    }[target]
    redirecting.changing.change = None
    session = SigmaSession(get_bearer_token)
    session.get("/whoami")
    redirecting.state.log.clear()
    redirecting.changing.change = lambda e: (status, {"location": f"{start}/v2/whoami"}, b"")
    for send in (
        lambda: session.get("/members"),
        lambda: session.post("/members", json={"email": "a@b.c"}),
        lambda: session.save("/query/q-1/download", tmp_path / "a.pdf", "pdf"),
        lambda: get_bearer_token(rejected=get_bearer_token()),
        # What requests allows its callers, too
        lambda: session.get("/members", allow_redirects=True),
    ):
        with pytest.raises(SigmaError, match=f"^{status} from .* and the token does not follow"):
            send()
    assert not elsewhere.state.log.entries
    paths = [entry.path.removeprefix("/v2/") for entry in redirecting.state.log.entries]
    assert paths == ["members", "members", "query/q-1/download", "auth/token", "members"]
    assert not list(tmp_path.iterdir())


# --- ~/.netrc ---


@pytest.mark.parametrize("where", ["NETRC", "HOME"])
def test_netrc_changes_nothing(where, run_recipe, sandbox, tmp_path):
    name = "_netrc" if os.name == "nt" else ".netrc"
    netrc = tmp_path / name
    netrc.write_text(
        "machine 127.0.0.1 login nobody password wrong\ndefault login nobody password wrong\n",
        encoding="utf-8",
    )
    netrc.chmod(0o600)
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    settings = {"NETRC": str(netrc)} if where == "NETRC" else home
    done = run_recipe("members/create_new.py", **settings)
    assert done.returncode == 0, done.stderr
    assert [entry.status for entry in sandbox.state.log.entries] == [200, 200]


# --- Plain http: this machine only ---


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "127.255.255.254", "[::1]"]
)
def test_plain_http_is_for_this_machine(host, use):
    use(f"http://{host}:9")
    with pytest.raises(SigmaError, match="No answer to POST http"):
        get_bearer_token()


@pytest.mark.parametrize(
    "host",
    [
        "localhost.example.com",
        "localhost.",
        "example.localhost",
        "127.0.0.1.example.com",
        "127.0.0.1@evil.example.com",
        "evil.example.com#@127.0.0.1",
        "127.0.0.1%2eevil.example.com",
        r"127.0.0.1\.evil.example.com",
        "127.0.0.1,evil.example.com",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "128.0.0.1",
        "10.0.0.1",
        "１２７.0.0.1",
        "",
        " 127.0.0.1",
    ],
)
def test_plain_http_is_for_no_other_name(host, use, monkeypatch):
    def nobody(*args, **kwargs):
        raise AssertionError(f"looked up {args[0]}")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    for address in (f"http://{host}", f"HTTP://{host}:80"):
        use(address)
        with pytest.raises(SigmaError, match="https://|must not hold|not an address"):
            get_bearer_token()
        with pytest.raises(SigmaError, match="https://|must not hold|not an address"):
            SigmaSession(lambda rejected=None: "token").get("/whoami")


def test_loopback_is_the_same_in_every_version_of_python():
    assert is_loopback("localhost")
    assert is_loopback("::1")
    assert not is_loopback("::ffff:127.0.0.1")


# --- TLS: a server with a certificate of an authority that nobody knows ---


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority of our own, the file with its certificate, and one for others."""
    folder = tmp_path_factory.mktemp("authority")
    ours, other = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(str(folder / "ours.pem"))
    other.cert_pem.write_to_path(str(folder / "other.pem"))
    return ours, folder


@pytest.fixture(scope="module")
def with_tls(authority):
    """A sandbox that speaks TLS: as this machine, and as the host sigma.test."""
    ours, folder = authority
    certificate = ours.issue_cert("127.0.0.1", "localhost", "sigma.test")
    pem = folder / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
    app = create_app(Options(), [])
    without_door = app.state.log  # the door refuses the host sigma.test
    options = uvicorn.Config(
        without_door, ssl_certfile=pem, log_level="critical", lifespan="off", ws="none"
    )
    server = uvicorn.Server(options)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        app.state.port = listener.getsockname()[1]
        yield app.state
        server.should_exit = True
        thread.join(timeout=5)


REFUSED = (
    r"No answer to POST https://.*no trusted connection .*certificate verify failed.*CA_BUNDLE"
)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""},
        {"CURL_CA_BUNDLE": ""},
        {"PYTHONHTTPSVERIFY": "0"},
        {
            "SSL_NO_VERIFY": "1",
            "VERIFY": "false",
            "SSL_VERIFY": "0",
            "NODE_TLS_REJECT_UNAUTHORIZED": "0",
        },
        {"REQUESTS_CA_BUNDLE": "other.pem"},
        {"PYTHONWARNINGS": "ignore"},
    ],
)
@pytest.mark.parametrize("recipe", ["members/list_all.py", "members/create_new.py"])
def test_an_unknown_certificate_is_refused_whatever_is_set(
    settings, recipe, with_tls, authority, run_recipe
):
    with_tls.log.clear()
    bundle = settings.get("REQUESTS_CA_BUNDLE")
    if bundle:
        settings = {**settings, "REQUESTS_CA_BUNDLE": str(authority[1] / bundle)}
    done = run_recipe(recipe, address=f"https://127.0.0.1:{with_tls.port}", **settings)
    *trace, error = done.stderr.splitlines()
    assert done.returncode == 1
    assert re.match(f"Error: {REFUSED}", error), error
    assert all(line.startswith("URL sent to Sigma: ") for line in trace)
    assert not with_tls.log.entries


def test_no_file_of_ours_turns_certificates_off():
    folders = [*FOLDERS, "sandbox", "docs"]
    files = [
        *ROOT.glob("*.py"),
        *(path for name in folders for path in (ROOT / name).rglob("*.py")),
    ]
    assert {ROOT / recipe for recipe in RECIPES} < set(files)
    off = r"verify\s*=|CERT_NONE|_create_unverified|check_hostname|disable_warnings"
    for path in files:
        assert not re.search(off, path.read_text(encoding="utf-8")), path


def test_a_certificate_for_another_host_is_refused(with_tls, authority, use, monkeypatch):
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more)
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[1] / "ours.pem"))
    use(f"https://other.test:{with_tls.port}")
    with pytest.raises(SigmaError, match="no trusted connection .*[Hh]ostname"):
        get_bearer_token()
    use(f"https://sigma.test:{with_tls.port}")
    assert get_bearer_token()


def test_the_standard_variable_names_a_certificate_authority(with_tls, authority, run_recipe):
    bundle = str(authority[1] / "ours.pem")
    done = run_recipe(
        "members/list_all.py",
        address=f"https://127.0.0.1:{with_tls.port}",
        REQUESTS_CA_BUNDLE=bundle,
    )
    assert done.returncode == 0, done.stderr


def test_the_env_file_may_name_it(with_tls, authority, tmp_path):
    for name in ("members/list_all.py", "get_access_token.py", "sigma_session.py"):
        (tmp_path / name.split("/")[-1]).write_bytes((ROOT / name).read_bytes())
    settings = demo.demo_settings(f"https://127.0.0.1:{with_tls.port}")
    settings["REQUESTS_CA_BUNDLE"] = str(authority[1] / "ours.pem")
    lines = [f"{name}='{value}'\n" for name, value in settings.items()]
    (tmp_path / ".env").write_text("".join(lines), encoding="utf-8")
    ours = {*demo.names(), "PYTHON_DOTENV_DISABLED"}
    done = subprocess.run(
        [sys.executable, tmp_path / "list_all.py"],
        env={name: value for name, value in os.environ.items() if name not in ours},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["missing", "not a certificate", "empty", "a folder"])
def test_a_bundle_that_cannot_be_used_is_one_line(kind, with_tls, run_recipe, tmp_path):
    bundle = tmp_path / "bundle.pem"
    if kind == "not a certificate":
        bundle.write_text("-----BEGIN CERTIFICATE-----\nabc\n", encoding="utf-8")
    elif kind == "empty":
        bundle.touch()
    elif kind == "a folder":
        bundle.mkdir()
    done = run_recipe(
        "members/create_new.py",
        address=f"https://127.0.0.1:{with_tls.port}",
        REQUESTS_CA_BUNDLE=str(bundle),
    )
    *trace, error = done.stderr.splitlines()
    assert (done.returncode, len(trace)) == (1, 1)
    assert re.match("Error: No answer to POST https://.*REQUESTS_CA_BUNDLE", error), error
    assert "may have been carried out" not in error


# --- Proxies ---


@contextlib.contextmanager
def proxy(target, refusal=b""):
    """Start a proxy that leads everybody to one port, and yield its address and what it heard."""
    heard = []

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                heard.append(data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def talk(client):
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(65536)
                if not data:
                    return
                head += data
            heard.append(head)
            if refusal or not head.startswith(b"CONNECT "):
                client.sendall(refusal or b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", target)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join(timeout=5)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=talk, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", heard
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_opens_the_way_and_reads_nothing(name, with_tls, authority, run_recipe):
    with_tls.log.clear()
    with proxy(with_tls.port) as (address, heard):
        done = run_recipe(
            "members/list_all.py",
            address="https://sigma.test",
            REQUESTS_CA_BUNDLE=str(authority[1] / "ours.pem"),
            **{name: f"http://user:proxy-password@{address}"},
        )
    assert done.returncode == 0, done.stderr
    assert {entry.path for entry in with_tls.log.entries} == {"/v2/auth/token", "/v2/members"}
    connects = [text for text in heard if text.startswith(b"CONNECT ")]
    assert connects
    assert all(text.startswith(b"CONNECT sigma.test:443 HTTP/1.") for text in connects)
    everything = b"".join(heard)
    for secret in (seed.SECRET, *with_tls.organization.tokens, "Bearer"):
        assert secret.encode() not in everything
    assert "proxy-password" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 <html>\r\n\r\n",
        b"220 smtp\r\n",
    ],
)
def test_a_proxy_that_refuses_is_one_line(answer, with_tls, run_recipe):
    with_tls.log.clear()
    with proxy(with_tls.port, answer) as (address, heard):
        done = run_recipe(
            "members/create_new.py",
            address="https://sigma.test",
            HTTPS_PROXY=f"http://user:proxy-password@{address}",
        )
    *trace, error = done.stderr.splitlines()
    assert (done.returncode, len(trace)) == (1, 1)
    cause = "the connection was lost" if b"smtp" in answer else ".* Check HTTPS_PROXY"
    assert re.match(f"Error: No answer to POST https://sigma.test/v2/auth/token: {cause}", error)
    assert "proxy-password" not in done.stdout + done.stderr
    assert all(text.startswith(b"CONNECT sigma.test:443") for text in heard)


@pytest.mark.parametrize(
    "value", ["socks5://user:proxy-password@h:1", "user:proxy-password@[", "x://"]
)
def test_a_proxy_that_is_no_address_is_one_line(value, run_recipe):
    done = run_recipe("members/list_all.py", address="https://sigma.test", HTTPS_PROXY=value)
    *trace, error = done.stderr.splitlines()
    assert (done.returncode, len(trace)) == (1, 1)
    assert error.startswith("Error: No answer to POST https://sigma.test/v2/auth/token: ")
    assert "proxy-password" not in done.stdout + done.stderr


def test_no_proxy_stands_between_this_machine_and_itself(run_recipe, sandbox):
    with proxy(9) as (address, heard):
        for host in ("127.0.0.1", "localhost"):
            proxies = {
                name: "elsewhere.test" if name.lower() == "no_proxy" else f"http://{address}"
                for name in PROXIES
            }
            at = sandbox.address.replace("127.0.0.1", host)
            done = run_recipe("members/list_all.py", address=at, **proxies)
            assert done.returncode == 0, done.stderr
    assert not heard

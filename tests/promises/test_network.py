"""Who gets the credentials: redirects, ~/.netrc, plain http, certificates, and proxies."""

import contextlib
import re
import socket
import threading
import time

import pytest
import trustme
import uvicorn

from get_access_token import get_bearer_token
from sandbox import demo, seed
from sandbox.organization import Options
from sandbox.server import Server, create_app
from sigma_client import SigmaClient, SigmaError
from tests.conftest import ROOT
from tests.support.changed_responses import changing_sandbox
from tests.support.recipes import FOLDERS

PROXIES = [
    written
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for written in (name, name.upper())
]


@pytest.fixture
def use(monkeypatch):
    """Set the demo settings, with the URL of a server."""

    def use(url):
        for name, value in demo.demo_settings(url).items():
            monkeypatch.setenv(name, value)

    return use


@pytest.fixture(autouse=True)
def no_proxy_and_no_bundle(monkeypatch):
    """Forget the settings of this machine."""
    for name in (*PROXIES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def last_line(done):
    """Return the error of a run that failed. There is only one."""
    *trace, error = done.stderr.splitlines()
    assert done.returncode == 1
    assert error.startswith("Error: ")
    assert all(line.startswith("URL sent to Sigma: ") for line in trace)
    return error


# --- Redirects and ~/.netrc ---


@pytest.fixture(scope="module")
def redirecting():
    """A sandbox whose responses can be redirects."""
    with changing_sandbox() as server:
        yield server


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_an_error_and_no_other_server_gets_a_request(
    status, redirecting, use, tmp_path, monkeypatch
):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    use(redirecting.address)
    redirecting.changing.change = None
    client = SigmaClient(get_bearer_token)
    client.get("/whoami")
    redirecting.state.log.clear()
    with Server() as elsewhere:
        location = f"{elsewhere.address}/v2/whoami"
        redirecting.changing.change = lambda exchange: (status, {"location": location}, b"")
        for send in (
            lambda: client.get("/members"),
            lambda: client.post("/members", json={"email": "a@b.c"}),
            lambda: client.save("/query/q-1/download", tmp_path / "a.pdf", "pdf"),
            lambda: get_bearer_token(rejected=get_bearer_token()),
        ):
            with pytest.raises(SigmaError, match=f"^{status} from "):
                send()
        assert not elsewhere.state.log.entries
    paths = [entry.path.removeprefix("/v2/") for entry in redirecting.state.log.entries]
    assert paths == ["members", "members", "query/q-1/download", "auth/token"]
    assert not list(tmp_path.iterdir())


def test_netrc_changes_nothing(call_recipe, sandbox, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password wrong\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    done = call_recipe("members/create_new.py")
    assert done.returncode == 0, done.stderr
    assert [entry.status for entry in sandbox.state.log.entries] == [200, 200]


# --- Plain http: on this machine only ---


@pytest.mark.parametrize(
    "host",
    [
        "localhost.example.com",
        "127.0.0.1.example.com",
        "127.0.0.1@evil.example.com",
        "evil.example.com#@127.0.0.1",
        r"127.0.0.1\.evil.example.com",
        "0x7f.1",
        "0.0.0.0",
        "128.0.0.1",
        "",
    ],
)
def test_plain_http_to_another_host_is_refused(host, use, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError(f"looked up {args[0]}")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    use(f"http://{host}")
    with pytest.raises(SigmaError, match="baseURL"):
        get_bearer_token()


# --- TLS: a server with a certificate of an unknown authority ---


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority, and the folder with its certificate and that of another one."""
    folder = tmp_path_factory.mktemp("authority")
    ours, other = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(str(folder / "ours.pem"))
    other.cert_pem.write_to_path(str(folder / "other.pem"))
    return ours, folder


@pytest.fixture(scope="module")
def with_tls(authority):
    """A sandbox with TLS: as this machine, and as the host sigma.test."""
    ours, folder = authority
    certificate = ours.issue_cert("127.0.0.1", "localhost", "sigma.test")
    pem = folder / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
    app = create_app(Options(), [])
    # Without the check of the host name around it, which would refuse sigma.test
    options = uvicorn.Config(
        app.state.log, ssl_certfile=pem, log_level="critical", lifespan="off", ws="none"
    )
    server = uvicorn.Server(options)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        app.state.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        yield app.state
        server.should_exit = True
        thread.join(timeout=5)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""},
        {"PYTHONHTTPSVERIFY": "0", "SSL_NO_VERIFY": "1", "SSL_VERIFY": "0"},
        {"REQUESTS_CA_BUNDLE": "other.pem"},
    ],
)
def test_an_unknown_certificate_is_refused_whatever_is_set(
    settings, with_tls, authority, run_recipe
):
    with_tls.log.clear()
    if settings.get("REQUESTS_CA_BUNDLE"):
        settings = {"REQUESTS_CA_BUNDLE": str(authority[1] / settings["REQUESTS_CA_BUNDLE"])}
    done = run_recipe("members/create_new.py", address=with_tls.url, **settings)
    error = last_line(done)
    assert re.search("certificate verify failed.*REQUESTS_CA_BUNDLE", error)
    assert "may have been carried out" not in error
    assert not with_tls.log.entries


def test_no_file_turns_certificates_off():
    folders = [*FOLDERS, "sandbox", "docs"]
    files = [*ROOT.glob("*.py"), *(f for name in folders for f in (ROOT / name).rglob("*.py"))]
    off = r"verify\s*=\s*False|CERT_NONE|_create_unverified|check_hostname|disable_warnings"
    for path in files:
        assert not re.search(off, path.read_text(encoding="utf-8")), path


def test_a_certificate_for_another_host_is_refused(with_tls, authority, use, monkeypatch):
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more)
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[1] / "ours.pem"))
    use(with_tls.url.replace("127.0.0.1", "other.test"))
    with pytest.raises(SigmaError, match="[Hh]ostname"):
        get_bearer_token()
    use(with_tls.url.replace("127.0.0.1", "sigma.test"))
    assert get_bearer_token()


def test_env_may_name_the_file_with_the_certificates(with_tls, authority, call_recipe, env_file):
    bundle = authority[1] / "ours.pem"
    env_file.write_text(f"REQUESTS_CA_BUNDLE='{bundle}'\n", encoding="utf-8")
    done = call_recipe("members/list_all.py", address=with_tls.url)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["missing", "not a certificate", "a folder"])
def test_a_bundle_that_cant_be_used_is_one_line(kind, with_tls, call_recipe, tmp_path):
    bundle = tmp_path / "bundle.pem"
    if kind == "not a certificate":
        bundle.write_text("-----BEGIN CERTIFICATE-----\nabc\n", encoding="utf-8")
    elif kind == "a folder":
        bundle.mkdir()
    done = call_recipe(
        "members/create_new.py", address=with_tls.url, REQUESTS_CA_BUNDLE=str(bundle)
    )
    assert "may have been carried out" not in last_line(done)


# --- Proxies ---


@contextlib.contextmanager
def proxy(target, refusal=b""):
    """Start a proxy that leads to one port, and yield its host and what it received."""
    received = []

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                received.append(data)
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
            received.append(head)
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
        yield f"127.0.0.1:{listener.getsockname()[1]}", received
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_a_proxy_opens_the_way_and_reads_nothing(name, with_tls, authority, call_recipe):
    with_tls.log.clear()
    with proxy(int(with_tls.url.rpartition(":")[2])) as (host, received):
        done = call_recipe(
            "members/list_all.py",
            address="https://sigma.test",
            REQUESTS_CA_BUNDLE=str(authority[1] / "ours.pem"),
            **{name: f"http://user:proxy-password@{host}"},
        )
    assert done.returncode == 0, done.stderr
    assert {entry.path for entry in with_tls.log.entries} == {"/v2/auth/token", "/v2/members"}
    everything = b"".join(received)
    assert everything.startswith(b"CONNECT sigma.test:443 HTTP/1.")
    for secret in (seed.SECRET, *with_tls.organization.tokens, "Bearer"):
        assert secret.encode() not in everything
    assert "proxy-password" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "value",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"220 smtp\r\n",
        "socks5://user:proxy-password@h:1",
        "user:proxy-password@[",
    ],
)
def test_a_proxy_that_doesnt_work_is_one_line(value, call_recipe):
    with proxy(9, value if isinstance(value, bytes) else b"") as (host, received):
        url = f"http://user:proxy-password@{host}" if isinstance(value, bytes) else value
        done = call_recipe("members/create_new.py", address="https://sigma.test", HTTPS_PROXY=url)
    assert "https://sigma.test/v2/auth/token" in last_line(done)
    assert "proxy-password" not in done.stdout + done.stderr
    assert all(text.startswith(b"CONNECT sigma.test:443") for text in received)


def test_no_proxy_between_this_machine_and_itself(call_recipe, sandbox):
    with proxy(9) as (host, received):
        for name in ("127.0.0.1", "localhost"):
            proxies = {
                name: "elsewhere.test" if name.lower() == "no_proxy" else f"http://{host}"
                for name in PROXIES
            }
            url = sandbox.address.replace("127.0.0.1", name)
            done = call_recipe("members/list_all.py", address=url, **proxies)
            assert done.returncode == 0, done.stderr
    assert not received

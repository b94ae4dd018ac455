"""Tests of workbooks/send_export.py."""

import pytest
from responses.matchers import json_params_matcher, query_param_matcher

from sigma_client import SigmaError
from tests.conftest import BASE_URL
from workbooks.send_export import main

RECIPE = "workbooks/send_export.py"
URL = f"{BASE_URL}/workbooks/wb-1"
EMAILS = ("Ann@example.com", "gone@example.com", "x@example.org", "bob@example.com")
QUERY = {"limit": 1000, "includeArchived": "true", "includeInactive": "true"}


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("WORKBOOK_ID", "https://app.sigmacomputing.com/acme/workbook/Sales-7sYWo")
    monkeypatch.setenv("SEND_TO", ", ".join(EMAILS))


def members(sigma, *more):
    sigma.get(f"{BASE_URL}/workbooks/7sYWo", json={"workbookId": "wb-1", "name": "Sales"})
    first = [
        {"memberId": "m-0"},  # no email
        {"memberId": "m-1", "email": "x@example.org.au"},
        {"memberId": "m-2", "email": "Gone@example.com", "isInactive": True},
        {"memberId": "m-4", "email": "bob@example.com", "isArchived": True},
    ]
    query = query_param_matcher(QUERY)
    sigma.get(f"{BASE_URL}/members", match=[query], json={"entries": first, "nextPage": "2"})
    left = {"memberId": "m-5", "email": "ANN@example.com", "isArchived": True}
    last = [{"memberId": "m-3", "email": "ann@example.com"}, left, *more]
    query = query_param_matcher({**QUERY, "page": "2"})
    sigma.get(f"{BASE_URL}/members", match=[query], json={"entries": last, "nextPage": None})


def sent(sigma, title, message, options, **response):
    body = {
        "targets": [{"type": "email", "email": email} for email in EMAILS],
        "config": {"title": title, "messageBody": message},
        "attachments": [{"formatOptions": options, "source": {"type": "all"}}],
    }
    response = {"json": {}, **response}
    sigma.post(f"{URL}/send", match=[json_params_matcher(body)], **response)


def test_the_plan_names_external_recipients_first(sigma, capsys):
    members(sigma)
    main()  # a dry run: no POST
    assert capsys.readouterr().out.splitlines()[:4] == [
        "External recipient: x@example.org",
        "Deactivated member: gone@example.com",
        "Deactivated member: bob@example.com",
        "Member: Ann@example.com",
    ]


@pytest.mark.parametrize(
    ("chosen", "options"),
    [({}, {"type": "PDF", "layout": "portrait"}), ({"SEND_FORMAT": "xlsx"}, {"type": "EXCEL"})],
)
def test_sends_the_export(chosen, options, sigma, monkeypatch, capsys):
    own = {"SEND_TITLE": "This week", "SEND_MESSAGE": "The figures"} if chosen else {}
    for name, value in {"DRY_RUN": "false", **chosen, **own}.items():
        monkeypatch.setenv(name, value)
    members(sigma)
    sent(
        sigma,
        own.get("SEND_TITLE", "Sales"),
        own.get("SEND_MESSAGE", "The workbook is attached."),
        options,
    )
    main()
    assert "accepted" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    "response",
    [
        {"status": 403, "json": {"message": "example.org: no"}},
        {"json": {"code": "forbidden", "message": "example.org: no"}},
    ],
)
def test_a_refusal_is_not_a_success(response, sigma, monkeypatch, capsys):
    monkeypatch.setenv("DRY_RUN", "false")
    members(sigma)
    options = {"type": "PDF", "layout": "portrait"}
    sent(sigma, "Sales", "The workbook is attached.", options, **response)
    with pytest.raises(SigmaError, match="example.org: no"):
        main()
    assert "accepted" not in capsys.readouterr().out


def test_nothing_is_sent_while_a_member_cannot_be_read(sigma, monkeypatch):
    monkeypatch.setenv("DRY_RUN", "false")
    members(sigma, {"code": "x", "message": "Not readable", "requestId": "r-1"})
    with pytest.raises(SigmaError, match="Not complete"):
        main()


@pytest.mark.parametrize(
    ("name", "value"), [("SEND_TO", "ann@example.com, bob"), ("SEND_TO", ","), ("SEND_FORMAT", "x")]
)
def test_a_wrong_setting_is_refused_before_anything_is_sent(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SigmaError, match=name):
        main()


@pytest.mark.parametrize("send_format", ["pdf", "xlsx"])
def test_each_run_sends_the_export_in_the_sandbox(send_format, call_recipe, sandbox):
    for count in (1, 2):
        done = call_recipe(RECIPE, DRY_RUN="false", SEND_FORMAT=send_format)
        assert (done.returncode, done.stderr.count("Error")) == (0, 0), done.stderr
        assert len(sandbox.state.organization.sent) == count

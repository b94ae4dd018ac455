"""What changed last in the organization, for the console to mark.

No resource reports its changes: after each request that may have changed something, a snapshot of
the organization is compared with the one before. So a new resource is covered by a line in
`picture`.
"""

import secrets
import time
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.organization import Organization, now

PAUSE = 10  # seconds without a change, after which the next one begins a new list of changes

# ("member", its ID), ("grant", what it is on, who has it): the kind, and the IDs of what it touches
Key = tuple[str, ...]
Picture = dict[Key, tuple[Any, ...]]

# The fields that are compared, and what people call them; updatedAt notices what was sent again
FIELDS = {
    "member": {
        "firstName": "first name",
        "lastName": "last name",
        "email": "email",
        "memberType": "account type",
        "isArchived": "deactivated",
        "isInactive": "inactive",
        "userKind": "kind of user",
        "updatedAt": "",
    },
    "team": {"name": "name", "description": "description", "isArchived": "archived"},
    "workspace": {"name": "name", "updatedAt": ""},
    "connection": {"name": "name", "type": "type", "isArchived": "archived"},
    "folder": {"name": "name", "path": "location", "ownerId": "owner", "updatedAt": ""},
    "workbook": {
        "name": "name",
        "path": "location",
        "ownerId": "owner",
        "description": "description",
        "latestVersion": "version",
        "updatedAt": "",
    },
    "materialization": {"status": "status", "error": "error"},
    "grant": {"permission": "permission", "updatedAt": ""},
    "user attribute": {"value": "value", "updatedAt": ""},
    "sync": {"at": ""},
    "export": {"ready": "ready"},
}


def picture(org: Organization) -> Picture:
    """Return everything that can change, and that the console shows."""
    seen: Picture = {}
    for kind, things in (
        ("member", org.members),
        ("team", org.teams),
        ("workspace", org.workspaces),
        ("connection", org.connections),
        ("workbook", org.workbooks),
        ("materialization", org.materializations),
    ):
        fields = attrgetter(*FIELDS[kind])
        seen |= {(kind, key): fields(thing) for key, thing in things.items()}
    fields = attrgetter(*FIELDS["folder"])
    for folder in org.folders.values():
        if folder.parentId is not None:
            seen["folder", folder.id] = fields(folder)
    for grants in org.grants.values():
        for grant in grants:
            who = grant.memberId or grant.teamId or ""
            seen["grant", grant.inodeId, who] = (grant.permission, grant.updatedAt)
    for team in org.teams.values():
        seen |= {("team member", team.teamId, member_id): () for member_id in team.members}
    for attribute in org.user_attributes.values():
        for member_id, given in attribute.assignments.items():
            key = ("user attribute", attribute.userAttributeId, member_id)
            seen[key] = (given.value.val, given.updatedAt)
    for connection in org.connections.values():
        for path, at in connection.synced.items():
            seen["sync", connection.connectionId, ".".join(path)] = (at,)
    for workbook_id, embeds in org.embeds.items():
        seen |= {("embed", workbook_id, embed.embedId): () for embed in embeds}
    for query_id, export in org.exports.items():
        seen["export", query_id] = (export.polls == 0,)
    return seen


@dataclass
class Change:
    """Something that was added (before is None), removed (after is None) or changed."""

    key: Key
    before: tuple[Any, ...] | None
    after: tuple[Any, ...] | None

    @property
    def verb(self) -> str:
        """What happened, as a mark shows it."""
        return "New" if self.before is None else "Removed" if self.after is None else "Changed"

    @property
    def differences(self) -> list[tuple[str, Any, Any]]:
        """The name of each field that differs, with its old and new value."""
        names = FIELDS.get(self.key[0], {}).values()
        fields = zip(names, self.before or (), self.after or (), strict=False)
        return [(name, old, new) for name, old, new in fields if name and old != new]


class Changes:
    """What changed last: all since the last pause, or since the start or a reset.

    `list` has the newest first. Call `look` before reading it.
    """

    def __init__(self, state: State) -> None:
        """Take the first picture. state is that of the application."""
        self._state = state
        self._process = secrets.token_hex(4)  # so that no version is that of an earlier sandbox
        self._resets = 0
        self._start_over()

    def _start_over(self) -> None:
        self._organization: Organization = self._state.organization
        self._before = self._latest = picture(self._organization)
        self._looked_at = self.version()
        self._noticed = float("-inf")  # on time.monotonic()
        self._number = 0
        self._changed: dict[Key, int] = {}  # the number of the comparison that found it last
        self.since = self.at = now()
        self._compare()

    def version(self) -> str:
        """Return a text that is another one whenever the console might show something else."""
        log = self._state.log
        resets = self._resets + (self._state.organization is not self._organization)
        rules = hash(str(self._state.rules)) & 0xFFFFFFFF
        return f"{self._process}-{resets}-{log.count}-{log.under_way}-{rules}"

    def look(self) -> None:
        """Notice what changed, unless nothing can have changed since the last look."""
        version = self.version()
        if version != self._looked_at:
            self._looked_at = version
            self.notice()

    def notice(self) -> None:
        """Compare the organization with the last picture."""
        if self._state.organization is not self._organization:
            self._resets += 1
            self._start_over()
            return
        earlier, new = self._latest, picture(self._organization)
        if new == earlier:
            return
        if time.monotonic() - self._noticed > PAUSE:
            self._before = earlier
        self._latest = new
        self._noticed, self.at = time.monotonic(), now()
        self._number += 1
        for key in earlier.keys() | new.keys():
            if earlier.get(key) != new.get(key):
                self._changed[key] = self._number
        self._compare()

    def _compare(self) -> None:
        before, after = self._before, self._latest
        gone = [Change(key, before[key], None) for key in before if key not in after]
        self.list = gone + [
            Change(key, before.get(key), value)
            for key, value in after.items()
            if key not in before or before[key] != value
        ]
        self._marks = {change.key: change.verb for change in self.list}
        self._touched: dict[str, str] = {}
        for change in self.list:
            word = change.verb if len(change.key) == 2 else "Changed"
            for key in change.key[1:]:
                self._touched.setdefault(key, word)
        # Those of one request stay in the order of the picture: the member before its grants
        self.list.sort(key=lambda change: self._changed[change.key], reverse=True)

    def mark(self, *key: str) -> str:
        """Return "New", "Changed" or "" for a single thing, such as a grant."""
        return self._marks.get(key, "")

    def touched(self, key: str) -> str:
        """Return "New", "Changed" or "" for an ID, to which a new grant is a change, too."""
        return self._touched.get(key, "")


class TrackChanges:
    """Middleware that notices what each request changed before it is answered.

    A look when a page is asked for would find the changes of many requests, and not their order.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def notice_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["app"].state.changes.notice()
            await send(message)

        watched = scope["type"] == "http" and may_change(scope["method"], scope["path"])
        await self.app(scope, receive, notice_and_send if watched else send)


def may_change(method: str, path: str) -> bool:
    """Say whether a request may change something. A job goes on when it is asked about."""
    return method != "GET" or "/materializations/" in path or "/query/" in path

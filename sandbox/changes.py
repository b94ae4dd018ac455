"""What changed last in the organization, for the console to mark.

No resource reports its changes. After each request that may have changed something, a snapshot of
the organization is compared with the one before, so a new resource only needs a line in snapshot().
"""

import secrets
import time
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from starlette.datastructures import State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.organization import Organization, now

PAUSE = 10  # seconds without a change, after which a new list of changes begins

# ("member", its ID) or ("grant", what it is on, the member or team): the kind and the IDs involved
Key = tuple[str, ...]
Snapshot = dict[Key, tuple[Any, ...]]

# The fields that are compared. updatedAt shows what was sent again without a difference.
FIELDS = {
    "member": "firstName lastName email memberType isArchived isInactive userKind updatedAt",
    "team": "name updatedAt",
    "workspace": "name updatedAt",
    "connection": "name updatedAt",
    "folder": "name path ownerId updatedAt",
    "workbook": "name path ownerId description updatedAt",
    "data model": "name path ownerId description updatedAt",
    "report": "name path ownerId description updatedAt",
    "workbook tag": "version updatedAt",
    "materialization": "status error",
    "schedule": "ownerId updatedAt",
    "grant": "permission updatedAt",
    "user attribute": "value updatedAt",
}


def snapshot(org: Organization) -> Snapshot:
    """Return everything that can change and that the console shows."""
    seen: Snapshot = {}
    documents = ("folder", "workbook", "data model", "report")
    kinds = ("member", "team", "workspace", "connection", *documents, "materialization")
    for kind in kinds:
        fields = attrgetter(*FIELDS[kind].split())
        things: dict[str, Any] = getattr(org, f"{kind}s".replace(" ", "_"))
        seen |= {
            (kind, key): fields(thing)
            for key, thing in things.items()
            if kind != "folder" or thing.parentId is not None
        }
    for workbook_id, workbook in org.workbooks.items():
        for tag in workbook.tags:
            on = (tag.sourceWorkbookVersion, tag.workbookTaggedAt)
            seen["workbook tag", workbook_id, tag.versionTagId] = on
        # The first version of a copy is no news
        seen |= {("version", workbook_id, str(n)): () for n in workbook.published if n > 1}
    for grants in org.grants.values():
        for grant in grants:
            grantee = grant.memberId or grant.teamId or ""
            seen["grant", grant.inodeId, grantee] = (grant.permission, grant.updatedAt)
    for team in org.teams.values():
        seen |= {("team member", team.teamId, member_id): () for member_id in team.members}
    for attribute in org.user_attributes.values():
        for member_id, given in attribute.assignments.items():
            key = ("user attribute", attribute.userAttributeId, member_id)
            seen[key] = (given.value.val, given.updatedAt)
    for connection in org.connections.values():
        for path, at in connection.synced.items():
            seen["sync", connection.connectionId, ".".join(path)] = (at,)
    for client_id, client in org.clients.items():
        seen["credentials", client.owner_id, client_id] = ()
    seen |= {("sign-ins of", member_id): (n,) for member_id, n in org.sign_ins.items()}
    for schedule_id, one in org.scheduled_exports.items():
        key = ("schedule", one.workbookId or one.reportId, schedule_id)
        seen[key] = (one.ownerId, one.updatedAt)
    for n, sent in enumerate(org.sent):
        seen["sent", sent["workbookId"], str(n)] = ()
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
        """The word for the change."""
        return "New" if self.before is None else "Removed" if self.after is None else "Changed"

    @property
    def differences(self) -> list[tuple[str, Any, Any]]:
        """The name of each field that differs, with its old and new value."""
        names = FIELDS.get(self.key[0], "").split()
        fields = zip(names, self.before or (), self.after or (), strict=False)
        return [(name, old, new) for name, old, new in fields if old != new and name != "updatedAt"]


class Changes:
    """The changes since the last pause, the start or a reset. `list` has the newest first."""

    def __init__(self, state: State) -> None:
        """Take the first snapshot. state is that of the application."""
        self._state = state
        self._start_over()

    def _start_over(self) -> None:
        self._run = secrets.token_hex(4)  # so that no version is that of an earlier organization
        self._organization: Organization = self._state.organization
        self._before = self._latest = snapshot(self._organization)
        self._changed_at = float("-inf")  # on time.monotonic()
        self._order: dict[Key, int] = {}  # the number of the comparison that last found a key
        self._marks: dict[Key, str] = {}
        self._touched: dict[str, str] = {}
        self.list: list[Change] = []
        self.since = self.at = now()

    def version(self) -> str:
        """Return a text that differs whenever the console might show something else."""
        log = self._state.log
        rules = hash(str(self._state.rules)) & 0xFFFFFFFF
        return f"{self._run}-{log.count}-{log.under_way}-{rules}"

    def look(self) -> None:
        """Compare the organization with the latest snapshot. A new organization starts over."""
        if self._state.organization is not self._organization:
            self._start_over()
            return
        earlier, new = self._latest, snapshot(self._organization)
        if new == earlier:
            return
        if time.monotonic() - self._changed_at > PAUSE:
            self._before = earlier
        self._latest, self._changed_at, self.at = new, time.monotonic(), now()
        number = max(self._order.values(), default=0) + 1
        for key in earlier.keys() | new.keys():
            if earlier.get(key) != new.get(key):
                self._order[key] = number
        before = self._before
        keys = [key for key in before if key not in new]
        keys += [key for key in new if before.get(key) != new[key]]
        # The sort is stable: what one request changed stays in the order of the snapshot
        keys.sort(key=lambda key: self._order[key], reverse=True)
        self.list = [Change(key, before.get(key), new.get(key)) for key in keys]
        self._marks = {change.key: change.verb for change in self.list}
        self._touched = {}
        for change in self.list:
            word = "New" if change.verb == "New" and len(change.key) == 2 else "Changed"
            for one in change.key[1:]:
                # What is new itself stays "New" when it also gets a grant
                self._touched[one] = self._touched.get(one, word) if word == "Changed" else word

    def mark(self, *key: str) -> str:
        """Return "New", "Changed" or "" for one thing, such as a grant."""
        return self._marks.get(key, "")

    def touched(self, key: str) -> str:
        """Return "New", "Changed" or "" for an ID. A new grant counts as a change of it."""
        return self._touched.get(key, "")


class TrackChanges:
    """Middleware that looks for changes before each response is sent.

    A comparison when a page is opened would mix the changes of many requests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def look_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["app"].state.changes.look()
            await send(message)

        # A GET may change something only if it polls a job
        path = scope["path"] if scope["type"] == "http" else ""
        polls = "/materializations/" in path or "/query/" in path
        changes = path and (scope["method"] != "GET" or polls)
        await self.app(scope, receive, look_and_send if changes else send)

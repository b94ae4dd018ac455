"""What the grants of workspaces, workbooks and connections share."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pydantic import model_validator

from sandbox.api import Body, Empty
from sandbox.organization import Organization, now, stamps

One = TypeVar("One")
Permission = TypeVar("Permission", bound=str)


class Grantee(Body):
    """The member or team that gets a permission."""

    memberId: str | None = None
    teamId: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Any:
        if (self.memberId is None) == (self.teamId is None):
            raise ValueError("exactly one of memberId and teamId")
        return self


class NewGrant(Body, Generic[Permission]):
    """A permission for a member or a team. Which permissions there are depends on the resource."""

    grantee: Grantee
    permission: Permission


class NewGrants(Body, Generic[One]):
    """The body of POST .../grants."""

    grants: list[One]


def create_grants(org: Organization, on: str, grants: Sequence[NewGrant[Any]], by: str) -> Empty:
    """Create grants on something by its ID, or update those that exist."""
    for new in grants:
        org.grant(on, new.grantee.memberId, new.grantee.teamId, new.permission, stamps(by, now()))
    return Empty()

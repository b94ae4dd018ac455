"""What the grants of workspaces and connections have in common."""

from typing import Any

from pydantic import model_validator

from sandbox.bodies import Body


class Grantee(Body):
    """Who gets a permission: a member or a team."""

    memberId: str | None = None
    teamId: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Any:
        if (self.memberId is None) == (self.teamId is None):
            raise ValueError("exactly one of memberId and teamId")
        return self

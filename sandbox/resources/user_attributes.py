"""/v2/user-attributes: what is known about members, for row-level security."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from sandbox.bodies import Body, CountedPage, Empty, Paging
from sandbox.models import AttributeValue, UserAttribute, UserAttributeAssignment
from sandbox.organization import now, stamps
from sandbox.resources.auth import Admin, Caller, Org

router = APIRouter(tags=["user-attributes"])


class NewAssignment(Body):
    """The value of an attribute for one member. userId is the member's ID."""

    userId: str
    value: AttributeValue


class NewAssignments(Body):
    """The body of POST /v2/user-attributes/{userAttributeId}/users."""

    assignments: list[NewAssignment]


class OldAssignment(Body):
    """The member who is to lose the value."""

    userId: str


class AssignmentChange(Body):
    """The body of PATCH /v2/user-attributes/{userAttributeId}/users: it can only delete."""

    delete: list[OldAssignment]


@router.get(
    "/v2/user-attributes",
    operation_id="listUserAttributes",
    summary="List user attributes",
    response_model=CountedPage[UserAttribute],
    response_model_exclude_unset=True,
)
async def list_user_attributes(
    org: Org, caller: Caller, paging: Annotated[Paging, Depends()], name: str | None = None
) -> dict[str, Any]:
    """List the user attributes; name is a part of the name."""
    return paging.cut(
        [
            attribute
            for attribute in org.user_attributes.values()
            if name is None or name.lower() in attribute.name.lower()
        ]
    )


@router.post(
    "/v2/user-attributes/{userAttributeId}/users",
    operation_id="setUserAttributeForUsers",
    summary="Set a user attribute for users",
)
async def set_user_attribute(
    org: Org, admin: Admin, userAttributeId: str, body: NewAssignments
) -> Empty:
    """Set the value for each member, or for nobody when one is unknown."""
    attribute = org.user_attribute(userAttributeId)
    for new in body.assignments:
        org.member(new.userId)
    for new in body.assignments:
        known = attribute.assignments.get(new.userId)
        stamped = stamps(admin, now())
        if known:
            stamped |= {"createdBy": known.createdBy, "createdAt": known.createdAt}
        attribute.assignments[new.userId] = UserAttributeAssignment(
            userId=new.userId, value=new.value, **stamped
        )
    return Empty()


@router.patch(
    "/v2/user-attributes/{userAttributeId}/users",
    operation_id="updateUserAttributeForUsers",
    summary="Update a user attribute for users",
)
async def update_user_attribute(
    org: Org, admin: Admin, userAttributeId: str, body: AssignmentChange
) -> Empty:
    """Take the value from each member, or from nobody when one is unknown."""
    attribute = org.user_attribute(userAttributeId)
    for old in body.delete:
        org.member(old.userId)
    for old in body.delete:
        attribute.assignments.pop(old.userId, None)
    return Empty()


@router.get(
    "/v2/user-attributes/{userAttributeId}/users",
    operation_id="getUserAttributeUserAssignments",
    summary="Get users for a user attribute",
    response_model=CountedPage[UserAttributeAssignment],
)
async def list_user_attribute_users(
    org: Org, caller: Caller, paging: Annotated[Paging, Depends()], userAttributeId: str
) -> dict[str, Any]:
    """List who has a value, in the order in which they got it."""
    return paging.cut(list(org.user_attribute(userAttributeId).assignments.values()))

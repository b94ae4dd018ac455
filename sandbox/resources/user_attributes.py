"""/v2/user-attributes: values that members have, for row-level security."""

from typing import Annotated

from pydantic import Field

from sandbox.api import Admin, Body, CountedPage, Empty, Org, Paged, resource
from sandbox.models import AttributeValue, UserAttribute, UserAttributeAssignment
from sandbox.organization import make_uuid, now, stamps

router = resource("user-attributes")


class NewUserAttribute(Body):
    """The body of POST /v2/user-attributes."""

    name: str
    description: str | None = None
    defaultValue: AttributeValue | None = None


class NewAssignment(Body):
    """The value of an attribute for one member. userId is the member's ID."""

    userId: str
    value: AttributeValue


class NewAssignments(Body):
    """The body of POST /v2/user-attributes/{userAttributeId}/users."""

    assignments: Annotated[list[NewAssignment], Field(max_length=100)]


@router.get("/v2/user-attributes", summary="List user attributes")
async def list_user_attributes(
    org: Org, paging: Paged, name: str | None = None
) -> CountedPage[UserAttribute]:
    """List the user attributes. name matches a part of the name."""
    wanted = (name or "").lower()
    return paging.cut([a for a in org.user_attributes.values() if wanted in a.name.lower()])


@router.post("/v2/user-attributes", summary="Create a user attribute")
async def create_user_attribute(org: Org, admin: Admin, body: NewUserAttribute) -> UserAttribute:
    """Create a user attribute without assignments."""
    attribute_id = make_uuid("user attribute", org.next_key())
    fields = body.model_dump(exclude_none=True)
    org.user_attributes[attribute_id] = UserAttribute(
        userAttributeId=attribute_id, **fields, **stamps(admin, now())
    )
    return org.user_attributes[attribute_id]


@router.get("/v2/user-attributes/{userAttributeId}", summary="Get a user attribute")
async def get_user_attribute(org: Org, userAttributeId: str) -> UserAttribute:
    """Return a user attribute."""
    return org.user_attribute(userAttributeId)


@router.delete("/v2/user-attributes/{userAttributeId}", summary="Delete a user attribute")
async def delete_user_attribute(org: Org, admin: Admin, userAttributeId: str) -> Empty:
    """Delete a user attribute and its assignments."""
    del org.user_attributes[org.user_attribute(userAttributeId).userAttributeId]
    return Empty()


@router.post(
    "/v2/user-attributes/{userAttributeId}/users", summary="Set a user attribute for users"
)
async def set_user_attribute_for_users(
    org: Org, admin: Admin, userAttributeId: str, body: NewAssignments
) -> Empty:
    """Set the value for each member. Changes nothing if one of them is unknown."""
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


@router.get("/v2/user-attributes/{userAttributeId}/users", summary="Get users for a user attribute")
async def get_user_attribute_user_assignments(
    org: Org, paging: Paged, userAttributeId: str
) -> CountedPage[UserAttributeAssignment]:
    """List the members that have a value, in the order in which they got it."""
    return paging.cut(list(org.user_attribute(userAttributeId).assignments.values()))

"""Version tags, /v2/tags, and the published versions of workbooks."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.api import Admin, Body, CountedPage, FullPage, Org, Paged, resource
from sandbox.content import sources_of
from sandbox.errors import Refusal
from sandbox.models import VersionTag, Workbook, WorkbookTag
from sandbox.organization import Organization, add_tag, now, publish, time_text
from sandbox.resources.workbooks import Opened

router = resource("workbooks")


class AppliedTag(Body):
    """The body of POST /v2/workbooks/tag. What follows workbookVersion has no effect."""

    workbookId: str
    tag: str
    workbookVersion: int | None = None
    sourceMappingConfig: list[Any] = []
    dataModelSourceTaggedVersions: list[Any] = []
    sourceVersions: dict[str, Any] = {}
    grantSourceAccess: bool = False
    isDefault: bool = False


class RestoredVersion(Body):
    """The body of POST /v2/workbooks/{workbookId}/restoreVersion."""

    version: int


@router.get("/v2/tags", summary="Get tags", tags=["tags"])
async def list_version_tag(
    org: Org, paging: Paged, search: str | None = None
) -> FullPage[VersionTag]:
    """List the version tags. search matches a part of the name."""
    wanted = (search or "").lower()
    return paging.cut([tag for tag in org.tags.values() if wanted in tag.name.lower()])


@router.post("/v2/workbooks/tag", summary="Tag a workbook")
async def tag_workbook(org: Org, admin: Admin, body: AppliedTag) -> dict[str, str | int]:
    """Put a tag on a version of a workbook, by default the latest, or move it there."""
    workbook = org.workbook(body.workbookId)
    tag = next((tag for tag in org.tags.values() if tag.name.lower() == body.tag.lower()), None)
    if tag is None:
        raise Refusal(404, f"Tag {body.tag} not found")
    version = _check_version(workbook, body.workbookVersion or workbook.latestVersion)
    row = add_tag(workbook, tag, version, admin, now())
    return {
        "versionTagId": tag.versionTagId,
        "taggedWorkbookId": row.taggedWorkbookId,
        "taggedWorkbookVersion": row.applied,
    }


def _check_version(workbook: Workbook, version: int) -> int:
    """Return the number of a published version, or refuse with 404."""
    if not 1 <= version <= workbook.latestVersion:
        raise Refusal(404, f"Version {version} of workbook {workbook.workbookId} not found")
    return version


@router.get("/v2/workbooks/{workbookId}/tags", summary="Get tags for a workbook")
async def get_workbook_tags(paging: Paged, workbook: Opened) -> CountedPage[WorkbookTag]:
    """List the tags of a workbook."""
    return paging.cut(workbook.tags)


@router.get(
    "/v2/workbooks/{workbookId}/version-history", summary="Get version history for a workbook"
)
async def get_version_history(
    org: Org, paging: Paged, workbook: Opened
) -> CountedPage[dict[str, Any]]:
    """List the published versions, the latest first."""
    return paging.cut(history(org, workbook))


@router.post(
    "/v2/workbooks/{workbookId}/restoreVersion",
    summary="Restore a workbook to a previous version",
)
async def restore_workbook_version(
    admin: Admin, workbook: Opened, body: RestoredVersion
) -> Workbook:
    """Publish a version with the contents of an earlier one. Tags stay where they are."""
    sources = sources_of(workbook, _check_version(workbook, body.version))
    publish(workbook, sources, admin, now())
    return workbook


def history(org: Organization, workbook: Workbook) -> list[dict[str, Any]]:
    """Return the published versions of a workbook, the latest first.

    In the seed, a version was published each day. The even ones are by other members.
    """
    created = datetime.fromisoformat(workbook.createdAt.replace("Z", "+00:00"))
    members = list(org.members)
    rows = []
    for version in range(workbook.latestVersion, 0, -1):
        at = time_text(created + timedelta(days=version - 1))
        by = workbook.createdBy if version % 2 else members[version % 9]
        at, by = workbook.published.get(version, (at, by))
        row: dict[str, Any] = {"version": version, "publishedAt": at, "publishedBy": by}
        for tag in workbook.tags:
            if tag.sourceWorkbookVersion == version:
                on = {"taggedAt": tag.workbookTaggedAt, "taggedBy": tag.taggedBy}
                row.setdefault("tags", []).append({"versionTagId": tag.versionTagId, **on})
        rows.append(row)
    return rows

"""Version tags, /v2/tags, and the published versions of workbooks."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.api import CountedPage, FullPage, Org, Paged, resource
from sandbox.models import Version, VersionTag, WorkbookTag
from sandbox.organization import Organization, StoredWorkbook, time_text
from sandbox.resources.workbooks import Opened

router = resource("workbooks")


@router.get("/v2/tags", summary="Get tags", tags=["tags"])
async def list_version_tag(
    org: Org, paging: Paged, search: str | None = None
) -> FullPage[VersionTag]:
    """List the version tags. search matches a part of the name."""
    wanted = (search or "").lower()
    return paging.cut([tag for tag in org.tags.values() if wanted in tag.name.lower()])


@router.get("/v2/workbooks/{workbookId}/tags", summary="Get tags for a workbook")
async def get_workbook_tags(paging: Paged, workbook: Opened) -> CountedPage[WorkbookTag]:
    """List the tags of a workbook."""
    return paging.cut(workbook.tags)


@router.get(
    "/v2/workbooks/{workbookId}/version-history", summary="Get version history for a workbook"
)
async def get_version_history(org: Org, paging: Paged, workbook: Opened) -> CountedPage[Version]:
    """List the published versions, the latest first."""
    return paging.cut(history(org, workbook))


def history(org: Organization, workbook: StoredWorkbook) -> list[Version]:
    """Return the published versions of a workbook, the latest first.

    In the seed, a version was published each day. The even ones are by other members.
    """
    created = datetime.fromisoformat(workbook.createdAt.replace("Z", "+00:00"))
    members = list(org.members)
    rows = []
    for number in range(workbook.latestVersion, 0, -1):
        row: dict[str, Any] = {
            "version": number,
            "publishedAt": time_text(created + timedelta(days=number - 1)),
            "publishedBy": workbook.createdBy if number % 2 else members[number % 9],
        }
        if number in workbook.versions:
            row = workbook.versions[number].model_dump(include=set(row))
        tags = [
            {
                "versionTagId": tag.versionTagId,
                "taggedAt": tag.workbookTaggedAt,
                "taggedBy": tag.taggedBy,
            }
            for tag in workbook.tags
            if tag.sourceWorkbookVersion == number
        ]
        rows.append(Version(**row | ({"tags": tags} if tags else {})))
    return rows

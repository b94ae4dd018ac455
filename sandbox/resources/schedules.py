"""Scheduled exports, and exports that are sent now.

The names in a new schedule aren't those in the lists, and what is sent now has others again.
"""

import zoneinfo
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox import api
from sandbox.api import Admin, Body, Caller, Empty, FullPage, Org, Page, Paged, resource
from sandbox.errors import Refusal
from sandbox.models import ScheduledExport
from sandbox.organization import (
    Organization,
    StoredScheduledExport,
    StoredWorkbook,
    add_scheduled_export,
    now,
    stamps,
)
from sandbox.resources.exports import FORMATS
from sandbox.resources.members import check_email
from sandbox.resources.reports import OpenedReport
from sandbox.resources.workbooks import Opened, element_of, page_of

router, members_router = resource("workbooks"), resource("members")
reports_router = resource("reports")

# The field of a recipient of a scheduled export
RECIPIENTS = (
    "email ccEmail bccEmail teamId ccTeamId bccTeamId slackConversationId googleSpreadsheetUrl"
    " googleDriveFolderUrl webhookUrl"
).split()


class FileFormat(Body):
    """The format of a file. Excel is XLSX in a schedule, and EXCEL everywhere else."""

    type: Literal["CSV", "JSON", "JSONL", "XLSX", "EXCEL", "PDF", "PNG", "NONE"]
    layout: Literal["portrait", "landscape"] | None = None


class FileSource(Body):
    """What a file shows. Schedules have elementIds and pageIds; what is sent now has the others."""

    type: Literal["all", "page", "element"]
    elementIds: list[str] = []
    pageIds: list[str] = []
    nodeIds: list[str] = []
    elementId: str | None = None
    pageId: str | None = None


class ScheduledFile(Body):
    """A file of a scheduled export."""

    formatOptions: FileFormat
    workbookExportSource: FileSource


class ConfigChange(Body):
    """The message and the files of a scheduled export. Only what is sent changes."""

    title: str | None = None
    messageBody: str | None = None
    exportAttachments: list[ScheduledFile] | None = None
    exportName: str | None = None
    includeLink: bool | None = None
    runAsRecipient: bool | None = None
    workbookVariant: dict[str, str] | None = None


class Config(ConfigChange):
    """The message and the files of a new scheduled export."""

    title: str
    messageBody: str
    exportAttachments: list[ScheduledFile]


class TimesChange(Body):
    """When a scheduled export is sent. Only what is sent changes."""

    cronSpec: str | None = None
    timezone: str | None = None


class Times(TimesChange):
    """When a new scheduled export is sent."""

    cronSpec: str
    timezone: str


class NewSchedule(Body):
    """The body of POST /v2/workbooks/{workbookId}/schedules. The description isn't kept."""

    target: Annotated[list[dict[str, str]], Field(min_length=1)]
    schedule: Times
    configV2: Config
    description: str | None = None


class ScheduleChange(Body):
    """The body of PATCH /v2/workbooks/{workbookId}/schedules/{scheduleId}."""

    target: Annotated[list[dict[str, str]] | None, Field(min_length=1)] = None
    schedule: TimesChange = TimesChange()
    configV2: ConfigChange = ConfigChange()
    description: str | None = None
    suspensionAction: Literal["pause", "resume"] | None = None


class SentMessage(Body):
    """The message of what is sent now."""

    title: str
    messageBody: str


class SentFile(Body):
    """A file of what is sent now."""

    formatOptions: FileFormat
    source: FileSource


class Sending(Body):
    """The body of POST /v2/workbooks/{workbookId}/send. Of the targets only emails are checked."""

    targets: Annotated[list[dict[str, Any]], Field(min_length=1)]
    config: SentMessage
    attachments: Annotated[list[SentFile], Field(min_length=1)]


@router.get(
    "/v2.1/workbooks/{workbookId}/schedules",
    summary="List scheduled workbook exports (Paginated)",
    response_model=FullPage[ScheduledExport],
)
@router.get("/v2/workbooks/{workbookId}/schedules", summary="List scheduled workbook exports")
async def list_workbook_schedules(
    org: Org, paging: Paged, workbook: Opened
) -> Page[ScheduledExport] | list[ScheduledExport]:
    """List the scheduled exports of a workbook, paused ones too, without their recipients."""
    return paging.cut_unless_bare(org.scheduled_exports_of(workbook.workbookId))


@reports_router.get("/v2/reports/{reportId}/schedules", summary="List scheduled report exports")
async def list_report_schedules(
    org: Org, paging: Paged, report: OpenedReport
) -> FullPage[ScheduledExport]:
    """List the scheduled exports of a report."""
    return paging.cut(org.scheduled_exports_of(report.reportId))


@members_router.get("/v2/members/{memberId}/schedules", summary="List scheduled exports for a user")
async def list_member_schedules(
    org: Org, caller: Caller, paging: Paged, memberId: str
) -> FullPage[ScheduledExport]:
    """List the scheduled exports that a member owns. Those of others are for admins."""
    if memberId != caller:
        await api.admin(org, caller)
    member_id = org.member(memberId).memberId
    return paging.cut([s for s in org.scheduled_exports.values() if s.ownerId == member_id])


@router.post("/v2/workbooks/{workbookId}/schedules", summary="Add workbook schedule")
async def post_workbook_schedule(
    org: Org, admin: Admin, workbook: Opened, body: NewSchedule
) -> ScheduledExport:
    """Schedule an export. The caller owns the schedule."""
    _check(org, body.schedule, body.target)
    echoed = {"includeLink": False, "runAsRecipient": False, "workbookVariant": {}}
    return add_scheduled_export(
        org,
        org.next_key(),
        stamps(admin, now()),
        workbookId=workbook.workbookId,
        schedule=body.schedule.model_dump(),
        configV2={**echoed, **_as_listed(workbook, body.configV2)},
        target=body.target,
    )


@router.patch(
    "/v2/workbooks/{workbookId}/schedules/{scheduleId}", summary="Update a workbook schedule"
)
async def update_workbook_schedule(
    org: Org, admin: Admin, workbook: Opened, scheduleId: str, body: ScheduleChange
) -> ScheduledExport:
    """Change, pause or resume a scheduled export. A refusal changes nothing."""
    scheduled = _found(org, workbook, scheduleId)
    _check(org, body.schedule, body.target or [])
    scheduled.configV2 |= _as_listed(workbook, body.configV2)
    scheduled.schedule |= body.schedule.model_dump(exclude_none=True)
    scheduled.target = body.target or scheduled.target
    scheduled.updatedBy, scheduled.updatedAt = admin, now()
    scheduled.lastUpdatedByUser = admin
    if body.suspensionAction is not None:
        paused = scheduled.isSuspended = body.suspensionAction == "pause"
        scheduled.disabledAt = scheduled.updatedAt if paused else None
        scheduled.disabledBy = admin if paused else None
    return scheduled


@router.delete(
    "/v2/workbooks/{workbookId}/schedules/{scheduleId}",
    summary="Delete a scheduled export for a workbook",
)
async def delete_workbook_schedule(
    org: Org, admin: Admin, workbook: Opened, scheduleId: str
) -> Empty:
    """Delete a scheduled export."""
    del org.scheduled_exports[_found(org, workbook, scheduleId).scheduledNotificationId]
    return Empty()


@router.post("/v2/workbooks/{workbookId}/send", summary="Export a workbook")
async def send_workbook(org: Org, caller: Caller, workbook: Opened, body: Sending) -> Empty:
    """Keep what Sigma would send. Nothing leaves the sandbox."""
    for n, target in enumerate(body.targets):
        if target.get("type") == "email":
            check_email(str(target.get("email")), f"targets.{n}.email")
    for file in body.attachments:
        _ids(workbook, file.formatOptions, file.source, "EXCEL")
    stamped = {"workbookId": workbook.workbookId, "sentBy": caller, "sentAt": now()}
    org.sent.append({**body.model_dump(exclude_unset=True), **stamped})
    return Empty()


def _found(org: Organization, workbook: StoredWorkbook, schedule_id: str) -> StoredScheduledExport:
    """Return a scheduled export of a workbook, or refuse with 404."""
    scheduled = org.scheduled_exports.get(schedule_id)
    if scheduled is None or scheduled.workbookId != workbook.workbookId:
        raise Refusal(404, f"Schedule {schedule_id} not found")
    return scheduled


def _check(org: Organization, times: TimesChange, target: list[dict[str, str]]) -> None:
    """Refuse wrong times and recipients."""
    cron, zone, zones = times.cronSpec, times.timezone, zoneinfo.available_timezones()
    if cron is not None and len(cron.split()) != 5:
        raise Refusal(400, f"Expecting five fields at schedule.cronSpec but instead got: {cron!r}")
    if zone is not None and zones and zone not in zones:  # Windows has none without tzdata
        raise Refusal(400, f"Expecting a time zone at schedule.timezone but instead got: {zone!r}")
    for n, recipient in enumerate(target):
        if len(recipient) != 1 or not recipient.keys() <= {*RECIPIENTS}:
            raise Refusal(400, f"target.{n}: exactly one of {', '.join(RECIPIENTS)}")
        ((kind, value),) = recipient.items()
        if kind.lower().endswith("email"):
            check_email(value, f"target.{n}.{kind}")
        elif kind.lower().endswith("teamid"):
            org.team(value)


def _as_listed(workbook: StoredWorkbook, config: ConfigChange) -> dict[str, Any]:
    """Return a message and its files with the names that lists have."""
    listed = config.model_dump(exclude_none=True, exclude={"exportName", "exportAttachments"})
    if config.exportName is not None:
        listed["notificationName"] = config.exportName
    if config.exportAttachments is not None:
        listed["notificationAttachments"] = files = []
        for file in config.exportAttachments:
            source: dict[str, Any] = {"type": file.workbookExportSource.type}
            ids = _ids(workbook, file.formatOptions, file.workbookExportSource, "XLSX")
            form = file.formatOptions.model_dump(exclude_none=True)
            form["type"] = form["type"].replace("XLSX", "EXCEL")
            source |= {"nodeIds": ids} if ids else {}
            files.append({"formatOptions": form, "workbookExportSource": source})
    return listed


def _ids(workbook: StoredWorkbook, form: FileFormat, source: FileSource, excel: str) -> list[str]:
    """Return the IDs of what a file shows. Refuses unknown ones, and formats that don't fit.

    excel is the name of Excel's format in this request.
    """
    scope = "workbook" if source.type == "all" else source.type
    allowed = [excel if name == "xlsx" else name.upper() for name in FORMATS[scope]]
    if form.type not in (*allowed, "NONE"):
        raise Refusal(400, f"formatOptions.type: of the {scope} only {', '.join(allowed)} or NONE")
    if scope == "workbook":
        return []
    find = page_of if scope == "page" else element_of
    ids = source.elementIds or source.pageIds or source.nodeIds
    ids = ids or [source.elementId or source.pageId or ""]
    for one in ids:
        find(workbook, one)
    return ids

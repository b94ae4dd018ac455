"""Scheduled exports, and exports that are sent now.

The names in a new schedule aren't those in the lists, and what is sent now has others again.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox import api
from sandbox.api import Admin, Body, Caller, Empty, FullPage, Org, Page, Paged, resource
from sandbox.errors import Refusal
from sandbox.models import ScheduledExport
from sandbox.organization import add_scheduled_export, now, stamps
from sandbox.resources.documents import OpenedReport
from sandbox.resources.members import check_email
from sandbox.resources.workbooks import Opened

router, members_router = resource("workbooks"), resource("members")
reports_router = resource("reports")


class Message(Body):
    """The message of what is sent."""

    title: str
    messageBody: str


class Config(Message):
    """The message and the files of a new schedule."""

    exportAttachments: list[dict[str, Any]]
    exportName: str | None = None
    includeLink: bool = False
    runAsRecipient: bool = False
    workbookVariant: dict[str, str] = {}


class Times(Body):
    """When an export is sent."""

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

    suspensionAction: Literal["pause", "resume"] | None = None


class Sending(Body):
    """The body of POST /v2/workbooks/{workbookId}/send. Of the targets only emails are checked."""

    targets: Annotated[list[dict[str, Any]], Field(min_length=1)]
    config: Message
    attachments: Annotated[list[dict[str, Any]], Field(min_length=1)]


def check_files(files: list[dict[str, Any]], place: str, excel: str) -> None:
    """Refuse unknown formats. excel is the name of Excel's. What a file shows isn't checked."""
    for n, file in enumerate(files):
        options = file.get("formatOptions")
        kind = options.get("type") if isinstance(options, dict) else None
        if kind not in ("CSV", "JSON", "JSONL", excel, "PDF", "PNG", "NONE"):
            where = f"{place}.{n}.formatOptions.type"
            raise Refusal(400, f"Expecting CSV, {excel}, PDF and so on at {where}, not {kind!r}")


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
    """Schedule an export. The caller owns the schedule. Of the target only emails are checked."""
    cron = body.schedule.cronSpec
    if len(cron.split()) != 5:
        raise Refusal(400, f"Expecting five fields at schedule.cronSpec but instead got: {cron!r}")
    for n, recipient in enumerate(body.target):
        if "email" in recipient:
            check_email(recipient["email"], f"target.{n}.email")
    config = body.configV2.model_dump(exclude_none=True)
    files = config.pop("exportAttachments")
    check_files(files, "configV2.exportAttachments", "XLSX")
    for file in files:
        form, source = file["formatOptions"], file.get("workbookExportSource", {})
        form["type"] = form["type"].replace("XLSX", "EXCEL")  # as lists have it
        for name in {"elementIds", "pageIds"} & source.keys():
            source["nodeIds"] = source.pop(name)
    name = config.pop("exportName", config["title"])
    return add_scheduled_export(
        org,
        org.next_key(),
        stamps(admin, now()),
        workbookId=workbook.workbookId,
        schedule=body.schedule.model_dump(),
        configV2={**config, "notificationName": name, "notificationAttachments": files},
        target=body.target,
    )


@router.patch(
    "/v2/workbooks/{workbookId}/schedules/{scheduleId}", summary="Update a workbook schedule"
)
async def update_workbook_schedule(
    org: Org, admin: Admin, workbook: Opened, scheduleId: str, body: ScheduleChange
) -> ScheduledExport:
    """Pause or resume a scheduled export. Other changes have no effect."""
    for scheduled in org.scheduled_exports_of(workbook.workbookId):
        if scheduled.scheduledNotificationId == scheduleId:
            paused = body.suspensionAction == "pause"
            scheduled.updatedBy, scheduled.updatedAt = admin, now()
            scheduled.isSuspended = paused
            scheduled.disabledAt = scheduled.updatedAt if paused else None
            scheduled.disabledBy = admin if paused else None
            return scheduled
    raise Refusal(404, f"Schedule {scheduleId} not found")


@router.post("/v2/workbooks/{workbookId}/send", summary="Export a workbook")
async def send_workbook(org: Org, caller: Caller, workbook: Opened, body: Sending) -> Empty:
    """Keep what Sigma would send. Nothing leaves the sandbox."""
    check_files(body.attachments, "attachments", "EXCEL")
    for n, target in enumerate(body.targets):
        if target.get("type") == "email":
            check_email(str(target.get("email")), f"targets.{n}.email")
    stamped = {"workbookId": workbook.workbookId, "sentBy": caller, "sentAt": now()}
    org.sent.append({**body.model_dump(exclude_unset=True), **stamped})
    return Empty()

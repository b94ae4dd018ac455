"""Scheduled exports: what is sent of a workbook, when, and whose schedule it is."""

from sandbox import api
from sandbox.api import Caller, FullPage, Org, Page, Paged, resource
from sandbox.models import ScheduledExport
from sandbox.resources.reports import OpenedReport
from sandbox.resources.workbooks import Opened

router, members_router = resource("workbooks"), resource("members")
reports_router = resource("reports")


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

"""/v2/reports: the reports."""

from typing import Annotated

from fastapi import Depends

from sandbox.api import Caller, FullPage, Org, Paged, check_access, openable, resource
from sandbox.models import Report
from sandbox.organization import Source, StoredReport

router = resource("reports")


async def opened(org: Org, caller: Caller, reportId: str) -> StoredReport:
    """Return the report in the path. Refuses with 404, or with 403 if the caller lacks access."""
    report = org.report(reportId)
    check_access(org, caller, report)
    return report


OpenedReport = Annotated[StoredReport, Depends(opened)]


@router.get("/v2/reports", summary="List reports")
async def list_reports(
    org: Org,
    caller: Caller,
    paging: Paged,
    excludeTags: bool = False,
    skipPermissionCheck: bool = False,
    isArchived: bool = False,
) -> FullPage[Report]:
    """List what the owner of the credentials can open; skipPermissionCheck is for admins."""
    reports = [report for report in org.reports.values() if report.isArchived == isArchived]
    return paging.cut(await openable(org, caller, reports, skipPermissionCheck))


@router.get("/v2/reports/{reportId}/sources", summary="List report sources")
async def list_report_sources(org: Org, report: OpenedReport) -> list[Source]:
    """List what a report reads. This list has no pages."""
    return org.sources[report.reportId]


@router.get("/v2/reports/{reportId}", summary="Get a report")
async def get_report(report: OpenedReport) -> Report:
    """Return a report by its long or short ID."""
    return report

"""/v2/workbooks/{workbookId}/materializations: jobs that write an element's data to the warehouse.

A job advances by one step each time it is polled: pending, building, ready.
"""

from fastapi import Request

from sandbox.api import Admin, Body, FullPage, Org, Page, Paged, resource
from sandbox.errors import Refusal
from sandbox.models import Materialization, MaterializationSchedule
from sandbox.organization import StoredMaterialization, make_uuid, now
from sandbox.resources.workbooks import Opened

router = resource("workbooks")


class NewMaterialization(Body):
    """The body of POST /v2/workbooks/{workbookId}/materializations."""

    sheetId: str


@router.get(
    "/v2.1/workbooks/{workbookId}/materialization-schedules",
    summary="List materialization schedules for a workbook (Paginated)",
    response_model=FullPage[MaterializationSchedule],
)
@router.get(
    "/v2/workbooks/{workbookId}/materialization-schedules",
    summary="List materialization schedules for a workbook",
)
async def list_materialization_schedules(
    org: Org, paging: Paged, workbook: Opened
) -> Page[MaterializationSchedule] | dict[str, list[MaterializationSchedule]]:
    """List the elements that are materialized, and when. The older form has no nextPage."""
    schedules = org.schedules.get(workbook.workbookId, [])
    return {"entries": [*schedules]} if paging.bare_lists else paging.cut(schedules)


@router.post(
    "/v2/workbooks/{workbookId}/materializations",
    summary="Run a scheduled materialization for a workbook element",
)
async def materialize_workbook_element(
    request: Request, org: Org, admin: Admin, workbook: Opened, body: NewMaterialization
) -> dict[str, str]:
    """Start the job of a schedule, paused or not. The fault failed-job makes the job fail."""
    schedules = org.schedules.get(workbook.workbookId, [])
    if body.sheetId not in [schedule.sheetId for schedule in schedules]:
        raise Refusal(404, f"Sheet {body.sheetId} not found")
    earlier = [j for j in org.materializations.values() if j.workbookId == workbook.workbookId]
    job = StoredMaterialization(
        materializationId=make_uuid("materialization", (workbook.workbookId, len(earlier))),
        status="pending",
        workbookId=workbook.workbookId,
        sheetId=body.sheetId,
        fails=request.scope["logged"].fault == "failed-job",
    )
    org.materializations[job.materializationId] = job
    return {"materializationId": job.materializationId}


@router.get(
    "/v2/workbooks/{workbookId}/materializations/{materializationId}",
    summary="Get a materialization job",
)
async def get_workbook_materialization(
    org: Org, workbook: Opened, materializationId: str
) -> Materialization:
    """Return the state of a job, and advance the job."""
    job = org.materializations.get(materializationId)
    if job is None or job.workbookId != workbook.workbookId:
        raise Refusal(404, f"Materialization {materializationId} not found")
    polls = org.options.polls
    if job.status == "pending" and job.asked >= polls // 2:
        job.status, job.startedAt = "building", now()
    if job.status == "building" and job.asked >= polls:
        if job.fails:
            job.status, job.error = "failed", "The warehouse refused to write the table"
        else:
            job.status, job.readyAt = "ready", now()
    job.asked += 1
    return job

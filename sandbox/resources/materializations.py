"""Materializations: jobs that write an element's data to the warehouse.

Workbooks and data models have them. A job advances by one step each time it is polled: pending,
building, ready.
"""

from typing import Literal

from fastapi import Request

from sandbox.api import Admin, Body, FullPage, Org, Page, Paged, TokenPage, TokenPaged, resource
from sandbox.errors import Refusal
from sandbox.models import Materialization, MaterializationSchedule
from sandbox.organization import Organization, make_uuid, now
from sandbox.resources.documents import OpenedModel
from sandbox.resources.workbooks import Opened

router, models_router = resource("workbooks"), resource("dataModels")

# The faults that decide how a job ends
ENDS: dict[str, Literal["failed", "skipped"]] = {"failed-job": "failed", "skipped-job": "skipped"}


class NewMaterialization(Body):
    """The body of the requests that start a job."""

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


@models_router.get(
    "/v2/dataModels/{dataModelId}/materializationSchedules",
    summary="List materialization schedules for a data model",
)
async def list_data_model_materialization_schedules(
    org: Org, paging: TokenPaged, model: OpenedModel
) -> TokenPage[MaterializationSchedule]:
    """List the elements of a data model that are materialized, and when."""
    return paging.cut(org.schedules.get(model.id, []))


@router.post(
    "/v2/workbooks/{workbookId}/materializations",
    summary="Run a scheduled materialization for a workbook element",
)
async def materialize_workbook_element(
    request: Request, org: Org, admin: Admin, workbook: Opened, body: NewMaterialization
) -> dict[str, str]:
    """Start the job of a schedule, paused or not."""
    return _start(request, org, workbook.id, body.sheetId)


@models_router.post(
    "/v2/dataModels/{dataModelId}:materialize",
    summary="Run materialization for a data model element",
)
async def materialize_data_model_element(
    request: Request, org: Org, admin: Admin, model: OpenedModel, body: NewMaterialization
) -> dict[str, str]:
    """Start the job of a schedule, paused or not."""
    return _start(request, org, model.id, body.sheetId)


def _start(request: Request, org: Organization, document_id: str, sheet_id: str) -> dict[str, str]:
    """Start a job, or refuse with 404 if there is no such schedule."""
    if sheet_id not in [schedule.sheetId for schedule in org.schedules.get(document_id, [])]:
        raise Refusal(404, f"Sheet {sheet_id} not found")
    earlier = [job for job in org.materializations.values() if job.documentId == document_id]
    job = Materialization(
        materializationId=make_uuid("materialization", (document_id, len(earlier))),
        status="pending",
        documentId=document_id,
        sheetId=sheet_id,
        ends=ENDS.get(request.scope["logged"].fault, "ready"),
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
    return _polled(org, workbook.id, materializationId)


@models_router.get(
    "/v2/dataModels/{dataModelId}/materializations/{materializationId}",
    summary="Get a materialization job",
)
async def get_data_model_materialization(
    org: Org, model: OpenedModel, materializationId: str
) -> Materialization:
    """Return the state of a job, and advance the job."""
    return _polled(org, model.id, materializationId)


def _polled(org: Organization, document_id: str, job_id: str) -> Materialization:
    """Return a job of a document after one more step."""
    job = org.materializations.get(job_id)
    if job is None or job.documentId != document_id:
        raise Refusal(404, f"Materialization {job_id} not found")
    polls = org.options.polls
    if job.status == "pending" and job.asked >= polls // 2:
        job.status, job.startedAt = "building", now()
    if job.status == "building" and job.asked >= polls:
        job.status = job.ends
        if job.ends == "failed":
            job.error = "The warehouse refused to write the table"
        elif job.ends == "ready":
            job.readyAt = now()
    job.asked += 1
    return job

"""/v2/dataModels and the datasets before them, /v2/reports, and templates: there are none."""

from typing import Annotated, Any, Literal

from fastapi import Depends

from sandbox.api import (
    Caller,
    FullPage,
    Org,
    Paged,
    TokenPage,
    TokenPaged,
    check_access,
    openable,
    resource,
)
from sandbox.models import DataModel, Report, Source

models_router, reports_router = resource("dataModels"), resource("reports")


async def opened_model(org: Org, caller: Caller, dataModelId: str) -> DataModel:
    """Return the data model in the path. Refuses with 404, or with 403 without access."""
    return check_access(org, caller, org.data_model(dataModelId))


async def opened_report(org: Org, caller: Caller, reportId: str) -> Report:
    """Return the report in the path. Refuses with 404, or with 403 without access."""
    return check_access(org, caller, org.report(reportId))


OpenedModel = Annotated[DataModel, Depends(opened_model)]
OpenedReport = Annotated[Report, Depends(opened_report)]


@models_router.get("/v2/dataModels", summary="List data models")
async def list_data_models(
    org: Org,
    caller: Caller,
    paging: Paged,
    excludeTags: bool = False,
    skipPermissionCheck: bool = False,
) -> FullPage[DataModel]:
    """List what the owner of the credentials can open; skipPermissionCheck is for admins."""
    models = [model for model in org.data_models.values() if not model.isArchived]
    return paging.cut(await openable(org, caller, models, skipPermissionCheck))


@models_router.get("/v2/dataModels/{dataModelId}", summary="Get a data model")
async def get_data_model(model: OpenedModel, excludeTags: bool = False) -> DataModel:
    """Return a data model by its long or short ID."""
    return model


@models_router.get("/v2/dataModels/{dataModelId}/sources", summary="List data model sources")
async def list_data_model_sources(
    org: Org, paging: TokenPaged, model: OpenedModel
) -> TokenPage[Source]:
    """List what a data model reads. Tables and datasets have tableId and datasetId."""
    return paging.cut(
        [
            {f"{s['type']}Id" if name == "inodeId" else name: value for name, value in s.items()}
            for s in org.sources[model.id]
        ]
    )


@models_router.get("/v2/datasets", summary="List datasets (Deprecated)", tags=["Datasets"])
async def list_datasets(paging: Paged, skipPermissionCheck: bool = False) -> FullPage[Any]:
    """Return an empty list."""
    return paging.cut([])


@models_router.get("/v2/templates", summary="List templates", tags=["Templates"])
async def list_templates(
    paging: Paged,
    source: Literal["internal", "external"] | None = None,
    search: str | None = None,
) -> FullPage[Any]:
    """Return an empty list."""
    return paging.cut([])


@reports_router.get("/v2/reports", summary="List reports")
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


@reports_router.get("/v2/reports/{reportId}/sources", summary="List report sources")
async def list_report_sources(org: Org, report: OpenedReport) -> list[Source]:
    """List what a report reads. This list has no pages."""
    return org.sources[report.reportId]


@reports_router.get("/v2/reports/{reportId}", summary="Get a report")
async def get_report(report: OpenedReport) -> Report:
    """Return a report by its long or short ID."""
    return report

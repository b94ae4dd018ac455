"""/v2/dataModels, and what they replaced: datasets. Also templates, of which there are none."""

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
from sandbox.models import DataModel
from sandbox.organization import Source, StoredDataModel

router = resource("dataModels")


async def opened(org: Org, caller: Caller, dataModelId: str) -> StoredDataModel:
    """Return the data model in the path. Refuses with 404, or with 403 without access."""
    model = org.data_model(dataModelId)
    check_access(org, caller, model)
    return model


OpenedModel = Annotated[StoredDataModel, Depends(opened)]


@router.get("/v2/dataModels", summary="List data models")
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


@router.get("/v2/dataModels/{dataModelId}", summary="Get a data model")
async def get_data_model(model: OpenedModel, excludeTags: bool = False) -> DataModel:
    """Return a data model by its long or short ID."""
    return model


@router.get("/v2/dataModels/{dataModelId}/sources", summary="List data model sources")
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


@router.get("/v2/datasets", summary="List datasets (Deprecated)", tags=["Datasets"])
async def list_datasets(paging: Paged, skipPermissionCheck: bool = False) -> FullPage[Any]:
    """Return an empty list."""
    return paging.cut([])


@router.get("/v2/templates", summary="List templates", tags=["Templates"])
async def list_templates(
    paging: Paged,
    source: Literal["internal", "external"] | None = None,
    search: str | None = None,
) -> FullPage[Any]:
    """Return an empty list."""
    return paging.cut([])

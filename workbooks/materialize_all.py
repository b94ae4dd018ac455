"""Run all materialization schedules of several workbooks and data models, and wait for the results.

A materialization writes the data of an element to your warehouse. Run this after new data has been
loaded, as the last step of an Airflow or dbt job. It ends with exit code 1 if a job fails or isn't
ready in time, or if a document has no schedule. Paused schedules aren't started. Sigma skips a job
if the data hasn't changed, or if the same job is already running. Neither is a failure.

Endpoint:  POST /v2/workbooks/{workbookId}/materializations
           POST /v2/dataModels/{dataModelId}:materialize
           GET /v2/workbooks/{workbookId} and GET /v2/dataModels/{dataModelId} for the names
           GET /v2/workbooks/{workbookId}/materialization-schedules
           GET /v2/dataModels/{dataModelId}/materializationSchedules
           GET /v2/workbooks/{workbookId}/materializations/{materializationId} for the status
           GET /v2/dataModels/{dataModelId}/materializations/{materializationId}
Docs:      https://help.sigmacomputing.com/reference/materializeworkbookelement
.env:      MATERIALIZE, the IDs or URLs of workbooks and data models, separated by commas
           MATERIALIZE_MAX_WAIT=3600 (how many seconds to wait for all jobs)
           OUTPUT_FORMAT=table (json: for another program; csv: for a spreadsheet)
Run:       python workbooks/materialize_all.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    ...
    Document                 Kind       Element           Result
    -----------------------  ---------  ----------------  --------
    Plugs Sales Performance  workbook   Orders            ready
    ...
    Customers                dataModel  Customers         paused
    Store Performance        dataModel  Stores            ready
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import re
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import (
    LONG_ID,
    SigmaClient,
    SigmaError,
    in_parallel,
    print_rows,
    printable,
    read_number,
    require_env,
    run,
    say,
)

DOCUMENT = rf"(?:.+/(?:workbook|data-model)/(?:[^/?#]*?-)??)?({LONG_ID}|[0-9A-Za-z]+)(?:[/?#].*)?"
UNFINISHED = ("pending", "building", "queued", "created", "started", "running", "processing")
RESULTS = {"ready": "ready", "completed": "ready", "succeeded": "ready", "skipped": "skipped"}


# 2: Read which documents to materialize. In a URL, the ID may follow a name: /workbook/Sales-7sYWo
def read_documents() -> list[str]:
    """Return the IDs of the workbooks and data models in MATERIALIZE."""
    ids = []
    for text in re.split(r"[\s,]+", require_env("MATERIALIZE").strip(", ")):
        if not (found := re.fullmatch(DOCUMENT, text)):
            raise SigmaError(f"MATERIALIZE: {text!r:.200} isn't the ID or URL of a document")
        ids.append(found[1])
    return ids


# 3: Find a document. An ID doesn't show if it's of a workbook or a data model, so try both
def find_document(client: SigmaClient, document_id: str) -> dict[str, Any]:
    """Return the kind of a document (workbook or dataModel), its long ID and its name."""
    problems = []
    for kind in ("workbook", "dataModel"):
        try:
            found = client.get(f"/{kind}s/{document_id}")
            long_id = found[f"{kind}Id"]
            return {"name": found.get("name") or long_id, "kind": kind, "documentId": long_id}
        except SigmaError as error:
            if error.status not in (400, 404):
                raise
            problems.append(str(error))
    raise SigmaError(f"{'. '.join(problems)}. Check MATERIALIZE", 404)


# 4: List the schedules of a document. The API can only run materializations that have one
def list_schedules(client: SigmaClient, document_id: str) -> list[dict[str, Any]]:
    """Return a row for each schedule of a document, or a single row if it has none."""
    document = find_document(client, document_id)
    path = f"/{document['kind']}s/{document['documentId']}"
    if document["kind"] == "workbook":
        schedules = client.get_all(f"{path}/materialization-schedules")
    else:  # here, the parameters for the pages have other names
        schedules = client.get_all(f"{path}/materializationSchedules", pageSize=1000)
    rows = []
    for schedule in schedules:
        row = {**document, "sheetId": schedule["sheetId"]}
        row["elementName"] = schedule.get("elementName") or row["sheetId"]
        row["result"] = "paused" if schedule["paused"] else "not started"
        rows.append(row)
    return rows or [{**document, "sheetId": None, "elementName": None, "result": "no schedule"}]


# 5: Start a job. Each request starts a new one, so send it only once
def start_job(client: SigmaClient, row: dict[str, Any]) -> None:
    """Start the job of a schedule, and keep its ID."""
    path = f"/{row['kind']}s/{row['documentId']}"
    path += "/materializations" if row["kind"] == "workbook" else ":materialize"
    row["result"] = "starting"
    row["jobId"] = client.post(path, json={"sheetId": row["sheetId"]})["materializationId"]
    row["result"] = "running"


# 6: Get the status of a job. Any status that isn't known here is a failure
def check_job(client: SigmaClient, row: dict[str, Any], is_new: bool) -> None:
    """Set the result of a job if it has ended. Raise SigmaError if it failed."""
    try:
        job = client.get(f"/{row['kind']}s/{row['documentId']}/materializations/{row['jobId']}")
    except SigmaError as error:
        if error.status == 404 and is_new:  # Sigma may not know the job yet
            return
        raise
    status = str(job["status"]).lower()
    if status not in UNFINISHED and "progress" not in status:
        row["result"] = RESULTS.get(status, "failed")
        if row["result"] == "failed":
            raise SigmaError(f"the job ended as {status}: {job.get('error') or 'no explanation'}")


# 7: Run all jobs. The first round starts them, the others get their status. The pauses grow
def materialize_all(client: SigmaClient, rows: list[dict[str, Any]], max_wait: int) -> None:
    """Run the jobs of all rows that aren't started, and set their results."""
    begin, pause, work = time.monotonic(), 1.0, partial(start_job, client)
    jobs = [row for row in rows if row["result"] == "not started"]
    while jobs:
        for row, problem in in_parallel(jobs, work):
            if problem:
                row["error"] = str(problem)
                row["result"] = "failed" if row["result"] == "starting" else row["result"]
                say(printable(f"Failed: {row['name']}: {row['elementName']}: {problem}"))
        jobs = [row for row in rows if row["result"] == "running" and "error" not in row]
        if not jobs or time.monotonic() - begin > max_wait:
            return
        time.sleep(pause)
        work = partial(check_job, client, is_new=pause < 10)
        pause = min(pause * 1.5, 30)


def main() -> None:
    # 8: Read all settings before anything is sent
    ids = read_documents()
    max_wait = read_number("MATERIALIZE_MAX_WAIT", 3600, 1, 86_400)

    with SigmaClient(get_bearer_token) as client:
        # 9: Find the schedules, each once: two IDs or URLs can be of the same document
        found = client.read_each(ids, partial(list_schedules, client), str, "documents")
        rows = [*{(r["documentId"], r["sheetId"]): r for _, new in found for r in new}.values()]

        # 10: Run them. However this ends, name the jobs that it leaves
        try:
            materialize_all(client, rows, max_wait)
        finally:
            for row in rows:
                if row["result"] in ("running", "starting"):
                    job = f"{row['name']}: {row['elementName']}"
                    say(printable(f"Still {row['result']} in Sigma: {job}"))

        # 11: Print the results
        columns = {"Document": "name", "Kind": "kind", "Element": "elementName", "Result": "result"}
        print_rows(rows, columns, empty="Nothing was materialized.")
        bad = [row for row in rows if row["result"] not in (*RESULTS.values(), "paused")]
        if bad:
            raise SigmaError(f"Not ready: {len(bad)}. MATERIALIZE_MAX_WAIT={max_wait}")


if __name__ == "__main__":
    run(main)

"""Run a materialization of a workbook now, and wait until it's ready.

A materialization writes the data of an element to your warehouse, where Sigma can read it faster.
The API can only run materializations that have a schedule. To create one, open the workbook in
Sigma, and choose Schedule materialization in the menu of the element.

Endpoint:  POST /v2/workbooks/{workbookId}/materializations
           GET /v2/workbooks/{workbookId} for the name, and the long ID if WORKBOOK_ID is a URL
           GET /v2/workbooks/{workbookId}/materialization-schedules
           GET /v2/workbooks/{workbookId}/materializations/{materializationId} for the status
Docs:      https://help.sigmacomputing.com/reference/materializeworkbookelement
.env:      WORKBOOK_ID, the workbook: its ID or URL (workbooks/list_all.py prints the URLs)
           SHEET_ID, the schedule to run (default: the only one that isn't paused)
Run:       python workbooks/initiate_materialization.py

Sample output:

    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/auth/token
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1
    Workbook: Plugs Sales Performance
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/materialization-schedules?limit=1000
    Schedule: eASiSIZaHG (Orders)
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/materializations
    Materialization started: e33f6b07-fe6b-5496-8121-626b7ed54336
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/materializations/e33f6b07-fe6b-5496-8121-626b7ed54336
    Status: pending
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/materializations/e33f6b07-fe6b-5496-8121-626b7ed54336
    Status: building
    URL sent to Sigma: https://aws-api.sigmacomputing.com/v2/workbooks/7a4a5b2d-6e01-54d6-85ee-e397762e1cf1/materializations/e33f6b07-fe6b-5496-8121-626b7ed54336
    Status: ready
    Materialization completed successfully.
"""

# 1: Import the two shared files. They are one folder up, and the sys.path line lets Python find
#    them there. To use this recipe elsewhere, put all three files into one folder.
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_client import SigmaClient, SigmaError, printable, read_env, require_id, run, say

MAX_WAIT = 1800.0  # seconds. Most materializations take one to three minutes
UNFINISHED = ("pending", "building", "queued", "created", "started", "running", "processing")
READY = ("ready", "completed", "succeeded")


# 2: Choose the schedule
def choose_schedule(schedules: list[dict[str, Any]], sheet_id: str) -> dict[str, Any]:
    """Return the schedule with this sheet ID. If it's empty, the only one that isn't paused."""
    if not schedules:
        how = "In Sigma, choose Schedule materialization in the menu of an element"
        raise SigmaError(f"This workbook has no materialization schedule. {how}")
    known = ", ".join(describe_schedule(schedule) for schedule in schedules)
    if sheet_id:
        chosen = [schedule for schedule in schedules if schedule["sheetId"] == sheet_id]
        problem = f"SHEET_ID is {sheet_id!r}, which isn't in this workbook. It can be: {known}"
    else:
        chosen = [schedule for schedule in schedules if not schedule.get("paused")]
        problem = f"This workbook has several schedules. Set SHEET_ID to one of: {known}"
        if not chosen:
            problem = f"All schedules are paused: {known}. Set SHEET_ID to run one anyway"
    if len(chosen) != 1:
        raise SigmaError(problem)
    return chosen[0]


def describe_schedule(schedule: dict[str, Any]) -> str:
    """Return the sheet ID of a schedule, the name of its element, and whether it's paused."""
    paused = ", paused" if schedule.get("paused") else ""
    return printable(f"{schedule['sheetId']} ({schedule.get('elementName') or 'no name'}{paused})")


# 3: Start the job. Each request starts a new one, so send it only once
def start_materialization(client: SigmaClient, workbook_id: str, sheet_id: str) -> str:
    """Start a materialization, and return its ID."""
    path = f"/workbooks/{workbook_id}/materializations"
    return str(client.post(path, json={"sheetId": sheet_id})["materializationId"])


# 4: Get the status until the job ends, with pauses that grow to 10 seconds
def wait_for_materialization(client: SigmaClient, workbook_id: str, job_id: str) -> dict[str, Any]:
    """Print each new status of a job, and return the job when it ends."""
    begin, pause, last = time.monotonic(), 1.0, ""
    while True:
        waited = time.monotonic() - begin
        try:
            job: dict[str, Any] = client.get(f"/workbooks/{workbook_id}/materializations/{job_id}")
            status = str(job["status"])
            if status != last:
                print(f"Status: {printable(status)}")
                last = status
            if status.lower() not in UNFINISHED and "progress" not in status.lower():
                return job
        except SigmaError as error:  # 404: Sigma may not know a new job yet
            if error.status != 404 or waited > 30:
                raise
        if waited > MAX_WAIT:
            raise SigmaError(f"The materialization wasn't ready after {MAX_WAIT:.0f} seconds")
        time.sleep(pause)
        pause = min(pause * 1.5, 10)


def main() -> None:
    # 5: Read all settings before anything is sent
    workbook_id = require_id("WORKBOOK_ID")
    sheet_id = read_env("SHEET_ID")

    with SigmaClient(get_bearer_token) as client:
        # 6: Find the workbook and its schedule
        workbook = client.get(f"/workbooks/{workbook_id}")
        workbook_id = workbook["workbookId"]  # the long ID, if you pasted a URL
        print(f"Workbook: {printable(workbook.get('name') or '')}")
        schedules = client.get_all(f"/workbooks/{workbook_id}/materialization-schedules")
        schedule = choose_schedule(schedules, sheet_id)
        print(f"Schedule: {describe_schedule(schedule)}")

        # 7: Start the job, and wait. If the recipe stops, the job keeps running in Sigma
        job_id = start_materialization(client, workbook_id, schedule["sheetId"])
        print(f"Materialization started: {job_id}")
        try:
            job = wait_for_materialization(client, workbook_id, job_id)
        except (SigmaError, KeyboardInterrupt):
            where = "Check Administration > Materializations before you start another one"
            say(f"Job {job_id} is still running in Sigma. {where}")
            raise

    # 8: Print the result. Sigma skips a job if there's nothing to do. Any other status is a failure
    status = job["status"].lower()
    if status == "skipped":
        print("Sigma skipped the job: the data hasn't changed, or another job is already running.")
    elif status not in READY:
        why = job.get("error") or "no explanation"
        raise SigmaError(f"The materialization ended as {job['status']}: {why}")
    else:
        print("Materialization completed successfully.")


if __name__ == "__main__":
    run(main)

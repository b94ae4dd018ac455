"""Start a materialization of a workbook now, and wait until its result is ready.

A materialization writes the result of an element into the warehouse, where it is read faster. The
API starts one that has a schedule in Sigma: open the workbook, choose the menu of the element, and
then Schedule materialization.

The status is pending (queued), then building (running), then ready. Any other is a failure.

Endpoint:  POST /v2/workbooks/{workbookId}/materializations
           GET /v2/workbooks/{workbookId} and
           GET /v2/workbooks/{workbookId}/materialization-schedules before it
           GET /v2/workbooks/{workbookId}/materializations/{materializationId} for the status
Docs:      https://help.sigmacomputing.com/reference/materializeworkbookelement
.env:      WORKBOOK_ID, the workbook (or its URL, copied from the browser)
           SHEET_ID, the schedule, where the workbook has several (default: the only one)
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

# 1: Import what the recipe needs. The two shared files stand one folder up, and the sys.path line
#    lets Python find them there. To use the recipe elsewhere, put all three into one folder.
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))
from get_access_token import get_bearer_token
from sigma_session import SigmaError, SigmaSession, checked_id, read_env, require_id, run

# 2: How patiently to wait for the job, in seconds. Most take one to three minutes, some far longer
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0
DEADLINE = 1800.0


# 3: Choose the schedule, before anything is started
def choose_schedule(schedules: list[dict[str, Any]], sheet_id: str) -> dict[str, Any]:
    """Return the schedule with a sheet ID, or the only one that runs when no ID is given."""
    if not schedules:
        raise SigmaError(
            "This workbook has no materialization schedule. Create one in Sigma: menu of an"
            " element, then Schedule materialization"
        )
    known = ", ".join(describe_schedule(schedule) for schedule in schedules)
    if sheet_id:  # Sigma decides what becomes of a paused one that is asked for by its ID
        chosen = [schedule for schedule in schedules if schedule["sheetId"] == sheet_id]
        problem = f"SHEET_ID is {sheet_id!r}, which is not of this workbook. It can be {known}"
    else:
        chosen = [schedule for schedule in schedules if not schedule.get("paused")]
        problem = f"This workbook has several schedules. Set SHEET_ID to one of {known}"
        if not chosen:
            problem = f"Paused: {known}. Resume it in Sigma, or set SHEET_ID to run it all the same"
    if len(chosen) != 1:
        raise SigmaError(problem)
    return chosen[0]


def describe_schedule(schedule: dict[str, Any]) -> str:
    """Return the sheet ID of a schedule, the name of its element, and whether it is paused."""
    paused = ", paused" if schedule.get("paused") else ""
    return f"{schedule['sheetId']} ({schedule.get('elementName') or 'no name'}{paused})"


# 4: Start the job. This is no "start or find": each call starts another one
def start_materialization(session: SigmaSession, workbook_id: str, sheet_id: str) -> str:
    """Start a materialization, and return its ID."""
    path = f"/workbooks/{workbook_id}/materializations"
    job = session.post(path, json={"sheetId": sheet_id}).json()
    return checked_id(job["materializationId"], "materializationId in Sigma's answer")


# 5: Ask for the status again and again, with pauses that grow, until the job ends one way or the
#    other, or the deadline has passed
def wait_for_materialization(session: SigmaSession, workbook_id: str, job_id: str) -> Iterator[str]:
    """Yield each new status of a job up to ready; raise SigmaError when it fails."""
    give_up = time.monotonic() + DEADLINE
    pause = FIRST_PAUSE
    last = ""
    while True:
        job = session.get(f"/workbooks/{workbook_id}/materializations/{job_id}").json()
        status = job["status"]
        if status != last:
            yield status
            last = status
        if status == "ready":
            return
        if status not in ("pending", "building"):
            why = job.get("error") or "Sigma gives no reason"
            raise SigmaError(f"The materialization ended as {status}: {why}")
        if time.monotonic() + pause > give_up:
            raise SigmaError(
                f"The materialization is still {status} after {DEADLINE:.0f} seconds. It goes on"
                " in Sigma: see Administration > Materializations"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def main() -> None:
    # 6: Read the workbook and the schedule from .env
    workbook_id = require_id("WORKBOOK_ID")
    sheet_id = read_env("SHEET_ID")

    # 7: Open a session. It asks get_bearer_token for a token and sends it with every request
    session = SigmaSession(get_bearer_token)

    # 8: Find the workbook. Its address in the browser holds a short ID, which this request knows,
    #    too; the answer has the long one
    workbook = session.get(f"/workbooks/{workbook_id}").json()
    workbook_id = checked_id(workbook["workbookId"], "workbookId in Sigma's answer")
    print(f"Workbook: {workbook['name']}")

    # 9: Choose the schedule. Its sheetId stands for the element and is what the job is started by
    path = f"/workbooks/{workbook_id}/materialization-schedules"
    entries = session.get_entries(path)
    schedules = {entry["sheetId"]: entry for entry in entries}  # one may come on two pages
    schedule = choose_schedule(list(schedules.values()), sheet_id)
    print(f"Schedule: {describe_schedule(schedule)}")

    # 10: Start the job, and print its status each time that it changes
    sheet_id = checked_id(schedule["sheetId"], "sheetId in Sigma's answer")
    job_id = start_materialization(session, workbook_id, sheet_id)
    print(f"Materialization started: {job_id}")
    for status in wait_for_materialization(session, workbook_id, job_id):
        print(f"Status: {status}")
    print("Materialization completed successfully.")


# 11: Run main() only when this file is started, not when it is imported
if __name__ == "__main__":
    run(main)

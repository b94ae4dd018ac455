"""Settings that work with the seed: a value for every ID and URL that a recipe reads."""

import re
from pathlib import Path

from sandbox import seed as seeded
from sandbox.organization import APP_URL, make_uuid, url_id

ROOT = Path(__file__).resolve().parent.parent
ENV_EXAMPLE = ROOT / ".env.example"
DEMO_FILES = Path(__file__).resolve().parent / "demo"  # for the recipes that change many members


def demo_settings(address: str, recipe: str = "") -> dict[str, str]:
    """Return the settings for a sandbox at a URL such as http://127.0.0.1:8765.

    members/bulk_create.py gets a file with an email that isn't a member's yet.
    """
    models = ", ".join(make_uuid("data model", n) for n in range(3))
    emails = "new-emails.txt" if "bulk_create" in recipe else "member-emails.txt"
    return {
        "CLIENT_ID": seeded.CLIENT_ID,
        "SECRET": seeded.SECRET,
        "authURL": f"{address}/v2/auth/token",
        "baseURL": f"{address}/v2",
        "MEMBERID": seeded.DEMO_MEMBER_ID,
        "WORKSPACEID": seeded.DEMO_WORKSPACE_ID,
        "TEAMID": seeded.DEMO_TEAM_ID,
        "CONNECTIONID": seeded.DEMO_CONNECTION_ID,
        "WORKBOOK_ID": seeded.DEMO_WORKBOOK_ID,
        "PAGE_ID": seeded.DEMO_PAGE_ID,
        "ELEMENT_ID": seeded.DEMO_ELEMENT_ID,
        "EMAIL": "new.member@example.com",
        "NEW_MEMBER_FIRST_NAME": "API",
        "NEW_MEMBER_LAST_NAME": "Generated",
        "NEW_MEMBER_TYPE": "Build",
        "MEMBER_EMAILS": str(DEMO_FILES / emails),
        "MEMBER_UPDATES": str(DEMO_FILES / "member-updates.csv"),
        "USER_NAME_PATTERN": "^zoe ",
        "USER_ATTRIBUTE": "Region",
        "USER_ATTRIBUTE_VALUE": "West",
        "OLD_OWNER_EMAIL": "chidi.okafor@example.com",
        "NEW_OWNER_EMAIL": "vic@example.com",
        "CONNECTION_NAME": "Snowflake via API",
        "SNOWFLAKE_ACCOUNT": "sandbox-account",
        "SNOWFLAKE_HOST": "snowflake.example.com",
        "SNOWFLAKE_USER": "SIGMA_SERVICE",
        "SNOWFLAKE_PASSWORD": "sandbox-snowflake-password",
        "SNOWFLAKE_ROLE": "REPORTING",
        "SNOWFLAKE_WAREHOUSE": "DEMO_WH",
        "SYNC_PATH": '["RETAIL","PLUGS_ELECTRONICS"]',
        "VERSION_TAG": "Production",
        "SWAP_FROM_CONNECTIONID": seeded.DEMO_CONNECTION_ID,
        "SWAP_TO_CONNECTIONID": seeded.STAGING_CONNECTION_ID,
        "SEND_TO": "sales_rep@example.com, partner@example.org",
        "SCHEDULE_CRON": "0 6 * * 1-5",
        "SCHEDULE_TIMEZONE": "Europe/Berlin",
        "TABLE_PATH": '["RETAIL","PLUGS_ELECTRONICS","ORDERS"]',
        "USER_ATTRIBUTES": str(DEMO_FILES / "user-attributes.csv"),
        "TEAM_EMAILS": str(DEMO_FILES / "member-emails.txt"),
        "LEAVER_EMAIL": seeded.LEAVER_EMAIL,
        "MATERIALIZE": f"{seeded.DEMO_WORKBOOK_ID}, {models}",
        "EMBED_URL": f"{APP_URL}/workbook/{url_id(seeded.DEMO_WORKBOOK_ID)}",
        "EMBED_EMAIL": "customer@example.com",
        "EMBED_ACCOUNT_TYPE": "View",
        "EMBED_TEAMS": "Finance",
        "DATE_FROM": "2024-04-16",
        "DATE_TO": "2024-04-17",
    }


def names() -> list[str]:
    """Return the name of every setting, in the order of .env.example."""
    return re.findall(r"^(\w+)=", ENV_EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)


def env_file(address: str) -> str:
    """Return the text of .env.sandbox: the demo settings, and every other name without a value.

    The empty names keep values of a real .env from being used.
    """
    settings = demo_settings(address)
    lines = [f"{name}={settings.get(name, '')}" for name in names()]
    return "# Written by: python -m sandbox --write-env\n" + "\n".join(lines) + "\n"

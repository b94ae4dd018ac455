"""The organization as it is on every start.

IDs are computed from what they belong to, so documents can mention them and a reset restores them.
Everything that the documents and the demo settings mention has a constant here.
"""

from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.content import (
    TABLES,
    element_id,
    model_source,
    page_id,
    pages_of,
    seeded_sources,
    sql_source,
    table_source,
)
from sandbox.models import (
    AttributeValue,
    DataModel,
    MaterializationSchedule,
    Member,
    Report,
    Team,
    UserAttribute,
    UserAttributeAssignment,
    VersionTag,
    Workbook,
)
from sandbox.organization import (
    ALL_MEMBERS_TEAM_ID,
    CATALOG,
    ORGANIZATION_ID,
    ROBOT_ID,
    Client,
    Document,
    Options,
    Organization,
    Stamps,
    add_connection,
    add_document,
    add_folder,
    add_member,
    add_scheduled_export,
    add_tag,
    add_workspace,
    make_short_id,
    make_uuid,
    stamps,
    time_text,
)

SEED_TIME = datetime(2024, 1, 2, 8, 0, tzinfo=timezone.utc)

FIRST_NAMES = (
    "Amara Bela Chidi Dana Elif Farid Greta Hiro Ines Jonas Kaja Luca Mina Nils Olga Pavel Quinn"
    " Rosa Sven Tara Umar Vera Wanda Xenia Yusuf Zoe"
).split()
LAST_NAMES = (
    "Abbott Brandt Castillo Dietrich Eriksen Fontaine Grant Haddad Ivanova Jensen Kowalska"
    " Lindqvist Moreau Novák Okafor Petrov Quist Rossi Świątek Tanaka Ueda Varga Weber Ximenes"
    " Young Zeller"
).split()
ASCII = str.maketrans("áąęś", "aaes")
ACCOUNT_TYPES = {
    "View": "Open and filter workbooks",
    "Act": "View, and write into input tables",
    "Analyze": "Act, and explore data",
    "Build": "Analyze, and create workbooks",
    "Admin": "Everything",
    "Viewer": "The older name of View, kept from before",
    "Explorer": "The older name of Analyze, kept from before",
    "Creator": "The older name of Build, kept from before",
    "Finance Auditor": "View, with downloads",
}
TEAMS = "Finance Marketing Sales Support Engineering Operations Legal Onboarding".split()
WORKSPACES = [
    *"Finance Marketing Sales Support Engineering Operations Legal People Executive".split(),
    "Sandbox",
    "Shared Reports",
    "Shared Reports",  # a name can be used twice
]
TOPICS = (
    "Revenue Churn Pipeline Inventory Headcount Tickets Uptime Campaigns Renewals Margins Orders"
    " Deliveries Returns"
).split()
VIEWS = "Overview Forecast Weekly Monthly Deep-Dive Audit Tracker".split()
DEMO_USER_ATTRIBUTE = "Region"  # has no assignments yet

OWNER_ID = make_short_id("member", "owner", 28)
VIEWER_ID = make_short_id("member", "viewer", 28)
DEMO_MEMBER_ID = make_short_id("member", "demo", 28)
GONE_IDS = [make_short_id("member", f"left {n}", 28) for n in range(5)]  # deactivated
DEMO_TEAM_ID = make_uuid("team", "Onboarding")
DEMO_CONNECTION_ID = make_uuid("connection", 1)
STAGING_CONNECTION_ID = make_uuid("connection", 3)
DEMO_WORKSPACE_ID = make_uuid("workspace", 9)
DEMO_WORKBOOK_ID = make_uuid("workbook", 0)
DEMO_PAGE_ID = page_id(0, "Dashboard")
DEMO_ELEMENT_ID = element_id(0, "Data", 0)
DEMO_SHEET_ID = make_short_id("sheet", DEMO_ELEMENT_ID, 10)
PAUSED_WORKBOOK_ID = make_uuid("workbook", 10)
TWO_SCHEDULES_WORKBOOK_ID = make_uuid("workbook", 20)
PRODUCTION_TAG_ID = make_uuid("tag", "Production")
STAGING_TAG_ID = make_uuid("tag", "Staging")
TENANT_ID = make_uuid("tenant", 0)
DEMO_USER_ATTRIBUTE_ID = make_uuid("user attribute", DEMO_USER_ATTRIBUTE)

# Has documents, a schedule, a team, and grants on a workbook, a workspace and a connection
LEAVER_EMAIL = "dana.varga@example.com"

CLIENT_ID, SECRET = "sandbox-client-id", "sandbox-client-secret-with-40-characters"
VIEWER_CLIENT_ID, VIEWER_SECRET = "sandbox-viewer-id", "sandbox-viewer-secret"
LEAVER_CLIENT_ID, LEAVER_SECRET = "sandbox-leaver-id", "sandbox-leaver-secret-with-40-characters"


def seed(options: Options) -> Organization:
    """Return the organization as it is on every start."""
    org = Organization(options)
    org.clients[CLIENT_ID] = Client(SECRET, OWNER_ID, "Recipes")
    org.clients[VIEWER_CLIENT_ID] = Client(VIEWER_SECRET, VIEWER_ID, "Viewer")
    _seed_account_types(org)
    _seed_members(org)
    # The leaver has credentials, and every fourth member OAuth sign-ins
    every_fourth = [person.memberId for person in _people(org)[3::4]]
    org.clients[LEAVER_CLIENT_ID] = Client(LEAVER_SECRET, every_fourth[0], "Weekly report")
    org.sign_ins = {member_id: 2 - n % 2 for n, member_id in enumerate(every_fourth)}
    _seed_teams(org)
    _seed_workspaces(org)
    _seed_connections(org)
    _seed_user_attributes(org)
    _seed_workbooks(org)
    _seed_tags(org)
    _seed_data_models(org)
    _seed_schedules(org)
    _seed_reports(org)
    _seed_scheduled_exports(org)
    _seed_grants(org)
    _seed_tenants(org)
    return org


def _seeded(key: int) -> Stamps:
    """Return the stamps of something in the seed, each an hour after the one before."""
    return stamps(OWNER_ID, time_text(SEED_TIME + timedelta(hours=key)))


def _seed_account_types(org: Organization) -> None:
    for n, (name, description) in enumerate(ACCOUNT_TYPES.items()):
        ids = {"accountTypeId": make_uuid("account type", name), "accountTypeName": name}
        org.account_types.append({**ids, "description": description, "isCustom": n >= 5})


def _seed_members(org: Organization) -> None:
    """Add the owner of the credentials, a viewer, many others, the deactivated, and the robot."""
    total = org.options.members
    special: dict[int, tuple[str, str, str, str, object]] = {
        min(75, total - 2): ("Sales", "Rep", "sales_rep", "View", "demo"),  # not on the first page
        0: ("Ada", "Admin", "ada", "admin", "owner"),
        1: ("Vic", "Viewer", "vic", "View", "viewer"),
    }
    for n in range(total - 1):
        # The names repeat after 26 members. The case of the account type varies, as in reality.
        first, last = FIRST_NAMES[n % 26], LAST_NAMES[n * 7 % 26]
        email = f"{first}.{last}{n // 26 or ''}".lower().translate(ASCII)
        kind = ("View", "build", "Analyze", "View", "act")[n % 5]
        first, last, email, kind, key = special.get(n, (first, last, email, kind, n))
        add_member(org, key, first, last, f"{email}@example.com", kind, _seeded(n))
    for n in range(5):
        names = "Gone", f"Person{n}", f"gone{n}@example.com"
        add_member(org, f"left {n}", *names, "View", _seeded(n)).isArchived = True
    names = "Scheduler", "User", "scheduler-robot@example.com"
    add_member(org, ROBOT_ID, *names, "admin", _seeded(0), member_id=ROBOT_ID)


def _people(org: Organization) -> list[Member]:
    return [m for m in org.members.values() if not m.isArchived and m.memberId != ROBOT_ID]


def _seed_teams(org: Organization) -> None:
    people = _people(org)
    for n, name in enumerate(TEAMS):
        team = Team(
            teamId=make_uuid("team", name),
            name=name,
            description=f"Everybody in {name}" if n % 2 else None,
            visibility="public" if n % 3 else "private",
            **_seeded(n),
        )
        if team.teamId != DEMO_TEAM_ID:  # the team that the tutorial fills is empty
            team.members = {person.memberId: OWNER_ID for person in people[n :: len(TEAMS)][:20]}
        org.teams[team.teamId] = team


def _seed_workspaces(org: Organization) -> None:
    teams = list(org.teams.values())
    for n, name in enumerate(WORKSPACES):
        workspace = add_workspace(org, n, name, _seeded(n))
        if workspace.workspaceId != DEMO_WORKSPACE_ID:
            team = teams[n % len(teams)]
            org.grant(workspace.workspaceId, None, team.teamId, "explore", _seeded(n))
            org.grant(workspace.workspaceId, DEMO_MEMBER_ID, None, "view", _seeded(n))
    for n, space in enumerate(org.spaces()):
        add_folder(org, n, space, _seeded(n), name="Archive", ownerId=OWNER_ID)


def _seed_connections(org: Organization) -> None:
    for n, (name, kind, write) in enumerate(
        (
            ("Sigma Sample Database", "snowflake", "DISABLED"),
            ("Snowflake Production", "snowflake", "SUCCESS"),
            ("BigQuery Marketing", "bigQuery", "DISABLED"),
            ("Snowflake Staging", "snowflake", "DISABLED"),
        )
    ):
        connection = add_connection(
            org,
            n,
            _seeded(n),
            isSample=n == 0,
            lastActiveAt=time_text(SEED_TIME + timedelta(days=30 + n)),
            name=name,
            type=kind,
            useOauth=False,
            account=f"sandbox-account-{n}",
            warehouse="DEMO_WH" if kind == "snowflake" else "",
            user="SIGMA_SERVICE",
            role="REPORTING",
            test={"read": "SUCCESS", "write": write},
        )
    logistics = {"LOGISTICS": ["DELIVERIES"]}  # staging lacks one table, RETURNS
    connection.catalog = {**CATALOG, "RETAIL": {**CATALOG["RETAIL"], **logistics}}
    # The connection of the tutorial has no grants yet
    org.grant(make_uuid("connection", 0), None, make_uuid("team", "Sales"), "usage", _seeded(0))


def _seed_user_attributes(org: Organization) -> None:
    """Add three attributes. A search for a part of the demo attribute's name finds two."""
    for n, (name, values) in enumerate(
        (("Sales Region", ["North", "South"]), ("Department", TEAMS), (DEMO_USER_ATTRIBUTE, []))
    ):
        attribute = UserAttribute(
            userAttributeId=make_uuid("user attribute", name),
            name=name,
            description=f"The {name.lower()} whose rows a member sees",
            defaultValue=None,
            **_seeded(n),
        )
        for i, member in enumerate(_people(org)[:60] if values else ()):
            value = AttributeValue(val=values[i % len(values)], type="string")
            given = UserAttributeAssignment(userId=member.memberId, value=value, **_seeded(n))
            attribute.assignments[member.memberId] = given
        org.user_attributes[attribute.userAttributeId] = attribute


def _seed_workbooks(org: Organization) -> None:
    """Add workbooks in the workspaces, and four that only their owners can open."""
    owners = [m.memberId for m in org.members.values() if m.memberId != ROBOT_ID][:40]
    spaces = org.spaces()
    for n in range(org.options.workbooks + 4):
        is_private = n >= org.options.workbooks
        owner = owners[1 + n % (len(owners) - 1)] if is_private or n % 3 else OWNER_ID
        into = spaces[n % len(spaces)]
        if is_private:
            into = org.folders[org.members[owner].homeFolderId]
        elif n % 4 == 3:
            into = org.folders[make_uuid("folder", n % len(spaces))]
        name = f"{TOPICS[n % 13]} {VIEWS[n % 7]} {n}" if n else "Plugs Sales Performance"
        add_document(
            org,
            Workbook,
            n,
            into,
            _seeded(n),
            name=name,
            latestVersion=1 + n % 9 if n else 6,
            ownerId=owner,
            number=n,
            has_input_table=(n - 7) % org.options.input_tables == 0,
        )


def _seed_tags(org: Organization) -> None:
    """Add four tags. Some workbooks carry Production, on the version before the latest."""
    for n, name in enumerate(("Production", "Staging", "QA", "Old release")):
        ids = {"versionTagId": make_uuid("tag", name), "ownerId": OWNER_ID}
        tag = VersionTag(name=name, isArchived=name == "Old release", **ids, **_seeded(n))
        org.tags[tag.versionTagId] = tag
    for number, version, name in (
        (0, 4, "Production"),
        (0, 6, "Staging"),
        *((n, n % 9, "Production") for n in range(5, org.options.workbooks, 37) if n % 9),
    ):
        workbook = org.workbooks[make_uuid("workbook", number)]
        at = time_text(SEED_TIME + timedelta(days=version, hours=number))
        add_tag(workbook, org.tags[make_uuid("tag", name)], version, OWNER_ID, at)


def _seed_data_models(org: Organization) -> None:
    """Add data models. Customers reads Plugs Orders, and two models of stores read each other."""
    customers, orders, _, stores, deliveries, returns, employees = TABLES
    sources = {
        "Plugs Orders": [table_source(1, orders)],
        "Customers": [table_source(1, customers), model_source(0)],
        "Store Performance": [table_source(1, stores), model_source(3)],
        "Store Targets": [model_source(2), table_source(1, deliveries)],
        "Returns by Region": [sql_source("Returns by Region"), table_source(1, returns)],
        "Headcount": [table_source(2, employees)],
    }
    spaces = org.spaces()
    for n, name in enumerate(sources):
        fields = {"name": name, "latestVersion": 1, "ownerId": OWNER_ID}
        model = add_document(org, DataModel, n, spaces[n], _seeded(n), **fields)
        org.sources[model.id] = sources[name]


def _seed_reports(org: Organization) -> None:
    """Add five reports in different workspaces. One belongs to a deactivated member."""
    people, spaces = _people(org), org.spaces()
    owners = [OWNER_ID, DEMO_MEMBER_ID, people[4].memberId, GONE_IDS[2]]
    places = {"Monthly Sales": 2, "Campaign Summary": 1, "Ticket Backlog": 3, "Budget": 0}
    for n, (name, place) in enumerate({**places, "Board Pack": 8}.items()):
        fields = {"name": name, "latestVersion": 1 + n, "ownerId": owners[n % 4]}
        report = add_document(org, Report, n, spaces[place], _seeded(n), **fields)
        org.sources[report.id] = seeded_sources(n + 1)  # what workbook n + 1 reads


def _seed_scheduled_exports(org: Organization) -> None:
    """Schedule an export of every eighth workbook, and of three reports; some have two.

    Some are paused. Two belong to members who were deactivated without a new owner.
    """
    times = (
        ("weekly", "0 8 * * 1", "America/New_York"),
        ("on workdays", "30 7 * * 1-5", "Europe/Berlin"),
        ("monthly", "0 6 1 * *", "Etc/UTC"),
        ("on Fridays", "0 17 * * 5", "America/Los_Angeles"),
    )
    gone = {7: GONE_IDS[0], 14: GONE_IDS[1]}
    workbooks = list(org.workbooks.values())[: org.options.workbooks : 8]
    documents: list[Document] = [*workbooks, *list(org.reports.values())[::2]]
    for n, document in enumerate(documents):
        for i in range(n, n + (2 if n % 5 == 3 else 1)):
            word, cron, zone = times[i % 4]
            title = f"{document.name}, {word}" if i else "Weekly sales"
            file, source = {"type": "PDF", "layout": "landscape"}, "all"
            if document.type == "report":
                source = "report"
            elif i % 3 == 2:
                file = {"type": "EXCEL"}
            files = [{"formatOptions": file, "workbookExportSource": {"type": source}}]
            text = {"title": title, "messageBody": "", "notificationName": title}
            scheduled = add_scheduled_export(
                org,
                (document.id, i),
                stamps(gone.get(n, document.ownerId), document.createdAt),
                **{f"{document.type}Id": document.id},
                schedule={"cronSpec": cron, "timezone": zone},
                configV2={**text, "notificationAttachments": files, "includeLink": i % 2 == 0},
                target=[{"email": "reports@example.com"}],
            )
            if i % 6 == 4:
                scheduled.isSuspended = True
                scheduled.disabledAt, scheduled.disabledBy = scheduled.updatedAt, OWNER_ID


def _seed_grants(org: Organization) -> None:
    """Add grants on single objects, also to deactivated members and to all members.

    The demo member can open these documents anyway, so other recipes list the same ones.
    """
    people = [person.memberId for person in _people(org)]
    team = {name: make_uuid("team", name) for name in TEAMS}
    for n, (kind, key, grantee, what) in enumerate(
        (
            ("workbook", 60, DEMO_MEMBER_ID, "explore"),
            ("workbook", 62, team["Support"], "explore"),  # the demo member's team
            ("workbook", 75, GONE_IDS[0], "edit"),
            ("workbook", 100, ALL_MEMBERS_TEAM_ID, "explore"),
            ("workbook", 4, team["Finance"], "edit"),
            ("workbook", 140, people[3], "edit"),
            ("folder", 7, DEMO_MEMBER_ID, "explore"),
            ("folder", 3, team["Legal"], "organize"),
            ("data model", 0, team["Engineering"], "explore"),
            ("report", 0, people[5], "view"),
            ("workspace", 5, GONE_IDS[1], "explore"),
            ("connection", 0, GONE_IDS[0], "usage"),
            ("connection", 0, team["Finance"], "usage"),
            ("connection", 0, people[3], "annotate"),
            ("connection", 2, team["Marketing"], "usage"),
            ("connection", 2, team["Engineering"], "annotate"),
            ("workspace", 8, people[3], "explore"),
        )
    ):
        on = make_uuid(kind, key)
        if kind != "workbook" or on in org.workbooks:
            member_id = grantee if grantee in org.members else None
            team_id = grantee if member_id is None else None
            org.grant(on, member_id, team_id, what, _seeded(400 + 24 * n))


def _seed_tenants(org: Organization) -> None:
    """Add three tenants with an administrator and connections. They share the credentials."""
    names = "account_types clients tokens refresh_tokens".split()
    shared: dict[str, Any] = {name: getattr(org, name) for name in names}
    for n, (place, first, third, api_url) in enumerate(
        (
            ("Europe", "Tea", "BigQuery Europe", {}),
            ("Japan", "Ken", "Sigma Audit Logs", {"tenantApiUrl": "/v2"}),
            ("Nordics", "Liv", "", {"tenantApiUrl": ""}),  # behind the URL of the sandbox
        )
    ):
        tenant_id = make_uuid("tenant", n)
        tenant = org.tenants[tenant_id] = Organization(org.options, id=tenant_id, **shared)
        email = f"{first.lower()}@example.com"
        owner = add_member(tenant, tenant_id, first, "Tenant", email, "admin", _seeded(n))
        stamped = stamps(owner.memberId, owner.createdAt)
        for i, name in enumerate(("Sigma Sample Database", f"Snowflake {place}", third)):
            if name:
                add_connection(
                    tenant,
                    (tenant_id, i),
                    stamped,
                    isSample=i == 0,
                    lastActiveAt=owner.createdAt,
                    name=name,
                    type="bigQuery" if name.startswith("BigQuery") else "snowflake",
                    useOauth=name.startswith("BigQuery"),
                ).isAuditLog = name == "Sigma Audit Logs"
        org.tenant_rows.append(
            {
                "tenantOrganizationId": tenant_id,
                "parentOrganizationId": ORGANIZATION_ID,
                "tenantOrganizationName": f"Plugs {place}",
                "tenantOrganizationSlug": f"plugs-{place.lower()}",
                **api_url,
                **_seeded(n),
            }
        )


def _seed_schedules(org: Organization) -> None:
    """Add a materialization schedule to 26 workbooks, every tenth, and to three data models.

    One workbook and one data model have two.
    """
    for workbook in list(org.workbooks.values())[: min(org.options.workbooks, 260) : 10]:
        tables = pages_of(workbook)[1].elements
        for table in tables[: 2 if workbook.id == TWO_SCHEDULES_WORKBOOK_ID else 1]:
            cron = "" if workbook.number == 30 else "0 6 * * *"
            paused = workbook.id == PAUSED_WORKBOOK_ID
            _add_schedule(org, workbook, table.elementId, table.name, cron, paused)
    for n, elements in enumerate((["Orders", "Orders by Region"], ["Customers"], ["Stores"])):
        model = org.data_models[make_uuid("data model", n)]
        for i, name in enumerate(elements):
            key = make_short_id("element", (model.id, i) if i else model.id, 10)
            _add_schedule(org, model, key, name, "30 5 * * *", n == 1)


def _add_schedule(
    org: Organization, document: Workbook | DataModel, key: str, name: str, cron: str, paused: bool
) -> None:
    """Add the schedule of an element. Without a cron text, it runs on request only."""
    org.schedules.setdefault(document.id, []).append(
        MaterializationSchedule(
            documentId=document.id,
            sheetId=make_short_id("sheet", key, 10),
            elementId=key,
            elementName=name,
            schedule={"cronSpec": cron, "timezone": "America/Los_Angeles"} if cron else None,
            configuredAt=document.createdAt,
            paused=paused,
        )
    )

"""Several processes start on one empty home at once."""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from genai_finops.control.credentials import open_secret
from genai_finops.control.database import connect, reading
from genai_finops.control.organisations import list_accounts, list_organisations
from genai_finops.settings import Settings

PROCESSES = 3
EACH = 15

#: Adds organisations, accounts and credentials, from the first migration and the first key on.
WRITER = """
import datetime as dt, os, sys
from pathlib import Path
from genai_finops.control.credentials import add_credential
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.secret import Secret
from genai_finops.settings import load_settings

settings, me, each = load_settings(), sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
engine = open_database(settings)
common = {"now": dt.datetime(2026, 11, 5, tzinfo=dt.UTC), "actor": me}
for n in range(each):
    org = f"org-{me}-{n}"
    with writing(engine) as session:
        add_organisation(session, slug=org, name=org, **common)
        add_organisation(session, slug="shared", name="Shared", **common)
        add_account(session, org_slug=org, provider="openai", account_id="a", name="A", **common)
        add_credential(session, settings, org_slug=org, provider="openai", secret=Secret.of(f"sk-{org}"), **common)
"""


def run_writers(home: Path) -> list[int]:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(number), str(EACH)],
            env={**os.environ, "GENAI_FINOPS_HOME": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    return [writer.wait(timeout=120) for writer in writers]


def test_writers_that_start_at_once_lose_nothing(tmp_path: Path) -> None:
    assert run_writers(tmp_path) == [0] * PROCESSES
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(tmp_path)}, tmp_path)
    engine = connect(settings.control_url)
    orgs = {f"org-{number}-{n}" for number in range(PROCESSES) for n in range(EACH)}
    with reading(engine) as session:
        assert session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        assert {row.slug for row in list_organisations(session)} == {*orgs, "shared"}
        assert {row.org_slug for row in list_accounts(session)} == orgs
    secrets = {org: open_secret(engine, settings, org_slug=org, credential_id=f"{org}-openai").reveal() for org in orgs}
    assert secrets == {org: f"sk-{org}" for org in orgs}

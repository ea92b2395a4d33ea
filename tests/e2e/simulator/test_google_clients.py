"""Google's own Python client and google-auth's own transport, against the simulator over a socket."""

import json

import httplib2
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account

from genai_finops.simulator.running import Simulator

discovery = pytest.importorskip("googleapiclient.discovery")
google_auth_httplib2 = pytest.importorskip("google_auth_httplib2")
errors = pytest.importorskip("googleapiclient.errors")

READ = "https://www.googleapis.com/auth/monitoring.read"
TOKENS = "aiplatform.googleapis.com/publisher/online_serving/token_count"


def monitoring(simulator: Simulator, key_file: str, scope: str = READ):
    base = simulator.base_url("gcp_vertex")
    fields = {**json.loads(key_file), "token_uri": f"{base}/token"}
    credentials = service_account.Credentials.from_service_account_info(fields, scopes=[scope])
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http(proxy_info=None))
    return discovery.build(
        "monitoring", "v3", http=http, static_discovery=True, client_options={"api_endpoint": base}
    ).projects()


def series_of(projects, name: str, **more: str):
    request = projects.timeSeries().list(
        name=name,
        filter=f'metric.type = "{TOKENS}"',
        interval_startTime="2026-10-26T00:00:00Z",
        interval_endTime="2026-11-05T00:00:00Z",
        aggregation_alignmentPeriod="86400s",
        aggregation_perSeriesAligner="ALIGN_SUM",
        **more,
    )
    pages = []
    while request is not None:
        pages.append(request.execute(num_retries=0))
        request = projects.timeSeries().list_next(request, pages[-1])
    return pages


def test_googles_client_reads_all_the_tokens_that_are_true(simulator):
    name = f"projects/{simulator.account_id('acme', 'gcp_vertex')}"
    pages = series_of(monitoring(simulator, simulator.admin_key("acme", "gcp_vertex")), name)
    found = sum(
        int(point["value"]["int64Value"])
        for page in pages
        for series in page["timeSeries"]
        for point in series["points"]
    )
    (total,) = [
        row["tokens"] for row in simulator.truth()["totals"] if (row["org"], row["provider"]) == ("acme", "gcp_vertex")
    ]
    assert len(pages) > 1
    assert found == total


def test_googles_client_lists_the_metrics(simulator):
    name = f"projects/{simulator.account_id('acme', 'gcp_vertex')}"
    projects = monitoring(simulator, simulator.admin_key("acme", "gcp_vertex"))
    listed = projects.metricDescriptors().list(name=name, filter='metric.type = starts_with("aiplatform")').execute()
    assert TOKENS in {found["type"] for found in listed["metricDescriptors"]}


def test_a_forged_key_file_is_refused_in_a_way_that_google_auth_understands(simulator):
    forged = json.loads(simulator.admin_key("acme", "gcp_vertex"))
    forged["client_email"] = f"nobody@{forged['project_id']}x.iam.gserviceaccount.com"
    projects = monitoring(simulator, json.dumps(forged))
    with pytest.raises(RefreshError, match="invalid_grant: Invalid grant: account not found"):
        series_of(projects, "projects/x")


@pytest.mark.parametrize(
    ("org", "scope", "said"),
    [
        ("globex", READ, "Permission monitoring.timeSeries.list denied"),
        ("acme", "https://www.googleapis.com/auth/bigquery", "insufficient authentication scopes"),
    ],
)
def test_googles_client_understands_what_it_is_refused(simulator, org, scope, said):
    name = f"projects/{simulator.account_id('acme', 'gcp_vertex')}"
    projects = monitoring(simulator, simulator.admin_key(org, "gcp_vertex"), scope)
    with pytest.raises(errors.HttpError, match=said) as refused:
        series_of(projects, name)
    assert refused.value.status_code == 403

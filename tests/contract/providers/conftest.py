"""The conformance harness: replays payload folders at the transport, for any provider and any wire.

A folder holds the answers of one fetch, a JSON body in each file, and case.json. Further cases of the same provider,
for example of a second route, are case_<name>.json beside it. Folders are those of tests/contract/payloads, and of the
folder payloads in GENAI_FINOPS_PROVIDERS_PATH. Unknown keys are refused.

PATH: values in JSON, see json_paths. MATCH: a text or number that is one of the values; null, where there must be
none; a list, all values in this order; {"contains": text}; {"pattern": regex}. REQUEST: `method` (default GET), `host`
(default {"name": "base_url"}; a host of the configuration with the places of its address, or an absolute address),
`path` below it, `query`, `headers` and `form` as {name: MATCH}, `body` as {PATH: MATCH}. PLACE: {"query": name},
{"form": name}, {"body": PATH}, or {"link": true} for the whole address.

- `first_day`, `last_day`, `now`: the window and the clock
- `secret`: text, or an object that becomes JSON, in which `"private_key": "generate"` becomes a key of this run
- `secret_values`: fields of an object that must never be shown, nor sent elsewhere than to token endpoints
- `account`: `id` and `options`; `known_resources`: `resource`, `first_observed_at`, `last_observed_at`; `flow_options`:
  what differs from the configuration
- `exchanges`: REQUEST and `page`, the file that answers, or files that answer the first time, the second time, ...; the
  first exchange that fits is taken. `auth`: it is a token endpoint. `authenticated_by`: page whose token is needed
- `authenticated`: `header`, and the regex `pattern` that it matches in requests with a credential, in which {token}
  stands for the value at PATH `token` of a token page. Absent: as the configuration says
- `bounds`: of the requests that fit `requests`, each says one of `say` about the window, and each of `say` is said
- `paged`: series of `pages`: `cursor`, PATH in the answer; `sent_as`, PLACE in the next request; `more`, {PATH: value}
  that promises another page beside the cursor; `first_differs`, where the first page answers another kind of request
- `expected`: sums by day and meter
- `provider_totals`: what is at PATH `at` (or several) of `pages` sums to the sum of `meters`
- `changes`: what to change in which page to make it empty, big, incomplete or unknown: `page`, PATH `at`, `set` or
  `delete`. `named`: what the error or warning then names. `big_integer`: meter and quantity of the big one
- `errors`, `auth_errors`: bodies of refusals by status, and `throttled`: `status`, `headers`, `body` and `wait` of a
  rate limit in the provider's own words, at usage and at token endpoints. Absent: a generic body
- `not_applicable`: reasons why a change or test means nothing on this wire, of those in payload_case.MAY_NOT_APPLY
"""

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genai_finops.providers.config import ProviderConfig, load_provider_configs
from genai_finops.providers.registry import discover

from .payload_case import Case, CaseError, Trial, read_cases
from .scripted_source import CONFIGS

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"


@functools.cache
def _cases() -> tuple[tuple[str, Case | CaseError], ...]:
    return tuple(_read_cases())


def _read_cases() -> Iterator[tuple[str, Case | CaseError]]:
    environ = dict(os.environ)
    discover(environ)
    folders = [PAYLOADS]
    if "GENAI_FINOPS_PROVIDERS_PATH" in environ:
        folders.append(Path(environ["GENAI_FINOPS_PROVIDERS_PATH"]) / "payloads")
    # Addresses and rates of the surroundings are no part of what is tested.
    plain = {name: value for name, value in environ.items() if name == "GENAI_FINOPS_PROVIDERS_PATH"}
    for provider, config in load_provider_configs(CONFIGS, plain).items():
        for flow in config.flows:
            name = provider if flow == "payg" else f"{provider}_{flow}"
            folder = next((folder / name for folder in folders if (folder / name).is_dir()), PAYLOADS / name)
            # Flows of capacity have tests of their own against the simulator; cases are theirs to add.
            if flow == "payg" or folder.is_dir():
                yield from _cases_of(config, flow, folder)


def _cases_of(config: ProviderConfig, flow: str, folder: Path) -> Iterator[tuple[str, Case | CaseError]]:
    try:
        for case in read_cases(config, flow, folder):
            yield case.id, case
    except CaseError as error:
        # Every test of this provider fails with it, and no other provider's.
        yield f"{config.id}-{flow}", error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each case; with `moment` at each kind of endpoint, with `paged` for each series of pages."""
    names = [name for name in ("case", "moment", "paged") if name in metafunc.fixturenames]
    if "case" not in names:
        return
    params: list[Any] = []
    for case_id, case in _cases():
        rows: list[tuple[str, list[Any]]] = [(case_id, [case])]
        if "moment" in names:
            moments = ("usage",) if isinstance(case, CaseError) else case.moments
            rows = [(f"{key}-{moment}", [*row, moment]) for key, row in rows for moment in moments]
        if "paged" in names:
            series = [{"pages": ["none"]}] if isinstance(case, CaseError) else case.paged
            rows = [(f"{key}-{paged['pages'][0]}", [*row, paged]) for key, row in rows for paged in series]
        params.extend(pytest.param(*row, id=key) for key, row in rows)
    metafunc.parametrize(names, params)


@pytest.fixture(autouse=True)
def _case_is_whole(request: pytest.FixtureRequest) -> None:
    call = getattr(request.node, "callspec", None)
    case = call.params.get("case") if call else None
    if isinstance(case, CaseError):
        pytest.fail(f"{case}; see the module conftest.py for what a payload folder holds", pytrace=False)
    if isinstance(case, Case) and (reason := case.reason_against(request.node.originalname)):
        pytest.skip(reason)


@pytest.fixture
def trial(case: Case) -> Iterator[Trial]:
    """The case's source over its payloads as they are."""
    replayed = case.trial()
    with replayed.source:
        yield replayed


@pytest.fixture
def changed(case: Case, change: str) -> Iterator[Trial]:
    """The case's source over payloads of which one thing was changed."""
    if reason := case.reason_against(change):
        pytest.skip(reason)
    replayed = case.trial(case.changed(change))
    with replayed.source:
        yield replayed

"""Sources of request logs name file, key, value and remedy where they cannot be used."""

from pathlib import Path

import pytest

from genai_finops.attribution.sources import LogSourceError, load_log_sources

_REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("org: acme\nformat: oltp\nlocation: /logs\n", "key format is 'oltp': must be one of"),
        ("org: acme\nformat: otlp\n", "key location: Field required"),
        ("org: acme\nformat: otlp\nlocation: /logs\nlocations: x\n", "key locations: Extra inputs"),
        ("org: acme\nformat: otlp\nlocation: ${NO_SUCH}/logs\n", "NO_SUCH is not set"),
        ("org: acme\nformat: otlp\nlocation: ftp://host/logs\n", "key location has the scheme 'ftp'"),
        ("org: acme\nformat: jsonl\nlocation: /logs\n", "key options: started_at: Field required"),
        (
            "org: acme\nformat: jsonl\nlocation: /logs\noptions: {started_at: t, tokens: {cache_read: c}}\n",
            "say with input_includes_cache",
        ),
        (
            "org: acme\nformat: litellm\nlocation: /logs\noptions: {tenant_id: [messages]}\n",
            "names 'messages', which is not read",
        ),
        ("- org\n", "holds no mapping"),
    ],
)
def test_a_source_that_cannot_be_used_names_file_key_and_value(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "gateway.yml").write_text(text)
    with pytest.raises(LogSourceError) as refused:
        load_log_sources(tmp_path, {})
    assert str(tmp_path / "gateway.yml") in str(refused.value)
    assert problem in str(refused.value)


def test_the_documented_example_is_no_source_until_it_is_renamed_and_then_works(tmp_path: Path) -> None:
    folder = _REPOSITORY / "configs" / "request_logs"
    assert load_log_sources(folder, {}) == {}
    (tmp_path / "example.yml").write_bytes((folder / "example.yml.disabled").read_bytes())
    source = load_log_sources(tmp_path, {"GATEWAY_LOGS": "/logs"})["example"]
    assert (source.id, source.location) == ("example", "/logs/*.jsonl.gz")

"""Reading a CSV or YAML file into records of texts that know their line, for people to correct by."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from genai_finops.errors import FinopsError

#: Under this name comes what a CSV line has beyond its header.
SURPLUS = "a cell beyond the header"


def read_records(path: Path, section: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each record's line and its fields, blanks around them removed and empty ones left out.

    CSV has one record a line, with the names of its columns first. YAML has the organisation once, under `org`, and
    the records as a list of mappings under the section. Raises FinopsError when the file cannot be read, or is not of
    a known form.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FinopsError(
            f"The file {path} cannot be read ({type(error).__name__})", remedy="Give a readable UTF-8 file."
        ) from None
    if path.suffix == ".csv":
        return _csv_records(text, path)
    if path.suffix in {".yml", ".yaml"}:
        return _yaml_records(text, path, section)
    raise FinopsError(f"The file {path} has an unknown form", remedy="Give a .csv, .yml or .yaml file.")


def _csv_records(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    try:
        for row in reader:
            # Cells beyond the header come as a list under the rest key, missing ones as None.
            surplus = row.pop("", None)
            fields = {name: value.strip() for name, value in row.items() if value and value.strip()}
            yield reader.line_num, {**fields, **({SURPLUS: str(surplus)} if surplus else {})}
    except csv.Error as error:
        raise FinopsError(
            f"{path}, line {reader.line_num} is not CSV: {error}", remedy="Correct quotes and line ends."
        ) from None


def _yaml_records(text: str, path: Path, section: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    malformed = f"Use the keys org and {section}, a list of mappings of plain values."
    try:
        top = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise FinopsError(f"{path} is not YAML: {' '.join(str(error).split())}", remedy=malformed) from None
    sections = _mapping(top)
    org, records = sections.get("org"), sections.get(section)
    if set(sections) != {"org", section} or not isinstance(org, yaml.ScalarNode):
        raise FinopsError(f"{path} has the keys {', '.join(sections) or 'none'}", remedy=malformed)
    if not isinstance(records, yaml.SequenceNode):
        raise FinopsError(f"{path}: {section} is not a list", remedy=malformed)
    for record in records.value:
        # As text, so that numbers stay what was written.
        fields = {name: _yaml_text(node) for name, node in _mapping(record).items()}
        yield record.start_mark.line + 1, {"org": org.value, **{name: text for name, text in fields.items() if text}}


def _yaml_text(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return " ".join(f"{name}={_yaml_text(value)}" for name, value in _mapping(node).items())
    is_plain = isinstance(node, yaml.ScalarNode) and str(node.tag) != "tag:yaml.org,2002:null"
    return str(node.value).strip() if is_plain else ""


def _mapping(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): value for key, value in node.value}

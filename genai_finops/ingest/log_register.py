"""Which log files of a source were read, as what, and what they told: a JSON file in the lake for each source."""

import datetime as dt
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from genai_finops.attribution.log_files import LogFile
from genai_finops.attribution.sources import LogSource
from genai_finops.errors import FinopsError
from genai_finops.lake.files import LakeFiles


class ReadFile(BaseModel):
    """One log file as it was read last."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int
    modified: dt.datetime | None
    etag: str | None
    #: Fingerprint of the source's configuration.
    read_as: str
    #: A last line without its end was left for later.
    left_open: bool
    read_at: dt.datetime
    #: Events that were landed.
    events: int
    #: Tellings that gave way to a later one of the same event in the same file.
    repeated: int
    #: Records that tell of no request.
    skipped: int
    rejects: int
    #: What was mended, by name.
    mended: dict[str, int]
    #: Events by UTC day.
    days: dict[dt.date, int]


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid")

    files: dict[str, ReadFile]


@dataclass(slots=True)
class LogRegister:
    """The register of one source."""

    path: str
    files: dict[str, ReadFile] = field(default_factory=dict)

    def is_unchanged(self, file: LogFile, source: LogSource, now: dt.datetime) -> bool:
        """Whether reading the file again would tell nothing new."""
        known = self.files.get(file.name)
        if known is None or known.read_as != source.fingerprint:
            return False
        if known.left_open and file.is_settled(now):
            return False
        return (known.size, known.modified, known.etag) == (file.size, file.modified, file.etag)

    def save(self, files: LakeFiles) -> None:
        """Write it in one step."""
        content = _Content(files=dict(sorted(self.files.items())))
        files.replace(self.path, content.model_dump_json(indent=1).encode())


def register_path(*, org: str, source: str) -> str:
    """Where the register of a source lies in the lake."""
    return f"request_logs/{org}/{source}.json"


def load_register(files: LakeFiles, *, org: str, source: str) -> LogRegister:
    """The register of a source; an empty one where nothing was read yet. Raises FinopsError for a damaged one."""
    path = register_path(org=org, source=source)
    try:
        content = _Content.model_validate_json(files.read(path))
    except FileNotFoundError:
        return LogRegister(path)
    except ValidationError as failure:
        raise FinopsError(
            f"the register {path} in the lake is damaged", remedy="Remove it: all files of the source are read again."
        ) from failure
    return LogRegister(path, content.files)


def rejects_path(*, org: str, source: str, log_file_key: str) -> str:
    """Where the rejects of a log file lie in the lake."""
    return f"rejects/request_logs/{org}/{source}.{log_file_key}.jsonl"

"""What is to be known of a Google Cloud project to read it: options that all flows of Vertex AI share."""

import re
from typing import Annotated

from pydantic import AfterValidator

from genai_finops.providers.source import Options

_LOCATION = re.compile(r"[a-z]+-[a-z]+\d{1,2}")


def _are_locations(text: str) -> str:
    names = locations_of(text)
    if len(set(names)) != len(names) or not all(_LOCATION.fullmatch(name) for name in names):
        raise ValueError("must be different locations, parted by commas, such as us-central1,europe-west4")
    return text


def locations_of(text: str) -> tuple[str, ...]:
    """The locations that an option names."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


class VertexAccountOptions(Options):
    """Options of a project."""

    #: Locations whose custom jobs and endpoints the flow infrastructure reads, parted by commas; empty for none.
    locations: Annotated[str, AfterValidator(_are_locations)] = ""

"""configs/providers/schema.json: written from, and checked against, the model of the configuration.

`python -m genai_finops.providers.config_schema --write|--check FILE`
"""

import json
import sys
from pathlib import Path

from genai_finops.providers.config import provider_config_schema


def rendered_schema() -> str:
    """The content of schema.json."""
    return json.dumps(provider_config_schema(), indent=2, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file, or say whether it is current."""
    match arguments:
        case ["--write", name]:
            Path(name).write_text(rendered_schema(), encoding="utf-8")
            return 0
        case ["--check", name]:
            if Path(name).is_file() and Path(name).read_text(encoding="utf-8") == rendered_schema():
                return 0
            sys.stderr.write(f"{name} does not fit genai_finops/providers/config.py: run `make schemas`\n")
            return 1
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

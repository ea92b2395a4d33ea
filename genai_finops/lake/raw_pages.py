"""Raw pages of the providers, gzipped, named by the SHA-256 of their body."""

import gzip

from genai_finops.lake.files import LakeFiles
from genai_finops.providers.base import Page


def raw_page_path(provider: str, sha256: str) -> str:
    """Where the page lies in the lake."""
    return f"raw/{provider}/{sha256[:2]}/{sha256}.json.gz"


def store_raw_page(files: LakeFiles, provider: str, page: Page) -> str:
    """Keep the page and return its path. A page that is there already is left as it is: equal name, equal content."""
    path = raw_page_path(provider, page.sha256)
    if not files.exists(path):
        files.replace(path, gzip.compress(page.body, mtime=0))
    return path


def read_raw_page(files: LakeFiles, provider: str, sha256: str) -> bytes:
    """The body of a stored page. Raises FileNotFoundError."""
    return gzip.decompress(files.read(raw_page_path(provider, sha256)))

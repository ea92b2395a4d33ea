"""Which sources there are: those of this package, of installed plugins, and of a directory of plugin files."""

import importlib
import importlib.util
import pkgutil
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

from genai_finops import providers
from genai_finops.providers.base import ResourceState, SourceAccount
from genai_finops.providers.config import (
    ENTRY_POINT_GROUP,
    FlowConfig,
    ProviderConfig,
    ProviderConfigError,
    plugin_directory,
)
from genai_finops.providers.http import AuthContext, ProviderSession, SessionOptions
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.source import HttpUsageSource

SourceClass = TypeVar("SourceClass", bound=type[HttpUsageSource])

_SOURCES: dict[str, type[HttpUsageSource]] = {}
_LOCK = threading.RLock()


def register(source: SourceClass) -> SourceClass:
    """Class decorator: make a source known as `<provider>:<flow>`. Raises ValueError where the name is taken."""
    name = f"{source.provider}:{source.flow}"
    with _LOCK:
        known = _SOURCES.get(name)
        if known is not None and known is not source:
            raise ValueError(
                f"source {name!r} is registered twice, by {known.__module__} and {source.__module__}; rename one"
            )
        _SOURCES[name] = source
    return source


def discover(environ: Mapping[str, str]) -> Mapping[str, type[HttpUsageSource]]:
    """Import every module that may register sources; returns the sources by name. Repeating it imports nothing twice.

    `environ` is asked for GENAI_FINOPS_PROVIDERS_PATH. A plugin that cannot be imported raises: its usage must not be
    missing silently.
    """
    with _LOCK:
        for module in pkgutil.iter_modules(providers.__path__):
            importlib.import_module(f"{providers.__name__}.{module.name}")
        for entry in entry_points(group=ENTRY_POINT_GROUP):
            entry.load()
        directory = plugin_directory(environ)
        for path in sorted(directory.glob("*.py")) if directory else ():
            _import_file(path.resolve())
        return dict(_SOURCES)


def usage_source(
    config: ProviderConfig,
    credential_secret: str,
    options: SessionOptions | None = None,
    *,
    flow: str = "payg",
    account: SourceAccount | None = None,
    known_resources: Sequence[ResourceState] = (),
) -> HttpUsageSource:
    """The source of a provider's flow, with a session of its own: close it after use.

    Raises ProviderConfigError where the flow or its source does not exist or an option is wrong, CredentialError where
    the secret cannot be sent. Plugins are known after `discover`.
    """
    source_class, flow_config = source_class_of(config, flow)
    source_class.read_options(flow_config)
    options = options or SessionOptions()
    account = account or SourceAccount(id="")
    redactor = Redactor(source_class.secret_parts(credential_secret))
    context = AuthContext(account=account, options=options, redactor=redactor)
    session = ProviderSession(
        config,
        auth=source_class.authenticate(config, credential_secret, context),
        redactor=redactor,
        classify=source_class.classify,
        options=options,
    )
    return source_class(config, flow_config, session, account, known_resources)


def source_class_of(config: ProviderConfig, flow: str) -> tuple[type[HttpUsageSource], FlowConfig]:
    """The class that reads a provider's flow, and the flow's values. Raises ProviderConfigError where there is none."""
    flow_config = next((values for name, values in config.flows.items() if name == flow), None)
    if flow_config is None:
        raise ProviderConfigError(
            f"provider {config.id} has no flow {flow!r}", remedy=f"It has: {', '.join(config.flows)}."
        )
    source_class = _SOURCES.get(flow_config.source) or discover({}).get(flow_config.source)
    if source_class is None:
        raise ProviderConfigError(
            f"provider {config.id}: no source {flow_config.source!r} is registered",
            remedy=f"Correct flows.{flow}.source; known are: {', '.join(sorted(_SOURCES))}.",
        )
    return source_class, flow_config


def _import_file(path: Path) -> None:
    name = f"genai_finops_plugin_{path.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(path):
        return
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ProviderConfigError(f"{path} is no Python module", remedy="Provider plugins are <id>.py files.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise

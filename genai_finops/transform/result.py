"""What a dbt run did, node by node."""

from dataclasses import dataclass

from genai_finops.errors import FinopsError

_GOOD = frozenset({"success", "pass", "warn", "no-op"})
_MAX_REPORTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeResult:
    """One model, seed or test of a run."""

    unique_id: str
    name: str
    #: model, seed, test, ...
    resource_type: str
    #: success, error, skipped; pass, fail, warn for tests.
    status: str
    seconds: float
    #: Rows of the table after the run, within the window where there is one; None for tests and views.
    rows: int | None = None
    #: Rows that a test objects to; None for what is not a test.
    failures: int | None = None
    #: Unique id of the model that a test is about; None where it is about several.
    attached_node: str | None = None
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether the node did what it should."""
        return self.status in _GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformResult:
    """All nodes of a run, in the order in which they ended."""

    nodes: tuple[NodeResult, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every node did what it should."""
        return all(node.ok for node in self.nodes)

    def node(self, name: str) -> NodeResult:
        """The node of that name. Raises KeyError when the run had none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(f"the dbt run had no node {name}")


class TransformError(FinopsError):
    """A dbt run that failed. `result` holds what was built before and beside the failure."""

    def __init__(self, result: TransformResult, *, log: str) -> None:
        self.result = result
        failed = [node for node in result.nodes if not node.ok and node.status != "skipped"]
        lines = [_sentence(node) for node in failed[:_MAX_REPORTED]]
        if len(failed) > _MAX_REPORTED:
            lines.append(f"and {len(failed) - _MAX_REPORTED} more")
        skipped = sum(node.status == "skipped" for node in result.nodes)
        if skipped:
            lines.append(f"{skipped} nodes after them were skipped")
        super().__init__(
            "dbt: " + "; ".join(lines or ["nothing failed by itself"]),
            remedy=f"The statements and messages are in {log}. What was stored before is still there.",
        )


def _sentence(node: NodeResult) -> str:
    message = " ".join(node.message.split())
    return f"{node.resource_type} {node.name} is {node.status} ({message})"

"""Who causes the requests of a block of code: context that follows threads of asyncio and nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import NamedTuple


class Consumer(NamedTuple):
    """Whom a request is attributed to; None where nobody has said."""

    tenant_id: object = None
    user_id: object = None
    task: object = None
    conversation_id: object = None
    tags: Mapping[str, object] | None = None


#: What holds where no block says otherwise.
NOBODY = Consumer()
current_consumer: ContextVar[Consumer] = ContextVar("genai_finops_consumer", default=NOBODY)


@contextmanager
def attributed(
    *,
    tenant_id: str | None = None,
    user_id: str | None = None,
    task: str | None = None,
    conversation_id: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Requests recorded within the block are attributed so, unless their own arguments say otherwise.

    What an inner block does not name stays as the outer one has it; tags add up. The context goes with tasks of
    asyncio; a new thread begins without (`contextvars.copy_context().run` takes it along). Serves as decorator, too.
    """
    outer = current_consumer.get()
    inner = Consumer(
        outer.tenant_id if tenant_id is None else tenant_id,
        outer.user_id if user_id is None else user_id,
        outer.task if task is None else task,
        outer.conversation_id if conversation_id is None else conversation_id,
        joined(outer.tags, tags),
    )
    token = current_consumer.set(inner)
    try:
        yield
    finally:
        # A generator that is closed in another context than it was begun in has nothing to take back there.
        with suppress(ValueError):
            current_consumer.reset(token)


def joined(outer: Mapping[str, object] | None, inner: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """Both sets of tags, copied; the inner one decides where both name a tag."""
    if not inner:
        return outer
    return {**outer, **inner} if outer else dict(inner)

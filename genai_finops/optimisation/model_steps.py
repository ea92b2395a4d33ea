"""Which models may stand in for which: a reviewed table of text models, and nothing that is not in it.

What a model can do for a task is not known from here. The table only keeps advice from naming what cannot be meant: an
embedding model for a chat, a retired one, or one two sizes smaller. Models whose maker says nothing of their size are
left out; then no advice names them, and none is given on their traffic but for another provider or a batch.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStep:
    """A text model: its size among those of all developers (4 largest, 1 smallest), year, whether it is proposed."""

    developer: str
    step: int
    year: int
    is_proposed: bool = True


def _steps(developer: str, *rows: tuple[str, int, int, bool]) -> dict[str, ModelStep]:
    return {
        model: ModelStep(developer=developer, step=step, year=year, is_proposed=proposed)
        for model, step, year, proposed in rows
    }


MODEL_STEPS: dict[str, ModelStep] = {
    **_steps(
        "Anthropic",
        ("claude-opus-5", 4, 2026, True),
        ("claude-opus-4-8", 4, 2026, False),
        ("claude-opus-4-7", 4, 2026, False),
        ("claude-opus-4-6", 4, 2026, False),
        ("claude-opus-4-5", 4, 2025, False),
        ("claude-opus-4-1", 4, 2025, False),
        ("claude-opus-4-0", 4, 2025, False),
        ("claude-sonnet-5", 3, 2026, True),
        ("claude-sonnet-4-6", 3, 2026, True),
        ("claude-sonnet-4-5", 3, 2025, False),
        ("claude-sonnet-4-0", 3, 2025, False),
        ("claude-haiku-4-5", 2, 2025, True),
    ),
    **_steps(
        "OpenAI",
        ("gpt-5.5", 3, 2026, True),
        ("gpt-5.4", 3, 2026, True),
        ("gpt-5.2", 3, 2025, False),
        ("gpt-5.1", 3, 2025, False),
        ("gpt-5", 3, 2025, True),
        ("o3", 3, 2025, False),
        ("gpt-4.1", 3, 2025, True),
        ("gpt-4o", 3, 2024, False),
        ("gpt-5.4-mini", 2, 2026, True),
        ("gpt-5-mini", 2, 2025, True),
        ("gpt-4.1-mini", 2, 2025, True),
        ("o4-mini", 2, 2025, False),
        ("o3-mini", 2, 2025, False),
        ("gpt-5.4-nano", 1, 2026, True),
        ("gpt-5-nano", 1, 2025, True),
        ("gpt-4.1-nano", 1, 2025, True),
        ("gpt-4o-mini", 1, 2024, False),
    ),
    **_steps(
        "Google",
        ("gemini-2.5-pro", 3, 2025, True),
        ("gemini-3.6-flash", 2, 2026, True),
        ("gemini-3.5-flash", 2, 2026, True),
        ("gemini-2.5-flash", 2, 2025, True),
        ("gemini-2.0-flash", 2, 2025, False),
        ("gemini-3.5-flash-lite", 1, 2026, True),
        ("gemini-3.1-flash-lite", 1, 2026, True),
        ("gemini-2.5-flash-lite", 1, 2025, True),
        ("gemini-2.0-flash-lite", 1, 2025, False),
    ),
    **_steps(
        "Amazon",
        ("nova-premier", 3, 2025, False),
        ("nova-pro", 2, 2024, True),
        ("nova-2-lite", 1, 2025, True),
        ("nova-lite", 1, 2024, True),
    ),
}


def candidates(model: str, *, same_developer: bool) -> tuple[str, ...]:
    """Models that may stand in for this one: of its size and no older, and of the same developer also one size smaller.

    None for a model that is not in the table.
    """
    own = MODEL_STEPS.get(model)
    if own is None:
        return ()
    return tuple(
        name
        for name, other in MODEL_STEPS.items()
        if name != model
        and other.is_proposed
        and (other.developer == own.developer) == same_developer
        and ((other.step == own.step and other.year >= own.year) or (same_developer and other.step == own.step - 1))
    )

"""Deterministic numbers, ids and secrets: all of them follow from a seed and a name."""

import hashlib
import random


def draw(*parts: object) -> int:
    """64 bits that depend on the parts only."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def generator(*parts: object) -> random.Random:
    """A generator whose sequence depends on the parts only."""
    return random.Random(draw(*parts))


def token(length: int, *parts: object) -> str:
    """`length` hexadecimal characters that depend on the parts only."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:length]

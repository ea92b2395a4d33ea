"""The error that the domain code raises when its user can do something about it."""


class FinopsError(Exception):
    """What is wrong, with its subject and value, and what to do about it. Neither part ever holds a secret."""

    def __init__(self, message: str, *, remedy: str) -> None:
        self.message = message.rstrip(".")
        self.remedy = remedy
        super().__init__(f"{self.message}. {remedy}")

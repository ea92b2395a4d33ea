"""How a channel says that it could not send."""


class SendError(Exception):
    """A delivery that did not arrive, or may not have. The message holds no secret.

    `is_permanent`: the same again will fail the same way. `retry_after`: seconds that the receiver asks to wait.
    """

    def __init__(self, message: str, *, is_permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent
        self.retry_after = retry_after

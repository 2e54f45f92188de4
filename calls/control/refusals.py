"""Why something is not done."""


class Refused(Exception):
    """Nothing was done. The text is a sentence with its reason and cure; `status` is what HTTP says of it."""

    def __init__(self, reason: str, status: int, *, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after  # seconds

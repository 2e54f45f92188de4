"""What every step that records has: a spoken notice, which may be switched off for a reason."""

from calls.flows.run import Run
from calls.flows.steps.kind import Facts
from calls.flows.steps.spoken import Spoken


class Recorded(Spoken):
    """A kind with these two fields. The notice is said in the step's voice, unless there is a reason not to."""

    notice: str
    notice_off_reason: str

    @property
    def is_recording(self) -> bool:
        return True

    @property
    def is_announced(self) -> bool:
        return self.is_recording and not self.notice_off_reason.strip()

    def announce(self, run: Run) -> None:
        if self.is_announced:
            run.say(self.notice, vars(self))

    def problems(self, facts: Facts) -> list[str]:
        silent = self.is_announced and not self.notice.strip()
        return [*super().problems(facts), *([NO_NOTICE] if silent else [])]

    def warnings(self, facts: Facts) -> list[str]:
        secret = self.is_recording and not self.is_announced
        off = [f"{UNANNOUNCED} The reason given: {self.notice_off_reason.strip()}"] if secret else []
        return [*super().warnings(facts), *off]


NO_NOTICE = "It records, and its notice is empty. Write what callers are told, or why they are told nothing."
UNANNOUNCED = "It records the caller without saying so, which many countries forbid."

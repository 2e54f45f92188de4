"""Who we are at the platform's API. A module of its own, for the SDK that uses it takes long to import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """`api_url` has no path: "https://api.nexmo.com", or a local Vonage's. `private_key` is PEM, or a file's name."""

    api_url: str
    application_id: str
    private_key: str

    @property
    def problem(self) -> str:
        """What is missing, in a sentence; "" where nothing is."""
        given = {"VONAGE_APPLICATION_ID": self.application_id, "VONAGE_PRIVATE_KEY": self.private_key}
        missing = " and ".join(name for name, value in given.items() if not value)
        return f"Set {missing}: calls are placed in the name of an application." if missing else ""

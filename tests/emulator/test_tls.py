"""The certificate of our own making: kept while it is good, and made anew when it is not."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from calls.emulator.rest import tls

pytestmark = pytest.mark.once


def names(certificate: Path) -> list[str]:
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(name.value) for name in extension.value]


def test_certificate_is_kept_for_the_same_names(tmp_path: Path) -> None:
    _, certificate = tls.context(tmp_path / "new")
    first = certificate.read_bytes()
    assert names(certificate) == ["localhost", "127.0.0.1", "::1"]
    assert stat.S_IMODE((tmp_path / "new" / "key.pem").stat().st_mode) == 0o600
    tls.context(tmp_path / "new", "", "localhost")
    assert certificate.read_bytes() == first
    tls.context(tmp_path / "new", "vonage", "192.0.2.7")
    assert names(certificate)[3:] == ["vonage", "192.0.2.7"]
    longer = certificate.read_bytes()
    tls.context(tmp_path / "new", "vonage")
    assert certificate.read_bytes() == longer


@pytest.mark.parametrize("file", ["certificate.pem", "key.pem"])
@pytest.mark.parametrize("spoilt", [b"", b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"])
def test_certificate_that_cannot_be_used_is_made_anew(tmp_path: Path, file: str, spoilt: bytes) -> None:
    _, certificate = tls.context(tmp_path)
    (tmp_path / file).write_bytes(spoilt)
    tls.context(tmp_path)
    assert names(certificate)


def test_certificate_that_ends_soon_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "VALID", timedelta(hours=12))
    _, certificate = tls.context(tmp_path)
    short = certificate.read_bytes()
    monkeypatch.undo()
    tls.context(tmp_path)
    assert certificate.read_bytes() != short

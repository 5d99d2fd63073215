"""The bot's signing keys on the disk, and what they sign; no homeserver is needed for that."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

from bot.platforms.matrix import signing
from bot.platforms.matrix.signing import FILE, KINDS, Identity, NotSigned
from tests.platforms.matrix.synapse import NAME


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"user_id": "@bot:gnk.test", "master": "ü"}'], ids=repr
)
def test_damaged_seeds_are_not_taken_for_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(NotSigned, match="put it back from the backup"):
        signing.kept(tmp_path, f"@bot:{NAME}")


def test_seeds_of_another_account_are_not_used(tmp_path: Path) -> None:
    signing.keep(tmp_path, Identity.new(f"@bot:{NAME}"))
    assert signing.kept(tmp_path, f"@bot:{NAME}") is not None
    with pytest.raises(NotSigned, match="does not belong to @other"):
        signing.kept(tmp_path, f"@other:{NAME}")


def test_signatures_are_those_of_the_specification() -> None:
    # Matrix, appendices, "Test Vectors": seed, object and signature stand there.
    seed = b64decode("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1=")
    identity = Identity("domain", dict.fromkeys(KINDS, seed))
    assert identity.public("master") == "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI"
    for thing, wanted in (
        (
            {},
            "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ",
        ),
        (
            {"one": 1, "two": "Two"},
            "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
        ),
    ):
        made = identity.signed("master", thing)
        assert list(made["signatures"]["domain"].values()) == [wanted]
        assert identity.has_signed("master", made)
        assert not identity.has_signed("master", {**made, "more": 1})

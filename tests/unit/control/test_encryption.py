"""A ciphertext opens with its key, in its row, unaltered, and not otherwise."""

import base64
import dataclasses

import pytest

from genai_finops.control.encryption import CredentialOwner, Keyring, MasterKey, decrypt, encrypt
from genai_finops.errors import FinopsError

PLANTED = "sk-planted-4711"
KEY, OTHER_KEY = MasterKey(b"k" * 32), MasterKey(b"o" * 32)
OWNER = CredentialOwner(org_slug="acme", credential_id="acme-openai", provider="openai")
RING = Keyring((KEY,), "a test")


def test_a_secret_opens_again() -> None:
    sealed = encrypt(PLANTED, owner=OWNER, key=KEY)
    assert decrypt(sealed, owner=OWNER, key_id=KEY.key_id, keyring=RING) == PLANTED


def test_a_ciphertext_does_not_hold_the_secret() -> None:
    assert PLANTED.encode() not in encrypt(PLANTED, owner=OWNER, key=KEY)


def test_equal_secrets_have_different_ciphertexts() -> None:
    assert encrypt(PLANTED, owner=OWNER, key=KEY) != encrypt(PLANTED, owner=OWNER, key=KEY)


@pytest.mark.parametrize(
    "change", [{"org_slug": "globex"}, {"credential_id": "other"}, {"provider": "anthropic"}], ids=str
)
def test_a_ciphertext_that_was_moved_is_refused(change: dict[str, str]) -> None:
    sealed = encrypt(PLANTED, owner=OWNER, key=KEY)
    with pytest.raises(FinopsError, match="altered, or was moved"):
        decrypt(sealed, owner=dataclasses.replace(OWNER, **change), key_id=KEY.key_id, keyring=RING)


@pytest.mark.parametrize("position", [0, 1, 13, -1], ids=["format", "nonce", "text", "tag"])
def test_an_altered_byte_is_noticed(position: int) -> None:
    sealed = bytearray(encrypt(PLANTED, owner=OWNER, key=KEY))
    sealed[position] ^= 1
    with pytest.raises(FinopsError, match="altered"):
        decrypt(bytes(sealed), owner=OWNER, key_id=KEY.key_id, keyring=RING)


@pytest.mark.parametrize("length", [0, 1, 12, 20])
def test_a_truncated_ciphertext_is_noticed(length: int) -> None:
    sealed = encrypt(PLANTED, owner=OWNER, key=KEY)[:length]
    with pytest.raises(FinopsError, match="altered"):
        decrypt(sealed, owner=OWNER, key_id=KEY.key_id, keyring=RING)


def test_a_missing_key_is_named_with_the_credential_and_the_keys_at_hand() -> None:
    sealed = encrypt(PLANTED, owner=OWNER, key=OTHER_KEY)
    with pytest.raises(FinopsError, match=f"acme/acme-openai .* {OTHER_KEY.key_id}, .*a test.* {KEY.key_id}"):
        decrypt(sealed, owner=OWNER, key_id=OTHER_KEY.key_id, keyring=RING)


def test_an_old_key_of_the_ring_still_opens() -> None:
    sealed = encrypt(PLANTED, owner=OWNER, key=OTHER_KEY)
    ring = Keyring((KEY, OTHER_KEY), "a test")
    assert decrypt(sealed, owner=OWNER, key_id=OTHER_KEY.key_id, keyring=ring) == PLANTED


def test_printing_a_key_does_not_show_it() -> None:
    assert "kkk" not in repr(RING)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_key_is_read_from_either_base64(encode: object) -> None:
    material = bytes(range(224, 256))
    assert MasterKey.parse(encode(material).decode()).material == material  # type: ignore[operator]


@pytest.mark.parametrize("text", ["", "planted", "cGxhbnRlZA==", "not base64 at all!"])
def test_a_malformed_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="a master key") as caught:
        MasterKey.parse(text)
    assert "planted" not in str(caught.value)

"""Authenticated encryption of credentials: AES-256-GCM, bound to the row that holds the ciphertext."""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from genai_finops.errors import FinopsError

KEY_BYTES = 32
_NONCE_BYTES = 12
#: First byte of every ciphertext, so that another algorithm can follow.
_FORMAT = b"\x01"

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key of 32 random bytes. Its id is a digest, so that equal keys have equal ids everywhere."""

    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.material) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(self.material)}")

    @property
    def key_id(self) -> str:
        """16 hex digits that name the key without giving it away."""
        return hashlib.sha256(b"genai-finops master key\x00" + self.material).hexdigest()[:16]

    @property
    def text(self) -> str:
        """The key as it is written into the key file: base64. A secret."""
        return base64.b64encode(self.material).decode("ascii")

    @classmethod
    def parse(cls, text: str) -> "MasterKey":
        """From standard or URL-safe base64. Raises ValueError, without the text, when it is not 32 bytes of it."""
        try:
            material = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("a master key is base64") from None
        return cls(material)

    @classmethod
    def generate(cls, random_bytes: RandomBytes = secrets.token_bytes) -> "MasterKey":
        """A new key."""
        return cls(random_bytes(KEY_BYTES))


@dataclass(frozen=True, slots=True)
class Keyring:
    """The master keys at hand; the first one encrypts, all decrypt. `origin` names where they come from."""

    keys: tuple[MasterKey, ...]
    origin: str

    @property
    def current(self) -> MasterKey:
        """The key that encrypts."""
        return self.keys[0]

    def find(self, key_id: str) -> MasterKey | None:
        """The key of that id, or None."""
        return next((key for key in self.keys if key.key_id == key_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialOwner:
    """The row that a ciphertext belongs to. In another row, or under another provider, it cannot be decrypted."""

    org_slug: str
    credential_id: str
    provider: str

    def __str__(self) -> str:
        return f"{self.org_slug}/{self.credential_id}"

    def associated_bytes(self, key_id: str) -> bytes:
        """The associated data of the encryption, unambiguous whatever the parts hold."""
        return json.dumps(
            ["genai-finops credential", self.org_slug, self.credential_id, self.provider, key_id]
        ).encode()


def encrypt(
    secret: str, *, owner: CredentialOwner, key: MasterKey, random_bytes: RandomBytes = secrets.token_bytes
) -> bytes:
    """The ciphertext: format byte, nonce of 12 bytes, AES-256-GCM output."""
    nonce = random_bytes(_NONCE_BYTES)
    sealed = AESGCM(key.material).encrypt(nonce, secret.encode(), _FORMAT + owner.associated_bytes(key.key_id))
    return _FORMAT + nonce + sealed


def decrypt(ciphertext: bytes, *, owner: CredentialOwner, key_id: str, keyring: Keyring) -> str:
    """The secret. Raises FinopsError when the key is missing, or the ciphertext was altered or moved."""
    key = keyring.find(key_id)
    if key is None:
        known = ", ".join(key.key_id for key in keyring.keys)
        raise FinopsError(
            f"Credential {owner} is encrypted with the master key {key_id}, which {keyring.origin} does not hold"
            f" (it holds {known})",
            remedy="Provide that key, or add the credential again with --update.",
        )
    nonce, sealed = ciphertext[1 : 1 + _NONCE_BYTES], ciphertext[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key.material).decrypt(nonce, sealed, ciphertext[:1] + owner.associated_bytes(key_id)).decode()
    except (InvalidTag, ValueError):
        raise FinopsError(
            f"The ciphertext of credential {owner} was altered, or was moved there from another credential",
            remedy="Find out who wrote to the control database, then add the credential again with --update.",
        ) from None

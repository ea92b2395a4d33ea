"""Changing the master key, so that a crash between any two steps leaves every credential readable."""

import datetime as dt

from sqlalchemy import Engine

from genai_finops.control.alert_channels import reencrypt_channels
from genai_finops.control.credentials import has_encrypted_credentials, reencrypt_credentials
from genai_finops.control.database import reading, writing
from genai_finops.control.encryption import MasterKey
from genai_finops.control.key_file import key_file_lock, load_keyring, prepend_key, retire_old_keys
from genai_finops.settings import Settings


def rotate_master_key(engine: Engine, settings: Settings, *, now: dt.datetime, actor: str) -> int:
    """Puts all encrypted credentials and secrets of channels under a new current key; gives how many were put there.

    With a key file, a new key is generated and the old ones are dropped once no row needs them. With
    GENAI_FINOPS_MASTER_KEY, the operator has put the new key first, and may drop the others afterwards.
    Raises FinopsError, and changes no row, when a credential cannot be decrypted with the keys at hand.
    """
    if settings.master_key_variable is not None:
        return _reencrypt(engine, settings, now, actor)
    path = settings.master_key_path
    with key_file_lock(path):
        with reading(engine) as session:
            may_create = not has_encrypted_credentials(session)
        load_keyring(settings, may_create=may_create)
        prepend_key(path, MasterKey.generate())
        count = _reencrypt(engine, settings, now, actor)
        retire_old_keys(path)
    return count


def _reencrypt(engine: Engine, settings: Settings, now: dt.datetime, actor: str) -> int:
    with writing(engine) as session:
        # Read under the write lock: whoever adds a credential meanwhile has read the keys after this, or is seen below.
        keyring = load_keyring(settings, may_create=False)
        credentials = reencrypt_credentials(session, keyring, now=now, actor=actor)
        return credentials + reencrypt_channels(session, keyring, now=now, actor=actor)

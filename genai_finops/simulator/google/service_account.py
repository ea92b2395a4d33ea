"""Key files of service accounts, the same for the same seed. The RSA key is derived when it is needed, never stored.

All accounts of a seed share one RSA key: what tells them apart is the id of the key and the address of the account.
"""

import json
import math
import random
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from genai_finops.simulator.noise import generator, token

#: Google's keys have 2048 bits. Primes of this length are found in a tenth of a second.
_PRIME_BITS = 768
_EXPONENT = 65537
#: Candidates that are sieved together; among this many there is a prime with near certainty.
_SPAN = 1 << 15
_SIEVED_BELOW = 1 << 15
_MILLER_RABIN_ROUNDS = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose key file it is."""

    email: str
    project: str
    key_id: str


def project_id(seed: int, org: str, provider: str) -> str:
    """Id of the organisation's project at the provider."""
    return f"{org}-{provider.replace('_', '-')}-{token(5, seed, org, provider, 'project')}"


def project_number(seed: int, org: str, provider: str) -> str:
    """Number of the same project."""
    return str(10**11 + int(token(12, seed, org, provider, "project number"), 16) % (9 * 10**11))


def key_file(seed: int, org: str, provider: str, *, role: str) -> str:
    """Text of the key file of the organisation's service account that is named after its role."""
    project = project_id(seed, org, provider)
    email = f"{role}@{project}.iam.gserviceaccount.com"
    fields = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": token(40, seed, org, provider, role, "key id"),
        "private_key": _private_pem(seed),
        "client_email": email,
        "client_id": str(10**20 + int(token(15, seed, email), 16)),
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{email.replace('@', '%40')}",
        "universe_domain": "googleapis.com",
    }
    return json.dumps(fields, indent=2) + "\n"


@cache
def identity_of(text: str) -> Identity:
    """Whose key file the text is."""
    fields = json.loads(text)
    return Identity(email=fields["client_email"], project=fields["project_id"], key_id=fields["private_key_id"])


@cache
def rsa_key(seed: int) -> rsa.RSAPrivateKey:
    """The key of all service accounts of a seed."""
    numbers = generator(seed, "google rsa key")
    p, q = _prime(numbers), _prime(numbers)
    d = pow(_EXPONENT, -1, math.lcm(p - 1, q - 1))
    private = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(e=_EXPONENT, n=p * q),
    )
    # Its own check of the primes takes longer than finding them.
    return private.private_key(unsafe_skip_rsa_key_validation=True)


@cache
def _private_pem(seed: int) -> str:
    return rsa_key(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def _small_primes() -> tuple[int, ...]:
    is_prime = bytearray([1]) * _SIEVED_BELOW
    for number in range(2, math.isqrt(_SIEVED_BELOW) + 1):
        if is_prime[number]:
            is_prime[number * number :: number] = bytes(len(range(number * number, _SIEVED_BELOW, number)))
    return tuple(number for number in range(3, _SIEVED_BELOW) if is_prime[number])


def _prime(numbers: random.Random) -> int:
    """A probable prime of which p - 1 is coprime to the exponent; its two highest bits are set."""
    start = numbers.getrandbits(_PRIME_BITS) | 3 << (_PRIME_BITS - 2) | 1
    is_candidate = bytearray([1]) * _SPAN
    for prime in _small_primes():
        # start + 2 * index is a multiple of prime.
        index = -start * (prime + 1) // 2 % prime
        is_candidate[index::prime] = bytes(len(range(index, _SPAN, prime)))
    for index in range(_SPAN):
        candidate = start + 2 * index
        if is_candidate[index] and candidate % _EXPONENT != 1 and _is_probable_prime(candidate, numbers):
            return candidate
    return _prime(numbers)


def _is_probable_prime(number: int, numbers: random.Random) -> bool:
    if pow(2, number - 1, number) != 1:
        return False
    shift = (number - 1 & 1 - number).bit_length() - 1
    odd = number - 1 >> shift
    return all(_passes(number, numbers.randrange(2, number - 1), odd, shift) for _ in range(_MILLER_RABIN_ROUNDS))


def _passes(number: int, base: int, odd: int, shift: int) -> bool:
    """One round of Miller and Rabin's test."""
    power = pow(base, odd, number)
    if power in {1, number - 1}:
        return True
    for _ in range(shift - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False

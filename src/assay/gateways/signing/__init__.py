"""Keys, signatures and envelopes of releases; the only home of cryptography and of what signs.

``keys`` holds this folder's private key and the public ones that are trusted, ``envelope`` signs
and opens bytes (DSSE), ``bundles`` signs and checks a bundle's folder as ``model-signing`` of
OpenSSF does. Importing this imports none of these libraries. Nothing here knows what is signed.
"""

from assay.gateways.signing.bundles import sign_bundle, verify_bundle
from assay.gateways.signing.envelope import open_envelope, seal, sign, verify
from assay.gateways.signing.keys import KEYS, has_key, make_key, own_keyid, private_key, trusted

__all__ = [
    "KEYS",
    "has_key",
    "make_key",
    "open_envelope",
    "own_keyid",
    "private_key",
    "seal",
    "sign",
    "sign_bundle",
    "trusted",
    "verify",
    "verify_bundle",
]

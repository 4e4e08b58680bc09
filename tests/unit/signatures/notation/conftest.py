# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Authorities made for these tests: their keys are at hand, so that anything can be signed."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import notation_pki
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures.notation_pki import Issued, issue, subject


@pytest.fixture(scope="session")
def root() -> Issued:
    """An authority."""
    return issue(subject("Example Root"), None, authority=True)


@pytest.fixture(scope="session")
def leaf(root: Issued) -> Issued:
    """A signer that names where its CRL is."""
    return issue(subject("leaf"), root, place=notation_pki.places("root"))

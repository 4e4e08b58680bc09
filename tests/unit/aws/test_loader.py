# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The loader of AWS's service descriptions that all workers share: what botocore's own says, without its looking around."""

from __future__ import annotations

import os

import botocore.exceptions
import botocore.loaders
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import LOADER, WARM

TYPES = ("service-2", "endpoint-rule-set-1", "paginators-1")


@pytest.mark.parametrize("service", [*WARM, "budgets", "s3"])
def test_it_says_what_botocores_own_says(service: str) -> None:
    own = botocore.loaders.create_loader()
    for kind in TYPES:
        assert LOADER.load_service_model(service, kind) == own.load_service_model(service, kind)


def test_a_service_or_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(botocore.exceptions.UnknownServiceError):
        LOADER.load_service_model("no-such-service", "service-2")
    with pytest.raises(botocore.exceptions.DataNotFoundError):
        LOADER.load_service_model("sts", "no-such-type-1")


@pytest.mark.parametrize("service", WARM)
def test_what_is_warm_is_not_looked_for(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker reads nothing of the services that the parent has read."""
    monkeypatch.setattr(os, "listdir", lambda *_arguments: pytest.fail("a folder was listed"))
    for kind in TYPES:
        assert LOADER.load_service_model(service, kind)

# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app of the catalog with hostile text in every field that takes free text."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import (
    App,
    Contact,
    Database,
    DataClass,
    Exposure,
    Owner,
    Repository,
    SecretSpec,
)

HOSTILE = (
    'nice "app"\n  labels:\n    pod-security.kubernetes.io/enforce: privileged\n'
    "- uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd\n"
    "${jsonencode(1)} %{ if true } {{ lookup('pipe', 'id') }} $(id) `id` ' \\ # é \u2028 <!-- --> */ \"\"\" ''' EOF"
)


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def apps() -> tuple[App, ...]:
    line = HOSTILE.replace("\n", " ")
    contact = Contact(line, "ada@example.com")
    app = App(
        name="where2eat",
        environment="prod",
        title=line,
        description=HOSTILE,
        owner=Owner("dining", line, "club@example.com", "club"),
        escalation=(contact,),
        maintainer=contact,
        repository=Repository("https://git.example.com/x.git"),
        image="where2eat",
        runtime="python",
        data=DataClass.PERSONAL,
        exposure=Exposure.PUBLIC,
        peak_users=1,
        monthly_cost=1,
        currency="EUR",
        cost_center="CC-1",
        environments=("dev", "prod"),
        database=Database("postgresql", "where2eat"),
        secrets=(SecretSpec("database", "postgresql", (("password", "DATABASE_PASSWORD"), ("username", "DATABASE_USER"))),),
        aws_actions=(("s3:GetObject", "arn:aws:s3:::x/*"),),
        impact=HOSTILE,
    )
    return dataclasses.replace(app, environment="dev"), app

# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory plugin: every app of the catalog that lives in one environment is one host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: catalog
short_description: The catalog of micro apps as an inventory
version_added: 0.1.0
author:
  - the goldenpath.microapps authors (@goldenpath)
description:
  - Reads a folder with one YAML file per app and makes one host C(<app>.<environment>) of every app that lives in the
    environment. Its own entries and Backstage's C(catalog-info.yaml) are read.
  - Groups are C(app_*), C(path_light) and C(path_full) (by what the entry declares), C(owner_*), C(exposure_*), C(data_*) and
    C(environment_*); their names are made of a-z, 0-9 and C(_). Hosts of an environment whose profile says C(all_apps=true)
    are in C(all_apps) too.
  - A host carries identity only, in C(microapp) (name, environment, file). The text of an entry is read from its file when a
    task runs, because nobody's text is a template.
  - Profiles are kept in C(group_vars/environment_<environment>/) beside the configuration. A C(group_vars/all) there is
    refused, because two inventories loaded together would mix theirs.
  - An environment in which no app lives has one host, C(no_app.<environment>), which the environment's own playbooks (preflight,
    retire) need to find its profile; no other play takes it.
  - With O(skip_invalid=true), C(microapp_unread) of the environment's group names the files that were not loaded.
  - Nothing is cached, because reading one thousand entries takes less time than asking most caches.
requirements:
  - jsonschema (Python library)
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [goldenpath.microapps.catalog]
  environment:
    description: The environment that this inventory is for, at most 10 of a-z and 0-9.
    type: str
    required: true
  catalog:
    description: The folder of the entries; a relative path begins at the configuration's folder.
    type: str
    default: ../apps
  skip_invalid:
    description:
      - Load the others when an entry is not valid, and warn about each of those that are not.
      - Without it, one entry that is not valid refuses the whole inventory.
    type: bool
    default: false
"""

EXAMPLES = r"""
# inventories/sandbox/microapps.yml
plugin: goldenpath.microapps.catalog
environment: sandbox
catalog: ../apps
skip_invalid: false
"""

import os
import pathlib
import re
from typing import Any

from ansible import constants, context
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.template import trust_as_template

from ..plugin_utils import compiled

# Ansible asks the inventory first, so this stands before the first import of what we share.
compiled.keep()

from ..module_utils.app import App
from ..module_utils.catalog import collected
from ..module_utils.catalog.groups import ALL_APPS_GROUP, ENVIRONMENT_PREFIX, NO_APP, groups_of, host_of
from ..module_utils.catalog.load import load_catalog
from ..module_utils.catalog.patterns import ENVIRONMENT
from ..module_utils.catalog.profile_schema import plain_settings
from ..module_utils.errors import Invalid, MicroappsError

SUFFIXES = (".yml", ".yaml")


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]  # ansible-core ships no type information
    """Hosts and groups from the catalog."""

    NAME = "goldenpath.microapps.catalog"

    def verify_file(self, path: str) -> bool:
        """Only a file named microapps.yml is ours."""
        return bool(super().verify_file(path)) and os.path.basename(path) in ("microapps.yml", "microapps.yaml")

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Called by Ansible for each source; every fault is kept for the lookup app_hosts, because Ansible only warns."""
        super().parse(inventory, loader, path, cache)
        collected.remember(path, "")
        try:
            self._parse(pathlib.Path(os.path.abspath(path)))
        except (MicroappsError, AnsibleParserError) as error:
            sentence = error.sentence() if isinstance(error, MicroappsError) else error.message
            collected.remember(path, sentence)
            if "syntax" not in context.CLIARGS and context.CLIARGS:
                # Where no play follows (ansible-inventory, an AWX sync) nothing else would make the exit code say so.
                constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True
            raise AnsibleParserError(sentence) from None

    def _parse(self, path: pathlib.Path) -> None:
        self._read_config_data(str(path))
        environment = self.get_option("environment")
        if not re.match(ENVIRONMENT, environment):
            raise Invalid(f"{path}: environment: {environment!r} is not at most 10 of a-z and 0-9", "", "Correct it.")
        _refuse_shared_variables(path.parent)
        _refuse_parent_folder(path.parent)
        catalog = load_catalog(str(path.parent / self.get_option("catalog")))
        if catalog.problems and not self.get_option("skip_invalid"):
            raise Invalid("\n".join(str(problem) for problem in catalog.problems))
        for problem in catalog.problems:
            self.display.warning(f"Not loaded: {problem}")
        settings = plain_settings(_profile_texts(path.parent / "group_vars", environment))
        collected.remember_settings(environment, settings)
        collected.remember_homes((entry.name, entry.environments) for entry in catalog.entries)
        group = self.inventory.add_group(f"{ENVIRONMENT_PREFIX}{environment}")
        if catalog.problems:
            # What is not loaded may live here: nobody may take it for an orphan.
            self.inventory.set_variable(group, "microapp_unread", sorted({problem.file for problem in catalog.problems}))
        apps = catalog.apps(environment)
        for app in apps:
            self._add(app, (ALL_APPS_GROUP,) if settings.get("all_apps") is True else ())
        if not apps:
            self.inventory.add_child(group, self.inventory.add_host(f"{NO_APP}.{environment}"))
            self._run_here(f"{NO_APP}.{environment}")

    def _add(self, app: App, more_groups: tuple[str, ...]) -> None:
        host = host_of(app)
        self.inventory.add_host(host)
        for group in (*groups_of(app), *more_groups):
            self.inventory.add_child(self.inventory.add_group(group), host)
        identity = {"name": app.name, "environment": app.environment, "file": app.file}
        self.inventory.set_variable(host, "microapp", identity)
        self._run_here(host)

    def _run_here(self, host: str) -> None:
        self.inventory.set_variable(host, "ansible_connection", "local")
        # The interpreter that runs the play, whichever machine that is: discovery may pick one without our libraries.
        interpreter = trust_as_template("{{ ansible_playbook_python }}")
        self.inventory.set_variable(host, "ansible_python_interpreter", interpreter)


def _refuse_shared_variables(folder: pathlib.Path) -> None:
    for name in ("all", "all.yml", "all.yaml", "all.json"):
        shared = folder / "group_vars" / name
        if os.path.lexists(shared):
            raise Invalid(
                f"{shared} is not read together with {folder / 'microapps.yml'}",
                "with two inventories loaded, one environment's values would replace the other's in silence",
                "Move its values to group_vars/environment_<environment>/.",
            )


def _refuse_parent_folder(folder: pathlib.Path) -> None:
    given = [os.path.realpath(source) for source in context.CLIARGS.get("inventory") or () if "," not in source]
    here = os.path.realpath(folder)
    above = [source for source in given if here.startswith(source + os.sep)]
    if above and here not in given and not any(os.path.dirname(source) == here for source in given):
        raise Invalid(
            f"-i {above[0]} is a folder of inventories",
            "Ansible does not read the group_vars of the folders below it, so no app would have a profile",
            f"Give one -i for each environment: -i {os.path.join(above[0], '<environment>')}.",
        )


def _profile_texts(group_vars: pathlib.Path, environment: str) -> list[str]:
    stem = group_vars / f"environment_{environment}"
    files = [stem.with_suffix(suffix) for suffix in SUFFIXES]
    if stem.is_dir():
        files += sorted(file for file in stem.iterdir() if file.suffix in SUFFIXES)
    return [file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file()]

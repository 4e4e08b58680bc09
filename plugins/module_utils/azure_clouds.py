# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which clouds of Azure there are: where their key vaults are, and who logs in there. Pure."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from typing import Final

from .errors import Invalid
from .network import is_loopback


@dataclasses.dataclass(frozen=True, slots=True)
class Cloud:
    """`name` is what External Secrets calls it, `vaults` the domain of its key vaults, `authority` the host of its logins, and
    `management` that of Azure Resource Manager."""

    name: str
    vaults: str
    authority: str
    management: str


@dataclasses.dataclass(frozen=True, slots=True)
class Management:
    """Azure Resource Manager: where it is, and the resource that a token for it is good for."""

    endpoint: str
    resource: str


# https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates, "Vault name and object name".
CLOUDS: Final = (
    Cloud("PublicCloud", "vault.azure.net", "https://login.microsoftonline.com", "https://management.azure.com"),
    Cloud(
        "USGovernmentCloud", "vault.usgovcloudapi.net", "https://login.microsoftonline.us", "https://management.usgovcloudapi.net"
    ),
    Cloud("ChinaCloud", "vault.azure.cn", "https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
)
# A vault as a resource of Azure Resource Manager.
VAULT_ID: Final = re.compile(
    r"/subscriptions/[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/resourceGroups/[A-Za-z0-9._()-]{1,90}"
    r"/providers/Microsoft\.KeyVault/vaults/[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]"
)
# A vault's name is 3 to 24 letters, digits and hyphens; nothing may follow the domain, or the address is another host's.
_VAULT: Final = re.compile(r"https://([a-z][a-z0-9-]{1,22}[a-z0-9])\.([a-z.]+)/?")


def cloud_of(address: str) -> Cloud | None:
    """The cloud whose key vault has this address, None if it is no key vault's."""
    match = _VAULT.fullmatch(address)
    return next((cloud for cloud in CLOUDS if match and match[2] == cloud.vaults), None)


def is_vault(address: str) -> bool:
    """Whether a login may be taken to this address: a key vault's, or this machine's own."""
    return cloud_of(address) is not None or is_loopback(address)


def management_of(address: str) -> Management:
    """The Resource Manager of the cloud whose vault this is; for a vault on this machine, the same address."""
    cloud = cloud_of(address)
    if cloud is not None:
        return Management(cloud.management, cloud.management)
    if is_loopback(address):
        return Management(address.rstrip("/"), f"https://management.{urllib.parse.urlsplit(address).hostname}")
    raise Invalid(f"The address {address} of the secret store", "it is no key vault's", "Give https://<vault>.vault.azure.net.")


def vault_name(address: str) -> str:
    """The vault's name, as `az keyvault --vault-name` wants it; of an address on this machine, its host."""
    return (urllib.parse.urlsplit(address).hostname or "").partition(".")[0] if cloud_of(address) else address

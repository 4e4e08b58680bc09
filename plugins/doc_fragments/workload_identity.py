# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that the identities of workloads outside AWS share, documented once."""

from __future__ import annotations


class ModuleDocFragment:
    """Used by the modules of Google and Azure. Fragments are merged option by option, so what lies below one cannot be shared."""

    DOCUMENTATION = r"""
options:
  issuer:
    description: The URL of the cluster's OIDC issuer.
    type: str
  adopt:
    description: What to do with other workloads that may read these secrets, and with what others made.
    type: str
    choices: [report, take]
    default: report
"""

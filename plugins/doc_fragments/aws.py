# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option `aws` of `module_utils/aws/session.py`, documented once."""

from __future__ import annotations


class ModuleDocFragment:
    """Used by every module that talks to AWS by itself."""

    DOCUMENTATION = r"""
options:
  aws:
    description:
      - The account and how to reach it. The same fields as the profile's block, so C({{ microapp_environment.aws }}) fits.
      - Before anything is read or changed, AWS is asked whether the credentials are for O(aws.account); if not, the task fails.
      - Without O(aws.profile) and O(aws.credentials_file), credentials are found as by every AWS tool.
    type: dict
    required: true
    suboptions:
      account:
        description: The account's twelve digits, in quotes.
        type: str
        required: true
      region:
        description: The region.
        type: str
        required: true
      endpoint_url:
        description: Another AWS API, such as a local one. A local one is reached without proxies.
        type: str
      profile:
        description: The AWS profile whose credentials are used; variables such as AWS_ACCESS_KEY_ID are then not.
        type: str
      credentials_file:
        description: The file that holds that profile, instead of the usual one.
        type: path
      loopback_only:
        description:
          - Refuse an endpoint that is missing or not on this machine.
          - Credentials come from O(aws.credentials_file) alone. AWS variables, profiles and proxies of the user are ignored.
        type: bool
        default: false
      permissions_boundary:
        description: Taken so that the profile's block fits; used by M(goldenpath.microapps.app_supply_chain).
        type: str
      kms_key:
        description: Taken so that the profile's block fits; used by M(goldenpath.microapps.app_supply_chain).
        type: str
      oidc_provider:
        description: Taken so that the profile's block fits; used by M(goldenpath.microapps.app_supply_chain).
        type: str
      eks_cluster:
        description: Taken so that the profile's block fits; used by M(goldenpath.microapps.app_supply_chain).
        type: str
requirements:
  - boto3 >= 1.40
"""

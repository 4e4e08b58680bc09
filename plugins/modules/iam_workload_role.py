#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: iam_workload_role
short_description: Converges the IAM roles of Kubernetes workloads, many at once
version_added: 0.1.0
description:
  - Makes, changes and deletes roles that exactly one service account in one namespace may take, by EKS Pod Identity, by IRSA
    (a service account's own token), or by both. A wildcard is refused.
  - Every option converges; an option that is not given is left alone. The roles of one task are worked on side by side.
  - A statement that names all calls of a service, or all objects, is refused. A resource of C(*) is taken only for calls that
    AWS checks against no object. Calls of C(iam), C(organizations), C(account) and C(sso) are never given to a workload.
  - Policies are compared by their meaning. What was written is read back until AWS's copies agree.
options:
  roles:
    description: The roles.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, of at most 64 characters.
        type: str
        required: true
      state:
        description: Whether it should be there. A role that machines use is not deleted.
        type: str
        choices: [present, absent]
        default: present
      description:
        description: What it is for.
        type: str
      trust:
        description: Who may take it; required for a new role.
        type: dict
        suboptions:
          namespace:
            description: The namespace.
            type: str
            required: true
          service_account:
            description: The service account.
            type: str
            required: true
          pod_identity:
            description: Trust EKS Pod Identity.
            type: bool
            default: true
          cluster:
            description: The ARN of the EKS cluster; with it, Pod Identity of other clusters in the account is not trusted.
            type: str
          irsa:
            description: Trust the tokens of a cluster's own issuer.
            type: dict
            suboptions:
              provider_arn:
                description: The ARN of the IAM identity provider.
                type: str
                required: true
              issuer:
                description: The issuer, without C(https://).
                type: str
                required: true
      permissions_boundary:
        description: The ARN of the policy that bounds it; an empty text removes the boundary.
        type: str
      max_session_duration:
        description: How long a session may last, from 3600 to 43200 seconds.
        type: int
      statements:
        description: What it may do, kept as one inline policy called C(workload); an empty list for nothing.
        type: list
        elements: dict
        suboptions:
          sid:
            description: A name for the statement.
            type: str
          actions:
            description: The calls.
            type: list
            elements: str
            required: true
          resources:
            description: The ARNs they may be made on.
            type: list
            elements: str
            required: true
          condition:
            description: A condition, as IAM takes it.
            type: dict
      exclusive:
        description: Remove every other policy from the role. Without it they are reported in a warning.
        type: bool
        default: false
      tags:
        description: Tags to set. Others stay, unless O(roles[].purge_tags).
        type: dict
      purge_tags:
        description: Remove tags that are not named.
        type: bool
        default: false
extends_documentation_fragment:
  - goldenpath.microapps.aws
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: The app's pods may read its photos, and nobody else may be them
  goldenpath.microapps.iam_workload_role:
    aws: "{{ microapp_environment.aws }}"
    roles:
      - name: microapp-where2eat-dev
        trust:
          namespace: where2eat-dev
          service_account: where2eat
          cluster: arn:aws:eks:eu-west-1:111111111111:cluster/microapps
        statements:
          - actions: [s3:GetObject]
            resources: ["arn:aws:s3:::where2eat-photos/*"]
        exclusive: true
"""

RETURN = r"""
objects:
  description: One entry for each object; an unchanged one is answered by its name only.
  returned: always
  type: list
  elements: dict
  sample:
    - object: ecr:repository/where2eat
      action: updated
      fields: [mutability]
answers:
  description: One entry for each control that was asked.
  returned: always
  type: list
  elements: dict
  sample:
    - control: supply_chain-01
      state: in_place
      proof: ["ecr:repository/where2eat"]
      reason: ""
      found: "ecr:repository/where2eat differs in mutability"
      done: "updated ecr:repository/where2eat"
"""

from ..module_utils.aws.iam import CAPABILITY
from ..module_utils.capability import run_as_module


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()

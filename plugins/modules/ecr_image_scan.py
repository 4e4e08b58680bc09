#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image_scan
short_description: Judges what Amazon ECR found in container images
version_added: 0.2.0
description:
  - Reads all findings of ECR's last scan of each image, basic or enhanced (Amazon Inspector), and judges them by the same gate as
    attested vulnerability reports. Nothing is ever changed, and no scan is started.
  - A scan that still runs, failed, or was never made is an error and never "nothing found".
  - Who wants it may ask as well whether AWS has signed the image by the rules of M(goldenpath.microapps.ecr_registry). That a
    signature was made is not that it verifies; M(goldenpath.microapps.image_signature) tells that.
  - If one image does not pass the task fails, with the answers for all of them in its result.
options:
  images:
    description:
      - Names of repositories with a tag (C(latest) if there is none) or, better, a digest. A host, if one is written, must be the
        registry of O(aws.account) in O(aws.region).
      - Of an image for several platforms ECR scans the images of the platforms and not the index.
    type: list
    elements: str
    required: true
  gate:
    description:
      - What does not pass, in the fields of C(vulnerabilities) in a signature policy's C(attestations) (docs/catalog.md).
      - C(roles) and C(predicate_types) say nothing here.
      - Without it findings are read and not judged.
    type: dict
  app:
    description: The app's name, for exceptions that are for some apps only.
    type: str
    default: ""
  signed:
    description: Whether every signing profile whose rule is for the image must have signed it, and one at least.
    type: bool
    default: false
  findings:
    description: Whether every finding stands in the result, for gates of one's own.
    type: bool
    default: false
extends_documentation_fragment:
  - goldenpath.microapps.aws
attributes:
  check_mode:
    description: Can run in check mode and does the same there.
    support: full
  diff_mode:
    description: There is never a difference to show.
    support: none
notes:
  - With enhanced scanning AWS asks the caller for C(inspector2:ListFindings) as well.
seealso:
  - module: goldenpath.microapps.ecr_registry
  - module: goldenpath.microapps.image_signature
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: Nothing critical, and nothing that has a fix, is known of what will run
  goldenpath.microapps.ecr_image_scan:
    aws: "{{ microapp_environment.aws }}"
    images: ["where2eat:1.4.0"]
    app: where2eat
    gate:
      most_days: 7
      fail_at: high
      exceptions:
        - vulnerability: CVE-2026-12345
          package: openssl
          owner: dining-club@example.com
          reason: The function is never called
          expires: "2027-01-31"
"""

RETURN = r"""
images:
  description: One entry for each image, in the order asked.
  returned: success, and when an image does not pass
  type: list
  elements: dict
  contains:
    image:
      description: As it was asked for.
      type: str
    repository:
      description: The name of its repository.
      type: str
    digest:
      description: The digest of the image that was scanned.
      type: str
    passed:
      description: Whether it could be told and nothing stands against it.
      type: bool
    reason:
      description: Why it does not pass, or why that could not be told; empty if it passes.
      type: str
    scanner:
      description: V(ecr) for basic scanning, V(inspector) for enhanced.
      type: str
    scanned_at:
      description: When it was scanned last.
      type: str
    database_of:
      description: How new the knowledge was.
      type: str
    counts:
      description: How many findings there are of each severity.
      type: dict
    fault:
      description: A word for programs, if the gate refuses.
      type: str
    facts:
      description: What the gate decided by, among it what blocks, what is excepted and by whom.
      type: dict
    notes:
      description: Worth knowing, such as an exception that nobody needed.
      type: list
      elements: str
    signing:
      description: If O(signed), the status of each profile whose rule is for the image.
      type: list
      elements: dict
    findings:
      description: If O(findings), every finding with name, package, version, severity, fixable, fixed_in, aliases, ignored.
      type: list
      elements: dict
  sample:
    - image: where2eat:1.4.0
      digest: sha256:6e3cf2a6b0a1e1c1b1c1d0a3c5b1f7c0a2a4f3e2d1c0b9a8978685746352413f
      passed: true
      scanner: inspector
      counts: {medium: 2, low: 11}
objects:
  description: One entry for each image; one that does not pass has a C(reason).
  returned: always
  type: list
  elements: dict
  sample:
    - object: image:where2eat:1.4.0
      action: unchanged
"""

from ..module_utils.aws.ecr_image_scan import CAPABILITY
from ..module_utils.capability import run_as_module


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()

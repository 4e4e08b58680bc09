# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The app's cloud resources as Terraform: one call of a module that lies beside it, one variable file for each environment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..app import App
from ..oci.reference import written
from .formats import comment, hcl_block
from .model import INFRASTRUCTURE, File

_HEAD: Final = "Made by goldenpath.microapps. Edit it freely: your lines survive an update."
_MAIN: Final = """\
terraform {
  required_version = "~> 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "environment" {
  type        = string
  description = "The environment: names the workload's role and is a tag of everything."
}

variable "namespace" {
  type        = string
  description = "The Kubernetes namespace of the app in this environment."
}

variable "cluster_name" {
  type        = string
  description = "The EKS cluster the app runs in."
}

variable "permissions_boundary" {
  type        = string
  description = "The ARN of the boundary that every workload's role gets."
}

variable "kms_key_arn" {
  type        = string
  description = "The key that encrypts the images."
}

"""
_MODULE: Final = """\
variable "name" {
  type = string
}

variable "environment" {
  type = string
}

variable "image" {
  type = string
}

variable "namespace" {
  type = string
}

variable "service_account" {
  type = string
}

variable "cluster_name" {
  type = string
}

variable "permissions_boundary" {
  type = string
}

variable "kms_key_arn" {
  type = string
}

variable "aws_actions" {
  type = list(object({ action = string, resource = string }))
}

variable "tags" {
  type = map(string)
}

resource "aws_ecr_repository" "image" {
  name                 = var.image
  image_tag_mutability = "IMMUTABLE"
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }
}

resource "aws_ecr_lifecycle_policy" "image" {
  repository = aws_ecr_repository.image.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Untagged images go after two weeks"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
      action       = { type = "expire" }
    }]
  })
}

data "aws_caller_identity" "current" {}

data "aws_eks_cluster" "cluster" {
  name = var.cluster_name
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/eks-cluster-arn"
      values   = [data.aws_eks_cluster.cluster.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-namespace"
      values   = [var.namespace]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-service-account"
      values   = [var.service_account]
    }
  }
}

resource "aws_iam_role" "workload" {
  name                 = "microapp-${var.name}-${var.environment}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

data "aws_iam_policy_document" "workload" {
  dynamic "statement" {
    for_each = var.aws_actions
    content {
      actions   = [statement.value.action]
      resources = [statement.value.resource]
    }
  }
}

resource "aws_iam_role_policy" "workload" {
  count  = length(var.aws_actions) > 0 ? 1 : 0
  name   = "workload"
  role   = aws_iam_role.workload.id
  policy = data.aws_iam_policy_document.workload.json
}

resource "aws_eks_pod_identity_association" "workload" {
  cluster_name    = var.cluster_name
  namespace       = var.namespace
  service_account = var.service_account
  role_arn        = aws_iam_role.workload.arn
  tags            = var.tags
}
"""
_REFERENCES: Final = ("environment", "namespace", "cluster_name", "permissions_boundary", "kms_key_arn")


def infrastructure(apps: Iterable[App]) -> tuple[File, ...]:
    """The module, its call, and the values that differ between environments."""
    everywhere = tuple(apps)
    app = everywhere[0]
    values: dict[str, Any] = {
        "name": app.name,
        "image": written(app.image).path,
        "service_account": app.service_account,
        "aws_actions": [{"action": action, "resource": resource} for action, resource in app.aws_actions],
        "tags": {
            "app": app.name,
            "title": app.title,
            "owner": app.owner.team,
            "cost-center": app.cost_center,
            "data": str(app.data),
        },
    }
    call = hcl_block("module", ["microapp"], values)
    wiring = "".join(f"  {name.ljust(20)} = var.{name}\n" for name in _REFERENCES)
    main = comment(_HEAD) + _MAIN + call.replace("{\n", f'{{\n  source = "./modules/microapp"\n\n{wiring}\n', 1)
    files = [
        File("infrastructure/main.tf", main.encode(), INFRASTRUCTURE),
        File("infrastructure/modules/microapp/main.tf", (comment(_HEAD) + _MODULE).encode(), INFRASTRUCTURE),
    ]
    for one in everywhere:
        text = comment(_HEAD) + f'environment = "{one.environment}"\nnamespace   = "{one.namespace}"\n'
        files.append(File(f"infrastructure/{one.environment}.tfvars", text.encode(), INFRASTRUCTURE))
    return tuple(files)

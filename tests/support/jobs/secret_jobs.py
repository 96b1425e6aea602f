"""Jobs with a secret in every field that takes one: refused by stores, accepted, and malformed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.attacks.planted_secrets import Canaries
from support.servers.api_server import Server
from support.servers.bucket import Bucket

COPY = "-i clip.mp4 -c copy small.mp4"
SLOW = "-re -t 1 -i clip.mp4 -c:v libx264 -g 10 -f hls -hls_time 0.4 x.m3u8"
STATUSES = (400, 403, 404)
PEM = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"


@dataclass(frozen=True)
class Scene:
    """A server with an S3 bucket, and a store that refuses everything."""

    server: Server
    bucket: Bucket
    gossip: str
    canaries: Canaries
    api_key: str
    variables: dict[str, str]


def process(commands: Any = COPY, **common: Any) -> tuple[str, dict[str, Any]]:
    return "/ffmpeg/process", {"chainCmds": commands, **common}


def probe(entry: Any) -> tuple[str, dict[str, Any]]:
    return "/ffmpeg/probe", {"input": "film", "inputs": {"film": entry}}


def stores(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """The refusing store as each kind of bucket: URL scheme and `upload`."""
    plain = scene.canaries.plant_plain
    for status in STATUSES:
        url = f"{scene.gossip}/{status}"
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        keys = {name: plain(name) for name in names}
        yield "s3", {"bucket": "b-b", "cloud_type": "AWS", "credentials": {**keys, "aws_url": url}}
        yield "r2", {"bucket": "b-b", "cloud_type": "R2", "credentials": {**keys, "aws_url": url}}
        key = base64.b64encode(plain("azure_account_key").encode()).decode()
        azure = {"azure_account_name": "media", "azure_url": url}
        scene.canaries.watch("azure_account_key", key)
        yield "az", {"bucket": "bbb", "cloud_type": "AZURE", "credentials": {**azure, "azure_account_key": key}}
        signature = f"sv=2024&sp=rw&sig={plain('azure_sas_token')}"
        yield (
            "az",
            {"bucket": "bbb", "cloud_type": "AZURE", "credentials": {**azure, "azure_sas_token": signature}},
        )
        text = f"AccountName=media;AccountKey={key};BlobEndpoint={url}"
        yield "az", {"bucket": "bbb", "cloud_type": "AZURE", "credentials": {"azure_connection_string": text}}
    for pem in (_private_key(scene.canaries), PEM.format(plain("private_key"))):
        document = {"client_email": "a@b.example", "private_key": pem, "private_key_id": plain("private_key_id")}
        for given in (document, json.dumps(document), json.dumps(document)[:-1]):
            yield "gs", {"bucket": "bbb", "cloud_type": "GCP", "credentials": {"gcp_service_account_key": given}}


def _private_key(canaries: Canaries) -> str:
    """A real private key, which can sign requests."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    canaries.watch("private_key", made.splitlines()[5])
    canaries.watch("private_key", made)
    return made


def refused_jobs(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Jobs with inputs or outputs in a store that refuses."""
    for scheme, upload in stores(scene):
        source = {"url": f"{scheme}://{upload['bucket']}/a.mp4", "credentials": upload["credentials"]}
        yield process(upload=upload)
        yield probe(source)
    yield process(SLOW, upload=upload)
    yield "/storage/upload", {"input": "clip.mp4", "upload": upload}
    yield "/storage/download", {"input": source}
    yield process()  # to the operator's bucket
    yield process(
        s3Config={
            "accessId": scene.canaries.plant_plain("accessId"),
            "accessSecret": scene.canaries.plant("accessSecret"),
            "bucketName": "b-b",
            "endpointUrl": f"{scene.gossip}/403",
        }
    )
    yield from web_jobs(scene)


def web_jobs(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Jobs with signed URLs and secret headers."""
    plain = scene.canaries.plant_plain
    host = scene.gossip.removeprefix("http://")
    for status in STATUSES:
        signed = f"{scene.gossip}/{status}/a.mp4?X-Amz-Signature={plain('signature of an input')}&x=1"
        headers = {
            "Authorization": f"Bearer {plain('header of an input')}",
            "X-Api-Key": plain("header of an input"),
        }
        yield probe({"url": signed, "headers": headers})
        yield process(f"-i {signed} -c copy o.mp4", upload={"cloud_type": "LOCAL"})
        yield process(["-f", "concat", "-i", signed, "o.mp4"], upload={"cloud_type": "LOCAL"})
        yield probe(f"http://user:{plain('userinfo')}@{host}/{status}/a.mp4")
        target = f"{scene.gossip}/{status}/o.mp4?sig={plain('signature of a PUT')}"
        headers = {"x-amz-security-token": plain("header of a PUT")}
        yield process(upload={"url": target, "headers": headers})
        yield process(upload={"urls": {"small.mp4": target}})
        yield process(upload={"urls": {"other.mp4": target}})
        many = {"processes": [{"chainCmds": f"-i {signed} -c copy o.mp4"}, {"chainCmds": COPY}]}
        yield "/ffmpeg/multi_process", {**many, "upload": {"url": target}}


def good_jobs(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Jobs whose stores accept them; some fail later."""
    upload = scene.bucket.upload("out/")
    address = f"{scene.bucket.server.url}/{upload['bucket']}/clip.mp4"
    signed = scene.bucket.signed("get_object", "clip.mp4")
    scene.canaries.watch("signature of a good input", signed.partition("Signature=")[2].partition("&")[0])
    target = scene.bucket.signed("put_object", "put.mp4")
    scene.canaries.watch("signature of a good PUT", target.partition("Signature=")[2].partition("&")[0])
    film = {"url": f"s3://{upload['bucket']}/clip.mp4", "credentials": upload["credentials"]}
    assert address in signed
    yield process(SLOW, upload=upload)
    yield process("-re -t 1 -i {{film}} -c copy o.mp4", inputs={"film": film}, upload=upload)
    yield process("-re -t 1 -i {{film}} -c copy o.mp4", inputs={"film": signed}, upload={"url": target})
    yield probe(film)
    yield "/ffmpeg/vmaf", {"input1": signed, "input2": "clip.mp4", "output": "scores.json", "upload": upload}
    yield "/storage/download", {"input": film}
    yield "/storage/upload", {"input": "clip.mp4", "upload": upload}
    yield process(f"-i {signed} -c:v nope o.mp4", upload=upload)
    yield process(f"-i {signed} -vf scale=nope o.mp4", upload=upload)
    yield process(f"-i {signed} -c copy {signed}", upload=upload)
    yield process(f"-i clip.mp4 -vf movie={signed} o.mp4", upload=upload)


def composed(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a job with a small composition."""
    own = {name: more.pop(name) for name in ("fonts", "width", "height", "fps", "duration") if name in more}
    small = {"width": 64, "height": 36, "fps": 10, "duration": 0.3}
    return {"json": {**small, **own, "layers": [*layers]}, **more}


def refused_compositions(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Compositions with sources in a store that refuses."""
    plain = scene.canaries.plant_plain
    host = scene.gossip.removeprefix("http://")
    for kind in ("video", "image", "audio", "waveform", "subtitles"):
        signed = f"{scene.gossip}/403/a.mp4?X-Amz-Signature={plain('signature of a layer')}&x=1"
        yield "/canvas/process", composed({"type": kind, "src": signed})
    yield "/canvas/preview", composed({"type": "image", "src": f"http://u:{plain('userinfo')}@{host}/404/a.png"})
    headers = {"Authorization": f"Bearer {plain('header of a layer')}"}
    film = {"url": f"{scene.gossip}/404/a.mp4?sig={plain('signature of a layer')}", "headers": headers}
    yield "/canvas/process", composed({"type": "video", "src": "{{film}}"}, inputs={"film": film})
    font = {"family": "A", "src": f"{scene.gossip}/400/a.ttf?sig={plain('signature of a font')}"}
    yield "/canvas/preview", composed({"type": "text", "text": "a"}, fonts=[font])


def good_compositions(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Compositions with sources that exist; some have the wrong type."""
    upload = scene.bucket.upload("out/")
    signed = scene.bucket.signed("get_object", "clip.mp4")
    scene.canaries.watch("signature of a layer", signed.partition("Signature=")[2].partition("&")[0])
    film = {"url": f"s3://{upload['bucket']}/clip.mp4", "credentials": upload["credentials"]}
    many = [{"type": "shape", "shape": "rect", "width": 60, "height": 30, "blur": 9}] * 20
    shown = {"type": "video", "src": signed}
    yield "/canvas/process", composed(shown, *many, upload=upload)
    # Its encoder takes long enough to be looked at.
    large = {"width": 1280, "height": 720, "fps": 30, "duration": 2, "preset": "slow"}
    named = {"type": "video", "src": "film"}
    yield "/canvas/process", composed(named, inputs={"film": film}, upload=upload, **large)
    yield (
        "/canvas/preview",
        composed({**shown, "chroma_key": {"color": "#0f0"}}, {"type": "waveform", "src": signed}),
    )
    for kind in ("image", "subtitles"):
        yield "/canvas/process", composed({**shown, "type": kind}, upload=upload)
    yield "/canvas/process", composed({**shown, "trim": {"start": 99}}, upload=upload)
    yield "/canvas/process", composed({**shown, "width": 90_000, "height": 90_000}, upload=upload)
    yield "/canvas/process", composed({**shown, "speed": 0.5, "duration": 99}, shown, upload=upload)
    text = {"type": "text", "text": "a"}
    yield "/canvas/process", composed(text, fonts=[{"family": "A", "src": signed}], upload=upload)


def malformed_compositions(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Compositions that are refused before anything runs."""
    plain = scene.canaries.plant_plain
    for layer in (
        {"type": "video", "src": f"https://h.example/?sig={plain('a query')}", "srcc": plain("a misspelt key")},
        {"type": "video", "src": [plain("a list")]},
        {"type": "video", "src": f"ftp://a:{plain('userinfo')}@h.example/?sig={plain('a query')}"},
        {"type": "video", "src": f"https://h.example/?sig={plain('a query')}" + "x" * 5000},
        {"type": "video", "src": f"http://10.0.0.1/a.mp4?sig={plain('a query')}"},
        {"type": "image", "src": f"https://h.example/?sig={plain('a query')}", "width": plain("a number")},
        {"type": plain("a type"), "src": f"https://h.example/?sig={plain('a query')}"},
        {"type": "video", "src": "{{nope}}", "id": f"https://h.example/?sig={plain('an id')}"},
    ):
        yield "/canvas/process", composed(layer)
        yield "/canvas/preview", composed({"type": "group", "layers": [layer]})


def malformed_jobs(scene: Scene) -> Iterator[tuple[str, Any]]:
    """Jobs that are refused before anything runs."""
    plant, plain = scene.canaries.plant, scene.canaries.plant_plain
    good = scene.bucket.upload()
    closed = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_url": "http://127.0.0.1:1"}
    for credentials in (
        {"aws_secret_access_key": [plant("a list")]},
        {"aws_secret_access_key": {plant("a key of an object"): 1}},
        {"aws_secret_acess_key": plant("a misspelt key")},
        {"aws_access_key_id": "a", "aws_secret_access_key": plant("too long") * 1000},
        {**closed, "aws_access_key_id": f"{plain('a newline')}\r\nX: y"},
        {**closed, "aws_secret_access_key": f"{plain('a newline')}\nX: y"},
        {"azure_account_key": plant("another cloud's")},
        {"gcp_service_account_key": [plant("a list")]},
        {"aws_session_token": plant("alone")},
        {**closed, "aws_region": plain("a region"), "aws_secret_access_key": plant("its secret")},
        {**closed, "aws_url": f"http://a:{plain('userinfo')}@127.0.0.1:1"},
        {**closed, "aws_url": f"http://127.0.0.1:1/?k={plain('a query')}"},
        plant("a text"),
        [plant("a list")],
    ):
        yield process(upload={**good, "credentials": credentials})
    for upload in (
        plant("a text"),
        {**good, "url": f"https://h.example/?sig={plain('twice')}"},
        {"url": f"ftp://a:{plain('userinfo')}@h.example/?sig={plain('a query')}"},
        {"urls": {"small.mp4": f"s3://b/k?sig={plain('a query')}"}},
        {"url": f"https://h.example/?sig={plain('a query')}", "headers": {"X": [plant("a list")]}},
        {"url": f"https://127.0.0.1:1/?sig={plain('a query')}", "headers": {"X": f"{plain('a newline')}\r\nA: b"}},
        {"url": f"https://a:{plain('userinfo')}@h.example/o.mp4"},
        {**good, "presign": plain("a number")},
        {**good, "headers": plant("a text")},
    ):
        yield process(upload=upload)
    for entry in (
        {"url": "https://h.example", "headers": plant("a text")},
        {"url": "https://h.example", "headers": {"X": 1, "Y": plant("beside a number")}},
        {"url": f"ftp://a:{plain('userinfo')}@h.example/?sig={plain('a query')}"},
        {"url": f"https://h.example/?sig={plain('a query')}", "heders": {"X": plant("misspelt")}},
        {"url": f"https://h.example/?sig={plain('a query')}" + "x" * 5000},
        {"url": f"s3://b/k?sig={plain('a query')}"},
        {"content": plain("a text")[:0], "url": f"https://h.example/?sig={plain('a query')}"},
        f"http://10.0.0.1/a.mp4?sig={plain('a query')}",
        f"http://a:{plain('userinfo')}@10.0.0.1/a.mp4",
    ):
        yield probe(entry)
    yield process(s3Config={"accessId": [plant("a list")], "accessSecret": {"a": plant("a map")}, "bucketName": 1})
    yield process(s3Config={"accessId": plant("an id"), "accessKey": plant("misspelt"), "bucketName": "b"})
    yield "/ffmpeg/process", f'{{"chainCmds": "x", "upload": {{"credentials": "{plain("broken JSON")}"'

"""Files beside transactions: what is accepted, how it is served, and that it goes when the transaction goes."""

import struct
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from django.utils import timezone

from expenses.ledger.files import safe_name
from expenses.services.deletion import purge_deleted
from tests.api.attached_files import PDF, attach
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")


def png(width, height):
    """A picture of which nothing but the header is there."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">LLBB", width, height, 8, 2) + bytes(10)


def gif(width, height):
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(10)


def jpeg(width, height):
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
        + bytes(9)
        + b"\xff\xc0\x00\x11\x08"
        + struct.pack(">HH", height, width)
        + bytes(12)
    )


def webp(width, height):
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + bytes(4) + sides + bytes(20)


def tiff(width, height):
    return (
        b"II*\x00" + struct.pack("<LH", 8, 2) + struct.pack("<HHLLHHLL", 256, 4, 1, width, 257, 4, 1, height) + bytes(8)
    )


def heic(width, height):
    return (
        box(b"ftyp", b"heic", bytes(4), b"heicmif1")
        + box(
            b"meta", bytes(4),
            box(b"pitm", bytes(4), struct.pack(">H", 1)),
            box(
                b"iprp",
                box(b"ipco", box(b"ispe", bytes(4), struct.pack(">LL", width, height))),
                box(b"ipma", bytes(4), struct.pack(">LHBB", 1, 1, 1, 1)),
            ),
        )
    )  # fmt: skip


def box(name, *parts):
    return struct.pack(">L", 8 + sum(map(len, parts))) + name + b"".join(parts)


HEADERS = {"png": png, "gif": gif, "jpeg": jpeg, "webp": webp, "tiff": tiff, "heic": heic}
PNG = png(640, 480)
DAMAGED = "The header of the picture does not say its size, so the file is damaged. Send the whole picture."
COFFEE = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02"}


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Where the test's files lie."""
    settings.MEDIA_ROOT = tmp_path / "files"
    return lambda: sorted(path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())


@pytest.fixture
def coffee(ana):
    return ana.post("expenses/", COFFEE).json()["id"]


def test_a_file_is_attached_shown_and_downloaded(ana, coffee):
    before = datetime.now(UTC)
    answer = attach(ana, coffee)
    body = answer.json()
    assert answer.status_code == 201
    assert answer["ETag"] == f'"{body["id"]}-{body["version"]}"'
    assert before <= datetime.fromisoformat(body.pop("created_at")) <= datetime.now(UTC)
    number, version = body.pop("id"), body.pop("version")
    assert body == {
        "transaction": coffee,
        "name": "receipt.pdf",
        "media_type": "application/pdf",
        "size": len(PDF),
        "sha256": sha256(PDF).hexdigest(),
    }
    listed = ana.get(f"transactions/{coffee}/attachments/").json()
    assert [(row["id"], row["version"]) for row in listed["results"]] == [(number, version)]
    assert ana.get(f"attachments/{number}/").json() == listed["results"][0]
    content = ana.get(f"attachments/{number}/content/")
    assert b"".join(content.streaming_content) == PDF
    assert {name: content[name] for name in ("Content-Type", "Content-Disposition", "X-Content-Type-Options")} == {
        "Content-Type": "application/pdf",
        "Content-Disposition": 'attachment; filename="receipt.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    assert content["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_same_file_again_answers_with_the_first(ana, coffee, files):
    first, second = attach(ana, coffee), attach(ana, coffee, name="again.pdf")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert len(files()) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html><script>alert(1)</script></html>", "invalid_type"),
        (b"MZ\x90\x00" + bytes(100), "invalid_type"),
        (b"PK\x03\x04" + bytes(100), "invalid_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "invalid_type"),
        (b"just words", "invalid_type"),
        (b"", "empty"),
    ],
)
def test_a_file_is_judged_by_its_content(ana, coffee, files, data, code):
    assert_problem(attach(ana, coffee, data, "receipt.pdf"), 400, ("file", code))
    assert ana.get(f"transactions/{coffee}/attachments/").json()["results"] == []
    assert files() == []


@pytest.mark.parametrize("kind", HEADERS)
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(ana, coffee, files, kind):
    version = ana.get("changes/").json()["version"]
    answer = attach(ana, coffee, HEADERS[kind](60_000, 60_000), "receipt")
    assert_problem(answer, 400, ("file", "too_many_pixels"))
    detail = "The picture has 60,000 by 60,000 pixels, or 3,600.0 megapixels, and at most 100 are accepted. "
    assert answer.json()["errors"][0]["detail"] == f"{detail}Send a smaller one."
    assert ana.get(f"transactions/{coffee}/attachments/").json()["results"] == []
    assert ana.get("changes/").json()["version"] == version
    assert files() == []


@pytest.mark.parametrize("kind", HEADERS)
def test_a_picture_up_to_the_limit_is_attached(ana, coffee, settings, kind):
    settings.ATTACHMENT_MAX_MEGAPIXELS = 12
    assert_problem(attach(ana, coffee, HEADERS[kind](4_000, 3_001)), 400, ("file", "too_many_pixels"))
    answer = attach(ana, coffee, HEADERS[kind](4_000, 3_000))
    assert (answer.status_code, answer.json()["media_type"]) == (201, f"image/{kind}")


@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.7, 0.9])
def test_a_picture_cut_short_is_refused_or_has_its_size(ana, coffee, files, kind, share):
    """A part of a header either says no size, and is refused, or says all of it."""
    whole = HEADERS[kind](60_000, 60_000)
    answer = attach(ana, coffee, whole[: 12 + int(share * (len(whole) - 12))])
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["attr"] == "file"
    assert error["code"] in {"invalid_type", "invalid_image", "too_many_pixels"}
    assert files() == []


@pytest.mark.parametrize(
    "data",
    [
        png(0, 480),
        gif(640, 0),
        jpeg(0, 0),
        PNG[:20],
        PNG.replace(b"IHDR", b"IDAT"),
        b"\xff\xd8\xff\xe0\x00\x01" + bytes(40),
        b"\xff\xd8\xff" + bytes(4000),
        webp(10, 10).replace(b"VP8X", b"VP9?"),
        b"II*\x00" + b"\xff" * 40,
        heic(10, 10).replace(b"ispe", b"free"),
    ],
)
def test_a_header_that_says_no_size_is_refused(ana, coffee, files, data):
    answer = attach(ana, coffee, data)
    assert_problem(answer, 400, ("file", "invalid_image"))
    assert answer.json()["errors"][0]["detail"] == DAMAGED
    assert files() == []


@pytest.mark.parametrize(
    "data",
    [
        heic(10, 10)[:-27] + box(b"ipma", bytes(4), struct.pack(">L", 200_000), b"\x00\x01\x01\x01" * 200_000),
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 200_000 + jpeg(10, 10)[2:],
    ],
    ids=["heic", "jpeg"],
)
def test_a_header_too_long_to_read_is_refused(ana, coffee, files, data):
    assert_problem(attach(ana, coffee, data), 400, ("file", "invalid_image"))
    assert files() == []


@pytest.mark.parametrize(
    "data",
    [
        box(b"ftyp", b"heic", bytes(4), b"heicmif1") + box(b"mdat", bytes(700_000)) + heic(640, 480)[24:],
        heic(640, 480)[:24] + box(b"meta", bytes(4), box(b"iloc", bytes(700_000)), heic(640, 480)[36:]),
        b"\xff\xd8" + (b"\xff\xe2\xff\xff" + bytes(65_533)) * 11 + jpeg(640, 480)[2:],
    ],
    ids=["pixels first", "locations, which say where the turn is", "profiles"],
)
def test_a_size_behind_much_else_is_found(ana, coffee, data):
    assert attach(ana, coffee, data).status_code == 201


def test_a_file_over_the_limit_is_refused(ana, coffee, files, settings):
    settings.ATTACHMENT_MAX_BYTES = 1024 * 1024
    assert attach(ana, coffee, PDF.ljust(1024 * 1024)).status_code == 201
    assert_problem(attach(ana, coffee, PNG.ljust(1024 * 1024 + 1)), 400, ("file", "max_size"))
    assert len(files()) == 1


def test_a_transaction_has_at_most_20_files(ana, coffee, files):
    for i in range(20):
        assert attach(ana, coffee, PDF + bytes([i])).status_code == 201
    assert_problem(attach(ana, coffee, PNG), 409, (None, "too_many"))
    assert len(files()) == 20


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\bills\\may.pdf", "may.pdf"),
        ("quittung ✓ straße.pdf", "quittung ✓ straße.pdf"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("x" * 240 + ".pdf", "x" * 196 + ".pdf"),
        ("...", "file"),
    ],
)
def test_a_name_is_only_a_name(ana, coffee, files, settings, name, shown):
    assert safe_name(name) == shown
    answer = attach(ana, coffee, name=name)
    assert answer.status_code == 201
    (path,) = files()
    assert path.is_relative_to(settings.MEDIA_ROOT / "attachments")
    assert path.stat().st_mode & 0o077 == 0


def test_a_form_without_a_file_is_refused(ana, coffee):
    answer = ana.post(f"transactions/{coffee}/attachments/", {}, format="multipart")
    assert_problem(answer, 400, ("file", "required"))
    as_json = ana.post(f"transactions/{coffee}/attachments/", {"file": "x"})
    assert_problem(as_json, 415, (None, "unsupported_media_type"))


def test_a_deleted_attachment_takes_its_file_along_and_leaves_a_tombstone(ana, coffee, files):
    number = attach(ana, coffee).json()["id"]
    known = ana.get("changes/").json()
    assert [row["id"] for row in known["attachments"]] == [number]
    assert ana.delete(f"attachments/{number}/", HTTP_IF_MATCH='"1-1"').status_code == 412
    assert ana.delete(f"attachments/{number}/").status_code == 204
    assert files() == []
    assert ana.get(f"attachments/{number}/").status_code == 404
    later = ana.get(f"changes/?since={known['version']}").json()
    assert later["deleted"] == [{"type": "attachment", "id": number}]


def test_attachments_go_into_the_bin_come_back_and_are_burnt_with_their_transaction(ana, coffee, files):
    number = attach(ana, coffee).json()["id"]
    version = ana.get("changes/").json()["version"]
    ana.delete(f"expenses/{coffee}/")
    assert ana.get(f"attachments/{number}/").status_code == 404
    gone = ana.get(f"changes/?since={version}").json()
    assert {"type": "attachment", "id": number} in gone["deleted"]
    assert len(files()) == 1
    ana.post(f"expenses/{coffee}/restore/")
    back = ana.get(f"changes/?since={gone['version']}").json()
    assert ([row["id"] for row in back["attachments"]], back["deleted"]) == ([number], [])
    assert b"".join(ana.get(f"attachments/{number}/content/").streaming_content) == PDF
    ana.delete(f"expenses/{coffee}/")
    purge_deleted(before=timezone.now())
    assert ana.get(f"transactions/{coffee}/attachments/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_files_of_purged_transactions_are_deleted(ana, coffee, files):
    attach(ana, coffee)
    ana.delete(f"expenses/{coffee}/")
    purge_deleted(before=timezone.now())
    assert files() == []


def test_a_stranger_finds_and_changes_nothing(ana, ben, coffee, files):
    number = attach(ana, coffee).json()["id"]
    for answer in (
        ben.get(f"transactions/{coffee}/attachments/"),
        attach(ben, coffee, PNG),
        ben.get(f"attachments/{number}/"),
        ben.get(f"attachments/{number}/content/"),
        ben.delete(f"attachments/{number}/"),
    ):
        assert_problem(answer, 404, (None, "not_found"))
    assert len(files()) == 1

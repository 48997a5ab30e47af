"""Each kind on published examples, on the same with one digit changed, and on what only looks like it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collectors.home import Home
from collectors.privacy.config import PrivacyConfig
from collectors.privacy.detectors.base import DETECTORS
from collectors.privacy.privacy import Privacy


@pytest.fixture(scope="module")
def privacy(tmp_path_factory: pytest.TempPathFactory) -> Privacy:
    config = PrivacyConfig(detect={"ip_address": True})
    return Privacy.from_config(config, {}, Home(tmp_path_factory.mktemp("home")))


# Payment networks' test numbers, the IBAN registry's examples, the RFCs' and the providers' own examples, and
# the authorities' examples of national ids.
PUBLISHED = {
    "CARD": [
        "4111111111111111", "4111 1111 1111 1111", "4012-8888-8888-1881", "5555555555554444",
        "2223003122003222",
        "378282246310005", "3782 822463 10005", "6011111111111117", "30569309025904", "3530111333300000",
        "6200000000000005", "4917610000000000003", "6759649826438453",
    ],
    "IBAN": [
        "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "FR1420041010050500013M02606",
        "NL91ABNA0417164300", "NO9386011117947", "MT84MALT011000012345MTLCAST001S", "CH9300762011623852957",
        "BR1800360305000010009795493C1", "es9121000418450200051332", "SA0380000000608010167519",
    ],
    "EMAIL": [
        "joe@example.com", "first.last+tag@mail.example.co.uk", "o'hara@example.ie", "用户@例子.公司",
        "joe%40example.com", "x_1@sub-domain.museum", "a@b.co",
    ],
    "PHONE": [
        "+49 30 901820", "+1 212 555 0123", "+442079460958", "+33 (0)6 12 34 56 78", "0049 30 901820",
        "(212) 555-0123", "212-555-0123", "1-800-555-0199", "212.555.0123", "020 7946 0958", "06 12 34 56 78",
        "030/901820-15", "(212) 555-0123 x42",
    ],
    "US_SSN": ["536-90-4399", "219-09-9999"],
    "US_ITIN": ["900-70-0000"],
    "UK_NINO": ["AB123456C", "AB 12 34 56 C"],
    "DE_STEUER_ID": ["86 095 742 719"],
    "FR_NIR": ["1 84 12 76 451 089 46", "2 55 08 14 168 025 38", "255081416802538"],
    "ES_DNI": ["12345678Z", "54362315K", "X2482300W", "X-2482300W"],
    "IT_CODICE_FISCALE": ["RCCMNL83S18D969H", "RSSMRA85T10A562S"],
    "SE_PERSONNUMMER": ["880320-0016", "811228-9874", "19811228-9874"],
    "FI_HETU": ["131052-308T", "131052A308T", "311280-888Y"],
    "NO_FODSELSNUMMER": ["15108695088"],
    "BE_NRN": ["85.07.30-033.28"],
    "CH_AHV": ["756.9217.0769.85"],
    "BR_CPF": ["390.533.447-05", "111.444.777-35"],
    "AR_CUIT": ["20-26756539-3"],
    "CL_RUT": ["12.531.909-2", "76.086.428-5"],
    "MX_CURP": ["BOXW310820HNERXN09"],
    "CN_RESIDENT_ID": ["11010519491231002X"],
    "KR_RRN": ["971013-9019902"],
    "SG_NRIC": ["S1234567D"],
    "ZA_ID": ["7503305044089"],
    "JWT": [
        # RFC 7519, 3.1 and 6.1.
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
        "Ijp0cnVlfQ.",
    ],
    "API_KEY": [
        "AKIAIOSFODNN7EXAMPLE", "sk-proj-" + "aB3dE6gH9jK2" * 4, "sk-ant-api03-" + "aB3dE6gH9jK2" * 6,
        "ghp_" + "aB3dE6gH9jK2" * 3, "xoxb-123456789012-1234567890123-" + "aB3dE6gH9jK2" * 2,
        "AIza" + "SyD3f5h7J9kL" * 2 + "aB3dE6gH9jK", "hf_" + "aB3dE6gH9jK2" * 3,
        "sk_live_" + "aB3dE6gH9jK2" * 2,
        "glpat-" + "aB3dE6gH9jK2" * 2,
        "https://hooks.slack.com/services/T00000000/B00000001/aB3dE6gH9jK2aB3dE6gH9jK2",
    ],
    "WALLET": [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    ],
    "IP_ADDRESS": ["192.0.2.146", "2001:db8::8a2e:370:7334"],
}  # fmt: skip

# Forms that many numbers have: only beside a word for them.
BESIDE = {
    "DE_STEUER_ID": ("Steuer-ID: ", "86095742719"),
    "UK_NHS": ("my NHS number is ", "943 476 5919"),
    "NL_BSN": ("BSN ", "111222333"),
    "PL_PESEL": ("PESEL: ", "44051401359"),
    "DK_CPR": ("CPR-nummer ", "211062-5629"),
    "PT_NIF": ("o meu NIF é ", "501964843"),
    "IE_PPS": ("PPSN ", "6433435F"),
    "TR_TCKN": ("TC kimlik no ", "10000000146"),
    "BR_CPF": ("CPF ", "39053344705"),
    "IN_AADHAAR": ("Aadhaar ", "2341 2341 2346"),
    "IN_PAN": ("PAN card ", "ACUPA7085R"),
    "CA_SIN": ("social insurance number ", "046 454 286"),
    "AU_TFN": ("TFN ", "123 456 782"),
    "AU_MEDICARE": ("Medicare card ", "2123 45670 1"),
    "US_SSN": ("social security number ", "536904399"),
    "PHONE": ("my phone is ", "467 3395"),
}


@pytest.mark.parametrize(
    ("tag", "value"), [(tag, value) for tag, values in PUBLISHED.items() for value in values]
)
def test_published_examples_are_replaced_and_nothing_else_is(privacy: Privacy, tag: str, value: str) -> None:
    assert privacy.text(value) == f"[{tag}]"
    assert privacy.text(f"Hello, it is {value}, thanks") == f"Hello, it is [{tag}], thanks"
    assert privacy.text(f"a\n({value})\tb") in (f"a\n([{tag}])\tb", f"a\n[{tag}])\tb")


@pytest.mark.parametrize("tag", list(BESIDE))
def test_common_forms_need_a_word_beside_them(privacy: Privacy, tag: str) -> None:
    word, value = BESIDE[tag]
    assert privacy.text(f"{word}{value}.") == f"{word}[{tag}]."
    assert privacy.text(f"batch {value} done") == f"batch {value} done"


@pytest.mark.parametrize(
    "tag",
    ["CARD", "IBAN", "FR_NIR", "ES_DNI", "IT_CODICE_FISCALE", "SE_PERSONNUMMER", "FI_HETU",
     "NO_FODSELSNUMMER", "BE_NRN", "CH_AHV", "BR_CPF", "CL_RUT", "CN_RESIDENT_ID", "SG_NRIC", "ZA_ID"],
)  # fmt: skip
def test_another_check_digit_is_another_number(privacy: Privacy, tag: str) -> None:
    for value in PUBLISHED[tag]:
        place = max(n for n, character in enumerate(value) if character.isdigit())
        wrong = value[:place] + str((int(value[place]) + 1) % 10) + value[place + 1 :]
        assert privacy.text(f"see {wrong} there") == f"see {wrong} there"


@pytest.mark.parametrize(
    "tag", ["NL_BSN", "PL_PESEL", "TR_TCKN", "IN_AADHAAR", "CA_SIN", "AU_TFN", "UK_NHS", "PT_NIF"]
)
def test_a_word_is_not_enough_without_the_check_digit(privacy: Privacy, tag: str) -> None:
    word, value = BESIDE[tag]
    wrong = value[:-1] + str((int(value[-1]) + 1) % 10)
    assert privacy.text(word + wrong) == word + wrong


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("postgres://joe:s3cr3t@db.example.com/x", "postgres://[CREDENTIALS]@db.example.com/x"),
        ("Authorization: Bearer mF_9.B5f-4.1JqM", "Authorization: Bearer [TOKEN]"),  # RFC 6750
        ("authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "authorization: Basic [TOKEN]"),  # RFC 7617
        (
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "aws_secret_access_key = [SECRET]",
        ),
        ("password: hunter2", "password: [SECRET]"),
        ('{"apiKey": "8f14e45fceea167a5a36dedd4bea2543"}', '{"apiKey": "[SECRET]"}'),
        ("my password is Sommer2024!", "my password is [SECRET]"),
        ("GET /v1?q=1&access_token=8f14e45fceea167a HTTP/1.1", "GET /v1?q=1&access_token=[SECRET] HTTP/1.1"),
        (
            "x -----BEGIN RSA PRIVATE KEY-----\nMIIB\nAAAA\n-----END RSA PRIVATE KEY----- y",
            "x [PRIVATE_KEY] y",
        ),
        ("-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIA", "[PRIVATE_KEY]"),
    ],
)
def test_secrets_go_and_what_they_belong_to_stays(privacy: Privacy, text: str, redacted: str) -> None:
    assert privacy.text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "on 2026-03-01 12:30:45 and 01.02.2026, 08:30 - 17:00, 2026-03-01T10:00:00.123456+01:00",
        "order 12345678, invoice 2024-000123, ticket #4821973, build 20240115.3",
        "total 1,234,567.89 EUR; 3.14159265358979; 1711491874.2436962; 6.02214076e23; 100 000 000",
        "id 4b1f2c3d-1234-5678-9012-123456789012 and sha 9e107d9d372bb6826bd81d3542a419d6",
        "icon@2x.png, git@github.com:org/repo.git, @app.route('/x'), user@localhost, a @ b.com",
        "ratio 16:9, 1920x1080, page 12-14, 10/10, 24/7, 555-1234 parts, lines 120-240",
        "password: required. Reset your password: click here. token: string, max_tokens = 4096, key: value1",
        "api_key = os.environ['OPENAI_API_KEY']; token=${TOKEN}; password=<password>",
        "sk-learn-is-a-machine-learning-library and risk-adjusted-return-on-capital-model",
        "ISBN 978-3-16-148410-0, EAN 4006381333931, IMEI 490154203237518",
        "version 1.2.3.4.5, IPv4 127.0.0.1, [EMAIL] [PHONE] [CARD]",
        "Bearer of good news, authorization: required, the bearer instruments of this kind",
        "SELECT * FROM t WHERE id IN (1000001, 1000002, 1000003, 1000004)",
        "12 34 56 78 90 12 34 56, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "document manual_00580-39512-41555, share .0018 / 0.000100, part_212-555-0123",
        "https://example.com/questions/1234567/how-to?page=2&id=987654321",
    ],
)
def test_what_only_looks_like_it_stays(privacy: Privacy, text: str) -> None:
    assert privacy.text(text) == text


def test_every_detector_has_an_example_here() -> None:
    """So that a new file must come with its test."""
    tested = {*PUBLISHED, *BESIDE, "CREDENTIALS", "TOKEN", "SECRET", "PRIVATE_KEY"}
    assert {detector.tag for _, detector in DETECTORS.all()} == tested


@pytest.mark.parametrize(("name", "detector"), list(DETECTORS.all()))
def test_detectors_keep_the_contract(name: str, detector: object) -> None:
    tag, title = getattr(detector, "tag", ""), getattr(detector, "title", "")
    assert re.fullmatch(r"[A-Z][A-Z_]+", tag), name
    assert title
    assert getattr(detector, "sieve", "") in ("numbers", "words")
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "privacy.md"
    assert f"`{name}`" in page.read_text("utf-8")


def test_a_detector_that_is_off_finds_nothing(tmp_path: Path) -> None:
    off = PrivacyConfig(detect={"email": False})
    privacy = Privacy.from_config(off, {}, Home(tmp_path))
    assert privacy.text("joe@example.com, 192.0.2.146") == "joe@example.com, 192.0.2.146"

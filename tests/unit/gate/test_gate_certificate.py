"""A certificate exists only where every gate held for the merged head."""

import msgspec
import pytest
from gate_facts import BASE_SHA, HEAD, NOW, green_facts, with_pull

from rigtasks.errors import Rejected
from rigtasks.gate.certificate import MergeCertificate, certify
from rigtasks.gate.result import Gate
from rigtasks.gate.verdict import evaluate

MERGE_SHA = "9" * 40


def test_the_certificate_names_every_commit_the_text_and_each_gates_evidence() -> None:
    facts = green_facts()

    certificate = certify(facts, evaluate(facts, NOW), MERGE_SHA)

    shas = (certificate.base_sha, certificate.head_sha, certificate.merge_sha)
    assert shas == (BASE_SHA, HEAD, MERGE_SHA)
    assert certificate.issue == "acme/api#7"
    assert certificate.issue_digest == facts.issue.digest
    assert [one.gate for one in certificate.gates] == [gate.value for gate in _order()]
    assert {one.sha for one in certificate.gates} == {HEAD}


def _order() -> list[Gate]:
    return [one.id for one in evaluate(green_facts(), NOW).results]


def test_it_survives_the_way_into_the_event_store_and_back() -> None:
    facts = green_facts()
    certificate = certify(facts, evaluate(facts, NOW), MERGE_SHA)

    stored = msgspec.json.encode(certificate)

    assert msgspec.json.decode(stored, type=MergeCertificate) == certificate


def test_no_certificate_for_a_merge_that_a_gate_did_not_allow() -> None:
    facts = green_facts(reviews=())

    with pytest.raises(Rejected) as refusal:
        certify(facts, evaluate(facts, NOW), MERGE_SHA)

    assert refusal.value.code == "verdict-does-not-pass"


def test_no_certificate_from_a_verdict_about_another_head() -> None:
    verdict = evaluate(green_facts(), NOW)

    with pytest.raises(Rejected) as refusal:
        certify(with_pull(head_sha="f" * 40), verdict, MERGE_SHA)

    assert refusal.value.code == "verdict-of-another-head"

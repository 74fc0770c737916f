"""What must be true of the spans of any drain."""

from ..spans import named

CODES = {"completed": 0, "failed": 1, "incomplete": 3, "timed_out": 4, "cancelled": 5}


def check_left(agent):
    """What any agent that has ended leaves in its file: nothing, or a tree that adds up; parsing it is part of this.

    One that was killed leaves what had ended by then, and no root."""
    spans = agent.spans()
    check_sums(spans)
    check_segments(spans)
    if spans and not agent.was_killed:
        check_tree(spans)


def check_tree(spans):
    """One tree; children within their parents' time."""
    by_id = {each.id: each for each in spans}
    assert len(by_id) == len(spans), "two spans have the same id"
    assert len({each.trace for each in spans}) == 1, "spans of one drain are in several traces"
    (root,) = named(spans, "node.drain")
    for each in spans:
        if each is root:
            continue
        assert each.parent in by_id, f"{each} has no parent"
        parent = by_id[each.parent]
        assert parent.start <= each.start and each.end <= parent.end, f"{each} is not within its parent {parent}"


def check_sums(spans):
    """Each pod's seconds by phase add up to its lifetime."""
    for each in named(spans, "pod.evict"):
        spent = sum(value for key, value in each.attributes.items() if key.startswith("drain.seconds."))
        name = each.attributes["k8s.pod.name"]
        assert abs(spent - each.seconds) < 0.001, f"{name}: phases add up to {spent} s of {each.seconds} s"


def check_segments(spans):
    """Waits are told whole: each segment but the first links to the one before, and only the last has an outcome."""
    waits = named(spans, "pdb.wait")
    by_id = {each.id: each for each in waits}
    for each in waits:
        continues, number = each.attributes.get("drain.wait.continues", False), each.attributes["drain.wait.segment"]
        assert continues != ("drain.wait.outcome" in each.attributes), f"{each} ends and goes on, or neither"
        assert len(each.links) == (number > 1), f"{each} has {each.links} before it"
        for link in each.links:
            assert by_id[link].end == each.start and by_id[link].attributes["drain.wait.continues"], f"{each}"


def check_pods(spans, evictions):
    """Each pod's attempts are those of the audit log, and its result follows from their answers."""
    attempts = {}
    for each in named(spans, "eviction.attempt"):
        attempts.setdefault(each.parent, []).append(each.attributes["drain.eviction.answer"])
    for each in named(spans, "pod.evict"):
        name = each.attributes["k8s.pod.name"]
        answers = attempts.get(each.id, [])
        omitted = each.attributes.get("drain.eviction.attempts_omitted", 0)
        assert each.attributes["drain.eviction.attempts"] == len(answers) + omitted, f"{name}: attempts"
        result = each.attributes.get("drain.pod.result")
        if result == "evicted":
            assert answers.count("accepted") == 1, f"{name} was evicted by {answers}"
        elif result == "vanished":
            assert "accepted" not in answers, f"{name} vanished by {answers}"
        elif result == "failed":
            assert answers and answers[-1] != "accepted", f"{name} failed by {answers}"
    by_audit_id = {each.audit_id: each for each in evictions}
    for each in named(spans, "eviction.attempt"):
        answer, audit_id = each.attributes["drain.eviction.answer"], each.attributes.get("k8s.audit_id")
        if audit_id is None:
            continue
        sent = by_audit_id[audit_id]
        if answer == "unreachable":
            continue  # answered, and not to be understood
        code = each.attributes["http.response.status_code"]
        assert code == sent.code, f"{sent.pod}: the span says {code}, the audit log {sent.code}"
        assert code in CODES.get(answer, {code}), f"{sent.pod}: {code} was read as {answer}"
        assert (answer == "accepted") == (code in (200, 201)), f"{sent.pod}: {code} was read as {answer}"
    told = {each.attributes.get("k8s.audit_id") for each in named(spans, "eviction.attempt")}
    # After a 401 the client reads its credential again, and tries again in the same attempt.
    untold = [each for each in evictions if each.audit_id not in told and each.code != 401]
    answerless = [each for each in named(spans, "eviction.attempt") if "k8s.audit_id" not in each.attributes]
    assert len(untold) <= len(answerless), f"evictions without a span: {untold}"

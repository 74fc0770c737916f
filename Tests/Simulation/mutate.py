#!/usr/bin/env python3
"""Breaks the engine on purpose, one way after the other, and counts how many the simulation notices.

Every mutation is built into one copy of the sources, beside what it replaces, and chosen by the environment when the
simulation runs: one build for all of them.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / ".build-mutations" / "copy"
ENGINE = COPY / "Sources" / "DrainEngine"

# What is broken; where; the text there, and what it becomes. `M(n)` is true when mutation n is chosen.
MUTATIONS = [
    ("an eviction without the pod's UID", "NodeDrain+Pods.swift",
     "        let pod = drain.pods[index].pod\n        let options",
     "        var pod = drain.pods[index].pod\n        if M(N) { pod.uid = \"\" }\n        let options"),
    ("a static pod's mirror is a target", "DrainPlan.swift",
     "if pod.isMirror { return .mirror }", "if pod.isMirror, !M(N) { return .mirror }"),
    ("one request more than there are slots", "PodDrain.swift",
     "guard inFlight < policy.concurrency else { return false }",
     "guard inFlight < policy.concurrency + (M(N) ? 1 : 0) else { return false }"),
    ("one pod more than --max-terminating", "PodDrain.swift",
     "return counts[.terminating, default: 0] + inFlight < policy.maxTerminating",
     "return counts[.terminating, default: 0] + inFlight < policy.maxTerminating + (M(N) ? 1 : 0)"),
    ("a tier starts after half of its patience", "PodDrain.swift",
     "pod.heldUp(for: policy.tierPatience, from: now)",
     "pod.heldUp(for: M(N) ? policy.tierPatience / 2 : policy.tierPatience, from: now)"),
    ("a throttling server is not left alone", "PodEviction.swift",
     "guard reply.answer == .throttled, let retryAfter else { return nil }",
     "guard reply.answer == .throttled, let retryAfter, !M(N) else { return nil }"),
    ("Retry-After is not heeded by the pod itself", "PodEviction.swift",
     "due = now + max(delay, retryAfter ?? .zero)",
     "due = now + (M(N) ? delay : max(delay, retryAfter ?? .zero))"),
    ("an excluded pod that is seen again is looked at anew", "NodeDrain+Pods.swift",
     "guard isUnderWay, excluded[pod.metadata.uid] == nil,", "guard isUnderWay, excluded[pod.metadata.uid] == nil || M(N),"),
    ("a deletion on the watch is not heard", "NodeDrain+Pods.swift",
     "        if let index = drain.index(of: pod) {\n            return apply(drain.vanished",
     "        if M(N) { return }\n        if let index = drain.index(of: pod) {\n            return apply(drain.vanished"),
    ("the last list is not believed", "NodeDrain+Pods.swift",
     "let index = drain.index(of: pod.identity), drain.pods[index].phase == .gone else { continue }",
     "let index = drain.index(of: pod.identity), drain.pods[index].phase == .gone, !M(N) else { continue }"),
    ("a relist only gives the watch a new version", "NodeDrain+Pods.swift",
     "        reconcile(list.items, sent: exchange.sent, at: now, into: &step)\n    }\n",
     "        if !M(N) { reconcile(list.items, sent: exchange.sent, at: now, into: &step) }\n    }\n"),
    ("a relist may be older than what was seen", "ObjectFeed.swift",
     ": .cache(notBefore: newest)", ": .cache(notBefore: M(N) ? nil : newest)"),
    ("a budget that allows one lets everybody try", "Budgets/BudgetBook.swift",
     "            entry.unspent -= 1\n", "            if !M(N) { entry.unspent -= 1 }\n            if entry.blocked.count == 1 { entry.unspent = 0 }\n"),
    ("what a budget allowed is not passed on", "Budgets/BudgetBook.swift",
     "if leave == .permit, !isAccepted { entry.unspent += 1 }",
     "if leave == .permit, !isAccepted, !M(N) { entry.unspent += 1 }"),
    ("a budget is never probed", "Budgets/BudgetBook.swift",
     "if entry.outstanding(pods) == 0, let next = prober(entry, pods) {",
     "if !M(N), entry.outstanding(pods) == 0, let next = prober(entry, pods) {"),
    ("a budget is probed ten times as often", "Budgets/BudgetBook.swift",
     "        feeds.isLive(namespace) ? policy.budgetProbeInterval : policy.budgetRetryInterval",
     "        (feeds.isLive(namespace) ? policy.budgetProbeInterval : policy.budgetRetryInterval) / (M(N) ? 10 : 1)"),
    ("the node is made schedulable at the end", "NodeDrain+End.swift",
     "return ending.uncordons && isOurs", "return (ending.uncordons || M(N)) && isOurs"),
    ("the outcome is not in the record", "NodeDrain+Record.swift",
     "        record.outcome = ending.outcome\n", "        if !M(N) { record.outcome = ending.outcome }\n"),
    ("a deadline is not looked at while a list is verified", "NodeDrain.swift",
     "        case .surveying, .awaitingTurn, .cordoning, .draining, .verifying, .detaching: deadline\n",
     "        case .draining where M(N), .verifying where M(N): nil\n"
     "        case .surveying, .awaitingTurn, .cordoning, .draining, .verifying, .detaching: deadline\n"),
    ("a turn that was lost is still used", "NodeDrain+Turn.swift",
     "var mayEvict: Bool { turn?.isHeld(at: latest) ?? true }",
     "var mayEvict: Bool { M(N) ? turn?.standing != nil || turn == nil : turn?.isHeld(at: latest) ?? true }"),
    ("a pod is given up one rejection too early", "PodEviction.swift",
     "if rejections > policy.maxRetries {", "if rejections > policy.maxRetries - (M(N) ? 1 : 0) {"),
    ("whoever vanishes was evicted by us", "PodEviction.swift",
     "finish(acceptedAt == nil ? .vanished : .evicted,", "finish(acceptedAt == nil && !M(N) ? .vanished : .evicted,"),
    ("the grace in the pod's annotation is not asked for", "PodDrain.swift",
     "gracePeriodSeconds: pods[index].gracePeriodSeconds ?? policy.gracePeriodSeconds,",
     "gracePeriodSeconds: (M(N) ? nil : pods[index].gracePeriodSeconds) ?? policy.gracePeriodSeconds,"),
    ("a stale answer keeps its slot", "PodDrain.swift",
     "        inFlight -= 1\n        var step",
     "        if !M(N) || pods[index].phase == .evicting { inFlight -= 1 }\n        var step"),
    ("a phase that is left keeps its beginning", "PodEviction.swift",
     "        phase = target\n        since = now\n", "        phase = target\n        if !M(N) || target != .terminating { since = now }\n"),
    ("a wait does not end when its pod goes", "PodEviction.swift",
     "endWait(target == .failed ? .abandoned : .allowed, into: &step)",
     "if !M(N) { endWait(target == .failed ? .abandoned : .allowed, into: &step) }"),
    ("whoever arrives is followed", "NodeDrain+Pods.swift",
     "guard wasThere || policy.followsArrivals else {", "guard wasThere || policy.followsArrivals || M(N) else {"),
    ("a budget that can never allow is thought to wait", "Budgets/BudgetJudge.swift",
     "budget.status.desiredHealthy >= ceiling {", "budget.status.desiredHealthy >= ceiling + (M(N) ? 1 : 0) {"),
    ("a dry run evicts", "PodDrain.swift",
     "dryRun: policy.dryRun == .server)", "dryRun: policy.dryRun == .server && !M(N))"),
    ("our own pod does not wait for the others", "PodDrain.swift",
     "guard pods[index].isSelf, unsettled > 1 else { return false }",
     "guard pods[index].isSelf, unsettled > 1, !M(N) else { return false }"),
]

SWITCH = """import Glibc

private let chosen = getenv("SIMULATE_MUTATION").map { Int(atoi($0)) } ?? 0

/// Whether this mutation is the one that is tried.
@inline(never) func M(_ number: Int) -> Bool { chosen == number }
"""


def build() -> pathlib.Path:
    COPY.mkdir(parents=True, exist_ok=True)
    for name in ["Package.swift", "Sources", "Tests"]:
        source, target = ROOT / name, COPY / name
        if target.is_dir():
            shutil.rmtree(target)
        elif target.exists():
            target.unlink()
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
    for number, (what, name, old, new) in enumerate(MUTATIONS, 1):
        path = ENGINE / name
        text = path.read_text()
        if text.count(old) != 1:
            sys.exit(f"mutation {number} ({what}): {text.count(old)} places in {name}")
        path.write_text(text.replace(old, re.sub(r"\bM\(N\)", f"M({number})", new)))
    (ENGINE / "Mutation.swift").write_text(SWITCH)
    # The one copy is built over and over: only what differs is compiled.
    command = ["swift", "build", "-c", "release", "--package-path", str(COPY), "--scratch-path",
               str(COPY.parent / "build"), "--product", "simulate", "-j", "2"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return COPY.parent / "build" / "release" / "simulate"


def simulate(binary: pathlib.Path, mutation: int, seeds: int) -> re.Match | None:
    """The first seed that fails, and the invariant."""
    run = subprocess.run([binary, "--seeds", str(seeds), "--failures", "1"], capture_output=True, text=True,
                         env={**os.environ, "SIMULATE_MUTATION": str(mutation)}, check=False)
    return re.search(r"^seed (\d+): ([a-z-]+):", run.stdout, re.MULTILINE)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=20000)
    options.add_argument("--only", type=int, default=0, help="one mutation, by its number")
    options.add_argument("--built", action="store_true", help="what was built last will do")
    chosen = options.parse_args()
    binary = COPY.parent / "build" / "release" / "simulate" if chosen.built else build()
    if simulate(binary, 0, chosen.seeds):
        sys.exit("the engine as it is does not pass: mend that first")
    print("| # | what is broken | noticed by | at seed |\n|--:|---|---|--:|")
    survivors = 0
    for number, (what, _, _, _) in enumerate(MUTATIONS, 1):
        if chosen.only not in (0, number):
            continue
        began = time.monotonic()
        found = simulate(binary, number, chosen.seeds)
        survivors += found is None
        seed, invariant = (found[1], found[2]) if found else ("", "**nobody**")
        print(f"| {number} | {what} | {invariant} | {seed} |", flush=True)
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    print(f"\n{len(MUTATIONS) - survivors} of {len(MUTATIONS)} noticed within {chosen.seeds} seeds.")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())

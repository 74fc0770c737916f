import ArgumentParser
import DrainEngine
import KubernetesAPI

/// How pods are taken off the node; kubectl's names where it has the feature.
struct EvictionOptions: ParsableArguments {
    @OptionGroup var pods: PodOptions

    @Option(
        help:
            "Before the cordon, see what would go: off; warn: say what never can; fail: touch nothing if something never can."
    )
    var preflight = DrainPolicy.Preflight.off

    /// kubectl takes `--grace-period -1`, too.
    @Option(parsing: .unconditional, help: "Seconds each pod is given to stop; -1: the pod's own.")
    var gracePeriod: Int64 = -1

    @Option(help: "When to give up, counted from the start, e.g. 90s, 10m; 0: never.")
    var timeout = DurationArgument(.zero)

    @Option(help: "none; client: only say what would go; server: ask the server, too, and change nothing.")
    var dryRun = DrainPolicy.DryRun.none

    @Option(help: "Items a page of the verifying list; 0: one page.")
    var chunkSize = 500

    @Option(help: "Eviction requests in flight.")
    var concurrency = 16

    @Option(help: "Pods that are going at once; 0: no bound.")
    var maxTerminating = 0

    @Option(help: "Answers that look permanent, before a pod is given up.")
    var maxRetries = 10

    @Option(help: "The first delay before an eviction is tried again; it doubles, with full jitter.")
    var retryBaseDelay = DurationArgument(.milliseconds(100))

    @Option(help: "The longest delay before an eviction is tried again.")
    var retryMaxDelay = DurationArgument(.seconds(20))

    @Option(help: "Between two requests for a pod that a disruption budget blocks.")
    var pdbRetryInterval = DurationArgument(.seconds(5))

    @Flag(inversion: .prefixedNo, help: "Evict pods, too, that come to the node after the cordon.")
    var followArrivals = false

    @Option(help: "When --timeout, or the time our pod has, is over: stop, or delete what is left past its budgets.")
    var atDeadline = DrainPolicy.AtDeadline.stop

    @Option(
        help:
            "When a budget can never allow: off, or rollout-restart (of Deployments that can surge); else by annotation."
    )
    var unblock = DrainPolicy.Unblock.off

    @Flag(inversion: .prefixedNo, help: "Wait until the volumes of the pods that went are detached from the node.")
    var waitVolumeDetach = false

    @Option(help: "When somebody makes the node schedulable meanwhile: stop, or recordon and go on.")
    var onUncordon = DrainPolicy.OnUncordon.stop

    func validate() throws {
        guard (-1...DrainDemand.Overrides.longestGrace).contains(gracePeriod) else {
            throw ValidationError("--grace-period must be -1 to \(DrainDemand.Overrides.longestGrace)")
        }
        for (name, value) in [
            ("--chunk-size", Int64(chunkSize)), ("--max-terminating", Int64(maxTerminating)),
            ("--max-retries", Int64(maxRetries)),
        ] where value < 0 {
            throw ValidationError("\(name) must not be negative")
        }
        guard (1...100).contains(concurrency) else { throw ValidationError("--concurrency must be 1 to 100") }
        guard pdbRetryInterval.value >= .milliseconds(100) else {
            throw ValidationError("--pdb-retry-interval must be at least 100ms")
        }
        guard retryBaseDelay.value >= .milliseconds(1) else {
            throw ValidationError("--retry-base-delay must be at least 1ms")
        }
        guard retryMaxDelay.value >= retryBaseDelay.value else {
            throw ValidationError("--retry-max-delay must not be less than --retry-base-delay")
        }
    }

    /// The policy these options ask for, for a node.
    func policy(node: String) throws -> DrainPolicy {
        var policy = try pods.policy(node: node)
        policy.gracePeriodSeconds = gracePeriod < 0 ? nil : gracePeriod
        policy.dryRun = dryRun
        policy.preflight = preflight
        policy.chunkSize = chunkSize
        policy.concurrency = concurrency
        policy.maxTerminating = maxTerminating
        policy.maxRetries = maxRetries
        policy.backoff = Backoff(base: retryBaseDelay.value, cap: retryMaxDelay.value)
        policy.budgetRetryInterval = pdbRetryInterval.value
        policy.followsArrivals = followArrivals
        policy.atDeadline = atDeadline
        policy.unblock = unblock
        policy.waitsForVolumeDetach = waitVolumeDetach
        policy.onUncordon = onUncordon
        return policy
    }
}

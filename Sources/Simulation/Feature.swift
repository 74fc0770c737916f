/// A part of a scenario that can be left out (`--without`): whatever else the seed decides stays as it is.
public enum Feature: String, Sendable, CaseIterable {
    /// Cluster.
    case budgets, tiers, kubelets, finalizers, namespaces, volumes
    /// Others at work on it.
    case arrivals, meddling, uncordons, reboots
    /// What the drain was told.
    case deadlines, cancels, limits, selection, grace, record, fleet, unblock, preflight, dryRun = "dry-run"
    /// Between the agent and the API server.
    case faults, outages, answers, webhooks, access, stale, lies, watches
    /// The agent itself.
    case pauses, crashes
}

import KubernetesAPI

/// What a drain cost, beside what there was to do.
struct Load {
    var seconds: Int
    /// Those that stay, too: they were looked at.
    var pods: Int
    var inputs: Int
    var ticks: Int
    var requests: Int
    var misfortunes: Int
    var evictions: Int
    var watches: Int
    var blockers: Int
    var byKind: [Int]

    /// Every request has a cause: a pod, a refusal that is tried again, a list every five seconds, a lease.
    var mostRequests: Int { 60 + 14 * pods + 3 * misfortunes + 3 * watches + seconds * (3 + blockers) / 4 }

    /// Every wake has one, too: something is due for a request, a pod, or because five seconds have passed.
    var mostTicks: Int { 30 + requests + 6 * pods + 2 * watches + seconds / 3 }
}

extension World {
    /// Weather that may keep the last words from being written.
    var isFoul: Bool {
        [.faults, .outages, .access, .pauses, .crashes].contains(where: scenario.has) || weather.latency.1 > 500
    }

    /// A server whose cache lags has left the pod out of a list: only the last list, a consistent one, can know better.
    func liesAbout(_ pod: PodIdentity) -> Bool { lies.contains(pod.uid) }

    func lie(_ exchange: inout Exchange) {
        guard scenario.has(.lies), now < scenario.calm, case .success(let code, .pods(var list)) = exchange.answer,
            !list.items.isEmpty, weather.dice.chance(0.5)
        else { return }
        let index = weather.dice.int(0, list.items.count - 1)
        lies.insert(list.items.remove(at: index).metadata.uid)
        coverage.hit(.lied)
        exchange.answer = .success(code: code, .pods(list))
    }

    func gauge(_ load: Load) {
        coverage.tightest(load)
        if load.requests > load.mostRequests {
            fail(.requestStorm, "\(load.requests) requests, at most \(load.mostRequests): \(load)")
        }
        if load.ticks > load.mostTicks { fail(.wakeStorm, "\(load.ticks) wakes, at most \(load.mostTicks): \(load)") }
    }
}

internal import ClusterModel
internal import KubernetesAPI
internal import Timestamps

extension BudgetRecord {
    /// A budget as the API server writes it, without kind and version.
    var json: [JSON.Member] {
        [
            .init(name: "metadata", value: metadata.json()), .init(name: "spec", value: spec),
            .init(name: "status", value: statusJSON),
        ]
    }

    private var spec: JSON {
        var json: JSON = [:]
        if case .minAvailable(let number) = limit { json.add("minAvailable", number.json) }
        json.add("selector", ["matchLabels": JSON(matchLabels)])
        if case .maxUnavailable(let number) = limit { json.add("maxUnavailable", number.json) }
        json.add("unhealthyPodEvictionPolicy", unhealthyPodEvictionPolicy.map { .string($0.rawValue) })
        return json
    }

    private var statusJSON: JSON {
        var json: JSON = [:]
        json.add("observedGeneration", status.observedGeneration == 0 ? nil : .int(status.observedGeneration))
        if !status.disruptedPods.isEmpty {
            json.add("disruptedPods", JSON(status.disruptedPods.mapValues { $0.rfc3339() }))
        }
        json.add("disruptionsAllowed", .int(status.disruptionsAllowed))
        json.add("currentHealthy", .int(status.currentHealthy))
        json.add("desiredHealthy", .int(status.desiredHealthy))
        json.add("expectedPods", .int(status.expectedPods))
        if !status.conditions.isEmpty {
            json.add("conditions", .array(status.conditions.map(conditionJSON)))
        }
        return json
    }

    private func conditionJSON(_ condition: Condition) -> JSON {
        [
            "type": .string(condition.type), "status": .string(condition.status),
            "observedGeneration": .int(status.observedGeneration),
            "lastTransitionTime": condition.lastTransitionTime.map { .string($0.rfc3339()) } ?? .null,
            "reason": .string(condition.reason), "message": .string(condition.message),
        ]
    }
}

extension IntOrPercent {
    var json: JSON {
        switch self {
        case .int(let number): .int(number)
        case .percent: .string("\(self)")
        }
    }

    /// `nil` for anything that is not a number of pods.
    init?(_ json: JSON) {
        switch json {
        case .int(let number) where number >= 0: self = .int(number)
        case .string(let text):
            guard text.hasSuffix("%"), let share = Int(text.dropLast()), (0...100).contains(share) else { return nil }
            self = .percent(share)
        default: return nil
        }
    }
}

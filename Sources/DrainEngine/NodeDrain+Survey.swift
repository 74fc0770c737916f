import KubernetesAPI
import SeededRandom
import Timestamps

// Between the plan and the cordon, where somebody wants to know before anything is touched.
extension NodeDrain {
    mutating func beginSurvey(_ plan: DrainPlan, at now: Timestamp, into step: inout DrainStep) {
        let survey = Survey(plan, isUnschedulable: cordonedAt != nil, policy: policy, at: now)
        proceed(with: survey, at: now, into: &step)
    }

    mutating func proceed(with survey: Survey, at now: Timestamp, into step: inout DrainStep) {
        var survey = survey
        if survey.isDone(at: now) { return foretell(survey, at: now, into: &step) }
        for request in survey.requests(policy: policy, at: now) { send(request.purpose, request.call, into: &step) }
        stage = .surveying(survey)
    }

    mutating func surveyAnswered(
        at now: Timestamp, into step: inout DrainStep,
        _ body: (inout Survey, DrainPolicy, inout SplitMix64) -> DrainEvent.Fact?
    ) {
        guard case .surveying(var survey) = stage else { return }
        if let fact = body(&survey, policy, &random) { tell(fact, at: now, into: &step) }
        stage = .surveying(survey)
    }

    private mutating func foretell(_ survey: Survey, at now: Timestamp, into step: inout DrainStep) {
        // There was no time for their answers: should they come, nobody waits for them.
        inFlight.subtract(survey.unanswered)
        if policy.surveysOnly, let reason = survey.silence {
            return end(.failed, "the API server does not say what would go: \(reason)", at: now, into: &step)
        }
        let forecast = survey.forecast(policy, at: now)
        tell(.surveyed(forecast), at: now, into: &step)
        if policy.surveysOnly {
            if forecast.canComplete { return end(.completed, "", at: now, into: &step) }
            return end(.incomplete, forecast.neverText ?? "not everything would go", at: now, into: &step)
        }
        if policy.preflight == .fail, let text = forecast.neverText {
            return end(.failed, "nothing was touched, for \(text)", at: now, into: &step)
        }
        accept(survey.plan, at: now, into: &step)
    }
}

extension Survey {
    /// Why nobody could say anything about any pod that was to be asked about; `nil`: about some somebody could.
    fileprivate var silence: String? {
        let asked = probes.filter { !$0.pod.isTerminating }
        guard !asked.isEmpty else { return nil }
        let isSilent = asked.allSatisfy { probe in
            switch probe.reply?.answer {
            case .throttled, .unauthorized, .serverError, .unreachable, nil: true
            case .accepted, .budget, .severalBudgets, .deferred, .gone, .replaced, .namespaceTerminating, .forbidden,
                .rejected:
                false
            }
        }
        guard isSilent else { return nil }
        return asked.compactMap { $0.reply?.message }.first ?? "no answer within \(GoDuration.format(Self.patience))"
    }
}

import SeededRandom
import Testing
import Timestamps

@testable import ClusterModel

@Suite("Agenda")
struct AgendaTests {
    @Test("what is due comes in order of time, and of entry within a moment")
    func order() {
        var agenda = Agenda()
        var random = SplitMix64(seed: 3)
        for index in 0..<500 {
            agenda.add(.reconcile(workload: index), at: Timestamp(seconds: Int64(random.next() % 20)))
        }
        var last: Agenda.Entry?
        var count = 0
        while let entry = agenda.next(by: .distantFuture) {
            if let last { #expect(last.isBefore(entry)) }
            last = entry
            count += 1
        }
        #expect(count == 500)
        #expect(agenda.earliest == nil)
    }

    @Test("what is not due stays")
    func due() {
        var agenda = Agenda()
        agenda.add(.syncBudget(1), at: Timestamp(seconds: 5))
        #expect(agenda.next(by: Timestamp(seconds: 4)) == nil)
        #expect(agenda.earliest == Timestamp(seconds: 5))
        #expect(agenda.next(by: Timestamp(seconds: 5))?.event == .syncBudget(1))
    }

    @Test("UIDs are version 4 UUIDs, and differ")
    func uids() {
        var random = SplitMix64(seed: 1)
        let uids = (0..<100).map { _ in random.uid() }
        #expect(Set(uids).count == 100)
        #expect(
            uids.allSatisfy {
                $0.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil
            })
    }
}

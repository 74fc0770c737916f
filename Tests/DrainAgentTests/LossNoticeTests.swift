import Locking
import Testing

@testable import DrainAgent

@Suite struct LossNoticeTests {
    @Test("a loss is said once, with the first reason, whatever follows")
    func once() {
        let said = Lock<[String]>([])
        let notice = LossNotice { reason in said.withLock { $0.append(reason) } }
        notice.lost("no space")
        notice.dropped()
        notice.lost("no space")
        #expect(said.withLock { $0 } == ["no space"])
    }

    @Test("lines that were never tried are a loss of their own")
    func dropped() {
        let said = Lock<[String]>([])
        let notice = LossNotice { reason in said.withLock { $0.append(reason) } }
        notice.dropped()
        #expect(said.withLock { $0 } == ["they had to wait too long: nobody reads, or too slowly"])
    }
}

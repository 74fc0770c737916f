import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("Pod: by when it has to be gone")
struct DeletionDeadlineTests {
    private static let began = ScriptedDrain.epoch

    @Test(
        "the kubelet's last word, which sets the timestamp back to the beginning, makes nobody late",
        arguments: [
            (said: 30, known: nil, now: 0, deadline: 30), (said: 30, known: 30, now: 12, deadline: 30),
            (said: 60, known: 30, now: 12, deadline: 60), (said: 20, known: 30, now: 12, deadline: 20),
            (said: 0, known: 30, now: 12, deadline: 12), (said: 0, known: 12, now: 15, deadline: 12),
            (said: 0, known: 30, now: 40, deadline: 30), (said: 0, known: nil, now: 40, deadline: 0),
        ] as [(said: Int, known: Int?, now: Int, deadline: Int)])
    func lastWord(_ row: (said: Int, known: Int?, now: Int, deadline: Int)) {
        var pod = Pod.stub("a")
        pod.metadata.deletionTimestamp = Self.began + .seconds(row.said)
        let known = row.known.map { Self.began + .seconds($0) }
        let deadline = pod.deletionDeadline(known: known, at: Self.began + .seconds(row.now))
        #expect(deadline == Self.began + .seconds(row.deadline))
    }
}

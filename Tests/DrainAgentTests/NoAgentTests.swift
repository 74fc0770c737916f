import Glibc
import HTTPClient
import KubernetesClient
import Testing

@testable import DrainAgent

@Suite struct NoAgentTests {
    @Test(
        "where no agent answers, the text says what to do next",
        arguments: [
            (ENOENT, "drain-agent run"), (ENOTDIR, "kubectl exec"), (EACCES, "sudo"), (ENOTSOCK, "--control-socket"),
            (ENAMETOOLONG, "107"), (ECONNREFUSED, "Start it again"), (EIO, "--control-socket"),
        ])
    func unreachable(errno: Int32, word: String) {
        let text = NoAgent.unreachable("/run/x.sock", errno: errno, HTTPFailure(.connect, "no"))
        #expect(text.contains("/run/x.sock") && text.contains(word) && !text.contains("\n"))
    }

    @Test("an agent that is there and silent, or that ends meanwhile, is told from one that is not")
    func others() {
        #expect(NoAgent.text(socket: "/s", HTTPFailure(.timeout, "late")).contains("does not answer"))
        #expect(NoAgent.text(socket: "/s", HTTPFailure(.reset, "cut")).contains("has ended meanwhile"))
        #expect(NoAgent.text(socket: "/etc/passwd", HTTPFailure(.connect, "")).contains("is no socket"))
        #expect(NoAgent.text(socket: "/nowhere/s", HTTPFailure(.connect, "")).contains("there is no socket"))
    }

    @Test(
        "a drain that could not begin says where it looked and what to try",
        arguments: [
            ("cannot read node a: nodes \"a\" not found (404)", "kubectl get nodes"),
            ("cannot read node a: Unauthorized (401)", "log in again"), ("cannot list: forbidden (403)", "permissions"),
            ("no pods could be listed within 30s (--startup-timeout): connect: no", "reachable"),
        ])
    func nextStep(reason: String, word: String) {
        let access = ClusterAccess(server: "https://joe:pw@api.example", origin: "context a of /k")
        let step = NextStep.after(reason, access: access)
        #expect(step.contains(word) && step.contains("https://api.example (context a of /k)") && !step.contains("pw"))
        #expect(NextStep.after("1 pod would be lost: --force", access: access).isEmpty)
    }
}

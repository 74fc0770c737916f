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

    @Test(
        "each way in which an agent can be missed has its own next step",
        arguments: [
            (HTTPFailure.Kind.timeout, "/s", "does not answer"), (.reset, "/s", "has ended meanwhile"),
            (.connect, "/etc/passwd", "is no socket"), (.connect, "/nowhere/s", "there is no socket"),
            (.connect, nil, "--listen"), (.certificate, nil, "--ca"), (.nameResolution, nil, "--url"),
            (.tls, nil, "https"),
        ] as [(HTTPFailure.Kind, String?, String)])
    func missed(kind: HTTPFailure.Kind, socket: String?, word: String) {
        let endpoint = ControlClient.Endpoint(url: "https://node-a:9809", socket: socket)
        let text = NoAgent.text(endpoint, HTTPFailure(kind, "why"))
        #expect(text.contains(word) && text.contains(socket ?? "https://node-a:9809"))
    }

    @Test("who has no token, or a wrong one, is told which flag names it")
    func tokens() {
        var endpoint = ControlClient.Endpoint(url: "https://node-a:9809")
        #expect(NoAgent.nextStep(status: 401, endpoint).contains("--token-file"))
        endpoint.token = "x"
        #expect(NoAgent.nextStep(status: 401, endpoint).contains("--control-token-file"))
        #expect(NoAgent.nextStep(status: 409, endpoint).isEmpty)
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

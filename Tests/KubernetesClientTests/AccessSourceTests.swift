import KubernetesClient
import Testing

@Suite("Where the access comes from")
struct AccessSourceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var environment: [String: String] = [:]
        var flag: String?
        var context: String?
        var files: [String] = []
        var source: AccessSource
        var testDescription: String { name }
    }

    static let pod = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "HOME": "/root"]

    static let cases: [Case] = [
        Case(
            name: "the flag wins", environment: ["KUBECONFIG": "/a", "HOME": "/root"], flag: "/f", files: ["/a", "/f"],
            source: .kubeconfig(paths: ["/f"], context: nil)),
        Case(
            name: "the flag wins in a pod, even if the file is missing", environment: pod, flag: "/f",
            source: .kubeconfig(paths: ["/f"], context: nil)),
        Case(
            name: "KUBECONFIG is a list", environment: ["KUBECONFIG": "/a::/b:", "HOME": "/root"], context: "c",
            source: .kubeconfig(paths: ["/a", "/b"], context: "c")),
        Case(
            name: "an empty KUBECONFIG is none", environment: ["KUBECONFIG": "", "HOME": "/root"],
            source: .kubeconfig(paths: ["/root/.kube/config"], context: nil)),
        Case(
            name: "the home directory's file", environment: ["HOME": "/root"],
            source: .kubeconfig(paths: ["/root/.kube/config"], context: nil)),
        Case(name: "no home", source: .kubeconfig(paths: [], context: nil)),
        Case(name: "a pod", environment: pod, source: .inCluster),
        Case(
            name: "a pod with a kubeconfig", environment: pod, files: ["/root/.kube/config"],
            source: .kubeconfig(paths: ["/root/.kube/config"], context: nil)),
        Case(
            name: "a pod with KUBECONFIG", environment: pod.merging(["KUBECONFIG": "/a"]) { $1 }, files: ["/a"],
            source: .kubeconfig(paths: ["/a"], context: nil)),
        Case(
            name: "a pod whose KUBECONFIG does not exist", environment: pod.merging(["KUBECONFIG": "/a"]) { $1 },
            source: .inCluster),
        Case(
            name: "a context is of a kubeconfig", environment: pod, context: "c",
            source: .kubeconfig(paths: ["/root/.kube/config"], context: "c")),
        Case(
            name: "an empty service host is no pod", environment: ["KUBERNETES_SERVICE_HOST": "", "HOME": "/root"],
            source: .kubeconfig(paths: ["/root/.kube/config"], context: nil)),
    ]

    @Test("kubectl's order", arguments: cases)
    func order(testCase: Case) {
        let files = MemoryFiles(Dictionary(uniqueKeysWithValues: testCase.files.map { ($0, "x") }))
        let source = AccessSource.discover(
            environment: testCase.environment, kubeconfigFlag: testCase.flag, contextFlag: testCase.context,
            files: files.reader)
        #expect(source == testCase.source)
    }
}

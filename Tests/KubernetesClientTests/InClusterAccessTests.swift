import HTTPClient
import KubernetesClient
import Testing

@Suite("Access from a pod")
struct InClusterAccessTests {
    private let mount = "/var/run/secrets/kubernetes.io/serviceaccount"
    private let environment = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"]

    private func files() -> MemoryFiles {
        MemoryFiles(["\(mount)/token": "secret-token\n", "\(mount)/ca.crt": "CA", "\(mount)/namespace": "ops\n"])
    }

    @Test("the service account is all it takes")
    func whole() throws {
        let access = try ClusterAccess.load(.inCluster, environment: environment, files: files().reader)
        #expect(access.server == "https://10.96.0.1:443")
        #expect(access.tls.caPEM == Array("CA".utf8))
        #expect(access.tls.skipVerification == false)
        #expect(access.namespace == "ops")
        #expect(access.credential == .tokenFile(path: "\(mount)/token"))
        #expect(access.proxy == nil)
        #expect(access.summary == "https://10.96.0.1:443 (in cluster, token of \(mount)/token)")
    }

    @Test("an IPv6 host gets its brackets")
    func ipv6() throws {
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"]
        let access = try ClusterAccess.load(.inCluster, environment: environment, files: files().reader)
        #expect(access.server == "https://[fd00::1]:6443")
    }

    @Test("the environment's proxy is honoured")
    func proxy() throws {
        let proxied = environment.merging(["HTTPS_PROXY": "http://u:secret@p:3128"]) { $1 }
        let access = try ClusterAccess.load(.inCluster, environment: proxied, files: files().reader)
        #expect(access.proxy == "http://u:secret@p:3128")
        #expect(access.summary.hasSuffix(", through http://p:3128"))
        let exempt = proxied.merging(["NO_PROXY": "10.96.0.0/12"]) { $1 }
        #expect(try ClusterAccess.load(.inCluster, environment: exempt, files: files().reader).proxy == nil)
    }

    @Test("a pod without its namespace's name is in default")
    func namespace() throws {
        let files = files()
        files["\(mount)/namespace"] = nil
        #expect(
            try ClusterAccess.load(.inCluster, environment: environment, files: files.reader).namespace == "default")
    }

    @Test("what is missing is named", arguments: ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"])
    func variables(name: String) {
        var environment = environment
        environment[name] = nil
        #expect(throws: ClusterAccessError.notInCluster(variable: name)) {
            try ClusterAccess.load(.inCluster, environment: environment, files: files().reader)
        }
    }

    @Test("a service account that is not mounted says what to look at", arguments: ["token", "ca.crt"])
    func unmounted(name: String) {
        let files = files()
        files["\(mount)/\(name)"] = nil
        #expect {
            try ClusterAccess.load(.inCluster, environment: environment, files: files.reader)
        } throws: { error in
            "\(error)".contains("\(mount)/\(name)") && "\(error)".contains("automountServiceAccountToken")
        }
    }
}

import ArgumentParser
import Testing

@testable import DrainAgent

@Suite struct KubectlPluginTests {
    @Test(
        "only the name that kubectl looks for makes a plugin of it",
        arguments: [
            ("/usr/local/bin/kubectl-drain_watch", true), ("kubectl-drain_watch", true), ("drain-agent", false),
            ("/kubectl-drain_watch/drain-agent", false), ("", false),
        ])
    func name(path: String, isPlugin: Bool) { #expect(KubectlPlugin.isCalled(as: path) == isPlugin) }

    @Test(
        "a namespace is taken and means nothing; all else is drain's",
        arguments: [
            (["worker-3", "-n", "shop", "--timeout", "10m"], ["worker-3", "--timeout", "10m"]),
            (["--namespace=shop", "worker-3"], ["worker-3"]), (["--namespace", "shop", "worker-3"], ["worker-3"]),
            (["-nshop", "worker-3", "--context", "a"], ["worker-3", "--context", "a"]),
            (["--node-conditions", "worker-3"], ["--node-conditions", "worker-3"]), (["worker-3", "-n"], ["worker-3"]),
            (["--", "-n", "x"], ["--", "-n", "x"]),
        ])
    func namespace(given: [String], kept: [String]) { #expect(KubectlPlugin.arguments(given) == kept) }

    @Test("it is drain by another name")
    func parses() throws {
        let parsed = try KubectlPlugin.parseAsRoot(["node/worker-3", "--timeout", "10m", "-o", "name"])
        let plugin = try #require(parsed as? KubectlPlugin)
        #expect(plugin.drain.node.value == "worker-3")
        #expect(plugin.drain.eviction.timeout.value == .seconds(600))
        #expect(KubectlPlugin.helpMessage().contains("USAGE: kubectl drain-watch"))
    }
}

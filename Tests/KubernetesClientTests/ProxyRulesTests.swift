import Testing

@testable import KubernetesClient

@Suite("Proxies of the environment")
struct ProxyRulesTests {
    @Test(
        "a proxy is chosen by the URL's scheme, the uppercase variable first",
        arguments: [
            (["HTTPS_PROXY": "http://p:3128"], "https://api:6443", "http://p:3128"),
            (["https_proxy": "http://p:3128"], "https://api:6443", "http://p:3128"),
            (["HTTPS_PROXY": "http://a", "https_proxy": "http://b"], "https://api", "http://a"),
            (["HTTPS_PROXY": "", "https_proxy": "http://b"], "https://api", "http://b"),
            (["HTTP_PROXY": "http://p:3128"], "https://api:6443", nil),
            (["HTTP_PROXY": "http://p:3128"], "http://api:8080", "http://p:3128"),
            (["HTTPS_PROXY": "http://p:3128"], "http://api:8080", nil),
            (["HTTPS_PROXY": "p:3128"], "https://api", "http://p:3128"),
            (["HTTPS_PROXY": "socks5://p:1080"], "https://api", "socks5://p:1080"),
            (["ALL_PROXY": "http://p"], "https://api", nil),
            ([:], "https://api", nil),
            (["HTTPS_PROXY": "http://p"], "https://localhost:6443", nil),
            (["HTTPS_PROXY": "http://p"], "https://127.0.0.1:6443", nil),
            (["HTTPS_PROXY": "http://p"], "https://127.8.8.8", nil),
            (["HTTPS_PROXY": "http://p"], "https://[::1]:6443", nil),
            (["HTTPS_PROXY": "http://p"], "https://[fd00::1]:6443", "http://p"),
            (["HTTPS_PROXY": "http://p"], "nonsense", nil),
        ] as [([String: String], String, String?)])
    func choice(environment: [String: String], url: String, proxy: String?) {
        #expect(ProxyRules(environment: environment).proxy(for: url) == proxy)
    }

    @Test(
        "NO_PROXY exempts as it does in Go",
        arguments: [
            ("", "api.example.com", 443, false), ("*", "api.example.com", 443, true),
            ("example.com", "example.com", 443, true), ("example.com", "api.example.com", 443, true),
            ("example.com", "notexample.com", 443, false), (".example.com", "example.com", 443, false),
            (".example.com", "api.example.com", 443, true), ("*.example.com", "api.example.com", 443, true),
            ("*.example.com", "example.com", 443, false), ("EXAMPLE.com", "Example.COM", 443, true),
            ("example.com:443", "example.com", 443, true), ("example.com:6443", "example.com", 443, false),
            ("other, example.com ", "example.com", 443, true), (",,", "example.com", 443, false),
            ("10.0.0.1", "10.0.0.1", 443, true), ("10.0.0.1", "10.0.0.2", 443, false),
            ("10.0.0.1:443", "10.0.0.1", 443, true), ("10.0.0.1:80", "10.0.0.1", 443, false),
            ("10.0.0.0/8", "10.200.3.4", 443, true), ("10.0.0.0/8", "11.0.0.1", 443, false),
            ("10.0.0.0/9", "10.128.0.1", 443, false), ("10.96.0.0/12", "10.111.255.255", 443, true),
            ("10.96.0.0/12", "10.112.0.0", 443, false), ("0.0.0.0/0", "8.8.8.8", 443, true),
            ("10.0.0.0/33", "10.0.0.1", 443, false), ("10.0.0.0/8", "name", 443, false),
            ("fd00::/8", "fd12::1", 443, true), ("fd00::/8", "fe80::1", 443, false), ("::1", "::1", 443, true),
            ("fd00::1", "fd00:0::1", 443, true), ("[fd00::1]:443", "fd00::1", 443, true),
            ("[fd00::1]:80", "fd00::1", 443, false), ("[fd00::1]", "fd00::1", 443, true),
            ("10.0.0.1", "::ffff:10.0.0.1", 443, true), ("api", "api.cluster.local", 443, false),
            ("svc", "kubernetes.default.svc", 443, true), ("example.com:x", "example.com", 443, false),
        ] as [(String, String, Int, Bool)])
    func exceptions(list: String, host: String, port: Int, isExempt: Bool) {
        #expect(ProxyExceptions(list).contains(host: host, port: port) == isExempt)
    }

    @Test("the default port is the scheme's")
    func defaultPort() {
        let rules = ProxyRules(
            environment: ["HTTPS_PROXY": "http://p", "HTTP_PROXY": "http://p", "NO_PROXY": "a:443,b:80"])
        #expect(rules.proxy(for: "https://a") == nil)
        #expect(rules.proxy(for: "https://b") == "http://p")
        #expect(rules.proxy(for: "http://b") == nil)
        #expect(rules.proxy(for: "https://a:6443") == "http://p")
    }
}

import KubernetesAPI
import Testing

@Suite("Label selector")
struct LabelSelectorTests {
    typealias Requirement = LabelSelector.Requirement

    @Test(
        "what kubectl reads is read",
        arguments: [
            ("", []),
            ("   ", []),
            ("x", [.exists(key: "x")]),
            ("!x", [.absent(key: "x")]),
            (" ! x ", [.absent(key: "x")]),
            ("x=a", [.isIn(key: "x", values: ["a"])]),
            ("x==a", [.isIn(key: "x", values: ["a"])]),
            (" x = a ", [.isIn(key: "x", values: ["a"])]),
            ("x=", [.isIn(key: "x", values: [""])]),
            ("x!=", [.notIn(key: "x", values: [""])]),
            ("x=,y", [.isIn(key: "x", values: [""]), .exists(key: "y")]),
            ("x!=a", [.notIn(key: "x", values: ["a"])]),
            ("x in (a,b)", [.isIn(key: "x", values: ["a", "b"])]),
            ("x in(a)", [.isIn(key: "x", values: ["a"])]),
            ("x\tin\n( a , b )", [.isIn(key: "x", values: ["a", "b"])]),
            ("x notin (a)", [.notIn(key: "x", values: ["a"])]),
            ("x in (,)", [.isIn(key: "x", values: [""])]),
            ("x in (a,)", [.isIn(key: "x", values: ["a", ""])]),
            ("x in (,a)", [.isIn(key: "x", values: ["", "a"])]),
            ("x>5", [.greater(key: "x", than: 5)]),
            ("x < 7,y", [.less(key: "x", than: 7), .exists(key: "y")]),
            ("in in (in,notin)", [.isIn(key: "in", values: ["in", "notin"])]),
            ("in", [.exists(key: "in")]),
            ("notin=in", [.isIn(key: "notin", values: ["in"])]),
            ("app.kubernetes.io/name=web", [.isIn(key: "app.kubernetes.io/name", values: ["web"])]),
            ("A_b-c.9=V_a-l.9", [.isIn(key: "A_b-c.9", values: ["V_a-l.9"])]),
            (
                "app=web,tier!=db,env in (a,b),!legacy",
                [
                    .isIn(key: "app", values: ["web"]), .notIn(key: "tier", values: ["db"]),
                    .isIn(key: "env", values: ["a", "b"]), .absent(key: "legacy"),
                ]
            ),
        ] as [(String, [Requirement])])
    func reads(text: String, requirements: [Requirement]) throws {
        #expect(try LabelSelector(parsing: text).requirements == requirements)
    }

    @Test(
        "what kubectl refuses is refused, and the message has the text",
        arguments: [
            ",", "x,", ",x", "x,,y", "x y", "x=a b", "=a", "!=a", "!", "!!x", "!x=a", "!x in (a)", "x=a=b", "x===a",
            "x=!a", "x in a", "x in", "x in ()", "x in (a", "x in a)", "x in (a b)", "x in (a))", "x in ((a))", "x (a)",
            "x within (a)", "in (a)", "x notin ()", "x>", "x>a", "x<", "x>5.5", "x>=5", "-x", "x-", ".x", "/x", "x/",
            "a/b/c", "A/x", "a_b/x", "-a/x", "a..b/x", "x=-a", "x=a-", "x=a/b", "x=ä", "ä=x", "x=\u{0}", "x;y",
            "x=\(String(repeating: "a", count: 64))", "\(String(repeating: "a", count: 64))",
            "\(String(repeating: "a", count: 254))/x",
        ])
    func refuses(text: String) {
        #expect {
            try LabelSelector(parsing: text)
        } throws: { error in
            "\(error)".contains("label selector \"\(text)\"")
        }
    }

    @Test(
        "it is written so that kubectl reads the same",
        arguments: ["x", "!x", "x=a", "x=", "x!=a", "x!=", "x in (a,b)", "x notin (,a)", "x>5,y<7", "in in (in,notin)"])
    func writes(text: String) throws {
        #expect(try LabelSelector(parsing: text).description == text)
    }

    @Test(
        "what satisfies it is what satisfies it in Kubernetes",
        arguments: [
            ("", true), ("app", true), ("!app", false), ("db", false), ("!db", true), ("app=web", true),
            ("app=other", false), ("app!=web", false), ("app!=other", true), ("db!=x", true), ("db=", false),
            ("empty=", true), ("empty", true), ("app in (web,other)", true), ("app in (other)", false),
            ("db in (x)", false), ("app notin (web)", false), ("app notin (other)", true), ("db notin (x)", true),
            ("n>4", true), ("n>5", false), ("n<6", true), ("n<5", false), ("app>1", false), ("db<1", false),
            ("app=web,n>4", true), ("app=web,n>5", false),
        ])
    func matches(text: String, matches: Bool) throws {
        let labels = ["app": "web", "empty": "", "n": "5"]
        #expect(try LabelSelector(parsing: text).matches(labels) == matches)
    }

    @Test("names and values of the greatest length pass")
    func lengths() throws {
        let name = String(repeating: "a", count: 63)
        let prefix = (0..<4).map { _ in String(repeating: "b", count: 62) }.joined(separator: ".")
        #expect(try LabelSelector(parsing: "\(prefix)/\(name)=\(name)").requirements.count == 1)
    }
}

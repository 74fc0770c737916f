import HTTPServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HeldResponseTests {
    /// A handler that waits for `gate`, and tells `arrived` and `ended` of it.
    private struct Hold {
        let arrived = Happening<Void>()
        let gate = Happening<String>()
        let ended = Happening<String>()

        var route: Route {
            Route("POST", "/prestop") { [self] _ in
                arrived.happened(())
                let text = await gate.next() ?? "cancelled"
                ended.happened(text)
                return .text(200, text)
            }
        }
    }

    @Test("an answer that is held comes when the handler gives it, and others are served meanwhile")
    func heldThenAnswered() async throws {
        let hold = Hold()
        try await withServer([hold.route, Route("GET", "/") { _ in .text(200, "other") }]) { port, _ in
            let client = try RawClient(port: port)
            try client.request("POST", "/prestop")
            await hold.arrived.next()
            #expect(try await RawClient.get(from: port, "/").text == "other")
            hold.gate.happened("done")
            #expect(try await client.response().text == "done")
            #expect(try await client.get("/").text == "other", "the connection goes on")
        }
    }

    enum Departure: CaseIterable { case farewell, reset, farewellBehindUnreadBytes }

    @Test("a handler is cancelled when its client departs", arguments: Departure.allCases)
    func departure(how: Departure) async throws {
        let hold = Hold()
        try await withServer([hold.route]) { port, _ in
            let client = try RawClient(port: port)
            try client.request("POST", "/prestop")
            await hold.arrived.next()
            switch how {
            case .farewell: client.finishSending()
            case .reset: client.reset()
            case .farewellBehindUnreadBytes:
                try client.request("GET", "/next")
                client.finishSending()
            }
            #expect(await hold.ended.next() == "cancelled")
        }
    }

    @Test("many held answers are all given")
    func many() async throws {
        let hold = Hold()
        try await withServer([hold.route]) { port, _ in
            let clients = try (0..<50).map { _ in try RawClient(port: port) }
            for client in clients { try client.request("POST", "/prestop") }
            for _ in clients { await hold.arrived.next() }
            for number in clients.indices { hold.gate.happened("\(number)") }
            var answers: Set<String> = []
            for client in clients { answers.insert(try await client.response().text) }
            #expect(answers == Set(clients.indices.map(String.init)))
        }
    }
}

internal import FoundationEssentials
internal import HTTPClient
internal import KubernetesAPI
internal import Timestamps

/// Reads a list page by page, and each page item by item as its bytes arrive.
struct ObjectLister<Item: Decodable & Sendable & Equatable> {
    /// How often a list whose page token expired begins again, before it is asked for in one piece.
    static var restartLimit: Int { 5 }

    let transport: APITransport
    let traceparent: String?
    /// The version that budgets are asked for in.
    var budgets = PolicyVersion.v1
    /// What the answer calls the list.
    let object: (ObjectList<Item>) -> APIObject

    private enum Page {
        case read(ListEnvelope, Reply)
        case failed(Reply)
    }

    func list(_ call: APICall) async -> Reply {
        var call = call
        var items: [Item] = []
        var token: String?
        var restarts = 0
        while true {
            switch await page(call.wire(budgets: budgets, continuing: token), &items) {
            case .read(let list, var reply):
                guard list.next.isEmpty else {
                    guard list.next != token else { return Reply(Self.malformed("its pages do not end")) }
                    token = list.next
                    continue
                }
                reply.answer = .success(
                    code: reply.code, object(ObjectList(resourceVersion: list.resourceVersion, items: items)))
                return reply
            case .failed(let reply):
                guard token != nil, reply.code == 410, restarts <= Self.restartLimit else { return reply }
                restarts += 1
                if restarts > Self.restartLimit { call = call.unpaged }
                items = []
                token = nil
            }
        }
    }

    private func page(_ wire: WireRequest, _ items: inout [Item]) async -> Page {
        let stream: HTTPStream
        switch await transport.open(wire, traceparent: traceparent) {
        case .failure(let failure): return .failed(Reply(failure))
        case .success(let opened): stream = opened
        }
        guard (200...299).contains(stream.status) else { return .failed(await Reply(refusedBy: stream, transport)) }
        switch await envelope(of: stream, &items) {
        case .failure(let failure): return .failed(Reply(failure))
        case .success(let list):
            return .read(
                list, Reply(.success(code: stream.status, .other), stream.headers, now: transport.time.now()))
        }
    }

    private func envelope(
        of stream: HTTPStream, _ items: inout [Item]
    ) async -> Result<ListEnvelope, TransportFailure> {
        var splitter = ItemSplitter()
        let decoder = JSONDecoder()
        while let chunk = await stream.next() {
            switch chunk {
            case .failure(let failure): return .failure(TransportFailure(failure))
            case .success(let bytes):
                do { try Self.decode(try splitter.push(bytes[...]), decoder, &items) } catch {
                    return .failure(error as? TransportFailure ?? Self.unsplit(error, after: items.count))
                }
            }
        }
        do {
            try splitter.finish()
            return .success(try decoder.decode(ListEnvelope.self, from: Data(splitter.envelope)))
        } catch { return .failure(Self.unsplit(error, after: items.count)) }
    }

    private static func decode(_ texts: [[UInt8]], _ decoder: JSONDecoder, _ items: inout [Item]) throws {
        for text in texts {
            do { items.append(try decoder.decode(Item.self, from: Data(text))) } catch {
                throw malformed("item \(items.count + 1): \(JSONProblem.describe(error))")
            }
        }
    }

    private static func unsplit(_ error: any Error, after count: Int) -> TransportFailure {
        switch error as? ItemSplitter.Failure {
        case .tooLarge(let limit): malformed("item \(count + 1) is larger than \(limit >> 20) MiB")
        case .malformed: malformed("it ends, or is no JSON, after \(count) items")
        case nil: malformed("around its items: \(JSONProblem.describe(error))")
        }
    }

    private static func malformed(_ problem: String) -> TransportFailure {
        TransportFailure(.malformed, "the list cannot be read: \(problem)")
    }
}

extension APICall {
    fileprivate var unpaged: APICall {
        switch self {
        case .listPods(let node, .consistent): .listPods(node: node, .consistent(chunkSize: 0))
        case .listBudgets(let namespace, .consistent): .listBudgets(namespace: namespace, .consistent(chunkSize: 0))
        default: self
        }
    }
}

extension Reply {
    /// The HTTP status; 0 without one.
    fileprivate var code: Int {
        switch answer {
        case .success(let code, _): code
        case .refusal(let status): status.code
        case .failure: 0
        }
    }
}

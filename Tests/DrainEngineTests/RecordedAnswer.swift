import FoundationEssentials
import KubernetesAPI
import TestSupport

/// What a real API server answered, as a client would hand it to the engine.
struct RecordedAnswer: Decodable {
    private enum CodingKeys: String, CodingKey { case status, body }

    let answer: Exchange.Answer

    init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: CodingKeys.self)
        let code = try file.decode(Int.self, forKey: .status)
        if (200..<300).contains(code) {
            answer = .success(code: code, .other)
        } else {
            answer = .refusal(try file.decode(Status.self, forKey: .body))
        }
    }

    /// `path` is below Tests/Fixtures.
    static func read(_ path: String) throws -> Exchange.Answer {
        try JSONDecoder().decode(RecordedAnswer.self, from: Data(Fixtures.bytes(path))).answer
    }

    /// The names of the files in a folder below Tests/Fixtures.
    static func files(in folder: String) throws -> Set<String> {
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(Fixtures.root)/Tests/Fixtures/\(folder)")
        return Set(files.filter { $0.hasSuffix(".json") })
    }
}

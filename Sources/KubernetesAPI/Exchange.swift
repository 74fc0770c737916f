public import Timestamps

/// A request's whole story: what came back, and when.
public struct Exchange: Sendable, Equatable {
    public var answer: Answer
    /// `Audit-Id`: finds the request in the server's audit log.
    public var auditID: String?
    /// How long the server wants to be left alone, at most `longestPause`.
    public let retryAfter: Duration?
    public var sent: Timestamp
    public var received: Timestamp

    /// No answer may stop a drain for longer: what matters more is asked for again anyway.
    public static let longestPause = Duration.seconds(60)

    public init(
        answer: Answer, auditID: String? = nil, retryAfter: Duration? = nil, sent: Timestamp, received: Timestamp
    ) {
        self.answer = answer
        self.auditID = auditID
        self.retryAfter = retryAfter.map { min($0, Self.longestPause) }
        self.sent = sent
        self.received = received
    }

    public enum Answer: Sendable, Equatable {
        /// 2xx, decoded.
        case success(code: Int, APIObject)
        /// Any other status. A body that is not a `Status` is its message (cut at 1 KiB).
        case refusal(Status)
        /// No whole answer came.
        case failure(TransportFailure)
    }

    /// The HTTP status; `nil` without an answer.
    public var code: Int? {
        switch answer {
        case .success(let code, _): code
        case .refusal(let status): status.code
        case .failure: nil
        }
    }
}

/// What an answered request carried.
public enum APIObject: Sendable, Equatable {
    case node(Node)
    case pods(PodList)
    case pod(Pod)
    case budgets(ObjectList<Budget>)
    case workload(Workload)
    case leases([Lease])
    case lease(Lease)
    case volumeAttachments([VolumeAttachment])
    /// A review's verdict.
    case allowed(Bool)
    /// Our own pod's name and UID and our user name, as far as the server knows them.
    case identity(SelfIdentity)
    /// Nothing we read.
    case other
}

/// What a list showed, and the version of the cluster it showed.
public struct ObjectList<Item: Sendable & Equatable>: Sendable, Equatable {
    public var resourceVersion: String
    public var items: [Item]

    public init(resourceVersion: String, items: [Item]) {
        self.resourceVersion = resourceVersion
        self.items = items
    }
}

public typealias PodList = ObjectList<Pod>

/// Who the API server takes us for.
public struct SelfIdentity: Sendable, Equatable {
    public var username: String
    public var podName: String?
    public var podUID: String?
    public var nodeName: String?

    public init(username: String, podName: String? = nil, podUID: String? = nil, nodeName: String? = nil) {
        self.username = username
        self.podName = podName
        self.podUID = podUID
        self.nodeName = nodeName
    }
}

/// Why no whole answer came.
public struct TransportFailure: Error, Sendable, Equatable {
    public enum Kind: String, Sendable {
        case nameResolution = "name_resolution"
        case connect
        /// The server's certificate is not one we may trust: trying again does not help.
        case certificate
        case tls
        case timeout
        case reset
        /// Not HTTP, or a body we cannot decode.
        case malformed
        /// No credential could be had (a plugin failed, a file is unreadable).
        case credential
        case cancelled
    }

    public var kind: Kind
    /// For people; never holds a secret.
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

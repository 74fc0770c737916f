/// The answer to a SelfSubjectAccessReview.
public struct AccessReviewResult: Decodable, Sendable, Equatable {
    public var allowed: Bool

    private enum CodingKeys: String, CodingKey { case status }
    private struct ReviewStatus: Decodable { var allowed: Bool }

    public init(allowed: Bool) { self.allowed = allowed }

    public init(from decoder: any Decoder) throws {
        let review = try decoder.container(keyedBy: CodingKeys.self)
        allowed = try review.decode(ReviewStatus.self, forKey: .status).allowed
    }
}

/// The answer to a SelfSubjectReview is who we are. A token bound to a pod names the pod (1.22) and its node (1.29).
extension SelfIdentity: Decodable {
    private enum CodingKeys: String, CodingKey { case status }
    private struct ReviewStatus: Decodable { var userInfo: UserInfo }
    private struct UserInfo: Decodable {
        var username: String
        var extra: [String: [String]]?
    }

    public init(from decoder: any Decoder) throws {
        let review = try decoder.container(keyedBy: CodingKeys.self)
        let user = try review.decode(ReviewStatus.self, forKey: .status).userInfo
        func extra(_ key: String) -> String? { user.extra?["authentication.kubernetes.io/\(key)"]?.first }
        self.init(
            username: user.username, podName: extra("pod-name"), podUID: extra("pod-uid"),
            nodeName: extra("node-name"))
    }
}

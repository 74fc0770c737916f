internal import ClusterModel

extension APIStatus {
    /// As the API server writes it: what is empty is left out.
    var json: JSON {
        var metadata: JSON = [:]
        metadata.add("continue", continueToken.isEmpty ? nil : .string(continueToken))
        var json: JSON = [
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": isSuccess ? "Success" : "Failure",
        ]
        json.add("message", message.isEmpty ? nil : .string(message))
        json.add("reason", reason.isEmpty ? nil : .string(reason))
        json.add("details", details?.json)
        json.add("code", .int(code))
        return json
    }
}

extension APIStatus.Details {
    fileprivate var json: JSON {
        var json: JSON = [:]
        json.add("name", name.isEmpty ? nil : .string(name))
        json.add("group", group.isEmpty ? nil : .string(group))
        json.add("kind", kind.isEmpty ? nil : .string(kind))
        json.add("causes", causes.isEmpty ? nil : .array(causes.map(\.json)))
        json.add("retryAfterSeconds", retryAfterSeconds == 0 ? nil : .int(retryAfterSeconds))
        return json
    }
}

extension APIStatus.Cause {
    fileprivate var json: JSON {
        var json: JSON = [:]
        json.add("reason", reason.isEmpty ? nil : .string(reason))
        json.add("message", message.isEmpty ? nil : .string(message))
        json.add("field", field.isEmpty ? nil : .string(field))
        return json
    }
}

import KubernetesAPI
import Timestamps

extension Pod {
    /// By when it has to be gone; `known`: by when it had to before.
    ///
    /// The kubelet's last word is a delete without grace, which sets the timestamp back to when the deletion began: nobody
    /// is late for that.
    func deletionDeadline(known: Timestamp?, at now: Timestamp) -> Timestamp? {
        guard let said = metadata.deletionTimestamp else { return nil }
        guard let known, said < known else { return said }
        return max(said, min(known, now))
    }
}

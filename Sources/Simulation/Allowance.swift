import KubernetesAPI
import Timestamps

/// What a budget allows by its last word, less what was accepted since.
struct Allowance {
    var left: Int
    /// Names of the pods whose evictions that word has taken off already.
    var counted: Set<String>
    var since: Timestamp

    /// An eviction that was asked for later is not: it is another pod of that name.
    func counts(_ book: PodBook) -> Bool { counted.contains(book.pod.name) && book.since < since }
}

import ArgumentParser

/// What a shell offers after TAB where the program itself cannot know.
extension CompletionKind {
    /// The nodes of the current context.
    static var nodes: CompletionKind { .shellCommand("kubectl get nodes -o name 2>/dev/null | sed 's,^node/,,'") }

    static var contexts: CompletionKind { .shellCommand("kubectl config get-contexts -o name 2>/dev/null") }
}

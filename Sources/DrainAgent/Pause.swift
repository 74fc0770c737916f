/// Returns after so long, or at once when the task is cancelled; who must know which looks at `Task.isCancelled`.
func pause(for duration: Duration) async {
    // Its only error is that cancellation.
    _ = try? await Task.sleep(for: max(.zero, duration))
}

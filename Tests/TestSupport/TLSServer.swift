internal import Subprocess

/// An HTTPS server that says what it sees:
/// `connection=<number> sni=<name> host=<Host header> client=<common name of its certificate>`.
public enum TLSServer {
    /// Runs it while `body` does.
    /// - Parameter clients: whose certificates it demands; `nil`: nobody's.
    public static func serve<Result: Sendable>(
        as identity: TestIdentity, clients: TestIdentity? = nil,
        _ body: @Sendable @escaping (_ port: UInt16) async throws -> Result
    ) async throws -> Result {
        let arguments = ["-c", program, identity.certificatePath, identity.keyPath, clients?.certificatePath ?? ""]
        let outcome = try await run(
            .name("python3"), arguments: Arguments(arguments), input: .inputWriter, output: .sequence,
            error: .currentStandardError
        ) { server in
            for try await line in server.standardOutput.strings() {
                guard let port = UInt16(line.filter(\.isNumber)) else { throw NoPort() }
                let result = try await body(port)
                try await server.standardInputWriter.finish()
                return result
            }
            throw NoPort()
        }
        return outcome.closureResult
    }

    public struct NoPort: Error {}

    /// Prints its port and serves until its input ends.
    private static let program = """
        import itertools, os, socket, ssl, sys, threading
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        if sys.argv[3]:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(sys.argv[3])
        def remember(connection, name, _):
            connection.asked = name
        context.sni_callback = remember

        def answer(connection, number):
            head = b''
            while b'\\r\\n\\r\\n' not in head:
                more = connection.recv(4096)
                if not more:
                    return False
                head += more
            head, _, body = head.partition(b'\\r\\n\\r\\n')
            fields = dict(l.lower().split(': ', 1) for l in head.decode().split('\\r\\n')[1:])
            while len(body) < int(fields.get('content-length', 0)):
                body += connection.recv(4096) or sys.exit()
            host = [l.split(': ', 1)[1] for l in head.decode().split('\\r\\n') if l.lower().startswith('host: ')]
            client = ((connection.getpeercert() or {}).get('subject') or [[['', None]]])[0][0][1]
            name = getattr(connection, 'asked', None)
            body = f"connection={number} sni={name} host={host[0]} client={client}".encode()
            connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n' % len(body) + body)
            return True

        def serve(plain, number):
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    while answer(connection, number):
                        pass
            except OSError:
                pass

        def accept(listener):
            for number in itertools.count():
                plain, _ = listener.accept()
                plain.settimeout(20)
                threading.Thread(target=serve, args=(plain, number), daemon=True).start()

        listener = socket.create_server(('127.0.0.1', 0))
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        sys.stdin.read()
        os._exit(0)
        """
}

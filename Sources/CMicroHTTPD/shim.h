#pragma once
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <linux/sockios.h>
#include <microhttpd.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

// Swift imports no variadic C function: each one used is given fixed, typed arguments here.

typedef gnutls_certificate_retrieve_function3 *MHDCertificateCallback;

/// What one daemon may use, and whom it calls; `context` is the first argument of every callback.
struct MHDListenerOptions {
    MHD_socket listen_socket;
    unsigned int connection_limit;
    unsigned int connection_limit_per_address;
    size_t connection_pool_bytes;
    size_t thread_stack_bytes;
    void *context;
    void *(*uri_log)(void *context, const char *uri, struct MHD_Connection *connection);
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection_changed;
    /// Gives each TLS handshake its certificate; NULL: no TLS.
    MHDCertificateCallback certificate;
};

/// TLS 1.2 and 1.3, ciphers of at least 128 bits, and a fresh key for each connection: a certificate's key that gets
/// stolen later opens nothing that was recorded.
static const char mhd_tls_priorities[] =
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA";

/// One thread that serves a listening socket made by the caller. NULL if MHD cannot start it.
static inline struct MHD_Daemon *mhd_start_listener(const struct MHDListenerOptions *options) {
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)mhd_tls_priorities},
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)options->certificate},
        {MHD_OPTION_END, 0, NULL},
    };
    if (options->certificate == NULL) tls[0].option = MHD_OPTION_END;
    // Not epoll under TLS: there a handshake that waits for its client keeps 0.9.75's thread running in circles.
    const unsigned int threading =
        options->certificate == NULL ? MHD_USE_EPOLL_INTERNAL_THREAD : MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS;
    return MHD_start_daemon(
        threading | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, options->handle, options->context,
        MHD_OPTION_LISTEN_SOCKET, options->listen_socket,
        MHD_OPTION_CONNECTION_LIMIT, options->connection_limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connection_limit_per_address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_pool_bytes,
        MHD_OPTION_THREAD_STACK_SIZE, options->thread_stack_bytes,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, options->uri_log, options->context,
        MHD_OPTION_NOTIFY_COMPLETED, options->completed, options->context,
        MHD_OPTION_NOTIFY_CONNECTION, options->connection_changed, options->context,
        MHD_OPTION_ARRAY, tls,
        MHD_OPTION_END);
}

static inline const union MHD_ConnectionInfo *mhd_connection_info(
    struct MHD_Connection *connection, enum MHD_ConnectionInfoType type) {
    return MHD_get_connection_info(connection, type);
}

/// The socket of a connection; -1 if MHD does not tell.
static inline int mhd_connection_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = mhd_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/// The address of the client; NULL if MHD does not tell.
static inline const struct sockaddr *mhd_client_address(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = mhd_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL ? NULL : info->client_addr;
}

/// What the connection callback stored for this connection.
static inline void *mhd_socket_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = mhd_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/// `SIOCOUTQ`: bytes written to a socket and not yet acknowledged by the other side's kernel.
static const unsigned long mhd_siocoutq = SIOCOUTQ;

/// The connection that a TLS session belongs to; NULL if MHD does not tell.
static inline struct MHD_Connection *mhd_tls_connection(gnutls_session_t session) {
    return (struct MHD_Connection *)gnutls_session_get_ptr(session);
}

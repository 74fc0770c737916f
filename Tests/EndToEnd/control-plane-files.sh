# shellcheck shell=bash
# Part of control-plane.sh: ports, certificates, kubeconfigs and the audit policy, all in $dir.

choose_ports() { # COUNT
  # Below the range that outgoing connections take theirs from: a restarted API server must get its port again.
  python3 - "$1" <<'PY'
import random, socket, sys
try:
    top = int(open("/proc/sys/net/ipv4/ip_local_port_range").read().split()[0])
except OSError:
    top = 32768
low, top = (10000, top) if top > 12000 else (20000, 32000)
held = []
while len(held) < int(sys.argv[1]):
    with_port = socket.socket()
    try:
        with_port.bind(("127.0.0.1", random.randrange(low, top)))
        held.append(with_port)  # kept open until all are found, so that they differ
    except OSError:
        with_port.close()
print(*(each.getsockname()[1] for each in held))
PY
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

new_certificate() { # NAME SUBJECT EXTENSIONS
  local base="$dir/certs/$1"
  new_key "$base.key"
  openssl req -new -key "$base.key" -subj "$2" -out "$base.csr"
  openssl x509 -req -in "$base.csr" -CA "$dir/certs/ca.crt" -CAkey "$dir/certs/ca.key" -days 365 \
    -set_serial "0x$(openssl rand -hex 8)" -extfile <(printf '%b' "$3") -out "$base.crt" 2>/dev/null
  rm "$base.csr"
}

make_certificates() {
  local client='extendedKeyUsage=clientAuth\n'
  new_key "$dir/certs/ca.key"
  openssl req -x509 -new -key "$dir/certs/ca.key" -subj /CN=end-to-end-ca -days 365 -out "$dir/certs/ca.crt" \
    -addext keyUsage=critical,keyCertSign,cRLSign
  new_certificate apiserver /CN=kube-apiserver \
    'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc\n'
  new_certificate etcd /CN=etcd 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n'
  new_certificate admin /O=system:masters/CN=admin "$client"
  # A name of its own, so that the audit log tells the kubelets from the tests.
  new_certificate kubelets /O=system:masters/CN=simulated-kubelets "$client"
  new_certificate kube-controller-manager /CN=system:kube-controller-manager "$client"
  new_certificate kube-scheduler /CN=system:kube-scheduler "$client"
  new_key "$dir/certs/sa.key"
  openssl pkey -in "$dir/certs/sa.key" -pubout -out "$dir/certs/sa.pub"
  chmod 600 "$dir"/certs/*.key
}

write_kubeconfig() { # NAME
  cat >"$dir/$1.kubeconfig" <<CONFIG
apiVersion: v1
kind: Config
clusters:
- name: end-to-end
  cluster:
    server: $server
    certificate-authority-data: $(base64 -w0 "$dir/certs/ca.crt")
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w0 "$dir/certs/$1.crt")
    client-key-data: $(base64 -w0 "$dir/certs/$1.key")
contexts:
- name: end-to-end
  context:
    cluster: end-to-end
    user: $1
current-context: end-to-end
CONFIG
  chmod 600 "$dir/$1.kubeconfig"
}

write_audit_policy() {
  cat >"$dir/audit-policy.yaml" <<'POLICY'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
# What the control plane reads for itself is most of the traffic and witnesses nothing.
- level: None
  users: [system:apiserver, system:kube-controller-manager, system:kube-scheduler]
  verbs: [get, list, watch]
- level: Metadata
  users: [system:serviceaccount:kube-system:drain-agent, system:serviceaccount:kube-system:drain-agent-job]
  verbs: [get, list, watch]
- level: None
  userGroups: [system:serviceaccounts:kube-system]
  verbs: [get, list, watch]
- level: None
  nonResourceURLs: [/readyz*, /livez*, /healthz*]
- level: Request
  resources:
  - group: ""
    resources: [pods/eviction, nodes]
- level: Request
  verbs: [delete]
  resources:
  - group: ""
    resources: [pods]
- level: Metadata
POLICY
}

prepare() {
  mkdir -p "$dir"/{certs,logs,pids,help}
  chmod 700 "$dir"
  if [[ ! -f $dir/ports ]]; then
    choose_ports 3 >"$dir/ports.new"
    mv "$dir/ports.new" "$dir/ports"
  fi
  # Written again at each start: other programs may be in use than the last time.
  rm -f "$dir"/help/*
  printf '%s\n' "$bin" >"$dir/programs"
  read_ports
  printf '%s\n' "$server" >"$dir/server"
  [[ -f $dir/certs/sa.pub ]] || make_certificates
  local name
  for name in admin kube-controller-manager kube-scheduler; do write_kubeconfig "$name"; done
  write_audit_policy
}

read_ports() {
  read -r etcd_port peer_port apiserver_port <"$dir/ports"
  server="https://127.0.0.1:$apiserver_port"
}

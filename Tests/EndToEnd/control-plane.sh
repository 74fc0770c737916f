#!/usr/bin/env bash
# Runs a real Kubernetes control plane on loopback, without root, containers or fixed ports:
#
#   control-plane.sh start DIR [--owner PID]   etcd, API server, controller manager, scheduler; returns when they work
#   control-plane.sh kubelets DIR ARG...       kubelets.py --dir DIR ARG... in the background; returns when it is ready
#   control-plane.sh end DIR NAME              ends the kubelets of that name
#   control-plane.sh stop DIR                  ends everything that was started for DIR, leaves its files
#   control-plane.sh remove DIR                stop, then deletes what start made in DIR
#   control-plane.sh status DIR                one line for each process
#
#   control-plane.sh kill-apiserver DIR        SIGKILL: connections break        stop-apiserver: SIGTERM, it says goodbye
#   control-plane.sh start-apiserver DIR       on the same port; returns when it is ready
#   control-plane.sh pause-etcd DIR            SIGSTOP: requests hang, then fail  resume-etcd DIR: SIGCONT
#   control-plane.sh kill-etcd DIR             SIGKILL: requests fail             start-etcd DIR: same port and data
#
# With --owner, everything is stopped as soon as that process is gone, however it ended.
#
# DIR then holds
#   server               the API server's URL
#   admin.kubeconfig     a member of system:masters, certificates embedded
#   certs/               ca.crt; NAME.crt, NAME.key for admin, kubelets, …; ca.key and sa.key to issue more
#   logs/audit.log       JSON lines: Metadata of everything, bodies of evictions and of writes to nodes
#   logs/NAME.log        one for each process
#
# The programs come from control-plane-build.sh, so from $KUBEBUILDER_ASSETS where that is set. Flags that came or
# went between Kubernetes 1.20 and now are looked up in each program's --help.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly start_timeout=60 # seconds
readonly stop_timeout=10  # seconds

say() { printf 'control-plane: %s\n' "$*" >&2; }
usage() {
  sed -n '3,15p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,2\}//' >&2
  exit 64
}

# shellcheck source=control-plane-processes.sh
source "$here/control-plane-processes.sh"
# shellcheck source=control-plane-files.sh
source "$here/control-plane-files.sh"

# --- what a program understands

has_flag() { # PROGRAM FLAG
  [[ -f $dir/help/$1 ]] || "$bin/$1" --help >"$dir/help/$1" 2>&1 || true
  grep -q -E -e "(^|[[:space:]])--?$2([[:space:]=]|\$)" "$dir/help/$1"
}

flags_known_to() { # PROGRAM --FLAG=VALUE...: prints those that it has
  local program=$1 flag name
  shift
  for flag in "$@"; do
    name=${flag%%=*}
    ! has_flag "$program" "${name#--}" || printf '%s\n' "$flag"
  done
}

# --- the four processes

launch_etcd() {
  local extra
  # Nothing here outlives a power cut, and the disk of a test machine is slow and shared.
  mapfile -t extra < <(flags_known_to etcd --unsafe-no-fsync=true)
  launch etcd "$bin/etcd" --name=end-to-end --data-dir="$dir/etcd" \
    --listen-client-urls="https://127.0.0.1:$etcd_port" --advertise-client-urls="https://127.0.0.1:$etcd_port" \
    --listen-peer-urls="http://127.0.0.1:$peer_port" --initial-advertise-peer-urls="http://127.0.0.1:$peer_port" \
    --initial-cluster="end-to-end=http://127.0.0.1:$peer_port" --client-cert-auth=true \
    --trusted-ca-file="$dir/certs/ca.crt" --cert-file="$dir/certs/etcd.crt" --key-file="$dir/certs/etcd.key" \
    "${extra[@]}"
}

launch_apiserver() {
  local extra
  # 1.20 has it with 0 as its only value; later versions don't.
  mapfile -t extra < <(flags_known_to kube-apiserver --insecure-port=0)
  launch kube-apiserver "$bin/kube-apiserver" \
    --etcd-servers="https://127.0.0.1:$etcd_port" --etcd-cafile="$dir/certs/ca.crt" \
    --etcd-certfile="$dir/certs/etcd.crt" --etcd-keyfile="$dir/certs/etcd.key" \
    --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --secure-port="$apiserver_port" \
    --endpoint-reconciler-type=none --service-cluster-ip-range=10.0.0.0/24 --allow-privileged=true \
    --cert-dir="$dir/certs" --tls-cert-file="$dir/certs/apiserver.crt" --tls-private-key-file="$dir/certs/apiserver.key" \
    --client-ca-file="$dir/certs/ca.crt" --authorization-mode=RBAC \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$dir/certs/sa.pub" \
    --service-account-signing-key-file="$dir/certs/sa.key" \
    --audit-policy-file="$dir/audit-policy.yaml" --audit-log-path="$dir/logs/audit.log" --audit-log-maxsize=10000 \
    "${extra[@]}"
}

# Nobody renews the simulated nodes' leases, so whatever judges nodes by them is off; and there is no cloud and no network.
controllers() {
  local list='*' name
  has_flag kube-controller-manager controllers || true
  # Each by its old name and by the one it has since 1.28; the help lists those that this version knows.
  for name in nodelifecycle node-lifecycle-controller nodeipam node-ipam-controller route node-route-controller \
    service service-lb-controller cloud-node-lifecycle cloud-node-lifecycle-controller ttl ttl-controller \
    attachdetach persistentvolume-attach-detach-controller; do
    ! grep -q -E "[ ,]$name(,|\$)" "$dir/help/kube-controller-manager" || list+=",-$name"
  done
  printf '%s\n' "$list"
}

launch_controller_manager() {
  local extra
  mapfile -t extra < <(flags_known_to kube-controller-manager --port=0)
  # Its own default of 20 requests a second would make 500 pods take half a minute.
  launch kube-controller-manager "$bin/kube-controller-manager" \
    --kubeconfig="$dir/kube-controller-manager.kubeconfig" --leader-elect=false --secure-port=0 \
    --controllers="$(controllers)" --use-service-account-credentials=true --kube-api-qps=300 --kube-api-burst=600 \
    --service-account-private-key-file="$dir/certs/sa.key" --root-ca-file="$dir/certs/ca.crt" \
    "${extra[@]}"
}

launch_scheduler() {
  local extra
  mapfile -t extra < <(flags_known_to kube-scheduler --port=0 --kube-api-qps=300 --kube-api-burst=600)
  launch kube-scheduler "$bin/kube-scheduler" --kubeconfig="$dir/kube-scheduler.kubeconfig" --leader-elect=false \
    --secure-port=0 "${extra[@]}"
}

answers() { # PATH: does the API server answer with 200
  python3 - "$dir" "$server" "$1" <<'PY' 2>/dev/null
import ssl, sys, urllib.request
directory, server, path = sys.argv[1:]
context = ssl.create_default_context(cafile=directory + "/certs/ca.crt")
context.load_cert_chain(directory + "/certs/admin.crt", directory + "/certs/admin.key")
urllib.request.urlopen(server + path, context=context, timeout=5)
PY
}

wait_until() { # WHAT PATH PROCESS...: until PATH answers, as long as each PROCESS lives
  local what=$1 path=$2 deadline=$((SECONDS + start_timeout)) name
  shift 2
  until answers "$path"; do
    for name in "$@"; do
      pid_of "$name" >/dev/null || {
        show_logs
        say "$name ended while waiting for $what"
        return 1
      }
    done
    ((SECONDS < deadline)) || {
      show_logs
      say "no $what after ${start_timeout} s"
      return 1
    }
    sleep 0.2
  done
}

wait_for_apiserver() { wait_until "answer of ok from /readyz" /readyz etcd kube-apiserver; }

watch_owner() { # PID: runs in the background
  local start
  start=$(started_at "$1") || start=gone
  while [[ $(started_at "$1") == "$start" ]]; do sleep 1; done
  say "process $1 is gone, stopping"
  rm -f "$dir/pids/owner-watch" # it would wait for itself
  stop_all
}

# --- commands

start_all() {
  local owner=
  if [[ ${1:-} == --owner ]]; then
    owner=${2:?--owner needs a pid}
  elif (($# > 0)); then
    usage
  fi
  local name
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    ! pid_of "$name" >/dev/null || {
      say "$name is running already in $dir"
      return 1
    }
  done
  prepare
  # From here on a failure, and also a Ctrl-C, takes down what was started.
  trap 'say "not started; logs are in $dir/logs"; stop_all' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  launch_etcd
  launch_apiserver
  wait_for_apiserver
  launch_controller_manager
  launch_scheduler
  # Pods are refused in a namespace until the controller manager made its service account.
  wait_until "service account default/default" /api/v1/namespaces/default/serviceaccounts/default \
    kube-apiserver kube-controller-manager kube-scheduler
  [[ -z $owner ]] || launch owner-watch "$here/control-plane.sh" watch-owner "$dir" "$owner"
  trap - EXIT INT TERM
  say "ready at $server in ${SECONDS} s: kubectl --kubeconfig $dir/admin.kubeconfig"
}

start_kubelets() {
  local name="kubelets-$$"
  launch "$name" python3 -u "$here/kubelets.py" --dir "$dir" "$@"
  local deadline=$((SECONDS + start_timeout))
  until grep -q '^ready' "$dir/logs/$name.log" 2>/dev/null; do
    if ! pid_of "$name" >/dev/null || ((SECONDS >= deadline)); then
      tail -n 20 "$dir/logs/$name.log" >&2
      say "the kubelets did not get ready"
      end_process "$name"
      return 1
    fi
    sleep 0.1
  done
  printf '%s\n' "$name" # the name of its file in DIR/pids
}

stop_all() {
  local file name
  # The servers last and etcd very last, so that nobody waits for one that is gone.
  for file in "$dir"/pids/*; do
    [[ -f $file ]] || continue
    name=${file##*/}
    [[ $name == etcd || $name == kube-apiserver ]] || end_process "$name"
  done
  # The API server waits up to a minute for watches that somebody left open.
  end_process kube-apiserver 3
  end_process etcd
}

remove_all() {
  stop_all
  # Only what is ours: DIR may be somebody's directory with more in it.
  rm -rf "$dir"/{certs,logs,pids,help,etcd,ports,server,programs,audit-policy.yaml} "$dir"/*.kubeconfig
  rmdir "$dir" 2>/dev/null || true
}

show_status() {
  local file name
  for file in "$dir"/pids/*; do
    [[ -f $file ]] || continue
    name=${file##*/}
    printf '%s %s\n' "$name" "$(pid_of "$name" || echo 'not running')"
  done
}

(($# >= 2)) || usage
command=$1
dir=$(realpath -m "$2")
shift 2
case $command in
  start) bin=$("$here/control-plane-build.sh") ;;
  *)
    [[ -d $dir ]] || {
      say "there is no $dir"
      exit 1
    }
    [[ ! -f $dir/programs ]] || bin=$(<"$dir/programs")
    [[ ! -f $dir/ports ]] || read_ports
    ;;
esac
case $command in
  start) start_all "$@" ;;
  kubelets) start_kubelets "$@" ;;
  end) end_process "$1" ;;
  stop) stop_all ;;
  remove) remove_all ;;
  status) show_status ;;
  kill-apiserver)
    signal kube-apiserver KILL
    wait_gone kube-apiserver 10
    ;;
  stop-apiserver) end_process kube-apiserver ;;
  start-apiserver)
    launch_apiserver
    wait_for_apiserver
    ;;
  pause-etcd) signal etcd STOP ;;
  resume-etcd) signal etcd CONT ;;
  kill-etcd)
    signal etcd KILL
    wait_gone etcd 10
    ;;
  start-etcd) launch_etcd ;;
  watch-owner) watch_owner "$@" ;;
  *) usage ;;
esac

#!/usr/bin/env bash
# Makes the control plane that the end-to-end tests run against, from Debian packages alone:
#
#   control-plane-build.sh      builds what is missing, then prints the directory that holds
#                               etcd, kube-apiserver, kube-controller-manager and kube-scheduler
#
# The directory is ~/.cache/drain-agent/control-plane ($XDG_CACHE_HOME is respected). The first run takes
# five to ten minutes on two cores and 3 GB of disk while it builds; it needs neither root nor a compiler.
# Packages are unpacked, not installed: no etcd service starts on this machine, and its apt configuration and
# lists stay as they are.
#
# With KUBEBUILDER_ASSETS set, those binaries (any version) are taken instead and nothing is built.
set -euo pipefail

readonly programs=(etcd kube-apiserver kube-controller-manager kube-scheduler)
readonly go_package=golang-1.19 # the newest Go in Debian 12 that this Kubernetes builds with
readonly kubernetes_upstream='1.20.5+really1.20.2'
readonly kubernetes_version=v1.20.2
readonly recipe=1 # to be raised when what is built changes: programs of another recipe are made again

say() { printf 'control-plane-build: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  for program in "${programs[@]}"; do
    [[ -x $KUBEBUILDER_ASSETS/$program ]] ||
      fail "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS has no $program; all of ${programs[*]} are needed," \
        "the envtest download brings only two of them"
  done
  printf '%s\n' "$KUBEBUILDER_ASSETS"
  exit 0
fi

readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/drain-agent"
readonly destination="$cache/control-plane"
# Below the cache and not in /tmp: /tmp may be small, and a rename within a file system is atomic.
readonly work="$cache/control-plane.building"

missing=()
find_missing() {
  missing=()
  for program in "${programs[@]}"; do
    [[ -x $destination/$program && -f $destination/recipe-$recipe ]] || missing+=("$program")
  done
}

find_missing
if ((${#missing[@]} == 0)); then
  printf '%s\n' "$destination"
  exit 0
fi

mkdir -p "$destination"
exec 9>"$cache/control-plane.lock" # released when this process ends, however it ends
flock --nonblock 9 || {
  say "another build is running, waiting for it"
  flock 9
}
find_missing # the run we waited for may have built everything
if ((${#missing[@]} == 0)); then
  printf '%s\n' "$destination"
  exit 0
fi
for tool in apt-get dpkg-deb tar gzip xz; do
  command -v "$tool" >/dev/null || fail "$tool is missing; set KUBEBUILDER_ASSETS to binaries of your own instead"
done

if [[ ! -f $destination/recipe-$recipe ]]; then
  rm -rf "${destination:?}"/*
  touch "$destination/recipe-$recipe"
  find_missing
fi

# A build that was killed may have left its directory; the lock says nobody is using it.
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$work"/{apt/parts,apt/lists/partial,apt/cache/archives/partial,download,root,out}

is_missing() { [[ " ${missing[*]} " == *" $1 "* ]]; }

# A half-written program never has the final name.
install_program() {
  chmod 0755 "$1"
  mv -f "$1" "$destination/$(basename "$1")"
  say "made $destination/$(basename "$1")"
}

# A private view of the machine's own apt sources, with their source packages added. Everything that apt
# writes goes below $work; the hooks the machine runs after an update are none of this view's business.
apt_view() {
  local main='' directory='' file
  eval "$(apt-config shell main Dir::Etc::sourcelist/f directory Dir::Etc::sourceparts/d)"
  for file in "$main" "$directory"/*.list "$directory"/*.sources; do
    [[ -f $file ]] || continue
    # deb822 stanzas get both types, a one-line entry becomes a pair; what is switched off stays so.
    sed -E -e 's/^Types:.*/Types: deb deb-src/' -e '/^deb-src[[:space:]]/d' -e '/^deb[[:space:]]/{p;s/^deb/deb-src/}' \
      "$file" >"$work/apt/parts/$(basename "$file")"
  done
  cat >"$work/apt/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/apt/parts";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "$(id -un)";
APT::Architecture "$(dpkg --print-architecture)";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
}

apt_get() { apt-get -q -c "$work/apt/apt.conf" "$@" </dev/null >&2; }

download() {
  say "fetching $*"
  (cd "$work/download" && apt_get download "$@") || fail "apt has no $*; this script knows Debian 12"
}

say "missing: ${missing[*]}; making them in $destination"
apt_view
say "reading the package lists of this machine's apt sources, with source packages"
# A third-party source without source packages is an error to apt and no matter to us: what counts is the downloads.
apt_get update || say "some apt sources could not be read, going on with the others"

if is_missing etcd; then
  download etcd-server
  dpkg-deb -x "$work"/download/etcd-server_*.deb "$work/root"
  cp "$work/root/usr/bin/etcd" "$work/out/etcd"
  install_program "$work/out/etcd"
fi

find_missing
if ((${#missing[@]} > 0)); then
  download "$go_package-go" "$go_package-src"
  for package in "$work"/download/"$go_package"-*.deb; do
    dpkg-deb -x "$package" "$work/root"
  done
  say "fetching the source of kubernetes $kubernetes_upstream"
  source_version=$(apt-cache -c "$work/apt/apt.conf" showsrc --only-source kubernetes |
    awk -v want="$kubernetes_upstream-" '$1 == "Version:" && index($2, want) == 1 { version = $2 } END { print version }')
  [[ -n $source_version ]] || fail "apt has no source package kubernetes $kubernetes_upstream; this script knows Debian 12"
  (cd "$work/download" && apt_get source --download-only --only-source "kubernetes=$source_version")

  # Only the upstream archive: Debian's patches concern what kubectl prints.
  readonly tree="$work/go/src/k8s.io/kubernetes"
  mkdir -p "$tree"
  tar -x -f "$work"/download/kubernetes_*.orig.tar.* -C "$tree" --strip-components=1

  export GOROOT="$work/root/usr/lib/go-1.19" GOPATH="$work/go" GOCACHE="$work/gocache" GOTMPDIR="$work" GOENV=off
  # The archive has its vendor tree and no network is wanted: this is how Kubernetes was built before modules.
  export GO111MODULE=off CGO_ENABLED=0 GOFLAGS=-trimpath
  unset GOOS GOARCH GOBIN
  go="$GOROOT/bin/go"
  say "building with $("$go" version)"
  cd "$tree"

  # This version tries to write an eviction to its audit log as a core/v1 object, fails, and leaves the body out. Later
  # ones write it, and the tests read there which UIDs were asked for. Nothing but the audit log changes.
  audit=vendor/k8s.io/apiserver/pkg/audit/request.go
  sed -i '/ae.RequestObject, err = encodeObject(obj, gvr.GroupVersion(), s)/a\
	if err != nil \&\& subresource == "eviction" {\
		ae.RequestObject, err = encodeObject(obj, schema.GroupVersion{Group: "policy", Version: "v1beta1"}, s)\
	}' "$audit"
  grep -q 'subresource == "eviction"' "$audit" || fail "$audit is not as expected"

  # Release archives leave out the one generated file that the API server cannot do without.
  say "generating the OpenAPI definitions"
  "$go" build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  inputs=$(
    find -H cmd pkg plugin vendor/k8s.io/*/ -name '*.go' -not -path '*/testdata/*' -not -path '*/_examples/*' \
      -exec grep -l '+k8s:openapi-gen=true' {} + |
      grep -v -e '^vendor/k8s.io/code-generator/' -e '^vendor/k8s.io/sample-' -e '^vendor/k8s.io/kube-openapi/' |
      xargs -n1 dirname | LC_ALL=C sort -u | sed 's|^|k8s.io/kubernetes/|' | paste -s -d,
  )
  "$work/openapi-gen" --logtostderr -i "$inputs" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/openapi-violations" >&2

  # /version answers with these; without them it says v0.0.0-master and clients take it for something else.
  flags='-s -w'
  IFS=. read -r major minor _ <<<"${kubernetes_version#v}"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    for setting in "gitVersion=$kubernetes_version" "gitMajor=$major" "gitMinor=$minor" gitTreeState=archive; do
      flags+=" -X k8s.io/kubernetes/vendor/$package.$setting"
    done
  done
  for program in "${missing[@]}"; do
    say "building $program"
    "$go" build -ldflags "$flags" -o "$work/out/$program" "./cmd/$program"
    install_program "$work/out/$program"
  done
fi

printf '%s\n' "$destination"

# shellcheck shell=bash
# Part of control-plane.sh. $dir/pids/NAME holds a pid and its start time, so that a reused pid is never taken for ours.

started_at() { # PID
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  stat=${stat##*) } # the name before it may hold blanks
  local fields
  read -r -a fields <<<"$stat"
  [[ ${fields[0]} != Z ]] || return 1
  printf '%s\n' "${fields[19]}"
}

pid_of() { # NAME: prints the pid if that process is alive and ours
  local pid start
  [[ -f $dir/pids/$1 ]] || return 1
  read -r pid start <"$dir/pids/$1" || return 1
  [[ $(started_at "$pid") == "$start" ]] || return 1
  printf '%s\n' "$pid"
}

launch() { # NAME PROGRAM ARG...
  local name=$1
  shift
  # A session of its own: a Ctrl-C at the terminal is for the tests, which then stop us in order.
  setsid nohup "$@" >>"$dir/logs/$name.log" 2>&1 </dev/null &
  local pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(started_at "$pid" || echo gone)" >"$dir/pids/$name"
}

signal() { # NAME SIGNAL
  local pid
  pid=$(pid_of "$1") || {
    say "$1 is not running"
    return 1
  }
  kill "-$2" "$pid"
}

wait_gone() { # NAME SECONDS
  local tenths=$(($2 * 10))
  while pid_of "$1" >/dev/null; do
    ((tenths-- > 0)) || return 1
    sleep 0.1
  done
}

end_process() { # NAME [SECONDS from SIGTERM to SIGKILL]
  local pid patience=${2:-$stop_timeout}
  if pid=$(pid_of "$1"); then
    kill -TERM "$pid" 2>/dev/null || true
    kill -CONT "$pid" 2>/dev/null || true # a paused one would never see the SIGTERM
    wait_gone "$1" "$patience" || {
      say "$1 ($pid) did not end in $patience s, killing it"
      kill -KILL "$pid" 2>/dev/null || true
      wait_gone "$1" 5 || say "$1 ($pid) is still there"
    }
  fi
  rm -f "$dir/pids/$1"
}

show_logs() {
  local log
  for log in "$dir"/logs/*.log; do
    [[ $log != */audit.log && -s $log ]] || continue
    printf -- '--- the last lines of %s\n' "$log" >&2
    tail -n 8 "$log" | cut -c 1-400 >&2
  done
}

"""Where links lead, unless `make alerts dashboards RUNBOOK_BASE=… GRAFANA_BASE=…` says otherwise."""

# The runbooks' place in this repository: a file that is imported as it is leads to no host that somebody else may own.
RUNBOOKS = "alerts/runbooks"
# Without an address a link is Grafana's own path.
GRAFANA = ""


def add_arguments(parser):
    parser.add_argument("--runbooks", type=base, default=RUNBOOKS, help="where people find the runbooks: https://…")
    parser.add_argument("--grafana", type=base, default=GRAFANA, help="Grafana's address: https://…")


def base(text):
    return text.rstrip("/")

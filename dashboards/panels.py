"""Panels of Grafana's classic dashboard model, as far as the dashboards use it."""

PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}

# --- targets, thresholds, mappings


def target(expression, legend, format="time_series", exemplar=False):
    return {
        "expr": expression,
        "legendFormat": legend,
        "format": format,
        "exemplar": exemplar,
        "datasource": PROMETHEUS,
    }


def lettered(targets, **more):
    return [{"refId": chr(ord("A") + i), **each, **more} for i, each in enumerate(targets)]


def threshold(base, *steps):
    return {
        "mode": "absolute",
        "steps": [{"color": base, "value": None}, *({"color": colour, "value": value} for value, colour in steps)],
    }


def value_map(words):
    options = {
        str(value): {"text": text, "color": colour, "index": i}
        for i, (value, (text, colour)) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}]


def data_link(title, url):
    return {"title": title, "url": url, "targetBlank": False}


def colour_override(name, colour):
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
    }


# --- panels


def row(title, y):
    return {"type": "row", "title": title, "collapsed": False, "gridPos": grid(0, y, 24, 1), "panels": []}


def grid(x, y, w, h):
    return {"x": x, "y": y, "w": w, "h": h}


def panel(
    type,
    title,
    description,
    place,
    targets,
    unit,
    kind=None,
    thresholds=None,
    mappings=(),
    custom=None,
    options=None,
    overrides=(),
    links=(),
    transformations=(),
    empty="no data",
):
    return {
        "type": type,
        "title": title,
        "description": description,
        "gridPos": grid(*place),
        "datasource": PROMETHEUS,
        "targets": lettered(targets),
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "custom": custom or {},
                "mappings": list(mappings),
                "noValue": empty,
                "color": {"mode": "thresholds" if thresholds else "palette-classic"},
                "thresholds": thresholds or threshold("green"),
            },
            "overrides": list(overrides),
        },
        "options": HEATMAP if kind == "heatmap" else options or {},
        "links": list(links),
        "transformations": list(transformations),
    }


HEATMAP = {
    "calculate": False,
    "color": {
        "mode": "scheme",
        "scheme": "YlOrRd",
        "exponent": 0.5,
        "fill": "dark-orange",
        "scale": "exponential",
        "steps": 64,
    },
    "cellGap": 1,
    "exemplars": {"color": "rgba(255,0,255,0.7)"},
    "filterValues": {"le": 1e-9},
    "legend": {"show": True},
    "rowsFrame": {"layout": "auto"},
    "showValue": "never",
    "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": False},
    "yAxis": {"axisPlacement": "left", "reverse": False, "unit": "s"},
}


def stat(
    title,
    description,
    place,
    targets,
    unit,
    thresholds,
    mappings=(),
    colours=(),
    links=(),
    empty="no data",
    instant=True,
):
    asked = [{**each, "instant": instant, "range": not instant} for each in targets]
    return panel(
        "stat",
        title,
        description,
        place,
        asked,
        unit,
        thresholds=thresholds or threshold("blue"),
        mappings=mappings,
        overrides=[colour_override(name, colours[name]) for name in colours],
        links=links,
        empty=empty,
        options={
            "colorMode": "background",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "auto",
            "textMode": "auto" if len(targets) > 1 or colours else "value",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )


def time_series(
    title,
    description,
    place,
    targets,
    unit,
    stacked=False,
    bars=False,
    points=False,
    top=None,
    colours=(),
    links=(),
    empty="no data",
):
    custom = {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 60 if stacked or bars else 0,
        "lineWidth": 1,
        "showPoints": "always" if points else "never",
        "spanNulls": points,
        "stacking": {"mode": "normal" if stacked or bars else "none", "group": "A"},
        **({} if top is None else {"axisSoftMax": top}),
        "axisSoftMin": 0,
    }
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    overrides = [colour_override(name, colours[name]) for name in colours]
    return panel(
        "timeseries",
        title,
        description,
        place,
        targets,
        unit,
        custom=custom,
        options=options,
        overrides=overrides,
        links=links,
        empty=empty,
    )


def table(title, description, place, columns, sort, links=(), empty="nothing"):
    """Columns in their order: those with an expression are numbers, the others labels that all expressions have."""
    numbers = [(key, each) for key, each in columns.items() if "expr" in each]
    targets = [{**target(each["expr"], "", format="table"), "instant": True, "range": False} for _, each in numbers]
    fields = dict(zip((key for key, _ in numbers), (f"Value #{chr(ord('A') + i)}" for i in range(len(numbers)))))
    names = {fields.get(key, key): each["name"] for key, each in columns.items()}
    organize = {
        "excludeByName": {"Time": True},
        "renameByName": names,
        "indexByName": {name: i for i, name in enumerate(names)},
    }
    return panel(
        "table",
        title,
        description,
        place,
        targets,
        "short",
        links=links,
        empty=empty,
        overrides=[override for each in columns.values() if (override := column_override(each))],
        transformations=[
            {"id": "merge", "options": {}},
            {"id": "organize", "options": organize},
        ],
        options={
            "showHeader": True,
            "cellHeight": "md",
            "footer": {"show": False, "reducer": ["sum"], "fields": ""},
            "sortBy": [{"displayName": name, "desc": True} for name in sort],
        },
    )


def column_override(column):
    properties = {
        "unit": column.get("unit"),
        "mappings": column.get("mappings"),
        "thresholds": column.get("thresholds"),
        "links": column.get("links"),
        "custom.width": column.get("width"),
        "custom.cellOptions": {"type": "color-background", "mode": "basic"}
        if column.get("coloured")
        else {"type": "color-text"}
        if column.get("thresholds")
        else {"type": "gauge", "mode": "basic", "valueDisplayMode": "color"}
        if column.get("bar")
        else None,
        "color": {"mode": "thresholds"} if column.get("coloured") or column.get("thresholds") else None,
        "min": 0 if column.get("bar") else None,
        "max": 1 if column.get("bar") else None,
    }
    found = [{"id": name, "value": value} for name, value in properties.items() if value is not None]
    return {"matcher": {"id": "byName", "options": column["name"]}, "properties": found} if found else None

"""python_client.py FILE: what a scrape costs in PyPI's prometheus_client whose series are those of the scrape in FILE."""

import gzip
import sys
import time
import tracemalloc

import prometheus_client
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.parser import text_string_to_metric_families

EXEMPLAR = {"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}
prometheus_client.disable_created_metrics()


def registry(scrape):
    made = prometheus_client.CollectorRegistry()
    for family in text_string_to_metric_families(scrape):
        fill(family, made)
    prometheus_client.ProcessCollector(registry=made)
    return made


def fill(family, made):
    samples = [each for each in family.samples if each.name.endswith("_count") or family.type != "histogram"]
    names = list(samples[0].labels)
    if family.type == "counter":
        metric = prometheus_client.Counter(family.name, family.documentation, names, registry=made)
        exemplar = EXEMPLAR if "attempts" in family.name else None
        record = lambda each: each.inc(17, exemplar)
    elif family.name.endswith("_info"):
        metric = prometheus_client.Info(family.name.removesuffix("_info"), family.documentation, registry=made)
        return metric.info(samples[0].labels)
    elif family.type == "gauge":
        metric = prometheus_client.Gauge(family.name, family.documentation, names, registry=made)
        value = 1790000000.123456 if family.name.endswith("_timestamp_seconds") else 3
        record = lambda each: each.set(value)
    else:
        bounds = sorted({float(each.labels["le"]) for each in family.samples if "le" in each.labels})
        metric = prometheus_client.Histogram(
            family.name, family.documentation, names, buckets=bounds, registry=made
        )
        record = lambda each: [each.observe(min(bound, 1e6) - 0.0004, EXEMPLAR) for bound in bounds]
    for each in samples:
        record(metric.labels(**each.labels) if names else metric)


def report(name, count, body):
    body()
    began = time.process_time()
    for _ in range(count):
        made = body()
    microseconds = (time.process_time() - began) / count * 1e6
    tracemalloc.start()
    body()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{name:24}{microseconds:8.0f} µs{len(made):10} bytes{peak // 1024:8} KiB at once")


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        made = registry(file.read())
    families = list(made.collect())
    print(f"{len(families)} families, {sum(len(each.samples) for each in families)} series")
    for name, render in (("text", prometheus_client.generate_latest), ("openmetrics", openmetrics.generate_latest)):
        report(f"{name}: scrape", 200, lambda: render(made))
        report(f"{name}: scrape, gzip", 200, lambda: gzip.compress(render(made), 1))

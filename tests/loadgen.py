"""LoadGen's logs as it writes them, for tests and benchmarks that need no LoadGen."""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

SUMMARY = """\
================================================
MLPerf Results Summary
================================================
SUT name : envmgr harness
Scenario : {scenario}
Mode     : PerformanceOnly
Samples per second: 100
Result is : {verdict}
  Min duration satisfied : Yes
Early Stopping Result:
 * Would need to run at least 8 more queries,
 with the run being successful if every additional
 query were under latency.

================================================
Additional Stats
================================================
90.00 percentile latency (ns)   : 5000000
99.90 percentile latency (ns)   : 9000000

================================================
Test Parameters Used
================================================
min_duration (ms): 600000
a_word_of_tomorrow : 1

No warnings encountered during test.

1 ERROR encountered. See detailed log.
"""


def write_measurement(
    folder: Path, latencies: Iterable[tuple[int, int]] = (), *, scenario: str = "SingleStream", verdict: str = "VALID"
) -> None:
    """The logs of a performance run; with latencies (query, nanoseconds), a trace as well."""
    folder.mkdir(parents=True)
    (folder / "mlperf_log_summary.txt").write_text(SUMMARY.format(scenario=scenario, verdict=verdict))
    (folder / "mlperf_log_accuracy.json").write_text("[\n]\n")
    lines = [
        f'{{"name":"Sample","cat":"default","ph":"b","pid":2,"id":{sample},"ts":{sample}.5,"args":{{"sample_seq":{sample},'
        f'"query_seq":{query},"sample_idx":{sample},"issue_start_ns":7,"complete_ns":{time}}}}},\n'
        f'{{"name":"Sample","cat":"default","ph":"e", "pid":2,"id":{sample},"ts":{sample}.9}},\n'
        for sample, (query, time) in enumerate(latencies)
    ]
    head = '{"traceEvents":[\n{"name":"LogDetail","ph":"X","args":{"key":""loadgen_version""}},\n'
    (folder / "mlperf_log_trace.json").write_text(
        "".join([head, *lines, '{"name":"LastTrace"}\n]}\n']) if lines else ""
    )


def write_answers(folder: Path, answers: Mapping[int, Sequence[tuple[float, ...]]]) -> None:
    """The logs of an accuracy run: by sample, the objects as ymin, xmin, ymax, xmax, score, label."""
    folder.mkdir(parents=True)
    (folder / "mlperf_log_summary.txt").write_text("No warnings encountered during test.\n")
    entries = [
        {
            "seq_id": place,
            "qsl_idx": sample,
            "data": b"".join(struct.pack("<7f", sample, *item) for item in objects).hex().upper(),
        }
        for place, (sample, objects) in enumerate(answers.items())
    ]
    text = ",\n".join(
        f'{{ "seq_id" : {item["seq_id"]}, "qsl_idx" : {item["qsl_idx"]}, "data" : "{item["data"]}"}}'
        for item in entries
    )
    (folder / "mlperf_log_accuracy.json").write_text(f"[\n{text}\n]\n")


def write_annotations(file: Path, names: Sequence[str], boxes: Mapping[int, Sequence[tuple[int, list[float]]]]) -> None:
    """What is to be found, in COCO's format: by picture, labels with x, y, width, height; 100 x 100 pixels each."""
    file.parent.mkdir(parents=True, exist_ok=True)
    entries = [(image, label, box) for image, listed in boxes.items() for label, box in listed]
    document = {
        "categories": [{"id": place, "name": name} for place, name in enumerate(names)],
        "images": [{"id": image + 1, "file_name": f"{image}.jpg", "width": 100, "height": 100} for image in boxes],
        "annotations": [
            {
                "id": place,
                "image_id": image + 1,
                "category_id": label,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
                "IsOccluded": 0,
                "IsInside": 0,
                "IsDepiction": 0,
                "IsTruncated": 0,
                "IsGroupOf": 0,
            }
            for place, (image, label, box) in enumerate(entries)
        ],
    }
    file.write_text(json.dumps(document))

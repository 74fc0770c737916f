"""The recording is kept and read back without loss."""

from recording import FIXTURE, Recording, load

SCRAPE = '# TYPE drain_pods gauge\ndrain_pods{phase="gone"} 3\ndrain_deadline_timestamp_seconds 0\n'
TARGET = {"job": "j", "instance": "i"}


def test_scrapes_become_runs_and_runs_become_samples(tmp_path):
    recording = Recording(100, 20, 5)
    recording.add(5, TARGET, SCRAPE)
    recording.add(10, TARGET, SCRAPE)
    recording.add(15, TARGET, None)
    text = recording.text()
    assert 'drain_pods{instance="i",job="j",phase="gone"} _ 3*2 _\n' in text
    (tmp_path / "file").write_text(text)
    assert load(tmp_path / "file").text() == text
    assert list(recording.open_metrics()) == [
        'up{instance="i",job="j"} 1 105\n',
        'up{instance="i",job="j"} 1 110\n',
        'up{instance="i",job="j"} 0 115\n',
        'drain_pods{instance="i",job="j",phase="gone"} 3 105\n',
        'drain_pods{instance="i",job="j",phase="gone"} 3 110\n',
        'drain_deadline_timestamp_seconds{instance="i",job="j"} 0 105\n',
        'drain_deadline_timestamp_seconds{instance="i",job="j"} 0 110\n',
        "# EOF\n",
    ]


def test_the_fixture_is_as_it_was_written():
    assert load().text() == FIXTURE.read_text()

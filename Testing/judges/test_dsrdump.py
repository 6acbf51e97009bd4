"""dsrdump (DCMTK) prints the report, and what it prints is what was to be said."""

from __future__ import annotations


def test_the_report_is_printed_whole(lesion, run_judge):
    answer = run_judge("dsrdump", "-Ei", "+Pl", "+Pc", lesion.files["report.dcm"])
    assert answer.returncode == 0, answer.stderr
    # It warns of character sets that it does not know, as Japanese, and prints them as they are.
    assert not [line for line in answer.stderr.splitlines() if line.startswith(("E:", "F:"))]
    said = answer.stdout
    record = lesion.record
    groups = 1 + len(record.views)
    assert said.startswith("Comprehensive 3D SR Document")
    assert said.count('"Measurement Group"') == groups
    assert said.count('(111047,DCM,"Probability of cancer")') == 2 + groups
    assert f'="{100 * record.interval.low:g}' in said
    assert said.count('(111030,DCM,"Image Region")') == len(record.views)
    assert said.count('(7771000,SCT,"Left")') == groups + len(record.views)
    assert 'Comment")="Research use only. Not a medical device."' in said
    assert said.count(f'Algorithm Parameters")="manifest SHA-256: {record.model.sha256}"') == groups

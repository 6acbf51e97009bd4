"""dsrdump (DCMTK) prints the content of the report."""

from __future__ import annotations


def test_the_report_is_printed_completely(lesion, run_program):
    process = run_program("dsrdump", "-Ei", "+Pl", "+Pc", lesion.files["report.dcm"])
    assert process.returncode == 0, process.stderr
    # It warns about character sets that it does not support, such as Japanese.
    assert not [line for line in process.stderr.splitlines() if line.startswith(("E:", "F:"))]
    text = process.stdout
    record = lesion.record
    groups = 1 + len(record.views)
    assert text.startswith("Comprehensive 3D SR Document")
    assert text.count('"Measurement Group"') == groups
    assert text.count('(111047,DCM,"Probability of cancer")') == 2 + groups
    assert f'="{100 * record.interval.low:g}' in text
    assert text.count('(111030,DCM,"Image Region")') == len(record.views)
    assert text.count('(7771000,SCT,"Left")') == groups + len(record.views)
    assert 'Comment")="Research use only. Not a medical device."' in text
    assert text.count(f'Algorithm Parameters")="manifest SHA-256: {record.model.sha256}"') == groups

"""One change of the scene costs one scan of its volumes, and no header is parsed twice."""

from __future__ import annotations

import os

import pytest

OTHER_VIEW = "sfm-malign-0/1-282.dcm"


class Counter:
    """Counts scans of the scene's volumes, and parses of DICOM headers."""

    def __init__(self, monkeypatch):
        import slicer

        import mammopair.io.dicom

        self.scans = self.headers = 0
        self._getNodes, self._readHeader = (
            slicer.util.getNodesByClass,
            mammopair.io.dicom.read_header,
        )
        monkeypatch.setattr(slicer.util, "getNodesByClass", self._count_scan)
        monkeypatch.setattr(mammopair.io.dicom, "read_header", self._count_header)

    def _count_scan(self, name, *arguments):
        self.scans += name == "vtkMRMLScalarVolumeNode"
        return self._getNodes(name, *arguments)

    def _count_header(self, path):
        self.headers += 1
        return self._readHeader(path)

    def of(self, user, change):
        """Scans and header parses that a change costs, until nothing is left to do."""
        self.scans = self.headers = 0
        change()
        for _turn in range(20):
            user.host.process_events()
        return self.scans, self.headers


@pytest.fixture
def counter(user, monkeypatch):
    return Counter(monkeypatch)


@pytest.fixture
def classified(user, counter):
    """Two views are loaded, marked and classified."""
    user.load()
    user.open()
    user.mark()
    user.classify()
    assert user.parameters.result is not None, user.message
    return user


def test_opening_the_module_parses_each_header_once(user, counter):
    user.load()
    assert counter.of(user, user.open) == (1, 2)


def test_classifying_again_costs_one_scan(classified, counter):
    assert counter.of(classified, classified.classify) == (1, 0)


def test_removing_many_nodes_costs_one_scan(classified, counter):
    import slicer

    nodes = [slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode") for _number in range(20)]

    def remove():
        for node in nodes:
            slicer.mrmlScene.RemoveNode(node)

    assert counter.of(classified, remove) == (1, 0)


def test_adding_a_volume_costs_one_scan_and_the_parse_of_its_header(classified, counter):
    assert counter.of(classified, lambda: classified.load(OTHER_VIEW)) == (1, 1)
    assert classified.widget.ui.breastSelector.count == 3


@pytest.mark.parametrize("isChosen", [True, False], ids=["chosen", "not chosen"])
def test_renaming_a_volume_costs_one_scan(classified, counter, isChosen):  # noqa: N803
    (other,) = classified.load(OTHER_VIEW)
    volume = classified.parameters.ccVolume if isChosen else other
    assert counter.of(classified, lambda: volume.SetName("renamed")) == (1, 0)


def test_moving_a_roi_in_several_steps_costs_one_scan(classified, counter):
    roi = classified.parameters.ccRoi

    def move():
        for number in range(10):
            roi.SetSize(30.0 + number, 30.0, 1.0)

    assert counter.of(classified, move) == (1, 0)


def test_the_name_of_a_volume_without_a_header_is_read_again_when_it_changes(user, make_volume):
    user.open()
    volume = make_volume("film")
    user.host.process_events()
    selector = user.widget.ui.breastSelector
    assert selector.count == 1

    volume.SetName("case L CC")
    user.host.process_events()

    assert [selector.itemText(row) for row in range(selector.count)][1:] == [
        "Left breast of case (CC)"
    ]


def test_a_header_is_parsed_again_only_if_its_file_changes(user, counter, tmp_path):
    import shutil

    from MammoClassifierLib.scene.dicom_source import FILE, readDicomHeader

    (volume,) = user.load(OTHER_VIEW)
    copy = tmp_path / "view.dcm"
    shutil.copy(volume.GetAttribute(FILE), copy)
    volume.SetAttribute(FILE, str(copy))
    assert readDicomHeader(volume) is readDicomHeader(volume)
    assert counter.headers == 1

    os.utime(copy, (0, 0))
    readDicomHeader(volume)
    assert counter.headers == 2


def test_an_unreadable_header_is_parsed_once(user, counter, make_volume, tmp_path):
    from MammoClassifierLib.scene.dicom_source import FILE, readDicomHeader
    from mammopair.errors import InputError

    damaged = tmp_path / "damaged.dcm"
    damaged.write_bytes(bytes(128) + b"DICM" + b"\xff" * 40)
    volume = make_volume("L CC")
    volume.SetAttribute(FILE, str(damaged))
    for _attempt in range(3):
        with pytest.raises(InputError, match=r"damaged\.dcm"):
            readDicomHeader(volume)
    assert counter.headers == 1


def test_requests_of_one_turn_are_one_call(user):
    from MammoClassifierLib.panel.coalesced_call import CoalescedCall

    calls = []
    call = CoalescedCall(lambda: calls.append(1))
    for _number in range(5):
        call.request()
    assert calls == [], "it waits for the event loop"
    user.host.process_events()
    assert calls == [1]

    call.request()
    call.cancel()
    user.host.process_events()
    assert calls == [1]

    call.flush()
    assert calls == [1], "nothing was requested"
    call.request()
    call.flush()
    user.host.process_events()
    assert calls == [1, 1]

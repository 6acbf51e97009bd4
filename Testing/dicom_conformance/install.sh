#!/usr/bin/env bash
# Install the programs that check the DICOM objects: dciodvfy, dsrdump and Orthanc from Debian,
# dcmqi from PyPI.
# Usage: Testing/dicom_conformance/install.sh [PYTHON]    (PYTHON: interpreter that runs the tests)
set -euo pipefail
cd "$(dirname "$0")/../.."
python="${1:-.venv/bin/python}"

packages=()
command -v dciodvfy > /dev/null || packages+=(dicom3tools)
command -v dsrdump > /dev/null || packages+=(dcmtk)
[ -x /usr/sbin/Orthanc ] || packages+=(orthanc)
[ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] || packages+=(orthanc-dicomweb)
if [ "${#packages[@]}" -gt 0 ]; then
    sudo=""
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --no-install-recommends "${packages[@]}"
    # Debian starts Orthanc as a service, which the tests do not need: they start their own.
    if [[ " ${packages[*]} " == *" orthanc "* ]] && [ -d /run/systemd/system ]; then
        $sudo systemctl disable --now orthanc
    fi
fi
"$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "dcmqi>=1.4"

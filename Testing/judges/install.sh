#!/usr/bin/env bash
# Install the judges of our DICOM objects: dciodvfy, dsrdump and Orthanc from Debian, dcmqi from PyPI.
# Usage: Testing/judges/install.sh [PYTHON]    (PYTHON: of the environment that the tests run in)
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
    # The tests start an Orthanc of their own; no service of the machine is to be started.
    $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install --yes --quiet --no-install-recommends "${packages[@]}"
fi
"$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "dcmqi>=1.4"
